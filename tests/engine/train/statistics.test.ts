/** Statistics of layers, against numbers worked out by hand and against a real training step. */
import { expect, test } from 'vitest';
import { Engine } from '../../../src/engine/engine';
import { backends } from '../../../src/engine/backends/index';
import { generateDataset } from '../../../src/engine/data/generators';
import * as edits from '../../../src/engine/graph/edits';
import type { GeneratorSource, Project } from '../../../src/engine/graph/project';
import { draftProject } from '../../../src/engine/train/draft';
import { spreadOf, type Statistics } from '../../../src/engine/train/statistics';
import { plansOf } from '../../support/training';

test('a spread: ends, mean, deviation, size and counts', () => {
  const spread = spreadOf([-1, 1, 3, 1]);
  expect(spread).toMatchObject({ count: 4, low: -1, high: 3, mean: 1, deviation: Math.SQRT2, size: Math.sqrt(3) });
  expect(spread.bins.reduce((a, b) => a + b, 0)).toBe(4);
  expect(spread.bins[0]).toBe(1);
  expect(spread.bins.at(-1)).toBe(1);
  expect(spreadOf([2, 2]).bins[0]).toBe(2);
  expect(spreadOf([]).count).toBe(0);
});

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0, seed: 1 };

async function opened(activation: string, change: (project: Project) => Project = (project) => project) {
  const data = generateDataset(source, split);
  const project = change(draftProject(data, source, split, { title: 'Test', hidden: [6], activation }));
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
  return engine;
}
const weightOf = (statistics: Statistics | null, layer: number) =>
  statistics!.layers[layer]!.parameters.find(({ role }) => role === 'weight')!;

test.each(['sgd', 'adam'])('the update ratio is that of the step that follows (%s)', async (optimizer) => {
  const engine = await opened('tanh', edits.setTraining({ optimizer, hyper: {} }));
  await engine.step();
  const before = await engine.weights();
  const said = await engine.statistics();
  expect(said!.step).toBe(1);
  expect(said!.layers.map(({ op, units }) => [op, units])).toEqual([
    ['tanh', 6],
    ['add', 1],
  ]);
  await engine.step();
  const after = await engine.weights();
  for (const layer of [0, 1]) {
    const { key, ratio } = weightOf(said, layer);
    const [a, b] = [Float64Array.from(before[key]!.data), Float64Array.from(after[key]!.data)];
    const moved = Math.sqrt(a.reduce((sum, x, k) => sum + (b[k]! - x) ** 2, 0));
    expect(ratio! / (moved / Math.sqrt(a.reduce((sum, x) => sum + x * x, 0)))).toBeCloseTo(1, 3);
  }
});

test('statistics do not change training', async () => {
  const [watched, alone] = [await opened('tanh'), await opened('tanh')];
  for (let i = 0; i < 5; i++) {
    await watched.step();
    await alone.step();
    await watched.statistics();
  }
  expect(await watched.weights()).toEqual(await alone.weights());
});

test('units that a large negative bias silences are dead; large weights saturate tanh', async () => {
  const relu = await opened('relu');
  const { key } = (await relu.statistics())!.layers[0]!.parameters.find(({ role }) => role === 'bias')!;
  expect((await relu.statistics())!.layers[0]!.dead).toEqual([]);
  await relu.setWeights({ [key]: { shape: [6], data: Float32Array.of(0, -100, 0, 0, -100, 0) } });
  expect((await relu.statistics())!.layers[0]!.dead).toEqual([1, 4]);

  const tanh = await opened('tanh');
  expect((await tanh.statistics())!.layers[0]!.saturated).toBeLessThan(0.4);
  const weight = weightOf(await tanh.statistics(), 0).key;
  await tanh.setWeights({ [weight]: { shape: [2, 6], data: new Float32Array(12).fill(100) } });
  expect((await tanh.statistics())!.layers[0]!.saturated).toBeGreaterThan(0.8);
});
