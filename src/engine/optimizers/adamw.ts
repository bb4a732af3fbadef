import { mul, read, sub, substitute } from '../ir/expr';
import { adam } from './adam';
import type { Optimizer } from './optimizer';

/** The weight as Adam finds it: already pulled towards 0. */
const decayed = mul(read('w'), sub(1, mul(read('rate'), read('decay'))));

/** AdamW (Loshchilov and Hutter, 2019): w ← (1 − η λ) w, then a step of Adam on the plain gradient. */
export const adamw: Optimizer = {
  ...adam,
  name: 'adamw',
  title: 'AdamW',
  about: 'Adam that also pulls every weight towards 0, independently of its gradient.',
  hyper: {
    ...adam.hyper,
    decay: {
      title: 'Weight decay',
      about: 'How strongly weights are pulled towards 0.',
      symbol: '\\lambda',
      default: 0.01,
      min: 0,
      max: 10,
    },
  },
  update: { ...adam.update, w: substitute(adam.update['w']!, (name) => (name === 'w' ? decayed : read(name))) },
  torch: { name: 'AdamW', takes: { ...adam.torch.takes, weight_decay: 'decay' } },
};
