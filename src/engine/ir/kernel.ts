/**
 * The one form of work that backends run: an affine loop nest with an optional fold.
 *
 *     for each index of `out`:   acc = fold over `fold.over` of body(reads)
 *                                each store: to[out index] = value(reads, acc)
 *
 * Broadcasting is a stride of 0, a transpose is swapped strides, a matrix product is a fold; so both
 * gradients of a product are the same kernel with other strides.
 */
import { type Expr, namesIn } from './expr';
import { type Shape, stridesOf } from './shape';

export interface Read {
  /** The name that `body` and `stores` use; bound to a buffer by the step. */
  readonly name: string;
  /** One stride, in elements, for each axis of `out` and then of `fold.over`. */
  readonly strides: readonly number[];
  readonly offset: number;
}

export interface Store {
  /** Name of the written buffer, bound by the step. */
  readonly to: string;
  /** May read `acc` (the fold's result) and those reads that do not move along the fold. */
  readonly value: Expr;
  /**
   * Where in the buffer, with a stride for each axis of `out`; absent: row-major over `out`. It lets a
   * kernel without a fold fill a part of a larger array (padding, concatenation). No place is written twice.
   */
  readonly place?: { readonly strides: readonly number[]; readonly offset: number };
}

export interface Kernel {
  readonly out: Shape;
  readonly fold?: { readonly with: 'sum' | 'max'; readonly over: Shape; readonly body: Expr };
  readonly reads: readonly Read[];
  /** All reads of an index happen before its stores, so a kernel may update a buffer in place. */
  readonly stores: readonly Store[];
}

/** The name by which stores read the result of the fold. */
export const ACC = 'acc';

/** Row-major strides of a buffer of shape `shape` read at the kernel's own output index. */
export const alongOut = (name: string, out: Shape, fold: Shape = []): Read => ({
  name,
  strides: [...stridesOf(out), ...fold.map(() => 0)],
  offset: 0,
});

/** Kernels never change, and a drawing uses most of its kernels many times: each is checked once. */
const checked = new WeakMap<Kernel, string | null>();

/** What is wrong with a kernel, as a sentence, or null: the legality check between compiler passes. */
export function kernelFault(kernel: Kernel): string | null {
  let fault = checked.get(kernel);
  if (fault === undefined) checked.set(kernel, (fault = findFault(kernel)));
  return fault;
}

function findFault(kernel: Kernel): string | null {
  const rank = kernel.out.length + (kernel.fold?.over.length ?? 0);
  const names = new Map(kernel.reads.map((r) => [r.name, r]));
  if (names.size !== kernel.reads.length) return 'two reads have the same name';
  for (const r of kernel.reads)
    if (r.strides.length !== rank) return `read '${r.name}' has ${r.strides.length} strides for ${rank} axes`;
  if (kernel.out.slice(1).includes('batch')) return 'the batch axis is not the first axis of the output';
  if (kernel.stores.length === 0) return 'nothing is stored';
  if (kernel.fold)
    for (const name of namesIn(kernel.fold.body)) if (!names.has(name)) return `the fold reads '${name}', which is not bound`;
  for (const { value, place } of kernel.stores) {
    if (place && kernel.fold) return 'a fold stores to a part of an array';
    if (place && place.strides.length !== kernel.out.length)
      return `a store has ${place.strides.length} strides for ${kernel.out.length} axes`;
    for (const name of namesIn(value)) {
      if (name === ACC && kernel.fold) continue;
      const r = names.get(name);
      if (!r) return `a store reads '${name}', which is not bound`;
      if (r.strides.slice(kernel.out.length).some((stride) => stride !== 0))
        return `a store reads '${name}', which moves along the fold`;
    }
  }
  return null;
}

/** The index of `out` that writes to a position; null where none does. */
export function indexStoring(
  { strides, offset }: { readonly strides: readonly number[]; readonly offset: number },
  out: readonly number[],
  at: number,
): readonly number[] | null {
  const places = strides.map((stride, axis) => ({ stride, axis })).toSorted((a, b) => b.stride - a.stride);
  const index = new Array<number>(out.length).fill(0);
  let rest = at - offset;
  for (const { stride, axis } of places) {
    if (stride === 0) continue;
    index[axis] = Math.floor(rest / stride);
    rest -= index[axis]! * stride;
  }
  return rest === 0 && index.every((i, axis) => i >= 0 && i < out[axis]!) ? index : null;
}

/** All indices of some axes in row-major order. */
export function allIndices(axes: readonly number[]): number[][] {
  return axes.reduce<number[][]>((list, length) => list.flatMap((head) => Array.from({ length }, (_, i) => [...head, i])), [[]]);
}
