/** Clouds of points with what to compare them with: the diagonal where both axes are of one thing, zero, or a curve through them. */
import type { Axis, Plane, Range, Surface } from './plane';
import type { Ink } from './colours';
import type { Picture, Point, Series } from './picture';
import { extent, widened } from './plane';

const both = (a: Range, b: Range): Range => [Math.min(a[0], b[0]), Math.max(a[1], b[1])];

export function scatterPicture({
  title,
  summary,
  points,
  guide,
  xTitle,
  yTitle,
}: {
  readonly title: string;
  readonly summary: string;
  readonly points: readonly Point[];
  /** y = x, with both axes alike, or y = 0. */
  readonly guide: 'diagonal' | 'zero';
  readonly xTitle: string;
  readonly yTitle: string;
}): Picture {
  let across = extent(points.map(({ x }) => x));
  let up = extent(points.map(({ y }) => y));
  if (guide === 'diagonal') across = up = both(across, up);
  else up = both(up, [0, 0]);
  const x: Axis = axisOf(xTitle, widened(across, 0.05));
  const y: Axis = axisOf(yTitle, widened(up, guide === 'diagonal' ? 0.05 : 0.08));
  const line = (context: Surface, plane: Plane, ink: Ink): void => {
    context.strokeStyle = ink.css(guide === 'diagonal' ? '--text-dim' : '--line-strong');
    context.lineWidth = 1.4;
    context.setLineDash(guide === 'diagonal' ? [5, 4] : []);
    context.beginPath();
    context.moveTo(plane.toX(x.low), plane.toY(guide === 'diagonal' ? x.low : 0));
    context.lineTo(plane.toX(x.high), plane.toY(guide === 'diagonal' ? x.high : 0));
    context.stroke();
    context.setLineDash([]);
  };
  // From left to right, so that arrow keys and the ear go that way.
  const ordered = points.toSorted((a, b) => a.x - b.x);
  return { title, summary, x, y, series: [{ title: 'Rows', colour: '--accent', look: 'dots', points: ordered }], under: line };
}

const axisOf = (title: string, [low, high]: Range): Axis => ({ title, low, high });

/** Data, filled where they are trained on, and the curve that goes through them. */
export function fitPicture({
  title,
  summary,
  points,
  curve,
  xTitle,
  yTitle,
}: {
  readonly title: string;
  readonly summary: string;
  readonly points: readonly (Point & { readonly held: boolean })[];
  readonly curve: readonly Point[];
  readonly xTitle: string;
  readonly yTitle: string;
}): Picture {
  const dots = (held: boolean): Series => ({
    title: held ? 'Held out' : 'Trained on',
    colour: '--text-dim',
    look: held ? 'rings' : 'dots',
    behind: true,
    width: 2.3,
    points: points.filter((point) => point.held === held),
  });
  return {
    title,
    summary,
    x: axisOf(xTitle, widened(extent(points.map(({ x }) => x)), 0.03)),
    // The data set the scale: a curve that shoots off should not squeeze them.
    y: axisOf(yTitle, widened(extent(points.map(({ y }) => y)), 0.1)),
    series: [{ title: 'Answer', colour: '--accent', look: 'line', width: 2.4, points: curve }, dots(false), dots(true)],
  };
}
