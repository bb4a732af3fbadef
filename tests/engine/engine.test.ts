/**
 * The engine as the window calls it: what is asked while a network is being loaded waits for it, and a
 * network whose device was lost gives way to the next one, which starts from what the window kept.
 */
import { expect, test } from 'vitest';
import type { Progress, Trouble } from '../../src/engine/api';
import { type Backend, type Device, DeviceFailure } from '../../src/engine/backends/backend';
import { backends } from '../../src/engine/backends/index';
import { generateDataset } from '../../src/engine/data/generators';
import { Engine } from '../../src/engine/engine';
import { setAttr } from '../../src/engine/graph/edits';
import type { BackendName } from '../../src/engine/plan';
import { draftProject } from '../../src/engine/train/draft';
import { plansOf } from '../support/training';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source = { kind: 'generator', name: 'circles', count: 200, noise: 0, seed: 1 } as const;
const data = generateDataset(source, split);
const project = draftProject(data, source, split, { title: 'Test', hidden: [4], activation: 'tanh' });
const options = { seed: 1, epochs: 20, batch: 20 };
const bias = Float32Array.of(1, 2, 3, 4);

/** A backend whose devices can be taken away, as a graphics driver does it. */
function mortal(backend: Backend): Backend & { lose(): void } {
  let lost = false;
  const guarded = (device: Device): Device => ({
    backend: device.backend,
    setData: (...given) => device.setData(...given),
    write: (...given) => device.write(...given),
    close: () => device.close(),
    read: async (ids) => (lost ? gone() : device.read(ids)),
    run: async (run) => (lost ? gone() : device.run(run)),
  });
  const gone = (): never => {
    throw new DeviceFailure('lost', 'The graphics device was lost.');
  };
  return {
    name: backend.name,
    detect: () => backend.detect(),
    emit: (program, profile) => backend.emit(program, profile),
    open: async (plan) => guarded(await backend.open(plan)),
    lose: () => {
      lost = true;
    },
  };
}

function start(present: ReadonlyMap<BackendName, Backend> = backends) {
  const seen: { progress: Progress | null; troubles: Trouble[] } = { progress: null, troubles: [] };
  const engine = new Engine({
    backends: present,
    events: {
      progress: (progress) => {
        seen.progress = progress;
      },
      trouble: (trouble) => seen.troubles.push(trouble),
      frame: () => {},
    },
    now: () => performance.now(),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    sharedMemory: true,
  });
  return { engine, seen };
}

test('a step that is asked for while a network is loaded is a step of that network', async () => {
  const { engine, seen } = start();
  const plans = await plansOf(project, data, 'wasm');
  await engine.setDataset(data);
  const [loaded] = await Promise.all([engine.load(plans, options), engine.step()]);
  expect(loaded.backend).toBe('wasm');
  expect(seen.progress?.step).toBe(1);
  await Promise.all([engine.setDataset(data), engine.load({ ...plans, revision: 2 }, options), engine.step()]);
  expect(seen.progress).toMatchObject({ revision: 2, step: 1 });
  await Promise.all([engine.reset(3), engine.epoch()]);
  expect(seen.progress).toMatchObject({ epoch: 1, step: 7 });
  expect(seen.troubles).toEqual([]);
});

test('training that waits for a load is ended by a pause', async () => {
  const { engine, seen } = start();
  await engine.setDataset(data);
  const load = engine.load(await plansOf(project, data, 'wasm'), options);
  const training = engine.train();
  await engine.pause();
  await Promise.all([load, training]);
  expect(seen.progress).toMatchObject({ running: false, step: 0 });
});

test('without a network, training says so', async () => {
  const { engine } = start();
  await expect(engine.step()).rejects.toThrow('There is no network to train yet. Draw one first.');
});

test('a lost device is not asked for its weights: the next network starts from those that are given', async () => {
  const device = mortal(backends.get('wasm')!);
  const { engine, seen } = start(new Map([...backends, ['wasm', device]]));
  await engine.setDataset(data);
  await engine.load(await plansOf(project, data, 'wasm'), options);
  await engine.epoch();
  device.lose();
  await engine.step();
  expect(seen.troubles.map(({ kind }) => kind)).toContain('device-lost');
  const plans = { ...(await plansOf(project, data, 'reference')), revision: 2 };
  const report = await engine.load(plans, { ...options, weights: { 'hidden/bias': { shape: [4], data: bias } } });
  expect(report).toMatchObject({ revision: 2, backend: 'reference', kept: ['hidden/bias'] });
  expect([...(await engine.weights())['hidden/bias']!.data]).toEqual([...bias]);
  // It is the same run that goes on, not a new one.
  expect(seen.progress).toMatchObject({ epoch: 1, step: 7 });
  await engine.epoch();
  expect(seen.progress).toMatchObject({ epoch: 2, step: 14 });
});

test('a network that is there keeps its weights and its place, one that shares nothing starts anew', async () => {
  const { engine, seen } = start();
  await engine.setDataset(data);
  await engine.load(await plansOf(project, data, 'wasm'), options);
  await engine.setWeights({ 'hidden/bias': { shape: [4], data: bias } });
  await engine.epoch();
  const trained = (await engine.weights())['hidden/bias']!.data;
  const kept = await engine.load({ ...(await plansOf(project, data, 'reference')), revision: 2 }, options);
  expect(kept.fresh).toEqual([]);
  expect((await engine.weights())['hidden/bias']!.data).toEqual(trained);
  expect(seen.progress).toMatchObject({ epoch: 1, step: 7 });
  const other = await engine.load(
    { ...(await plansOf(setAttr('hidden', 'units', 5)(project), data, 'wasm')), revision: 3 },
    options,
  );
  expect(other.fresh).toContain('hidden/bias');
  expect(other.kept).not.toContain('hidden/bias');
});
