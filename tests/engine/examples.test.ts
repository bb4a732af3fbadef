/** The bundled examples: they have no problems, their gradients are right, and they learn what they promise. */
import { readdirSync } from 'node:fs';
import { expect, test, describe } from 'vitest';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { check } from '../../src/engine/compile/check';
import { initialNumbers } from '../../src/engine/train/session';
import type { Dataset } from '../../src/engine/data/dataset';
import { readDataset } from '../../src/main/services/datasets';
import { readProjectFile } from '../../src/main/services/projects';
import { median, plansOf, trained } from '../support/training';
import { worstGradientError } from '../support/gradients';
import type { Project } from '../../src/engine/graph/project';

const folder = 'resources/examples';
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.chainrule'))
  .map((name) => name.replace('.chainrule', ''));

async function open(name: string): Promise<{ project: Project; data: Dataset | null }> {
  const project = await readProjectFile(`${folder}/${name}.chainrule`);
  const { data, split } = project.settings;
  return { project, data: data.kind === 'none' ? null : await readDataset(data, split) };
}

describe.each(names)('%s', (name) => {
  test('has no problems', async () => {
    const { project, data } = await open(name);
    expect(check(project, data).problems).toEqual([]);
  });

  test('has gradients within 1e-6 of central differences', async () => {
    const { project, data } = await open(name);
    const { trace: program } = await plansOf(project, data, 'reference');
    const device = new ReferenceDevice(program);
    for (const p of program.parameters) device.write(p.value, initialNumbers(p, 3));
    if (data) device.setData(data.x, data.features.length, data.y, data.targets.length);
    const rows = data ? 3 : 1;
    device.gather(Array.from({ length: rows }, (_, i) => i));
    expect(worstGradientError({ device, program, rows }, 1e-6)).toBeLessThan(1e-6);
  });
});

/** Median test score over five seeds, by the goals of the project. */
const goals: Readonly<
  Record<string, { readonly at: number; readonly metric: 'accuracy' | 'r2'; readonly every?: boolean; readonly below?: number }>
> = {
  '01-one-neuron': { at: 0.97, metric: 'accuracy' },
  '02-circles-one-neuron': { at: 0.5, below: 0.75, metric: 'accuracy' },
  '03-circles': { at: 0.97, metric: 'accuracy' },
  '04-xor': { at: 0.97, metric: 'accuracy' },
  '05-spiral': { at: 0.95, metric: 'accuracy' },
  '06-sine': { at: 0.95, metric: 'r2' },
  '07-digits': { at: 0.95, metric: 'accuracy', every: true },
  '08-iris': { at: 0.93, metric: 'accuracy' },
  '09-diabetes': { at: 0.4, metric: 'r2' },
  '12-hills': { at: 0.85, metric: 'r2' },
};

test.each(Object.entries(goals))('%s learns', async (name, { at, metric, every, below }) => {
  const { project, data } = await open(name);
  const scores: number[] = [];
  for (const seed of [1, 2, 3, 4, 5]) {
    const { session, troubles } = await trained(project, data!, { seed });
    expect(troubles).toEqual([]);
    scores.push((await session.score(data!, data!.split.test))![metric]!);
    session.close();
  }
  expect(every ? Math.min(...scores) : median(scores), `scores ${scores.join(', ')}`).toBeGreaterThanOrEqual(at);
  if (below !== undefined) expect(median(scores)).toBeLessThan(below);
});

test('the digits learn the same on every CPU backend: losses within 1e-4 over 100 steps', async () => {
  const { project, data } = await open('07-digits');
  const losses: Float64Array[] = [];
  for (const backend of ['reference', 'wasm'] as const) {
    const { session } = await trained(project, data!, { backend, epochs: 0 });
    session.train!.setData(data!.x, 64, data!.y, 10);
    const rows = Uint32Array.from({ length: 3200 }, (_, i) => data!.split.train[i % data!.split.train.length]!);
    losses.push((await session.train!.run({ phases: ['forward', 'loss', 'backward', 'update'], rows, batch: 32 })).losses);
    session.close();
  }
  const worst = Math.max(...losses[0]!.map((loss, i) => Math.abs(loss - losses[1]![i]!) / Math.abs(loss)));
  expect(worst).toBeLessThan(1e-4);
});
