/**
 * Curves before they are drawn: smoothed so that noise does not hide the way, and thinned to what a screen can
 * show. Both keep what people look for: smoothing does not lag at the start, thinning loses no peak.
 */
import type { Point } from './picture';

/**
 * Exponential moving average with bias correction, as in Adam: sₜ = β sₜ₋₁ + (1 − β) xₜ, shown as sₜ / (1 − βᵗ).
 * Without the division the curve would begin at 0. Numbers that are not finite pass as they are and are not remembered.
 */
export function smoothed(points: readonly Point[], beta: number): readonly Point[] {
  if (!(beta > 0)) return points;
  let [sum, weight] = [0, 1];
  return points.map((point) => {
    if (!Number.isFinite(point.y)) return point;
    sum = beta * sum + (1 - beta) * point.y;
    weight *= beta;
    return { ...point, y: sum / (1 - weight) };
  });
}

/**
 * At most four points for each of `columns` strips between `low` and `high`: the first, the least, the greatest and
 * the last, in their order, so that the line covers the same pixels. Points must go from left to right; beyond the
 * ends one is kept on each side, where the line comes from and goes to.
 */
export function thinned(points: readonly Point[], low: number, high: number, columns: number): readonly Point[] {
  let [from, to] = [0, points.length];
  while (from + 1 < to && points[from + 1]!.x < low) from++;
  while (to - 1 > from && points[to - 2]!.x > high) to--;
  const seen = from === 0 && to === points.length ? points : points.slice(from, to);
  if (seen.length <= columns * 4 || !(high > low)) return seen;
  const kept: Point[] = [];
  const strip = (at: number): number => Math.floor(((seen[at]!.x - low) / (high - low)) * columns);
  for (let begin = 0; begin < seen.length; ) {
    const here = strip(begin);
    let [end, least, greatest] = [begin + 1, begin, begin];
    for (; end < seen.length && strip(end) === here; end++) {
      if (!(seen[end]!.y >= seen[least]!.y)) least = end;
      if (!(seen[end]!.y <= seen[greatest]!.y)) greatest = end;
    }
    for (const at of [...new Set([begin, least, greatest, end - 1])].sort((a, b) => a - b)) kept.push(seen[at]!);
    begin = end;
  }
  return kept;
}
