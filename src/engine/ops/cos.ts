import { cos as cosine } from '../ir/expr';
import { unaryFunction } from './make';

export const cos = unaryFunction({
  name: 'cos',
  title: 'Cosine of x',
  about: 'The cosine of the input, in radians.',
  glyph: 'cos',
  group: 'function',
  keywords: ['wave', 'trigonometry'],
  value: (x) => cosine(x),
  onnx: 'Cos',
});
