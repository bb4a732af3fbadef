import { abs, add, div, mul } from '../ir/expr';
import { unaryFunction } from './make';

/** x / (1 + |x|): like tanh, but it approaches ±1 slowly. */
export const softsign = unaryFunction({
  name: 'softsign',
  title: 'Softsign',
  about: 'Squeezes any number between −1 and 1, more gently than tanh.',
  glyph: 's±',
  value: (x) => div(x, add(1, abs(x))),
  derivative: (x) => div(1, mul(add(1, abs(x)), add(1, abs(x)))),
  activation: { saturated: (y) => Math.abs(y) > 0.9 },
  onnx: 'Softsign',
});
