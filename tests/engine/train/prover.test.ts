/** Proofs in the background: they begin when it is quiet, wait while it trains, and start over after a change. */
import { expect, test } from 'vitest';
import { backends } from '../../../src/engine/backends/index';
import { generateDataset } from '../../../src/engine/data/generators';
import { Engine } from '../../../src/engine/engine';
import { draftProject } from '../../../src/engine/train/draft';
import { DEVICE_TOLERANCE, LENS_TOLERANCE, type Proof } from '../../../src/engine/train/proof';
import { plansOf } from '../../support/training';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source = { kind: 'generator', name: 'circles', count: 200, noise: 0, seed: 1 } as const;
const data = generateDataset(source, split);
const project = draftProject(data, source, split, { title: 'Test', hidden: [4], activation: 'tanh' });

function start() {
  const proofs: (Proof | null)[] = [];
  const engine = new Engine({
    backends,
    events: { progress: () => {}, trouble: () => {}, frame: () => {}, proof: (proof) => proofs.push(proof) },
    now: () => performance.now(),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20))),
    sharedMemory: false,
  });
  return { engine, proofs };
}
const options = { seed: 1, epochs: 1_000_000, batch: 20 };
const done = (proofs: readonly (Proof | null)[]): number => proofs.filter((proof) => proof?.isDone).length;

test('a loaded network is proved, on its own device too', async () => {
  const { engine, proofs } = start();
  await engine.setDataset(data);
  await engine.load(await plansOf(project, data, 'wasm'), options);
  await expect.poll(() => done(proofs)).toBe(1);
  const last = proofs.at(-1)!;
  expect(last).toMatchObject({ verified: 17, of: 17, size: 17, fault: null });
  expect(Math.max(last.scalars!.worst, last.neurons!.worst, last.matrices!.worst)).toBeLessThan(LENS_TOLERANCE);
  expect(last.device!.worst).toBeGreaterThan(0);
  expect(last.device!.worst).toBeLessThan(DEVICE_TOLERANCE / 100);
  // The fused training program as well, which shares no kernel with what is shown.
  expect(last.devices).toEqual({ live: 'wasm', training: 'wasm' });
  expect(last.step!.worst).toBeLessThan(DEVICE_TOLERANCE / 10);
});

test('while it trains nothing is proved; afterwards the new numbers are', async () => {
  const { engine, proofs } = start();
  await engine.setDataset(data);
  await engine.load(await plansOf(project, data, 'wasm'), options);
  void engine.train();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(proofs).toEqual([]);
  await engine.pause();
  await expect.poll(() => done(proofs)).toBe(1);
  await engine.setWeights({ 'hidden/bias': { shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
  await expect.poll(() => done(proofs)).toBe(2);
});

test('without data there is nothing to prove, and nobody is told of a proof that was put away', async () => {
  const { engine, proofs } = start();
  await engine.setDataset(data);
  await engine.load(await plansOf(project, data, 'wasm'), options);
  await engine.setDataset(null);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(proofs).toEqual([]);
});
