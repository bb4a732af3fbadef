/**
 * Rows that count more: training with weights is training with rows repeated, on every backend, whether the
 * batch is whole or short; and a column of a table reaches the loss.
 */
import { describe, expect, test } from 'vitest';
import { backends } from '../../src/engine/backends/index';
import type { Backend, BackendProfile, Device } from '../../src/engine/backends/backend';
import { webgpuBackend } from '../../src/engine/backends/webgpu';
import { compile } from '../../src/engine/compile/compile';
import type { Dataset } from '../../src/engine/data/dataset';
import { generateDataset } from '../../src/engine/data/generators';
import { defaultSettings } from '../../src/engine/graph/project';
import { type BackendName, bufferIds } from '../../src/engine/plan';
import { draftProject } from '../../src/engine/train/draft';
import { Session } from '../../src/engine/train/session';
import { plansOf } from '../support/training';
import { dawn } from '../support/dawn';

const found = await dawn();
const gpu = 'gpu' in found ? found.gpu : undefined;

const split = { ...defaultSettings.split, train: 1, validation: 0, test: 0 };
const source = { kind: 'generator', name: 'circles', count: 12, noise: 0, seed: 3 } as const;
const data = generateDataset(source, split);
const project = draftProject(data, source, split, { title: 't', hidden: [5], activation: 'tanh' });

/** Twelve rows that count 0, 1 and 2 in turn, and the same rows left out, once and twice. */
const counts = Array.from({ length: 12 }, (_, row) => row % 3);
const weights = Float32Array.from(counts);
const repeated = Uint32Array.from(counts.flatMap((count, row) => Array<number>(count).fill(row)));

const TRAIN = ['forward', 'loss', 'backward', 'update'] as const;

async function learned(
  device: Device,
  rows: Uint32Array,
  own: Float32Array | undefined,
  batch: number,
): Promise<{ loss: number; numbers: number[] }> {
  device.setData(data.x, 2, data.y, 1, own);
  let loss = 0;
  for (let step = 0; step < 5; step++) loss = (await device.run({ phases: TRAIN, rows, batch })).losses[0]!;
  const parameters = project.nodes['hidden'] ? ['hidden/weight', 'hidden/bias', 'output/weight', 'output/bias'] : [];
  const read = await device.read(parameters.map((key) => bufferIds.value(key)));
  return { loss, numbers: read.flatMap((numbers) => [...numbers]) };
}

const close = (a: { loss: number; numbers: number[] }, b: { loss: number; numbers: number[] }): void => {
  expect(a.numbers.length).toBe(21);
  expect(Math.abs(a.loss - b.loss)).toBeLessThan(1e-5);
  a.numbers.forEach((number, k) => {
    expect(Math.abs(number - b.numbers[k]!)).toBeLessThan(2e-4);
  });
};

describe.each(['reference', 'wasm'] as const)('%s', (backend) => {
  test('a row that weighs 2 is a row that stands there twice', async () => {
    const open = async (): Promise<Session> => {
      const session = await Session.open(await plansOf(project, data, backend), backends);
      session.initialize(5);
      return session;
    };
    const [weighed, twice] = [await open(), await open()];
    const all = Uint32Array.from({ length: 12 }, (_, row) => row);
    close(await learned(weighed.train!, all, weights, 12), await learned(twice.train!, repeated, undefined, 12));
    // Without weights the same device counts all rows alike again.
    const plain = await open();
    const device = weighed.train!;
    device.setData(data.x, 2, data.y, 1);
    plain.train!.setData(data.x, 2, data.y, 1);
    weighed.initialize(5);
    for (const batch of [12, 5]) {
      const [a, b] = [
        await device.run({ phases: ['forward', 'loss'], rows: all, batch }),
        await plain.train!.run({ phases: ['forward', 'loss'], rows: all, batch }),
      ];
      expect([...a.losses]).toEqual([...b.losses]);
    }
    for (const session of [weighed, twice, plain]) session.close();
  });

  test('scores count rows alike', async () => {
    const session = await Session.open(await plansOf(project, data, backend), backends);
    session.initialize(2);
    const weighed: Dataset = { ...data, weights };
    const all = Uint32Array.from({ length: 12 }, (_, row) => row);
    const score = (await session.score(weighed, all))!;
    expect(score.loss).toBeCloseTo((await session.score(data, repeated))!.loss, 6);
    session.close();
  });
});

describe.skipIf(!gpu)('WebGPU', () => {
  test('a row that weighs 2 is a row that stands there twice', async () => {
    const backend = webgpuBackend(() => gpu);
    const profile = (await backend.detect()) as BackendProfile;
    const both = new Map<BackendName, Backend>([
      ['webgpu', backend],
      ['reference', backends.get('reference')!],
    ]);
    const present = [profile, { backend: 'reference' as const, title: 'reference' }];
    const plans = compile({ project, data, profile: { present, absent: [] }, backend: 'webgpu', revision: 1 }, both);
    if (!plans.ok) throw new Error('the drawing does not compile');
    const open = async (): Promise<Session> => {
      const session = await Session.open(plans.value, both);
      session.initialize(5);
      return session;
    };
    const [weighed, twice] = [await open(), await open()];
    const all = Uint32Array.from({ length: 12 }, (_, row) => row);
    close(await learned(weighed.train!, all, weights, 12), await learned(twice.train!, repeated, undefined, 12));
    for (const session of [weighed, twice]) session.close();
    backend.release();
  });
});
