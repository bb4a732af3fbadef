import { mul, select } from '../ir/expr';
import { unaryFunction } from './make';

/** x for x > 0, else slope · x: negative inputs keep a small gradient. */
export const leakyRelu = unaryFunction({
  name: 'leaky-relu',
  title: 'Leaky ReLU',
  about: 'Like ReLU, but negative numbers pass with a small slope.',
  glyph: 'LReLU',
  keywords: ['lrelu', 'prelu'],
  attrs: { slope: { kind: 'number', title: 'Slope', about: 'Slope for negative inputs.', default: 0.01, min: 0, max: 1 } },
  value: (x, { slope }) => select(x, x, mul(slope as number, x)),
  derivative: (x, _y, { slope }) => select(x, 1, slope as number),
  formula: (x) => `\\operatorname{LReLU}\\left(${x}\\right)`,
  activation: { weights: { initializer: 'he-normal', gain: 2 } },
  onnx: { type: 'LeakyRelu', attributes: ({ attrs }) => ({ alpha: attrs['slope'] as number }) },
});
