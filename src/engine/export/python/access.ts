/**
 * Reads of a kernel as Python writes them. A kernel reaches its arrays by strides; each stride belongs to an
 * axis of the array, so a read is a slice, a step, a turn, a split or a sliding window of axes, and a place
 * that is stored to is an index. What has no such form is a mistake of the kernel's and is named.
 */
import type { Read } from '../../ir/kernel';
import { type Axis, type Shape, stridesOf } from '../../ir/shape';
import type { Library } from './library';
import { atom, type Python } from './text';

/** An array with the text that it is called by. */
export interface Operand {
  readonly text: Python;
  readonly shape: Shape;
}

/** Part of an array, whose axes walk along these axes of the loop nest, in this order. */
export interface View {
  readonly text: Python;
  readonly axes: readonly number[];
}

/** The loop axes that walk along one axis of an array, from the longest stride to the shortest. */
interface Walk {
  readonly start: number;
  readonly loops: { readonly axis: number; readonly step: number; readonly length: Axis }[];
}

type Reach = Pick<Read, 'strides' | 'offset'>;

const unreadable = (shape: Shape): Error =>
  new Error(`a kernel reaches an array of shape ${shape.join(' × ')} in a way that Python's slices have no form for`);

/** Which loop axes walk along which axis of an array. */
function walksOf(shape: Shape, { strides, offset }: Reach, lengths: Shape): readonly Walk[] {
  const own = stridesOf(shape);
  const long = shape.map((length) => length !== 1);
  let rest = offset;
  const walks: Walk[] = shape.map((length, d) => {
    const stride = own[d]!;
    const start = length === 'batch' || !long[d] ? 0 : Math.floor(rest / stride);
    rest -= start * stride;
    return { start, loops: [] };
  });
  if (rest !== 0) throw unreadable(shape);
  const moving = lengths.map((_, axis) => axis).filter((axis) => strides[axis] !== 0);
  for (const axis of moving.filter((a) => lengths[a] !== 1)) {
    const size = Math.abs(strides[axis]!);
    const d = own.findIndex((stride, at) => long[at] && stride <= size && size % stride === 0);
    const batch = shape[d] === 'batch';
    if (d < 0 || batch !== (lengths[axis] === 'batch') || (batch && size !== own[d])) throw unreadable(shape);
    walks[d]!.loops.push({ axis, step: strides[axis]! / own[d]!, length: lengths[axis]! });
  }
  // An axis of length 1 that is walked along by a loop of one step keeps its place.
  for (const axis of moving.filter((a) => lengths[a] === 1)) {
    const free = (at: number): boolean => own[at] === strides[axis] && walks[at]!.loops.length === 0 && shape[at] !== 'batch';
    const all = shape.map((_, at) => at);
    const d = all.find((at) => !long[at] && free(at)) ?? all.find((at) => long[at] && free(at)) ?? -1;
    if (d >= 0) walks[d]!.loops.push({ axis, step: 1, length: 1 });
  }
  for (const { loops } of walks) loops.sort((a, b) => Math.abs(b.step) - Math.abs(a.step) || Number(b.length) - Number(a.length));
  return walks;
}

/** `[:, 1:3]`; empty where everything is taken. */
export function indexText(parts: readonly string[]): Python {
  const used = [...parts];
  while (used.length > 0 && used.at(-1) === ':') used.pop();
  return used.length === 0 ? '' : `[${used.join(', ')}]`;
}

const sliceText = (start: number, length: number, step: number, whole: Axis): string => {
  const end = start + (length - 1) * step + 1;
  return `${start === 0 ? '' : start}:${end >= Number(whole) && step === 1 ? '' : end}${step === 1 ? '' : `:${step}`}`;
};

/** What a read takes of an array. */
export function viewOf(library: Library, { text, shape }: Operand, reach: Reach, lengths: Shape): View {
  const walks = walksOf(shape, reach, lengths);
  const index: string[] = [];
  const turned: number[] = [];
  const split: { readonly at: number; readonly lengths: readonly number[] }[] = [];
  const windows: { readonly at: number; readonly length: number; readonly axis: number; readonly taken: string }[] = [];
  const axes: number[][] = [];
  shape.forEach((length, d) => {
    const { start, loops } = walks[d]!;
    const [first, second] = loops;
    const at = axes.length;
    if (!first) {
      if (length === 'batch') throw unreadable(shape);
      index.push(String(start));
      return;
    }
    if (length === 'batch' || length === 1) {
      if (loops.length > 1) throw unreadable(shape);
      index.push(':');
      axes.push([first.axis]);
      return;
    }
    const count = first.length as number;
    if (!second) {
      if (first.step > 0) index.push(sliceText(start, count, first.step, length));
      else {
        if (first.step !== -1 || start !== length - 1 || count !== length) throw unreadable(shape);
        index.push(':');
        turned.push(at);
      }
      axes.push([first.axis]);
      return;
    }
    const inner = loops.slice(1).reduce((size, loop) => size * (loop.length as number), 1);
    const whole = loops.every((loop, i) => loop.step === loops.slice(i + 1).reduce((size, l) => size * (l.length as number), 1));
    if (whole && start === 0 && count * inner === length) {
      index.push(':');
      split.push({ at, lengths: loops.map((loop) => loop.length as number) });
      axes.push(loops.map((loop) => loop.axis));
      return;
    }
    if (loops.length > 2 || second.step !== 1 || first.step < 1 || start !== 0) throw unreadable(shape);
    index.push(':');
    const places = length - (second.length as number) + 1;
    windows.push({ at, length: second.length as number, axis: second.axis, taken: sliceText(0, count, first.step, places) });
    axes.push([first.axis]);
  });
  let result = text + indexText(index);
  if (result !== text) result = atom(text) + indexText(index);
  if (turned.length > 0) result = library.flipped(result, turned, axes.length);
  if (split.length > 0) {
    if (windows.length > 0) throw unreadable(shape);
    const parts = axes.flatMap((list, at): (number | string)[] => {
      const found = split.find((s) => s.at === at);
      if (found) return [...found.lengths];
      const length = lengths[list[0]!]!;
      return [length === 'batch' ? -1 : length];
    });
    result = `${atom(result)}.reshape(${parts.join(', ')})`;
  }
  if (windows.length > 0) {
    result = library.windows(
      result,
      windows.map((w) => w.length),
      windows.map((w) => w.at),
      axes.length,
    );
    result += indexText(axes.map((_, at) => windows.find((w) => w.at === at)?.taken ?? ':'));
  }
  return { text: result, axes: [...axes.flat(), ...windows.map((w) => w.axis)] };
}

/** Whether NumPy's own lining up of the last axes does what the read does, so that the array can stand as it is. */
export function linesUp({ shape }: Operand, { strides, offset }: Reach, lengths: Shape): boolean {
  const own = stridesOf(shape);
  const shift = lengths.length - shape.length;
  if (shift < 0 || offset !== 0) return false;
  return lengths.every((length, axis) => {
    const d = axis - shift;
    if (d < 0) return strides[axis] === 0 || length === 1;
    if (shape[d] === length) return length === 1 || strides[axis] === own[d];
    return shape[d] === 1 && strides[axis] === 0;
  });
}

/** The index of the elements that a store fills, where its own axes come in the order of the array's. */
export function placeText(shape: Shape, reach: Reach, lengths: Shape): Python {
  const walks = walksOf(shape, reach, lengths);
  const order: number[] = [];
  const index = shape.map((length, d) => {
    const { start, loops } = walks[d]!;
    if (loops.length > 1) throw unreadable(shape);
    const [loop] = loops;
    if (!loop) return length === 1 ? '0' : String(start);
    order.push(loop.axis);
    return length === 'batch' || length === 1 ? ':' : sliceText(start, loop.length as number, loop.step, length);
  });
  const moving = lengths.map((_, axis) => axis).filter((axis) => order.includes(axis));
  if (order.join() !== moving.join() || moving.length !== lengths.length) throw unreadable(shape);
  return indexText(index) || '[...]';
}
