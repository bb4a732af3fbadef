import { mul, read, sub } from '../ir/expr';
import type { Optimizer } from './optimizer';

/** w ← w − η g. */
export const sgd: Optimizer = {
  name: 'sgd',
  title: 'Gradient descent',
  about: 'Takes a step against the gradient. With small batches this is stochastic gradient descent (SGD).',
  hyper: {
    rate: { title: 'Learning rate', about: 'Length of a step.', symbol: '\\eta', default: 0.1, min: 0, max: 100 },
  },
  slots: [],
  counters: {},
  update: { w: sub(read('w'), mul(read('rate'), read('g'))) },
  torch: { name: 'SGD', takes: { lr: 'rate' } },
};
