/** Kernels that put arrays together from parts and take parts out of them, along chosen axes. */
import { constant, read } from '../ir/expr';
import { ACC, type Kernel } from '../ir/kernel';
import { isBatched, type Shape, stridesOf } from '../ir/shape';
import type { AttrSpec } from './op';

/** Strides of a part of `whole` along the part's own axes; 0 for a batch axis that the part lacks. */
function partStrides(part: Shape, whole: Shape, every: number): readonly number[] {
  const strides = stridesOf(whole);
  const first = isBatched(whole) ? 1 : 0;
  return part.map((axis, at) => (axis === 'batch' ? strides[0]! : strides[at + (isBatched(part) ? 0 : first)]! * every));
}

/** Fills an array with one number. */
export const filled = (to: string, shape: Shape, value: number): Kernel => ({
  out: shape,
  reads: [],
  stores: [{ to, value: constant(value) }],
});

/**
 * Stores `from` into `whole`, its first element at `offset` of each sample, `every` elements apart along
 * each axis. Something that is the same for all samples is stored for each of them.
 */
export function putPart(from: string, part: Shape, to: string, whole: Shape, offset: number, every = 1): Kernel {
  const own = stridesOf(part);
  const repeat = isBatched(whole) && !isBatched(part);
  return {
    out: repeat ? ['batch', ...part] : part,
    reads: [{ name: from, strides: repeat ? [0, ...own] : own, offset: 0 }],
    stores: [
      {
        to,
        value: read(from),
        place: { strides: [...(repeat ? [stridesOf(whole)[0]!] : []), ...partStrides(part, whole, every)], offset },
      },
    ],
  };
}

/** Reads a part of `whole`; what was the same for all samples gets the sum over them. */
export function takePart(from: string, whole: Shape, to: string, part: Shape, offset: number): Kernel {
  const strides = partStrides(part, whole, 1);
  if (isBatched(whole) && !isBatched(part))
    return {
      out: part,
      fold: { with: 'sum', over: ['batch'], body: read(from) },
      reads: [{ name: from, strides: [...strides, stridesOf(whole)[0]!], offset }],
      stores: [{ to, value: read(ACC) }],
    };
  return { out: part, reads: [{ name: from, strides, offset }], stores: [{ to, value: read(from) }] };
}

/** Elements from one index of a sample's axis to the next. */
export const stepAlong = (shape: Shape, axis: number): number => stridesOf(shape)[axis + (isBatched(shape) ? 1 : 0)]!;

export const axisAttr: AttrSpec = {
  kind: 'integer',
  title: 'Axis',
  about: 'Which axis of a sample, counted from 0. The batch axis is not counted.',
  default: 0,
  min: 0,
  max: 3,
};
