/** The history of runs: what is kept, what goes, two programs on one file, and a program that is killed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CurvePoint } from '../../src/engine/api';
import { generateDataset } from '../../src/engine/data/generators';
import type { Checkpoint } from '../../src/engine/train/checkpoint';
import { draftProject } from '../../src/engine/train/draft';
import { startInstance, type Instance } from '../../src/main/services/instance';
import { FileLock } from '../../src/main/services/runs/file-lock';
import { type NewRun, RunStore } from '../../src/main/services/runs/run-store';
import { fingerprintOf } from '../../src/main/services/runs/summary';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source = { kind: 'generator', name: 'circles', count: 100, noise: 0.1, seed: 1 } as const;
const circles = generateDataset(source, split);
const project = draftProject(circles, source, split, { title: 'Circles', hidden: [4, 3], activation: 'tanh' });
const run: NewRun = { name: 'Circles', origin: 'window', project, data: fingerprintOf(circles) };
const point = (epoch: number): CurvePoint => ({
  epoch,
  step: 4 * epoch,
  train: { loss: 1 / (epoch + 1), accuracy: 0.5 },
  validation: null,
});
const checkpoint: Checkpoint = {
  epoch: 2,
  step: 8,
  at: 0,
  loss: 0.25,
  weights: { 'hidden/weight': { shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 0) } },
  slots: { 's:hidden/weight/m': Float32Array.of(0.1, 0.2, 0.3, 0.4) },
  losses: [],
  seen: { best: Number.POSITIVE_INFINITY, bestEpoch: 0, mark: Number.POSITIVE_INFINITY, waited: 0 },
};

let config: string;
let instance: Instance;
const best = { epoch: 1, loss: 0.2, weights: checkpoint.weights };

let store: RunStore;
beforeEach(async () => {
  config = await mkdtemp(join(tmpdir(), 'chainrule-runs-'));
  instance = await startInstance(config);
  store = new RunStore(config, instance);
});
afterEach(async () => {
  await store.close();
  await instance.close();
  await rm(config, { recursive: true, force: true });
});

describe('one run', () => {
  test('is kept with its drawing, settings, data, curve, weights and scores', async () => {
    const id = await store.begin(run);
    await store.report(id, { epoch: 1, step: 4, seconds: 0.5, points: [point(0), point(1)] });
    await store.report(id, {
      epoch: 2,
      step: 8,
      seconds: 1,
      points: [point(2)],
      status: 'done',
      message: 'All epochs are done.',
      scores: { train: { loss: 0.3, r2: Number.NaN }, validation: null, test: { loss: 0.4, accuracy: 0.9 } },
      checkpoint: { ...checkpoint, best },
    });
    const detail = await store.detail(id);
    expect(detail).toMatchObject({
      name: 'Circles',
      status: 'done',
      drawing: 'dense 4-3-1, tanh',
      optimizer: 'adam',
      rate: 0.01,
      batch: 32,
      epoch: 2,
      step: 8,
      seconds: 1,
      resumable: true,
      bestEpoch: 1,
      data: { name: circles.name, rows: 100 },
      scores: { train: { loss: 0.3 }, test: { loss: 0.4, accuracy: 0.9 } },
      message: 'All epochs are done.',
    });
    expect(detail.points).toEqual([point(0), point(1), point(2)]);
    expect(detail.project).toEqual(project);
    expect(await store.checkpoint(id)).toEqual({ ...checkpoint, best });
    expect(await store.best(id)).toEqual(best);
    const { runs, bytes } = await store.history();
    expect(runs.map((one) => one.id)).toEqual([id]);
    expect(bytes).toBe(runs[0]!.bytes);
  });

  test('is renamed, tagged and deleted; a deleted one is answered by a sentence', async () => {
    const id = await store.begin(run);
    await store.change(id, { name: 'Mine', tags: ['good', 'paper'] });
    expect((await store.history()).runs[0]).toMatchObject({ name: 'Mine', tags: ['good', 'paper'] });
    await store.delete([id]);
    expect((await store.history()).runs).toEqual([]);
    await expect(store.detail(id)).rejects.toThrow(/not in the history any more/);
    // News of a run that was deleted meanwhile harm nobody.
    await store.report(id, { epoch: 1, step: 1, seconds: 1, points: [point(1)], checkpoint });
    expect((await store.history()).runs).toEqual([]);
  });

  test('has a long curve thinned when it ends, first and last point kept', async () => {
    const id = await store.begin(run);
    await store.report(id, {
      epoch: 9000,
      step: 9000,
      seconds: 9,
      points: Array.from({ length: 9000 }, (_, at) => point(at)),
      status: 'done',
    });
    const { points } = await store.detail(id);
    expect(points.length).toBe(2000);
    expect([points[0]!.epoch, points.at(-1)!.epoch]).toEqual([0, 8999]);
  });
});

test('the same numbers have the same fingerprint, other rows or another split have another', () => {
  const of = (seed: number, part = split) => fingerprintOf(generateDataset({ ...source, seed }, part)).fingerprint;
  expect(of(1)).toBe(run.data!.fingerprint);
  expect(of(2)).not.toBe(of(1));
  expect(of(1, { ...split, seed: 2 })).not.toBe(of(1));
});

describe('bounds', () => {
  test('the oldest finished runs go first, tagged ones last, those under way never', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 5; at++) {
      ids.push(await store.begin({ ...run, name: String(at) }));
      if (at !== 1) await store.report(ids[at]!, { epoch: 1, step: 1, seconds: 1, points: [], status: 'done' });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await store.change(ids[0]!, { tags: ['keep'] });
    await store.limit({ runs: 3, megabytes: 10 });
    expect((await store.history()).runs.map(({ name }) => name)).toEqual(['4', '1', '0']);
    await store.limit({ runs: 1, megabytes: 10 });
    expect((await store.history()).runs.map(({ name }) => name)).toEqual(['1']);
    expect((await store.history()).limits).toEqual({ runs: 1, megabytes: 10 });
  });

  test('room in bytes too', async () => {
    const noise = Float32Array.from({ length: 200_000 }, (_, at) => Math.sin(at * at));
    const large: Checkpoint = { ...checkpoint, slots: { noise } };
    for (let at = 0; at < 4; at++) {
      const id = await store.begin({ ...run, name: String(at) });
      await store.report(id, { epoch: 1, step: 1, seconds: 1, points: [], status: 'done', checkpoint: large });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const before = await store.history();
    expect(before.bytes).toBeGreaterThan(2e6);
    await store.limit({ runs: 100, megabytes: 2 });
    const after = await store.history();
    expect(after.bytes).toBeLessThanOrEqual(2e6);
    expect(after.runs[0]!.name).toBe('3');
  });
});

describe('two programs', () => {
  test('write and read one file at the same time, and nothing is lost', async () => {
    const other = new RunStore(config, instance);
    const ids = await Promise.all([store.begin(run), other.begin({ ...run, name: 'Other' })]);
    await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        (at % 2 === 0 ? store : other).report(ids[at % 2]!, { epoch: at, step: at, seconds: at, points: [point(at)] }),
      ),
    );
    const [mine, theirs] = await Promise.all(ids.map((id) => store.detail(id)));
    expect(mine!.points.length + theirs!.points.length).toBe(40);
    expect(new Set(mine!.points.map(({ epoch }) => epoch)).size).toBe(20);
    await other.close();
  });

  test('a run whose program is gone is interrupted; it can be taken over, a living one cannot', async () => {
    const gone = await startInstance(config);
    const elsewhere = new RunStore(config, gone);
    const id = await elsewhere.begin(run);
    await elsewhere.report(id, { epoch: 2, step: 8, seconds: 1, points: [point(2)], checkpoint });
    expect((await store.history()).runs[0]!.status).toBe('running');
    await expect(store.resume(id)).rejects.toThrow(/trained in another program/);
    await elsewhere.close();
    await gone.close();
    expect((await store.history()).runs[0]).toMatchObject({ status: 'interrupted', resumable: true, epoch: 2 });
    await store.resume(id);
    expect((await store.history()).runs[0]!.status).toBe('running');
    expect(await store.checkpoint(id)).toEqual(checkpoint);
  });
});

describe('after an accident', () => {
  test('the lock of a program that was killed is taken over, that of a living one is waited for', async () => {
    const path = join(config, 'some.use');
    // A process number that no system gives.
    writeFileSync(path, `4194999 ${(await import('node:os')).hostname()}`);
    expect(await new FileLock(path).hold(() => 'mine')).toBe('mine');
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, readFileSync('/proc/self/stat', 'utf8').split(' ')[0] + ` ${(await import('node:os')).hostname()}`);
    let held = true;
    const waiting = new FileLock(path).hold(() => held);
    await new Promise((resolve) => setTimeout(resolve, 60));
    held = false;
    await rm(path);
    expect(await waiting).toBe(false);
  });

  test('the library’s own lock, which a killed program leaves behind, is no obstacle', async () => {
    const id = await store.begin(run);
    mkdirSync(join(config, 'runs.db.lock'));
    expect((await store.detail(id)).name).toBe('Circles');
  });

  test('a file that is no database is put aside and said', async () => {
    await store.close();
    writeFileSync(join(config, 'runs.db'), 'This is not a database, although it is long enough to look like one. '.repeat(100));
    store = new RunStore(config, instance);
    const { runs, notice } = await store.history();
    expect(runs).toEqual([]);
    expect(notice).toMatch(/damaged.*The old file was kept: .*runs\.db\.damaged-/);
    expect(await store.begin(run)).toMatch(/^[0-9a-f-]{36}$/);
  });
});
