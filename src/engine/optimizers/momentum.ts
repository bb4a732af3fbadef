import { add, mul, read, sub } from '../ir/expr';
import type { Optimizer } from './optimizer';

const velocity = add(mul(read('momentum'), read('v')), read('g'));

/** v ← μ v + g;  w ← w − η v (the form of Sutskever et al. that PyTorch uses). */
export const momentum: Optimizer = {
  name: 'momentum',
  title: 'Momentum',
  about: 'Gradient descent that keeps part of its last step, like a heavy ball.',
  hyper: {
    rate: { title: 'Learning rate', about: 'Length of a step.', symbol: '\\eta', default: 0.03, min: 0, max: 100 },
    momentum: {
      title: 'Momentum',
      about: 'Share of the last step that is kept.',
      symbol: '\\mu',
      default: 0.9,
      min: 0,
      max: 0.9999,
    },
  },
  slots: ['v'],
  counters: {},
  update: { v: velocity, w: sub(read('w'), mul(read('rate'), velocity)) },
  torch: { name: 'SGD', takes: { lr: 'rate', momentum: 'momentum' } },
};
