/**
 * The network as a table: for each node of the drawing its result's shape, what it learns, and what one
 * sample costs on the way forward. Counted on the program that would run, before any fusion.
 */
import type { DatasetInfo } from '../data/dataset';
import type { NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import { operationsOf } from '../ir/operations';
import { product, sampleSize, type Shape } from '../ir/shape';
import { prepare, programOf } from './program';

export interface AnalyzedNode {
  readonly node: NodeId;
  readonly shape: Shape | null;
  readonly learnables: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Numbers that are learned. */
  readonly count: number;
  /** Arithmetic operations for one sample, forward; a multiplication and an addition are two. */
  readonly operations: number;
  /** Bytes of its parameters, and of its values for one sample. */
  readonly parameterBytes: number;
  readonly valueBytes: number;
}

export interface Analysis {
  /** In the order of the forward pass. */
  readonly nodes: readonly AnalyzedNode[];
  readonly totals: Pick<AnalyzedNode, 'count' | 'operations' | 'parameterBytes' | 'valueBytes'>;
}

/** The drawing must have no errors. */
export function analyze(project: Project, data: DatasetInfo | null): Analysis {
  const prepared = prepare(project, data);
  const program = programOf(prepared, 'every-edge', 1);
  const ownerOf = (node: NodeId): NodeId => prepared.owner[node] ?? node;
  const order = [...new Set(prepared.inferred.order.map(ownerOf))];
  const rows = new Map(
    order.map((node) => [
      node,
      {
        node,
        shape: null as Shape | null,
        learnables: [] as { name: string; shape: readonly number[] }[],
        count: 0,
        operations: 0,
        parameterBytes: 0,
        valueBytes: 0,
      },
    ]),
  );
  for (const p of program.parameters) {
    const row = rows.get(ownerOf(p.key))!;
    const size = product(p.shape);
    row.learnables.push({ name: p.key === row.node ? 'value' : p.key.slice(row.node.length + 1), shape: p.shape });
    row.count += size;
    row.parameterBytes += 4 * size;
  }
  const specs = new Map(program.buffers.map((spec) => [spec.id, spec]));
  for (const step of program.steps) {
    if (step.phase !== 'forward' && step.phase !== 'loss') continue;
    const row = rows.get(ownerOf(step.node))!;
    row.operations += operationsOf(step.kernel);
    for (const { to } of step.kernel.stores) row.valueBytes += 4 * sampleSize(specs.get(step.bind[to]!)!.shape);
  }
  // The last expanded part of a node holds its value.
  for (const id of prepared.inferred.order) rows.get(ownerOf(id))!.shape = prepared.inferred.shapes.get(id) ?? null;
  const nodes = [...rows.values()];
  const sum = (key: keyof Analysis['totals']): number => nodes.reduce((total, row) => total + row[key], 0);
  return {
    nodes,
    totals: {
      count: sum('count'),
      operations: sum('operations'),
      parameterBytes: sum('parameterBytes'),
      valueBytes: sum('valueBytes'),
    },
  };
}
