/** A curve of bounded length: the first and the last point stay, and of the others evenly many. */
import type { CurvePoint } from '../../../engine/api';

export function thinned(points: readonly CurvePoint[], most: number): readonly CurvePoint[] {
  if (points.length <= most) return points;
  const stride = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, at) => points[Math.round(at * stride)]!);
}
