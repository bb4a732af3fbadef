import { add, constant, div, log, max, mul, neg, select, sub } from '../ir/expr';
import type { Expr } from '../ir/expr';
import { elementwiseLoss } from './make';

/** Below this a probability counts as this: the smallest normal float32, so that its logarithm is finite. */
const TINY = 1.2e-38;
const safeLog = (x: Expr): Expr => log(max(x, TINY));
const inverse = (x: Expr): Expr => select(sub(x, TINY), div(1, max(x, TINY)), 0);

/** −t ln p − (1 − t) ln(1 − p), averaged over the outputs; p is a probability. */
export const binaryCrossEntropy = elementwiseLoss({
  name: 'binary-cross-entropy',
  title: 'Binary cross-entropy',
  about: 'For yes-or-no questions, from a probability between 0 and 1.',
  glyph: 'BCE',
  keywords: ['classification', 'bce', 'log loss'],
  takes: 'probability',
  over: 'mean',
  value: (p, t) => neg(add(mul(t, log(p)), mul(sub(constant(1), t), log(sub(1, p))))),
  stable: (p, t) => neg(add(mul(t, safeLog(p)), mul(sub(1, t), safeLog(sub(1, p))))),
  derivative: (p, t, port) =>
    port === 'prediction' ? sub(mul(sub(1, t), inverse(sub(1, p))), mul(t, inverse(p))) : sub(safeLog(sub(1, p)), safeLog(p)),
  written: (p, t, port) => (port === 'prediction' ? sub(div(sub(1, t), sub(1, p)), div(t, p)) : sub(log(sub(1, p)), log(p))),
});
