import { add, exp, min, select, sub } from '../ir/expr';
import { unaryFunction } from './make';

/** x for x > 0, else eˣ − 1: smooth at 0, saturates at −1. */
export const elu = unaryFunction({
  name: 'elu',
  title: 'ELU',
  about: 'Like ReLU, but smooth, falling to −1 for very negative numbers.',
  glyph: 'ELU',
  value: (x) => select(x, x, sub(exp(x), 1)),
  stable: (x) => select(x, x, sub(exp(min(x, 0)), 1)),
  derivative: (x, y) => select(x, 1, add(y, 1)),
  formula: (x) => `\\operatorname{ELU}\\left(${x}\\right)`,
  activation: { weights: { initializer: 'he-normal', gain: 2 } },
  onnx: 'Elu',
});
