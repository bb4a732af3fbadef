import { abs as absolute } from '../ir/expr';
import { unaryFunction } from './make';

/** |x|. By convention its derivative at 0 is 0. */
export const abs = unaryFunction({
  name: 'abs',
  title: 'Absolute value',
  about: 'The size of the input, without its sign.',
  glyph: '|x|',
  group: 'function',
  keywords: ['magnitude', 'modulus'],
  value: (x) => absolute(x),
  onnx: 'Abs',
});
