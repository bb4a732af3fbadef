/**
 * Batch normalisation (Ioffe and Szegedy, 2015). In training each feature (each channel of an image) is
 * brought to mean 0 and variance 1 over the batch, and running averages of both are kept as parameters; in
 * use these averages take their place. `standardise` is that part, the layer adds a learned scale and shift.
 */
import { derive } from '../ir/derive';
import { add, div, type Expr, mul, read, sqrt, sub } from '../ir/expr';
import { ACC, alongOut, type Kernel } from '../ir/kernel';
import { asFactor, asTerm } from '../ir/latex';
import { isBatched, product, sameShape, sampleShape, type Shape, shapeText, stridesOf } from '../ir/shape';
import type { Attrs } from '../graph/graph';
import { mapKernel, sumTo } from './make';
import {
  type AttrSpec,
  type Call,
  type Composite,
  GRADIENT,
  OUT,
  type Primitive,
  RESULT,
  ROWS,
  type ShapeResult,
  type TrainingForm,
} from './op';

const attrs: Readonly<Record<string, AttrSpec>> = {
  epsilon: {
    kind: 'number',
    title: 'ε',
    about: 'Added to the variance, so that equal numbers divide by more than 0.',
    default: 1e-5,
    min: 0,
    max: 1,
  },
  momentum: {
    kind: 'number',
    title: 'Momentum',
    about: 'Share of each batch in the running averages.',
    default: 0.1,
    min: 0,
    max: 1,
  },
};

/** One number a feature, or a channel: the first axis of a sample, and 1 for the others. */
const perFeature = (x: Shape): readonly number[] => sampleShape(x).map((length, axis) => (axis === 0 ? length : 1));

const needsBatch = (x: Shape): ShapeResult =>
  !isBatched(x) || sampleShape(x).length === 0
    ? {
        fault: `it compares the samples of a batch, feature by feature, but this has the shape ${shapeText(x)}. Connect a vector or an image of each sample.`,
      }
    : { shape: x };

/** In use: with the running averages. */
const inUse = (given: Attrs): Expr => div(sub(read('x'), read('mean')), sqrt(add(read('variance'), given['epsilon'] as number)));

/** Where the numbers of a batch lie, feature by feature. */
function plan({ shapes }: Call) {
  const x = shapes['x']!;
  const own = stridesOf(x);
  const stats = perFeature(x);
  const inner = x.slice(2) as readonly number[];
  const along = stridesOf(stats);
  const ones = inner.map(() => 0);
  const over: Shape = ['batch', ...inner];
  return {
    x,
    stats,
    area: product(inner),
    /** Sums an expression over all numbers of a feature. */
    fold: (body: Expr, names: readonly string[], stores: Kernel['stores']): Kernel => ({
      out: stats,
      fold: { with: 'sum', over, body },
      reads: names.map((name) => ({
        name,
        offset: 0,
        strides:
          name === 'x' || name === GRADIENT || name === OUT
            ? [own[1]!, ...ones, own[0]!, ...own.slice(2)]
            : name === ROWS
              ? [...stats.map(() => 0), 1, ...ones]
              : [...along, ...over.map(() => 0)],
      })),
      stores,
    }),
    /** Reads of a kernel over all elements. */
    reads: (names: readonly string[]): Kernel['reads'] =>
      names.map((name) =>
        name === 'x' || name === GRADIENT || name === OUT
          ? alongOut(name, x)
          : { name, strides: name === ROWS ? [1, 0, ...ones] : [0, along[0]!, ...ones], offset: 0 },
      ),
  };
}

const training: TrainingForm = {
  value: (call) => {
    const { x, stats, area, fold, reads } = plan(call);
    const centred = sub(read('x'), read('batchMean'));
    const share = (e: Expr): Expr => mul(e, mul(1 / area, read(ROWS)));
    return {
      temps: { batchMean: stats, batchVariance: stats, deviation: stats },
      kernels: [
        fold(share(read('x')), ['x', ROWS], [{ to: 'batchMean', value: read(ACC) }]),
        fold(
          share(mul(centred, centred)),
          ['x', ROWS, 'batchMean'],
          [
            { to: 'batchVariance', value: read(ACC) },
            { to: 'deviation', value: sqrt(add(read(ACC), call.attrs['epsilon'] as number)) },
          ],
        ),
        { out: x, reads: reads(['x', 'batchMean', 'deviation']), stores: [{ to: OUT, value: div(centred, read('deviation')) }] },
      ],
    };
  },
  gradient: (call, port) => {
    // The batch's own mean and variance stand in for the other two.
    if (port !== 'x') return null;
    const { x, stats, area, fold, reads } = plan(call);
    const weight = mul(1 / area, read(ROWS));
    const shared = mul(weight, add(read('total'), mul(read(OUT), read('along'))));
    return {
      temps: { total: stats, along: stats },
      kernels: [
        fold(read(GRADIENT), [GRADIENT], [{ to: 'total', value: read(ACC) }]),
        fold(mul(read(GRADIENT), read(OUT)), [GRADIENT, OUT], [{ to: 'along', value: read(ACC) }]),
        {
          out: x,
          reads: reads([GRADIENT, OUT, ROWS, 'total', 'along', 'deviation']),
          stores: [{ to: RESULT, value: div(sub(read(GRADIENT), shared), read('deviation')) }],
        },
      ],
    };
  },
  update: (call) => {
    const { stats } = plan(call);
    const momentum = call.attrs['momentum'] as number;
    const moved = (kept: string, batch: string): Kernel => ({
      out: stats,
      reads: [alongOut(kept, stats), alongOut(batch, stats)],
      stores: [{ to: kept, value: add(mul(1 - momentum, read(kept)), mul(momentum, read(batch))) }],
    });
    return { kernels: [moved('mean', 'batchMean'), moved('variance', 'batchVariance')] };
  },
};

export const standardise: Primitive = {
  kind: 'primitive',
  name: 'standardise',
  title: 'Standardise over the batch',
  about: 'Brings each feature to mean 0 and variance 1 over the batch in training, and by running averages in use.',
  glyph: '(x−x̄)/s',
  group: 'function',
  keywords: ['normalise', 'running'],
  ports: () => [
    { name: 'x', about: 'vector or image of each sample' },
    { name: 'mean', about: 'frozen parameter that keeps the running mean' },
    { name: 'variance', about: 'frozen parameter that keeps the running variance' },
  ],
  attrs,
  infer: ({ x, mean, variance }) => {
    const result = needsBatch(x!);
    if ('fault' in result) return result;
    const wanted = perFeature(x!);
    for (const kept of [mean!, variance!])
      if (!sameShape(kept, wanted))
        return {
          fault: `the running averages have the shape ${shapeText(kept)}, but it takes one number for each feature: ${shapeText(wanted)}.`,
        };
    return result;
  },
  formula: ({ x, mean, variance }) => `\\frac{${x} - ${asTerm(mean!)}}{\\sqrt{${variance} + \\varepsilon}}`,
  value: ({ shapes, attrs: given, out }) => ({ kernels: [mapKernel(OUT, out, shapes, inUse(given))] }),
  gradient: ({ shapes, attrs: given, out }, port) => ({
    kernels: [sumTo(RESULT, shapes[port]!, out, { ...shapes, [GRADIENT]: out }, mul(read(GRADIENT), derive(inUse(given), port)))],
  }),
  derivativeFormula: ({ variance }, out, port) =>
    port === 'x'
      ? `\\frac{1}{\\sqrt{${variance} + \\varepsilon}}`
      : port === 'mean'
        ? `\\frac{-1}{\\sqrt{${variance} + \\varepsilon}}`
        : `\\frac{-${asFactor(out)}}{2\\left(${variance} + \\varepsilon\\right)}`,
  training,
  onnx: null,
  // Not `F.batch_norm`: that one keeps the unbiased variance.
  torch: {
    text: ({ x, mean, variance }, { attrs: given }, trains) =>
      trains === 'False'
        ? null
        : `standardise(${x}, ${mean}, ${variance}, ${trains}, ${String(given['momentum'])}, ${String(given['epsilon'])})`,
    defines: {
      standardise: `def standardise(x, mean, variance, training, momentum, epsilon):
    """By the batch in training, where running averages are kept; by these averages in use."""
    if training:
        axes = (0, *range(2, x.dim()))
        batch_mean = x.mean(axes, keepdim=True)[0]
        batch_variance = (x - batch_mean).square().mean(axes, keepdim=True)[0]
        with torch.no_grad():
            mean.lerp_(batch_mean, momentum)
            variance.lerp_(batch_variance, momentum)
        mean, variance = batch_mean, batch_variance
    return (x - mean) / torch.sqrt(variance + epsilon)`,
    },
  },
};

export const batchNormalisation: Composite = {
  kind: 'composite',
  name: 'batch-normalisation',
  title: 'Batch normalisation',
  about:
    'Standardises each feature by the batch in training and by running averages in use, then scales and shifts it by learned numbers.',
  glyph: 'BN',
  group: 'layer',
  keywords: ['batchnorm', 'batch norm', 'bn', 'normalization', 'standardise', 'whiten'],
  ports: () => [{ name: 'x', about: 'vector or image of each sample' }],
  attrs,
  infer: ({ x }) => needsBatch(x!),
  formula: ({ x }) => `\\gamma \\odot \\frac{${x} - \\bar x}{\\sqrt{s^2 + \\varepsilon}} + \\beta`,
  expand: ({ shapes, attrs: given }, { x }, sketch) => {
    const shape = perFeature(shapes['x']!);
    const mean = sketch.node('mean', 'parameter', { shape, initializer: 'zeros', frozen: true });
    const variance = sketch.node('variance', 'parameter', { shape, initializer: 'constant', scale: 1, frozen: true });
    const standard = sketch.node('standard', 'standardise', given, { x: x!, mean, variance });
    const gain = sketch.node('gain', 'parameter', { shape, initializer: 'constant', scale: 1 });
    const scaled = sketch.node('scaled', 'multiply', {}, { a: standard, b: gain });
    const shift = sketch.node('shift', 'parameter', { shape, initializer: 'zeros', role: 'bias' });
    return sketch.node('shifted', 'add', {}, { a: scaled, b: shift });
  },
};
