import { mul, sub } from '../ir/expr';
import { elementwiseLoss, halfAttr } from './make';

/** The mean of (f − y)² over the outputs of a sample. */
export const meanSquaredError = elementwiseLoss({
  name: 'mean-squared-error',
  title: 'Mean squared error',
  about: 'The squared difference from the target, averaged over the outputs.',
  glyph: 'MSE',
  keywords: ['regression', 'mse', 'l2 loss'],
  takes: 'value',
  over: 'mean',
  attrs: { half: halfAttr },
  value: (p, t, { half }) => mul(half ? 0.5 : 1, { kind: 'binary', op: 'pow', x: sub(p, t), y: { kind: 'const', value: 2 } }),
  stable: (p, t, { half }) => mul(half ? 0.5 : 1, mul(sub(p, t), sub(p, t))),
  derivative: (p, t, port, { half }) => mul((port === 'prediction' ? 2 : -2) * (half ? 0.5 : 1), sub(p, t)),
});
