/**
 * ln softmax(x)ᵢ = xᵢ − max x − ln Σⱼ e^(xⱼ − max x) over the last axis: finite where the softmax itself
 * would round to 0. Backward: ∂L/∂x = ∂L/∂y − e^y Σⱼ ∂L/∂yⱼ.
 */
import { exp, log, mul, read, sub } from '../ir/expr';
import { ACC } from '../ir/kernel';
import { applied, productLatex } from '../ir/latex';
import { sampleShape, stridesOf } from '../ir/shape';
import { type Call, GRADIENT, OUT, type Primitive, RESULT } from './op';
import { perRow, rowMax, rowsOf } from './softmax';

export const logSoftmax: Primitive = {
  kind: 'primitive',
  name: 'log-softmax',
  title: 'Log-softmax',
  about: 'The logarithms of the softmax’s probabilities, without rounding small ones to 0.',
  glyph: 'ln softmax',
  group: 'activation',
  keywords: ['probabilities', 'classes', 'logarithm'],
  ports: () => [{ name: 'x', about: 'scores (logits)' }],
  attrs: {},
  infer: ({ x }) =>
    sampleShape(x!).length === 0
      ? { fault: 'log-softmax compares several scores, but this is a single number. Use a sigmoid and a logarithm for one.' }
      : { shape: x! },
  formula: ({ x }) => `\\ln ${applied('\\operatorname{softmax}', x!)}`,
  value: ({ shapes }: Call) => {
    const shape = shapes['x']!;
    const { rows, last } = rowsOf(shape);
    const x = { name: 'x', strides: stridesOf(shape), offset: 0 };
    const top = { name: 'top', strides: perRow(shape), offset: 0 };
    return {
      temps: { top: rows, rest: rows },
      kernels: [
        rowMax('x', shape, 'top'),
        {
          out: rows,
          fold: { with: 'sum', over: [last], body: exp(sub(read('x'), read('top'))) },
          reads: [x, top],
          stores: [{ to: 'rest', value: log(read(ACC)) }],
        },
        {
          out: shape,
          reads: [x, top, { name: 'rest', strides: perRow(shape), offset: 0 }],
          stores: [{ to: OUT, value: sub(sub(read('x'), read('top')), read('rest')) }],
        },
      ],
    };
  },
  gradient: ({ out }) => {
    const { rows, last } = rowsOf(out);
    const g = { name: GRADIENT, strides: stridesOf(out), offset: 0 };
    return {
      temps: { total: rows },
      kernels: [
        {
          out: rows,
          fold: { with: 'sum', over: [last], body: read(GRADIENT) },
          reads: [g],
          stores: [{ to: 'total', value: read(ACC) }],
        },
        {
          out,
          reads: [g, { name: OUT, strides: stridesOf(out), offset: 0 }, { name: 'total', strides: perRow(out), offset: 0 }],
          stores: [{ to: RESULT, value: sub(read(GRADIENT), mul(exp(read(OUT)), read('total'))) }],
        },
      ],
    };
  },
  derivativeFormula: (_args, out, _port, _call, convention) =>
    `I - ${productLatex('\\mathbf 1^{\\top}', `e^{${out}}`, convention)}`,
  onnx: { type: 'LogSoftmax', attributes: () => ({ axis: -1 }) },
};
