import { add, mul, read, sub } from '../ir/expr';
import type { Optimizer } from './optimizer';

const velocity = add(mul(read('momentum'), read('v')), read('g'));

/** v ← μ v + g;  w ← w − η (g + μ v): momentum that looks ahead (the form that PyTorch uses). */
export const nesterov: Optimizer = {
  name: 'nesterov',
  title: 'Nesterov momentum',
  about: 'Momentum that already counts the step it is about to take, so it overshoots less.',
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
  update: { v: velocity, w: sub(read('w'), mul(read('rate'), add(read('g'), mul(read('momentum'), velocity)))) },
  torch: { name: 'SGD', takes: { lr: 'rate', momentum: 'momentum' }, more: { nesterov: 'True' } },
};
