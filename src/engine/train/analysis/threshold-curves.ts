/**
 * How well a score tells one class from the rest, whatever the threshold: the ROC curve with the area under
 * it, and the precision–recall curve with its average precision. Rows of equal score change sides together,
 * so that the curves depend on the scores alone and not on the order of the rows.
 */

/** What a threshold gives: rows whose score is at least `threshold` are taken for the class. */
export interface ThresholdPoint {
  readonly threshold: number;
  /** Rows of the class that are found: true positive rate. */
  readonly recall: number;
  /** Other rows that are taken for it: false positive rate. */
  readonly falseShare: number;
  /** Of what is taken for the class, the share that is of it; 1 where nothing is taken. */
  readonly precision: number;
}

export interface ThresholdCurves {
  /** From the strictest threshold (nothing is taken) to the loosest (everything is). */
  readonly points: readonly ThresholdPoint[];
  /** Area under the ROC curve: how often a row of the class scores above one of another. */
  readonly area: number;
  /** Σ (recallₙ − recallₙ₋₁) · precisionₙ. */
  readonly averagePrecision: number;
  readonly positives: number;
  readonly negatives: number;
}

/** `isOne` says which rows are of the class. Null without a row of the class, or without one of another. */
export function thresholdCurves(scores: ArrayLike<number>, isOne: (row: number) => boolean): ThresholdCurves | null {
  const rows = scores.length;
  // What is not a number is never taken for the class before all others are.
  const scoreOf = (row: number): number => (Number.isNaN(scores[row]!) ? Number.NEGATIVE_INFINITY : scores[row]!);
  const order = Uint32Array.from({ length: rows }, (_, row) => row).sort((a, b) => {
    const [x, y] = [scoreOf(a), scoreOf(b)];
    return x === y ? 0 : y > x ? 1 : -1;
  });
  let positives = 0;
  for (let row = 0; row < rows; row++) if (isOne(row)) positives++;
  const negatives = rows - positives;
  if (positives === 0 || negatives === 0) return null;
  const points: ThresholdPoint[] = [{ threshold: Number.POSITIVE_INFINITY, recall: 0, falseShare: 0, precision: 1 }];
  let [hit, wrong, area, averagePrecision] = [0, 0, 0, 0];
  for (let at = 0; at < rows; ) {
    const threshold = scoreOf(order[at]!);
    const before = points.at(-1)!;
    for (; at < rows && scoreOf(order[at]!) === threshold; at++)
      if (isOne(order[at]!)) hit++;
      else wrong++;
    const point = { threshold, recall: hit / positives, falseShare: wrong / negatives, precision: hit / (hit + wrong) };
    area += ((point.falseShare - before.falseShare) * (point.recall + before.recall)) / 2;
    averagePrecision += (point.recall - before.recall) * point.precision;
    points.push(point);
  }
  return { points, area, averagePrecision, positives, negatives };
}

/** The same curve in fewer points: those that lie on a straight line between others in `x` and `y` are left out. */
export function corners<T>(points: readonly T[], x: (point: T) => number, y: (point: T) => number): readonly T[] {
  return points.filter((point, at) => {
    const [before, after] = [points[at - 1], points[at + 1]];
    if (before === undefined || after === undefined) return true;
    const turn = (x(point) - x(before)) * (y(after) - y(point)) - (y(point) - y(before)) * (x(after) - x(point));
    return Math.abs(turn) > 1e-12;
  });
}
