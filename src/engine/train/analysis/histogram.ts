/**
 * Counts of numbers in equal steps with round edges, one of which is 0 where 0 lies inside: residuals are
 * read by their sign, so no bar may hold both.
 */

export interface Histogram {
  /** One more than there are counts; a number belongs to the bar whose lower edge it reaches, the last edge to the last bar. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Numbers that are finite. */
  readonly total: number;
  readonly mean: number;
  /** Of the numbers themselves: the square root of the mean squared distance from their mean. */
  readonly deviation: number;
}

/** The next 1, 2 or 5 times a power of ten. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10) * power;
}

/** About `most` bars at most. Without finite numbers there are none. */
export function histogramOf(numbers: ArrayLike<number>, most = 30): Histogram {
  let [total, sum, squares, low, high] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < numbers.length; at++) {
    const x = numbers[at]!;
    if (!Number.isFinite(x)) continue;
    total++;
    sum += x;
    if (x < low) low = x;
    if (x > high) high = x;
  }
  if (total === 0) return { edges: [], counts: [], total, mean: Number.NaN, deviation: Number.NaN };
  const mean = sum / total;
  const step = roundStep(high > low ? (high - low) / most : Math.max(Math.abs(high), 1) / most);
  const first = Math.floor(low / step + 1e-9);
  const bars = Math.max(1, Math.ceil(high / step - 1e-9) - first);
  const edges = Array.from({ length: bars + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
  const counts = new Array<number>(bars).fill(0);
  for (let at = 0; at < numbers.length; at++) {
    const x = numbers[at]!;
    if (!Number.isFinite(x)) continue;
    squares += (x - mean) ** 2;
    let bar = Math.min(bars - 1, Math.max(0, Math.floor((x - edges[0]!) / step)));
    // The edges as they are printed decide, not their rounding.
    while (bar > 0 && x < edges[bar]!) bar--;
    while (bar < bars - 1 && x >= edges[bar + 1]!) bar++;
    counts[bar]!++;
  }
  return { edges, counts, total, mean, deviation: Math.sqrt(squares / total) };
}
