/**
 * −Σ tᵢ ln softmax(s)ᵢ over the last axis, from scores. The largest score is taken off first, so nothing
 * overflows and large scores lose no digits; ln Σ e^(sⱼ − max s) is computed once per sample.
 * ∂l/∂s = softmax(s)·Σt − t, which for one-hot targets is softmax(s) − t.
 */
import { exp, log, mul, neg, read, sub } from '../ir/expr';
import { ACC } from '../ir/kernel';
import { applied, asBase, asFactor, asTerm, elementLatex, isWrittenOut } from '../ir/latex';
import { sameShape, sampleShape, type Shape, shapeText, stridesOf, isBatched, broadcast, broadcastStrides } from '../ir/shape';
import { LOSS_PORTS, sumTo } from './make';
import { type Call, GRADIENT, OUT, type Primitive, RESULT } from './op';
import { perRow, rowMax, rowsOf } from './softmax';

/** −ln softmax(s)ᵢ. */
const surprise = sub(read('rest'), sub(read('prediction'), read('top')));

const strided = (name: string, strides: readonly number[]) => ({ name, strides, offset: 0 });

export const crossEntropyLogits: Primitive = {
  kind: 'primitive',
  name: 'cross-entropy-logits',
  title: 'Cross-entropy from logits',
  about: 'For one class out of several, from the scores before the softmax; never overflows.',
  glyph: 'CE',
  group: 'loss',
  keywords: ['classification', 'categorical', 'crossentropy', 'cross entropy', 'cce', 'nll', 'softmax', 'multiclass', 'logit'],
  ports: () => LOSS_PORTS,
  attrs: {},
  infer: ({ prediction, target }) => {
    const [p, t] = [sampleShape(prediction!), sampleShape(target!)];
    if (p.length !== 1 || !sameShape(p, t))
      return {
        fault: `the scores have the shape ${shapeText(prediction!)} and the target ${shapeText(target!)}; both must be vectors with one number for each class.`,
      };
    return { shape: isBatched(prediction!) || isBatched(target!) ? ['batch'] : [] };
  },
  formula: ({ prediction, target }, _call, convention) =>
    `\\ln ${isWrittenOut(prediction!) ? `\\sum_k \\left[\\exp ${prediction}\\right]_k` : `\\sum_k e^{${elementLatex(prediction!)}}`} - ${convention === 'row' ? `${asFactor(target!)}\\,${asBase(prediction!)}^{\\top}` : `${asBase(target!)}^{\\top}\\,${asFactor(prediction!)}`}`,
  value: ({ shapes, out }: Call) => {
    const [p, t] = [shapes['prediction']!, shapes['target']!];
    const full = broadcast(p, t)!;
    const { rows, last } = rowsOf(p);
    return {
      temps: { top: rows, rest: rows, mass: rowsOf(t).rows },
      kernels: [
        rowMax('prediction', p, 'top'),
        {
          out: rows,
          fold: { with: 'sum', over: [last], body: exp(sub(read('prediction'), read('top'))) },
          reads: [strided('prediction', stridesOf(p)), strided('top', perRow(p))],
          stores: [{ to: 'rest', value: log(read(ACC)) }],
        },
        {
          out: rowsOf(t).rows,
          fold: { with: 'sum', over: [last], body: read('target') },
          reads: [strided('target', stridesOf(t))],
          stores: [{ to: 'mass', value: read(ACC) }],
        },
        {
          out,
          fold: { with: 'sum', over: [last], body: mul(read('target'), surprise) },
          reads: [
            strided('target', broadcastStrides(t, full)),
            strided('top', [...broadcastStrides(rows, out), 0]),
            strided('rest', [...broadcastStrides(rows, out), 0]),
            strided('prediction', broadcastStrides(p, full)),
          ],
          stores: [{ to: OUT, value: read(ACC) }],
        },
      ],
    };
  },
  gradient: ({ shapes, out }, port) => {
    const [p, t] = [shapes['prediction']!, shapes['target']!];
    const full = broadcast(p, t)!;
    const own = shapes[port]!;
    const body =
      port === 'prediction'
        ? mul(read(GRADIENT), sub(mul(exp(neg(surprise)), read('mass')), read('target')))
        : mul(read(GRADIENT), surprise);
    const names: Record<string, Shape> = {
      [GRADIENT]: out,
      prediction: p,
      target: t,
      top: rowsOf(p).rows,
      rest: rowsOf(p).rows,
      mass: rowsOf(t).rows,
    };
    // Per-row numbers stand on the batch axis only, so they repeat along the class axis as ['batch'] does.
    return { kernels: [sumTo(RESULT, own, full, names, body)] };
  },
  derivativeFormula: ({ prediction, target }, _out, port) =>
    port === 'prediction'
      ? `${applied('\\operatorname{softmax}', prediction!)} - ${asTerm(target!)}`
      : `-\\ln ${applied('\\operatorname{softmax}', prediction!)}`,
  loss: { prediction: 'prediction', target: 'target', takes: 'logit' },
  onnx: null,
  torch: {
    text: ({ prediction, target }, { shapes, out }) =>
      isBatched(shapes['prediction']!) === isBatched(shapes['target']!)
        ? `-(${target} * torch.log_softmax(${prediction}, -1)).sum(${isBatched(out) ? 1 : 0})`
        : null,
  },
};
