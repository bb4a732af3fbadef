/** What is done to curves before they are drawn, by numbers that can be checked by hand. */
import { expect, test } from 'vitest';
import { curvesPicture } from '../../../src/renderer/charts/curve-picture';
import { smoothed, thinned } from '../../../src/renderer/charts/curves';
import { legendOf, readingsOf, tableOf } from '../../../src/renderer/charts/picture';

const line = (...ys: number[]) => ys.map((y, x) => ({ x, y }));

test('a smoothed curve begins where the curve begins, and a flat one stays flat', () => {
  expect(smoothed(line(4, 4, 4), 0.9).map(({ y }) => y)).toEqual([4, 4, 4].map((y) => expect.closeTo(y, 12)));
  // β = 0.5: s₁ = 1, s₂ = (0.25·2 + 0.5·6) / 0.75
  const two = smoothed(line(2, 6), 0.5).map(({ y }) => y);
  expect(two[0]).toBeCloseTo(2, 12);
  expect(two[1]).toBeCloseTo((0.25 * 2 + 0.5 * 6) / 0.75, 12);
});

test('numbers that are not finite pass and leave no trace', () => {
  const ys = smoothed(line(1, Number.NaN, 1), 0.9).map(({ y }) => y);
  expect(ys[1]).toBeNaN();
  expect(ys[2]).toBeCloseTo(1, 12);
});

test('a thinned curve keeps every peak, its ends and its order', () => {
  const many = Array.from({ length: 50_000 }, (_, x) => ({ x, y: Math.sin(x / 3000) }));
  many[31_234] = { x: 31_234, y: 9 };
  many[17] = { x: 17, y: -9 };
  const few = thinned(many, 0, 49_999, 300);
  expect(few.length).toBeLessThanOrEqual(300 * 4 + 4);
  expect(few).toContainEqual({ x: 31_234, y: 9 });
  expect(few).toContainEqual({ x: 17, y: -9 });
  expect(few[0]).toEqual(many[0]);
  expect(few.at(-1)).toEqual(many.at(-1));
  expect(few.every(({ x }, at) => at === 0 || x > few[at - 1]!.x)).toBe(true);
});

test('of a zoomed curve only what is seen is drawn, with one point on each side', () => {
  expect(thinned(line(0, 1, 2, 3, 4, 5, 6), 2.5, 4.5, 100).map(({ x }) => x)).toEqual([2, 3, 4, 5]);
});

const spec = {
  title: 'Loss',
  summary: 'Loss over epochs.',
  xTitle: 'Epoch',
  yTitle: 'Loss',
  epochs: true,
  curves: [
    { title: 'Training', colour: '--accent', points: line(3, 2, 1) },
    { title: 'Validation', colour: '--pos', points: [{ x: 2, y: 1.5 }] },
  ],
};

test('curves of different lengths share one table, with gaps', () => {
  expect(tableOf(curvesPicture(spec))).toEqual({
    columns: ['Epoch', 'Training', 'Validation'],
    rows: [
      [0, 3, null],
      [1, 2, null],
      [2, 1, 1.5],
    ],
  });
});

test('a smoothed plot is read smooth, and lists both', () => {
  const picture = curvesPicture({ ...spec, smoothing: 0.5 });
  expect(readingsOf(picture).map(({ title }) => title)).toEqual(['Training', 'Validation']);
  expect(legendOf(picture).map(({ title }) => title)).toEqual(['Training', 'Validation']);
  const table = tableOf(picture);
  expect(table.columns).toEqual(['Epoch', 'Training', 'Training, smoothed', 'Validation']);
  expect(table.rows[1]).toEqual([1, 2, expect.closeTo((0.25 * 3 + 0.5 * 2) / 0.75, 12), null]);
});

test('a logarithmic axis spans the positive numbers only, and a lone point has an axis', () => {
  const picture = curvesPicture({
    ...spec,
    curves: [{ title: 'a', colour: '--accent', points: line(0, 0.001, 10) }],
    logY: true,
  });
  expect(picture.y.low).toBeGreaterThan(0.0005);
  expect(picture.y.high).toBeGreaterThanOrEqual(10);
  const one = curvesPicture({ ...spec, curves: [{ title: 'a', colour: '--accent', points: [{ x: 1, y: 2 }] }] });
  expect(one.x.high).toBeGreaterThan(one.x.low);
  expect(one.y.high).toBeGreaterThan(one.y.low);
});
