/** The history of the layers: bounded, faithful when it is made coarser, and recorded without changing training. */
import { expect, test } from 'vitest';
import { backends } from '../../../../src/engine/backends/index';
import { generateDataset } from '../../../../src/engine/data/generators';
import { Engine } from '../../../../src/engine/engine';
import { setTraining } from '../../../../src/engine/graph/edits';
import type { GeneratorSource } from '../../../../src/engine/graph/project';
import { LayerHistory, type LookedAt } from '../../../../src/engine/train/analysis/layer-history';
import { BINS, Strip } from '../../../../src/engine/train/analysis/strip';
import { draftProject } from '../../../../src/engine/train/draft';
import { plansOf, trained } from '../../../support/training';

const sum = (numbers: ArrayLike<number>): number => Array.from(numbers).reduce((a, b) => a + b, 0);

test('a stretch has the ends, mean, deviation and shares of its numbers', () => {
  const strip = new Strip(2);
  strip.set(0, [-1, 1, 3, 1]);
  const { low, high, mean, deviation, shares } = strip.report(1);
  expect([low[0], high[0], mean[0]]).toEqual([-1, 3, 1]);
  expect(deviation[0]).toBeCloseTo(Math.SQRT2, 6);
  expect([shares[0], shares[BINS / 2], shares[BINS - 1]]).toEqual([0.25, 0.5, 0.25]);
});

test('two stretches together: numbers that neither loses nor moves far', () => {
  const strip = new Strip(3);
  strip.set(0, [0, 1, 2, 3]);
  strip.set(1, [10, 11]);
  strip.join(2, 0, 1);
  const { low, high, mean, deviation, shares } = strip.report(3);
  expect([low[2], high[2]]).toEqual([0, 11]);
  expect(mean[2]).toBeCloseTo(27 / 6, 5);
  const squares = [0, 1, 2, 3, 10, 11].reduce((total, x) => total + (x - 4.5) ** 2, 0);
  expect(deviation[2]).toBeCloseTo(Math.sqrt(squares / 6), 4);
  const own = shares.subarray(2 * BINS, 3 * BINS);
  expect(sum(own)).toBeCloseTo(1, 5);
  // Two thirds lie below the middle.
  expect(sum(own.subarray(0, BINS / 2))).toBeCloseTo(4 / 6, 5);
});

test('numbers that are all equal, none, or not finite', () => {
  const strip = new Strip(4);
  strip.set(0, [2, 2]);
  strip.set(1, [2]);
  strip.join(2, 0, 1);
  strip.set(3, [Number.NaN, Number.POSITIVE_INFINITY]);
  const { low, high, shares } = strip.report(4);
  expect([low[2], high[2], shares[2 * BINS]]).toEqual([2, 2, 1]);
  expect(sum(shares.subarray(3 * BINS))).toBe(0);
});

const places = [{ node: 'hidden', output: 'hidden/act', op: 'tanh', parameters: ['hidden/weight'], input: null }];
const look = (step: number, value: number): LookedAt => ({
  step,
  epoch: Math.floor(step / 10),
  numbers: ({ quantity }) => ({
    of: quantity === 'update' ? [value / 10, 0] : quantity === 'parameter' ? [value, 0] : [value, value + 1],
  }),
});

test('when it is full the past becomes coarser, and all of it stays', () => {
  const history = new LayerHistory(places, 8);
  for (let step = 0; step < 40; step++) history.add(look(step, step + 1));
  const { steps, epochs, strip, ratios, names } = history.report({ layer: 'hidden', quantity: 'activation' });
  expect(names.map(({ quantity }) => quantity)).toEqual([
    'activation',
    'activation gradient',
    'parameter',
    'parameter gradient',
    'update',
  ]);
  expect([...steps]).toEqual([0, 8, 16, 24, 32]);
  expect([...epochs]).toEqual([0, 0, 1, 2, 3]);
  expect([strip!.low[0], strip!.high[0], strip!.low[4], strip!.high[4]]).toEqual([1, 9, 33, 41]);
  expect(strip!.mean[0]).toBeCloseTo(5, 4);
  expect(sum(strip!.shares)).toBeCloseTo(5, 4);
  expect(ratios).toHaveLength(1);
  for (const ratio of ratios[0]!.values) expect(ratio).toBeCloseTo(0.1, 5);
});

test('another past takes the place of the steps after it', () => {
  const history = new LayerHistory(places, 8);
  for (let step = 0; step < 6; step++) history.add(look(step, 1));
  history.add(look(3, 9));
  const { steps, strip } = history.report({ layer: 'hidden', quantity: 'activation' });
  expect([...steps]).toEqual([0, 1, 2, 3]);
  expect(strip!.low[3]).toBe(9);
});

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0, seed: 1 };
const data = generateDataset(source, split);
const project = setTraining({ optimizer: 'adam', hyper: { rate: 0.01 }, batch: 20, epochs: 8 })(
  draftProject(data, source, split, { title: 'Test', hidden: [6], activation: 'tanh' }),
);

async function opened(): Promise<Engine> {
  const engine = new Engine({
    backends,
    events: { progress: () => {}, trouble: () => {}, frame: () => {} },
    now: () => performance.now(),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: () => Promise.resolve(),
    sharedMemory: false,
  });
  await engine.setDataset(data);
  await engine.load(await plansOf(project, data, 'wasm'), { seed: 1, epochs: 8, batch: 20 });
  return engine;
}

test('a step’s update and its ratio are those of the weights before and after it', async () => {
  const engine = await opened();
  const said = await engine.statistics();
  const before = (await engine.weights())['hidden/weight']!.data;
  await engine.step();
  const after = (await engine.weights())['hidden/weight']!.data;
  const moved = Float32Array.from(before, (x, k) => after[k]! - x);
  const report = (await engine.layerHistory({ layer: 'hidden', quantity: 'update', parameter: 'hidden/weight' }))!;
  expect([...report.steps]).toEqual([0]);
  expect(report.strip!.low[0]).toBeCloseTo(Math.min(...moved), 6);
  expect(report.strip!.high[0]).toBeCloseTo(Math.max(...moved), 6);
  const { ratio } = said!.layers[0]!.parameters.find(({ key }) => key === 'hidden/weight')!;
  expect(report.ratios.find(({ parameter }) => parameter === 'hidden/weight')!.values[0]).toBeCloseTo(ratio!, 4);
  const of = (await engine.layerHistory({ layer: 'hidden', quantity: 'parameter', parameter: 'hidden/weight' }))!;
  expect(of.strip!.low[0]).toBeCloseTo(Math.min(...before), 6);
  const activation = (await engine.layerHistory({ layer: 'hidden', quantity: 'activation' }))!;
  expect(activation.strip!.low[0]).toBeGreaterThan(-1);
  expect(activation.strip!.high[0]).toBeLessThan(1);
});

test('training that is recorded is the same training', async () => {
  const engine = await opened();
  await engine.train();
  const { session } = await trained(project, data, { seed: 1 });
  expect(await engine.weights()).toEqual(await session.weights());
  expect((await engine.layerHistory(null))!.steps.length).toBeGreaterThan(0);
});

test('starting over begins another history', async () => {
  const engine = await opened();
  await engine.train();
  await engine.reset(2);
  expect((await engine.layerHistory(null))!.steps).toHaveLength(0);
});
