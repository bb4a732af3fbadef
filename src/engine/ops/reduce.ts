/** Sums and means over the axes of one sample; the batch axis stays. */
import type { Attrs } from '../graph/graph';
import { mul, read } from '../ir/expr';
import { ACC, type Kernel } from '../ir/kernel';
import { isBatched, product, sampleShape, type Shape, stridesOf } from '../ir/shape';
import { type Call, GRADIENT, type Latex, OUT, type Primitive, RESULT } from './op';

const ORDINALS = ['first', 'second', 'third', 'fourth'];
const capital = (text: string): string => text.replace(/^./, (c) => c.toUpperCase());

/** Every choice of some of the four axes that a sample may have, the smallest first. */
const someAxes = Array.from({ length: 2 ** ORDINALS.length - 2 }, (_, at) =>
  [...ORDINALS.keys()].filter((axis) => (at + 1) & (1 << axis)),
)
  .toSorted((a, b) => a.length - b.length || a.join().localeCompare(b.join()))
  .map((axes) => ({
    value: axes.join(),
    title: capital(
      `${axes
        .map((axis) => ORDINALS[axis])
        .join(', ')
        .replace(/, (\w+)$/, ' and $1')} ${axes.length === 1 ? 'axis' : 'axes'}`,
    ),
  }));

export const axesAttr = {
  kind: 'choice',
  title: 'Axes',
  about: 'Over which axes of a sample. The batch axis is never touched: the loss is averaged over it by training.',
  default: 'all',
  choices: [{ value: 'all', title: 'All axes' }, ...someAxes],
} as const;

/** Positions in the full shape (batch axis included) that are folded away. */
export function foldedAxes(shape: Shape, attrs: Attrs): readonly number[] {
  const first = isBatched(shape) ? 1 : 0;
  if (attrs['axes'] === 'all') return shape.map((_, axis) => axis).slice(first);
  return (attrs['axes'] as string).split(',').map((axis) => first + Number(axis));
}

interface ReductionSpec {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly glyph: string;
  readonly keywords: readonly string[];
  readonly onnx: string;
  /** Factor on the sum of `count` elements. */
  readonly scale: (count: number) => number;
  readonly symbol: (x: Latex, count: number) => Latex;
}

export function reduction(spec: ReductionSpec): Primitive {
  const plan = ({ shapes, attrs }: Call) => {
    const shape = shapes['x']!;
    const fold = foldedAxes(shape, attrs);
    const kept = shape.map((_, axis) => axis).filter((axis) => !fold.includes(axis));
    const strides = stridesOf(shape);
    const count = product(fold.map((axis) => shape[axis] as number));
    return { shape, fold, kept, strides, count, scale: spec.scale(count) };
  };
  return {
    kind: 'primitive',
    name: spec.name,
    title: spec.title,
    about: spec.about,
    glyph: spec.glyph,
    group: 'reduction',
    linearity: () => 'linear',
    keywords: spec.keywords,
    ports: () => [{ name: 'x', about: 'array to reduce' }],
    attrs: { axes: axesAttr },
    infer: (shapes, attrs) => {
      const shape = shapes['x']!;
      const fold = foldedAxes(shape, attrs);
      if (fold.some((axis) => axis >= shape.length))
        return { fault: `there is no such axis: each sample has ${sampleShape(shape).length}. Choose another axis.` };
      return { shape: shape.filter((_, axis) => !fold.includes(axis)) };
    },
    formula: (args, call) => spec.symbol(args['x']!, plan(call).count),
    value: (call) => {
      const { shape, fold, kept, strides, scale } = plan(call);
      const kernel: Kernel =
        fold.length === 0
          ? { out: call.out, reads: [{ name: 'x', strides, offset: 0 }], stores: [{ to: OUT, value: read('x') }] }
          : {
              out: call.out,
              fold: { with: 'sum', over: fold.map((axis) => shape[axis]!), body: read('x') },
              reads: [{ name: 'x', strides: [...kept, ...fold].map((axis) => strides[axis]!), offset: 0 }],
              stores: [{ to: OUT, value: mul(scale, read(ACC)) }],
            };
      return { kernels: [kernel] };
    },
    gradient: (call) => {
      const { shape, kept, scale } = plan(call);
      const out = stridesOf(call.out);
      const strides = shape.map((_, axis) => (kept.includes(axis) ? out[kept.indexOf(axis)]! : 0));
      const kernel: Kernel = {
        out: shape,
        reads: [{ name: GRADIENT, strides, offset: 0 }],
        stores: [{ to: RESULT, value: mul(scale, read(GRADIENT)) }],
      };
      return { kernels: [kernel] };
    },
    derivativeFormula: (_args, _out, _port, call) => {
      const { count, scale } = plan(call);
      return scale === 1 ? '1' : `\\frac{1}{${count}}`;
    },
    onnx: {
      type: spec.onnx,
      attributes: ({ attrs, shapes }) => ({
        keepdims: 0,
        ...(spec.onnx === 'ReduceSum' ? {} : { axes: foldedAxes(shapes['x']!, attrs) }),
      }),
      ...(spec.onnx === 'ReduceSum' ? { constants: ({ attrs, shapes }: Call) => [foldedAxes(shapes['x']!, attrs)] } : {}),
    },
  };
}
