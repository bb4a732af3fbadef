import { mul, sub, tanh as hyperbolicTangent } from '../ir/expr';
import { unaryFunction } from './make';

/** tanh x = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ); g′ = 1 − g². */
export const tanh = unaryFunction({
  name: 'tanh',
  title: 'Hyperbolic tangent',
  about: 'Squeezes any number between −1 and 1.',
  glyph: 'tanh',
  keywords: ['squash', 'hyperbolic'],
  value: (x) => hyperbolicTangent(x),
  derivative: (_x, y) => sub(1, mul(y, y)),
  activation: { saturated: (y) => Math.abs(y) > 0.98 },
  onnx: 'Tanh',
});
