/**
 * Which elements of its inputs one element of an operation's value is made from, read off the kernels'
 * strides: what a drawing of single numbers draws as lines. Nothing is computed, so it takes no numbers.
 */
import { namesIn } from '../ir/expr';
import { allIndices, indexStoring, type Kernel } from '../ir/kernel';
import { concrete, stridesOf } from '../ir/shape';
import { type Call, OUT, type Primitive } from '../ops/op';
import { valueKernels } from './kernels';

/** Places in the inputs' arrays by port, of one sample, in row-major order. */
export type ElementReads = ReadonlyMap<string, ReadonlySet<number>>;

export function readsOfElement(op: Primitive, call: Call, at: number): ElementReads {
  const wanted = new Map<string, Set<number>>([[OUT, new Set([at])]]);
  // From the last kernel back: what a temporary holds was written before it is read.
  for (const kernel of valueKernels(op, call, false).kernels.toReversed())
    for (const { to, value, place } of kernel.stores)
      for (const element of wanted.get(to) ?? []) {
        const index = indexStoring(place ?? { strides: stridesOf(kernel.out), offset: 0 }, concrete(kernel.out, 1), element);
        if (index !== null) follow(kernel, [...namesIn(value), ...(kernel.fold ? namesIn(kernel.fold.body) : [])], index, wanted);
      }
  const ports = new Set(Object.keys(call.shapes));
  return new Map([...wanted].filter(([name]) => ports.has(name)));
}

function follow(kernel: Kernel, names: readonly string[], index: readonly number[], wanted: Map<string, Set<number>>): void {
  const over = allIndices(concrete(kernel.fold?.over ?? [], 1));
  for (const { name, strides, offset } of kernel.reads) {
    if (!names.includes(name)) continue;
    const places = wanted.get(name) ?? new Set();
    wanted.set(name, places);
    for (const fold of over) places.add([...index, ...fold].reduce((sum, i, axis) => sum + i * strides[axis]!, offset));
  }
}
