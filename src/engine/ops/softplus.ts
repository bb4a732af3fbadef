import { abs, add, div, exp, log, max, neg, select } from '../ir/expr';
import { unaryFunction } from './make';

/** ln(1 + eˣ): a smooth ReLU whose derivative is the sigmoid. */
export const softplus = unaryFunction({
  name: 'softplus',
  title: 'Softplus',
  about: 'A smooth ReLU; its derivative is the sigmoid.',
  glyph: 'S⁺',
  value: (x) => log(add(1, exp(x))),
  stable: (x) => add(max(x, 0), log(add(1, exp(neg(abs(x)))))),
  derivative: (x) => {
    const e = exp(neg(abs(x)));
    return div(select(x, 1, e), add(1, e));
  },
  formula: (x) => `\\operatorname{softplus}\\left(${x}\\right)`,
  onnx: 'Softplus',
});
