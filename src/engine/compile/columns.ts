/**
 * Which columns of the data feed which input or target node. A node that names columns gets these; the
 * others share out the remaining columns in the order in which they stand in the drawing.
 */
import { diagnostic, type Diagnostic } from '../graph/diagnostics';
import type { NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import { product } from '../ir/shape';
import type { DatasetInfo, EncodedColumn } from '../data/dataset';
import { type Inferred, nameOf } from './infer';

export interface Columns {
  readonly of: ReadonlyMap<NodeId, { readonly from: 'features' | 'targets'; readonly columns: readonly number[] }>;
  readonly problems: readonly Diagnostic[];
}

export function assignColumns(project: Project, inferred: Inferred, data: DatasetInfo | null): Columns {
  const of = new Map<NodeId, { from: 'features' | 'targets'; columns: readonly number[] }>();
  const problems: Diagnostic[] = [];
  for (const [role, from] of [
    ['input', 'features'],
    ['target', 'targets'],
  ] as const) {
    const nodes = Object.keys(project.nodes).filter((id) => {
      const op = inferred.calls.get(id)?.op;
      return op?.kind === 'source' && op.role === role;
    });
    const available: readonly EncodedColumn[] | null = data ? data[from] : null;
    const wishes = new Map(nodes.map((id) => [id, wishedColumns(inferred.calls.get(id)!.call.attrs['columns'] as string)]));
    const taken = new Set<number>();
    const widths = new Map(nodes.map((id) => [id, product(inferred.calls.get(id)!.call.attrs['shape'] as readonly number[])]));

    for (const id of nodes) {
      const names = wishes.get(id)!;
      if (names.length === 0 || !available) continue;
      const columns: number[] = [];
      for (const name of names) {
        const found = available.flatMap((c, i) => (c.name === name || c.source === name ? [i] : []));
        if (found.length === 0)
          problems.push(diagnostic('data-column', { node: id, attr: 'columns' }, nameOf(project.nodes[id]!), name));
        columns.push(...found);
      }
      for (const column of columns) taken.add(column);
      of.set(id, { from, columns });
    }
    const rest = available ? available.map((_, i) => i).filter((i) => !taken.has(i)) : null;
    let next = 0;
    const automatic = nodes.filter((id) => wishes.get(id)!.length === 0);
    for (const id of automatic) {
      const width = widths.get(id)!;
      // Without data the columns are counted up, so that the drawing compiles and can be stepped through.
      const columns = rest ? rest.slice(next, next + width) : Array.from({ length: width }, (_, i) => next + i);
      next += width;
      of.set(id, { from, columns });
    }
    if (!rest) continue;
    if (automatic.length === 1 && of.get(automatic[0]!)!.columns.length === widths.get(automatic[0]!) && next < rest.length) {
      // One node for all features must take them all: leaving some out silently would be a trap.
      const id = automatic[0]!;
      problems.push(
        diagnostic('data-width', { node: id, attr: 'shape' }, nameOf(project.nodes[id]!), rest.length, widths.get(id)!),
      );
      continue;
    }
    for (const id of nodes) {
      const got = of.get(id)!.columns.length;
      if (got !== widths.get(id) && !problems.some((p) => p.at.node === id && p.code === 'data-column'))
        problems.push(
          diagnostic(
            'data-width',
            { node: id, attr: 'shape' },
            nameOf(project.nodes[id]!),
            automatic.length === 1 && automatic[0] === id ? rest.length : got,
            widths.get(id)!,
          ),
        );
    }
  }
  return { of, problems };
}

export const wishedColumns = (text: string): readonly string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
