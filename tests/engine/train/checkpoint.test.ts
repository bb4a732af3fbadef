/** Checkpoints: training that goes on in another session is the training that never stopped, bit for bit. */
import { expect, test } from 'vitest';
import { generateDataset } from '../../../src/engine/data/generators';
import { setAttr, setTraining } from '../../../src/engine/graph/edits';
import type { Project, Training } from '../../../src/engine/graph/project';
import { type Checkpoint, checkpointBytes } from '../../../src/engine/train/checkpoint';
import { draftProject } from '../../../src/engine/train/draft';
import type { Trainer } from '../../../src/engine/train/trainer';
import type { TrainerOptions } from '../../../src/engine/train/training';
import { decode, encode } from '../../../src/engine/wire';
import { type Trained, trained } from '../../support/training';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source = { kind: 'generator', name: 'circles', count: 200, noise: 0.1, seed: 1 } as const;
const circles = generateDataset(source, split);
const project = (training: Partial<Training>): Project =>
  setTraining({ batch: 20, hyper: { rate: 0.03 }, ...training })(
    draftProject(circles, source, split, { title: 'Test', hidden: [4], activation: 'tanh' }),
  );

/** All but the time that it took. */
async function bits(trainer: Trainer): Promise<string> {
  const { seconds: _took, ...checkpoint } = await trainer.checkpoint();
  return Buffer.from(encode(checkpoint)).toString('base64');
}
/** As if it had been kept in a file. */
const stored = (checkpoint: Checkpoint): Checkpoint => decode(encode(checkpoint)) as Checkpoint;

async function untrained(drawn: Project, options: Partial<TrainerOptions>): Promise<Trained> {
  const made = await trained(drawn, circles, { ...options, epochs: 0 });
  made.trainer.epochs = drawn.settings.training.epochs;
  return made;
}

for (const [name, training] of [
  ['Adam with a schedule', { epochs: 8, schedule: { kind: 'exponential', settings: { factor: 0.9 } } }],
  ['a schedule that watches the losses', { epochs: 12, schedule: { kind: 'plateau', settings: { patience: 1 } } }],
  ['Nesterov with a stopping rule', { epochs: 200, optimizer: 'nesterov', stop: { patience: 4, change: 0.02 } }],
] satisfies readonly (readonly [string, Partial<Training>])[])
  test(`going on elsewhere, in the middle of an epoch: ${name}`, async () => {
    const drawn = project(training);
    const options = { stop: drawn.settings.training.stop };
    const whole = await trained(drawn, circles, options);
    const end = await bits(whole.trainer);

    // Three epochs of a plan for all of them.
    const first = await untrained(drawn, options);
    for (let epoch = 0; epoch < 3; epoch++) await first.trainer.oneEpoch();
    for (let i = 0; i < 3; i++) await first.trainer.oneStep();
    const middle = stored(await first.trainer.checkpoint());
    expect([middle.epoch, middle.at]).toEqual([3, 60]);
    expect(checkpointBytes(middle)).toBeGreaterThan(0);

    const second = await untrained(drawn, options);
    expect(second.trainer.restore(middle)).toBe(true);
    await second.trainer.train();
    expect(await bits(second.trainer)).toBe(end);
    for (const { session } of [whole, first, second]) session.close();
  });

test('going on after the best epoch: its weights come back all the same', async () => {
  const drawn = project({ epochs: 20_000, hyper: { rate: 0.05 }, stop: { patience: 400 } });
  const options = { stop: drawn.settings.training.stop, keepsBest: true };
  const whole = await trained(drawn, circles, options);
  const [stop] = whole.stops;
  expect(stop!.restored).not.toBeNull();
  expect(whole.trainer.best!.epoch).toBe(stop!.restored);
  const end = await bits(whole.trainer);

  const first = await untrained(drawn, options);
  first.trainer.epochs = stop!.restored! + 100;
  await first.trainer.train();
  const middle = stored(await first.trainer.checkpoint());
  expect([middle.best!.epoch, middle.back!.epoch]).toEqual([stop!.restored, stop!.restored]);
  expect(checkpointBytes(middle)).toBeGreaterThan(checkpointBytes({ ...middle, back: undefined }));

  const second = await untrained(drawn, options);
  expect(second.trainer.restore(middle)).toBe(true);
  await second.trainer.train();
  expect(second.stops).toEqual(whole.stops);
  expect(await bits(second.trainer)).toBe(end);
  for (const { session } of [whole, first, second]) session.close();
});

test('a checkpoint of another network is refused and changes nothing', async () => {
  const small = await trained(project({ epochs: 1 }), circles);
  const large = await trained(setAttr('hidden', 'units', 5)(project({ epochs: 1 })), circles);
  const before = await bits(large.trainer);
  expect(large.trainer.restore(await small.trainer.checkpoint())).toBe(false);
  expect(await bits(large.trainer)).toBe(before);
  small.session.close();
  large.session.close();
});

test('asked for while it trains, a checkpoint is whole: epoch, step and weights are of one moment', async () => {
  const taken: Promise<Checkpoint>[] = [];
  const { session, trainer } = await untrained(project({ epochs: 20 }), {
    breathe: async () => {
      if (taken.length < 5) taken.push(trainer.checkpoint());
    },
  });
  // Slow enough that others get a word in.
  trainer.pace = 1000;
  await trainer.train();
  const checkpoints = await Promise.all(taken);
  expect(checkpoints.length).toBe(5);
  const again = await untrained(project({ epochs: 20 }), {});
  const end = await bits(trainer);
  for (const checkpoint of checkpoints) {
    expect(again.trainer.restore(checkpoint)).toBe(true);
    await again.trainer.train();
    expect(await bits(again.trainer)).toBe(end);
  }
  session.close();
  again.session.close();
});

test('the best weights are kept beside, where that is asked for', async () => {
  const { session, trainer } = await trained(project({ epochs: 30, hyper: { rate: 0.3 } }), circles, { keepsBest: true });
  const best = trainer.best!;
  session.setWeights(best.weights);
  const score = await session.score(circles, circles.split.validation);
  expect(score!.loss).toBeCloseTo(best.loss, 6);
  session.close();
});
