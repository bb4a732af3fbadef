import { add, exp, min, mul, select, sub } from '../ir/expr';
import { unaryFunction } from './make';

/** The constants of Klambauer et al. (2017), with which activations keep mean 0 and variance 1. */
const ALPHA = 1.6732632423543772;
const SCALE = 1.0507009873554805;

/** λx for x > 0, else λα(eˣ − 1). */
export const selu = unaryFunction({
  name: 'selu',
  title: 'SELU',
  about: 'An ELU whose scale keeps a deep network’s activations in range (use with LeCun’s initializer).',
  glyph: 'SELU',
  keywords: ['self-normalising', 'scaled'],
  value: (x) => mul(SCALE, select(x, x, mul(ALPHA, sub(exp(x), 1)))),
  stable: (x) => mul(SCALE, select(x, x, mul(ALPHA, sub(exp(min(x, 0)), 1)))),
  derivative: (x, y) => select(x, SCALE, add(y, SCALE * ALPHA)),
  formula: (x) => `\\operatorname{SELU}\\left(${x}\\right)`,
  activation: { weights: { initializer: 'lecun-normal', gain: 1 } },
  onnx: 'Selu',
});
