/** Zeros around the last axis or the last two: what convolutions put around signals and images. */
import type { Attrs } from '../graph/graph';
import { applied } from '../ir/latex';
import { isBatched, sampleShape, type Shape, shapeText } from '../ir/shape';
import { type Call, GRADIENT, OUT, type Primitive, RESULT } from './op';
import { filled, putPart, stepAlong, takePart } from './parts';

const axesOf = (shape: Shape, attrs: Attrs): readonly number[] =>
  Array.from({ length: Number(attrs['axes']) }, (_, i) => sampleShape(shape).length - 1 - i);

const offsetOf = ({ attrs, out }: Call): number =>
  axesOf(out, attrs).reduce((sum, axis) => sum + (attrs['size'] as number) * stepAlong(out, axis), 0);

export const pad: Primitive = {
  kind: 'primitive',
  name: 'pad',
  title: 'Pad with zeros',
  about: 'Puts zeros around a signal or an image.',
  glyph: '⊡',
  group: 'shape',
  linearity: () => 'linear',
  keywords: ['padding', 'border', 'zero', 'same'],
  ports: () => [{ name: 'x', about: 'array' }],
  attrs: {
    size: { kind: 'integer', title: 'Size', about: 'Zeros at each end.', default: 1, min: 0, max: 1024 },
    axes: {
      kind: 'choice',
      title: 'Axes',
      about: 'A signal is padded along its last axis, an image along its last two.',
      default: '2',
      choices: [
        { value: '1', title: 'Last axis' },
        { value: '2', title: 'Last two axes' },
      ],
    },
  },
  infer: ({ x }, attrs) => {
    const axes = axesOf(x!, attrs);
    if (axes.some((axis) => axis < 0))
      return { fault: `there are fewer axes to pad than asked for: each sample has the shape ${shapeText(sampleShape(x!))}.` };
    const first = isBatched(x!) ? 1 : 0;
    return {
      shape: x!.map((length, at) =>
        axes.includes(at - first) ? (length as number) + 2 * (attrs['size'] as number) : length,
      ) as Shape,
    };
  },
  formula: ({ x }) => applied('\\operatorname{pad}', x!),
  value: (call) => ({ kernels: [filled(OUT, call.out, 0), putPart('x', call.shapes['x']!, OUT, call.out, offsetOf(call))] }),
  gradient: (call) => ({ kernels: [takePart(GRADIENT, call.out, RESULT, call.shapes['x']!, offsetOf(call))] }),
  derivativeFormula: () => 'I',
  backwardFormula: (gradient) => applied('\\operatorname{crop}', gradient),
  onnx: {
    type: 'Pad',
    constants: ({ attrs, out }) => {
      const axes = axesOf(out, attrs);
      const ends = out.map((_, at) => (axes.includes(at - (isBatched(out) ? 1 : 0)) ? (attrs['size'] as number) : 0));
      return [[...ends, ...ends]];
    },
  },
};
