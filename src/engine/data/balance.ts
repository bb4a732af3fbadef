/**
 * Rare classes made to count as much as frequent ones: each row is weighed in the loss by n ÷ (k · rows of its
 * class), as counted on the training rows, on top of weights that it has already.
 */
import type { Dataset } from './dataset';

/** Which class a row belongs to. */
export function classOf({ y, targets }: Pick<Dataset, 'y' | 'targets'>, row: number): number {
  const outs = targets.length;
  if (outs === 1) return y[row]! > 0.5 ? 1 : 0;
  let most = 0;
  for (let k = 1; k < outs; k++) if (y[row * outs + k]! > y[row * outs + most]!) most = k;
  return most;
}

/** How much each class counts as it stands: the weights of its training rows together. */
export function classWeights(data: Dataset, rows: Uint32Array = data.split.train): readonly number[] {
  const sums = new Array<number>(Math.max(2, data.targets.length)).fill(0);
  for (const row of rows) sums[classOf(data, row)]! += data.weights?.[row] ?? 1;
  return sums;
}

/** Numbers to predict have no classes: those data stay as they are. */
export function balanced(data: Dataset): Dataset {
  if (data.task === 'regression' || data.targets.length === 0) return data;
  const sums = classWeights(data);
  const present = sums.filter((sum) => sum > 0).length;
  const total = sums.reduce((a, b) => a + b, 0);
  if (present < 2) return data;
  const weights = Float32Array.from({ length: data.rows }, (_, row) => {
    const sum = sums[classOf(data, row)]!;
    return (data.weights?.[row] ?? 1) * (sum > 0 ? total / (present * sum) : 1);
  });
  return { ...data, weights, weighedBy: data.weighedBy === undefined ? 'class' : `${data.weighedBy} and class` };
}
