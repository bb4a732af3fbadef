/**
 * Convolution of a signal (channels × length) or an image (channels × height × width) with filters, as
 * networks use it: every filter is laid on every place, and the products are added up. Reads stay inside
 * the array; zeros around it are the `pad` operation's business. The gradient towards the input puts the
 * outputs' gradients, spaced by the stride, into a frame of zeros and slides the turned filters over it.
 */
import { mul, read } from '../ir/expr';
import { ACC } from '../ir/kernel';
import { applied, asBase, asFactor, elementLatex } from '../ir/latex';
import { isBatched, sampleShape, type Shape, shapeText, stridesOf } from '../ir/shape';
import { type AttrSpec, type Call, GRADIENT, type KernelSequence, type Latex, OUT, type Primitive, RESULT } from './op';
import { filled, putPart } from './parts';

export const strideAttr: AttrSpec = {
  kind: 'integer',
  title: 'Stride',
  about: 'Elements from one place of a filter to the next.',
  default: 1,
  min: 1,
  max: 64,
};

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Lengths and strides of one convolution over `rank` axes. */
function plan({ shapes, attrs, out }: Call, rank: number) {
  const [x, w] = [shapes['x']!, shapes['filters']!];
  const batch: Shape = isBatched(x) ? ['batch'] : [];
  const lead = batch.length;
  const own = stridesOf(x);
  return {
    x,
    w,
    batch,
    lead,
    stride: attrs['stride'] as number,
    channels: sampleShape(x)[0]!,
    filters: (w as readonly number[])[0]!,
    window: (w as readonly number[]).slice(2),
    lengths: sampleShape(x).slice(1),
    results: sampleShape(out).slice(1),
    /** Of the input: along the batch, the channels, the convolved axes. */
    strides: { batch: own.slice(0, lead), channel: own[lead]!, axes: own.slice(lead + 1) },
    filter: stridesOf(w),
    axes: range(rank),
  };
}

function value(call: Call, rank: number): KernelSequence {
  const p = plan(call, rank);
  return {
    kernels: [
      {
        out: call.out,
        fold: { with: 'sum', over: [p.channels, ...p.window], body: mul(read('x'), read('filters')) },
        reads: [
          {
            name: 'x',
            strides: [...p.strides.batch, 0, ...p.strides.axes.map((s) => s * p.stride), p.strides.channel, ...p.strides.axes],
            offset: 0,
          },
          {
            name: 'filters',
            strides: [...p.batch.map(() => 0), p.filter[0]!, ...p.axes.map(() => 0), ...p.filter.slice(1)],
            offset: 0,
          },
        ],
        stores: [{ to: OUT, value: read(ACC) }],
      },
    ],
  };
}

/** ∂L/∂filters: each weight meets every place that its filter was laid on, in every sample. */
function towardFilters(call: Call, rank: number): KernelSequence {
  const p = plan(call, rank);
  const g = stridesOf(call.out);
  return {
    kernels: [
      {
        out: p.w,
        fold: { with: 'sum', over: [...p.batch, ...p.results], body: mul(read('x'), read(GRADIENT)) },
        reads: [
          {
            name: 'x',
            strides: [0, p.strides.channel, ...p.strides.axes, ...p.strides.batch, ...p.strides.axes.map((s) => s * p.stride)],
            offset: 0,
          },
          {
            name: GRADIENT,
            strides: [g[p.lead]!, 0, ...p.axes.map(() => 0), ...g.slice(0, p.lead), ...g.slice(p.lead + 1)],
            offset: 0,
          },
        ],
        stores: [{ to: RESULT, value: read(ACC) }],
      },
    ],
  };
}

function towardInput(call: Call, rank: number): KernelSequence {
  const p = plan(call, rank);
  const frame: Shape = [...p.batch, p.filters, ...p.lengths.map((length, i) => length + p.window[i]! - 1)];
  const f = stridesOf(frame);
  const inner = f.slice(p.lead + 1);
  const first = p.axes.reduce((sum, i) => sum + (p.window[i]! - 1) * inner[i]!, 0);
  const spaced = putPart(GRADIENT, call.out, 'frame', frame, first);
  const place = spaced.stores[0]!.place!;
  return {
    temps: { frame },
    kernels: [
      filled('frame', frame, 0),
      {
        ...spaced,
        stores: [
          {
            ...spaced.stores[0]!,
            place: { ...place, strides: place.strides.map((s, axis) => (axis > p.lead ? s * p.stride : s)) },
          },
        ],
      },
      {
        out: p.x,
        fold: { with: 'sum', over: [p.filters, ...p.window], body: mul(read('frame'), read('filters')) },
        reads: [
          { name: 'frame', strides: [...f.slice(0, p.lead), 0, ...inner, f[p.lead]!, ...inner], offset: 0 },
          {
            // The filter turned around: from its last element to its first.
            name: 'filters',
            strides: [
              ...p.batch.map(() => 0),
              p.filter[1]!,
              ...p.axes.map(() => 0),
              p.filter[0]!,
              ...p.filter.slice(2).map((s) => -s),
            ],
            offset: p.axes.reduce((sum, i) => sum + (p.window[i]! - 1) * p.filter[2 + i]!, 0),
          },
        ],
        stores: [{ to: RESULT, value: read(ACC) }],
      },
    ],
  };
}

/** A filter from its last element to its first. */
const turned = (filters: Latex, rank: 1 | 2): Latex => applied(`\\operatorname{${rank === 1 ? 'flip' : 'rot180'}}`, filters);

export function convolution(rank: 1 | 2): Primitive {
  const what = rank === 1 ? 'signal: channels × length' : 'image: channels × height × width';
  return {
    kind: 'primitive',
    name: rank === 1 ? 'convolve-1d' : 'convolve-2d',
    title: rank === 1 ? 'Convolve a signal' : 'Convolve an image',
    about: `Lays filters on every place of ${rank === 1 ? 'a signal' : 'an image'} and adds up the products.`,
    glyph: rank === 1 ? '∗' : '∗²',
    group: 'reduction',
    linearity: () => 'multilinear',
    keywords: ['convolution', 'filter', 'kernel', 'conv', rank === 1 ? 'signal' : 'image'],
    ports: () => [
      { name: 'x', about: what },
      { name: 'filters', about: `filters × channels × ${rank === 1 ? 'length' : 'height × width'}` },
    ],
    attrs: { stride: strideAttr },
    infer: ({ x, filters }, { stride }) => {
      const [own, w] = [sampleShape(x!), sampleShape(filters!)];
      if (own.length !== rank + 1)
        return { fault: `it takes one ${what} for each sample, but this has the shape ${shapeText(own)}. Reshape it first.` };
      if (isBatched(filters!))
        return { fault: 'the filters are the same for all samples, but these differ. Connect a parameter.' };
      if (w.length !== rank + 2)
        return {
          fault: `filters have the axes filters × channels × ${rank === 1 ? 'length' : 'height × width'}, but these have the shape ${shapeText(w)}.`,
        };
      if (w[1] !== own[0]) return { fault: `the filters expect ${w[1]} channels, but the input has ${own[0]}. Make them equal.` };
      const small = own.slice(1).findIndex((length, i) => length < w[i + 2]!);
      if (small >= 0)
        return {
          fault: `a filter of length ${w[small + 2]} does not fit into ${own[small + 1]} elements. Use a smaller filter, or pad the input.`,
        };
      const results = own.slice(1).map((length, i) => Math.floor((length - w[i + 2]!) / (stride as number)) + 1);
      return { shape: [...(isBatched(x!) ? (['batch'] as const) : []), w[0]!, ...results] };
    },
    formula: ({ x, filters }) => `${asFactor(x!)} * ${asFactor(filters!)}`,
    value: (call) => value(call, rank),
    gradient: (call, port) => (port === 'x' ? towardInput(call, rank) : towardFilters(call, rank)),
    derivativeFormula: ({ x, filters }, _out, port) => (port === 'x' ? turned(filters!, rank) : x!),
    // Strides move the gradient's numbers apart; room around it lets the turned filter reach the edges.
    backwardFormula: (gradient, { x, filters }, port, { attrs: { stride }, shapes }) => {
      // The filters are the same for all rows of a batch, so what comes back from each of them is added up.
      const overRows = port === 'filters' && isBatched(shapes['x']!);
      const marks = [...(overRows ? ['i'] : []), ...(stride === 1 ? [] : [`\\uparrow ${String(stride)}`])].join(',\\,');
      const g = marks === '' ? gradient : `{${asBase(gradient)}}_{${marks}}`;
      if (overRows) return `\\sum_{i=1}^{n} ${elementLatex(x!, 'i')} * ${g}`;
      return port === 'x'
        ? `${applied('\\operatorname{pad}', g)} * ${turned(filters!, rank)}`
        : `${asFactor(x!)} * ${asFactor(g)}`;
    },
    onnx: {
      type: 'Conv',
      attributes: ({ attrs }) => ({ strides: range(rank).map(() => attrs['stride'] as number) }),
      // ONNX's has a batch axis.
      fits: ({ out }) => isBatched(out),
    },
  };
}

export const convolve1d = convolution(1);
export const convolve2d = convolution(2);
