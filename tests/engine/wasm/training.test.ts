/** Networks that train on the WebAssembly backend, batch by batch as in float64: drawn as layers, and as single neurons. */
import { describe, it } from 'vitest';
import type { Run } from '../../../src/engine/backends/backend';
import { wasm } from '../../../src/engine/backends/wasm/index';
import { ReferenceDevice } from '../../../src/engine/backends/reference/index';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { drawing, type Rows } from '../../support/drawing';
import { profiles, runnable, numbers, expectClose } from '../../support/wasm-kernels';

for (const profile of profiles)
  describe.skipIf(!runnable(profile))(`training, ${profile.title}`, () => {
    const features = numbers(23 * 6, 21);
    const targets = Float32Array.from({ length: 23 * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));
    const net = (loss: string, activation: string, units: number): Rows => ({
      x: ['input', {}, { shape: [6] }],
      t: ['target', {}, { shape: [3] }],
      one: ['dense', { x: 'x' }, { units, activation }],
      two: ['dense', { x: 'one' }, { units: 5, activation: 'tanh' }],
      three: ['dense', { x: 'two' }, { units: 3, activation: 'identity' }],
      loss: [loss, { prediction: 'three', target: 't' }],
    });
    const cover: readonly [string, string, string, number][] = [
      ['sgd', 'mean-squared-error', 'tanh', 8],
      ['momentum', 'cross-entropy-logits', 'sigmoid', 9],
      ['rmsprop', 'binary-cross-entropy-logits', 'silu', 12],
      ['adam', 'cross-entropy-logits', 'softmax', 7],
      ['adam', 'mean-squared-error', 'sine', 130],
    ];
    it.each(cover)('%s with %s over %s, %i neurons: every batch as in float64', (optimizer, loss, activation, units) =>
      asInFloat64(net(loss, activation, units), optimizer),
    );
    it.each([
      ['max-pooling', 'same', 1],
      ['average-pooling', 'none', 1],
      ['max-pooling', 'same', 2],
    ] as const)('images through %s, padding %s, stride %i: every batch as in float64', (pooling, padding, stride) =>
      asInFloat64(
        {
          x: ['input', {}, { shape: [6] }],
          t: ['target', {}, { shape: [3] }],
          spread: ['dense', { x: 'x' }, { units: 2 * 12 * 12, activation: 'tanh' }],
          image: ['reshape', { x: 'spread' }, { shape: [2, 12, 12] }],
          one: ['convolution-2d', { x: 'image' }, { filters: 4, padding, size: 3 }],
          two: [pooling, { x: 'one' }, { size: padding === 'none' ? 5 : 2 }],
          three: ['convolution-2d', { x: 'two' }, { filters: 5, padding: 'same', size: 3, stride, activation: 'tanh' }],
          flat: ['flatten', { x: 'three' }],
          four: ['dense', { x: 'flat' }, { units: 3, activation: 'identity' }],
          loss: ['cross-entropy-logits', { prediction: 'four', target: 't' }],
        },
        'momentum',
        0.02,
      ),
    );

    async function asInFloat64(drawn: Rows, optimizer: string, rate?: number): Promise<void> {
      const hyper = rate === undefined ? {} : { hyper: { rate } };
      const p = programOf(prepare(drawing(drawn, { optimizer, batch: 8, ...hyper }), null), 'fused', 8);
      const exact = new ReferenceDevice(p);
      const device = await wasm.open({ program: p, backend: 'wasm', code: wasm.emit(p, profile) });
      for (const d of [exact, device]) {
        d.setData(features, 6, targets, 3);
        p.parameters.forEach((parameter, at) => {
          const size = parameter.shape.reduce((a, b) => a * b, 1);
          d.write(
            parameter.value,
            numbers(size, at + 5).map((v) => v / 4),
          );
        });
      }
      // Five epochs of 8 + 8 + 7 rows.
      const rows = Uint32Array.from({ length: 23 * 5 }, (_, i) => (i * 7) % 23);
      for (let epoch = 0; epoch < 5; epoch++) {
        const run: Run = {
          phases: ['forward', 'loss', 'backward', 'update'],
          rows: rows.subarray(23 * epoch, 23 * epoch + 23),
          batch: 8,
        };
        const [wanted, actual] = [await exact.run(run), await device.run(run)];
        expectClose(actual.losses, wanted.losses, 1e-4);
      }
      const ids = p.parameters.map((parameter) => parameter.value);
      const actual = await device.read(ids);
      for (const [at, id] of ids.entries()) expectClose(actual[at]!, exact.numbers(id), 1e-3);
    }
  });

for (const profile of profiles)
  describe.skipIf(!runnable(profile))(`drawings of single neurons, ${profile.title}`, () => {
    const features = numbers(23 * 3, 41);
    const targets = numbers(23, 42);
    /** Three layers of `width`, `width` and 1 neurons. */
    const net = (width: number): Rows => {
      const rows: Record<string, Rows[string]> = { t: ['target', {}, { shape: [] }] };
      let before = ['x0', 'x1', 'x2'];
      for (const x of before) rows[x] = ['input', {}, { shape: [] }];
      for (const [layer, count] of [width, width, 1].entries())
        before = Array.from({ length: count }, (_, i) => {
          const inputs = Object.fromEntries(before.map((from, at) => [`x${at + 1}`, from]));
          rows[`n${layer}.${i}`] = ['neuron', inputs, { inputs: before.length, activation: layer === 1 ? 'relu' : 'tanh' }];
          return `n${layer}.${i}`;
        });
      rows.loss = ['squared-error', { prediction: before[0]!, target: 't' }];
      return rows;
    };
    it.each([
      [3, 'sgd', 8],
      [5, 'adam', 8],
      [8, 'momentum', 10],
      [9, 'sgd', 1],
      // Ends of one and of two lanes, which neighbouring rows share; an odd number of rows.
      [4, 'sgd', 5],
      [7, 'momentum', 6],
      [5, 'sgd', 9],
    ])('%i a layer, %s, batches of %i: as in float64', async (width, optimizer, batch) => {
      // Gentle steps: longer ones on single rows amplify rounding from epoch to epoch.
      const p = programOf(prepare(drawing(net(width), { optimizer, batch, hyper: { rate: 0.02 } }), null), 'fused', batch);
      const exact = new ReferenceDevice(p);
      const device = await wasm.open({ program: p, backend: 'wasm', code: wasm.emit(p, profile) });
      for (const d of [exact, device]) {
        d.setData(features, 3, targets, 1);
        for (const [at, parameter] of p.parameters.entries()) d.write(parameter.value, numbers(1, at + 5));
      }
      const rows = Uint32Array.from({ length: 23 }, (_, i) => (i * 7) % 23);
      for (let epoch = 0; epoch < 5; epoch++) {
        const run: Run = { phases: ['forward', 'loss', 'backward', 'update'], rows, batch };
        expectClose((await device.run(run)).losses, (await exact.run(run)).losses, 1e-5);
      }
      const ids = p.parameters.map((parameter) => parameter.value);
      const actual = await device.read(ids);
      for (const [at, id] of ids.entries()) expectClose(actual[at]!, exact.numbers(id), 1e-4);
    });
  });
