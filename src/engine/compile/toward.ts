/**
 * The program that derives another node than the loss. It runs forward as the given one does; the seed of
 * the reverse pass stands at the node that is asked for: 1 at one element of it, or at all (their sum).
 * For a batch each row's seed weighs as the row does, so that the result is a mean again.
 */
import type { Graph, NodeId } from '../graph/graph';
import { OUT } from '../ops/op';
import { bufferIds, type Program, verify } from '../plan';
import { differentiate } from './differentiate';
import { Draft } from './draft-program';
import { infer } from './infer';
import { ancestors } from './objective';
import { sampleSize } from '../ir/shape';

/** `program` keeps every edge and was made from `graph`, an expanded drawing. */
export function programToward(program: Program, graph: Graph, node: NodeId, element: number | 'sum'): Program {
  const inferred = infer(graph);
  const draft = new Draft();
  for (const spec of program.buffers)
    if (spec.role !== 'gradient' && spec.role !== 'edge' && spec.role !== 'slot' && spec.role !== 'hyper') draft.buffer(spec);
  for (const step of program.steps) if (step.phase === 'forward' || step.phase === 'loss') draft.step(step);
  const size = sampleSize(inferred.shapes.get(node)!);
  const seed = Array.from({ length: size }, (_, i) => (element === 'sum' || element === i ? 1 : 0));
  const before = ancestors(inferred, [node]);
  differentiate(
    draft,
    inferred,
    node,
    new Set([...before].filter((id) => id !== node)),
    true,
    false,
    (id, name) => {
      if (name === OUT) return bufferIds.value(id);
      const source = inferred.links.into.get(id)!.get(name);
      return source ? bufferIds.value(source.from) : bufferIds.temporary(id, name);
    },
    seed,
  );
  return verify({
    ...program,
    buffers: [...draft.buffers.values()],
    steps: draft.steps,
    parameters: program.parameters.map((p) => ({
      ...p,
      gradient: draft.buffers.has(bufferIds.gradient(p.key)) ? bufferIds.gradient(p.key) : null,
    })),
    loss: null,
  });
}
