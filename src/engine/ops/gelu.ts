import { add, type Expr, mul, tanh } from '../ir/expr';
import { logistic, logisticSlope } from './logistic';
import { unaryFunction } from './make';

const SLOPE = Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;
const inner = (factor: number, x: Expr): Expr => mul(factor, mul(x, add(1, mul(CUBE, mul(x, x)))));
/** 2u, for ½(1 + tanh u) = σ(2u): value and slope come from it without cancelling. */
const twice = (x: Expr): Expr => inner(2 * SLOPE, x);

/** ½x(1 + tanh(√(2/π)(x + 0.044715 x³))): the tanh form of Hendrycks and Gimpel, within 0.0005 of x·Φ(x). */
export const gelu = unaryFunction({
  name: 'gelu',
  title: 'GELU',
  about: 'A smooth ReLU that weighs the input by a normal distribution (tanh form).',
  glyph: 'GELU',
  keywords: ['gaussian', 'transformer'],
  value: (x) => mul(mul(0.5, x), add(1, tanh(inner(SLOPE, x)))),
  stable: (x) => mul(x, logistic(twice(x))),
  derivative: (x) => {
    const slope = mul(2 * SLOPE, add(1, mul(3 * CUBE, mul(x, x))));
    return add(logistic(twice(x)), mul(mul(x, slope), logisticSlope(twice(x))));
  },
  formula: (x) => `\\operatorname{GELU}\\left(${x}\\right)`,
  activation: { weights: { initializer: 'he-normal', gain: 2 } },
  onnx: null,
  torch: { text: ({ x }) => `F.gelu(${x}, approximate='tanh')` },
});
