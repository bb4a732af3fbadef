/**
 * Operations that do something else in training: batch normalisation and dropout. Their gradients against
 * central differences of the training loss, what they remember, and the same on every backend.
 */
import { setFlagsFromString } from 'node:v8';
import { afterAll, describe, expect, test } from 'vitest';
import type { Backend, BackendProfile, Device } from '../../src/engine/backends/backend';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import { webgpuBackend } from '../../src/engine/backends/webgpu/index';
import { prepare, programOf } from '../../src/engine/compile/program';
import { Random } from '../../src/engine/data/random';
import type { Project } from '../../src/engine/graph/project';
import { bufferIds, type Program } from '../../src/engine/plan';
import { initialNumbers, Session } from '../../src/engine/train/session';
import { backends } from '../../src/engine/backends/index';
import { drawing, type Rows } from '../support/drawing';
import { plansOf } from '../support/training';
import { dawn } from '../support/dawn';

// Node 20 hides relaxed SIMD behind a flag; newer versions have it and ignore this.
setFlagsFromString('--experimental-wasm-relaxed-simd');

const TRAIN = ['forward', 'loss', 'backward', 'update'] as const;
const COUNT = 12;

const network = (middle: Rows, optimizer = 'sgd', rate = 0.1): Project =>
  drawing(
    {
      x: ['input', {}, { shape: [3] }],
      t: ['target', {}, { shape: [1] }],
      a: ['dense', { x: 'x' }, { units: 4, activation: 'identity' }],
      ...middle,
      h: ['tanh', { x: 'm' }],
      y: ['dense', { x: 'h' }, { units: 1, activation: 'identity' }],
      l: ['squared-error', { prediction: 'y', target: 't' }],
    },
    { optimizer, hyper: { rate }, batch: 4 },
  );
const networks: Readonly<Record<string, Rows>> = {
  'batch normalisation': { m: ['batch-normalisation', { x: 'a' }] },
  'batch normalisation of an image': {
    i: ['reshape', { x: 'a' }, { shape: [2, 2, 1] }],
    n: ['batch-normalisation', { x: 'i' }],
    m: ['flatten', { x: 'n' }],
  },
  dropout: { m: ['dropout', { x: 'a' }, { rate: 0.4 }] },
};
const random = new Random(3, 'data');
const features = Float32Array.from({ length: COUNT * 3 }, () => random.gaussian() + 0.5);
const targets = Float32Array.from({ length: COUNT }, () => random.gaussian());
const order = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i % COUNT);

function started<D extends Device>(device: D, program: Program): D {
  device.setData(features, 3, targets, 1);
  for (const p of program.parameters) device.write(p.value, initialNumbers(p, 1));
  return device;
}
const fused = (rows: Rows, batch = 4, rate = 0.1): { program: Program; device: ReferenceDevice } => {
  const program = programOf(prepare(network(rows, 'sgd', rate), null), 'fused', batch);
  return { program, device: started(new ReferenceDevice(program), program) };
};

describe.each(Object.entries(networks))('%s', (_name, rows) => {
  test.each([4, 3])('a step goes against the slope of the training loss, with %d rows in a batch of 4', (count) => {
    const { program, device } = fused(rows, 4, 1);
    const loss = (): number => {
      device.gather(order(count));
      device.runPhases(['forward', 'loss'], count);
      return device.batchLoss(count);
    };
    for (const { value, trainable } of program.parameters) {
      if (!trainable) continue;
      const before = Float64Array.from(device.numbers(value));
      const slopes = before.map((w, i) => {
        const numbers = device.numbers(value);
        numbers[i] = w + 1e-6;
        const up = loss();
        numbers[i] = w - 1e-6;
        const down = loss();
        numbers[i] = w;
        return (up - down) / 2e-6;
      });
      const state = program.buffers
        .filter((b) => b.role === 'slot' || b.role === 'parameter')
        .map((b): [string, Float64Array] => [b.id, Float64Array.from(device.numbers(b.id))]);
      loss();
      device.runPhases(['backward', 'update'], count);
      const after = Float64Array.from(device.numbers(value));
      for (const [id, numbers] of state) device.write(id, numbers);
      after.forEach((w, i) => {
        expect(Math.abs(before[i]! - w - slopes[i]!)).toBeLessThan(1e-7);
      });
    }
  });

  test('rows that fill up a short batch change nothing', async () => {
    const results = await Promise.all(
      [3, 7].map(async (batch) => {
        const { program, device } = fused(rows, batch);
        // Dropout's generators start by place in the batch, which is the same for the first rows.
        const { losses } = await device.run({ phases: TRAIN, rows: order(3), batch: 3 });
        return [...losses, ...program.parameters.flatMap((p) => [...device.numbers(p.value)])];
      }),
    );
    results[0]!.forEach((x, i) => {
      expect(Math.abs(x - results[1]![i]!)).toBeLessThan(_name === 'dropout' ? 1 : 1e-12);
    });
  });

  const runs = async (backend: Backend, profile: BackendProfile): Promise<void> => {
    const { program, device } = fused(rows);
    const wanted = await device.run({ phases: TRAIN, rows: order(78), batch: 4 });
    const other = started(await backend.open({ program, backend: backend.name, code: backend.emit(program, profile) }), program);
    try {
      const actual = await other.run({ phases: TRAIN, rows: order(78), batch: 4 });
      actual.losses.forEach((loss, i) => {
        expect(Math.abs(loss - wanted.losses[i]!), `step ${i}`).toBeLessThan(1e-4 * Math.max(1, wanted.losses[i]!));
      });
      for (const { value } of program.parameters) {
        const [numbers] = await other.read([value]);
        numbers!.forEach((w, i) => {
          expect(Math.abs(w - device.numbers(value)[i]!), value).toBeLessThan(1e-4);
        });
      }
    } finally {
      other.close();
    }
  };
  test('trains alike in WebAssembly', () => runs(wasm, { backend: 'wasm', title: 'CPU', fma: false }));
  test.skipIf(!hasFma())('and with FMA', () => runs(wasm, { backend: 'wasm', title: 'CPU', fma: true }));
  test('and on WebGPU', async (context) => {
    const found = await dawn();
    if ('absent' in found) {
      console.warn(`Training forms on WebGPU skipped: ${found.absent}.`);
      context.skip();
      return;
    }
    const backend = webgpuBackend(() => found.gpu);
    afterAll(() => backend.release());
    await runs(backend, (await backend.detect()) as BackendProfile);
  });
});

test('batch normalisation uses the averages of the batches it has seen', async () => {
  const project = drawing(
    {
      x: ['input', {}, { shape: [1] }],
      t: ['target', {}, { shape: [1] }],
      n: ['batch-normalisation', { x: 'x' }, { momentum: 0.5, epsilon: 0 }],
      l: ['squared-error', { prediction: 'n', target: 't' }],
    },
    { optimizer: 'sgd', hyper: { rate: 0 }, batch: 4 },
  );
  const data = {
    name: 'four',
    rows: 4,
    task: 'regression' as const,
    classes: [],
    notes: [],
    features: [{ name: 'x', source: 'x', mean: 0, deviation: 1 }],
    targets: [{ name: 't', source: 't', mean: 0, deviation: 1 }],
    x: Float32Array.of(1, 3, 5, 7),
    y: new Float32Array(4),
    split: { train: order(4), validation: new Uint32Array(), test: new Uint32Array() },
  };
  const session = await Session.open(await plansOf(project, data, 'reference'), backends);
  session.initialize(1);
  session.train!.setData(data.x, 1, data.y, 1);
  const { losses } = await session.train!.run({ phases: TRAIN, rows: order(4), batch: 4 });
  session.changed();
  // Standardised numbers have the mean square 1, whatever the batch.
  expect(losses[0]).toBeCloseTo(1, 12);
  // The batch has the mean 4 and the variance 5; half of each is new.
  const weights = await session.weights();
  expect([weights['n/mean']!.data[0], weights['n/variance']!.data[0]]).toEqual([2, 3]);
  const { values } = await session.forward(data.x, 1, data.y, 1, null, ['v:n/shifted']);
  values[0]!.forEach((y, i) => {
    expect(y).toBeCloseTo((data.x[i]! - 2) / Math.sqrt(3), 6);
  });
  session.close();
});

describe('dropout', () => {
  const masks = (rate: number, steps: number): number[][] => {
    const project = drawing(
      {
        x: ['input', {}, { shape: [50] }],
        w: ['parameter', {}, { values: [1] }],
        d: ['dropout', { x: 'x' }, { rate }],
        p: ['multiply', { a: 'd', b: 'w' }],
        l: ['sum', { x: 'p' }],
      },
      { objective: 'l', optimizer: 'sgd', hyper: { rate: 0 }, batch: 20 },
    );
    const program = programOf(prepare(project, null), 'fused', 20);
    const device = new ReferenceDevice(program);
    device.setData(new Float32Array(1000).fill(1), 50, new Float32Array(20), 1);
    device.write('v:w', [1]);
    return Array.from({ length: steps }, () => {
      device.gather(Array.from({ length: 20 }, (_, i) => i));
      device.runPhases(TRAIN, 20);
      return [...device.numbers('v:l')];
    });
  };

  test('drops its share and keeps the mean', () => {
    const sums = masks(0.3, 200).flat();
    // 200 000 numbers: the share's deviation is about 0.001.
    const mean = sums.reduce((a, b) => a + b, 0) / sums.length / 50;
    expect(mean).toBeGreaterThan(0.99);
    expect(mean).toBeLessThan(1.01);
    // Sums of 50 independent numbers that are 0 or 1/0.7: variance 50 · 0.3/0.7.
    const variance = sums.reduce((a, b) => a + (b - 50) ** 2, 0) / sums.length;
    expect(variance / (50 * (0.3 / 0.7))).toBeGreaterThan(0.9);
    expect(variance / (50 * (0.3 / 0.7))).toBeLessThan(1.1);
  });

  test('neighbouring steps drop independently', () => {
    const sums = masks(0.5, 300);
    let product = 0;
    let square = 0;
    for (let step = 1; step < sums.length; step++)
      sums[step]!.forEach((s, row) => {
        product += (s - 50) * (sums[step - 1]![row]! - 50);
        square += (s - 50) ** 2;
      });
    expect(Math.abs(product / square)).toBeLessThan(0.06);
  });

  test('passes everything on in use', async () => {
    const program = programOf(prepare(network(networks['dropout']!), null), 'forward', 4);
    const device = started(new ReferenceDevice(program), program);
    await device.run({ phases: ['forward'], rows: order(4), batch: 4 });
    expect([...device.numbers(bufferIds.value('m'))]).toEqual([...device.numbers(bufferIds.value('a/sum'))]);
  });
});
