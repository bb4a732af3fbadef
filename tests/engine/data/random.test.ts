import { expect, it } from 'vitest';
import { Random } from '../../../src/engine/data/random';

it.each([0, 1, 2, 10, 500])('%i rows are shuffled as the same numbers in a list are, and so is what comes after', (count) => {
  const [one, other] = [new Random(7, 'epoch:3'), new Random(7, 'epoch:3')];
  const list = Array.from({ length: count }, (_, i) => i);
  const rows = one.shuffle(Uint32Array.from(list));
  expect([...rows]).toEqual(other.shuffle(list));
  expect([...rows].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  expect(one.uniform()).toBe(other.uniform());
});

it('gives the numbers that it always gave', () => {
  const random = new Random(42, 'epoch:0');
  expect([...random.shuffle(Uint32Array.from({ length: 8 }, (_, i) => i))]).toMatchInlineSnapshot(`
    [
      3,
      6,
      4,
      1,
      5,
      7,
      0,
      2,
    ]
  `);
  expect(random.uniform()).toMatchInlineSnapshot(`0.6744335007388145`);
});
