/**
 * A plot as data. A picture names its axes, what stands on them, the numbers behind it and the places that
 * the reading cursor and the ear go through. `painter.ts` draws it on any surface (screen, PNG, SVG), and
 * `Figure.svelte` gives it all that plots share: so a new plot is one function that returns a picture.
 */
import type { Ink } from './colours';
import { type Axis, nameOn, type Plane, type Surface } from './plane';
import type { Spot } from './spotlight.svelte';

export interface Point {
  readonly x: number;
  readonly y: number;
  /** What is read out and shown here; without it the numbers under the names of series and axes. Of many points a getter: words are made when someone reads. */
  readonly text?: string | undefined;
  /** What of the network or the data this is: pointed at here, it is shown in all plots. */
  readonly spot?: Spot | undefined;
}

/** `silent` series are not drawn (something else draws them) but are read. `bars` are as wide as `width` says. */
export type Look = 'line' | 'dots' | 'rings' | 'bars' | 'silent';

export interface Series {
  readonly title: string;
  /** Name of a colour token. */
  readonly colour: string;
  readonly look: Look;
  readonly dashed?: boolean | undefined;
  /** Drawn weakly: the raw curve behind a smooth one, something that is only tried. */
  readonly faint?: boolean | undefined;
  /** Lines: pixels, 1.8 by default. Bars: units of the x axis. Dots: radius in pixels. */
  readonly width?: number | undefined;
  /** Dots: their form (`shapes.ts`). */
  readonly shape?: number | undefined;
  /** Dots that lines are drawn over. */
  readonly behind?: boolean | undefined;
  /** Not in the legend and not read: it repeats another series. */
  readonly echo?: boolean | undefined;
  /** What all of it is: pointed at elsewhere, the whole line is marked. */
  readonly spot?: Spot | undefined;
  readonly points: readonly Point[];
}

export type Cell = string | number | null;
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface LegendEntry {
  readonly title: string;
  readonly colour: string;
  readonly mark: 'line' | 'dashed' | 'dot' | 'ring';
  readonly faint?: boolean | undefined;
  readonly shape?: number | undefined;
}

export interface Picture {
  /** Short; also part of file names. */
  readonly title: string;
  /** What a screen reader says first: what it shows and how it stands. */
  readonly summary: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** The field is as wide as it is high: maps, and axes of the same thing. */
  readonly square?: boolean | undefined;
  /** Row 0 on top, as matrices are written. */
  readonly downwards?: boolean | undefined;
  /** No grid: something covers the whole field. */
  readonly covered?: boolean | undefined;
  /** Nothing in it goes up and down: it is not offered to the ear. */
  readonly mute?: boolean | undefined;
  /** Stands in the field where it is empty: why there is nothing to see. */
  readonly note?: string | undefined;
  /** Drawn on the field before the series, and after them. */
  readonly under?: ((context: Surface, plane: Plane, ink: Ink) => void) | undefined;
  readonly over?: ((context: Surface, plane: Plane, ink: Ink) => void) | undefined;
  /** Points that `under` or `over` draw: they too are marked while they are pointed at elsewhere. */
  readonly marked?: readonly Point[] | undefined;
  /** What lies under the pointer, where the field says something everywhere; without it the nearest reading. */
  readonly at?: ((x: number, y: number) => Point) | undefined;
  /** Without it: the series. */
  readonly legend?: readonly LegendEntry[] | undefined;
  /** Without it: the series themselves. Asked for only when someone reads or listens. */
  readonly readings?: (() => readonly Series[]) | undefined;
  /** Without it: the readings, in columns. Asked for only when someone looks. */
  readonly table?: (() => Table) | undefined;
}

export const readingsOf = (picture: Picture): readonly Series[] =>
  (picture.readings?.() ?? picture.series).filter((series) => !series.echo && series.points.length > 0);

export const legendOf = (picture: Picture): readonly LegendEntry[] =>
  picture.legend ??
  picture.series
    .filter(({ echo, look, points }) => !echo && look !== 'silent' && points.length > 0)
    .map(({ title, colour, look, dashed, faint, shape }) => ({
      title,
      colour,
      faint,
      shape,
      mark: look === 'line' ? (dashed ? 'dashed' : 'line') : look === 'rings' ? 'ring' : 'dot',
    }));

const named = (axis: Axis, value: number): Cell => nameOn(axis, value) ?? value;

/** One row for each place along x, one column for each series; of clouds of points one row for each point. */
export function tableOf(picture: Picture): Table {
  if (picture.table) return picture.table();
  const all = readingsOf(picture);
  const { x, y } = picture;
  const xTitle = x.title || 'x';
  const cloud = all.some((series) => series.points.some((point, at) => at > 0 && point.x <= series.points[at - 1]!.x));
  if (cloud)
    return {
      columns: [...(all.length > 1 ? ['series'] : []), xTitle, y.title || 'y'],
      rows: all.flatMap(({ title, points }) =>
        points.map((point) => [...(all.length > 1 ? [title] : []), named(x, point.x), named(y, point.y)]),
      ),
    };
  const places = [...new Set(all.flatMap(({ points }) => points.map((point) => point.x)))].sort((a, b) => a - b);
  const columns = all.map(({ points }) => new Map(points.map((point) => [point.x, named(y, point.y)])));
  return {
    columns: [xTitle, ...all.map(({ title }) => title)],
    rows: places.map((place) => [named(x, place), ...columns.map((column) => column.get(place) ?? null)]),
  };
}
