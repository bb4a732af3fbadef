/** Sweeps with their threads in this one: trained, paused, cancelled, taken over from a program that is gone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { generateDataset } from '../../src/engine/data/generators';
import { setTraining } from '../../src/engine/graph/edits';
import type { GeneratorSource, Project } from '../../src/engine/graph/project';
import { draftProject } from '../../src/engine/train/draft';
import { foldAxis, inFolds, meanOf, withFolds } from '../../src/engine/train/folds';
import { variantsOf } from '../../src/engine/train/variants';
import { readDataset } from '../../src/main/services/datasets';
import { startInstance, type Instance } from '../../src/main/services/instance';
import { RunStore } from '../../src/main/services/runs/run-store';
import { fingerprintOf } from '../../src/main/services/runs/summary';
import { Sweeps, type SweepRequest } from '../../src/main/services/runs/sweeps';
import { serveTasks, type StartThread } from '../../src/main/services/runs/thread';
import { performTask } from '../../src/main/services/runs/training-task';
import type { RunNews } from '../../src/main/contract';
import { trained } from '../support/training';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0.1, seed: 1 };
const circles = generateDataset(source, split);
const project: Project = setTraining({ epochs: 30, batch: 20, hyper: { rate: 0.03 } })(
  draftProject(circles, source, split, { title: 'Circles', hidden: [4], activation: 'tanh' }),
);
const request = (more: Partial<SweepRequest> = {}): SweepRequest => ({
  name: 'Circles',
  project,
  data: fingerprintOf(circles),
  axes: [
    { key: 'rate', values: [0.1, 0.01] },
    { key: 'seed', values: [1, 2] },
  ],
  random: null,
  ...more,
});

/** Epochs: enough to be caught in the middle on this machine, and no more than some seconds of them. */
async function longEnough(): Promise<number> {
  const timed = async (epochs: number): Promise<number> => {
    const begin = performance.now();
    (await trained(setTraining({ epochs })(project), circles)).session.close();
    return performance.now() - begin;
  };
  // What is only slow the first time does not count.
  await timed(1000);
  const some = 50_000;
  return Math.ceil((some * 2500) / (await timed(some)));
}

/** As a real thread, but here; messages are copied on the way. */
const here: StartThread = (onMessage) => {
  let open = true;
  const hear = serveTasks((message) => setImmediate(() => open && onMessage(structuredClone(message))));
  return {
    post: (message) => void setImmediate(() => hear(structuredClone(message))),
    close: async () => {
      open = false;
    },
  };
};

let config: string;
let instance: Instance;
let store: RunStore;
let sweeps: Sweeps;
let longest: number;
beforeAll(async () => {
  longest = await longEnough();
});
beforeEach(async () => {
  config = await mkdtemp(join(tmpdir(), 'chainrule-sweeps-'));
  instance = await startInstance(config);
  store = new RunStore(config, instance);
  sweeps = new Sweeps(store, here, 2);
});
afterEach(async () => {
  await sweeps.close();
  await store.close();
  await instance.close();
  await rm(config, { recursive: true, force: true });
});

test('every variant is trained as if alone, and is in the history with its scores', async () => {
  await sweeps.start(request());
  await sweeps.idle();
  const [sweep] = await sweeps.list();
  expect(sweep).toMatchObject({ name: 'Circles', status: 'done', total: 4, done: 4, failed: 0, running: 0 });
  const { runs } = await store.history();
  expect(runs.map(({ changes }) => changes).sort()).toEqual([
    'rate 0.01, seed 1',
    'rate 0.01, seed 2',
    'rate 0.1, seed 1',
    'rate 0.1, seed 2',
  ]);
  expect(runs.every(({ status, epoch, origin }) => status === 'done' && epoch === 30 && origin === 'sweep')).toBe(true);
  const one = runs.find(({ changes }) => changes === 'rate 0.1, seed 2')!;
  const alone = await trained(setTraining({ hyper: { rate: 0.1 }, seed: 2 })(project), circles);
  expect((await store.checkpoint(one.id))!.weights).toEqual(await alone.session.weights());
  const least = Math.min(...runs.map(({ scores }) => scores.validation!.loss));
  expect(sweep!.best).toMatchObject({ loss: least });
  alone.session.close();
});

test('paused, the runs under way keep their place and go on from it to the same end', async () => {
  const long = setTraining({ epochs: longest })(project);
  const id = await sweeps.start(request({ project: long, axes: [{ key: 'seed', values: [1] }] }));
  await expect.poll(async () => (await store.history()).runs[0]!.epoch).toBeGreaterThan(10);
  await sweeps.pause(id);
  await sweeps.idle();
  const [paused] = (await store.history()).runs;
  expect([paused!.status, (await sweeps.list())[0]!.status]).toEqual(['queued', 'paused']);
  expect(paused!.epoch).toBeLessThan(longest);
  await sweeps.continue(id);
  await sweeps.idle();
  const detail = await store.detail(paused!.id);
  expect([detail.status, detail.epoch]).toEqual(['done', longest]);
  const epochs = detail.points.map(({ epoch }) => epoch);
  expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
  const alone = await trained(long, circles);
  expect((await store.checkpoint(paused!.id))!.weights).toEqual(await alone.session.weights());
  alone.session.close();
});

test('cancelled, finished runs stay, the ones under way stay as far as they came, the others are gone', async () => {
  const id = await sweeps.start(request({ axes: [{ key: 'epochs', values: [5, 10_000_000, 9_999_999, 9_999_998] }] }));
  await expect.poll(async () => (await sweeps.list())[0]!.done).toBe(1);
  await expect.poll(async () => (await sweeps.list())[0]!.running).toBe(2);
  await sweeps.cancel(id);
  await sweeps.idle();
  const { runs } = await store.history();
  expect(runs.map(({ status }) => status).sort()).toEqual(['done', 'stopped', 'stopped']);
  expect((await sweeps.list())[0]).toMatchObject({ status: 'cancelled', total: 3 });
});

test('the queue is put in order, and what waits there is changed and taken out', async () => {
  const began: string[] = [];
  const noting: StartThread = (...links) => {
    const thread = here(...links);
    const post: typeof thread.post = (message) => {
      if (message.kind === 'train') began.push(`${message.task.run} ${message.task.project.settings.training.epochs}`);
      thread.post(message);
    };
    return { ...thread, post };
  };
  const alone = new Sweeps(store, noting, 1);
  const endless = await alone.start(request({ project: setTraining({ epochs: 10_000_000 })(project), axes: [] }));
  await expect.poll(async () => (await alone.list())[0]!.running).toBe(1);
  await alone.start(request({ axes: [{ key: 'epochs', values: [5, 6, 7] }] }));
  await alone.start(request({ project: setTraining({ epochs: 8 })(project), axes: [] }));
  const [five, six, seven, eight] = (await alone.queue.list()) as [string, string, string, string];
  expect((await store.detail(eight)).epochs).toBe(8);
  await alone.queue.move(eight, five);
  await alone.queue.move(five, null);
  expect(await alone.queue.list()).toEqual([eight, six, seven, five]);
  // What comes later waits behind those that were put in order.
  await alone.start(request({ project: setTraining({ epochs: 9 })(project), axes: [] }));
  const nine = (await alone.queue.list()).at(-1)!;
  expect((await store.detail(nine)).epochs).toBe(9);
  await store.history();
  const other = setTraining({ epochs: 60, seed: 3, batch: 10 })(project);
  await alone.queue.change(six, { ...other, nodes: {}, edges: {} });
  const changed = await store.detail(six);
  expect(changed).toMatchObject({ epochs: 60, seed: 3, batch: 10, changes: 'epochs 60' });
  expect(changed.project.nodes).toEqual(project.nodes);
  // The list knows as well, although neither its state nor its name is another.
  expect((await store.history()).runs.find(({ id }) => id === six)).toMatchObject({ epochs: 60 });
  await alone.drop(seven);
  await alone.cancel(endless);
  await alone.idle();
  expect(began.slice(1)).toEqual([`${eight} 8`, `${six} 60`, `${five} 5`, `${nine} 9`]);
  const { runs } = await store.history();
  expect(runs.some(({ id }) => id === seven)).toBe(false);
  expect((await alone.list()).every(({ status }) => status === 'done' || status === 'cancelled')).toBe(true);
  const late = /does not wait in the queue any more/;
  await expect(alone.queue.move(six, null)).rejects.toThrow(late);
  await expect(alone.queue.change(six, other)).rejects.toThrow(late);
  await expect(alone.drop(six)).rejects.toThrow(late);
  await alone.close();
});

test('a run that waits keeps what a teacher has fixed', async () => {
  const locked: Project = {
    ...project,
    settings: { ...project.settings, lock: { keeps: ['seeds'], hides: [], answers: false } },
  };
  await sweeps.store.add('Locked', 'none', [{ name: 'Locked', project: locked, data: fingerprintOf(circles) }]);
  const [run] = await sweeps.queue.list();
  await expect(sweeps.queue.change(run!, setTraining({ seed: 9 })(locked))).rejects.toThrow(/teacher/);
});

test('a variant that cannot train fails alone, with its reason', async () => {
  await sweeps.start(
    request({ project: setTraining({ optimizer: 'sgd' })(project), axes: [{ key: 'rate', values: [0.1, 100] }] }),
  );
  await sweeps.idle();
  const { runs } = await store.history();
  expect(Object.fromEntries(runs.map(({ changes, status }) => [changes, status]))['rate 0.1']).toBe('done');
  await expect(sweeps.start(request({ axes: [{ key: 'rate', values: ['fast'] }] }))).rejects.toThrow(
    /'fast' is not a value of rate/,
  );
});

test('a thread that dies costs its run one more try, then the run fails; the others are not touched', async () => {
  let started = 0;
  const dying: StartThread = (onMessage, onCrash) => {
    if (++started > 2) return here(onMessage, onCrash);
    setTimeout(() => onCrash('out of memory'), 20);
    return { post: () => {}, close: async () => {} };
  };
  await sweeps.close();
  sweeps = new Sweeps(store, dying, 1);
  await sweeps.start(request());
  await sweeps.idle();
  const { runs } = await store.history();
  expect(runs.filter(({ status }) => status === 'failed').map(({ message }) => message)).toEqual(['out of memory']);
  expect(runs.filter(({ status }) => status === 'done').length).toBe(3);
});

test('what a program that is gone left goes on here, each run from its checkpoint', async () => {
  const gone = await startInstance(config);
  const theirs = new RunStore(config, gone);
  const old = new Sweeps(theirs, here, 1);
  const long = setTraining({ epochs: longest })(project);
  await old.start(request({ project: long, axes: [{ key: 'seed', values: [1, 2] }] }));
  await expect.poll(async () => (await theirs.history()).runs.some(({ resumable }) => resumable)).toBe(true);
  expect(await sweeps.takeOver()).toBe(0);
  expect((await sweeps.list())[0]!.status).toBe('elsewhere');
  await expect(sweeps.pause((await sweeps.list())[0]!.id)).rejects.toThrow(/Another Chainrule program/);
  // Gone without a word: what it was at still says that it is running.
  await theirs.close();
  await gone.close();
  expect(await sweeps.takeOver()).toBe(1);
  await sweeps.idle();
  const { runs } = await store.history();
  expect(runs.map(({ status, epoch }) => [status, epoch])).toEqual([
    ['done', longest],
    ['done', longest],
  ]);
  const alone = await trained(setTraining({ seed: 1 })(long), circles);
  const first = runs.find(({ changes }) => changes === 'seed 1')!;
  expect((await store.checkpoint(first.id))!.weights).toEqual(await alone.session.weights());
  alone.session.close();
  await old.close().catch(() => undefined);
});

test('a cross-validation: every row is held back once, whatever else is drawn at random', async () => {
  const folded = withFolds(project, 3);
  await sweeps.start(request({ project: folded, axes: [foldAxis(3)] }));
  await sweeps.idle();
  const { runs } = await store.history();
  const [group] = inFolds(runs);
  expect(group!.runs.map(({ fold }) => fold)).toEqual([1, 2, 3]);
  const details = await Promise.all(group!.runs.map(({ run }) => store.detail(run.id)));
  const held = await Promise.all(
    details.map(async ({ project: { settings } }) => {
      if (settings.data.kind === 'none') throw new Error('no data');
      return [...(await readDataset(settings.data, settings.split)).split.validation];
    }),
  );
  const all = held.flat();
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBe(200 - Math.round(0.15 * 200));
  const losses = runs.map(({ scores }) => scores.validation!.loss);
  const mean = losses.reduce((a, b) => a + b, 0) / 3;
  const deviation = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / 2);
  const found = meanOf(losses)!;
  expect([found.mean, found.deviation]).toEqual([expect.closeTo(mean, 10), expect.closeTo(deviation, 10)]);

  const drawn = variantsOf(folded, [{ key: 'rate', values: [0.1, 0.03, 0.01] }, foldAxis(3)], {
    kind: 'random',
    count: 2,
    seed: 1,
  });
  expect(inFolds(drawn).map((one) => one.runs.length)).toEqual([3, 3]);
  expect(() => variantsOf(project, [foldAxis(3)])).toThrow("'1' is not a value of fold");
});

test('who looks again is told what changed only', async () => {
  const first = await store.history();
  expect(first).toMatchObject({ runs: [], ids: [] });
  const a = await store.begin({ name: 'A', origin: 'race', project, data: null, changes: 'rate 1', tags: ['race today'] });
  const b = await store.begin({ name: 'B', origin: 'window', project, data: null });
  const second = await store.history(first.stamp);
  expect(second.runs.map(({ name, changes, tags }) => [name, changes, tags]).sort()).toEqual([
    ['A', 'rate 1', ['race today']],
    ['B', '', []],
  ]);
  expect(await store.history(second.stamp)).toMatchObject({ runs: [], ids: second.ids, stamp: second.stamp });
  await store.report(b, { epoch: 3, step: 9, seconds: 1, points: [], status: 'running' });
  const third = await store.history(second.stamp);
  expect(third.runs.map(({ id, epoch }) => [id, epoch])).toEqual([[b, 3]]);
  await store.delete([a]);
  const last = await store.history(third.stamp);
  expect(last).toMatchObject({ runs: [], ids: [b] });
  // A stamp that this program never gave: everything.
  expect((await store.history(last.stamp + 1e9)).runs).toHaveLength(1);
});

test('a time limit counts what a run trained before, and begins anew only with the run itself', async () => {
  const limited = setTraining({ epochs: 20, stop: { seconds: 1000 } })(project);
  const first = await trained(project, circles, { epochs: 3 });
  const checkpoint = await first.trainer.checkpoint();
  first.session.close();
  const outcome = async (task: { checkpoint: typeof checkpoint | null; seconds: number }): Promise<RunNews> => {
    const told: RunNews[] = [];
    await performTask({ run: 'r', project: limited, ...task }, circles, {
      tell: (news) => void told.push(news),
      stopped: false,
      stop: null,
    });
    return told.at(-1)!;
  };
  const late = await outcome({ checkpoint, seconds: 1000 });
  expect(late).toMatchObject({ status: 'done', message: expect.stringMatching(/time limit of 1000 seconds/) });
  expect(late.epoch).toBeLessThan(20);
  expect(await outcome({ checkpoint, seconds: 10 })).toMatchObject({ status: 'done', epoch: 20, message: '' });
  expect(await outcome({ checkpoint: null, seconds: 1000 })).toMatchObject({ status: 'done', epoch: 20 });
});
