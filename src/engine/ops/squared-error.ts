import { mul, sub } from '../ir/expr';
import { elementwiseLoss } from './make';

/** Σ (f − y)² over the outputs of a sample, without ½; ∂l/∂f = 2 (f − y). */
export const squaredError = elementwiseLoss({
  name: 'squared-error',
  title: 'Squared error',
  about: 'The squared difference from the target, added over the outputs.',
  glyph: '(f−t)²',
  keywords: ['regression', 'l2', 'sse'],
  takes: 'value',
  over: 'sum',
  value: (p, t) => ({ kind: 'binary', op: 'pow', x: sub(p, t), y: { kind: 'const', value: 2 } }),
  stable: (p, t) => mul(sub(p, t), sub(p, t)),
  derivative: (p, t, port) => mul(port === 'prediction' ? 2 : -2, sub(p, t)),
});
