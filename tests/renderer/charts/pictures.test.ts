/** Pictures of maps, matrices and clouds: what is read and listed of them is what they show. */
import { expect, test } from 'vitest';
import { mapPicture } from '../../../src/renderer/charts/map-picture';
import { matrixPicture } from '../../../src/renderer/charts/matrix-picture';
import { readingsOf, tableOf } from '../../../src/renderer/charts/picture';
import { scatterPicture } from '../../../src/renderer/charts/scatter-picture';
import { lit, sameSpot } from '../../../src/renderer/charts/spotlight.svelte';
import { classScoresPicture } from '../../../src/renderer/panels/results/class-scores';

test('a matrix is read row by row, and under the pointer', () => {
  const picture = matrixPicture({
    title: 'W',
    summary: 'Weights.',
    numbers: [1, -2, 3, 4, 5, -6],
    rowNames: ['a', 'b'],
    columnNames: ['1', '2', '3'],
    rowTitle: 'input',
    columnTitle: 'neuron',
    kind: 'signed',
    spot: (_row, index) => ({ kind: 'neuron', node: 'h', index }),
  });
  expect(tableOf(picture)).toEqual({
    columns: ['input \\ neuron', '1', '2', '3'],
    rows: [
      ['a', 1, -2, 3],
      ['b', 4, 5, -6],
    ],
  });
  expect(picture.at!(2.2, 0.9)).toMatchObject({ x: 2, y: 1, text: 'b → 3: −6', spot: { node: 'h', index: 2 } });
  expect(readingsOf(picture)[0]!.points.map(({ text }) => text)).toEqual(['a → 1: 1', 'a → 2: −2', 'a → 3: 3']);
});

test('a map says its answer where one points, from the lower left in its table', () => {
  const share = Float32Array.of(0.1, 0.2, 0.8, 0.9);
  const picture = mapPicture({
    title: 'Map',
    summary: 'Map.',
    tone: { kind: 'two', share },
    resolution: 2,
    xRange: [0, 2],
    yRange: [10, 14],
    xTitle: 'x',
    yTitle: 'y',
    points: [{ x: 1, y: 12, value: 1, held: true, spot: { kind: 'row', row: 7 } }],
    pointTone: 'class',
    classes: ['no', 'yes'],
    read: (at) => `${share[at]! > 0.5 ? 'yes' : 'no'}`,
    answerTitles: ['share of yes'],
    answer: (at) => [Math.round(share[at]! * 10) / 10],
  });
  expect(picture.at!(0.2, 10.1).text).toBe('0.2, 10.1: no');
  expect(picture.at!(1.9, 13.9).text).toBe('1.9, 13.9: yes');
  expect(tableOf(picture)).toEqual({
    columns: ['x', 'y', 'share of yes'],
    rows: [
      [0.5, 11, 0.1],
      [1.5, 11, 0.2],
      [0.5, 13, 0.8],
      [1.5, 13, 0.9],
    ],
  });
  // Arrow keys begin at the top.
  expect(readingsOf(picture)[0]!.points[0]!.text).toMatch(/: yes$/);
  expect(picture.series).toMatchObject([{ title: 'yes', look: 'rings' }]);
});

test('predicted against actual has axes alike; points go from left to right', () => {
  const picture = scatterPicture({
    title: 'S',
    summary: 'S.',
    points: [
      { x: 5, y: 1 },
      { x: 0, y: 9 },
    ],
    guide: 'diagonal',
    xTitle: 'actual',
    yTitle: 'predicted',
  });
  expect([picture.x.low, picture.x.high]).toEqual([picture.y.low, picture.y.high]);
  expect(picture.series[0]!.points.map(({ x }) => x)).toEqual([0, 5]);
});

test('each class has three bars, and none where nothing was predicted', () => {
  const picture = classScoresPicture([{ precision: Number.NaN, recall: 0, f1: Number.NaN, support: 3 }], ['a'], 'Each class.');
  expect(picture.series.map(({ points }) => points.length)).toEqual([0, 1, 0]);
  expect(tableOf(picture).rows).toEqual([['a', Number.NaN, 0, Number.NaN, 3]]);
});

test('a row is lit with its cell and its class, a neuron with its layer', () => {
  const cell = { kind: 'cell', truth: 1, predicted: 2, rows: new Set([4, 7]) } as const;
  expect(lit({ kind: 'row', row: 7 }, cell)).toBe(true);
  expect(lit({ kind: 'row', row: 8 }, cell)).toBe(false);
  expect(lit(cell, { kind: 'row', row: 4 })).toBe(true);
  expect(lit({ kind: 'neuron', node: 'h' }, { kind: 'neuron', node: 'h', index: 3 })).toBe(true);
  expect(lit({ kind: 'neuron', node: 'h', index: 2 }, { kind: 'neuron', node: 'h', index: 3 })).toBe(false);
  expect(sameSpot({ kind: 'epoch', epoch: 3 }, { kind: 'epoch', epoch: 3 })).toBe(true);
  expect(sameSpot(null, undefined)).toBe(true);
});
