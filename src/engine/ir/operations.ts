/** What a kernel costs: its arithmetic operations for one sample. A multiplication and an addition are two. */
import type { Expr } from './expr';
import type { Kernel } from './kernel';
import { product, sampleSize } from './shape';

/** For one sample: each index of the output runs its stores, and its fold once for each folded index. */
export function operationsOf({ out, fold, stores }: Kernel): number {
  const each = stores.reduce((sum, { value }) => sum + operationsIn(value), 0);
  // A fold of n terms needs n operations to gather them, the first one with the starting value.
  const folded = fold ? product(fold.over.map((axis) => (axis === 'batch' ? 1 : axis))) * (operationsIn(fold.body) + 1) : 0;
  return sampleSize(out) * (each + folded);
}

function operationsIn(e: Expr): number {
  switch (e.kind) {
    case 'unary':
      return 1 + operationsIn(e.x);
    case 'binary':
      return 1 + operationsIn(e.x) + operationsIn(e.y);
    case 'select':
      return 1 + operationsIn(e.positive) + Math.max(operationsIn(e.then), operationsIn(e.otherwise));
    default:
      return 0;
  }
}
