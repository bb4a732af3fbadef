import { abs, add, div, exp, type Expr, mul, select, tanh } from '../ir/expr';
import { unaryFunction } from './make';

const SLOPE = Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;
const inner = (x: Expr): Expr => mul(SLOPE, mul(x, add(1, mul(CUBE, mul(x, x)))));
/** e^(−2|u|), from which ½(1 + tanh u) = σ(2u) and its slope come without cancelling. */
const faded = (x: Expr): Expr => exp(mul(-2, abs(inner(x))));
const gate = (x: Expr): Expr => div(select(x, 1, faded(x)), add(1, faded(x)));

/** ½x(1 + tanh(√(2/π)(x + 0.044715 x³))): the tanh form of Hendrycks and Gimpel, within 0.0005 of x·Φ(x). */
export const gelu = unaryFunction({
  name: 'gelu',
  title: 'GELU',
  about: 'A smooth ReLU that weighs the input by a normal distribution (tanh form).',
  glyph: 'GELU',
  keywords: ['gaussian', 'transformer'],
  value: (x) => mul(mul(0.5, x), add(1, tanh(inner(x)))),
  stable: (x) => mul(x, gate(x)),
  derivative: (x) => {
    const slope = mul(2 * SLOPE, add(1, mul(3 * CUBE, mul(x, x))));
    const whole = add(1, faded(x));
    return add(gate(x), mul(mul(x, slope), div(faded(x), mul(whole, whole))));
  },
  formula: (x) => `\\operatorname{GELU}\\left(${x}\\right)`,
  activation: { weights: { initializer: 'he-normal', gain: 2 } },
  onnx: null,
});
