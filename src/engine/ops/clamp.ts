import { max, min, mul, select, sub } from '../ir/expr';
import { unaryFunction } from './make';

/** x kept between two bounds. Outside them, and on them, the derivative is 0. */
export const clamp = unaryFunction({
  name: 'clamp',
  title: 'Clamp',
  about: 'Keeps the input between two bounds.',
  glyph: '⊓',
  group: 'function',
  keywords: ['clip', 'relu6', 'hardtanh', 'limit', 'bound', 'saturate'],
  attrs: {
    low: { kind: 'number', title: 'Lower bound', about: 'Smaller numbers become this.', default: -1 },
    high: { kind: 'number', title: 'Upper bound', about: 'Larger numbers become this.', default: 1 },
  },
  value: (x, { low, high }) => min(max(x, low as number), high as number),
  derivative: (x, _y, { low, high }) => mul(select(sub(x, low as number), 1, 0), select(sub(high as number, x), 1, 0)),
  formula: (x, { low, high }) => `\\min\\left(\\max\\left(${x}, ${String(low)}\\right), ${String(high)}\\right)`,
  onnx: null,
});
