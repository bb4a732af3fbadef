/**
 * The logistic function and the logarithm under it in forms that never overflow. Derived by the rules of
 * `ir/derive` they are right at 0 as well, where those rules take the second branch of `max` and `select`:
 * so −|x| is written as a choice between −x and x, not with `abs`, whose derivative at 0 would be taken as 0.
 */
import { add, div, type Expr, exp, log, mul, neg, select } from '../ir/expr';

const minusSize = (x: Expr): Expr => select(x, neg(x), x);

/** σ(x) = 1 / (1 + e⁻ˣ). */
export function logistic(x: Expr): Expr {
  const e = exp(minusSize(x));
  return div(select(x, 1, e), add(1, e));
}

/** What ln(1 + eˣ) is more than `max(x, 0)`: their sum has the derivative σ(x). */
export const logOfRest = (x: Expr): Expr => log(add(1, exp(minusSize(x))));

/** σ′(x) = σ(x) (1 − σ(x)), from e^−|x|: nothing cancels where σ is close to 1. */
export function logisticSlope(x: Expr): Expr {
  const e = exp(minusSize(x));
  const whole = add(1, e);
  return div(e, mul(whole, whole));
}
