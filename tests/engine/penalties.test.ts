/**
 * Penalties inside closed layers: what is minimised and shown is the loss plus λ·Σ…, the gradients follow,
 * on every program, as if the penalties had been drawn.
 */
import { setFlagsFromString } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { wasm } from '../../src/engine/backends/wasm/index';
import { check } from '../../src/engine/compile/check';
import { prepare, programOf } from '../../src/engine/compile/program';
import type { Attrs } from '../../src/engine/graph/graph';
import type { Project } from '../../src/engine/graph/project';
import { initialNumbers } from '../../src/engine/train/session';
import { drawing } from '../support/drawing';

setFlagsFromString('--experimental-wasm-relaxed-simd');

const net = (attrs: Attrs): Project =>
  drawing(
    {
      x: ['input', {}, { shape: [3] }],
      t: ['target', {}, { shape: [2] }],
      fc: ['dense', { x: 'x' }, { units: 2, activation: 'tanh', ...attrs }],
      loss: ['mean-squared-error', { prediction: 'fc', target: 't' }],
    },
    { optimizer: 'sgd', batch: 4, hyper: { rate: 0.05 } },
  );
const X = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
const T = Float32Array.from({ length: 8 }, (_, i) => Math.cos(2 * i));
const W = [0.5, -1, 0.25, 0.75, -0.3, 0.1];
const B = [0.2, -0.4];

function ready(project: Project, detail: 'every-edge' | 'fused'): ReferenceDevice {
  const program = programOf(prepare(project, null), detail, 4);
  const device = new ReferenceDevice(program);
  device.setData(X, 3, T, 2);
  for (const p of program.parameters) device.write(p.value, p.key === 'fc/weight' ? W : B);
  return device;
}
const ALL = ['forward', 'loss', 'backward', 'update'] as const;
const rows = Uint32Array.of(0, 1, 2, 3);
const lossOf = async (project: Project): Promise<number> =>
  (await ready(project, 'fused').run({ phases: ['forward', 'loss'], rows, batch: 4 })).losses[0]!;

const sizes = W.reduce((sum, w) => sum + Math.abs(w), 0);
const squares = W.reduce((sum, w) => sum + w * w, 0);
const biasSquares = B.reduce((sum, b) => sum + b * b, 0);

describe('the loss that is minimised', () => {
  test.each<[Attrs, number]>([
    [{ penalty: 'none', strength: 5 }, 0],
    [{ penalty: 'l1', strength: 0.1 }, 0.1 * sizes],
    [{ penalty: 'l2', strength: 0.1 }, 0.1 * squares],
    [{ penalty: 'elastic', strength: 0.1, mix: 0.25 }, 0.1 * (0.25 * sizes + 0.75 * squares)],
    [{ penalty: 'l2', strength: 0.1, penaliseBias: true }, 0.1 * (squares + biasSquares)],
    [{ penalty: 'l2', strength: 0.1, frozen: true }, 0],
  ])('%j adds %f', async (attrs, added) => {
    expect((await lossOf(net(attrs))) - (await lossOf(net({})))).toBeCloseTo(added, 10);
  });
});

test('gradients are those of the loss plus 2λw, in the trace and in the step of training', async () => {
  const gradient = async (attrs: Attrs): Promise<readonly number[]> => {
    const device = ready(net(attrs), 'every-edge');
    await device.run({ phases: ['forward', 'loss', 'backward'], rows, batch: 4 });
    return [...device.numbers('g:fc/weight')];
  };
  const [plain, penalised] = [await gradient({}), await gradient({ penalty: 'l2', strength: 0.1 })];
  for (const [i, w] of W.entries()) expect(penalised[i]! - plain[i]!).toBeCloseTo(0.2 * w, 10);

  const device = ready(net({ penalty: 'l2', strength: 0.1 }), 'fused');
  await device.run({ phases: ALL, rows, batch: 4 });
  for (const [i, w] of W.entries()) expect(device.numbers('v:fc/weight')[i]).toBeCloseTo(w - 0.05 * penalised[i]!, 10);
});

test('a short batch is penalised once, not by its share', async () => {
  const three = Uint32Array.of(0, 1, 2);
  const loss = async (attrs: Attrs): Promise<number> =>
    (await ready(net(attrs), 'fused').run({ phases: ['forward', 'loss'], rows: three, batch: 3 })).losses[0]!;
  expect((await loss({ penalty: 'l1', strength: 0.1 })) - (await loss({}))).toBeCloseTo(0.1 * sizes, 10);
});

test('on the CPU backend training goes as on the reference', async () => {
  const project = net({ penalty: 'elastic', strength: 0.02, mix: 0.3, penaliseBias: true });
  const program = programOf(prepare(project, null), 'fused', 4);
  const device = await wasm.open({
    program,
    backend: 'wasm',
    code: wasm.emit(program, { backend: 'wasm', title: '', fma: false }),
  });
  const exact = new ReferenceDevice(program);
  for (const d of [exact, device]) {
    d.setData(X, 3, T, 2);
    for (const p of program.parameters) d.write(p.value, initialNumbers(p, 3));
  }
  const many = Uint32Array.from({ length: 400 }, (_, i) => i % 4);
  const [a, b] = [
    await device.run({ phases: ALL, rows: many, batch: 4 }),
    await exact.run({ phases: ALL, rows: many, batch: 4 }),
  ];
  for (const [i, loss] of b.losses.entries())
    expect(Math.abs(a.losses[i]! - loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(loss)));
});

test('neurons, convolutions and drawn parameters carry penalties too; who owns them is known', () => {
  const project = drawing({
    x: ['input', {}, { shape: [1, 6] }],
    t: ['target', {}, { shape: [] }],
    conv: ['convolution-1d', { x: 'x' }, { filters: 2, size: 3, penalty: 'l2' }],
    flat: ['flatten', { x: 'conv' }],
    w: ['parameter', {}, { shape: [8], penalty: 'l1' }],
    p: ['multiply', { a: 'flat', b: 'w' }],
    s: ['sum', { x: 'p' }],
    n: ['neuron', { x1: 's' }, { inputs: 1, penalty: 'elastic' }],
    loss: ['squared-error', { prediction: 'n', target: 't' }],
  });
  expect(check(project, null).problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const { graph, owner, objective } = prepare(project, null);
  const added = Object.values(graph.nodes).filter(({ op }) => op.endsWith('-penalty'));
  expect(Object.fromEntries(added.map(({ id, op }) => [owner[id], op]))).toEqual({
    conv: 'l2-penalty',
    w: 'l1-penalty',
    n: 'elastic-penalty',
  });
  expect(owner[objective!]).toBe('loss');
});
