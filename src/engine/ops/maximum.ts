import { max } from '../ir/expr';
import { elementwise } from './make';

/** The larger of two, element by element; where both are equal, the gradient flows to the second. */
export const maximum = elementwise({
  name: 'maximum',
  title: 'Larger of two',
  about: 'The larger of its inputs, element by element.',
  glyph: 'max',
  group: 'arithmetic',
  keywords: ['max', 'greatest'],
  ports: [
    { name: 'a', about: 'first value' },
    { name: 'b', about: 'second value' },
  ],
  value: ([a, b]) => max(a!, b!),
  onnx: 'Max',
});
