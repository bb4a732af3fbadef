/**
 * Hovering one plot highlights in all: for each thing that plots share (an epoch, a row, a class, a neuron, a run) what one
 * of them says is marked by every other that shows it, each pair in both directions, and by none that shows something else.
 */
import { expect, test } from 'vitest';
import { curvesPicture } from '../../../src/renderer/charts/curve-picture';
import { operatingPicture } from '../../../src/renderer/charts/histogram-picture';
import { mapPicture } from '../../../src/renderer/charts/map-picture';
import { marksOf } from '../../../src/renderer/charts/marks';
import { matrixPicture } from '../../../src/renderer/charts/matrix-picture';
import { fanPicture } from '../../../src/renderer/charts/noise-picture';
import { type Picture, type Point, readingsOf } from '../../../src/renderer/charts/picture';
import { type Plane, shareOf } from '../../../src/renderer/charts/plane';
import { fitPicture, scatterPicture } from '../../../src/renderer/charts/scatter-picture';
import type { Spot } from '../../../src/renderer/charts/spotlight.svelte';
import { stripPicture } from '../../../src/renderer/charts/strip-picture';
import { surfacePicture } from '../../../src/renderer/charts/surface-picture';
import { againstPicture, fieldPicture, parallelPicture, type Sweep } from '../../../src/renderer/charts/sweep-picture';
import { rocPicture, precisionRecallPicture } from '../../../src/renderer/charts/threshold-picture';
import { spreadsPicture } from '../../../src/renderer/panels/results/spreads';
import { momentsPicture } from '../../../src/renderer/panels/stepping/moments-picture';
import { thresholdCurves } from '../../../src/engine/train/analysis/threshold-curves';
import type { Spread } from '../../../src/engine/train/statistics';
import { BINS } from '../../../src/engine/train/analysis/strip';

const SIDE = 100;
/** Each plot on a field of 100 by 100 pixels. */
function planeOf({ x, y }: Picture): Plane {
  const share = (axis: typeof x, value: number): number => shareOf(axis, [axis.low, axis.high], value);
  return {
    left: 0,
    top: 0,
    right: SIDE,
    bottom: SIDE,
    toX: (value) => share(x, value) * SIDE,
    toY: (value) => SIDE - share(y, value) * SIDE,
    fromX: Number,
    fromY: Number,
  };
}

function marked(picture: Picture, spot: Spot): boolean {
  const plane = planeOf(picture);
  const reader = {
    plane,
    place: null,
    point: null,
    readings: readingsOf(picture),
    inField: ({ x, y }: Point) => ({ left: plane.toX(x), top: plane.toY(y) }),
  };
  const { lines, paths, rings } = marksOf(picture, reader, spot, undefined);
  return lines.length + paths.length + rings.length > 0;
}

/** What is said while a point of it is read: the point's own thing, or its epoch. */
function says(picture: Picture): readonly Spot[] {
  const points = [...readingsOf(picture).flatMap((series) => series.points), ...(picture.marked ?? [])];
  return points.flatMap((point): readonly Spot[] => {
    if (point.spot) return [point.spot];
    return picture.x.shows === 'epoch' ? [{ kind: 'epoch', epoch: point.x }] : [];
  });
}

const base = { title: 'T', summary: 'S.' };
const dot = (row: number): Point & { readonly held: boolean } => ({ x: row, y: row, held: false, spot: { kind: 'row', row } });
const spread: Spread = { count: 2, low: -1, high: 1, mean: 0, deviation: 1, size: 1, bins: [1, 1] };
const curves = thresholdCurves([0.9, 0.8, 0.3, 0.1], (row) => row % 2 === 0)!;
const sweep: Sweep = {
  settings: ['rate', 'seed'],
  metric: 'Loss',
  less: true,
  runs: ['a', 'b', 'c'].map((id, at) => ({ id, title: id, values: [String(at), '1'], score: at })),
};
const epochs = [0, 1, 2, 3];
const counts = [...Array(epochs.length).keys()];
const curve = (spot?: Spot) => ({
  title: 'c',
  colour: '--accent',
  points: epochs.map((x) => ({ x, y: x + 1 })),
  ...(spot ? { spot } : {}),
});
const layerCurves = curvesPicture({
  ...base,
  curves: [curve({ kind: 'neuron', node: 'h' })],
  xTitle: 'Epoch',
  yTitle: 'y',
  epochs: true,
});
const runCurves = curvesPicture({
  ...base,
  curves: [curve({ kind: 'run', id: 'a' })],
  xTitle: 'Epoch',
  yTitle: 'y',
  epochs: true,
});

const kinds: Readonly<Record<Spot['kind'] & string, Readonly<Record<string, Picture>>>> = {
  epoch: {
    loss: curvesPicture({ ...base, curves: [curve()], xTitle: 'Epoch', yTitle: 'Loss', epochs: true }),
    'update to weight': layerCurves,
    strip: stripPicture('T', 'q', {
      names: [],
      steps: Float64Array.from(epochs),
      epochs: Float64Array.from(epochs),
      strip: {
        low: Float32Array.from(counts, () => -1),
        high: Float32Array.from(counts, () => 1),
        mean: new Float32Array(4),
        deviation: new Float32Array(4),
        shares: new Float32Array(4 * BINS),
      },
      ratios: [],
    }),
    surface: surfacePicture({
      info: {
        id: 1,
        titles: ['a', 'b'],
        origin: [0, 0],
        across: [-1, 1],
        up: [-1, 1],
        loss: 1,
        rows: 1,
        of: 1,
        step: 0,
        epoch: 3,
      },
      across: [-1, 1],
      up: [-1, 1],
      resolution: 2,
      losses: Float64Array.of(1, 2, 3, 4),
      way: epochs.map((epoch) => ({ step: epoch, epoch, across: 0, up: 0, off: 0 })),
    }),
    'time travel': momentsPicture(
      epochs.map((epoch) => ({ id: epoch, epoch, step: epoch, loss: 1 + epoch, bookmark: null, bytes: 1, kept: null })),
    ),
  },
  row: {
    scatter: scatterPicture({ ...base, points: [dot(1), dot(2)], guide: 'diagonal', xTitle: 'x', yTitle: 'y' }),
    residuals: scatterPicture({ ...base, points: [dot(1), dot(2)], guide: 'zero', xTitle: 'x', yTitle: 'y' }),
    'fitted curve': fitPicture({ ...base, points: [dot(1), dot(2)], curve: [], xTitle: 'x', yTitle: 'y' }),
    map: mapPicture({
      ...base,
      tone: null,
      resolution: 1,
      xRange: [0, 3],
      yRange: [0, 3],
      xTitle: 'x',
      yTitle: 'y',
      points: [dot(1), dot(2)].map((point) => ({ ...point, value: 0 })),
      pointTone: 'class',
      classes: ['no', 'yes'],
    }),
    fan: fanPicture({
      step: 1,
      epoch: 1,
      samples: 2,
      rows: Uint32Array.of(1, 2),
      looked: 1,
      parameters: 1,
      squaredGradient: 1,
      trace: 1,
      scale: 1,
      batches: [],
      fan: { titles: ['a', 'b'], arrows: Float32Array.of(1, 0, 0, 1), mean: [0.5, 0.5] },
    }),
  },
  class: {
    roc: rocPicture([{ index: 1, name: 'yes', curves }], 'S.'),
    'precision and recall': precisionRecallPicture([{ index: 1, name: 'yes', curves }], 'S.'),
  },
  neuron: {
    weights: matrixPicture({
      ...base,
      numbers: [1, 2, 3, 4],
      rowNames: ['a', 'b'],
      columnNames: ['1', '2'],
      rowTitle: 'r',
      columnTitle: 'c',
      kind: 'signed',
      spot: (_row, index) => ({ kind: 'neuron', node: 'h', index }),
    }),
    activation: operatingPicture(
      {
        layer: 'h',
        op: 'tanh',
        title: 'tanh',
        units: 2,
        rows: 1,
        step: 1,
        sums: { edges: [-1, 1], counts: [2], total: 2, mean: 0, deviation: 1 },
        points: [0, 1].map((unit) => ({ unit, sum: 0, value: 0, slope: 1 })),
        curve: [-1, 1].map((x) => ({ x, value: x, slope: 1 })),
        meanSlope: 1,
        flat: 0,
      },
      'h',
    ),
    layers: spreadsPicture(
      {
        step: 1,
        epoch: 1,
        rows: 1,
        layers: [
          { node: 'h', activation: spread, gradient: null, op: 'tanh', units: 2, saturated: null, dead: null, parameters: [] },
        ],
      },
      String,
    ),
    'update to weight': layerCurves,
  },
  run: {
    'one setting': againstPicture(sweep, 0),
    'two settings': fieldPicture(sweep, 0, 1),
    'all settings': parallelPicture(sweep),
    curves: runCurves,
  },
  cell: {},
};

/** Nothing shows these. */
const strangers: readonly Spot[] = [
  { kind: 'row', row: 99 },
  { kind: 'class', index: 9 },
  { kind: 'neuron', node: 'elsewhere', index: 0 },
  { kind: 'run', id: 'gone' },
];

for (const [kind, pictures] of Object.entries(kinds))
  for (const [from, source] of Object.entries(pictures))
    test(`${kind}: what is pointed at in ${from} is marked in all that show it`, () => {
      const spots = says(source).filter((spot) => spot.kind === kind);
      // Curves over epochs say the epoch; what a whole line is of is said by others.
      if (source === layerCurves || source === runCurves) {
        if (kind !== 'epoch') return expect(spots).toEqual([]);
      }
      expect(spots.length).toBeGreaterThan(0);
      // A strip is read in the middle of its stretches; a way ends with the last of them.
      const spot = spots[0]!;
      for (const [to, target] of Object.entries(pictures)) {
        const own = kind === 'run' && target === runCurves ? ({ kind: 'run', id: 'a' } as const) : spot;
        expect(marked(target, own), `${from} → ${to}`).toBe(true);
      }
    });

test('what a plot does not show is not marked in it', () => {
  for (const pictures of Object.values(kinds))
    for (const [name, picture] of Object.entries(pictures))
      for (const spot of strangers) expect(marked(picture, spot), `${name}: ${JSON.stringify(spot)}`).toBe(false);
});
