/**
 * A sweep that is killed a hundred times, at any moment: of starting, reading, training, writing. After each
 * kill the database is whole and finished runs are there; in the end every run has the very weights that it
 * would have had if nobody had killed anything. One of two lanes stops early, and brings back the weights of its
 * best epoch, which mostly lies before a kill.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { generateDataset } from '../../src/engine/data/generators';
import { Random } from '../../src/engine/data/random';
import { setTraining } from '../../src/engine/graph/edits';
import type { Project } from '../../src/engine/graph/project';
import { parseProject } from '../../src/engine/graph/project-file';
import { serialiseProject } from '../../src/engine/graph/project-text';
import { opOf } from '../../src/engine/ops/index';
import { resources } from '../../src/main/services/folders';
import { openRuns } from '../../src/main/services/runs/open';
import { ensureBuilt, root } from '../support/built';
import { trained } from '../support/training';

const KILLS = 50;
const SEEDS = 3;
const EPOCHS = 40_000;

beforeAll(() => ensureBuilt(), 300_000);

const text = (await readFile(join(resources, 'examples', '03-circles.chainrule'), 'utf8')).replace(
  /"epochs": \d+/,
  `"epochs": ${EPOCHS}`,
);
const parsed = parseProject(text, opOf);
if (!parsed.ok) throw new Error('The example cannot be read.');
/** Two sweeps at once, on two cores. */
const LANES: readonly Project[] = [parsed.value, setTraining({ stop: { patience: 6000 } })(parsed.value)];

/** The command, as a user types it; killed after so many ms, or left to its end (null). */
async function sweep(home: string, kill: number | Promise<unknown> | null): Promise<number | null> {
  const child = spawn(
    process.execPath,
    [join(root, 'out/main/cli.js'), 'sweep', 'circles.chainrule', '--over', `seed=1..${SEEDS}`, '--threads', '1'],
    { cwd: home, env: { ...process.env, CHAINRULE_HOME: join(home, 'settings') }, stdio: 'ignore' },
  );
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  if (kill === null) return ended;
  await Promise.race([ended, typeof kill === 'number' ? setTimeout(kill) : kill]);
  child.kill('SIGKILL');
  return ended;
}

async function look(home: string) {
  const { runs, close } = await openRuns(join(home, 'settings'));
  try {
    const whole = await runs.database.transaction((transaction) => transaction.get('PRAGMA integrity_check'));
    expect(Object.values(whole!)).toEqual(['ok']);
    const { runs: all } = await runs.history();
    return {
      done: new Set(all.filter(({ status }) => status === 'done').map(({ id }) => id)),
      epochs: Object.fromEntries(all.map(({ id, epoch }) => [id, epoch])),
      count: all.length,
    };
  } finally {
    await close();
  }
}

/** What nobody killed. */
async function alone(project: Project, seed: number) {
  const { data, split, training } = project.settings;
  if (data.kind !== 'generator') throw new Error('The example has other data.');
  const { session, trainer } = await trained(setTraining({ seed })(project), generateDataset(data, split), {
    stop: training.stop,
  });
  const weights = await session.weights();
  session.close();
  return { weights, epoch: trainer.epoch };
}

async function lane(project: Project, at: number): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'chainrule-kill-'));
  const random = new Random(at, 'kill');
  await writeFile(join(home, 'circles.chainrule'), serialiseProject(project));
  // How long it takes until something is written, on this machine and with this load.
  const begin = performance.now();
  await sweep(
    home,
    (async () => {
      while ((await look(home)).count === 0) await setTimeout(30);
    })(),
  );
  const startup = Math.min(2000, performance.now() - begin);
  let finished = new Set<string>();
  let resumed = 0;
  let before: Record<string, number> = {};
  for (let kill = 0; kill < KILLS; kill++) {
    const delay = startup * (0.5 + random.uniform());
    await sweep(home, delay);
    if (kill % 5 !== 4) continue;
    const seen = await look(home);
    for (const id of finished) expect(seen.done, `after kill ${kill}`).toContain(id);
    if (Object.entries(seen.epochs).some(([id, epoch]) => epoch > (before[id] ?? 0) && (before[id] ?? 0) > 0)) resumed++;
    finished = seen.done;
    before = seen.epochs;
  }
  expect(await sweep(home, null)).toBe(0);
  const { runs, close } = await openRuns(join(home, 'settings'));
  const { runs: all } = await runs.history();
  const expected = new Map<number, Awaited<ReturnType<typeof alone>>>();
  for (let seed = 1; seed <= SEEDS; seed++) expected.set(seed, await alone(project, seed));
  // The same words after the end are another sweep: there may have been several, each whole.
  for (const sweep of new Set(all.map((run) => run.sweep))) {
    const own = all.filter((run) => run.sweep === sweep);
    expect(own.map(({ seed, status, epoch }) => [seed, status, epoch]).sort()).toEqual(
      [...expected].map(([seed, { epoch }]) => [seed, 'done', epoch]),
    );
  }
  for (const run of all) {
    const { points } = await runs.detail(run.id);
    const steps = points.map(({ step }) => step);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    expect((await runs.checkpoint(run.id))!.weights).toEqual(expected.get(run.seed)!.weights);
    // The best weights outlived the kills as well: no loss of the curve is smaller.
    const best = (await runs.best(run.id))!;
    expect(best.loss).toBeLessThanOrEqual(Math.min(...points.map(({ validation }) => validation!.loss)));
    if (project.settings.training.stop?.patience !== undefined) expect(run.epoch).toBe(best.epoch);
  }
  await close();
  await rm(home, { recursive: true, force: true });
  console.log(`lane ${at}: start-up ${Math.round(startup)} ms; ${resumed} looks saw a run that had gone on; ${all.length} runs`);
}

test('killed a hundred times, nothing is lost and nothing is corrupt', async () => {
  const lanes = await Promise.all(
    LANES.map((project, at) =>
      lane(project, at).then(
        () => null,
        (error: unknown) => error,
      ),
    ),
  );
  for (const fault of lanes) if (fault !== null) throw fault;
}, 300_000);
