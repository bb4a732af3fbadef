import { add, exp, log, max } from '../ir/expr';
import { logistic, logOfRest } from './logistic';
import { unaryFunction } from './make';

/** ln(1 + eˣ): a smooth ReLU whose derivative is the sigmoid. */
export const softplus = unaryFunction({
  name: 'softplus',
  title: 'Softplus',
  about: 'A smooth ReLU; its derivative is the sigmoid.',
  glyph: 'S⁺',
  value: (x) => log(add(1, exp(x))),
  stable: (x) => add(max(x, 0), logOfRest(x)),
  derivative: logistic,
  formula: (x) => `\\operatorname{softplus}\\left(${x}\\right)`,
  onnx: 'Softplus',
});
