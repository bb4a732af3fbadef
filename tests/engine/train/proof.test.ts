import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../../src/engine/data/dataset';
import type { Project } from '../../../src/engine/graph/project';
import { backends } from '../../../src/engine/backends/index';
import { mul } from '../../../src/engine/ir/expr';
import { ops } from '../../../src/engine/ops/index';
import type { Op, Primitive } from '../../../src/engine/ops/op';
import type { Plans, Program } from '../../../src/engine/plan';
import { DEVICE_TOLERANCE, LENS_TOLERANCE, type Proof, type ProofRequest, prove } from '../../../src/engine/train/proof';
import { initialNumbers, Session } from '../../../src/engine/train/session';
import { readDataset } from '../../../src/main/services/datasets';
import { readProjectFile } from '../../../src/main/services/projects';
import { sizeOf } from '../../../src/engine/ir/shape';
import { drawing } from '../../support/drawing';
import { plansOf } from '../../support/training';

const empty = new Float32Array();

async function proofOf(
  project: Project,
  data: Dataset | null,
  change: (program: Program) => Program = (p) => p,
  step?: ProofRequest['step'],
): Promise<Proof> {
  const plans = await plansOf(project, data, 'reference');
  const trace = change(plans.trace);
  const request = {
    plans: { ...plans, trace } satisfies Plans,
    weights: Object.fromEntries(plans.trace.parameters.map((p) => [p.key, { shape: p.shape, data: initialNumbers(p, 7) }])),
    features: data?.x ?? empty,
    featureCount: data?.features.length ?? 0,
    targets: data?.y ?? empty,
    targetCount: data?.targets.length ?? 0,
    rows: data ? data.split.train.slice(0, 8) : Uint32Array.of(0),
    device: async () => null,
    ...(step ? { step } : {}),
  };
  let last: Proof | null = null;
  for await (const proof of prove(request)) last = proof ?? last;
  return last!;
}

const names = readdirSync('resources/examples').filter((name) => name.endsWith('.chainrule'));

describe.each(names)('%s', (name) => {
  test('computes the same through all lenses, and its gradients are the slopes of the loss', async () => {
    const project = await readProjectFile(`resources/examples/${name}`);
    const { data, split } = project.settings;
    const proof = await proofOf(project, data.kind === 'none' ? null : await readDataset(data, split));
    expect(proof.fault).toBeNull();
    for (const lens of ['matrices', 'neurons', 'scalars'] as const) expect(proof[lens]!.worst, lens).toBeLessThan(LENS_TOLERANCE);
    expect(proof).toMatchObject({ isDone: true, isTooLarge: false });
    expect(proof.verified).toBe(proof.of);
    expect(proof.verified + proof.kinks).toBeGreaterThan(0);
  });
});

const table = (width: number, classes: number): Dataset => ({
  name: 'made up',
  rows: 8,
  task: 'multiclass',
  features: Array.from({ length: width }, (_, i) => ({
    name: `x${i}`,
    kind: 'number' as const,
  })) as unknown as Dataset['features'],
  targets: Array.from({ length: classes }, (_, i) => ({
    name: `c${i}`,
    kind: 'number' as const,
  })) as unknown as Dataset['targets'],
  classes: [],
  notes: [],
  x: Float32Array.from({ length: 8 * width }, (_, i) => Math.sin(i * 1.7)),
  y: Float32Array.from({ length: 8 * classes }, (_, i) => (i % classes === Math.floor(i / classes) % classes ? 1 : 0)),
  split: { train: Uint32Array.from({ length: 8 }, (_, i) => i), validation: new Uint32Array(), test: new Uint32Array() },
});

test('images, pooling, normalisation and softmax agree as well', async () => {
  const project = drawing({
    x: ['input', {}, { shape: [36] }],
    image: ['reshape', { x: 'x' }, { shape: [1, 6, 6] }],
    conv: ['convolution-2d', { x: 'image' }, { filters: 2, size: 3, activation: 'relu' }],
    pool: ['max-pooling', { x: 'conv' }],
    flat: ['flatten', { x: 'pool' }],
    h: ['dense', { x: 'flat' }, { units: 5, activation: 'gelu' }],
    norm: ['layer-normalisation', { x: 'h' }],
    y: ['dense', { x: 'norm' }, { units: 3, activation: 'identity' }],
    t: ['target', {}, { shape: [3] }],
    l: ['cross-entropy-logits', { prediction: 'y', target: 't' }],
  });
  const known = ['reshape', 'convolution-2d', 'max-pooling', 'flatten', 'layer-normalisation'].filter((name) => !ops.has(name));
  expect(known).toEqual([]);
  const proof = await proofOf(project, table(36, 3));
  expect(proof.fault).toBeNull();
  for (const lens of ['matrices', 'neurons', 'scalars'] as const) expect(proof[lens]!.worst, lens).toBeLessThan(LENS_TOLERANCE);
  expect(proof.verified).toBe(proof.of);
});

const network = (activation: string): Project =>
  drawing({
    x: ['input', {}, { shape: [2] }],
    h: ['dense', { x: 'x' }, { units: 4, activation }],
    y: ['dense', { x: 'h' }, { units: 2, activation: 'identity' }],
    t: ['target', {}, { shape: [2] }],
    l: ['mean-squared-error', { prediction: 'y', target: 't' }],
  });

test('weights of 0 put every score exactly at 0, where nothing has a kink', async () => {
  const project = drawing({
    x: ['input', {}, { shape: [2] }],
    h: ['dense', { x: 'x' }, { units: 3, activation: 'softplus', initializer: 'zeros' }],
    g: ['dense', { x: 'h' }, { units: 3, activation: 'sigmoid', initializer: 'zeros' }],
    y: ['dense', { x: 'g' }, { units: 1, activation: 'identity', initializer: 'zeros' }],
    t: ['target', {}, { shape: [1] }],
    l: ['binary-cross-entropy-logits', { prediction: 'y', target: 't' }],
  });
  const proof = await proofOf(project, table(2, 1));
  expect(proof.fault).toBeNull();
  expect(proof.scalars!.worst).toBeLessThan(LENS_TOLERANCE);
  expect(proof.verified).toBe(proof.of);
});

test('a device that trains otherwise than it should is found', async () => {
  const plans = await plansOf(network('tanh'), table(2, 2), 'wasm');
  const session = await Session.open(plans, backends);
  session.setWeights(Object.fromEntries(session.parameters.map((p) => [p.key, { shape: p.shape, data: initialNumbers(p, 7) }])));
  const right = await proofOf(network('tanh'), table(2, 2), undefined, (rows, keys) =>
    session.trialStep(table(2, 2), rows, keys, backends),
  );
  expect(right.step!.worst).toBeLessThan(DEVICE_TOLERANCE / 10);
  // Half as long a step for one layer.
  const wrong = await proofOf(network('tanh'), table(2, 2), undefined, async (rows, keys) => {
    const after = await session.trialStep(table(2, 2), rows, keys, backends);
    const before = await session.weights();
    return new Map(
      [...after!].map(([id, numbers]) =>
        id === 'v:h/weight' ? [id, numbers.map((w, i) => (w + before['h/weight']!.data[i]!) / 2)] : [id, numbers],
      ),
    );
  });
  expect(wrong.step).toMatchObject({ at: 'h/weight' });
  expect(wrong.step!.worst).toBeGreaterThan(0.4);
  session.close();
});

test('an operation with a wrong derivative is found, and the edge along which it lies', async () => {
  const sigmoid = ops.get('sigmoid') as Primitive;
  const wrong: Primitive = {
    ...sigmoid,
    gradient: (call, port) => {
      const sequence = sigmoid.gradient(call, port)!;
      return {
        ...sequence,
        kernels: sequence.kernels.map((kernel) => ({
          ...kernel,
          stores: kernel.stores.map((store) => ({ ...store, value: mul(store.value, 1.01) })),
        })),
      };
    },
  };
  const table2 = table(2, 2);
  const right = await proofOf(network('sigmoid'), table2);
  expect(right).toMatchObject({ fault: null, of: 22, verified: 22, size: 22 });
  (ops as Map<string, Op>).set('sigmoid', wrong);
  try {
    const proof = await proofOf(network('sigmoid'), table2);
    expect(proof.fault).toMatchObject({ edge: 'h/activation.x', node: 'h/activation' });
    expect(proof.fault!.message).toContain('the derivative of the operation gives');
    expect(proof.scalars!.worst).toBeGreaterThan(1e-6);
    // The weights before the wrong edge fail the differences, those behind it do not.
    expect(proof.verified).toBe(10);
  } finally {
    (ops as Map<string, Op>).set('sigmoid', sigmoid);
  }
});

test('a product whose way back is wrong differs between the lenses', async () => {
  const spoil = (program: Program): Program => ({
    ...program,
    steps: program.steps.map((step) =>
      step.edge === 'y/product.b'
        ? { ...step, kernel: { ...step.kernel, fold: { ...step.kernel.fold!, body: mul(step.kernel.fold!.body, 2) } } }
        : step,
    ),
  });
  const proof = await proofOf(network('tanh'), table(2, 2), spoil);
  expect(proof.matrices).toMatchObject({ at: 'y/weight' });
  expect(proof.neurons!.worst).toBeGreaterThan(1e-3);
  expect(proof.fault).toMatchObject({ edge: 'y/product.b' });
});

test('numbers of a device are compared with those of the reference', async () => {
  const plans = await plansOf(network('tanh'), table(2, 2), 'reference');
  const data = table(2, 2);
  let asked: readonly string[] = [];
  const off = { worst: 0 };
  for await (const proof of prove({
    plans,
    weights: Object.fromEntries(plans.trace.parameters.map((p) => [p.key, { shape: p.shape, data: initialNumbers(p, 7) }])),
    features: data.x,
    featureCount: 2,
    targets: data.y,
    targetCount: 2,
    rows: data.split.train,
    device: async (_rows, keys) => {
      asked = keys;
      const size = (key: string): number =>
        Math.max(...plans.trace.buffers.filter((b) => b.id === key).map((b) => sizeOf(b.shape, 8)));
      return new Map(keys.map((key) => [key, new Float32Array(size(key)).fill(key === 'g:h/bias' ? 9 : 0)]));
    },
  }))
    if (proof?.device) off.worst = proof.device.worst;
  expect(asked).toContain('g:h/weight');
  expect(off.worst).toBeGreaterThan(1);
});
