import { add, div, mul, read, sqrt, sub } from '../ir/expr';
import type { Optimizer } from './optimizer';

const square = add(mul(read('alpha'), read('v')), mul(sub(1, read('alpha')), mul(read('g'), read('g'))));

/** v ← α v + (1 − α) g²;  w ← w − η g / (√v + ε). */
export const rmsprop: Optimizer = {
  name: 'rmsprop',
  title: 'RMSProp',
  about: 'Divides each step by a running mean of the gradient’s size.',
  hyper: {
    rate: { title: 'Learning rate', about: 'Length of a step.', symbol: '\\eta', default: 0.01, min: 0, max: 100 },
    alpha: { title: 'α', about: 'Memory of the mean squared gradient.', symbol: '\\alpha', default: 0.99, min: 0, max: 0.99999 },
    epsilon: { title: 'ε', about: 'Keeps the division finite.', symbol: '\\varepsilon', default: 1e-8, min: 0, max: 1 },
  },
  slots: ['v'],
  counters: {},
  update: { v: square, w: sub(read('w'), div(mul(read('rate'), read('g')), add(sqrt(square), read('epsilon')))) },
  torch: { name: 'RMSprop', takes: { lr: 'rate', alpha: 'alpha', eps: 'epsilon' } },
};
