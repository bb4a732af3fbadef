/** TensorFlow.js by its core operations (its layers cost more), every batch uploaded beforehand. */
import { tensorflow, type TfTensor } from './libraries.js';
import { batchesOf, type Rival, sizesOf } from './rival';

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
    const variables = given.map((p, at) => tf.variable(at % 2 === 1 ? tf.tensor1d(p) : tf.tensor2d(p, sizesOf(w, at / 2))));
    const upload = (numbers: Float32Array, width: number): TfTensor[] =>
      batchesOf(w, numbers, width).map((batch) => tf.tensor2d(batch, [w.batch, width]));
    const [xs, ys] = [upload(x, w.dims[0]!), upload(y, w.dims.at(-1)!)];
    const layers = w.dims.length - 1;
    const loss = (features: TfTensor, targets: TfTensor): TfTensor => {
      let a = features;
      for (let l = 0; l < layers; l++) {
        a = tf.add(tf.matMul(a, variables[2 * l]!), variables[2 * l + 1]!);
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
      parameters: () => Promise.all(variables.map((v) => v.data())),
    };
  };
