/**
 * Curves over epochs, or over anything, as a picture. Smoothing shows the way through the noise and leaves the
 * numbers as they are, faint, behind it; what is read, listed and saved has both.
 */
import { smoothed } from './curves';
import type { Picture, Point, Series } from './picture';
import { type Axis, extent, type Range, rounded, widened } from './plane';
import type { Spot } from './spotlight.svelte';

export interface Curve {
  readonly title: string;
  /** Name of a colour token. */
  readonly colour: string;
  readonly dashed?: boolean;
  /** Of something that is only tried. */
  readonly faint?: boolean;
  /** The class, the layer or the run that it is of. */
  readonly spot?: Spot;
  readonly points: readonly Point[];
}

export interface CurvesSpec {
  readonly title: string;
  readonly summary: string;
  readonly curves: readonly Curve[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** Epochs, which all plots point out together. */
  readonly epochs?: boolean;
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** Seen in any case. */
  readonly yRange?: Range | undefined;
  /** From 0, as it is, to just below 1. */
  readonly smoothing?: number;
}

/** Of a logarithmic axis without a positive number, and of an empty plot. */
const EMPTY: Range = [0.1, 1];

function rangeOf(curves: readonly Curve[], of: 'x' | 'y', logarithmic: boolean): Range {
  const values = (function* () {
    for (const { points } of curves) for (const point of points) if (!logarithmic || point[of] > 0) yield point[of];
  })();
  const found = extent(values);
  return logarithmic && found[0] <= 0 ? EMPTY : found;
}

export function curvesPicture(spec: CurvesSpec): Picture {
  const { curves, logX = false, logY = false, smoothing = 0 } = spec;
  const empty = curves.every(({ points }) => points.length === 0);
  const x = rangeOf(curves, 'x', logX);
  const y = rangeOf(curves, 'y', logY);
  const [low, high] = spec.yRange && !logY ? [Math.min(y[0], spec.yRange[0]), Math.max(y[1], spec.yRange[1])] : y;
  // A loss is never below 0, so its axis should not be either.
  const linear = rounded(high > low ? [low, high] : widened([low, high], 0.1));
  const across: Axis = {
    title: spec.xTitle,
    low: empty ? (logX ? 0.1 : 0) : x[0],
    high: empty ? 10 : x[1] > x[0] ? x[1] : x[0] + 1,
    logarithmic: logX,
    ...(spec.epochs ? { whole: true, shows: 'epoch' as const } : {}),
  };
  const up: Axis = {
    title: spec.yTitle,
    low: logY ? low / (high > low * 1.01 ? 1.1 : 2) : low >= 0 ? Math.max(0, linear[0]) : linear[0],
    high: logY ? high * (high > low * 1.01 ? 1.1 : 2) : linear[1],
    logarithmic: logY,
  };
  const hidden = logY && !empty && curves.every(({ points }) => points.every((point) => !(point.y > 0)));
  const note = empty ? 'No numbers yet' : hidden ? 'Nothing above 0, which a log axis would show' : undefined;
  const lines = (curve: Curve): readonly Series[] => {
    const base = { colour: curve.colour, look: 'line', dashed: curve.dashed, spot: curve.spot } as const;
    if (smoothing <= 0 || curve.points.length < 3)
      return [{ ...base, title: curve.title, faint: curve.faint, points: curve.points }];
    return [
      {
        ...base,
        title: `${curve.title}, as it is`,
        faint: true,
        dashed: false,
        echo: true,
        spot: undefined,
        points: curve.points,
      },
      { ...base, title: curve.title, faint: curve.faint, width: 2.2, points: smoothed(curve.points, smoothing) },
    ];
  };
  const series = curves.flatMap(lines);
  return {
    title: spec.title,
    summary: note === undefined ? spec.summary : `${spec.summary} ${note}.`,
    note,
    x: across,
    y: up,
    series,
    // Smoothed curves are read as they are drawn; the table has the numbers themselves beside them.
    ...(smoothing > 0 ? { table: () => bothInColumns(spec.xTitle, series) } : {}),
  };
}

function bothInColumns(xTitle: string, series: readonly Series[]) {
  const places = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const columns = series.map(({ points }) => new Map(points.map(({ x, y }) => [x, y])));
  // The raw curve comes before its smooth one.
  const titles = series.map(({ title, echo }, at) =>
    echo ? title.replace(/, as it is$/, '') : series[at - 1]?.echo ? `${title}, smoothed` : title,
  );
  return {
    columns: [xTitle, ...titles],
    rows: places.map((place) => [place, ...columns.map((column) => column.get(place) ?? null)]),
  };
}
