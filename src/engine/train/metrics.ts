/** Scores of predictions against targets. Both are encoded, row-major, as the data set has them. */
import type { DatasetInfo } from '../data/dataset';

/** Scores of one part of the data. */
export interface Score {
  readonly loss: number;
  /** Classification. */
  readonly accuracy?: number;
  /** Regression, in the target's own units. */
  readonly rmse?: number;
  readonly r2?: number;
}

export type Takes = 'value' | 'probability' | 'logit';

/** The class a row of predictions stands for: 0 or 1 for one output, the largest of several. */
export function classOf(values: ArrayLike<number>, at: number, width: number, takes: Takes): number {
  if (width === 1) return values[at]! > (takes === 'logit' ? 0 : 0.5) ? 1 : 0;
  let best = 0;
  for (let k = 1; k < width; k++) if (values[at + k]! > values[at + best]!) best = k;
  return best;
}

/**
 * Accuracy for classes; root mean squared error (in the target's own units, over all targets) and R² for
 * numbers. R² is 1 − squared error / variance, averaged over the targets; NaN when a target is constant.
 */
export function score(loss: number, predictions: Float32Array, targets: Float32Array, data: DatasetInfo, takes: Takes): Score {
  const width = data.targets.length;
  const rows = targets.length / width;
  if (predictions.length !== targets.length || rows === 0) return { loss };
  if (data.task !== 'regression') {
    let right = 0;
    for (let row = 0; row < rows; row++)
      if (classOf(predictions, row * width, width, takes) === classOf(targets, row * width, width, 'probability')) right++;
    return { loss, accuracy: right / rows };
  }
  let squares = 0;
  let r2 = 0;
  for (let k = 0; k < width; k++) {
    let mean = 0;
    for (let row = 0; row < rows; row++) mean += targets[row * width + k]! / rows;
    let error = 0;
    let variance = 0;
    for (let row = 0; row < rows; row++) {
      const t = targets[row * width + k]!;
      error += (predictions[row * width + k]! - t) ** 2;
      variance += (t - mean) ** 2;
    }
    squares += error * data.targets[k]!.deviation ** 2;
    r2 += (variance > 0 ? 1 - error / variance : Number.NaN) / width;
  }
  return { loss, rmse: Math.sqrt(squares / (rows * width)), r2 };
}
