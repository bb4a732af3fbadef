/**
 * The local derivative along an edge from live numbers: what the operation's own gradient kernel gives for
 * an upstream gradient of ones, as a recorded iteration keeps it. It has a number for each element only
 * where none of them adds up over others.
 */
import { gradientKernels } from '../compile/kernels';
import type { Inferred } from '../compile/infer';
import type { Edge, NodeId } from '../graph/graph';
import { prepareKernel } from '../ir/interpret';
import { sizeOf } from '../ir/shape';
import { GRADIENT, OUT } from '../ops/op';

/** `inferred` is that of the expanded drawing, `numbers` are the values of its nodes for one sample. Null: there is none, or a value is not known. */
export function localDerivative(
  { calls, links }: Inferred,
  e: Edge,
  numbers: (node: NodeId) => ArrayLike<number> | null,
): Float64Array | null {
  const [to, from] = [calls.get(e.to), calls.get(e.from)];
  if (to?.op.kind !== 'primitive' || !from) return null;
  // Answers and fixed numbers: nobody asks how the loss changes with these.
  if (from.op.kind === 'source' && (from.op.role === 'target' || from.op.role === 'constant')) return null;
  const kernels = gradientKernels(to.op, to.call, e.port, false)?.kernels ?? [];
  const [kernel] = kernels;
  if (!kernel || kernels.length > 1 || kernel.fold?.over.some((axis) => axis !== 'batch')) return null;
  const given = new Map<string, ArrayLike<number>>([[GRADIENT, new Float64Array(sizeOf(to.call.out, 1)).fill(1)]]);
  for (const { name } of kernel.reads) {
    if (name === GRADIENT) continue;
    const node = name === OUT ? e.to : links.into.get(e.to)!.get(name)?.from;
    const found = node === undefined ? null : numbers(node);
    if (found === null) return null;
    given.set(name, found);
  }
  const result = new Float64Array(sizeOf(from.call.out, 1));
  const stored = kernel.stores[0]!.to;
  prepareKernel(kernel, (name) => (name === stored ? result : Float64Array.from(given.get(name)!)))(1);
  return result;
}
