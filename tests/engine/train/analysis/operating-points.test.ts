/** Activations as functions of one number, and where a layer's sums stand on them. */
import { expect, test } from 'vitest';
import { backends } from '../../../../src/engine/backends/index';
import { generateDataset } from '../../../../src/engine/data/generators';
import { Engine } from '../../../../src/engine/engine';
import type { GeneratorSource } from '../../../../src/engine/graph/project';
import { scalarFunction } from '../../../../src/engine/ops/scalar-function';
import { operatingPointsOf } from '../../../../src/engine/train/analysis/operating-points';
import { RowOrder } from '../../../../src/engine/train/order';
import { draftProject } from '../../../../src/engine/train/draft';
import { plansOf } from '../../../support/training';

test('three of four sums on the flat side of ReLU', () => {
  const found = operatingPointsOf(scalarFunction('relu')!, [-1, -2, -0.5, 4]);
  expect(found).toMatchObject({ flat: 0.75, meanSlope: 0.25 });
  expect(found.sums.total).toBe(4);
  expect(found.curve[0]!.x).toBe(-3);
  expect(found.curve.at(-1)!.x).toBeGreaterThanOrEqual(4);
});

test('the sums of a layer, of one neuron, and a layer without an activation', async () => {
  const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
  const source: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0, seed: 1 };
  const data = generateDataset(source, split);
  const project = draftProject(data, source, split, { title: 'Test', hidden: [6], activation: 'tanh' });
  const engine = new Engine({
    backends,
    events: { progress: () => {}, trouble: () => {}, frame: () => {} },
    now: () => performance.now(),
    breathe: () => Promise.resolve(),
    sleep: () => Promise.resolve(),
    sharedMemory: false,
  });
  await engine.setDataset(data);
  await engine.load(await plansOf(project, data, 'wasm'), { seed: 1, epochs: 5, batch: 20 });
  expect(await engine.activatedLayers()).toEqual(['hidden']);
  const all = await engine.operatingPoints('hidden', null);
  const one = await engine.operatingPoints('hidden', 2);
  if ('because' in all || 'because' in one) throw new Error('no points');
  expect(all).toMatchObject({ op: 'tanh', units: 6, rows: 20 });
  expect([all.sums.total, one.sums.total]).toEqual([120, 20]);
  // By hand: x · w + b of each neuron over the first batch.
  const weights = await engine.weights();
  const [w, b] = [weights['hidden/weight']!.data, weights['hidden/bias']!.data];
  const rows = new RowOrder(data.split.train, 1, 20).coming();
  const sumOf = (row: number, unit: number): number =>
    data.x[2 * row]! * w[unit]! + data.x[2 * row + 1]! * w[6 + unit]! + b[unit]!;
  expect(all.points).toHaveLength(120);
  all.points.forEach(({ unit, sum, value, slope }, at) => {
    expect(unit).toBe(at % 6);
    expect(sum).toBeCloseTo(sumOf(rows[Math.floor(at / 6)]!, unit), 5);
    expect(value).toBeCloseTo(Math.tanh(sum), 10);
    expect(slope).toBeCloseTo(1 - Math.tanh(sum) ** 2, 10);
  });
  expect(one.points.map(({ unit }) => unit)).toEqual(Array.from({ length: 20 }, () => 2));
  expect(one.sums.mean).toBeCloseTo(
    [...rows].reduce((sum, row) => sum + sumOf(row, 2) / 20, 0),
    5,
  );
  expect(await engine.operatingPoints('output', null)).toMatchObject({ because: expect.stringMatching(/no activation/) });
});
