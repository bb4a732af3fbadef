import { expect, test } from 'vitest';
import { turned } from '../../src/renderer/ui/turn';

test('a pixel goes as far as the number is large, ten times less far with Shift', () => {
  expect(turned(0, 40, false)).toBe(0.2);
  expect(turned(0.5, -100, false)).toBe(0);
  expect(turned(-0.5, 10, false)).toBe(-0.45);
  expect(turned(12, 10, false)).toBe(17);
  expect(turned(0.5, 1, true)).toBe(0.5005);
});

test('what comes out is a whole number of steps, and nothing moves without a drag', () => {
  expect(turned(0.1234567, 1, false)).toBe(0.13);
  expect(turned(0.1234567, 0, false)).toBeCloseTo(0.125, 12);
  expect(turned(3, 0, false)).toBe(3);
});
