import { abs, add, div, exp, mul, neg, select, sub } from '../ir/expr';
import type { Expr } from '../ir/expr';
import { unaryFunction } from './make';

const sigmoid = (x: Expr): Expr => {
  const e = exp(neg(abs(x)));
  return div(select(x, 1, e), add(1, e));
};

/** x · σ(x), also called swish. */
export const silu = unaryFunction({
  name: 'silu',
  title: 'SiLU',
  about: 'The input times its sigmoid: a smooth ReLU, also called swish.',
  glyph: 'SiLU',
  keywords: ['swish'],
  value: (x) => div(x, add(1, exp(neg(x)))),
  stable: (x) => mul(x, sigmoid(x)),
  derivative: (x, y) => add(sigmoid(x), mul(y, sub(1, sigmoid(x)))),
  formula: (x) => `\\operatorname{SiLU}\\left(${x}\\right)`,
  onnx: null,
});
