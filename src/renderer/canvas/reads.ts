/**
 * Which numbers of a frame a drawn thing shows. A source is one number of a watched array, or a block of
 * it that is shown as one; a thing shows a source, or the product of two. The scene states it, `live.ts`
 * reads it.
 */
import type { EdgeId } from '../../engine/graph/graph';
import type { Tap } from '../../engine/train/frames';

/** Elements start + i·step + j·skip of an array, for i < count and j < times. */
export interface Elements {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  readonly skip: number;
  readonly times: number;
}

/** All of the array, however long it is. */
export const whole: Elements = { start: 0, step: 1, count: -1, skip: 0, times: 1 };
export const one = (start: number): Elements => ({ start, step: 1, count: 1, skip: 0, times: 1 });

/** Neighbours in one axis: a single index, or those from one to before another. */
export interface Span {
  readonly from: number;
  readonly count: number;
}

export const span = ({ from, count }: Span): Elements => ({ start: from, step: 1, count, skip: 0, times: 1 });
/** A block of a row-major matrix with so many columns. */
export const block = (rows: Span, columns: Span, width: number): Elements => ({
  start: rows.from * width + columns.from,
  step: 1,
  count: columns.count,
  skip: width,
  times: rows.count,
});

export interface Source {
  readonly tap: Tap;
  readonly at: Elements;
}

export interface Reads {
  /** Colours and widens a line, fills a node: a weight, or the value that is carried. */
  readonly base: Source | null;
  /** Multiplied with `base` gives what runs forward; null: `base` itself runs. */
  readonly factor: Source | null;
  readonly gradient: Source | null;
  /** Multiplied with `gradient` gives what flows back; null: `gradient` itself flows. */
  readonly slope?: Source | null;
  /** Further gradients that are added: a composite may use an input more than once. */
  readonly more?: readonly Source[];
  /** The edge of the expanded drawing, and the number along it, whose local derivative it has; absent: that of `gradient`. */
  readonly local?: Source;
}

export const noReads: Reads = { base: null, factor: null, gradient: null };

/** What flows back along one or several expanded edges together. */
export function alongAll(edges: readonly EdgeId[], at: Elements): Pick<Reads, 'gradient' | 'more'> {
  const [gradient, ...more] = edges.map((edge): Source => ({ tap: { of: 'edge-gradient', edge }, at }));
  return { gradient: gradient ?? null, ...(more.length > 0 ? { more } : {}) };
}

/** Many numbers as one: the size is their root mean square, the sign that of their mean. */
export function aggregate(view: ArrayLike<number>, { start, step, count, skip, times }: Elements): number {
  const inner = count < 0 ? view.length : count;
  let squares = 0;
  let sum = 0;
  let seen = 0;
  for (let j = 0; j < times; j++)
    for (let i = 0, at = start + j * skip; i < inner && at < view.length; i++, at += step) {
      const v = view[at]!;
      squares += v * v;
      sum += v;
      seen++;
    }
  if (seen === 1) return sum;
  return seen === 0 ? Number.NaN : Math.sign(sum || 1) * Math.sqrt(squares / seen);
}
