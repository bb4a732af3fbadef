import { max, mul, neg, select, sub } from '../ir/expr';
import type { Expr } from '../ir/expr';
import { elementwiseLoss } from './make';

/** Targets are 0 or 1; the margin counts them as −1 and 1. */
const sign = (t: Expr): Expr => sub(mul(2, t), 1);
const margin = (p: Expr, t: Expr): Expr => sub(1, mul(sign(t), p));

/** max(0, 1 − (2t − 1)·s), averaged over the outputs: the loss of support vector machines. */
export const hinge = elementwiseLoss({
  name: 'hinge',
  title: 'Hinge loss',
  about: 'For yes-or-no questions, from a score: no loss once the score is on the right side by 1.',
  glyph: 'hinge',
  keywords: ['classification', 'svm', 'margin'],
  takes: 'logit',
  over: 'mean',
  value: (p, t) => max(margin(p, t), 0),
  derivative: (p, t, port) => select(margin(p, t), port === 'prediction' ? neg(sign(t)) : mul(-2, p), 0),
});
