import { neg } from '../ir/expr';
import { unaryFunction } from './make';

/** −x. */
export const negate = unaryFunction({
  name: 'negate',
  title: 'Negate',
  about: 'The input with its sign changed.',
  glyph: '−x',
  group: 'arithmetic',
  keywords: ['minus', 'opposite'],
  value: (x) => neg(x),
  onnx: 'Neg',
});
