/** The last two axes of each sample swapped: rows become columns. */
import { read } from '../ir/expr';
import type { Kernel } from '../ir/kernel';
import { asBase } from '../ir/latex';
import { sampleShape, type Shape, stridesOf } from '../ir/shape';
import { GRADIENT, OUT, type Primitive, RESULT } from './op';

const swapped = <T>(list: readonly T[]): T[] => [...list.slice(0, -2), list.at(-1)!, list.at(-2)!];

const swap = (from: string, shape: Shape, to: string): Kernel => ({
  out: swapped(shape),
  reads: [{ name: from, strides: swapped(stridesOf(shape)), offset: 0 }],
  stores: [{ to, value: read(from) }],
});

export const transpose: Primitive = {
  kind: 'primitive',
  name: 'transpose',
  title: 'Transpose',
  about: 'Swaps rows and columns (the last two axes of each sample).',
  glyph: 'Aᵀ',
  group: 'shape',
  linearity: () => 'linear',
  keywords: ['permute', 'swap', 'axes', 'rows', 'columns'],
  ports: () => [{ name: 'x', about: 'matrix' }],
  attrs: {},
  infer: ({ x }) =>
    sampleShape(x!).length < 2
      ? { fault: 'only a matrix has rows and columns to swap, and this has fewer than two axes. Reshape it first.' }
      : { shape: swapped(x!) },
  formula: ({ x }) => `{${x}}^{\\top}`,
  value: ({ shapes }) => ({ kernels: [swap('x', shapes['x']!, OUT)] }),
  gradient: ({ out }) => ({ kernels: [swap(GRADIENT, out, RESULT)] }),
  derivativeFormula: () => '\\left(\\cdot\\right)^{\\top}',
  backwardFormula: (gradient) => `{${asBase(gradient)}}^{\\top}`,
  onnx: { type: 'Transpose', attributes: ({ out }) => ({ perm: swapped(out.map((_, axis) => axis)) }) },
};
