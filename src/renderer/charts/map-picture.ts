/**
 * A map over two features: what the network answers at each point of the plane, as colours, with the data on top.
 * Read by the pointer everywhere, by arrow keys in steps that a hand can walk.
 */
import type { Ink } from './colours';
import type { LegendEntry, Picture, Point, Series } from './picture';
import type { Plane, Range, Surface } from './plane';
import { ramp, raster, shade } from './raster';
import { SHAPES } from './shapes';
import type { Spot } from './spotlight.svelte';

export interface MapPoint {
  readonly x: number;
  readonly y: number;
  /** Class number, or value for regression, from −1 to 1. */
  readonly value: number;
  /** Not trained on: drawn hollow. */
  readonly held: boolean;
  readonly text?: string | undefined;
  readonly spot?: Spot | undefined;
}
/** How numbers become colours: shares of two classes, the likeliest of several, or signed values. */
export type Tone =
  | { readonly kind: 'two'; readonly share: Float32Array }
  | { readonly kind: 'several'; readonly winner: Uint8Array; readonly sureness: Float32Array }
  | { readonly kind: 'signed'; readonly value: Float32Array; readonly largest: number };

export interface MapSpec {
  readonly title: string;
  readonly summary: string;
  readonly tone: Tone | null;
  /** Rows and columns of the tone; row 0 is the low end of y. */
  readonly resolution: number;
  /** In the features' own units. */
  readonly xRange: Range;
  readonly yRange: Range;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly points: readonly MapPoint[];
  readonly pointTone: 'class' | 'signed';
  /** Of the classes; none for signed maps. */
  readonly classes: readonly string[];
  /** Of a signed map: what its two colours mean. */
  readonly signs?: readonly [below: string, above: string] | undefined;
  /** What the map says at one of its points, in words; and as cells of its table under `answerTitles`. */
  readonly read?: ((at: number) => string) | undefined;
  readonly answerTitles?: readonly string[];
  readonly answer?: ((at: number) => readonly (string | number)[]) | undefined;
}

export const CLASS_COLOURS = 10;
export const classToken = (index: number): string =>
  `--class-${((Math.round(index) % CLASS_COLOURS) + CLASS_COLOURS) % CLASS_COLOURS}`;

function field(tone: Tone, resolution: number, ink: Ink): HTMLCanvasElement {
  const ground = ink.rgb('--surface');
  // Row 0 of a map is the low end of y; an image begins at the top.
  const at = (row: number, column: number): number => (resolution - 1 - row) * resolution + column;
  if (tone.kind === 'two') {
    // 0.5 is the ground, so that the boundary reads as a bright valley.
    const [first, second] = [0, 1].map((k) => ramp(ground, ink.rgb(classToken(k)), 0.625));
    return raster(resolution, resolution, (row, column) => {
      const share = tone.share[at(row, column)]!;
      return share < 0.5 ? shade(first!, 1 - 2 * share) : shade(second!, 2 * share - 1);
    });
  }
  if (tone.kind === 'several') {
    const shades = Array.from({ length: CLASS_COLOURS }, (_, k) => ramp(ground, ink.rgb(classToken(k)), 0.62));
    return raster(resolution, resolution, (row, column) => {
      const here = at(row, column);
      return shade(shades[tone.winner[here]! % CLASS_COLOURS]!, (0.12 + 0.5 * tone.sureness[here]!) / 0.62);
    });
  }
  const [negative, positive] = [ramp(ground, ink.rgb('--neg'), 0.75), ramp(ground, ink.rgb('--pos'), 0.75)];
  const largest = tone.largest || 1;
  return raster(resolution, resolution, (row, column) => {
    const value = tone.value[at(row, column)]! / largest;
    return shade(value < 0 ? negative : positive, Math.abs(value));
  });
}

/** Steps of the reading cursor along each axis. */
const STEPS = 24;
const signed = ([below, above]: readonly [string, string]): readonly LegendEntry[] => [
  { title: below, colour: '--neg', mark: 'dot' },
  { title: above, colour: '--pos', mark: 'dot' },
];
/** From here on a class has a form as well as a colour: grey print and any eye tell them apart. */
const FORMED = 2;

/** Points in groups of one look; answers come often, points change rarely. */
const known = new WeakMap<readonly MapPoint[], readonly Series[]>();

const shapeOf = ({ classes }: MapSpec, index: number): number => (classes.length >= FORMED ? index % SHAPES : 0);

function seriesOf(spec: MapSpec): readonly Series[] {
  const { points } = spec;
  const before = known.get(points);
  if (before) return before;
  const radius = points.length > 600 ? 1.8 : points.length > 250 ? 2.4 : 3;
  const groups = new Map<string, { colour: string; held: boolean; shape: number; title: string; points: Point[] }>();
  for (const point of points) {
    const colour = spec.pointTone === 'class' ? classToken(point.value) : point.value < 0 ? '--neg' : '--pos';
    const shape = spec.pointTone === 'class' ? shapeOf(spec, Math.round(point.value)) : 0;
    const key = `${colour} ${point.held} ${shape}`;
    const name =
      spec.pointTone === 'class'
        ? (spec.classes[Math.round(point.value)] ?? `class ${point.value}`)
        : point.value < 0
          ? 'negative'
          : 'positive';
    const group = groups.get(key) ?? { colour, held: point.held, shape, title: name, points: [] };
    groups.set(key, group);
    group.points.push(point);
  }
  const series: readonly Series[] = [...groups.values()].map(({ colour, held, shape, title, points: own }) => ({
    title,
    colour,
    look: held ? 'rings' : 'dots',
    shape,
    width: radius,
    points: own,
  }));
  known.set(points, series);
  return series;
}

export function mapPicture(spec: MapSpec): Picture {
  const { tone, resolution, xRange, yRange, read } = spec;
  const place = (row: number, column: number, steps: number): { x: number; y: number } => ({
    x: xRange[0] + ((column + 0.5) / steps) * (xRange[1] - xRange[0]),
    y: yRange[0] + ((row + 0.5) / steps) * (yRange[1] - yRange[0]),
  });
  const cellOf = (value: number, [low, high]: Range): number =>
    Math.min(resolution - 1, Math.max(0, Math.floor(((value - low) / (high - low)) * resolution)));
  const words = (x: number, y: number): Point => {
    const answer = read?.(cellOf(y, yRange) * resolution + cellOf(x, xRange)) ?? '';
    return { x, y, text: `${brief(x)}, ${brief(y)}: ${answer}` };
  };
  const under = (context: Surface, plane: Plane, ink: Ink): void => {
    context.fillStyle = ink.css('--surface');
    context.fillRect(plane.left, plane.top, plane.right - plane.left, plane.bottom - plane.top);
    if (tone === null) return;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = 'high';
    const [left, right, top, bottom] = [plane.toX(xRange[0]), plane.toX(xRange[1]), plane.toY(yRange[1]), plane.toY(yRange[0])];
    context.drawImage(field(tone, resolution, ink), left, top, right - left, bottom - top);
  };
  const series = seriesOf(spec);
  return {
    title: spec.title,
    summary: spec.summary,
    x: { title: spec.xTitle, low: xRange[0], high: xRange[1] },
    y: { title: spec.yTitle, low: yRange[0], high: yRange[1] },
    square: true,
    covered: true,
    under,
    series,
    legend:
      spec.classes.length > 0 && spec.classes.length <= 10
        ? spec.classes.map((title, at) => ({ title, colour: classToken(at), mark: 'dot', shape: shapeOf(spec, at) }))
        : spec.classes.length > 0
          ? []
          : signed(spec.signs ?? ['negative', 'positive']),
    at: tone === null || !read ? undefined : words,
    readings: () =>
      tone === null || !read
        ? series
        : // The topmost line first, as one reads.
          Array.from({ length: STEPS }, (_, line) => ({
            title: `line ${line + 1}`,
            colour: '--text',
            look: 'silent',
            points: Array.from({ length: STEPS }, (_step, column) => {
              const { x, y } = place(STEPS - 1 - line, column, STEPS);
              return words(x, y);
            }),
          })),
    table: () => ({
      columns: [spec.xTitle, spec.yTitle, ...(spec.answerTitles ?? [])],
      rows:
        tone === null
          ? []
          : Array.from({ length: resolution * resolution }, (_, at) => {
              const { x, y } = place(Math.floor(at / resolution), at % resolution, resolution);
              return [x, y, ...(spec.answer?.(at) ?? [])];
            }),
    }),
  };
}

const brief = (value: number): string => String(Number(value.toPrecision(3))).replace('-', '−');
