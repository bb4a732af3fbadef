import { sin as sine } from '../ir/expr';
import { unaryFunction } from './make';

/** The sine, as a function rather than as an activation. */
export const sin = unaryFunction({
  name: 'sin',
  title: 'Sine of x',
  about: 'The sine of the input, in radians.',
  glyph: 'sin',
  group: 'function',
  keywords: ['wave', 'trigonometry'],
  value: (x) => sine(x),
  onnx: 'Sin',
});
