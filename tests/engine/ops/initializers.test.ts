/** Each rule for starting weights has the mean and the deviation that its formula says; biases start at 0. */
import { expect, test } from 'vitest';
import { Random } from '../../../src/engine/data/random';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { draw, initializerOf, initializers } from '../../../src/engine/ops/initializers';
import { initialNumbers } from '../../../src/engine/train/session';
import { drawing } from '../../support/drawing';

const [n, m, scale] = [64, 16, 0.3];
/** The deviation of a weight with n inputs that feeds m neurons; `s` is the argument of the rule. */
const DEVIATIONS: Readonly<Record<string, number>> = {
  'glorot-uniform': Math.sqrt(2 / (n + m)),
  'glorot-normal': Math.sqrt(2 / (n + m)),
  'he-normal': Math.sqrt(2 / n),
  'he-uniform': Math.sqrt(2 / n),
  'lecun-normal': 1 / Math.sqrt(n),
  'he-as-printed': 2 / Math.sqrt(n),
  uniform: scale / Math.sqrt(3),
  normal: scale,
  constant: 0,
  zeros: 0,
  // Columns of length s over 400 rows.
  orthogonal: scale / Math.sqrt(400),
};
const MEANS: Readonly<Record<string, number>> = { constant: scale };
/** Uniform rules stay within their bounds. */
const BOUNDS: Readonly<Record<string, number>> = {
  'glorot-uniform': Math.sqrt(6 / (n + m)),
  'he-uniform': Math.sqrt(6 / n),
  uniform: scale,
};

test.each(initializers.map(({ name }) => name))('%s', (name) => {
  const numbers = draw(initializerOf(name), [400, 100], { fanIn: n, fanOut: m, scale }, new Random(5, name));
  expect(numbers).toHaveLength(40_000);
  const mean = numbers.reduce((sum, w) => sum + w, 0) / numbers.length;
  const deviation = Math.sqrt(numbers.reduce((sum, w) => sum + (w - mean) ** 2, 0) / numbers.length);
  const wanted = DEVIATIONS[name]!;
  expect(Math.abs(mean - (MEANS[name] ?? 0))).toBeLessThanOrEqual(0.03 * wanted + 1e-12);
  expect(Math.abs(deviation - wanted)).toBeLessThanOrEqual(0.02 * wanted + 1e-12);
  const most = numbers.reduce((largest, w) => Math.max(largest, Math.abs(w)), 0);
  if (BOUNDS[name] !== undefined) expect(most).toBeLessThanOrEqual(BOUNDS[name]!);
});

test('biases start at 0, whatever the weights do', () => {
  for (const { name } of initializers) {
    const project = drawing({
      x: ['input', {}, { shape: [3] }],
      y: ['dense', { x: 'x' }, { units: 4, initializer: name }],
      t: ['target', {}, { shape: [4] }],
      l: ['mean-squared-error', { prediction: 'y', target: 't' }],
    });
    const bias = programOf(prepare(project, null), 'fused', 1).parameters.find(({ key }) => key === 'y/bias')!;
    expect([...initialNumbers(bias, 1)]).toEqual([0, 0, 0, 0]);
  }
});
