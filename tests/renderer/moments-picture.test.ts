/** The field of the moments reaches up to what was usual, and leaves out only what is wild. */
import { expect, test } from 'vitest';
import { momentsPicture } from '../../src/renderer/panels/stepping/moments-picture';

const highOf = (losses: readonly (number | null)[]): number =>
  momentsPicture(losses.map((loss, id) => ({ id, epoch: id, step: id, loss, bookmark: null, bytes: 1, kept: null }))).y.high;

test('the first loss of an ordinary run lies within the field, however few moments are kept', () => {
  expect(highOf([null, 1, 0.8, 0.6, 0.5])).toBeGreaterThan(1);
  expect(highOf([2, 0.5])).toBeGreaterThan(2);
  expect(highOf([3])).toBeGreaterThan(3);
  expect(highOf([null])).toBe(1);
});

test('one wild start does not flatten the rest', () => {
  expect(highOf([900, 1, 0.8, 0.6, 0.5])).toBeLessThan(2);
});
