/**
 * The same project, seed and backend give the same bits, for every example; and where bits are asked to be the same
 * everywhere, they are with any number of threads and whether or not the machine multiplies and adds in one, and they
 * are those that are kept here, whatever machine runs this. (A change of the order in which a backend adds up changes
 * them: look at it, then `npx vitest run tests/engine/determinism.test.ts -u`.)
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Backend, BackendProfile } from '../../src/engine/backends/backend';
import { backends } from '../../src/engine/backends/index';
import { open } from '../../src/engine/backends/wasm/device';
import { wasm } from '../../src/engine/backends/wasm/index';
import type { Layout } from '../../src/engine/backends/wasm/layout';
import { compile } from '../../src/engine/compile/compile';
import { generateDataset, generators } from '../../src/engine/data/generators';
import { Random } from '../../src/engine/data/random';
import { defaultSettings, type Project } from '../../src/engine/graph/project';
import { parseProject } from '../../src/engine/graph/project-file';
import { activations } from '../../src/engine/ops/activations';
import { opOf } from '../../src/engine/ops/index';
import { initializers } from '../../src/engine/ops/initializers';
import { optimizers } from '../../src/engine/optimizers/index';
import type { BackendName, BackendWish } from '../../src/engine/plan';
import { rateFactor, schedules } from '../../src/engine/train/schedules';
import { Session } from '../../src/engine/train/session';
import { drawing, type Rows } from '../support/drawing';
import { endThreads, spawn } from '../support/threads';

afterAll(() => endThreads());

/** Made-up rows for a drawing's inputs and targets: what they mean is of no importance here. */
async function bits(project: Project, profile: BackendProfile, wish: BackendWish, backend: Backend = wasm): Promise<string> {
  const table = new Map<BackendName, Backend>([...backends, [backend.name, backend]]);
  const widthOf = (role: string): number =>
    Object.values(project.nodes)
      .filter(({ op }) => op === role)
      .reduce((sum, { attrs }) => sum + ((attrs['shape'] as readonly number[] | undefined) ?? [1]).reduce((n, k) => n * k, 1), 0);
  const [width, outs] = [widthOf('input'), widthOf('target')];
  const plans = compile({ project, data: null, profile: { present: [profile], absent: [] }, backend: wish, revision: 1 }, table);
  if (!plans.ok) throw new Error(plans.problems.map(({ message }) => message).join('\n'));
  const session = await Session.open(plans.value, table);
  try {
    session.initialize(5);
    const random = new Random(3, 'rows');
    const rows = 40;
    const x = Float32Array.from({ length: rows * width }, () => random.gaussian());
    const y = Float32Array.from({ length: rows * outs }, () => random.integer(2));
    const { batch } = project.settings.training;
    session.train!.setData(x, width, y, outs);
    const order = Uint32Array.from({ length: 12 * Math.min(batch, rows) }, (_, i) => i % rows);
    const phases = ['forward', 'loss', 'backward', 'update'] as const;
    const { losses } = await session.train!.run({ phases, rows: order, batch: Math.min(batch, rows) });
    if (!losses.every(Number.isFinite)) throw new Error('The loss is no number any more.');
    const state = await session.state();
    return [losses, ...state.values()]
      .map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString('base64'))
      .join('\n');
  } finally {
    session.close();
  }
}

const profileWith = (fma: boolean, threads = 1): BackendProfile => ({
  backend: 'wasm',
  title: '',
  fma,
  ...(threads > 1 ? { limits: { threads } } : {}),
});

const folder = 'resources/examples';
const examples = readdirSync(folder)
  .filter((name) => name.endsWith('.chainrule'))
  .map((name): [string, Project] => {
    const parsed = parseProject(readFileSync(join(folder, name), 'utf8'), opOf);
    if (!parsed.ok) throw new Error(name);
    return [name, parsed.value];
  });

describe.each(examples)('%s', (_name, project) => {
  test('the same bits twice', async () => {
    const first = await bits(project, profileWith(false), 'wasm');
    expect(await bits(project, profileWith(false), 'wasm')).toBe(first);
  });

  test('reproducible: the same bits with and without fused multiply-add', async () => {
    expect(await bits(project, profileWith(true), 'reproducible')).toBe(await bits(project, profileWith(false), 'reproducible'));
  });
});

const digest = (bits: string | Uint8Array): string => createHash('sha256').update(bits).digest('hex').slice(0, 24);

/** What no example has: functions that the CPU's code calls for, every initializer, every optimizer. */
const rare = (optimizer: string): Project =>
  drawing(
    {
      x: ['input', {}, { shape: [6] }],
      t: ['target', {}, { shape: [2] }],
      far: ['constant', {}, { shape: [], values: [3e6] }],
      scaled: ['multiply', { a: 'x', b: 'far' }],
      waves: ['sin', { x: 'scaled' }],
      others: ['cos', { x: 'x' }],
      positive: ['softplus', { x: 'x' }],
      powers: ['power', { x: 'positive' }, { exponent: 1.7 }],
      all: ['add', { a: 'waves', b: 'others', c: 'powers' }, { inputs: 3 }],
      ...Object.fromEntries(
        initializers.map(({ name }, at): [string, Rows[string]] => [
          `h${at}`,
          [
            'dense',
            { x: at === 0 ? 'all' : `h${at - 1}` },
            {
              units: 6,
              initializer: name === 'zeros' || name === 'constant' ? 'normal' : name,
              activation:
                activations[at % activations.length]!.name === 'binary-step'
                  ? 'tanh'
                  : activations[at % activations.length]!.name,
            },
          ],
        ]),
      ),
      out: ['dense', { x: `h${initializers.length - 1}` }, { units: 2, activation: 'identity' }],
      loss: ['cross-entropy-logits', { prediction: 'out', target: 't' }],
    },
    { optimizer, batch: 8 },
  );

test('reproducible: these bits, on every machine', async () => {
  const lines: string[] = [];
  for (const [name, project] of examples)
    lines.push(`${name}: ${digest(await bits(project, profileWith(true), 'reproducible'))}`);
  for (const { name } of optimizers) lines.push(`${name}: ${digest(await bits(rare(name), profileWith(true), 'reproducible'))}`);
  for (const { name } of generators) {
    const { x, y } = generateDataset({ kind: 'generator', name, count: 200, noise: 0.2, seed: 4 }, defaultSettings.split);
    lines.push(`data of ${name}: ${digest(Buffer.concat([x, y].map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength))))}`);
  }
  for (const { kind } of schedules) {
    const factors = Float64Array.from({ length: 60 }, (_, epoch) =>
      rateFactor({ kind, settings: {} }, { epoch, epochs: 60, losses: Array.from({ length: epoch }, () => 1) }),
    );
    lines.push(`rate, ${kind}: ${digest(new Uint8Array(factors.buffer))}`);
  }
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('reproducible-bits.txt');
});

test('reproducible: the same bits with 1, 2 and 4 threads', async () => {
  const project = drawing(
    {
      x: ['input', {}, { shape: [100] }],
      t: ['target', {}, { shape: [40] }],
      one: ['dense', { x: 'x' }, { units: 300, activation: 'tanh' }],
      two: ['dense', { x: 'one' }, { units: 203, activation: 'relu' }],
      three: ['dense', { x: 'two' }, { units: 40, activation: 'identity' }],
      loss: ['mean-squared-error', { prediction: 'three', target: 't' }],
    },
    { optimizer: 'adam', batch: 32 },
  );
  const used: number[] = [];
  const threaded: Backend = {
    ...wasm,
    open: (plan) => {
      if (plan.code.kind === 'wasm' && plan.program.detail === 'fused') used.push((plan.code.layout as Layout).threads);
      return open(plan, spawn);
    },
  };
  const all: string[] = [];
  for (const threads of [1, 2, 4])
    for (const fma of [true, false]) all.push(await bits(project, profileWith(fma, threads), 'reproducible', threaded));
  expect(used).toEqual([1, 1, 2, 2, 4, 4]);
  expect(new Set(all).size).toBe(1);
}, 60_000);
