/** The training loop: runs over many epochs are the steps that single steps make, and end where something is to happen. */
import { describe, expect, test } from 'vitest';
import { backends } from '../../../src/engine/backends/index';
import type { Backend, Device, Run } from '../../../src/engine/backends/backend';
import { generateDataset } from '../../../src/engine/data/generators';
import { Random } from '../../../src/engine/data/random';
import { setTraining } from '../../../src/engine/graph/edits';
import type { Project, Training } from '../../../src/engine/graph/project';
import type { BackendName } from '../../../src/engine/plan';
import { draftProject } from '../../../src/engine/train/draft';
import { RowOrder } from '../../../src/engine/train/order';
import { Pace } from '../../../src/engine/train/pace';
import { Session, type State } from '../../../src/engine/train/session';
import { Trainer } from '../../../src/engine/train/trainer';
import type { CurvePoint, TrainerOptions, Trouble } from '../../../src/engine/train/training';
import { plansOf } from '../../support/training';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source = { kind: 'generator', name: 'circles', count: 160, noise: 0.1, seed: 1 } as const;
const data = generateDataset(source, split);
const ROWS = data.split.train.length;
const projectOf = (training: Partial<Training> = {}): Project =>
  setTraining({ batch: 16, hyper: { rate: 0.03 }, ...training })(
    draftProject(data, source, split, { title: 'Test', hidden: [4], activation: 'tanh' }),
  );
const STEPS = Math.ceil(ROWS / 16);

const bits = (state: State): string =>
  [...state].map(([id, numbers]) => `${id} ${Buffer.from(numbers.buffer).toString('base64')}`).join('\n');

interface Opened {
  readonly session: Session;
  readonly trainer: Trainer;
  readonly runs: Run[];
  readonly points: CurvePoint[];
  readonly troubles: Trouble[];
}

/** `millisecond`: what a run takes by the clock of the test. */
async function opened(
  project: Project,
  options: Partial<TrainerOptions> & { backend?: BackendName; millisecond?: number } = {},
): Promise<Opened> {
  const { backend = 'wasm', millisecond = 1, ...rest } = options;
  const runs: Run[] = [];
  let time = 0;
  const watched = (device: Device): Device =>
    new Proxy(device, {
      get(target, key) {
        if (key === 'run')
          return (run: Run) => {
            if (run.phases.includes('update')) {
              runs.push({ ...run, rows: run.rows.slice() });
              time += millisecond;
            }
            return target.run(run);
          };
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const session = await Session.open(
    await plansOf(project, data, backend),
    new Map(
      [...backends].map(([name, one]): [BackendName, Backend] => [
        name,
        { ...one, open: async (plan) => watched(await one.open(plan)) },
      ]),
    ),
  );
  session.initialize(1);
  const points: CurvePoint[] = [];
  const troubles: Trouble[] = [];
  const trainer = new Trainer(
    session,
    data,
    {
      epochs: 40,
      batch: 16,
      seed: 5,
      scoreEvery: 1e9,
      scoreRows: Number.POSITIVE_INFINITY,
      breathe: () => Promise.resolve(),
      sleep: async (ms) => {
        time += ms;
      },
      now: () => time,
      ...rest,
    },
    { slice: () => {}, point: (point) => points.push(point), trouble: (trouble) => troubles.push(trouble) },
  );
  return { session, trainer, runs, points, troubles };
}

describe('the order of rows', () => {
  test('epochs taken together, one by one and in parts are the same shuffles', () => {
    const rows = Uint32Array.from({ length: 37 }, (_, at) => at * 2);
    const shuffle = (epoch: number): number[] => [...new Random(9, `epoch:${epoch}`).shuffle(rows.slice())];
    const expected = [0, 1, 2, 3, 4, 5].flatMap(shuffle);
    for (const most of [1, 2, 3, 4, 5, 7, 8, 11, 1000]) {
      const order = new RowOrder(rows, 9, 10);
      const seen: number[] = [];
      while (order.epoch < 6) {
        expect([...order.coming()]).toEqual(expected.slice(seen.length, Math.min(seen.length + 10, 37 * (order.epoch + 1))));
        const taken = order.take(most, (epoch) => epoch < 6);
        expect(Math.ceil(taken.rows.length / 10)).toBeLessThanOrEqual(most);
        expect(taken.epochs).toEqual({ left: 37 - order.at, rows: 37 });
        seen.push(...taken.rows);
        order.advance(taken);
      }
      expect([order.epoch, order.at]).toEqual([6, 0]);
      expect(seen).toEqual(expected);
    }
  });

  test('takes a part of an epoch or whole ones, and ends where the next may not follow', () => {
    const order = new RowOrder(new Uint32Array(25), 1, 10);
    const lengths = (most: number, until = 1e9): number => order.take(most, (epoch) => epoch < until).rows.length;
    expect([lengths(1), lengths(2), lengths(3), lengths(5), lengths(6), lengths(100, 3)]).toEqual([10, 20, 25, 25, 50, 75]);
    order.moveTo(1, 20);
    expect([lengths(1), lengths(3), lengths(4), lengths(7), lengths(100, 2)]).toEqual([5, 5, 30, 55, 5]);
  });
});

describe('runs over many epochs', () => {
  const cases: readonly (readonly [string, Partial<Training>, BackendName])[] = [
    ['sgd', {}, 'wasm'],
    ['adam', { optimizer: 'adam', hyper: {} }, 'wasm'],
    ['batches that divide the rows', { batch: ROWS / 4 }, 'wasm'],
    ['batches larger than the rows', { batch: 500 }, 'wasm'],
    ['a schedule of steps', { schedule: { kind: 'step', settings: { every: 7, factor: 0.5 } } }, 'wasm'],
    ['a cosine', { schedule: { kind: 'cosine', settings: {} } }, 'wasm'],
    ['float64', {}, 'reference'],
  ];
  test.each(cases)('%s: the bits that single steps give', async (_name, training, backend) => {
    const options = { backend, batch: training.batch ?? 16 };
    const together = await opened(projectOf(training), options);
    await together.trainer.train();
    const single = await opened(projectOf(training), options);
    while (single.trainer.epoch < 40) await single.trainer.oneStep();
    expect(together.runs.length).toBeLessThan(single.runs.length / 3);
    expect(together.trainer.step).toBe(single.trainer.step);
    expect(together.trainer.batchLoss).toBe(single.trainer.batchLoss);
    expect(bits(await together.session.state())).toBe(bits(await single.session.state()));
  });

  test('the device is called as often as time asks for, not as often as there are epochs', async () => {
    const { trainer, runs } = await opened(projectOf(), { epochs: 5000 });
    await trainer.train();
    expect(trainer.step).toBe(5000 * STEPS);
    // Runs of one millisecond grow to four times their length until they fill a slice; most take hundreds of epochs.
    expect(runs.length).toBeLessThan(20);
  });

  test('where every epoch is scored, or the rate changes, a run ends with the epoch', async () => {
    const everyEpoch: readonly (readonly [Partial<Training>, Partial<TrainerOptions>])[] = [
      [{}, { scoreEvery: 0 }],
      [{}, { stop: { patience: 1000 } }],
      [{ schedule: { kind: 'exponential', settings: { factor: 0.9 } } }, {}],
      [{ schedule: { kind: 'plateau', settings: {} } }, {}],
    ];
    for (const [training, options] of everyEpoch) {
      const { trainer, runs } = await opened(projectOf(training), options);
      await trainer.train();
      expect(Math.max(...runs.map(({ rows }) => rows.length))).toBe(ROWS);
    }
    const { trainer, runs, points } = await opened(projectOf({ schedule: { kind: 'plateau', settings: {} } }), {});
    await trainer.train();
    expect(runs.length).toBeGreaterThanOrEqual(40);
    // Of every epoch what is watched, and points of the curve when it is time for them.
    const { losses } = await trainer.checkpoint();
    expect(losses.filter((loss) => Number.isFinite(loss))).toHaveLength(40);
    expect(points.map(({ epoch }) => epoch)).toEqual([0, 40]);
  });

  test('a goal that is set while it trains is kept to exactly', async () => {
    let breaths = 0;
    const { trainer } = await opened(projectOf(), {
      epochs: 1_000_000,
      millisecond: 4,
      breathe: async () => {
        if (++breaths === 3) trainer.epochs = trainer.epoch + 5;
      },
    });
    await trainer.train();
    expect(breaths).toBeGreaterThanOrEqual(3);
    expect(trainer.step).toBe(trainer.epochs * STEPS);
    expect(trainer.epoch).toBe(trainer.epochs);
  });

  test('the rest of an epoch, after steps', async () => {
    const { trainer } = await opened(projectOf());
    await trainer.oneStep();
    await trainer.oneStep();
    await trainer.oneEpoch();
    expect([trainer.epoch, trainer.step]).toEqual([1, STEPS]);
    await trainer.oneEpoch();
    expect([trainer.epoch, trainer.step]).toEqual([2, 2 * STEPS]);
  });

  test('a pace slows it down, by the clock', async () => {
    let time = 0;
    const { trainer } = await opened(projectOf(), {
      epochs: 10,
      now: () => time,
      sleep: async (ms) => {
        time += ms;
      },
      breathe: async () => {
        time += 0.1;
      },
    });
    trainer.pace = 100;
    await trainer.train();
    expect(trainer.step).toBe(10 * STEPS);
    expect((1000 * trainer.step) / time).toBeGreaterThan(90);
    expect((1000 * trainer.step) / time).toBeLessThan(110);
  });

  test('the first point of the curve is that of the weights before the first step', async () => {
    const { trainer, session, points } = await opened(projectOf(), { scoreEvery: 0, epochs: 2 });
    const before = await session.score(data, data.split.train);
    const validation = await session.score(data, data.split.validation);
    await trainer.train();
    expect(points.map(({ epoch, step }) => [epoch, step])).toEqual([
      [0, 0],
      [1, STEPS],
      [2, 2 * STEPS],
    ]);
    expect(points[0]).toEqual({ epoch: 0, step: 0, train: before, validation });
    expect(await session.score(data, data.split.train)).toEqual(points[2]!.train);
  });

  test('the curve of a run that takes no time has its points too, and the same weights come of it', async () => {
    const whole = await opened(projectOf(), { epochs: 40 });
    await whole.trainer.train();
    expect(whole.points.map(({ epoch }) => epoch)).toEqual([0, 40]);
    const { trainer, session, points } = await opened(projectOf(), { epochs: 40, leastPoints: 8 });
    await trainer.train();
    expect(points.map(({ epoch }) => epoch)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40]);
    expect(await session.weights()).toEqual(await whole.session.weights());
    trainer.epochs = 80;
    await trainer.train();
    expect(points.map(({ epoch }) => epoch).slice(9)).toEqual([50, 60, 70, 80]);
  });

  test('a loss that is not finite stops before that step, however long the run was', async () => {
    let breaths = 0;
    const { trainer, session, troubles, runs } = await opened(projectOf(), {
      epochs: 1_000_000,
      millisecond: 4,
      breathe: async () => {
        if (++breaths !== 3) return;
        session.tune({ rate: 1e38 });
        trainer.tuned();
      },
    });
    await trainer.train();
    expect(troubles.map(({ kind }) => kind)).toEqual(['not-finite']);
    expect(troubles[0]!.message).toContain(`step ${trainer.step + 1}.`);
    expect(runs.some(({ rows }) => rows.length > 2 * ROWS)).toBe(true);
    for (const numbers of (await session.state()).values()) for (const x of numbers) expect(Number.isFinite(x)).toBe(true);
  });
});

describe('the pace of runs', () => {
  test('runs grow to some milliseconds and follow the speed of the steps', () => {
    const pace = new Pace();
    let now = 0;
    pace.start(now);
    const run = (perStep: number): number => {
      const steps = pace.steps;
      pace.took(now, now + steps * perStep, steps);
      now += steps * perStep;
      return steps * perStep;
    };
    for (let at = 0; at < 20; at++) run(0.001);
    expect(run(0.001)).toBeCloseTo(8, 0);
    expect(pace.rate).toBeGreaterThan(900_000);
    for (let at = 0; at < 40; at++) run(1);
    expect(run(1)).toBe(8);
    for (let at = 0; at < 10; at++) run(100);
    expect(pace.steps).toBe(1);
  });
});
