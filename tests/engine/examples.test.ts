/** The bundled examples: they have no problems and their gradients are right. What they learn is `tests/main/promises.test.ts`. */
import { readdirSync } from 'node:fs';
import { expect, test, describe } from 'vitest';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { check } from '../../src/engine/compile/check';
import { initialNumbers } from '../../src/engine/train/session';
import { record } from '../../src/engine/train/trace';
import type { Dataset } from '../../src/engine/data/dataset';
import { readDataset } from '../../src/main/services/datasets';
import { readProjectFile } from '../../src/main/services/projects';
import { plansOf, trained } from '../support/training';
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

  test('is traced layer by layer: in each phase what belongs to a node stands together, and no value before its inputs', async () => {
    const { project, data } = await open(name);
    const { trace: program, drawing } = await plansOf(project, data, 'reference');
    const { steps } = record({
      program,
      drawing,
      row: 0,
      features: data?.x.slice(0, data.features.length) ?? [],
      targets: data?.y.slice(0, data.targets.length) ?? [],
      state: Object.fromEntries(program.parameters.map((p) => [p.value, initialNumbers(p, 3)])),
    });
    const ended = new Set<string>();
    let last = '';
    for (const { phase, owner } of steps) {
      const now = `${phase} of ${owner}`;
      if (now === last) continue;
      if (phase !== 'loss') expect(ended, now).not.toContain(now);
      ended.add(now);
      last = now;
    }
    const at = new Map(
      steps.filter(({ phase }) => phase === 'forward' || phase === 'loss').map(({ node, index }) => [node, index]),
    );
    for (const { from, to } of Object.values(drawing.graph.edges))
      if (at.has(from) && at.has(to)) expect(at.get(from)!, `${from} before ${to}`).toBeLessThan(at.get(to)!);
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
