/** Contour lines on grids that a reader can check by hand. */
import { expect, test } from 'vitest';
import { contourLines, levelsOf } from '../../../../src/engine/train/analysis/contours';

test('a slope has one straight line, where the level is between its columns', () => {
  // 0 1 2 in every row.
  const lines = contourLines([0, 1, 2, 0, 1, 2, 0, 1, 2], 3, 3, 0.25);
  expect(lines).toHaveLength(1);
  expect(lines[0]!.map(([x]) => x)).toEqual([0.25, 0.25, 0.25]);
  expect(lines[0]!.map(([, y]) => y).toSorted()).toEqual([0, 1, 2]);
});

test('a peak is surrounded by one closed line', () => {
  const lines = contourLines([0, 0, 0, 0, 1, 0, 0, 0, 0], 3, 3, 0.5);
  expect(lines).toHaveLength(1);
  const [line] = lines;
  expect(line!.length).toBe(5);
  expect(line!.at(-1)).toEqual(line![0]);
  for (const [x, y] of line!) expect(Math.abs(x - 1) + Math.abs(y - 1)).toBeCloseTo(0.5, 12);
});

test('a saddle is decided by its middle', () => {
  // Corners 1 at bottom left and top right; the middle is 0.5.
  const below = contourLines([1, 0, 0, 1], 2, 2, 0.4);
  const above = contourLines([1, 0, 0, 1], 2, 2, 0.6);
  expect([below.length, above.length]).toEqual([2, 2]);
  // Below the level of the middle both high corners are joined, so each line cuts off a low corner.
  for (const line of below) expect(line.some(([x, y]) => x + (1 - y) > 1.5 || x + (1 - y) < 0.5)).toBe(true);
  for (const line of above) expect(line.some(([x, y]) => x + y > 1.5 || x + y < 0.5)).toBe(true);
});

test('lines of a bowl lie on its circles, and end where it does', () => {
  const size = 41;
  const at = (i: number): number => -2 + (4 * i) / (size - 1);
  const bowl = Float64Array.from({ length: size * size }, (_, k) => at(k % size) ** 2 + at(Math.floor(k / size)) ** 2);
  const [inner] = contourLines(bowl, size, size, 1);
  for (const [x, y] of inner!) expect(Math.hypot(-2 + (4 * x) / 40, -2 + (4 * y) / 40)).toBeCloseTo(1, 2);
  // A circle of radius 2.4 leaves the square of half side 2 on all four sides.
  expect(contourLines(bowl, size, size, 5.76)).toHaveLength(4);
  expect(contourLines(bowl, size, size, 99)).toEqual([]);
});

test('where a corner is not finite there is no line, and flat ground has no levels', () => {
  expect(contourLines([0, 1, Number.NaN, 0, 1, Number.NaN], 3, 2, 0.5)).toHaveLength(1);
  expect(contourLines([0, Number.NaN, 1, 1], 2, 2, 0.5)).toEqual([]);
  expect(levelsOf([3, 3, 3], 5)).toEqual([]);
  expect(levelsOf([], 5)).toEqual([]);
  expect(levelsOf([0, 1, 2, 3, 4], 3)).toEqual([1, 2, 3]);
  expect(levelsOf([0, 1, 2, 3, Number.NaN, 4], 3)).toEqual([1, 2, 3]);
});
