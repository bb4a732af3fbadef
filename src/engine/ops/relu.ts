import { max, select } from '../ir/expr';
import { unaryFunction } from './make';

/** max(x, 0). By convention g′(0) = 0. */
export const relu = unaryFunction({
  name: 'relu',
  title: 'ReLU',
  about: 'Passes positive numbers on and stops negative ones.',
  glyph: 'ReLU',
  keywords: ['rectifier', 'rectified'],
  value: (x) => max(x, 0),
  derivative: (_x, y) => select(y, 1, 0),
  formula: (x) => `\\operatorname{ReLU}\\left(${x}\\right)`,
  activation: { dies: { instead: 'leaky-relu' }, weights: { initializer: 'he-normal', gain: 2 } },
  onnx: 'Relu',
});
