import { cos, sin } from '../ir/expr';
import { unaryFunction } from './make';

/** sin x, as an activation of periodic networks. */
export const sine = unaryFunction({
  name: 'sine',
  title: 'Sine',
  about: 'The sine of the input, in radians.',
  glyph: 'sin',
  value: (x) => sin(x),
  derivative: (x) => cos(x),
  onnx: 'Sin',
});
