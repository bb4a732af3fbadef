import { add, div, mul, read, sqrt, sub } from '../ir/expr';
import type { Optimizer } from './optimizer';

const square = add(read('v'), mul(read('g'), read('g')));

/** v ← v + g²;  w ← w − η g / (√v + ε) (Duchi et al., 2011). */
export const adagrad: Optimizer = {
  name: 'adagrad',
  title: 'Adagrad',
  about: 'Divides each step by the size of all gradients so far, so steps become shorter and shorter.',
  hyper: {
    rate: { title: 'Learning rate', about: 'Length of the first step.', symbol: '\\eta', default: 0.1, min: 0, max: 100 },
    epsilon: { title: 'ε', about: 'Keeps the division finite.', symbol: '\\varepsilon', default: 1e-10, min: 0, max: 1 },
  },
  slots: ['v'],
  counters: {},
  update: { v: square, w: sub(read('w'), div(mul(read('rate'), read('g')), add(sqrt(square), read('epsilon')))) },
  torch: { name: 'Adagrad', takes: { lr: 'rate', eps: 'epsilon' } },
};
