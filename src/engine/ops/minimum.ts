import { min } from '../ir/expr';
import { elementwise } from './make';

/** The smaller of two, element by element; where both are equal, the gradient flows to the second. */
export const minimum = elementwise({
  name: 'minimum',
  title: 'Smaller of two',
  about: 'The smaller of its inputs, element by element.',
  glyph: 'min',
  group: 'arithmetic',
  keywords: ['min', 'least'],
  ports: [
    { name: 'a', about: 'first value' },
    { name: 'b', about: 'second value' },
  ],
  value: ([a, b]) => min(a!, b!),
  onnx: 'Min',
});
