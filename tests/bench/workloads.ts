/**
 * The standard workloads: networks drawn as ordinary projects, with seeded data and first weights that are
 * the same for everybody, and their steps in plain float64, which say whether somebody did the same work.
 */
import { backwardImage, forwardImage, type Layer, POOL, WINDOW } from './images64';
import { type Attrs, type Edge, edge, type Node } from '../../src/engine/graph/graph';
import { defaultSettings, type Project } from '../../src/engine/graph/project';

export interface Workload {
  /** Inputs, units of each fully connected layer. Behind convolutions the first is what they give. */
  readonly dims: readonly number[];
  /** Rows are square images of one channel; before the layers come convolutions, each with ReLU and pooling. */
  readonly images?: { readonly side: number; readonly filters: readonly number[] };
  readonly activation: 'tanh' | 'relu';
  readonly last: 'tanh' | 'identity';
  readonly loss: 'mean-squared-error' | 'cross-entropy-logits';
  readonly batch: number;
  readonly batches: number;
  readonly rate: number;
  /** Steps after which losses are compared. */
  readonly checkSteps: number;
}

const tanhNet = { activation: 'tanh', last: 'tanh', loss: 'mean-squared-error', rate: 0.03, checkSteps: 20 } as const;

export const workloads: Readonly<Record<string, Workload>> = {
  W1: { ...tanhNet, dims: [2, 8, 8, 1], batch: 10, batches: 50 },
  W1b: { ...tanhNet, dims: [2, 4, 2, 1], batch: 1, batches: 500 },
  W2: {
    dims: [64, 32, 10],
    activation: 'relu',
    last: 'identity',
    loss: 'cross-entropy-logits',
    batch: 32,
    batches: 56,
    rate: 0.1,
    checkSteps: 20,
  },
  W3: {
    dims: [784, 512, 512, 10],
    activation: 'relu',
    last: 'identity',
    loss: 'cross-entropy-logits',
    batch: 128,
    batches: 16,
    rate: 0.05,
    checkSteps: 4,
  },
  W4: {
    dims: [1024, 2048, 2048, 1024],
    activation: 'relu',
    last: 'identity',
    loss: 'mean-squared-error',
    batch: 256,
    batches: 4,
    rate: 0.05,
    checkSteps: 2,
  },
  C1: {
    images: { side: 28, filters: [8, 16] },
    dims: [16 * 7 * 7, 10],
    activation: 'relu',
    last: 'identity',
    loss: 'cross-entropy-logits',
    batch: 32,
    batches: 32,
    rate: 0.05,
    checkSteps: 4,
  },
};

/** Numbers of a row. */
export const inputsOf = ({ dims, images }: Pick<Workload, 'dims' | 'images'>): number => (images ? images.side ** 2 : dims[0]!);

/** The convolutions, each on what the one before gave. */
export const convolutionsOf = ({ images }: Pick<Workload, 'images'>): Layer[] =>
  (images?.filters ?? []).map((filters, at, all) => ({
    channels: at === 0 ? 1 : all[at - 1]!,
    filters,
    side: images!.side / POOL ** at,
  }));

/** What is learnt, in the order of everybody's lists: weight, bias, weight, bias … */
export function learnedIn(w: Pick<Workload, 'dims' | 'images'>): { readonly key: string; readonly shape: readonly number[] }[] {
  return [
    ...convolutionsOf(w).flatMap(({ channels, filters }, at) => [
      { key: `image${at}/weight`, shape: [filters, channels, WINDOW, WINDOW] },
      { key: `image${at}/bias`, shape: [filters, 1, 1] },
    ]),
    ...w.dims.slice(1).flatMap((units, at) => [
      { key: `layer${at}/weight`, shape: [w.dims[at]!, units] },
      { key: `layer${at}/bias`, shape: [units] },
    ]),
  ];
}

export const textOf = (w: Workload): string =>
  w.images
    ? `${w.images.side} × ${w.images.side}, ${w.images.filters.map((count) => `${count} filters 3 × 3, pooling`).join(', ')}, ${w.dims.at(-1)} classes, batch ${w.batch}`
    : `${w.dims.join('-')}, batch ${w.batch}`;

/** Floating-point operations of a training step that are needed: nobody needs the gradient of the data. */
export function flopsOf({ dims, batch, images }: Pick<Workload, 'dims' | 'batch' | 'images'>): number {
  const layers = [
    ...convolutionsOf({ ...(images ? { images } : {}) }).map((l) => l.channels * l.filters * WINDOW ** 2 * l.side ** 2),
    ...dims.slice(1).map((units, at) => units * dims[at]!),
  ];
  return 2 * batch * (3 * layers.reduce((sum, n) => sum + n, 0) - layers[0]!);
}

/** A drawing under construction. */
export class Sheet {
  readonly nodes: Record<string, Node> = {};
  readonly edges: Record<string, Edge> = {};

  put(id: string, op: string, attrs: Attrs, inputs: Readonly<Record<string, string>> = {}): string {
    this.nodes[id] = { id, op, attrs };
    for (const [port, from] of Object.entries(inputs)) {
      const e = edge(from, id, port);
      this.edges[e.id] = e;
    }
    return id;
  }

  project(rate: number, batch: number): Project {
    const training = { ...defaultSettings.training, optimizer: 'sgd', hyper: { rate }, batch };
    return { nodes: this.nodes, edges: this.edges, positions: {}, settings: { ...defaultSettings, training } };
  }
}

/** Fully connected layers `layer0`, `layer1` …, behind convolutions if it has images, as a user draws them. */
export function drawn(w: Workload): Project {
  const sheet = new Sheet();
  let at = sheet.put('x', 'input', { shape: [inputsOf(w)] });
  if (w.images) {
    at = sheet.put('image', 'reshape', { shape: [1, w.images.side, w.images.side] }, { x: at });
    w.images.filters.forEach((filters, i) => {
      at = sheet.put(`image${i}`, 'convolution-2d', { filters, padding: 'same' }, { x: at });
      at = sheet.put(`pooled${i}`, 'max-pooling', {}, { x: at });
    });
    at = sheet.put('flat', 'flatten', {}, { x: at });
  }
  w.dims.slice(1).forEach((units, i) => {
    const activation = i + 2 === w.dims.length ? w.last : w.activation;
    at = sheet.put(`layer${i}`, 'dense', { units, activation }, { x: at });
  });
  const target = sheet.put('t', 'target', { shape: [w.dims.at(-1)!] });
  sheet.put('loss', w.loss, {}, { prediction: at, target });
  return sheet.project(w.rate, w.batch);
}

function mulberry32(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Numbers {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export function dataOf(w: Workload): Numbers {
  const [rows, inputs, outputs] = [w.batch * w.batches, inputsOf(w), w.dims.at(-1)!];
  const random = mulberry32(1234);
  const x = Float32Array.from({ length: rows * inputs }, () => random() * 2 - 1);
  const y = new Float32Array(rows * outputs);
  if (w.loss === 'cross-entropy-logits') for (let i = 0; i < rows; i++) y[i * outputs + Math.floor(random() * outputs)] = 1;
  else for (let i = 0; i < y.length; i++) y[i] = random() * 1.6 - 0.8;
  return { x, y };
}

/** Glorot-uniform weights, layers' as inputs × outputs, and biases of 0, in the order of `learnedIn`. */
export function parametersOf(w: Pick<Workload, 'dims' | 'images'>): Float32Array[] {
  const random = mulberry32(42);
  return learnedIn(w).map(({ key, shape }) => {
    const length = shape.reduce((size, axis) => size * axis, 1);
    if (key.endsWith('bias')) return new Float32Array(length);
    const window = shape.length === 4 ? WINDOW ** 2 : 1;
    const limit = Math.sqrt(6 / (window * (shape[0]! + shape[1]!)));
    return Float32Array.from({ length }, () => (random() * 2 - 1) * limit);
  });
}

type Rows = ArrayLike<number>;

interface Seen {
  /** What the convolution took. */
  readonly x: Float64Array;
  readonly given: ReturnType<typeof forwardImage>;
}

/** Every row's way through the convolutions. */
function images64(w: Workload, x: Rows, parameters: readonly Rows[]): Seen[][] {
  const size = inputsOf(w);
  return Array.from({ length: w.batch }, (_, row) => {
    const seen: Seen[] = [];
    let image: Float64Array = Float64Array.from({ length: size }, (__, at) => x[row * size + at]!);
    convolutionsOf(w).forEach((layer, at) => {
      const given = forwardImage(layer, image, parameters[2 * at]!, parameters[2 * at + 1]!);
      seen.push({ x: image, given });
      image = given.out;
    });
    return seen;
  });
}

/** What the layers take: the rows, or what the convolutions made of them. */
const layersTake = (w: Workload, x: Rows, seen: readonly (readonly Seen[])[]): Rows =>
  w.images ? Float64Array.from(seen.flatMap((row) => [...row.at(-1)!.given.out])) : x;
const layersLearn = <P>(w: Workload, parameters: readonly P[]): readonly P[] =>
  parameters.slice(2 * (w.images?.filters.length ?? 0));

/** The loss for a batch, all the way. */
function lossOf64(w: Workload, x: Rows, y: Rows, parameters: readonly Rows[]): number {
  const taken = layersTake(w, x, w.images ? images64(w, x, parameters) : []);
  return loss64(w, forward64(w, taken, layersLearn(w, parameters)).at(-1)!, y).loss;
}

/** Values of every layer for the rows of one batch, in float64. */
function forward64(w: Workload, x: Rows, parameters: readonly Rows[]): Float64Array[] {
  const values = [Float64Array.from(x)];
  const B = w.batch;
  for (let l = 0; l + 1 < w.dims.length; l++) {
    const [I, N] = [w.dims[l]!, w.dims[l + 1]!];
    const [weight, bias, before] = [parameters[2 * l]!, parameters[2 * l + 1]!, values[l]!];
    const z = new Float64Array(B * N);
    for (let s = 0; s < B; s++) {
      for (let o = 0; o < N; o++) z[s * N + o] = bias[o]!;
      for (let i = 0; i < I; i++) {
        const v = before[s * I + i]!;
        if (v !== 0) for (let o = 0; o < N; o++) z[s * N + o]! += v * weight[i * N + o]!;
      }
    }
    const activation = l + 2 === w.dims.length ? w.last : w.activation;
    values.push(activation === 'tanh' ? z.map(Math.tanh) : activation === 'relu' ? z.map((v) => Math.max(v, 0)) : z);
  }
  return values;
}

/** The loss of a batch, and its gradient at the last layer's value. */
function loss64(w: Workload, out: Float64Array, y: Rows): { loss: number; gradient: Float64Array } {
  const [B, O] = [w.batch, w.dims.at(-1)!];
  const gradient = new Float64Array(B * O);
  let loss = 0;
  for (let s = 0; s < B; s++) {
    const row = out.subarray(s * O, (s + 1) * O);
    if (w.loss === 'mean-squared-error') {
      for (let o = 0; o < O; o++) {
        const d = row[o]! - y[s * O + o]!;
        loss += d ** 2 / (B * O);
        gradient[s * O + o] = (2 * d) / (B * O);
      }
      continue;
    }
    const most = Math.max(...row);
    const total = row.reduce((sum, v) => sum + Math.exp(v - most), 0);
    for (let o = 0; o < O; o++) {
      if (y[s * O + o]! > 0) loss -= (row[o]! - most - Math.log(total)) / B;
      gradient[s * O + o] = (Math.exp(row[o]! - most) / total - y[s * O + o]!) / B;
    }
  }
  return { loss, gradient };
}

/** One step of gradient descent in place; gives the loss before it. */
function step64(w: Workload, x: Rows, y: Rows, all: readonly Float64Array[]): number {
  const seen = w.images ? images64(w, x, all) : [];
  const parameters = layersLearn(w, all);
  const values = forward64(w, layersTake(w, x, seen), parameters);
  const B = w.batch;
  let { loss, gradient: d } = loss64(w, values.at(-1)!, y);
  for (let l = w.dims.length - 2; l >= 0; l--) {
    const [I, N] = [w.dims[l]!, w.dims[l + 1]!];
    const activation = l + 2 === w.dims.length ? w.last : w.activation;
    const value = values[l + 1]!;
    if (activation === 'tanh') d = d.map((g, at) => g * (1 - value[at]! ** 2));
    if (activation === 'relu') d = d.map((g, at) => (value[at]! > 0 ? g : 0));
    const before = new Float64Array(B * I);
    const [weight, bias] = [parameters[2 * l]!, parameters[2 * l + 1]!];
    if (l > 0 || w.images)
      for (let s = 0; s < B; s++)
        for (let i = 0; i < I; i++) {
          let sum = 0;
          for (let o = 0; o < N; o++) sum += d[s * N + o]! * weight[i * N + o]!;
          before[s * I + i] = sum;
        }
    for (let s = 0; s < B; s++)
      for (let i = 0; i < I; i++) {
        const v = w.rate * values[l]![s * I + i]!;
        if (v !== 0) for (let o = 0; o < N; o++) weight[i * N + o]! -= v * d[s * N + o]!;
      }
    for (let s = 0; s < B; s++) for (let o = 0; o < N; o++) bias[o]! -= w.rate * d[s * N + o]!;
    d = before;
  }
  if (w.images) learnImages64(w, seen, d, all);
  return loss;
}

/** The convolutions' part of a step, from the gradient of what they gave. */
function learnImages64(w: Workload, seen: readonly (readonly Seen[])[], d: Float64Array, all: readonly Float64Array[]): void {
  const layers = convolutionsOf(w);
  const sums = all.slice(0, 2 * layers.length).map((p) => new Float64Array(p.length));
  for (const [row, steps] of seen.entries()) {
    const size = w.dims[0]!;
    let gradient: Float64Array = d.slice(row * size, (row + 1) * size);
    for (let at = layers.length - 1; at >= 0; at--) {
      const { x, given } = steps[at]!;
      const into = { weight: sums[2 * at]!, bias: sums[2 * at + 1]! };
      gradient = backwardImage(layers[at]!, x, all[2 * at]!, given, gradient, into, at > 0);
    }
  }
  for (const [at, sum] of sums.entries()) for (let i = 0; i < sum.length; i++) all[at]![i]! -= w.rate * sum[i]!;
}

const batchOf = (w: Workload, { x, y }: Numbers, batch: number): [Float32Array, Float32Array] => {
  const [I, O] = [w.batch * inputsOf(w), w.batch * w.dims.at(-1)!];
  return [x.subarray(batch * I, (batch + 1) * I), y.subarray(batch * O, (batch + 1) * O)];
};

/** Losses of the first steps, batch after batch (or always the first one), in plain float64. */
export function losses64(w: Workload, steps: number, firstOnly = false): number[] {
  const data = dataOf(w);
  const parameters = parametersOf(w).map((p) => Float64Array.from(p));
  return Array.from({ length: steps }, (_, step) => step64(w, ...batchOf(w, data, firstOnly ? 0 : step % w.batches), parameters));
}

/** The loss of the first batch, in float64, with somebody's parameters. */
export function firstLoss(w: Workload, parameters: readonly Rows[]): number {
  const [x, y] = batchOf(w, dataOf(w), 0);
  return lossOf64(w, x, y, parameters);
}

export interface Check {
  /** Loss of the first batch before any step, and after `checkSteps`. */
  readonly before: number;
  readonly after: number;
}

/** What somebody's parameters should give after `checkSteps`, in float64. */
export function check64(w: Workload, firstOnly: boolean): Check {
  const data = dataOf(w);
  const parameters = parametersOf(w).map((p) => Float64Array.from(p));
  const before = firstLoss(w, parameters);
  for (let step = 0; step < w.checkSteps; step++) step64(w, ...batchOf(w, data, firstOnly ? 0 : step % w.batches), parameters);
  return { before, after: firstLoss(w, parameters) };
}

/** Error of the loss relative to the change that the steps should make. */
export const errorOf = (loss: number, { before, after }: Check): number => Math.abs(loss - after) / Math.abs(before - after);
/** More than float32's rounding: not the same work. */
export const MOST_ERROR = 1e-5;
