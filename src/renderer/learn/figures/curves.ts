/**
 * Plots of the course in the frame that all plots share (charts/Figure.svelte): functions as curves, tangents and
 * marks beside them. What is dragged by the pointer is a sketch, and stays on Plot.svelte.
 */
import type { Picture, Point, Series } from '../../charts/picture';
import type { Range } from '../../charts/plane';

type Paint = NonNullable<Picture['under']>;
type More = Partial<Omit<Series, 'points' | 'title' | 'colour'>>;

/**
 * y = f(x), at so many places; where f is infinite, or far out of sight, there is none. Nor where it is no number, unless
 * it is `broken` there: then the line has a gap, which is read too.
 */
export function curve(
  title: string,
  f: (x: number) => number,
  [low, high]: Range,
  {
    steps = 200,
    colour = '--accent',
    broken = false,
    ...more
  }: More & { readonly steps?: number; readonly colour?: string; readonly broken?: boolean } = {},
): Series {
  const places = Array.from({ length: steps + 1 }, (_, k) => Number((low + ((high - low) * k) / steps).toPrecision(12)));
  const points = places.map((x) => ({ x, y: f(x) })).filter(({ y }) => Math.abs(y) < 1e6 || (broken && Number.isNaN(y)));
  return { title, colour, look: 'line', width: 2.2, ...more, points };
}

/** The line of this slope through one point of a curve: seen, but not read. */
export const tangent = ({ x, y }: Point, slope: number, range: Range): Series =>
  curve('tangent', (at) => y + slope * (at - x), range, { steps: 2, colour: '--text-dim', dashed: true, width: 1.2, echo: true });

export const dots = (title: string, points: readonly Point[], colour = '--accent', more: More = {}): Series => ({
  title,
  colour,
  look: 'dots',
  width: 5,
  ...more,
  points,
});

/** Parts of the x axis behind everything: saturation, what comes after the end. */
export const shade =
  (...parts: readonly Range[]): Paint =>
  (context, { toX, top, bottom, left, right }, ink) => {
    context.fillStyle = ink.css('--warning-soft');
    for (const [low, high] of parts) {
      const [from, to] = [Math.max(left, toX(low)), Math.min(right, toX(high))];
      if (to > from) context.fillRect(from, top, to - from, bottom - top);
    }
  };

/** Dashed lines across the field at places of the x axis. */
export const upright =
  (places: readonly number[], colour: string): Paint =>
  (context, { toX, top, bottom, left, right }, ink) => {
    context.save();
    context.strokeStyle = ink.css(colour);
    context.lineWidth = 1.4;
    context.setLineDash([5, 4]);
    for (const place of places) {
      const x = toX(place);
      if (x < left || x > right) continue;
      context.beginPath();
      context.moveTo(x, top);
      context.lineTo(x, bottom);
      context.stroke();
    }
    context.restore();
  };

/** Lines between pairs of points, held inside the field. */
export const joined =
  (pairs: readonly (readonly [Point, Point])[], colour: string, width = 1.6): Paint =>
  (context, { toX, toY, left, top, right, bottom }, ink) => {
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    context.strokeStyle = ink.css(colour);
    context.lineWidth = width;
    const held = (pixel: number): number => Math.min(1e4, Math.max(-1e4, pixel));
    for (const [a, b] of pairs) {
      context.beginPath();
      context.moveTo(held(toX(a.x)), held(toY(a.y)));
      context.lineTo(held(toX(b.x)), held(toY(b.y)));
      context.stroke();
    }
    context.restore();
  };

/** One after the other. */
export const both =
  (...paints: readonly (Paint | null)[]): Paint =>
  (...surface) => {
    for (const paint of paints) paint?.(...surface);
  };
