/**
 * The points of a learning curve, kept bounded: when there are too many, every second one of the older
 * half goes. The newest stay exact, the shape of the curve stays.
 */
import type { CurvePoint } from '../../engine/api';

const MOST = 4000;

/** The newest point that is not after this step: the scores of the weights that stand there. */
export const pointAt = (points: readonly CurvePoint[], step: number): CurvePoint | null =>
  points.findLast((point) => point.step <= step) ?? null;

/** The curve up to this step. */
export const pointsTo = (points: readonly CurvePoint[], step: number): readonly CurvePoint[] =>
  (points.at(-1)?.step ?? 0) <= step ? points : points.filter((point) => point.step <= step);

export function extend(points: readonly CurvePoint[], fresh: readonly CurvePoint[]): readonly CurvePoint[] {
  if (fresh.length === 0) return points;
  // A rule that goes back to the best epoch may have that one scored after later ones.
  const all = [...points, ...fresh].sort((a, b) => a.step - b.step);
  if (all.length <= MOST) return all;
  const half = all.length >> 1;
  return all.filter((_point, index) => index >= half || index % 2 === 0);
}
