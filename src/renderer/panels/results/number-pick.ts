/** Two numbers of the parameters to begin with: the first two of the first weights, or of whatever there is. */
import type { Weights } from '../../../engine/api';
import type { NumberAt } from '../../../engine/train/analysis/sample-gradients';

export function firstTwo(weights: Weights | null): readonly [NumberAt, NumberAt] | null {
  const all = Object.entries(weights ?? {}).toSorted(([, a], [, b]) => b.shape.length - a.shape.length);
  const numbers = all.flatMap(([parameter, { data }]) =>
    Array.from({ length: Math.min(2, data.length) }, (_, index) => ({ parameter, index })),
  );
  const [across, up] = numbers;
  return across && up ? [across, up] : null;
}
