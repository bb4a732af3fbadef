/** Activations as functions of one number, and where a layer's sums stand on them. */
import { expect, test } from 'vitest';
import { backends } from '../../../../src/engine/backends/index';
import { generateDataset } from '../../../../src/engine/data/generators';
import { Engine } from '../../../../src/engine/engine';
import type { GeneratorSource } from '../../../../src/engine/graph/project';
import { activations } from '../../../../src/engine/ops/activations';
import { operatingPointsOf, scalarFunction } from '../../../../src/engine/train/analysis/operating-points';
import { draftProject } from '../../../../src/engine/train/draft';
import { plansOf } from '../../../support/training';

test.each(activations.filter(({ name }) => name !== 'identity').map(({ name }) => name))(
  '%s: the slope is that of the value',
  (name) => {
    const { value, slope } = scalarFunction(name, { slope: 0.01 })!;
    for (const x of [-2.3, -0.7, 0.4, 1.9]) {
      const difference = (value(x + 1e-5) - value(x - 1e-5)) / 2e-5;
      expect(slope(x)).toBeCloseTo(difference, 6);
    }
  },
);

test('σ at 0, and what has no curve of one number', () => {
  const sigmoid = scalarFunction('sigmoid', {})!;
  expect([sigmoid.value(0), sigmoid.slope(0)]).toEqual([0.5, 0.25]);
  expect(scalarFunction('softmax', {})).toBeNull();
  expect(scalarFunction('add', {})).toBeNull();
  expect(scalarFunction('no such', {})).toBeNull();
});

test('three of four sums on the flat side of ReLU', () => {
  const found = operatingPointsOf(scalarFunction('relu', {})!, [-1, -2, -0.5, 4]);
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
  // By hand: x · w + b of the third neuron over the first batch.
  const { layers } = (await engine.statistics())!;
  expect(Math.atanh(layers[0]!.activation.high)).toBeGreaterThanOrEqual(one.sums.edges[0]!);
  const weights = await engine.weights();
  const [w, b] = [weights['hidden/weight']!.data, weights['hidden/bias']!.data];
  const reach = [...data.split.train].map((row) => data.x[2 * row]! * w[2]! + data.x[2 * row + 1]! * w[8]! + b[2]!);
  expect(one.sums.mean).toBeGreaterThan(Math.min(...reach));
  expect(one.sums.mean).toBeLessThan(Math.max(...reach));
  expect(await engine.operatingPoints('output', null)).toMatchObject({ because: expect.stringMatching(/no activation/) });
});
