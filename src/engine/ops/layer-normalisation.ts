/**
 * Layer normalisation (Ba et al., 2016): the numbers of each sample's last axis are brought to mean 0 and
 * variance 1, then scaled and shifted by learned numbers. `normalise` is the first half, the layer both.
 * Nothing depends on the batch, so training and use do the same.
 */
import { add, div, mul, read, sqrt, sub } from '../ir/expr';
import { ACC, type Kernel } from '../ir/kernel';
import { asBase, asFactor, productLatex } from '../ir/latex';
import { sampleShape, type Shape, stridesOf } from '../ir/shape';
import { type AttrSpec, type Call, type Composite, GRADIENT, OUT, type Primitive, RESULT, type ShapeResult } from './op';
import { perRow, rowsOf } from './softmax';

const epsilon: AttrSpec = {
  kind: 'number',
  title: 'ε',
  about: 'Added to the variance, so that equal numbers divide by more than 0.',
  default: 1e-5,
  min: 0,
  max: 1,
};

const whole = (name: string, shape: Shape) => ({ name, strides: stridesOf(shape), offset: 0 });
const each = (name: string, shape: Shape) => ({ name, strides: perRow(shape), offset: 0 });

/** The mean of an expression over the last axis. */
const rowMean = (
  to: string,
  shape: Shape,
  reads: Kernel['reads'],
  body: NonNullable<Kernel['fold']>['body'],
  finish = read(ACC),
): Kernel => {
  const { rows, last } = rowsOf(shape);
  return {
    out: rows,
    fold: { with: 'sum', over: [last], body: mul(1 / (last as number), body) },
    reads,
    stores: [{ to, value: finish }],
  };
};

const needsRow = (x: Shape): ShapeResult =>
  sampleShape(x).length === 0
    ? { fault: 'it compares the numbers of a sample, but this is a single number. Give it a vector.' }
    : { shape: x };

export const normalise: Primitive = {
  kind: 'primitive',
  name: 'normalise',
  title: 'Normalise',
  about: 'Brings the numbers of each sample to mean 0 and variance 1 (along the last axis).',
  glyph: '(x−μ)/σ',
  group: 'function',
  keywords: ['standardise', 'z-score'],
  ports: () => [{ name: 'x', about: 'vector' }],
  attrs: { epsilon },
  infer: ({ x }) => needsRow(x!),
  formula: ({ x }) => `\\frac{${x} - \\mu}{\\sqrt{\\sigma^2 + \\varepsilon}}`,
  value: ({ shapes, attrs }: Call) => {
    const shape = shapes['x']!;
    const { rows } = rowsOf(shape);
    const centred = sub(read('x'), read('mean'));
    return {
      temps: { mean: rows, deviation: rows },
      kernels: [
        rowMean('mean', shape, [whole('x', shape)], read('x')),
        rowMean(
          'deviation',
          shape,
          [whole('x', shape), each('mean', shape)],
          mul(centred, centred),
          sqrt(add(read(ACC), attrs['epsilon'] as number)),
        ),
        {
          out: shape,
          reads: [whole('x', shape), each('mean', shape), each('deviation', shape)],
          stores: [{ to: OUT, value: div(centred, read('deviation')) }],
        },
      ],
    };
  },
  gradient: ({ out }) => {
    const { rows } = rowsOf(out);
    const rest = sub(sub(read(GRADIENT), read('meanGradient')), mul(read(OUT), read('along')));
    return {
      temps: { meanGradient: rows, along: rows },
      kernels: [
        rowMean('meanGradient', out, [whole(GRADIENT, out)], read(GRADIENT)),
        rowMean('along', out, [whole(GRADIENT, out), whole(OUT, out)], mul(read(GRADIENT), read(OUT))),
        {
          out,
          reads: [whole(GRADIENT, out), whole(OUT, out), each('meanGradient', out), each('along', out), each('deviation', out)],
          stores: [{ to: RESULT, value: div(rest, read('deviation')) }],
        },
      ],
    };
  },
  derivativeFormula: (_args, out, _port, _call, convention) =>
    `\\frac{1}{\\sigma}\\left(I - \\tfrac{1}{n}${productLatex('\\mathbf 1^{\\top}', '\\mathbf 1', convention)} - \\tfrac{1}{n}${productLatex(`${asBase(out)}^{\\top}`, asFactor(out), convention)}\\right)`,
  onnx: null,
  torch: {
    text: ({ x }, { shapes, attrs }) => `F.layer_norm(${x}, (${String(shapes['x']!.at(-1))},), eps=${String(attrs['epsilon'])})`,
  },
};

export const layerNormalisation: Composite = {
  kind: 'composite',
  name: 'layer-normalisation',
  title: 'Layer normalisation',
  about: 'Brings each sample’s numbers to mean 0 and variance 1, then scales and shifts them by learned numbers.',
  glyph: 'LN',
  group: 'layer',
  keywords: ['layernorm', 'layer norm', 'normalization', 'standardise'],
  ports: () => [{ name: 'x', about: 'vector' }],
  attrs: { epsilon },
  infer: ({ x }) => needsRow(x!),
  formula: ({ x }) => `\\gamma \\odot \\frac{${x} - \\mu}{\\sqrt{\\sigma^2 + \\varepsilon}} + \\beta`,
  expand: ({ shapes, attrs }, { x }, sketch) => {
    const width = sampleShape(shapes['x']!).at(-1)!;
    const normal = sketch.node('normal', 'normalise', { epsilon: attrs['epsilon']! }, { x: x! });
    const gain = sketch.node('gain', 'parameter', { shape: [width], initializer: 'constant', scale: 1 });
    const scaled = sketch.node('scaled', 'multiply', {}, { a: normal, b: gain });
    const shift = sketch.node('shift', 'parameter', { shape: [width], initializer: 'zeros', role: 'bias' });
    return sketch.node('shifted', 'add', {}, { a: scaled, b: shift });
  },
};
