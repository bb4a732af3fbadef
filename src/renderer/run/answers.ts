/**
 * Reads the network's raw numbers for people: shares of classes, the likeliest class, values in the
 * target's own units. `takes` says what the prediction's numbers are.
 */
import type { DatasetInfo } from '../../engine/data/dataset';

export type Takes = 'value' | 'probability' | 'logit';

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** Share of the second class, from one number of a binary prediction. */
export const binaryShare = (value: number, takes: Takes): number =>
  takes === 'logit' ? sigmoid(value) : Math.min(1, Math.max(0, value));

/** Shares of all classes, from one row of a multi-class prediction. */
export function shares(row: ArrayLike<number>, takes: Takes): number[] {
  const values = Array.from(row);
  if (takes === 'logit') {
    const top = Math.max(...values);
    const powers = values.map((value) => Math.exp(value - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((power) => power / sum);
  }
  const positive = values.map((value) => Math.max(0, value));
  const sum = positive.reduce((a, b) => a + b, 0);
  return sum > 0 ? positive.map((value) => value / sum) : positive;
}

export const largestAt = (values: ArrayLike<number>): number => {
  let at = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[at]!) at = i;
  return at;
};

export interface Answer {
  readonly row: number;
  /** In words or in the target's units. */
  readonly predicted: string;
  readonly actual: string;
  /** Share of the predicted class; null for regression. */
  readonly sureness: number | null;
  /** Classification: right or wrong. Regression: null. */
  readonly right: boolean | null;
  readonly error: number | null;
}

/** One line of the table of predictions. `values` and `target` are one row, encoded. */
export function answerOf(
  row: number,
  values: ArrayLike<number>,
  target: ArrayLike<number>,
  info: DatasetInfo,
  takes: Takes,
  show: (value: number) => string,
): Answer {
  if (info.task === 'regression') {
    const column = info.targets[0]!;
    const own = (value: number): number => value * column.deviation + column.mean;
    const [predicted, actual] = [own(values[0]!), own(target[0]!)];
    return { row, predicted: show(predicted), actual: show(actual), sureness: null, right: null, error: predicted - actual };
  }
  if (info.task === 'binary') {
    const share = binaryShare(values[0]!, takes);
    const [guess, truth] = [share >= 0.5 ? 1 : 0, target[0]! >= 0.5 ? 1 : 0];
    return {
      row,
      predicted: info.classes[guess] ?? String(guess),
      actual: info.classes[truth] ?? String(truth),
      sureness: guess === 1 ? share : 1 - share,
      right: guess === truth,
      error: null,
    };
  }
  const all = shares(values, takes);
  const [guess, truth] = [largestAt(all), largestAt(target)];
  return {
    row,
    predicted: info.classes[guess] ?? String(guess),
    actual: info.classes[truth] ?? String(truth),
    sureness: all[guess] ?? null,
    right: guess === truth,
    error: null,
  };
}
