import { div, log as logarithm } from '../ir/expr';
import { unaryFunction } from './make';

/** The natural logarithm; defined for x > 0. */
export const log = unaryFunction({
  name: 'log',
  title: 'Logarithm',
  about: 'The natural logarithm of the input, which must be positive.',
  glyph: 'ln',
  group: 'function',
  keywords: ['ln'],
  value: (x) => logarithm(x),
  derivative: (x) => div(1, x),
  onnx: 'Log',
});
