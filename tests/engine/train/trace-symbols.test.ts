import katex from 'katex';
import { expect, it } from 'vitest';
import { shapedLatex, symbolOf, targetLatex, valueLatex } from '../../../src/engine/train/trace-symbols';

it.each([
  ['x', 'x'],
  ['w1', 'w_{1}'],
  ['w_12', 'w_{12}'],
  ['w₁', 'w_{1}'],
  ['w₁x', 'w_{1}\\,x'],
  ['theta', '\\theta'],
  ['θ₂', 'θ_{2}'],
  ['hidden2', '\\text{hidden}_{2}'],
  ['50 % of {x}_1\\', '\\text{50 \\% of \\{x\\}\\_1\\textbackslash{}}'],
  ['hidden/weight', 'W_{\\text{hidden}}'],
  ['hidden2/bias', 'b_{\\text{hidden}_{2}}'],
  ['neuron/w2', 'w_{2,\\text{neuron}}'],
  ['neuron/times1', 'p_{1,\\text{neuron}}'],
  ['n/activation', 'y_{n}'],
])('%s is written %s', (name, tex) => {
  expect(symbolOf(name, name)).toBe(tex);
  expect(() => katex.renderToString(`\\frac{\\partial l}{\\partial ${tex}}`, { throwOnError: true })).not.toThrow();
});

it('a label wins over the id', () => {
  expect(symbolOf('hidden/weight', 'Q')).toBe('Q');
});

it('vectors are rows, or columns, and of matrices the axes turn round', () => {
  expect(shapedLatex('x', [3], 'row')).toBe('\\underset{1 \\times 3}{x}');
  expect(shapedLatex('x', [3], 'column')).toBe('\\underset{3 \\times 1}{x}');
  expect(shapedLatex('W', [3, 2], 'column')).toBe('\\underset{2 \\times 3}{W}');
  expect(shapedLatex('x', [], 'row')).toBe('x');
  expect(valueLatex({ shape: [2], data: Float64Array.of(1, 2) }, 'row')).toBe('\\begin{pmatrix} 1 & 2 \\end{pmatrix}');
  expect(valueLatex({ shape: [2], data: Float64Array.of(1, 2) }, 'column')).toBe('\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}');
});

it('what is derived: a number, an element of an array with indices in the order of the convention, or the sum', () => {
  expect(targetLatex('s', [], 0, 1, 'row')).toBe('s');
  expect(targetLatex('T', [2, 3], 5, 1, 'row')).toBe('{T}_{2,3}');
  expect(targetLatex('T', [2, 3], 5, 1, 'column')).toBe('{T}_{3,2}');
  expect(targetLatex('T', [2, 3], 'sum', 1, 'row')).toBe('\\Sigma T');
});

it('large arrays show their first and last numbers', () => {
  expect(valueLatex({ shape: [6], data: Float64Array.of(1, 2, 3, 4, 5, 6) }, 'row')).toBe(
    '\\left(1,\\ 2,\\ 3,\\ \\dots,\\ 6\\right)',
  );
});
