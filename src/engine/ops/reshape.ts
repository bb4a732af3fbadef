/**
 * The same numbers, in the same order, in another shape; and `flatten`, which makes one vector of each
 * sample. The kernels walk the shape that they read, so that fusion sees a copy and drops it.
 */
import { read } from '../ir/expr';
import { alongOut, type Kernel } from '../ir/kernel';
import { applied, type Latex } from '../ir/latex';
import { isBatched, product, sampleShape, type Shape, shapeText } from '../ir/shape';
import { type Call, GRADIENT, OUT, type Primitive, RESULT } from './op';

const copy = (from: string, shape: Shape, to: string): Kernel => ({
  out: shape,
  reads: [alongOut(from, shape)],
  stores: [{ to, value: read(from) }],
});

const rearranged = (
  spec: Pick<Primitive, 'name' | 'title' | 'about' | 'glyph' | 'attrs' | 'infer'> & {
    readonly keywords: readonly string[];
    readonly formula: (x: Latex) => Latex;
  },
): Primitive => ({
  ...spec,
  kind: 'primitive',
  group: 'shape',
  linearity: () => 'linear',
  ports: () => [{ name: 'x', about: 'array' }],
  formula: ({ x }) => spec.formula(x!),
  value: ({ shapes }: Call) => ({ kernels: [copy('x', shapes['x']!, OUT)] }),
  gradient: ({ out }) => ({ kernels: [copy(GRADIENT, out, RESULT)] }),
  derivativeFormula: () => 'I',
  backwardFormula: (gradient) => applied('\\operatorname{reshape}', gradient),
  // −1 stands for the batch, whose length the file leaves open.
  onnx: { type: 'Reshape', constants: ({ out }) => [[...(isBatched(out) ? [-1] : []), ...sampleShape(out)]] },
});

export const reshape = rearranged({
  name: 'reshape',
  title: 'Reshape',
  about: 'The same numbers in another shape, row by row.',
  glyph: '⇢',
  keywords: ['view', 'rearrange', 'image'],
  attrs: {
    shape: { kind: 'shape', title: 'Shape', about: 'Axis lengths of each sample. Their product stays the same.', default: [1] },
  },
  infer: ({ x }, { shape }) => {
    const wanted = shape as readonly number[];
    const [has, needs] = [product(sampleShape(x!)), product(wanted)];
    if (has !== needs)
      return {
        fault: `each sample has ${has} number${has === 1 ? '' : 's'} (${shapeText(x!)}), but the shape ${shapeText(wanted)} holds ${needs}. Choose axes whose product is ${has}.`,
      };
    return { shape: isBatched(x!) ? ['batch', ...wanted] : wanted };
  },
  formula: (x) => applied('\\operatorname{reshape}', x),
});

export const flatten = rearranged({
  name: 'flatten',
  title: 'Flatten',
  about: 'Makes one vector of each sample’s array, for example before a fully connected layer.',
  glyph: '▭→│',
  keywords: ['vector', 'ravel'],
  attrs: {},
  infer: ({ x }) => {
    const size = product(sampleShape(x!));
    return { shape: isBatched(x!) ? ['batch', size] : [size] };
  },
  formula: (x) => applied('\\operatorname{vec}', x),
});
