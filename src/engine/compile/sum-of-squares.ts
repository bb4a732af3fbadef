/** The square of a gradient's length: what clipping by the norm and the breakpoints on gradients both ask for. */
import { type Expr, mul, read } from '../ir/expr';
import { ACC, alongOut, type Kernel } from '../ir/kernel';
import { type Shape, stridesOf } from '../ir/shape';

/** Of `each`, an expression of the gradient `g`, over a parameter's shape; stored in `sum`. */
export function sumOfSquares(shape: Shape, each: Expr): Kernel {
  const square = mul(each, each);
  return shape.length === 0
    ? { out: [], reads: [alongOut('g', [])], stores: [{ to: 'sum', value: square }] }
    : {
        out: [],
        fold: { with: 'sum', over: shape, body: square },
        reads: [{ name: 'g', strides: stridesOf(shape), offset: 0 }],
        stores: [{ to: 'sum', value: read(ACC) }],
      };
}
