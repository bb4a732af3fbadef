/** Planes through the parameters: their directions, the places of other parameters on them, and the losses there. */
import { expect, test } from 'vitest';
import { backends } from '../../../../src/engine/backends/index';
import { generateDataset } from '../../../../src/engine/data/generators';
import { Engine } from '../../../../src/engine/engine';
import type { GeneratorSource } from '../../../../src/engine/graph/project';
import { dot, LossPlane, mainDirections, randomDirection } from '../../../../src/engine/train/analysis/loss-plane';
import type { SurfaceInfo } from '../../../../src/engine/train/analysis/studies';
import { draftProject } from '../../../../src/engine/train/draft';
import type { State } from '../../../../src/engine/train/session';
import { plansOf } from '../../../support/training';

const state = (...numbers: number[]): State => new Map([['v:w', Float32Array.from(numbers)]]);

test('a place of the plane is found again, and what lies off it has its distance', () => {
  const plane = new LossPlane(state(1, 2, 3), state(2, 0, 0), state(1, 1, 0));
  expect([...plane.at(2, 3).get('v:w')!]).toEqual([8, 5, 3]);
  const there = plane.nearest(plane.at(-1.5, 0.25));
  expect(there.across).toBeCloseTo(-1.5, 6);
  expect(there.up).toBeCloseTo(0.25, 6);
  expect(there.off).toBeCloseTo(0, 6);
  expect(plane.nearest(state(8, 5, 7))).toMatchObject({ across: 2, up: 3, off: 4 });
});

test('filters of a random direction are as long as those of the weights, and biases stay', () => {
  const spec = (key: string, shape: readonly number[]) =>
    ({
      key,
      shape,
      value: `v:${key}`,
      gradient: `g:${key}`,
      trainable: true,
      role: 'weight',
      initializer: '',
      scale: 1,
      fanIn: 1,
      fanOut: 1,
    }) as const;
  const origin: State = new Map([
    ['v:dense', Float32Array.of(3, 0, 4, 2, 0, 0)], // 3 inputs × 2 neurons: columns (3, 4, 0) and (0, 2, 0)
    ['v:filters', Float32Array.from({ length: 12 }, (_, k) => (k < 6 ? 2 : 0))], // 2 filters of 1 × 2 × 3
    ['v:bias', Float32Array.of(5, 5)],
  ]);
  const direction = randomDirection([spec('dense', [3, 2]), spec('filters', [2, 1, 2, 3]), spec('bias', [2])], origin, 4, 'a');
  const dense = direction.get('v:dense')!;
  expect(Math.hypot(dense[0]!, dense[2]!, dense[4]!)).toBeCloseTo(5, 5);
  expect(Math.hypot(dense[1]!, dense[3]!, dense[5]!)).toBeCloseTo(2, 5);
  expect(Math.hypot(...direction.get('v:filters')!.subarray(0, 6))).toBeCloseTo(Math.sqrt(24), 5);
  expect([...direction.get('v:filters')!.subarray(6)].every((x) => x === 0)).toBe(true);
  expect(direction.has('v:bias')).toBe(false);
  // Where there are only lists, these are all there is.
  expect(randomDirection([spec('bias', [2])], origin, 4, 'a').get('v:bias')).toHaveLength(2);
});

test('main directions: the longer way first, at right angles, of length 1', () => {
  const moments = [state(4, 0, 0), state(-4, 0, 0), state(0, 1, 0), state(0, -1, 0)];
  const { across, up } = mainDirections(state(0, 0, 0), moments, state(1, 1, 1))!;
  expect(Math.abs(across.get('v:w')![0]!)).toBeCloseTo(1, 5);
  expect(Math.abs(up.get('v:w')![1]!)).toBeCloseTo(1, 5);
  // A straight way: the second direction comes from the spare one.
  const straight = mainDirections(state(0, 0, 0), [state(1, 0, 0), state(2, 0, 0)], state(1, 1, 1))!;
  expect(dot(straight.across, straight.up)).toBeCloseTo(0, 6);
  expect(dot(straight.up, straight.up)).toBeCloseTo(1, 5);
  expect(mainDirections(state(1, 0, 0), [state(1, 0, 0)], state(1, 1, 1))).toBeNull();
});

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0.1, seed: 1 };

async function opened(options: { readonly train?: boolean } = {}): Promise<Engine> {
  const data = generateDataset(source, split);
  const project = draftProject(data, source, split, { title: 'Test', hidden: [4], activation: 'tanh' });
  const engine = new Engine({
    backends,
    events: { progress: () => {}, trouble: () => {}, frame: () => {} },
    now: () => performance.now(),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: () => Promise.resolve(),
    sharedMemory: false,
  });
  await engine.setDataset(data);
  await engine.load(await plansOf(project, data, 'wasm'), { seed: 1, epochs: 6, batch: 20 });
  if (options.train) await engine.train();
  return engine;
}
const surface = async (engine: Engine, wish: Parameters<Engine['openSurface']>[0]): Promise<SurfaceInfo> => {
  const info = await engine.openSurface(wish);
  if ('because' in info) throw new Error(info.because);
  return info;
};
const two = {
  kind: 'numbers',
  across: { parameter: 'hidden/weight', index: 1 },
  up: { parameter: 'output/bias', index: 0 },
} as const;

test('losses over two numbers are those of the network with these numbers', async () => {
  const engine = await opened({ train: true });
  const weights = await engine.weights();
  const info = await surface(engine, two);
  expect(info.titles).toEqual(['hidden/weight[1, 2]', 'output/bias[1]']);
  expect(info.origin[0]).toBe(weights['hidden/weight']!.data[1]);
  expect(info).toMatchObject({ rows: 140, of: 140, epoch: 6 });
  const losses = (await engine.surfaceLosses(info.id, Float64Array.of(0, 0, 0.5, 0, -0.25, 1)))!;
  expect(losses[0]).toBe(info.loss);
  // The same numbers set by hand: the plane through them has that loss at its middle.
  const changed = Float32Array.from(weights['hidden/weight']!.data);
  changed[1]! -= 0.25;
  const bias = weights['output/bias']!;
  await engine.setWeights({
    'hidden/weight': { shape: weights['hidden/weight']!.shape, data: changed },
    'output/bias': { shape: bias.shape, data: Float32Array.from(bias.data, (x) => x + 1) },
  });
  expect((await surface(engine, { kind: 'random', seed: 1 })).loss).toBeCloseTo(losses[2]!, 6);
});

test('the way ends where training stands; on its own plane hardly anything of it is lost', async () => {
  const engine = await opened({ train: true });
  const info = await surface(engine, { kind: 'way' });
  const way = (await engine.surfaceWay(info.id))!;
  expect(way[0]).toMatchObject({ step: 0 });
  expect(way.at(-1)).toMatchObject({ step: 42, epoch: 6 });
  expect(way.at(-1)!.across).toBeCloseTo(0, 5);
  expect(way.at(-1)!.off).toBeCloseTo(0, 4);
  const size = Math.hypot(way[0]!.across, way[0]!.up);
  expect(size).toBeGreaterThan(0.05);
  expect(way[0]!.off).toBeLessThan(size / 2);
  expect(info.across[0]).toBeLessThanOrEqual(Math.min(...way.map(({ across }) => across)));
  expect(info.across[1]).toBeGreaterThanOrEqual(Math.max(...way.map(({ across }) => across)));
});

test('looking at the loss elsewhere changes nothing', async () => {
  const [watched, alone] = [await opened(), await opened()];
  const info = await surface(watched, { kind: 'random', seed: 2 });
  const training = watched.train();
  await watched.surfaceLosses(
    info.id,
    Float64Array.from({ length: 60 }, (_, k) => k / 30 - 1),
  );
  await watched.gradientNoise(null);
  await Promise.all([training, alone.train()]);
  expect(await watched.weights()).toEqual(await alone.weights());
  expect(await watched.test()).toEqual(await alone.test());
});

test('a plane that is no longer open has no losses', async () => {
  const engine = await opened();
  const first = await surface(engine, two);
  await surface(engine, { kind: 'random', seed: 1 });
  expect(await engine.surfaceLosses(first.id, Float64Array.of(0, 0))).toBeNull();
  expect(await engine.surfaceWay(first.id)).toBeNull();
});

test('what cannot be shown is said', async () => {
  const engine = await opened();
  expect(await engine.openSurface({ kind: 'way' })).toMatchObject({ because: expect.stringMatching(/Train some steps first/) });
  expect(await engine.openSurface({ ...two, up: two.across })).toMatchObject({ because: expect.stringMatching(/same number/) });
  expect(await engine.openSurface({ ...two, up: { parameter: 'hidden/weight', index: 99 } })).toMatchObject({
    because: expect.stringMatching(/no number 100 of 'hidden\/weight'/),
  });
});
