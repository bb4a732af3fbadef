import { div } from '../ir/expr';
import { elementwise } from './make';

/** a / b, element by element. */
export const divide = elementwise({
  name: 'divide',
  title: 'Divide',
  about: 'The first input divided by the second, element by element.',
  glyph: '÷',
  group: 'arithmetic',
  keywords: ['quotient', 'ratio', '/'],
  ports: [
    { name: 'a', about: 'numerator' },
    { name: 'b', about: 'denominator' },
  ],
  value: ([a, b]) => div(a!, b!),
  derivative: ([, b], y, port) => (port === 0 ? div(1, b!) : div({ kind: 'unary', op: 'neg', x: y }, b!)),
  onnx: 'Div',
});
