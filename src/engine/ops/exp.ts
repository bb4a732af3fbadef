import { exp as power, mul } from '../ir/expr';
import { unaryFunction } from './make';

/** eˣ; its own derivative. */
export const exp = unaryFunction({
  name: 'exp',
  title: 'Exponential',
  about: 'e to the power of the input.',
  glyph: 'eˣ',
  group: 'function',
  keywords: ['e', 'exponential'],
  value: (x) => power(x),
  derivative: (_x, y) => mul(1, y),
  onnx: 'Exp',
});
