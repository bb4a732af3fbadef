/**
 * The reverse pass. Walks the nodes backwards and gives every edge its own contribution; where a value
 * feeds several edges, their contributions are summed, and that sum is the gradient of the node. This is
 * the multivariate chain rule and nothing else.
 */
import type { EdgeId, NodeId } from '../graph/graph';
import { add, type Expr, mul, read } from '../ir/expr';
import { alongOut, type Read } from '../ir/kernel';
import { isBatched, sampleShape, type Shape, stridesOf } from '../ir/shape';
import { GRADIENT, RESULT } from '../ops/op';
import { type BufferId, bufferIds } from '../plan';
import type { Inferred } from './infer';
import type { Draft } from './draft-program';
import { gradientKernels } from './kernels';

/**
 * Adds the backward steps for `objective` to a draft. `wanted` are the nodes whose gradient somebody
 * needs; only paths to them are walked. With `everyEdge` each edge keeps a buffer of its own.
 */
export function differentiate(
  draft: Draft,
  { order, links, calls, shapes }: Inferred,
  objective: NodeId,
  wanted: ReadonlySet<NodeId>,
  everyEdge: boolean,
  training: boolean,
  /** Buffer of a name that a node's value may read too: its inputs, its own value, what it remembers. */
  bufferOf: (id: NodeId, name: string) => BufferId,
  /** ∂L/∂ each element of the objective's value; 1 where it is one number. */
  seeds: readonly number[] = [1],
): void {
  const contributions = new Map<NodeId, { edge: EdgeId; buffer: string }[]>();

  seed(draft, objective, shapes.get(objective)!, seeds);

  for (const id of [...order].reverse()) {
    if (id !== objective) {
      const parts = contributions.get(id);
      if (!parts) continue;
      addUp(
        draft,
        id,
        shapes.get(id)!,
        parts.map((part) => part.buffer),
      );
    }
    const { op, call } = calls.get(id)!;
    if (op.kind !== 'primitive') continue;
    for (const [port, edge] of links.into.get(id)!) {
      if (!wanted.has(edge.from)) continue;
      const sequence = gradientKernels(op, call, port, training);
      if (!sequence) continue;
      // A value that feeds one edge only has that edge's contribution as its gradient.
      const alone = !everyEdge && links.outOf.get(edge.from)!.length === 1;
      const buffer = alone ? bufferIds.gradient(edge.from) : bufferIds.edge(edge.id);
      draft.buffer({ id: buffer, shape: call.shapes[port]!, role: alone ? 'gradient' : 'edge' });
      draft.sequence(
        'backward',
        id,
        sequence,
        `${edge.id}`,
        (name) => {
          if (name === RESULT) return buffer;
          if (name === GRADIENT) return bufferIds.gradient(id);
          return bufferOf(id, name);
        },
        edge.id,
      );
      const list = contributions.get(edge.from) ?? [];
      list.push({ edge: edge.id, buffer });
      contributions.set(edge.from, list);
    }
  }
}

/** ∂L/∂l = 1 for one sample; in a batch each sample weighs 1/n, which the row weights hold. */
function seed(draft: Draft, objective: NodeId, shape: Shape, seeds: readonly number[]): void {
  const target = bufferIds.gradient(objective);
  const batched = isBatched(shape);
  draft.buffer({ id: target, shape, role: 'gradient' });
  const reads: Read[] = [];
  const bind: Record<string, BufferId> = { seed: target };
  if (batched) {
    reads.push({ name: 'rows', strides: shape.map((_, axis) => (axis === 0 ? 1 : 0)), offset: 0 });
    bind['rows'] = bufferIds.rowWeights;
  }
  // One number for all elements needs no buffer.
  const one = seeds.every((x) => x === seeds[0]);
  if (!one) {
    const own = sampleShape(shape);
    const init = draft.buffer({ id: bufferIds.temporary(objective, 'seed'), shape: own, role: 'constant', init: seeds });
    reads.push({ name: 'seeds', strides: [...(batched ? [0] : []), ...stridesOf(own)], offset: 0 });
    bind['seeds'] = init;
  }
  const value = mul(one ? (seeds[0] ?? 1) : read('seeds'), batched ? read('rows') : 1);
  draft.step({ phase: 'backward', node: objective, kernel: { out: shape, reads, stores: [{ to: 'seed', value }] }, bind });
}

function addUp(draft: Draft, id: NodeId, shape: readonly (number | 'batch')[], parts: readonly string[]): void {
  const target = bufferIds.gradient(id);
  // Of several edges one alone may lead to the loss: its contribution has a buffer of its own all the same.
  if (parts.length === 1 && parts[0] === target) return;
  const names = parts.map((_, i) => `part${i}`);
  const bind: Record<string, string> = { total: target };
  names.forEach((name, i) => {
    bind[name] = parts[i]!;
  });
  draft.buffer({ id: target, shape, role: 'gradient' });
  draft.step({
    phase: 'backward',
    node: id,
    kernel: draft.kernel(`sum of ${names.length} ${shape.join()}`, () => ({
      out: shape,
      reads: names.map((name) => alongOut(name, shape)),
      stores: [{ to: 'total', value: names.map((name): Expr => read(name)).reduce((sum, x) => add(sum, x)) }],
    })),
    bind,
  });
}
