/** jax-js: value, gradient and update of a step under one `jit`, every batch uploaded beforehand. */
import { jax, type JaxArray } from './libraries.js';
import { batchesOf, type Rival, sizesOf } from './rival';

/** Its documentation advises to keep the queue short. */
const QUEUE = 64;

export const jaxRival: Rival = async (w, { x, y }, given) => {
  const { blockUntilReady, defaultDevice, grad, init, jit, nn, numpy, tree } = await jax();
  if (!(await init('wasm')).includes('wasm')) throw new Error('its wasm backend is not there');
  defaultDevice('wasm');
  const layers = w.dims.length - 1;
  let parameters = given.map((p, at) => (at % 2 === 1 ? numpy.array(p) : numpy.array(p).reshape(sizesOf(w, at / 2))));
  const upload = (numbers: Float32Array, width: number): JaxArray[] =>
    batchesOf(w, numbers, width).map((batch) => numpy.array(batch).reshape([w.batch, width]));
  const [xs, ys] = [upload(x, w.dims[0]!), upload(y, w.dims.at(-1)!)];
  await blockUntilReady([parameters, xs, ys]);
  const loss = (p: JaxArray[], features: JaxArray, targets: JaxArray): JaxArray => {
    let a = features;
    for (let l = 0; l < layers; l++) {
      a = numpy.dot(a, p[2 * l]!).add(p[2 * l + 1]!);
      const activation = l + 1 === layers ? w.last : w.activation;
      if (activation === 'tanh') a = numpy.tanh(a);
      if (activation === 'relu') a = nn.relu(a);
    }
    if (w.loss === 'mean-squared-error') return numpy.square(a.sub(targets)).mean();
    return nn
      .logSoftmax(a)
      .mul(targets)
      .sum()
      .mul(-1 / w.batch);
  };
  const step = jit((p: JaxArray[], features: JaxArray, targets: JaxArray): JaxArray[] => {
    const gradients = grad(loss)(tree.ref(p), features, targets);
    return p.map((v, at) => v.sub(gradients[at]!.mul(w.rate)));
  });
  let next = 0;
  return {
    rows: w.batch,
    async run(steps) {
      for (let at = 1; at <= steps; at++) {
        parameters = step(parameters, xs[next]!.ref, ys[next]!.ref);
        next = (next + 1) % w.batches;
        if (at % QUEUE === 0) await blockUntilReady(parameters);
      }
      await blockUntilReady(parameters);
    },
    parameters: () => Promise.all(parameters.map((p) => p.ref.data())),
  };
};
