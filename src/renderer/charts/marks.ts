/**
 * What stands out in a plot: the point that is read in it, and whatever of it is pointed at in another one. An epoch is a
 * line where epochs go across and otherwise the nearest point of a way; a class or a layer that a whole line stands for
 * marks the line.
 */
import type { Picture, Point } from './picture';
import type { Reader } from './reader.svelte';
import { lit, type Spot } from './spotlight.svelte';

interface Marks {
  /** Places along x, in pixels. */
  readonly lines: readonly number[];
  readonly paths: readonly { readonly points: string; readonly colour: string }[];
  readonly rings: readonly { readonly left: number; readonly top: number; readonly colour: string }[];
}

const MOST_RINGS = 300;
/** Points of a marked line at most: it is only an underlay. */
const MOST_CORNERS = 400;

/** The point of a way that lies nearest to an epoch. */
function atEpoch(points: readonly Point[], epoch: number): Point | null {
  let found: Point | null = null;
  let [distance, first, last] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const point of points) {
    if (point.spot?.kind !== 'epoch') continue;
    const away = Math.abs(point.spot.epoch - epoch);
    if (away < distance) [found, distance] = [point, away];
    first = Math.min(first, point.spot.epoch);
    last = Math.max(last, point.spot.epoch);
  }
  // Beyond the ends of the way nothing is meant.
  return epoch < first - 1 || epoch > last + 1 ? null : found;
}

export function marksOf(
  picture: Picture,
  reader: Pick<Reader, 'plane' | 'place' | 'point' | 'readings' | 'inField'>,
  spot: Spot | null,
  marker: number | undefined,
): Marks {
  const { plane, place, point } = reader;
  if (plane === null) return { lines: [], paths: [], rings: [] };
  const lines: number[] = [];
  const paths: { points: string; colour: string }[] = [];
  const rings: { left: number; top: number; colour: string }[] = [];
  const line = (x: number): void => {
    const left = plane.toX(x);
    if (left >= plane.left - 1 && left <= plane.right + 1) lines.push(left);
  };
  const ring = (one: Point, colour: string): void => {
    const at = rings.length < MOST_RINGS ? reader.inField(one) : null;
    if (at) rings.push({ ...at, colour });
  };
  if (marker !== undefined) line(marker);
  const { series, marked } = picture;
  if (spot?.kind === 'epoch') {
    if (picture.x.shows === 'epoch') line(spot.epoch);
    else {
      const found = atEpoch(marked ?? series.flatMap(({ points }) => points), spot.epoch);
      if (found) ring(found, '--text');
    }
  } else if (spot !== null) {
    for (const { spot: whole, points, colour, look } of series) {
      if (look === 'line' && points.length > 1 && lit(whole, spot)) {
        const stride = Math.max(1, Math.ceil(points.length / MOST_CORNERS));
        const corners = points.filter(({ y }, at) => Number.isFinite(y) && (at % stride === 0 || at === points.length - 1));
        paths.push({
          colour,
          points: corners.map(({ x, y }) => `${plane.toX(x).toFixed(1)},${plane.toY(y).toFixed(1)}`).join(' '),
        });
      } else for (const one of points) if (lit(one.spot, spot)) ring(one, colour);
    }
    for (const one of marked ?? []) if (lit(one.spot, spot)) ring(one, '--text');
    // A field of cells has no series of its own: its readings are its cells.
    if (series.length === 0 && !marked)
      for (const { points, colour } of reader.readings) for (const one of points) if (lit(one.spot, spot)) ring(one, colour);
  }
  if (point !== null) ring(point, place!.free ? '--text' : reader.readings[place!.series]!.colour);
  return { lines, paths, rings };
}
