/** Answers as a table: rows counted from 1 with their part, numbers in their own units, probabilities of every class. */
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/engine/data/dataset';
import { predictionTable } from '../../src/renderer/run/prediction-table';

const column = (name: string, mean = 0, deviation = 1) => ({ name, source: name, mean, deviation });
const split = { train: Uint32Array.of(2, 0), validation: Uint32Array.of(), test: Uint32Array.of(1) };
const answers = (values: readonly number[], width: number) => async (rows: readonly number[]) => ({
  values: Float32Array.from(rows.flatMap((row) => values.slice(row * width, (row + 1) * width))),
  width,
});

const base = { name: 'd', rows: 3, notes: [], split, features: [column('age', 10, 2)], x: Float32Array.of(0, 1, -1) };

test('of numbers: actual, predicted and their difference in the own units of each target', async () => {
  const dataset: Dataset = {
    ...base,
    task: 'regression',
    targets: [column('size', 100, 10), column('weight')],
    classes: [],
    y: Float32Array.of(0, 1, 1, 2, -1, 3),
  };
  const table = await predictionTable(answers([0.5, 1, 1, 2.5, 0, 0], 2), dataset, 'value', 'own');
  expect(table.columns).toEqual([
    'row',
    'part',
    'size: actual',
    'size: predicted',
    'size: predicted − actual',
    'weight: actual',
    'weight: predicted',
    'weight: predicted − actual',
    'age',
  ]);
  expect(table.rows).toEqual([
    [1, 'training', 100, 105, 5, 1, 1, 0, 10],
    [2, 'test', 110, 110, 0, 2, 2.5, 0.5, 12],
    [3, 'training', 90, 100, 10, 3, 0, -3, 8],
  ]);
});

test('of classes: names, whether it is right, and a probability for each; inputs as the network gets them', async () => {
  const binary: Dataset = {
    ...base,
    task: 'binary',
    targets: [column('is')],
    classes: ['no', 'yes'],
    y: Float32Array.of(0, 1, 1),
  };
  const two = await predictionTable(answers([0.25, 0.75, 0.25], 1), binary, 'probability', 'encoded');
  expect(two.columns).toEqual([
    'row',
    'part',
    'actual',
    'predicted',
    'right',
    'probability of no',
    'probability of yes',
    'age, encoded',
  ]);
  expect(two.rows[2]).toEqual([3, 'training', 'yes', 'no', 'no', 0.75, 0.25, -1]);
  const several: Dataset = {
    ...base,
    task: 'multiclass',
    targets: ['a', 'b', 'c'].map((name) => column(name)),
    classes: ['a', 'b', 'c'],
    y: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
  };
  const three = await predictionTable(answers([0, 0, 0, 0, 9, 0, 0, 9, 0], 3), several, 'logit', 'none');
  expect(three.rows[0]!.slice(0, 5)).toEqual([1, 'training', 'a', 'a', 'yes']);
  expect(three.rows[0]![5]).toBeCloseTo(1 / 3, 6);
  expect(three.rows[2]!.slice(2, 5)).toEqual(['c', 'b', 'no']);
});

test('a network whose answers do not fit the targets is refused in a sentence', async () => {
  const dataset: Dataset = { ...base, task: 'regression', targets: [column('size')], classes: [], y: Float32Array.of(0, 0, 0) };
  await expect(predictionTable(answers([0, 0, 0, 0, 0, 0], 2), dataset, 'value', 'none')).rejects.toThrow(
    /gives 2 numbers a row/,
  );
});
