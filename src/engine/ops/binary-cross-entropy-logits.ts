import { abs, add, div, exp, log, max, mul, neg, select, sub } from '../ir/expr';
import type { Expr } from '../ir/expr';
import { elementwiseLoss } from './make';

const sigmoid = (x: Expr): Expr => {
  const e = exp(neg(abs(x)));
  return div(select(x, 1, e), add(1, e));
};

/** ln(1 + eˢ) − t·s, averaged over the outputs; s is the score before the sigmoid. ∂l/∂s = σ(s) − t. */
export const binaryCrossEntropyLogits = elementwiseLoss({
  name: 'binary-cross-entropy-logits',
  title: 'Binary cross-entropy from logits',
  about: 'For yes-or-no questions, from the score before the sigmoid; never overflows.',
  glyph: 'BCE σ',
  keywords: ['classification', 'bce', 'logit', 'stable'],
  takes: 'logit',
  over: 'mean',
  value: (s, t) => sub(log(add(1, exp(s))), mul(t, s)),
  stable: (s, t) => add(sub(max(s, 0), mul(t, s)), log(add(1, exp(neg(abs(s)))))),
  derivative: (s, t, port) => (port === 'prediction' ? sub(sigmoid(s), t) : neg(s)),
});
