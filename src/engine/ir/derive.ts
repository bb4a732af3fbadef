/**
 * The symbolic derivative of an expression with respect to one name. At kinks the convention is the
 * course's: g′(0) = 0 for ReLU, |x| and max(x, 0), because `select` takes its second branch at 0.
 */
import { add, constant, cos, div, exp, type Expr, log, mul, neg, pow, select, sin, sub, tanh } from './expr';

export function derive(e: Expr, name: string): Expr {
  switch (e.kind) {
    case 'const':
      return constant(0);
    case 'read':
      return constant(e.name === name ? 1 : 0);
    case 'select':
      return select(e.positive, derive(e.then, name), derive(e.otherwise, name));
    case 'unary': {
      const inner = derive(e.x, name);
      switch (e.op) {
        case 'neg':
          return neg(inner);
        case 'exp':
          return mul(exp(e.x), inner);
        case 'log':
          return div(inner, e.x);
        case 'sqrt':
          return div(inner, mul(2, e));
        case 'abs':
          return mul(select(e.x, 1, select(neg(e.x), -1, 0)), inner);
        case 'floor':
          return constant(0);
        case 'tanh':
          return mul(sub(1, mul(tanh(e.x), tanh(e.x))), inner);
        case 'sin':
          return mul(cos(e.x), inner);
        case 'cos':
          return neg(mul(sin(e.x), inner));
      }
      break;
    }
    case 'binary': {
      const dx = derive(e.x, name);
      const dy = derive(e.y, name);
      switch (e.op) {
        case 'add':
          return add(dx, dy);
        case 'sub':
          return sub(dx, dy);
        case 'mul':
          return add(mul(dx, e.y), mul(e.x, dy));
        case 'div':
          return sub(div(dx, e.y), div(mul(e.x, dy), mul(e.y, e.y)));
        case 'pow':
          return add(
            mul(mul(e.y, pow(e.x, sub(e.y, 1))), dx),
            dy.kind === 'const' && dy.value === 0 ? 0 : mul(mul(e, log(e.x)), dy),
          );
        case 'max':
          return select(sub(e.x, e.y), dx, dy);
        case 'min':
          return select(sub(e.x, e.y), dy, dx);
      }
    }
  }
}
