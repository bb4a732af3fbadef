/**
 * The largest element over the axes of one sample. Where several are equally large they share the
 * gradient, so that it stays a slope of the function.
 */
import { div, mul, read, select, sub } from '../ir/expr';
import { ACC, type Kernel } from '../ir/kernel';
import { sampleShape, type Shape, stridesOf } from '../ir/shape';
import { type Call, GRADIENT, OUT, type Primitive, RESULT } from './op';
import { axesAttr, foldedAxes } from './reduce';

/** 1 where an element is the largest of those it was compared with. */
export const isLargest = select(sub(read(OUT), read('x')), 0, 1);

/** This element's share of the gradient; `ties` counts the largest ones. */
export const shareOfLargest = mul(div(read(GRADIENT), read('ties')), isLargest);

const plan = ({ shapes, attrs, out }: Pick<Call, 'shapes' | 'attrs' | 'out'>) => {
  const shape = shapes['x']!;
  const fold = foldedAxes(shape, attrs);
  const kept = shape.map((_, axis) => axis).filter((axis) => !fold.includes(axis));
  const own = stridesOf(shape);
  const results = stridesOf(out);
  return {
    shape,
    over: fold.map((axis) => shape[axis]!),
    /** Strides over the result's axes and then the folded ones. */
    folding: [...kept, ...fold].map((axis) => own[axis]!),
    /** Strides of a result over the input's own axes. */
    spread: shape.map((_, axis) => (kept.includes(axis) ? results[kept.indexOf(axis)]! : 0)),
    foldedResult: [...results, ...fold.map(() => 0)],
  };
};

export const max: Primitive = {
  kind: 'primitive',
  name: 'max',
  title: 'Maximum',
  about: 'The largest element of an array, or of each row or column.',
  glyph: 'max',
  group: 'reduction',
  keywords: ['reduce', 'largest', 'greatest', 'peak'],
  ports: () => [{ name: 'x', about: 'array to reduce' }],
  attrs: { axes: axesAttr },
  infer: (shapes, attrs) => {
    const shape = shapes['x']!;
    const fold = foldedAxes(shape, attrs);
    if (fold.some((axis) => axis >= shape.length))
      return { fault: `there is no such axis: each sample has ${sampleShape(shape).length}. Choose another axis.` };
    return { shape: shape.filter((_, axis) => !fold.includes(axis)) as Shape };
  },
  formula: ({ x }) => `\\max ${x}`,
  value: (call) => {
    const { over, folding } = plan(call);
    const x = { name: 'x', strides: folding, offset: 0 };
    const kernel: Kernel =
      over.length === 0
        ? { out: call.out, reads: [x], stores: [{ to: OUT, value: read('x') }] }
        : { out: call.out, fold: { with: 'max', over, body: read('x') }, reads: [x], stores: [{ to: OUT, value: read(ACC) }] };
    return { kernels: [kernel] };
  },
  gradient: (call) => {
    const { shape, over, folding, spread, foldedResult } = plan(call);
    if (over.length === 0)
      return {
        kernels: [
          {
            out: shape,
            reads: [{ name: GRADIENT, strides: spread, offset: 0 }],
            stores: [{ to: RESULT, value: read(GRADIENT) }],
          },
        ],
      };
    return {
      temps: { ties: call.out },
      kernels: [
        {
          out: call.out,
          fold: { with: 'sum', over, body: isLargest },
          reads: [
            { name: 'x', strides: folding, offset: 0 },
            { name: OUT, strides: foldedResult, offset: 0 },
          ],
          stores: [{ to: 'ties', value: read(ACC) }],
        },
        {
          out: shape,
          reads: [
            { name: 'x', strides: stridesOf(shape), offset: 0 },
            ...[OUT, GRADIENT, 'ties'].map((name) => ({ name, strides: spread, offset: 0 })),
          ],
          stores: [{ to: RESULT, value: shareOfLargest }],
        },
      ],
    };
  },
  derivativeFormula: ({ x }, out) => `\\mathbb{1}\\left[${x} = ${out}\\right]`,
  onnx: { type: 'ReduceMax', attributes: ({ attrs, shapes }) => ({ keepdims: 0, axes: foldedAxes(shapes['x']!, attrs) }) },
};
