/**
 * softmax(x)ᵢ = e^(xᵢ) / Σⱼ e^(xⱼ) over the last axis. The largest element is taken off first, so that
 * nothing overflows. Backward: ∂L/∂x = y ⊙ (∂L/∂y − Σⱼ yⱼ ∂L/∂yⱼ).
 */
import { div, exp, mul, read, sub } from '../ir/expr';
import { ACC, type Kernel } from '../ir/kernel';
import { applied, asBase, asFactor, productLatex } from '../ir/latex';
import { type Axis, sampleShape, type Shape, stridesOf } from '../ir/shape';
import { type Call, GRADIENT, OUT, type Primitive, RESULT } from './op';

/** The shape without its last axis, and that axis. */
export const rowsOf = (shape: Shape): { rows: Shape; last: Axis } => ({
  rows: shape.slice(0, -1),
  last: shape.at(-1)!,
});

/** Strides of a per-row number along all axes of the full shape. */
export const perRow = (shape: Shape): readonly number[] => [...stridesOf(shape.slice(0, -1)), 0];

/** Stores the largest element of each row. */
export const rowMax = (x: string, shape: Shape, to: string): Kernel => {
  const { rows, last } = rowsOf(shape);
  return {
    out: rows,
    fold: { with: 'max', over: [last], body: read(x) },
    reads: [{ name: x, strides: stridesOf(shape), offset: 0 }],
    stores: [{ to, value: read(ACC) }],
  };
};

export const softmax: Primitive = {
  kind: 'primitive',
  name: 'softmax',
  title: 'Softmax',
  about: 'Turns scores into probabilities that add up to 1.',
  glyph: 'softmax',
  group: 'activation',
  keywords: ['probabilities', 'classes'],
  ports: () => [{ name: 'x', about: 'scores (logits)' }],
  attrs: {},
  infer: ({ x }) =>
    sampleShape(x!).length === 0
      ? { fault: 'softmax compares several scores, but this is a single number. Use a sigmoid for one.' }
      : { shape: x! },
  formula: ({ x }) => applied('\\operatorname{softmax}', x!),
  value: ({ shapes }: Call) => {
    const shape = shapes['x']!;
    const { rows, last } = rowsOf(shape);
    const full = { name: 'x', strides: stridesOf(shape), offset: 0 };
    const top = { name: 'top', strides: perRow(shape), offset: 0 };
    const total = { name: 'total', strides: perRow(shape), offset: 0 };
    return {
      temps: { top: rows, total: rows },
      kernels: [
        rowMax('x', shape, 'top'),
        {
          out: rows,
          fold: { with: 'sum', over: [last], body: exp(sub(read('x'), read('top'))) },
          reads: [full, top],
          stores: [{ to: 'total', value: read(ACC) }],
        },
        {
          out: shape,
          reads: [full, top, total],
          stores: [{ to: OUT, value: div(exp(sub(read('x'), read('top'))), read('total')) }],
        },
      ],
    };
  },
  gradient: ({ out }) => {
    const { rows, last } = rowsOf(out);
    const y = { name: OUT, strides: stridesOf(out), offset: 0 };
    const g = { name: GRADIENT, strides: stridesOf(out), offset: 0 };
    return {
      temps: { weighted: rows },
      kernels: [
        {
          out: rows,
          fold: { with: 'sum', over: [last], body: mul(read(OUT), read(GRADIENT)) },
          reads: [y, g],
          stores: [{ to: 'weighted', value: read(ACC) }],
        },
        {
          out,
          reads: [y, g, { name: 'weighted', strides: perRow(out), offset: 0 }],
          stores: [{ to: RESULT, value: mul(read(OUT), sub(read(GRADIENT), read('weighted'))) }],
        },
      ],
    };
  },
  derivativeFormula: (_args, out, _port, _call, convention) =>
    `${applied('\\operatorname{diag}', out)} - ${productLatex(`${asBase(out)}^{\\top}`, asFactor(out), convention)}`,
  range: 'unit',
  onnx: { type: 'Softmax', attributes: () => ({ axis: -1 }) },
};
