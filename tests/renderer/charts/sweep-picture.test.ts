/** A sweep's pictures: what runs change is read from their names, and dots, cells and lines say their scores. */
import { expect, test } from 'vitest';
import { readingsOf, tableOf } from '../../../src/renderer/charts/picture';
import { Reader } from '../../../src/renderer/charts/reader.svelte';
import { lit } from '../../../src/renderer/charts/spotlight.svelte';
import { againstPicture, fieldPicture, parallelPicture } from '../../../src/renderer/charts/sweep-picture';
import { metricsOf, sweepOf } from '../../../src/renderer/panels/runs/sweep-results';
import type { RunRecord } from '../../../src/main/contract';

const run = (id: string, changes: string, loss: number): RunRecord => ({
  id,
  name: 'sweep',
  origin: 'sweep',
  status: 'done',
  startedAt: 0,
  seconds: 1,
  epoch: 1,
  step: 1,
  epochs: 1,
  drawing: 'dense 4-1',
  optimizer: 'sgd',
  rate: null,
  batch: 1,
  seed: 1,
  data: null,
  scores: { train: { loss }, validation: { loss: loss + 1 }, test: null },
  tags: [],
  sweep: 's',
  changes,
  message: '',
  resumable: false,
  bestEpoch: null,
  bytes: 0,
});
const runs = [
  run('a', 'rate 0.1, activation relu, epochs 5', 0.5),
  run('b', 'rate 0.1, activation tanh, epochs 5', 0.25),
  run('c', 'rate 0.001, activation relu, epochs 5', 0.75),
  run('d', 'rate 0.001, activation tanh, epochs 5', 1),
];
const metrics = metricsOf(runs);
const sweep = sweepOf(runs, metrics.find(({ title }) => title === 'Training loss')!)!;

test('settings that all runs share are no axes; test rows are the last to be offered', () => {
  expect(sweep.settings).toEqual(['rate', 'activation']);
  expect(metrics.map(({ title }) => title)).toEqual(['Validation loss', 'Training loss']);
  expect(sweepOf([run('x', '', 1), run('y', '', 2)], metrics[0]!)).toBeNull();
  expect(sweepOf([run('x', 'fold 1', 1)], metrics[0]!)).toBeNull();
});

test('a score over one setting: numbers on a scale of powers, words side by side, the mean through them', () => {
  const picture = againstPicture(sweep, 0);
  expect(picture.x).toMatchObject({ title: 'rate', logarithmic: true });
  expect(picture.summary).toContain('The best is 0.25, with rate 0.1, activation tanh');
  const [dots, means] = readingsOf(picture);
  expect(dots!.points.map(({ x, y }) => [x, y])).toEqual([
    [0.001, 0.75],
    [0.001, 1],
    [0.1, 0.5],
    [0.1, 0.25],
  ]);
  expect(means!.points.map(({ y }) => y)).toEqual([0.875, 0.375]);
  expect(againstPicture(sweep, 1).x.names).toEqual(['relu', 'tanh']);
  expect(tableOf(picture)).toEqual({
    columns: ['rate', 'activation', 'Training loss'],
    rows: [
      [0.1, 'relu', 0.5],
      [0.1, 'tanh', 0.25],
      [0.001, 'relu', 0.75],
      [0.001, 'tanh', 1],
    ],
  });
});

test('a cell over two settings says its mean, opens its best run and is lit by each of its runs', () => {
  const more = { ...sweep, runs: [...sweep.runs, { ...sweep.runs[0]!, id: 'e', score: 0.3 }] };
  const picture = fieldPicture(more, 0, 1);
  const cell = picture.at!(1, 0);
  expect(cell.text).toBe('rate 0.1, activation relu: mean of 2 runs 0.4');
  expect(cell.spot).toMatchObject({ kind: 'run', id: 'e' });
  expect(lit(cell.spot, { kind: 'run', id: 'a' })).toBe(true);
  expect(lit({ kind: 'run', id: 'a' }, cell.spot!)).toBe(true);
  expect(lit(cell.spot, { kind: 'run', id: 'b' })).toBe(false);
  expect(tableOf(picture)).toEqual({
    columns: ['activation \\ rate', '0.001', '0.1'],
    rows: [
      ['relu', 0.75, 0.4],
      ['tanh', 1, 0.25],
    ],
  });
});

test('parallel axes: each run is a line through its settings and its score, the best first', () => {
  const lines = readingsOf(parallelPicture(sweep));
  expect(lines.map(({ title }) => title)[0]).toBe('rate 0.1, activation tanh, epochs 5');
  for (const { points } of lines) {
    expect(points.map(({ x }) => x)).toEqual([0, 1, 2]);
    for (const { y } of points) expect(y >= 0 && y <= 1).toBe(true);
  }
  expect(lines[0]!.points[2]!.y).toBeLessThan(lines[3]!.points[2]!.y);
});

/** A reader of a picture whose field is 400 by 200 pixels. */
function readerOf(picture: ReturnType<typeof againstPicture>): Reader {
  const { x, y } = picture;
  const reader = new Reader(() => picture);
  const across = (value: number): number =>
    x.logarithmic ? Math.log(value / x.low) / Math.log(x.high / x.low) : (value - x.low) / (x.high - x.low);
  reader.plane = {
    left: 0,
    right: 400,
    top: 0,
    bottom: 200,
    toX: (value) => 400 * across(value),
    toY: (value) => 200 - (200 * (value - y.low)) / (y.high - y.low),
    fromX: (pixel) => pixel,
    fromY: (pixel) => pixel,
  };
  return reader;
}

test('a run is met at its dot though the mean runs through it; the mean of a single run is that run', () => {
  const single = { ...sweep, runs: [sweep.runs[0]!, sweep.runs[2]!] };
  const picture = againstPicture(single, 0);
  const reader = readerOf(picture);
  const spotAt = (x: number, y: number, off: number) => {
    const { toX, toY } = reader.plane!;
    return reader.pointAt(reader.hit([toX(x) + 3, toY(y) + off]))?.spot;
  };
  expect(reader.hit([reader.plane!.toX(0.1), reader.plane!.toY(0.5) + 6])).toMatchObject({ series: 0 });
  for (const off of [-40, -10, 6]) expect(spotAt(0.1, 0.5, off)).toMatchObject({ kind: 'run', id: 'a' });

  const several = readerOf(againstPicture(sweep, 0));
  const { toX, toY } = several.plane!;
  expect(several.pointAt(several.hit([toX(0.1) + 2, toY(0.25) - 4]))?.spot).toMatchObject({ id: 'b' });
  // Away from all dots the line is read, and stands for several runs.
  expect(several.pointAt(several.hit([toX(0.1), toY(1)]))).toMatchObject({
    text: 'rate 0.1: mean 0.375 of 2 runs',
    spot: undefined,
  });
});

test('runs without a score are there: counted beside the mean, and opened from their cell', () => {
  const failed = [
    { ...sweep.runs[0]!, id: 'f', score: null },
    { ...sweep.runs[0]!, id: 'g', score: Number.NaN, values: ['1', 'relu'] },
  ];
  const more = { ...sweep, runs: [...sweep.runs, ...failed] };
  const against = againstPicture(more, 0);
  expect(against.summary).toContain('of 4 runs by rate; 2 without a score.');
  expect(readingsOf(against)[1]!.points.map(({ text }) => text)).toEqual([
    'rate 0.001: mean 0.875 of 2 runs',
    'rate 0.1: mean 0.375 of 2 runs; 1 without a score',
  ]);
  const field = fieldPicture(more, 0, 1);
  expect(field.at!(1, 0)).toMatchObject({ text: 'rate 0.1, activation relu: 0.5; 1 without a score', spot: { id: 'a' } });
  expect(field.at!(2, 0)).toMatchObject({ text: 'rate 1, activation relu: no score', spot: { kind: 'run', id: 'g' } });
  expect(field.at!(2, 1)).toMatchObject({ text: 'rate 1, activation tanh: no run' });
  expect(field.summary).toContain('; 2 without a score.');
  expect(parallelPicture(more).summary).toContain('; 2 without a score.');
});
