import { mul } from '../ir/expr';
import { elementwise } from './make';

/** a · b, element by element. */
export const multiply = elementwise({
  name: 'multiply',
  title: 'Multiply',
  about: 'The product of its inputs, element by element.',
  glyph: '×',
  group: 'arithmetic',
  keywords: ['times', 'product', 'hadamard', '*'],
  ports: [
    { name: 'a', about: 'first factor' },
    { name: 'b', about: 'second factor' },
  ],
  value: ([a, b]) => mul(a!, b!),
  onnx: 'Mul',
});
