import { mul, sub } from '../ir/expr';
import { elementwiseLoss } from './make';

/** The mean of (f − y)² over the outputs of a sample. */
export const meanSquaredError = elementwiseLoss({
  name: 'mean-squared-error',
  title: 'Mean squared error',
  about: 'The squared difference from the target, averaged over the outputs.',
  glyph: 'MSE',
  keywords: ['regression', 'mse', 'l2'],
  takes: 'value',
  over: 'mean',
  value: (p, t) => ({ kind: 'binary', op: 'pow', x: sub(p, t), y: { kind: 'const', value: 2 } }),
  stable: (p, t) => mul(sub(p, t), sub(p, t)),
  derivative: (p, t, port) => mul(port === 'prediction' ? 2 : -2, sub(p, t)),
});
