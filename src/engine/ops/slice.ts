/** A run of an axis: the elements from one index up to another. The others get no gradient. */
import type { Attrs } from '../graph/graph';
import { applied } from '../ir/latex';
import { isBatched, sampleShape, type Shape, shapeText } from '../ir/shape';
import { type Call, GRADIENT, OUT, type Primitive, RESULT } from './op';
import { axisAttr, filled, putPart, stepAlong, takePart } from './parts';

const offsetOf = ({ shapes, attrs }: Call): number =>
  (attrs['from'] as number) * stepAlong(shapes['x']!, attrs['axis'] as number);

const placesOf = ({ from, count }: Attrs): string => `[${String(from)}:${(from as number) + (count as number)}]`;

export const slice: Primitive = {
  kind: 'primitive',
  name: 'slice',
  title: 'Slice',
  about: 'Takes some neighbouring elements along an axis.',
  glyph: '[i:j]',
  group: 'shape',
  linearity: () => 'linear',
  keywords: ['part', 'range', 'crop', 'select', 'split'],
  ports: () => [{ name: 'x', about: 'array' }],
  attrs: {
    axis: axisAttr,
    from: {
      kind: 'integer',
      title: 'From',
      about: 'Index of the first element, counted from 0.',
      default: 0,
      min: 0,
      max: 2 ** 28,
    },
    count: { kind: 'integer', title: 'Count', about: 'How many elements.', default: 1, min: 1, max: 2 ** 28 },
  },
  infer: ({ x }, attrs) => {
    const axis = attrs['axis'] as number;
    const length = sampleShape(x!)[axis];
    if (length === undefined)
      return { fault: `there is no axis ${axis}: each sample has the shape ${shapeText(sampleShape(x!))}. Choose another axis.` };
    const end = (attrs['from'] as number) + (attrs['count'] as number);
    if (end > length)
      return { fault: `axis ${axis} has ${length} elements, but the slice ends at ${end}. Take fewer, or start earlier.` };
    const at = axis + (isBatched(x!) ? 1 : 0);
    return { shape: x!.map((own, i) => (i === at ? (attrs['count'] as number) : own)) as Shape };
  },
  formula: ({ x }, { attrs }) => `{${x}}_{${placesOf(attrs)}}`,
  value: (call) => ({ kernels: [takePart('x', call.shapes['x']!, OUT, call.out, offsetOf(call))] }),
  gradient: (call) => ({
    kernels: [filled(RESULT, call.shapes['x']!, 0), putPart(GRADIENT, call.out, RESULT, call.shapes['x']!, offsetOf(call))],
  }),
  derivativeFormula: (_args, _out, _port, { attrs }) => `I_{${placesOf(attrs)}}`,
  backwardFormula: (gradient) => applied('\\operatorname{pad}', gradient),
  onnx: {
    type: 'Slice',
    constants: ({ attrs, out }) => [
      [attrs['from'] as number],
      [(attrs['from'] as number) + (attrs['count'] as number)],
      [(attrs['axis'] as number) + (isBatched(out) ? 1 : 0)],
    ],
  },
};
