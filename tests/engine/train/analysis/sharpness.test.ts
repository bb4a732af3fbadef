/** The largest curvature: against a Hessian that is known, and against where descent really becomes unstable. */
import { expect, test } from 'vitest';
import { backends } from '../../../../src/engine/backends/index';
import type { Dataset } from '../../../../src/engine/data/dataset';
import { generateDataset } from '../../../../src/engine/data/generators';
import { setTraining } from '../../../../src/engine/graph/edits';
import type { Project } from '../../../../src/engine/graph/project';
import { safeRate, sharpnessOf } from '../../../../src/engine/train/analysis/sharpness';
import { draftProject } from '../../../../src/engine/train/draft';
import { Session } from '../../../../src/engine/train/session';
import { plansOf, trained } from '../../../support/training';

const split = { train: 1, validation: 0, test: 0, seed: 1 };
const source = { kind: 'generator', name: 'circles', count: 60, noise: 0, seed: 1 } as const;

/** A straight line through points: L = mean of (w x + b − y)², whose Hessian is known. */
const xs = [-2, -1, 0, 1, 2, 3];
const line: Dataset = {
  name: 'line',
  rows: xs.length,
  task: 'regression',
  classes: [],
  notes: [],
  features: [{ name: 'x', source: 'x', mean: 0, deviation: 1 }],
  targets: [{ name: 'y', source: 'y', mean: 0, deviation: 1 }],
  x: Float32Array.from(xs),
  y: Float32Array.from(xs, (x) => 2 * x + 1),
  split: { train: Uint32Array.from(xs, (_, at) => at), validation: new Uint32Array(), test: new Uint32Array() },
};
const lineProject = (training: Partial<Project['settings']['training']>): Project =>
  setTraining({ optimizer: 'sgd', batch: xs.length, epochs: 400, ...training })(
    draftProject(line, source, split, { title: 'Line', hidden: [], activation: 'identity' }),
  );

async function sharpness(project: Project, data: Dataset): Promise<number> {
  const session = await Session.open(await plansOf(project, data, 'wasm'), backends);
  session.initialize(1);
  const before = await session.weights();
  const device = await session.openLive();
  const found = (await sharpnessOf(session, device, data, () => Promise.resolve()))!;
  expect(await session.weights()).toEqual(before);
  device.close();
  session.close();
  return found.largest;
}

// Hessian of the mean of (w x + b − y)²: 2 [mean x², mean x; mean x, 1].
const [square, first] = [xs.reduce((sum, x) => sum + x * x, 0) / xs.length, xs.reduce((sum, x) => sum + x, 0) / xs.length];
const known = 2 * ((square + 1) / 2 + Math.sqrt(((square - 1) / 2) ** 2 + first ** 2));

test('a straight line has the curvature of its textbook Hessian', async () => {
  expect(await sharpness(lineProject({}), line)).toBeCloseTo(known, 1);
});

test.each([
  ['sgd', 0],
  ['momentum', 0.9],
  ['nesterov', 0.5],
] as const)('%s is stable just below the rate that follows, and not just above', async (optimizer, momentum) => {
  const bound = safeRate(optimizer, momentum, { largest: await sharpness(lineProject({}), line) })!;
  const lossAt = async (rate: number): Promise<number> => {
    const hyper = { rate, ...(optimizer === 'sgd' ? {} : { momentum }) };
    const { session, troubles } = await trained(lineProject({ optimizer, hyper }), line);
    const score = await session.score(line, line.split.train);
    session.close();
    return troubles.length > 0 ? Number.POSITIVE_INFINITY : score!.loss;
  };
  expect(await lossAt(0.95 * bound)).toBeLessThan(1);
  expect(await lossAt(1.05 * bound)).toBeGreaterThan(10);
});

test('a network with hidden layers: two ways to the same number', async () => {
  const data = generateDataset(source, split);
  const project = setTraining({ batch: 60 })(
    draftProject(data, source, split, { title: 'Circles', hidden: [4], activation: 'tanh' }),
  );
  const found = await sharpness(project, data);
  // The whole Hessian by differences of gradients in float64, and its largest eigenvalue by squaring.
  const { hessianOf, largestEigenvalue } = await import('../../../support/hessian');
  expect(found).toBeGreaterThan(0);
  expect(Math.abs(found / largestEigenvalue(await hessianOf(project, data)) - 1)).toBeLessThan(0.03);
});

test('rules that scale each number by itself have no such bound', () => {
  expect(safeRate('adam', 0, { largest: 3 })).toBeNull();
  expect(safeRate('sgd', 0, { largest: 0 })).toBeNull();
});
