/** The confusion matrix and what is read off it. */
import { describe, expect, test } from 'vitest';
import { cellRows, classScores, confusionOf } from '../../../src/engine/train/confusion';

describe('several classes', () => {
  // Truth a a b b c c; answers a b b b a c.
  const hot = (...at: number[]): Float32Array => Float32Array.from(at.flatMap((k) => [0, 1, 2].map((j) => (j === k ? 1 : 0))));
  const confusion = confusionOf(hot(0, 1, 1, 1, 0, 2), hot(0, 0, 1, 1, 2, 2), 3, 3, 'logit');

  test('counts who was taken for whom', () => {
    expect([...confusion.counts]).toEqual([1, 1, 0, 0, 2, 0, 1, 0, 1]);
    expect(confusion.total).toBe(6);
  });
  test('knows the rows of a cell', () => {
    expect(cellRows(confusion, { truth: 0, predicted: 1 })).toEqual([1]);
    expect(cellRows(confusion, { truth: 1, predicted: 1 })).toEqual([2, 3]);
    expect(cellRows(confusion, { truth: 2, predicted: 1 })).toEqual([]);
  });
  test('precision, recall and F1 of each class', () => {
    const [a, b, c] = classScores(confusion);
    expect(a).toEqual({ precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, support: 2 });
    expect(b).toEqual({ precision: 2 / 3, recall: 1, f1: 4 / 5, support: 2 });
    expect(c).toEqual({ precision: 1, recall: 1 / 2, f1: 2 / 3, support: 2 });
  });
});

test('one output stands for two classes, cut at 0 for logits and at a half for probabilities', () => {
  const targets = Float32Array.of(0, 1, 1);
  expect([...confusionOf(Float32Array.of(-1, 0.2, -0.1), targets, 1, 2, 'logit').counts]).toEqual([1, 0, 1, 1]);
  expect([...confusionOf(Float32Array.of(0.4, 0.2, 0.9), targets, 1, 2, 'probability').counts]).toEqual([1, 0, 1, 1]);
});

test('a class that was never given has no precision, one that never occurs no recall', () => {
  const [first, second] = classScores(confusionOf(Float32Array.of(-1, -1), Float32Array.of(0, 0), 1, 2, 'logit'));
  expect(first).toMatchObject({ precision: 1, recall: 1, support: 2 });
  expect(second!.precision).toBeNaN();
  expect(second!.recall).toBeNaN();
});
