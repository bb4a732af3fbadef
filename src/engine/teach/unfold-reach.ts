/**
 * Which elements of a drawing's arrays depend on one of them, read off the kernels' strides. A large
 * network is written out as single numbers only where the number that is asked about makes a difference.
 */
import type { Inferred } from '../compile/infer';
import { valueKernels } from '../compile/kernels';
import type { NodeId } from '../graph/graph';
import type { Kernel } from '../ir/kernel';
import { concrete, product, sampleShape, stridesOf } from '../ir/shape';
import { OUT } from '../ops/op';

/** An element of a node's value, in row-major order of one sample. */
export interface ArrayElement {
  readonly node: NodeId;
  readonly at: number;
}

/** The array behind a kernel's name: a node's value, or a temporary of the node's own. */
export type ArrayKey = string;
export const arrayOf = (inferred: Inferred, id: NodeId, name: string): ArrayKey =>
  name === OUT ? id : (inferred.links.into.get(id)!.get(name)?.from ?? `${id}~${name}`);

/** Steps of one kernel after which it is too long to be followed. */
const LONGEST = 20_000_000;

/** Null: more than `most` elements depend on it, or it would take too long to tell. */
export function reachOf(
  inferred: Inferred,
  needed: ReadonlySet<NodeId>,
  from: ArrayElement,
  most: number,
): ReadonlyMap<ArrayKey, ReadonlySet<number>> | null {
  const reached = new Map<ArrayKey, Set<number>>([[from.node, new Set([from.at])]]);
  let count = 1;
  for (const id of inferred.order) {
    if (id === from.node || !needed.has(id)) continue;
    const found = inferred.calls.get(id);
    if (found?.op.kind !== 'primitive') continue;
    if (![...inferred.links.into.get(id)!.values()].some((e) => reached.has(e.from))) continue;
    for (const kernel of valueKernels(found.op, found.call, false).kernels) {
      const touched = follow(kernel, (name) => reached.get(arrayOf(inferred, id, name)));
      if (touched === null) return null;
      for (const [name, places] of touched) {
        const key = arrayOf(inferred, id, name);
        const all = reached.get(key) ?? new Set();
        for (const at of places) all.add(at);
        reached.set(key, all);
        count += places.size;
      }
      if (count > most) return null;
    }
  }
  return reached;
}

/** Places that a kernel stores to from places that are reached. */
function follow(
  kernel: Kernel,
  reached: (name: string) => ReadonlySet<number> | undefined,
): ReadonlyMap<string, ReadonlySet<number>> | null {
  const out = concrete(kernel.out, 1);
  const all = [...out, ...concrete(kernel.fold?.over ?? [], 1)];
  const asked = kernel.reads.flatMap((r) => {
    const places = reached(r.name);
    return places ? [{ ...r, places }] : [];
  });
  const found = new Map<string, Set<number>>();
  if (asked.length === 0) return found;
  if (product(all) > LONGEST) return null;
  const stores = kernel.stores.map(({ to, place }) => ({ to, ...(place ?? { strides: stridesOf(kernel.out), offset: 0 }) }));
  const index = all.map(() => 0);
  for (let left = product(all); left > 0; left--) {
    const isHit = asked.some(({ strides, offset, places }) => {
      let at = offset;
      for (let axis = 0; axis < index.length; axis++) at += index[axis]! * strides[axis]!;
      return places.has(at);
    });
    if (isHit)
      for (const { to, strides, offset } of stores) {
        let at = offset;
        for (let axis = 0; axis < out.length; axis++) at += index[axis]! * strides[axis]!;
        const places = found.get(to);
        if (places) places.add(at);
        else found.set(to, new Set([at]));
      }
    for (let axis = index.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < all[axis]!) break;
      index[axis] = 0;
    }
  }
  return found;
}

/** How many numbers one sample of a node holds. */
export const elementsIn = (inferred: Inferred, id: NodeId): number => product(sampleShape(inferred.shapes.get(id)!));
