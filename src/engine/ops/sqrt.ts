import { div, mul, sqrt as root } from '../ir/expr';
import { unaryFunction } from './make';

/** The square root; defined for x ≥ 0, its derivative for x > 0. */
export const sqrt = unaryFunction({
  name: 'sqrt',
  title: 'Square root',
  about: 'The square root of the input, which must not be negative.',
  glyph: '√',
  group: 'function',
  keywords: ['root'],
  value: (x) => root(x),
  derivative: (_x, y) => div(1, mul(2, y)),
  onnx: 'Sqrt',
});
