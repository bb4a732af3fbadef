import { add, div, exp, mul, neg, sub } from '../ir/expr';
import { logistic } from './logistic';
import { unaryFunction } from './make';

/** σ(x) = 1 / (1 + e^(−x)); its derivative is stated through its own output, as in the course. */
export const sigmoid = unaryFunction({
  name: 'sigmoid',
  title: 'Sigmoid',
  about: 'Squeezes any number between 0 and 1.',
  glyph: 'σ',
  keywords: ['logistic', 'squash'],
  value: (x) => div(1, add(1, exp(neg(x)))),
  stable: logistic,
  derivative: (_x, y) => mul(y, sub(1, y)),
  formula: (x) => `\\sigma\\left(${x}\\right)`,
  range: 'unit',
  activation: { saturated: (y) => y < 0.02 || y > 0.98 },
  onnx: 'Sigmoid',
});
