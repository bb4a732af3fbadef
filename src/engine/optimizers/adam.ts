import { add, div, mul, read, sqrt, sub } from '../ir/expr';
import type { Optimizer } from './optimizer';

const first = add(mul(read('beta1'), read('m')), mul(sub(1, read('beta1')), read('g')));
const second = add(mul(read('beta2'), read('v')), mul(sub(1, read('beta2')), mul(read('g'), read('g'))));
// The counters hold β₁ᵗ and β₂ᵗ of this step; they are advanced before the update.
const unbiasedFirst = div(first, sub(1, read('beta1t')));
const unbiasedSecond = div(second, sub(1, read('beta2t')));

/** Adam (Kingma and Ba, 2015): steps scaled by running means of the gradient and of its square. */
export const adam: Optimizer = {
  name: 'adam',
  title: 'Adam',
  about: 'Adapts the step of every weight to the size of its recent gradients. A good first choice.',
  hyper: {
    rate: { title: 'Learning rate', about: 'Upper bound of a step.', symbol: '\\eta', default: 0.01, min: 0, max: 100 },
    beta1: { title: 'β₁', about: 'Memory of the mean gradient.', symbol: '\\beta_1', default: 0.9, min: 0, max: 0.99999 },
    beta2: {
      title: 'β₂',
      about: 'Memory of the mean squared gradient.',
      symbol: '\\beta_2',
      default: 0.999,
      min: 0,
      max: 0.99999,
    },
    epsilon: { title: 'ε', about: 'Keeps the division finite.', symbol: '\\varepsilon', default: 1e-8, min: 0, max: 1 },
  },
  slots: ['m', 'v'],
  counters: {
    beta1t: { symbol: '\\beta_1^{t}', init: 1, next: mul(read('beta1t'), read('beta1')) },
    beta2t: { symbol: '\\beta_2^{t}', init: 1, next: mul(read('beta2t'), read('beta2')) },
  },
  update: {
    m: first,
    v: second,
    w: sub(read('w'), div(mul(read('rate'), unbiasedFirst), add(sqrt(unbiasedSecond), read('epsilon')))),
  },
  torch: { name: 'Adam', takes: { lr: 'rate', betas: ['beta1', 'beta2'], eps: 'epsilon' } },
};
