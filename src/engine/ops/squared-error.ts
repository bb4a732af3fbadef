import { mul, sub } from '../ir/expr';
import { elementwiseLoss, halfAttr } from './make';

/** Σ (f − y)² over the outputs of a sample, without ½; ∂l/∂f = 2 (f − y). */
export const squaredError = elementwiseLoss({
  name: 'squared-error',
  title: 'Squared error',
  about: 'The squared difference from the target, added over the outputs.',
  glyph: '(f−t)²',
  keywords: ['regression', 'l2 loss', 'sse', 'square loss'],
  takes: 'value',
  over: 'sum',
  attrs: { half: halfAttr },
  value: (p, t, { half }) => mul(half ? 0.5 : 1, { kind: 'binary', op: 'pow', x: sub(p, t), y: { kind: 'const', value: 2 } }),
  stable: (p, t, { half }) => mul(half ? 0.5 : 1, mul(sub(p, t), sub(p, t))),
  derivative: (p, t, port, { half }) => mul((port === 'prediction' ? 2 : -2) * (half ? 0.5 : 1), sub(p, t)),
});
