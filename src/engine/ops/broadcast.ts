/** A smaller array repeated to a shape, as arithmetic does by itself. Its gradient is the sum of the repetitions. */
import { read } from '../ir/expr';
import { applied } from '../ir/latex';
import { broadcast as meet, isBatched, sameShape, sampleShape, shapeText } from '../ir/shape';
import { mapKernel, sumTo } from './make';
import { GRADIENT, OUT, type Primitive, RESULT } from './op';

export const broadcast: Primitive = {
  kind: 'primitive',
  name: 'broadcast',
  title: 'Broadcast',
  about: 'Repeats a smaller array until it fills a shape.',
  glyph: '⇶',
  group: 'shape',
  linearity: () => 'linear',
  keywords: ['repeat', 'expand', 'tile'],
  ports: () => [{ name: 'x', about: 'array to repeat' }],
  attrs: { shape: { kind: 'shape', title: 'Shape', about: 'Axis lengths of the result, for each sample.', default: [2] } },
  infer: ({ x }, { shape }) => {
    const wanted = shape as readonly number[];
    const own = sampleShape(x!);
    const both = meet(own, wanted);
    if (!both || !sameShape(both, wanted))
      return {
        fault: `the shape ${shapeText(own)} cannot be repeated to ${shapeText(wanted)}: each of its axes must be equal, or 1.`,
      };
    return { shape: isBatched(x!) ? ['batch', ...wanted] : wanted };
  },
  formula: ({ x }) => applied('\\operatorname{broadcast}', x!),
  value: ({ shapes, out }) => ({ kernels: [mapKernel(OUT, out, shapes, read('x'))] }),
  gradient: ({ shapes, out }) => ({ kernels: [sumTo(RESULT, shapes['x']!, out, { [GRADIENT]: out }, read(GRADIENT))] }),
  derivativeFormula: () => '1',
  onnx: null,
};
