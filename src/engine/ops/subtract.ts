import { sub } from '../ir/expr';
import { elementwise } from './make';

/** a − b. */
export const subtract = elementwise({
  name: 'subtract',
  title: 'Subtract',
  about: 'The first input minus the second.',
  glyph: '−',
  group: 'arithmetic',
  keywords: ['minus', 'difference', '-'],
  ports: [
    { name: 'a', about: 'minuend' },
    { name: 'b', about: 'subtrahend' },
  ],
  value: ([a, b]) => sub(a!, b!),
  compares: true,
  onnx: 'Sub',
});
