/** TensorFlow.js by its core operations (its layers cost more), every batch uploaded beforehand. */
import { tensorflow, type TfTensor } from './libraries.js';
import { convolutionsOf, inputsOf, learnedIn, type Workload } from '../workloads';
import { batchesOf, type Rival } from './rival';

/** Filters are height × width × channels × filters here; images have their channels last. */
const shapesFor = (w: Workload): number[][] =>
  learnedIn(w).map(({ key, shape }) => {
    if (key.endsWith('bias')) return [shape[0]!];
    const [filters, channels, high, wide] = shape;
    return high === undefined ? [...shape] : [high, wide!, channels!, filters!];
  });

/** Our numbers in its order (`there`), or its numbers in ours. */
function moved(w: Workload, at: number, numbers: Float32Array, way: 'there' | 'back'): Float32Array {
  const shape = learnedIn(w)[at]!.shape;
  const convolutions = convolutionsOf(w);
  /** Lengths of our axes, and for each axis of its order which of ours it is. */
  let [lengths, order]: [readonly number[], readonly number[]] = [[], []];
  if (shape.length === 4) [lengths, order] = [shape, [2, 3, 1, 0]];
  else if (w.images && at === 2 * convolutions.length) {
    const { filters, side } = convolutions.at(-1)!;
    [lengths, order] = [
      [filters, side / 2, side / 2, shape[1]!],
      [1, 2, 0, 3],
    ];
  } else return numbers;
  const strides = lengths.map((_, axis) => lengths.slice(axis + 1).reduce((size, length) => size * length, 1));
  const out = new Float32Array(numbers.length);
  const walk = (axis: number, ours: number, its: number): void => {
    if (axis === order.length) {
      if (way === 'there') out[its] = numbers[ours]!;
      else out[ours] = numbers[its]!;
      return;
    }
    const length = lengths[order[axis]!]!;
    for (let i = 0; i < length; i++) walk(axis + 1, ours + i * strides[order[axis]!]!, its * length + i);
  };
  walk(0, 0, 0);
  return out;
}

export const tensorflowRival =
  (backend: 'cpu' | 'wasm', threads: number): Rival =>
  async (w, { x, y }, given) => {
    const { tf, setThreadsCount, setWasmPaths } = await tensorflow();
    if (backend === 'wasm') {
      setWasmPaths('/isolated/tfjs/');
      if (threads > 1) setThreadsCount(threads);
      else tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    }
    if (!(await tf.setBackend(backend))) throw new Error(`the backend '${backend}' is not there`);
    await tf.ready();
    const shapes = shapesFor(w);
    const variables = given.map((p, at) => tf.variable(tf.tensor(moved(w, at, p, 'there'), shapes[at]!)));
    const upload = (numbers: Float32Array, width: number): TfTensor[] =>
      batchesOf(w, numbers, width).map((batch) => tf.tensor2d(batch, [w.batch, width]));
    const [xs, ys] = [upload(x, inputsOf(w)), upload(y, w.dims.at(-1)!)];
    const layers = w.dims.length - 1;
    const convolutions = convolutionsOf(w);
    const loss = (features: TfTensor, targets: TfTensor): TfTensor => {
      let a = features;
      if (w.images) a = tf.reshape(a, [w.batch, w.images.side, w.images.side, 1]);
      for (const at of convolutions.keys()) {
        a = tf.relu(tf.add(tf.conv2d(a, variables[2 * at]!, 1, 'same'), variables[2 * at + 1]!));
        a = tf.maxPool(a, 2, 2, 'valid');
      }
      if (w.images) a = tf.reshape(a, [w.batch, w.dims[0]!]);
      for (let l = 0; l < layers; l++) {
        const at = 2 * (convolutions.length + l);
        a = tf.add(tf.matMul(a, variables[at]!), variables[at + 1]!);
        const activation = l + 1 === layers ? w.last : w.activation;
        if (activation !== 'identity') a = tf[activation](a);
      }
      return w.loss === 'mean-squared-error' ? tf.losses.meanSquaredError(targets, a) : tf.losses.softmaxCrossEntropy(targets, a);
    };
    const optimizer = tf.train.sgd(w.rate);
    let next = 0;
    return {
      rows: w.batch,
      async run(steps) {
        for (let step = 0; step < steps; step++) {
          const [features, targets] = [xs[next]!, ys[next]!];
          optimizer.minimize(() => loss(features, targets), false, variables);
          next = (next + 1) % w.batches;
        }
        await variables[1]!.data();
      },
      parameters: async () =>
        (await Promise.all(variables.map((v) => v.data()))).map((numbers, at) => moved(w, at, numbers, 'back')),
    };
  };
