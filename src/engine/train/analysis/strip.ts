/**
 * How the spread of some numbers changes in the course of training: one histogram for each stretch of steps, each
 * in its own range. When there are as many stretches as fit, neighbours are joined two by two, so that memory
 * is bounded and the whole past stays in sight, coarser the longer it is.
 */

export const BINS = 32;
/** low, high, mean, mean square, count; then the bins. */
const FIELDS = 5 + BINS;
/** Numbers of one moment that are counted at most; more are taken evenly. */
const MOST_NUMBERS = 2 ** 16;

/** Stretches in the order of their steps, field by field. */
export interface StripReport {
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  /** BINS for each stretch: the share of its numbers in each equal step from low to high. */
  readonly shares: Float32Array;
}

export const bytesOfStrip = (stretches: number): number => 4 * FIELDS * stretches;

export class Strip {
  readonly #fields: Float32Array;

  constructor(stretches: number) {
    this.#fields = new Float32Array(stretches * FIELDS);
  }

  /** Stretch `at` becomes the spread of these numbers. */
  set(at: number, numbers: ArrayLike<number>, scale = 1): void {
    const fields = this.#fields.subarray(at * FIELDS, (at + 1) * FIELDS).fill(0);
    const stride = Math.max(1, Math.ceil(numbers.length / MOST_NUMBERS));
    let [low, high, sum, squares, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
    for (let i = 0; i < numbers.length; i += stride) {
      const x = numbers[i]! * scale;
      if (!Number.isFinite(x)) continue;
      if (x < low) low = x;
      if (x > high) high = x;
      sum += x;
      squares += x * x;
      count++;
    }
    if (count === 0) return;
    fields.set([low, high, sum / count, squares / count, count]);
    const perStep = high > low ? BINS / (high - low) : 0;
    for (let i = 0; i < numbers.length; i += stride) {
      const x = numbers[i]! * scale;
      if (Number.isFinite(x)) fields[5 + Math.min(BINS - 1, Math.floor((x - low) * perStep))]!++;
    }
  }

  /** Stretch `to` becomes what stretches `a` and `b` hold together. */
  join(to: number, a: number, b: number): void {
    const [one, other] = [a, b].map((at) => this.#fields.slice(at * FIELDS, (at + 1) * FIELDS)) as [Float32Array, Float32Array];
    const fields = this.#fields.subarray(to * FIELDS, (to + 1) * FIELDS);
    const count = one[4]! + other[4]!;
    if (one[4] === 0 || other[4] === 0) {
      fields.set(one[4] === 0 ? other : one);
      return;
    }
    const [low, high] = [Math.min(one[0]!, other[0]!), Math.max(one[1]!, other[1]!)];
    const mean = (at: number): number => (one[at]! * one[4]! + other[at]! * other[4]!) / count;
    fields.fill(0);
    fields.set([low, high, mean(2), mean(3), count]);
    for (const from of [one, other]) spreadInto(fields.subarray(5), low, high, from);
  }

  report(stretches: number): StripReport {
    const pick = (of: (fields: Float32Array) => number): Float32Array =>
      Float32Array.from({ length: stretches }, (_, at) => of(this.#fields.subarray(at * FIELDS, (at + 1) * FIELDS)));
    const shares = new Float32Array(stretches * BINS);
    for (let at = 0; at < stretches; at++) {
      const fields = this.#fields.subarray(at * FIELDS, (at + 1) * FIELDS);
      for (let bin = 0; bin < BINS; bin++) shares[at * BINS + bin] = fields[4] === 0 ? 0 : fields[5 + bin]! / fields[4]!;
    }
    return {
      low: pick((f) => f[0]!),
      high: pick((f) => f[1]!),
      mean: pick((f) => f[2]!),
      deviation: pick((f) => Math.sqrt(Math.max(0, f[3]! - f[2]! * f[2]!))),
      shares,
    };
  }
}

/** Counts of one range put into the bins of a wider one, each bin's evenly over its width. */
function spreadInto(bins: Float32Array, low: number, high: number, from: Float32Array): void {
  const [start, end] = [from[0]!, from[1]!];
  const width = (high - low) / BINS;
  for (let bin = 0; bin < BINS; bin++) {
    const count = from[5 + bin]!;
    if (count === 0) continue;
    const step = (end - start) / BINS;
    const [left, right] = [start + bin * step, start + (bin + 1) * step];
    if (width === 0 || step === 0) {
      bins[width === 0 ? 0 : Math.min(BINS - 1, Math.floor((start - low) / width))]! += count;
      continue;
    }
    const first = Math.min(BINS - 1, Math.max(0, Math.floor((left - low) / width)));
    const last = Math.min(BINS - 1, Math.max(0, Math.floor((right - low) / width)));
    for (let to = first; to <= last; to++) {
      const [lower, upper] = [low + to * width, low + (to + 1) * width];
      const share = first === last ? 1 : Math.max(0, Math.min(right, upper) - Math.max(left, lower)) / step;
      bins[to]! += count * share;
    }
  }
}
