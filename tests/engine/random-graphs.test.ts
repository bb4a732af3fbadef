/**
 * Random drawings: the fused program, the one that keeps every edge, and the backends give the same
 * losses and the same trained weights. And one network drawn as scalars, as neurons, as layers and as
 * matrices gives the same numbers.
 */
import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Backend, BackendProfile, Device } from '../../src/engine/backends/backend';
import { activations } from '../../src/engine/ops/activations';
import { insteadInTraining } from '../../src/engine/ops/facts';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import { webgpuBackend } from '../../src/engine/backends/webgpu/index';
import { type Detail, prepare, programOf } from '../../src/engine/compile/program';
import { optimizers } from '../../src/engine/optimizers/index';
import { bufferIds, type Program } from '../../src/engine/plan';
import { array, drawing, number, type Rows } from '../support/drawing';
import { initialNumbers } from '../../src/engine/train/session';
import { randomDrawing, type RandomDrawing } from '../support/random-drawing';
import { randomLayers } from '../support/random-layers';
import { dawn } from '../support/dawn';

setFlagsFromString('--experimental-wasm-relaxed-simd');

const TRAIN = ['forward', 'loss', 'backward', 'update'] as const;

/** Seeds that failed once. */
const KEPT: readonly number[] = [];

interface Outcome {
  readonly losses: readonly number[];
  readonly weights: Readonly<Record<string, readonly number[]>>;
}

async function train(
  device: Device,
  program: Program,
  drawn: Omit<RandomDrawing, 'seed' | 'rows' | 'project'>,
  steps: number,
): Promise<Outcome> {
  device.setData(drawn.features, drawn.width, drawn.targets, drawn.targets.length / drawn.count);
  for (const p of program.parameters) device.write(p.value, p.given ?? initialNumbers(p, 3));
  const rows = Uint32Array.from({ length: drawn.count * steps }, (_, i) => i % drawn.count);
  const { losses } = await device.run({ phases: TRAIN, rows, batch: drawn.count });
  expect(losses).toHaveLength(steps);
  const ids = program.parameters.map(({ value }) => value).filter((id) => program.buffers.some((b) => b.id === id));
  const numbers = device instanceof ReferenceDevice ? ids.map((id) => device.numbers(id)) : await device.read(ids);
  return { losses: [...losses], weights: Object.fromEntries(ids.map((id, i) => [id, Array.from(numbers[i]!)])) };
}

const onReference = (drawn: RandomDrawing, detail: Detail, steps: number): Promise<Outcome> => {
  const program = programOf(prepare(drawn.project, null), detail, drawn.count);
  return train(new ReferenceDevice(program), program, drawn, steps);
};

/** Largest difference, relative to numbers above 1. */
function distance(a: Outcome, b: Outcome): number {
  let worst = 0;
  const note = (x: number, y: number): void => {
    const error = Math.abs(x - y) / Math.max(1, Math.abs(x));
    if (!(error <= worst)) worst = error;
  };
  a.losses.forEach((x, i) => {
    note(x, b.losses[i]!);
  });
  for (const [id, numbers] of Object.entries(a.weights))
    if (b.weights[id])
      numbers.forEach((x, i) => {
        note(x, b.weights[id]![i]!);
      });
  return worst;
}

const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const examples = KEPT.map((seed): [number] => [seed]);

describe('random drawings', () => {
  test.each(optimizers.map((o) => o.name))('fused = every edge over three steps of %s, to 1e-12', async (optimizer) => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const drawn = randomDrawing(seed, optimizer);
        const [fused, whole] = await Promise.all([onReference(drawn, 'fused', 3), onReference(drawn, 'every-edge', 3)]);
        expect(distance(fused, whole)).toBeLessThan(1e-12);
      }),
      { seed: 20, numRuns: 40, examples },
    );
  });

  test('of layers: fused = every edge over three steps, to 1e-12', () =>
    fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const drawn = randomLayers(seed, false);
        const [fused, whole] = await Promise.all([onReference(drawn, 'fused', 3), onReference(drawn, 'every-edge', 3)]);
        expect(distance(fused, whole)).toBeLessThan(1e-12);
      }),
      { seed: 24, numRuns: 25 },
    ));

  /** Layers that train differently than they are used are so in the fused program alone. */
  const onBackend = async (backend: Backend, profile: BackendProfile, drawn: RandomDrawing, tolerance = 1e-5): Promise<void> => {
    for (const detail of ['fused', 'every-edge'] as const) {
      const program = programOf(prepare(drawn.project, null), detail, drawn.count);
      const device = await backend.open({ program, backend: backend.name, code: backend.emit(program, profile) });
      try {
        const wanted = await onReference(drawn, detail, 3);
        expect(distance(wanted, await train(device, program, drawn, 3)), detail).toBeLessThan(tolerance);
      } finally {
        device.close();
      }
    }
  };

  test('WebAssembly = reference', () =>
    fc.assert(
      fc.asyncProperty(seeds, (seed) => onBackend(wasm, { backend: 'wasm', title: 'plain', fma: false }, randomDrawing(seed))),
      { seed: 21, numRuns: 60, examples },
    ));

  test.skipIf(!hasFma())('WebAssembly with FMA = reference', () =>
    fc.assert(
      fc.asyncProperty(seeds, (seed) => onBackend(wasm, { backend: 'wasm', title: 'FMA', fma: true }, randomDrawing(seed))),
      { seed: 22, numRuns: 60, examples },
    ),
  );

  // Normalisation divides by small deviations, which magnifies the rounding of what it normalises.
  const LAYERS = 5e-5;
  test.each([false, ...(hasFma() ? [true] : [])])('of layers, as they train: WebAssembly = reference (FMA: %s)', (fma) =>
    fc.assert(
      fc.asyncProperty(seeds, (seed) => onBackend(wasm, { backend: 'wasm', title: '', fma }, randomLayers(seed, true), LAYERS)),
      { seed: 25, numRuns: 30 },
    ),
  );

  test('WebGPU = reference', async (context) => {
    const found = await dawn();
    if ('absent' in found) {
      console.warn(`Random drawings on WebGPU skipped: ${found.absent}.`);
      context.skip();
      return;
    }
    const backend = webgpuBackend(() => found.gpu);
    afterAll(() => backend.release());
    const profile = (await backend.detect()) as BackendProfile;
    await fc.assert(
      fc.asyncProperty(seeds, (seed) => onBackend(backend, profile, randomDrawing(seed))),
      { seed: 23, numRuns: 6, examples },
    );
    await fc.assert(
      fc.asyncProperty(seeds, (seed) => onBackend(backend, profile, randomLayers(seed, true), LAYERS)),
      { seed: 26, numRuns: 4 },
    );
  }, 180_000);
});

test('the gradient of a product of two parameters uses both as they were before the step', async () => {
  const rows: Rows = {
    a: array([3], [1, 2, 3]),
    b: array([3, 2], [1, -1, 0.5, 2, -2, 1]),
    p: ['matmul', { a: 'a', b: 'b' }],
    l: ['sum', { x: 'p' }],
  };
  const results: number[][] = [];
  for (const detail of ['fused', 'every-edge'] as const) {
    const program = programOf(prepare(drawing(rows, { objective: 'l', optimizer: 'sgd', hyper: { rate: 1 } }), null), detail, 1);
    const device = new ReferenceDevice(program);
    for (const { value, given = [] } of program.parameters) device.write(value, given);
    device.runPhases(TRAIN, 1);
    results.push([...device.numbers('v:a'), ...device.numbers('v:b')]);
  }
  expect(results[0]).toEqual([1, -0.5, 4, 0, -2, -1.5, 0, -5, -2]);
  expect(results[1]).toEqual(results[0]);
});

test('a value that also feeds what leads nowhere has the gradient of the way that leads to the loss', async () => {
  const rows: Rows = {
    w: number(0.5),
    h: ['tanh', { x: 'w' }],
    nowhere: ['sigmoid', { x: 'h' }],
    y: ['multiply', { a: 'h', b: 'h' }],
    l: ['sin', { x: 'y' }],
  };
  const trained = async (drawn: Rows): Promise<number> => {
    const program = programOf(
      prepare(drawing(drawn, { objective: 'l', optimizer: 'sgd', hyper: { rate: 1 } }), null),
      'fused',
      1,
    );
    const device = new ReferenceDevice(program);
    for (const { value, given = [] } of program.parameters) device.write(value, given);
    device.runPhases(TRAIN, 1);
    return device.numbers('v:w')[0]!;
  };
  const { nowhere: _, ...without } = rows;
  expect(await trained(rows)).toBe(await trained(without));
  // The same where the one edge that leads to the loss is the only one of its kind.
  const [one, other] = [
    { ...rows, y: ['exp', { x: 'h' }] },
    { ...without, y: ['exp', { x: 'h' }] },
  ] as readonly Rows[];
  expect(await trained(one!)).toBe(await trained(other!));
});

describe('the same mathematics drawn in four ways', () => {
  const w1 = [0.3, -0.8, 0.5, 1.1, 0.2, -0.4];
  const b1 = [0.1, -0.2, 0.05];
  const w2 = [0.7, -0.6, 0.9];
  const b2 = [0.15];
  const x = { x: ['input', {}, { shape: [] }], y: ['input', {}, { shape: [] }] } as const;
  const t = { t: ['target', {}, { shape: [] }] } as const;
  const loss = (from: string): Rows => ({ l: ['squared-error', { prediction: from, target: 't' }] });

  const scalars = (activation: string): Rows => ({
    ...x,
    ...t,
    ...Object.fromEntries(w1.map((w, i) => [`w${i}`, number(w)])),
    ...Object.fromEntries(b1.map((b, i) => [`b${i}`, number(b)])),
    ...Object.fromEntries(w2.map((w, i) => [`v${i}`, number(w)])),
    c: number(b2[0]!),
    ...Object.fromEntries(
      [0, 1, 2].flatMap((i): [string, Rows[string]][] => [
        [`p${i}`, ['multiply', { a: 'x', b: `w${i}` }]],
        [`q${i}`, ['multiply', { a: 'y', b: `w${3 + i}` }]],
        [`s${i}`, ['add', { a: `b${i}`, b: `p${i}`, c: `q${i}` }, { inputs: 3 }]],
        [`h${i}`, [activation, { x: `s${i}` }]],
        [`r${i}`, ['multiply', { a: `h${i}`, b: `v${i}` }]],
      ]),
    ),
    s: ['add', { a: 'c', b: 'r0', c: 'r1', d: 'r2' }, { inputs: 4 }],
    f: ['sigmoid', { x: 's' }],
    ...loss('f'),
  });
  const neurons = (activation: string): Rows => ({
    ...x,
    ...t,
    ...Object.fromEntries([0, 1, 2].map((i) => [`h${i}`, ['neuron', { x1: 'x', x2: 'y' }, { inputs: 2, activation }]])),
    f: ['neuron', { x1: 'h0', x2: 'h1', x3: 'h2' }, { inputs: 3, activation: 'sigmoid' }],
    ...loss('f'),
  });
  const layers = (activation: string): Rows => ({
    x: ['input', {}, { shape: [2] }],
    t: ['target', {}, { shape: [1] }],
    h: ['dense', { x: 'x' }, { units: 3, activation }],
    f: ['dense', { x: 'h' }, { units: 1, activation: 'sigmoid' }],
    ...loss('f'),
  });
  const matrices = (activation: string): Rows => ({
    x: ['input', {}, { shape: [2] }],
    t: ['target', {}, { shape: [1] }],
    W: array([2, 3], w1),
    b: array([3], b1),
    V: array([3, 1], w2),
    c: array([1], b2),
    p: ['matmul', { a: 'x', b: 'W' }],
    s: ['add', { a: 'p', b: 'b' }],
    h: [activation, { x: 's' }],
    q: ['matmul', { a: 'h', b: 'V' }],
    r: ['add', { a: 'q', b: 'c' }],
    f: ['sigmoid', { x: 'r' }],
    ...loss('f'),
  });
  /** Where each drawing keeps the nine numbers of the first layer and the four of the second. */
  const places: Readonly<Record<string, readonly (readonly [key: string, numbers: readonly number[]])[]>> = {
    scalars: [],
    neurons: [
      ...[0, 1, 2].flatMap((i): [string, number[]][] => [
        [`h${i}/w1`, [w1[i]!]],
        [`h${i}/w2`, [w1[3 + i]!]],
        [`h${i}/bias`, [b1[i]!]],
      ]),
      ...[0, 1, 2].map((i): [string, number[]] => [`f/w${i + 1}`, [w2[i]!]]),
      ['f/bias', b2],
    ],
    layers: [
      ['h/weight', w1],
      ['h/bias', b1],
      ['f/weight', w2],
      ['f/bias', b2],
    ],
    matrices: [],
  };
  const order: Readonly<Record<string, readonly string[]>> = {
    scalars: ['w0', 'w1', 'w2', 'w3', 'w4', 'w5', 'b0', 'b1', 'b2', 'v0', 'v1', 'v2', 'c'],
    neurons: [
      'h0/w1',
      'h1/w1',
      'h2/w1',
      'h0/w2',
      'h1/w2',
      'h2/w2',
      'h0/bias',
      'h1/bias',
      'h2/bias',
      'f/w1',
      'f/w2',
      'f/w3',
      'f/bias',
    ],
    layers: ['h/weight', 'h/bias', 'f/weight', 'f/bias'],
    matrices: ['W', 'b', 'V', 'c'],
  };
  const features = Float32Array.from([0.5, -1, 2, 0.3, -0.7, 0.9, 1.5, 1.5, 0, -0.2]);
  const targets = Float32Array.from([0, 1, 1, 0, 1]);

  const trained = activations.filter(({ name }) => insteadInTraining(name) === null).map(({ name }) => name);
  test.each(
    trained.flatMap((activation) => (activation === 'tanh' ? [0, 1, 10] : [1, 10]).map((steps) => [activation, steps] as const)),
  )('%s, after %d steps of Adam: losses, weights and gradients within 1e-12', async (activation, steps) => {
    const results: number[][] = [];
    for (const [name, drawn] of Object.entries({ scalars, neurons, layers, matrices })) {
      const project = drawing(drawn(activation), { optimizer: 'adam', batch: 5 });
      const program = programOf(prepare(project, null), 'every-edge', 5);
      const device = new ReferenceDevice(program);
      for (const { value, given } of program.parameters) if (given) device.write(value, given);
      for (const [key, numbers] of places[name]!) device.write(bufferIds.value(key), numbers);
      device.setData(features, 2, targets, 1);
      const rowsOf = (n: number): Uint32Array => Uint32Array.from({ length: 5 * n }, (_, i) => i % 5);
      const run = await device.run({ phases: TRAIN, rows: rowsOf(steps), batch: 5 });
      await device.run({ phases: ['forward', 'loss', 'backward'], rows: rowsOf(1), batch: 5 });
      results.push([
        ...run.losses,
        device.batchLoss(5),
        ...order[name]!.flatMap((key) => [...device.numbers(bufferIds.value(key))]),
        ...order[name]!.flatMap((key) => [...device.numbers(bufferIds.gradient(key))]),
      ]);
    }
    for (const other of results.slice(1))
      results[0]!.forEach((x, i) => {
        expect(Math.abs(x - other[i]!)).toBeLessThan(1e-12 * Math.max(1, Math.abs(x)));
      });
  });

  test('a batch is its rows one by one: values equal, gradients their mean', () => {
    const program = (batch: number): ReferenceDevice => {
      const p = programOf(prepare(drawing(matrices('tanh'), {}), null), 'every-edge', batch);
      const device = new ReferenceDevice(p);
      for (const { value, given = [] } of p.parameters) device.write(value, given);
      device.setData(features, 2, targets, 1);
      return device;
    };
    const phases = ['forward', 'loss', 'backward'] as const;
    const batch = program(5);
    batch.gather([0, 1, 2, 3, 4]);
    batch.runPhases(phases, 5);
    const one = program(1);
    const mean = new Map(order['matrices']!.map((key) => [key, new Float64Array(batch.numbers(bufferIds.gradient(key)).length)]));
    for (let row = 0; row < 5; row++) {
      one.gather([row]);
      one.runPhases(phases, 1);
      expect(one.numbers('v:f')[0]).toBe(batch.numbers('v:f')[row]);
      for (const [key, sum] of mean) for (const [i, g] of one.numbers(bufferIds.gradient(key)).entries()) sum[i]! += g / 5;
    }
    for (const [key, sum] of mean)
      sum.forEach((g, i) => {
        expect(Math.abs(g - batch.numbers(bufferIds.gradient(key))[i]!)).toBeLessThan(1e-14);
      });
  });
});
