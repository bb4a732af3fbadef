/** Compiled drawings on WebGPU: the same losses and weights as the float64 reference. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend, BackendProfile } from '../../../src/engine/backends/backend';
import { reference, ReferenceDevice } from '../../../src/engine/backends/reference';
import { type WebgpuBackend, webgpuBackend } from '../../../src/engine/backends/webgpu';
import { emit, type Lowering } from '../../../src/engine/backends/webgpu/emit';
import type { WgslLayout } from '../../../src/engine/backends/webgpu/layout';
import { compile } from '../../../src/engine/compile/compile';
import { prepare, programOf } from '../../../src/engine/compile/program';
import type { Project } from '../../../src/engine/graph/project';
import { Random } from '../../../src/engine/data/random';
import { initialNumbers, Session } from '../../../src/engine/train/session';
import type { BackendName } from '../../../src/engine/plan';
import { drawing } from '../../support/drawing';
import { dawn } from '../../support/dawn';

const found = await dawn();
if ('absent' in found) console.warn(`WebGPU tests of compiled drawings skipped: ${found.absent}.`);
const gpu = 'gpu' in found ? found.gpu : undefined;

const TRAIN = ['forward', 'loss', 'backward', 'update'] as const;

interface Rows {
  readonly x: Float32Array;
  readonly columns: number;
  readonly y: Float32Array;
  readonly outputs: number;
  readonly count: number;
}

function digits(): Rows {
  const lines = readFileSync(new URL('../../../resources/datasets/digits.csv', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
  const cells = lines.map((line) => line.split(',').map(Number));
  return {
    x: Float32Array.from(cells.flatMap((row) => row.slice(0, 64).map((value) => value / 16))),
    columns: 64,
    y: Float32Array.from(cells.flatMap((row) => Array.from({ length: 10 }, (_, digit) => (row[64] === digit ? 1 : 0)))),
    outputs: 10,
    count: cells.length,
  };
}

function circles(count: number): Rows {
  const random = new Random(1, 'circles');
  const x = Float32Array.from({ length: 2 * count }, () => random.between(-1, 1));
  const y = Float32Array.from({ length: count }, (_, row) => (Math.hypot(x[2 * row]!, x[2 * row + 1]!) < 0.6 ? 1 : 0));
  return { x, columns: 2, y, outputs: 1, count };
}

const layers = (optimizer: string): Project =>
  drawing(
    {
      x: ['input', {}, { shape: [2] }],
      t: ['target', {}, { shape: [1] }],
      a: ['dense', { x: 'x' }, { units: 8, activation: 'tanh' }],
      b: ['dense', { x: 'a' }, { units: 8, activation: 'relu' }],
      y: ['dense', { x: 'b' }, { units: 1, activation: 'sigmoid' }],
      loss: ['binary-cross-entropy', { prediction: 'y', target: 't' }],
    },
    { optimizer, batch: 10 },
  );

const neurons: Project = drawing(
  {
    x: ['input', {}, { shape: [] }],
    z: ['input', {}, { shape: [] }],
    t: ['target', {}, { shape: [] }],
    a: ['neuron', { x1: 'x', x2: 'z' }, { inputs: 2, activation: 'tanh' }],
    b: ['neuron', { x1: 'x', x2: 'z' }, { inputs: 2, activation: 'tanh' }],
    c: ['neuron', { x1: 'x', x2: 'z' }, { inputs: 2, activation: 'sigmoid' }],
    y: ['neuron', { x1: 'a', x2: 'b', x3: 'c' }, { inputs: 3, activation: 'sigmoid' }],
    loss: ['squared-error', { prediction: 'y', target: 't' }],
  },
  { optimizer: 'sgd', hyper: { rate: 0.3 }, batch: 16 },
);

const classifier = (hidden: number): Project =>
  drawing(
    {
      x: ['input', {}, { shape: [64] }],
      t: ['target', {}, { shape: [10] }],
      a: ['dense', { x: 'x' }, { units: hidden, activation: 'relu' }],
      y: ['dense', { x: 'a' }, { units: 10, activation: 'identity' }],
      loss: ['cross-entropy-logits', { prediction: 'y', target: 't' }],
    },
    { optimizer: 'adam', hyper: { rate: 0.003 }, batch: 32 },
  );

/** `auto` always runs 100 steps; other ways as named, and the large ones fewer, for they are slow on a CPU. */
const cases: readonly (readonly [string, Project, Rows, steps: number, ways: readonly Lowering[]])[] = [
  ['dense layers with SGD', layers('sgd'), circles(203), 100, ['auto']],
  ['dense layers with momentum', layers('momentum'), circles(203), 100, ['auto']],
  ['dense layers with Adam', layers('adam'), circles(203), 100, ['auto', 'general', 'tiled', 'workgroup']],
  ['neurons', neurons, circles(203), 100, ['auto', 'general']],
  ['digits, 64-32-10', classifier(32), digits(), 100, ['auto']],
  ['digits, 64-100-10', classifier(100), digits(), 20, ['auto', 'general', 'workgroup']],
];

describe.skipIf(!gpu)('compiled drawings on WebGPU', () => {
  let backend: WebgpuBackend;
  let profile: BackendProfile;
  beforeAll(async () => {
    backend = webgpuBackend(() => gpu);
    profile = (await backend.detect()) as BackendProfile;
  });
  afterAll(() => backend.release());

  it('runs equal neurons as one', () => {
    const program = programOf(prepare(neurons, null), 'fused', 16);
    const code = emit(program, profile, 'general');
    const { run } = (code as { readonly layout: WgslLayout }).layout;
    expect(run.by === 'dispatches' && run.passes.length).toBeLessThan(program.steps.length / 2);
    expect((emit(program, profile, 'auto') as { readonly layout: WgslLayout }).layout.run.by).toBe('workgroup');
  });

  it('trains a session that is evaluated and watched on the CPU', async () => {
    const project = layers('adam');
    const plans = compile(
      {
        project,
        data: null,
        profile: { present: [profile, { backend: 'reference', title: 'reference' }], absent: [] },
        backend: 'webgpu',
        revision: 1,
      },
      new Map<BackendName, Backend>([
        ['webgpu', backend],
        ['reference', reference],
      ]),
    );
    if (!plans.ok) throw new Error('the drawing does not compile');
    const session = await Session.open(
      plans.value,
      new Map<BackendName, Backend>([
        ['webgpu', backend],
        ['reference', reference],
      ]),
    );
    const rows = circles(400);
    session.train!.setData(rows.x, 2, rows.y, 1);
    session.initialize(3);
    session.tune({ rate: 0.02 });
    const order = Uint32Array.from({ length: 400 }, (_, row) => row);
    const before = await session.forward(rows.x, 2, rows.y, 1, order, []);
    for (let epoch = 0; epoch < 20; epoch++) {
      const { losses } = await session.train!.run({ phases: TRAIN, rows: order, batch: 10 });
      expect(losses.length).toBe(40);
      session.changed();
    }
    const good = await session.state();
    const after = await session.forward(rows.x, 2, rows.y, 1, order, []);
    expect(after.loss).toBeLessThan(before.loss / 3);
    session.initialize(4);
    session.setState(good);
    expect((await session.forward(rows.x, 2, rows.y, 1, order, [])).loss).toBe(after.loss);
    session.close();
  });

  describe.each(cases)('%s', (_, project, rows, steps, ways) => {
    const prepared = prepare(project, null);
    it.each(['fused', 'every-edge'] as const)(`%s: ${steps} steps`, async (detail) => {
      const { batch } = project.settings.training;
      const program = programOf(prepared, detail, batch);
      const oracle = new ReferenceDevice(program);
      const random = new Random(2, 'rows');
      const order = Uint32Array.from({ length: steps * batch - 3 }, () => Math.floor(random.between(0, rows.count)));
      oracle.setData(rows.x, rows.columns, rows.y, rows.outputs);
      for (const p of program.parameters) oracle.write(p.value, initialNumbers(p, 1));
      const wanted = await oracle.run({ phases: TRAIN, rows: order, batch });
      const ids = program.parameters.map(({ value }) => value);
      const weights = await oracle.read(ids);
      expect(Math.min(...wanted.losses)).toBeLessThan(wanted.losses[0]!);

      for (const way of detail === 'fused' ? ways : (['auto'] as const)) {
        const device = await backend.open({
          program,
          backend: 'webgpu',
          code: emit(program, { ...profile, software: false }, way),
        });
        try {
          device.setData(rows.x, rows.columns, rows.y, rows.outputs);
          for (const p of program.parameters) device.write(p.value, initialNumbers(p, 1));
          const { losses } = await device.run({ phases: TRAIN, rows: order, batch });
          expect(losses.length).toBe(steps);
          const errors = Array.from(losses, (loss, step) => Math.abs(loss / wanted.losses[step]! - 1));
          expect(Math.max(...errors), `${way}: loss`).toBeLessThan(1e-4);
          const actual = await device.read(ids);
          for (const [index, id] of ids.entries()) {
            const differences = Array.from(actual[index]!, (weight, at) => Math.abs(weight - weights[index]![at]!));
            expect(Math.max(...differences), `${way}: ${id}`).toBeLessThan(2e-4);
          }
        } finally {
          device.close();
        }
      }
    });
  });
});
