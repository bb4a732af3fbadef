import { constant, select } from '../ir/expr';
import { unaryFunction } from './make';

/** 1 for x > 0, else 0. Its derivative is 0 wherever it exists, so training through it is refused. */
export const binaryStep = unaryFunction({
  name: 'binary-step',
  title: 'Binary step',
  about: '1 when the input is positive, else 0. It has no usable gradient.',
  glyph: '⎍',
  keywords: ['threshold', 'heaviside', 'perceptron'],
  value: (x) => select(x, 1, 0),
  derivative: () => constant(0),
  formula: (x) => `\\mathbb{1}\\left[${x} > 0\\right]`,
  noGradient: { instead: 'sigmoid' },
  range: 'unit',
  onnx: null,
});
