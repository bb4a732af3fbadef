/**
 * The points of a learning curve, kept bounded: when there are too many, every second one of the older
 * half goes. The newest stay exact, the shape of the curve stays.
 */
import type { CurvePoint } from '../../engine/api';

const MOST = 4000;

export function extend(points: readonly CurvePoint[], fresh: readonly CurvePoint[]): readonly CurvePoint[] {
  if (fresh.length === 0) return points;
  const all = [...points, ...fresh];
  if (all.length <= MOST) return all;
  const half = all.length >> 1;
  return all.filter((_point, index) => index >= half || index % 2 === 0);
}
