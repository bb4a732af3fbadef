/** Activations as functions with their slopes, against central differences and by hand. */
import { expect, test } from 'vitest';
import { activations } from '../../../src/engine/ops/activations';
import { scalarFunction } from '../../../src/engine/ops/scalar-function';

test.each(activations.map(({ name }) => name))('the slope of %s is that of its curve', (name) => {
  const { value, derivative } = scalarFunction(name)!;
  for (const x of [-2.7, -0.8, 0.31, 1.9]) expect(derivative(x)).toBeCloseTo((value(x + 1e-5) - value(x - 1e-5)) / 2e-5, 5);
});

test('at the kink of ReLU the slope is 0; a leak is as steep as it was set', () => {
  expect(scalarFunction('relu')!.derivative(0)).toBe(0);
  expect(scalarFunction('leaky-relu', { slope: 0.3 })!.derivative(-2)).toBeCloseTo(0.3, 12);
  expect(scalarFunction('add')).toBeNull();
  expect(scalarFunction('no such operation')).toBeNull();
});
