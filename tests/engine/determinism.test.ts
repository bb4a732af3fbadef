/**
 * The same project, seed and backend give the same bits, for every example; and where bits are asked to be the same
 * everywhere, they are with any number of threads and whether or not the machine multiplies and adds in one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Backend, BackendProfile } from '../../src/engine/backends/backend';
import { backends } from '../../src/engine/backends/index';
import { open } from '../../src/engine/backends/wasm/device';
import { wasm } from '../../src/engine/backends/wasm/index';
import type { Layout } from '../../src/engine/backends/wasm/layout';
import { compile } from '../../src/engine/compile/compile';
import { Random } from '../../src/engine/data/random';
import type { Project } from '../../src/engine/graph/project';
import { parseProject } from '../../src/engine/graph/project-file';
import { opOf } from '../../src/engine/ops/index';
import type { BackendName, BackendWish } from '../../src/engine/plan';
import { Session } from '../../src/engine/train/session';
import { drawing } from '../support/drawing';
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
