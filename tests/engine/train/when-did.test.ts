import { expect, test } from 'vitest';
import type { Dataset } from '../../../src/engine/data/dataset';
import type { Project } from '../../../src/engine/graph/project';
import { whenDid } from '../../../src/engine/train/when-did';
import { drawing } from '../../support/drawing';
import { given, input, target } from '../../support/sources';
import { trained } from '../../support/training';

const rows: Dataset = {
  name: 'line',
  rows: 4,
  task: 'regression',
  features: [{ name: 'x', kind: 'number', mean: 0, deviation: 1 }] as unknown as Dataset['features'],
  targets: [{ name: 't', kind: 'number', mean: 0, deviation: 1 }] as unknown as Dataset['targets'],
  classes: [],
  notes: [],
  x: Float32Array.of(1, 2, 3, 4),
  y: Float32Array.of(-2, -4, -6, -8),
  split: { train: Uint32Array.of(0, 1, 2, 3), validation: new Uint32Array(), test: new Uint32Array() },
};

/** y = ReLU(w x + b) asked for negative numbers: the unit falls silent, its weight crosses 0. */
const project: Project = drawing(
  {
    x: input(),
    w: given([0.4]),
    b: given([0.1], [], 'bias'),
    p: ['multiply', { a: 'w', b: 'x' }],
    s: ['add', { a: 'p', b: 'b' }],
    y: ['relu', { x: 's' }],
    t: target(),
    l: ['squared-error', { prediction: 'y', target: 't' }],
  },
  { optimizer: 'sgd', hyper: { rate: 0.01 }, batch: 4, epochs: 12 },
);
const breathe = (): Promise<void> => Promise.resolve();

test('a unit that dies, a weight that changes its sign, a loss that rises: each is found among the moments, and nothing is changed', async () => {
  const { session, trainer } = await trained(project, rows, { memory: 2 ** 20, now: () => 0 });
  for (let step = 0; step < 12; step++) await trainer.oneStep();
  const { moments } = trainer.timeline;
  expect(moments.length).toBeGreaterThan(5);
  const before = (await session.weights())['w']!.data[0]!;
  expect(before).toBeLessThan(0);

  const ask = (question: Parameters<typeof whenDid>[0]) => whenDid(question, moments, session, rows, rows.split.train, breathe);
  const sign = await ask({ kind: 'sign', parameter: 'w', element: 0 });
  const at = moments.findIndex(({ id }) => id === sign.moment);
  expect(moments[at]!.state.get('v:w')![0]).toBeLessThan(0);
  expect(moments[at - 1]!.state.get('v:w')![0]).toBeGreaterThan(0);
  expect(sign.message).toMatch(
    /^It last changed its sign (at step \d+|between step \d+ and step \d+), from 0\.\d+ to −0\.\d+\.$/,
  );

  const death = await ask({ kind: 'dead', node: 'y', unit: 0 });
  const dead = moments.find(({ id }) => id === death.moment)!;
  const [w, b] = [dead.state.get('v:w')![0]!, dead.state.get('v:b')![0]!];
  expect([1, 2, 3, 4].every((x) => w * x + b <= 0)).toBe(true);
  const last = moments[moments.indexOf(dead) - 1]!;
  expect([1, 2, 3, 4].some((x) => last.state.get('v:w')![0]! * x + last.state.get('v:b')![0]! > 0)).toBe(true);
  expect(death.message).toMatch(/^Unit 1 died (at step \d+|between step \d+ and step \d+): since then it gives 0 for every row/);

  expect((await ask({ kind: 'loss-rise' })).message).toMatch(
    /^From each kept moment to the next the loss of the batch fell\.$|first rose/,
  );
  expect((await session.weights())['w']!.data[0]).toBe(before);
  // The device that answered has the present weights again.
  const { values } = await session.forward(rows.x, 1, rows.y, 1, rows.split.train, ['v:y']);
  expect([...values[0]!]).toEqual([0, 0, 0, 0]);
  session.close();
});

test('a unit that lives, a weight that kept its sign, and no past', async () => {
  const { session, trainer } = await trained(
    { ...project },
    { ...rows, y: Float32Array.of(2, 4, 6, 8) },
    { memory: 2 ** 20, now: () => 0 },
  );
  expect((await whenDid({ kind: 'loss-rise' }, [], session, rows, rows.split.train, breathe)).moment).toBeNull();
  for (let step = 0; step < 12; step++) await trainer.oneStep();
  const { moments } = trainer.timeline;
  expect(
    (await whenDid({ kind: 'dead', node: 'y', unit: 0 }, moments, session, rows, rows.split.train, breathe)).message,
  ).toContain('not dead');
  expect(
    (await whenDid({ kind: 'sign', parameter: 'w', element: 0 }, moments, session, rows, rows.split.train, breathe)).message,
  ).toContain('the same sign');
  session.close();
});
