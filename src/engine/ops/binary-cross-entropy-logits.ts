import { add, exp, log, max, mul, neg, sub } from '../ir/expr';
import { logistic, logOfRest } from './logistic';
import { elementwiseLoss } from './make';

/** ln(1 + eˢ) − t·s, averaged over the outputs; s is the score before the sigmoid. ∂l/∂s = σ(s) − t. */
export const binaryCrossEntropyLogits = elementwiseLoss({
  name: 'binary-cross-entropy-logits',
  title: 'Binary cross-entropy from logits',
  about: 'For yes-or-no questions, from the score before the sigmoid; never overflows.',
  glyph: 'BCE σ',
  keywords: ['classification', 'bce', 'bcewithlogits', 'logit', 'stable'],
  takes: 'logit',
  over: 'mean',
  torch: { name: 'F.binary_cross_entropy_with_logits' },
  value: (s, t) => sub(log(add(1, exp(s))), mul(t, s)),
  // What is large cancels first.
  stable: (s, t) => add(sub(max(s, 0), mul(t, s)), logOfRest(s)),
  derivative: (s, t, port) => (port === 'prediction' ? sub(logistic(s), t) : neg(s)),
});
