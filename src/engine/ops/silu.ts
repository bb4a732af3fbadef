import { add, div, exp, mul, neg, sub } from '../ir/expr';
import { logistic } from './logistic';
import { unaryFunction } from './make';

/** x · σ(x), also called swish. */
export const silu = unaryFunction({
  name: 'silu',
  title: 'SiLU',
  about: 'The input times its sigmoid: a smooth ReLU, also called swish.',
  glyph: 'SiLU',
  keywords: ['swish'],
  value: (x) => div(x, add(1, exp(neg(x)))),
  stable: (x) => mul(x, logistic(x)),
  derivative: (x, y) => add(logistic(x), mul(y, sub(1, logistic(x)))),
  formula: (x) => `\\operatorname{SiLU}\\left(${x}\\right)`,
  activation: { weights: { initializer: 'he-normal', gain: 2 } },
  onnx: null,
  torch: { text: ({ x }) => `F.silu(${x})` },
});
