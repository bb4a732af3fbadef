/**
 * Pooling: each window of the last axis or the last two becomes one number, its largest or its mean.
 * Windows lie side by side, so every element belongs to one, and the array can be walked window by
 * window: axes of length n are n / size windows of `size` elements.
 */
import type { Attrs } from '../graph/graph';
import { mul, read } from '../ir/expr';
import { ACC, type Kernel } from '../ir/kernel';
import { applied, type Latex } from '../ir/latex';
import { type Axis, isBatched, product, sampleShape, type Shape, shapeText, stridesOf } from '../ir/shape';
import { isLargest, shareOfLargest } from './max';
import { type AttrSpec, type Call, GRADIENT, OUT, type Primitive, RESULT, type ShapeResult } from './op';

const attrs: Readonly<Record<string, AttrSpec>> = {
  size: { kind: 'integer', title: 'Size', about: 'Length of a window along each axis.', default: 2, min: 1, max: 64 },
  axes: {
    kind: 'choice',
    title: 'Axes',
    about: 'A signal is pooled along its last axis, an image along its last two.',
    default: '2',
    choices: [
      { value: '1', title: 'Last axis' },
      { value: '2', title: 'Last two axes' },
    ],
  },
};

const pooledAxes = (shape: Shape, given: Attrs): number => shape.length - Number(given['axes']);

function infer({ x }: Readonly<Record<string, Shape>>, given: Attrs): ShapeResult {
  const [count, size] = [Number(given['axes']), given['size'] as number];
  if (sampleShape(x!).length < count)
    return { fault: `there are fewer axes to pool than asked for: each sample has the shape ${shapeText(sampleShape(x!))}.` };
  const first = pooledAxes(x!, given);
  const odd = x!.find((length, axis) => axis >= first && (length as number) % size !== 0);
  if (odd !== undefined)
    return { fault: `windows of ${size} do not divide an axis of length ${odd}. Choose a size that does, or pad the input.` };
  return { shape: x!.map((length, axis) => (axis >= first ? (length as number) / size : length)) };
}

function plan({ shapes, attrs: given, out }: Call) {
  const x = shapes['x']!;
  const first = pooledAxes(x, given);
  const size = given['size'] as number;
  const own = stridesOf(x);
  const results = stridesOf(out);
  const pooled = x.map((_, axis) => axis).slice(first);
  // Axes of the result, then of the window.
  const windows = {
    over: pooled.map(() => size),
    x: [...own.map((s, axis) => (axis >= first ? s * size : s)), ...pooled.map((axis) => own[axis]!)],
    result: [...results, ...pooled.map(() => 0)],
  };
  // All elements in their own order: each pooled axis as windows and places in them.
  const split = <T>(axis: number, whole: T, window: T, place: T): T[] => (axis >= first ? [window, place] : [whole]);
  const elements = {
    shape: x.flatMap((length, axis): Axis[] => split<Axis>(axis, length, (length as number) / size, size)),
    x: own.flatMap((s, axis) => split(axis, s, s * size, s)),
    result: results.flatMap((s, axis) => split(axis, s, s, 0)),
  };
  return { windows, elements, count: product(windows.over) };
}

const at = (name: string, strides: readonly number[]) => ({ name, strides, offset: 0 });

interface PoolingSpec {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly glyph: string;
  readonly keywords: readonly string[];
  readonly fold: 'max' | 'sum';
  readonly formula: (x: Latex) => Latex;
  readonly onnx: string;
}

const pooling = (spec: PoolingSpec): Primitive => ({
  kind: 'primitive',
  name: spec.name,
  title: spec.title,
  about: spec.about,
  glyph: spec.glyph,
  linearity: () => (spec.fold === 'sum' ? 'linear' : 'curved'),
  group: 'layer',
  keywords: ['pool', 'pooling', 'downsample', 'image', ...spec.keywords],
  ports: () => [{ name: 'x', about: 'signal or image' }],
  attrs,
  infer,
  formula: ({ x }) => spec.formula(x!),
  value: (call) => {
    const { windows, count } = plan(call);
    const kernel: Kernel = {
      out: call.out,
      fold: { with: spec.fold, over: windows.over, body: read('x') },
      reads: [at('x', windows.x)],
      stores: [{ to: OUT, value: spec.fold === 'max' ? read(ACC) : mul(1 / count, read(ACC)) }],
    };
    return { kernels: [kernel] };
  },
  gradient: (call) => {
    const { windows, elements, count } = plan(call);
    const spread = at(GRADIENT, elements.result);
    if (spec.fold === 'sum')
      return {
        kernels: [{ out: elements.shape, reads: [spread], stores: [{ to: RESULT, value: mul(1 / count, read(GRADIENT)) }] }],
      };
    return {
      temps: { ties: call.out },
      kernels: [
        {
          out: call.out,
          fold: { with: 'sum', over: windows.over, body: isLargest },
          reads: [at('x', windows.x), at(OUT, windows.result)],
          stores: [{ to: 'ties', value: read(ACC) }],
        },
        {
          out: elements.shape,
          reads: [at('x', elements.x), at(OUT, elements.result), at('ties', elements.result), spread],
          stores: [{ to: RESULT, value: shareOfLargest }],
        },
      ],
    };
  },
  derivativeFormula: ({ x }, out, _port, call) =>
    spec.fold === 'max' ? `\\mathbb{1}\\left[${x} = ${out}\\right]` : `\\frac{1}{${plan(call).count}}`,
  onnx: {
    type: spec.onnx,
    attributes: ({ attrs: given }) => {
      const window = Array.from({ length: Number(given['axes']) }, () => given['size'] as number);
      return { kernel_shape: window, strides: window };
    },
    // ONNX's has a batch axis and a channel axis before those that are pooled.
    fits: ({ out, attrs: given }) => isBatched(out) && out.length === Number(given['axes']) + 2,
  },
});

/** Elements that are equally large share the gradient of their window. */
export const maxPooling = pooling({
  name: 'max-pooling',
  title: 'Max pooling',
  about: 'Keeps the largest number of each window and makes the array smaller.',
  glyph: 'max▦',
  keywords: ['maximum', 'maxpool', 'maxpool1d', 'maxpool2d'],
  fold: 'max',
  formula: (x) => applied('\\operatorname{maxpool}', x),
  onnx: 'MaxPool',
});

export const averagePooling = pooling({
  name: 'average-pooling',
  title: 'Average pooling',
  about: 'Takes the mean of each window and makes the array smaller.',
  glyph: 'avg▦',
  keywords: ['mean', 'avgpool', 'avgpool1d', 'avgpool2d'],
  fold: 'sum',
  formula: (x) => applied('\\operatorname{avgpool}', x),
  onnx: 'AveragePool',
});
