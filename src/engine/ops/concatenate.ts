/** Arrays one behind the other along an axis. Each gets its own part of the gradient back. */
import { asBase } from '../ir/latex';
import { isBatched, sampleShape, type Shape, shapeText } from '../ir/shape';
import { type Call, GRADIENT, OUT, type Primitive, RESULT } from './op';
import { axisAttr, putPart, stepAlong, takePart } from './parts';

const letters = 'abcdefghijklmnop';
const names = (inputs: unknown): string[] => Array.from({ length: inputs as number }, (_, i) => letters[i]!);

/** Where a port's part begins along the axis. */
function placeOf({ shapes, attrs }: Call, port: string): number {
  let before = 0;
  for (const name of names(attrs['inputs'])) {
    if (name === port) break;
    before += sampleShape(shapes[name]!)[attrs['axis'] as number]!;
  }
  return before;
}

/** The same in elements of a sample of the result. */
const offsetOf = (call: Call, port: string): number => placeOf(call, port) * stepAlong(call.out, call.attrs['axis'] as number);

export const concatenate: Primitive = {
  kind: 'primitive',
  name: 'concatenate',
  title: 'Concatenate',
  about: 'Puts arrays one behind the other along an axis.',
  glyph: '⧺',
  group: 'shape',
  linearity: () => 'linear',
  keywords: ['cat', 'join', 'stack', 'append', 'concat'],
  ports: ({ inputs }) => names(inputs).map((name, i) => ({ name, about: `part ${i + 1}` })),
  attrs: {
    inputs: { kind: 'integer', title: 'Inputs', about: 'How many arrays.', default: 2, min: 2, max: 16 },
    axis: axisAttr,
  },
  infer: (shapes, attrs) => {
    const parts = names(attrs['inputs']).map((name) => shapes[name]!);
    const first = sampleShape(parts[0]!);
    const axis = attrs['axis'] as number;
    if (axis >= first.length)
      return {
        fault: `there is no axis ${axis}: the first part has the shape ${shapeText(parts[0]!)}. ${first.length === 0 ? 'Reshape single numbers to the shape 1 first.' : 'Choose another axis.'}`,
      };
    const other = parts.find((part) => {
      const own = sampleShape(part);
      return own.length !== first.length || own.some((length, at) => at !== axis && length !== first[at]);
    });
    if (other)
      return {
        fault: `the shapes ${shapeText(parts[0]!)} and ${shapeText(other)} cannot stand one behind the other: they must be equal but for axis ${axis}.`,
      };
    const total = parts.reduce((sum, part) => sum + sampleShape(part)[axis]!, 0);
    const shape: Shape = first.map((length, at) => (at === axis ? total : length));
    return { shape: parts.some(isBatched) ? ['batch', ...shape] : shape };
  },
  formula: (args) => `\\left[${Object.values(args).join(',\\ ')}\\right]`,
  value: (call) => ({
    kernels: names(call.attrs['inputs']).map((name) => putPart(name, call.shapes[name]!, OUT, call.out, offsetOf(call, name))),
  }),
  gradient: (call, port) => ({ kernels: [takePart(GRADIENT, call.out, RESULT, call.shapes[port]!, offsetOf(call, port))] }),
  derivativeFormula: () => 'I',
  backwardFormula: (gradient, _args, port, call) => {
    const axis = call.attrs['axis'] as number;
    const from = placeOf(call, port);
    return `{${asBase(gradient)}}_{[${from}:${from + sampleShape(call.shapes[port]!)[axis]!}]}`;
  },
  onnx: {
    type: 'Concat',
    attributes: ({ attrs, out }) => ({ axis: (attrs['axis'] as number) + (isBatched(out) ? 1 : 0) }),
    // ONNX does not repeat a part for each sample.
    fits: ({ shapes }) => new Set(Object.values(shapes).map(isBatched)).size === 1,
  },
};
