/**
 * brain.js trains one row at a time, with a loss and first weights of its own: it is compared by rows a
 * second, and its numbers with nobody's.
 */
import { brain } from './libraries.js';
import type { Rival } from './rival';

const MOST_ROWS = 256;
/** It refuses zeros. */
const ALMOST_NONE = 1e-9;

export const brainRival: Rival = async (w, { x, y }) => {
  const NeuralNetwork = await brain();
  const [inputs, outputs] = [w.dims[0]!, w.dims.at(-1)!];
  const options = { learningRate: w.rate, momentum: ALMOST_NONE };
  const net = new NeuralNetwork({
    ...options,
    inputSize: inputs,
    outputSize: outputs,
    hiddenLayers: w.dims.slice(1, -1),
    activation: w.activation,
  });
  const rows = Math.min(MOST_ROWS, w.batch * w.batches);
  const set = Array.from({ length: rows }, (_, at) => ({
    input: x.slice(at * inputs, (at + 1) * inputs),
    output: y.slice(at * outputs, (at + 1) * outputs),
  }));
  // The first call builds the network.
  net.train(set.slice(0, 2), { ...options, iterations: 1, errorThresh: ALMOST_NONE, logPeriod: 1e9, log: false });
  const prepared = net.formatData(set);
  net.verifyIsInitialized(prepared);
  let next = 0;
  return {
    rows: 1,
    parameters: null,
    async run(steps) {
      for (let step = 0; step < steps; step++) {
        net.trainPattern(prepared[next]!, false);
        next = next + 1 === rows ? 0 : next + 1;
      }
    },
  };
};
