/** Gradients of single samples against the float64 reference, and what is read off them against numbers by hand. */
import { expect, test } from 'vitest';
import { ReferenceDevice } from '../../../../src/engine/backends/reference/index';
import { backends } from '../../../../src/engine/backends/index';
import { generateDataset } from '../../../../src/engine/data/generators';
import type { GeneratorSource } from '../../../../src/engine/graph/project';
import { fanAlong, fanOfLargest, noiseOf } from '../../../../src/engine/train/analysis/gradient-noise';
import { numberTitle, sampleGradients, sampleOf } from '../../../../src/engine/train/analysis/sample-gradients';
import { draftProject } from '../../../../src/engine/train/draft';
import { Session } from '../../../../src/engine/train/session';
import { plansOf } from '../../../support/training';

const rest = (): Promise<void> => Promise.resolve();
const four = { samples: 4, width: 2, data: Float32Array.of(1, 0, 3, 0, 1, 2, 3, 2) };

test('four gradients around (2, 1), each √2 away from it', async () => {
  const noise = await noiseOf(four, rest);
  expect(noise.trace).toBeCloseTo(8 / 3, 12);
  expect(noise.squaredGradient).toBeCloseTo(5 - 2 / 3, 12);
  expect(noise.scale).toBeCloseTo(8 / 3 / (13 / 3), 12);
  expect(noise.batches.map(({ batch, batches }) => [batch, batches])).toEqual([
    [1, 4],
    [2, 2],
  ]);
  // Batches of two: (2, 0) and (2, 2), each 1 away.
  expect(noise.batches[1]!.measured).toBeCloseTo(Math.SQRT2, 12);
  expect(noise.batches[1]!.expected).toBeCloseTo(Math.sqrt(4 / 3), 12);
  expect(noise.batches[0]!.measured).toBeCloseTo(noise.batches[0]!.expected, 12);
});

test('gradients that cancel leave nothing but noise', async () => {
  const noise = await noiseOf({ samples: 2, width: 1, data: Float32Array.of(1, -1) }, rest);
  expect(noise).toMatchObject({ squaredGradient: 0, scale: Number.POSITIVE_INFINITY });
});

test('thinned gradients stand for whole ones', async () => {
  expect((await noiseOf(four, rest, 3)).trace).toBeCloseTo(8, 12);
  expect((await noiseOf(four, rest, 3)).scale).toBeCloseTo((await noiseOf(four, rest)).scale, 12);
});

test('in the plane of mean and largest difference nothing of a flat fan is lost', async () => {
  const { arrows, mean } = await fanOfLargest(four, rest);
  expect(mean[0]).toBeCloseTo(Math.sqrt(5), 6);
  for (let row = 0; row < 4; row++) {
    const [x, y] = four.data.subarray(2 * row, 2 * row + 2);
    expect(Math.hypot(arrows[2 * row]!, arrows[2 * row + 1]!)).toBeCloseTo(Math.hypot(x!, y!), 5);
    expect(arrows[2 * row]).toBeCloseTo((2 * x! + y!) / Math.sqrt(5), 5);
  }
  expect(fanAlong(four, ['a', 'b']).mean).toEqual([2, 1]);
});

test('the largest difference is that of the gradients: three numbers, two of which hardly change', async () => {
  const data = Float32Array.of(1, 0, 5, 1, 0.1, -5, 1, -0.1, 4, 1, 0, -4);
  const { arrows } = await fanOfLargest({ samples: 4, width: 3, data }, rest);
  const up = [0, 1, 2, 3].map((row) => arrows[2 * row + 1]! * Math.sign(arrows[1]!));
  [5, -5, 4, -4].forEach((x, row) => {
    expect(up[row]).toBeCloseTo(x, 2);
  });
});

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0.1, seed: 1 };

test.each(['wasm', 'reference'] as const)('each sample’s gradient is the reference’s (%s)', async (backend) => {
  const data = generateDataset(source, split);
  const plans = await plansOf(
    draftProject(data, source, split, { title: 'Test', hidden: [5, 3], activation: 'tanh' }),
    data,
    backend,
  );
  const session = await Session.open(plans, backends);
  session.initialize(3);
  const device = await session.openLive();
  const wanted = { parameter: 'hidden1/weight', index: 7 };
  const taken = (await sampleGradients(session, device, data, [wanted], rest))!;
  expect(taken).toMatchObject({ every: 1, parameters: 10 + 5 + 15 + 3 + 3 + 1 });
  expect(taken.gradients.samples).toBe(data.split.train.length);
  expect(numberTitle(plans, wanted)).toBe('hidden1/weight[2, 3]');

  const reference = new ReferenceDevice(plans.trace);
  for (const [key, { data: numbers }] of Object.entries(await session.weights())) reference.write(`v:${key}`, numbers);
  reference.setData(data.x, data.features.length, data.y, data.targets.length);
  const rows = sampleOf(data.split.train, 256);
  const parameters = plans.trace.parameters.filter((p) => p.trainable);
  for (let row = 0; row < 20; row++) {
    reference.gather([rows[row]!]);
    reference.runPhases(['forward', 'loss', 'backward'], 1);
    const exact = parameters.flatMap(({ gradient }) => [...reference.numbers(gradient!)]);
    exact.forEach((x, k) => {
      expect(taken.gradients.data[row * exact.length + k]).toBeCloseTo(x, 5);
    });
    const at = parameters.findIndex(({ key }) => key === wanted.parameter);
    expect(taken.own.data[row]).toBeCloseTo(reference.numbers(parameters[at]!.gradient!)[7]!, 5);
  }
});
