import { add, type Expr, mul, sub, tanh } from '../ir/expr';
import { unaryFunction } from './make';

const SLOPE = Math.sqrt(2 / Math.PI);
const inner = (x: Expr): Expr => mul(SLOPE, mul(x, add(1, mul(0.044715, mul(x, x)))));

/** ½x(1 + tanh(√(2/π)(x + 0.044715 x³))): the tanh form of Hendrycks and Gimpel, within 0.0005 of x·Φ(x). */
export const gelu = unaryFunction({
  name: 'gelu',
  title: 'GELU',
  about: 'A smooth ReLU that weighs the input by a normal distribution (tanh form).',
  glyph: 'GELU',
  keywords: ['gaussian', 'transformer'],
  value: (x) => mul(mul(0.5, x), add(1, tanh(inner(x)))),
  derivative: (x) => {
    const t = tanh(inner(x));
    const slope = mul(SLOPE, add(1, mul(3 * 0.044715, mul(x, x))));
    return add(mul(0.5, add(1, t)), mul(mul(mul(0.5, x), sub(1, mul(t, t))), slope));
  },
  formula: (x) => `\\operatorname{GELU}\\left(${x}\\right)`,
  onnx: null,
});
