/** Axes: their marks, what zooming shows, and where a cursor finds itself. */
import { expect, test } from 'vitest';
import {
  extent,
  pannedRange,
  rounded,
  shareOf,
  ticksBetween,
  ticksOf,
  valueAt,
  zoomedRange,
} from '../../../src/renderer/charts/plane';

const linear = { title: '', low: 0, high: 10 };
const log = { title: '', low: 0.001, high: 1000, logarithmic: true };

test('marks are round numbers', () => {
  expect(ticksBetween(0.13, 0.97, 5)).toEqual([0.2, 0.4, 0.6, 0.8]);
  expect(ticksBetween(-3, 3, 3)).toEqual([-2, 0, 2]);
  expect(ticksOf({ ...linear, whole: true }, [0, 2], 8)).toEqual([0, 1, 2]);
  expect(ticksOf(log, [0.001, 1000], 7)).toEqual([0.001, 0.01, 0.1, 1, 10, 100, 1000]);
  expect(ticksOf(log, [0.5, 60], 5)).toEqual([1, 3, 10, 30]);
  expect(ticksOf({ title: '', low: -0.5, high: 2.5, names: ['a', 'b', 'c'] }, [-0.5, 2.5], 10)).toEqual([0, 1, 2]);
});

test('an axis ends at round numbers', () => {
  expect(rounded([0.13, 0.97])).toEqual([0, 1]);
  expect(rounded([-0.2, 7.9])).toEqual([-2, 8]);
  expect(extent([3, Number.NaN, -1, Number.POSITIVE_INFINITY])).toEqual([-1, 3]);
  expect(extent([])).toEqual([0, 1]);
});

test('zooming keeps the place that is looked at, and never leaves the axis', () => {
  expect(zoomedRange(linear, [0, 10], 0.5, 0.5)).toEqual([2.5, 7.5]);
  expect(zoomedRange(linear, [0, 10], 0.5, 0)).toEqual([0, 5]);
  expect(zoomedRange(linear, [2.5, 7.5], 4, 0.5)).toEqual([0, 10]);
  const [low, high] = zoomedRange(log, [0.001, 1000], 0.5, 0.5);
  expect(low).toBeCloseTo(10 ** -1.5, 9);
  expect(high).toBeCloseTo(10 ** 1.5, 9);
});

test('moving along stops at the ends', () => {
  expect(pannedRange(linear, [2, 4], 1)).toEqual([4, expect.closeTo(6, 9)]);
  expect(pannedRange(linear, [2, 4], 100)).toEqual([8, 10].map((x) => expect.closeTo(x, 9)));
  expect(pannedRange(linear, [2, 4], -100)).toEqual([0, 2].map((x) => expect.closeTo(x, 9)));
});

test('shares and numbers are inverse, by ratios where the axis goes by ratios', () => {
  expect(shareOf(log, [0.001, 1000], 1)).toBeCloseTo(0.5, 12);
  expect(valueAt(log, [0.001, 1000], 0.5)).toBeCloseTo(1, 12);
  expect(valueAt(linear, [0, 10], shareOf(linear, [0, 10], 7))).toBeCloseTo(7, 12);
});
