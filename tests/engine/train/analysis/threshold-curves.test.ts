/** ROC, precision–recall, class scores and histograms against scikit-learn's and NumPy's numbers, and by hand. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { histogramOf } from '../../../../src/engine/train/analysis/histogram';
import { corners, thresholdCurves } from '../../../../src/engine/train/analysis/threshold-curves';
import { classScores, confusionOf } from '../../../../src/engine/train/confusion';

interface Case {
  readonly scores: number[];
  readonly truth: number[];
  readonly fpr: number[];
  readonly tpr: number[];
  readonly precision: number[];
  readonly recall: number[];
  readonly auc: number;
  readonly ap: number;
}
/** Written by threshold_curves.py. */
const known = JSON.parse(readFileSync(new URL('./threshold-curves.json', import.meta.url), 'utf8')) as {
  cases: Case[];
  several: { scores: number[][]; truth: number[]; auc: number[]; ap: number[] } & Record<
    'precision' | 'recall' | 'f1' | 'support',
    number[]
  >;
  numbers: number[];
  mean: number;
  deviation: number;
  counts: number[];
};
const close = (ours: readonly number[], theirs: readonly number[]): void => {
  expect(ours.length).toBe(theirs.length);
  ours.forEach((x, at) => {
    expect(x).toBeCloseTo(theirs[at]!, 12);
  });
};

test('four rows by hand: one negative scores above one positive', () => {
  // Sorted: 0.9 (yes), 0.6 (no), 0.4 (yes), 0.1 (no): three of the four pairs are in order.
  const curves = thresholdCurves([0.4, 0.9, 0.1, 0.6], (row) => row < 2)!;
  expect(curves).toMatchObject({ area: 0.75, positives: 2, negatives: 2 });
  expect(curves.averagePrecision).toBeCloseTo(0.5 * 1 + 0.5 * (2 / 3), 14);
  expect(curves.points.map(({ falseShare, recall }) => [falseShare, recall])).toEqual([
    [0, 0],
    [0, 0.5],
    [0.5, 0.5],
    [0.5, 1],
    [1, 1],
  ]);
});

test.each(known.cases.map((one, at) => [at, one] as const))('case %i is scikit-learn’s', (_at, one) => {
  const curves = thresholdCurves(one.scores, (row) => one.truth[row] === 1)!;
  expect(curves.area).toBeCloseTo(one.auc, 12);
  expect(curves.averagePrecision).toBeCloseTo(one.ap, 12);
  close(
    curves.points.map((p) => p.falseShare),
    one.fpr,
  );
  close(
    curves.points.map((p) => p.recall),
    one.tpr,
  );
  close(
    curves.points.map((p) => p.precision),
    one.precision,
  );
});

test('one class against the rest, and each class’s scores, are scikit-learn’s', () => {
  const { scores, truth } = known.several;
  for (const k of [0, 1, 2]) {
    const curves = thresholdCurves(
      scores.map((row) => row[k]!),
      (row) => truth[row] === k,
    )!;
    expect(curves.area).toBeCloseTo(known.several.auc[k]!, 12);
    expect(curves.averagePrecision).toBeCloseTo(known.several.ap[k]!, 12);
  }
  const targets = Float32Array.from(truth.flatMap((own) => [0, 1, 2].map((k) => (k === own ? 1 : 0))));
  const found = classScores(confusionOf(Float32Array.from(scores.flat()), targets, 3, 3, 'probability'));
  for (const what of ['precision', 'recall', 'f1', 'support'] as const)
    close(
      found.map((one) => one[what]),
      known.several[what],
    );
});

test('scores that are all equal, or not a number, tell nothing', () => {
  const equal = thresholdCurves([1, 1, 1, 1], (row) => row === 0)!;
  expect(equal.area).toBe(0.5);
  expect(equal.points.length).toBe(2);
  const broken = thresholdCurves([Number.NaN, 3, 2], (row) => row === 0)!;
  expect(broken.area).toBe(0);
});

test('rows of one class have no curve', () => {
  expect(thresholdCurves([1, 2], () => true)).toBeNull();
  expect(thresholdCurves([1, 2], () => false)).toBeNull();
  expect(thresholdCurves([], () => true)).toBeNull();
});

test('corners leave out what lies on a line', () => {
  const line = [0, 1, 2, 3, 4].map((x) => ({ x, y: x < 3 ? 0 : x }));
  expect(
    corners(
      line,
      ({ x }) => x,
      ({ y }) => y,
    ).map(({ x }) => x),
  ).toEqual([0, 2, 3, 4]);
});

test('a histogram is NumPy’s on the same edges, and one edge is 0', () => {
  const found = histogramOf(known.numbers, 40);
  expect(found.mean).toBeCloseTo(known.mean, 10);
  expect(found.deviation).toBeCloseTo(known.deviation, 10);
  expect(found.edges).toContain(0);
  expect(found.edges[1]! - found.edges[0]!).toBe(5);
  const from = (found.edges[0]! + 80) / 5;
  expect(found.counts).toEqual(known.counts.slice(from, from + found.counts.length));
  expect(found.counts.reduce((a, b) => a + b, 0)).toBe(500);
});

test('histograms of equal numbers, of none, and of numbers that are not finite', () => {
  expect(histogramOf([2, 2, 2]).counts.reduce((a, b) => a + b, 0)).toBe(3);
  expect(histogramOf([0, 0]).total).toBe(2);
  expect(histogramOf([]).counts).toEqual([]);
  expect(histogramOf([Number.NaN, 1, Number.POSITIVE_INFINITY, -1])).toMatchObject({ total: 2, mean: 0 });
});
