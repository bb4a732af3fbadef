/** Threads of the WebAssembly backend: the same bits however many there are, and what happens when one fails. */
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type { Run } from '../../../src/engine/backends/backend';
import { open } from '../../../src/engine/backends/wasm/device';
import { wasm } from '../../../src/engine/backends/wasm/index';
import type { Layout } from '../../../src/engine/backends/wasm/layout';
import type { Spawn } from '../../../src/engine/backends/wasm/threads';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { drawing, type Rows } from '../../support/drawing';
import { endThreads, idler, spawn } from '../../support/threads';
import { profiles, runnable, numbers } from '../../support/wasm-kernels';

/** Of each array a digest: a test that fails would print all numbers otherwise. */
const bitsOf = (arrays: readonly Float32Array[]): string[] =>
  arrays.map(({ buffer, byteOffset, byteLength }) =>
    createHash('sha256')
      .update(Buffer.from(buffer, byteOffset, byteLength))
      .digest('hex')
      .slice(0, 16),
  );

for (const { title, fma } of profiles)
  describe.skipIf(!runnable({ backend: 'wasm', title, fma: fma ?? false }))(`threads, ${title}`, () => {
    const features = numbers(70 * 100, 31);
    const targets = numbers(70 * 40, 32);
    const ends: Rows = { x: ['input', {}, { shape: [100] }], t: ['target', {}, { shape: [40] }] };
    const dense: Rows = {
      ...ends,
      one: ['dense', { x: 'x' }, { units: 300, activation: 'tanh' }],
      two: ['dense', { x: 'one' }, { units: 203, activation: 'relu' }],
      three: ['dense', { x: 'two' }, { units: 40, activation: 'identity' }],
      loss: ['mean-squared-error', { prediction: 'three', target: 't' }],
    };
    const convolved: Rows = {
      ...ends,
      image: ['reshape', { x: 'x' }, { shape: [1, 10, 10] }],
      one: ['convolution-2d', { x: 'image' }, { filters: 12, padding: 'same' }],
      two: ['convolution-2d', { x: 'one' }, { filters: 30, padding: 'same', activation: 'tanh' }],
      pooled: ['max-pooling', { x: 'two' }],
      flat: ['flatten', { x: 'pooled' }],
      three: ['dense', { x: 'flat' }, { units: 40, activation: 'identity' }],
      loss: ['mean-squared-error', { prediction: 'three', target: 't' }],
    };
    // Filters as long as the cut of their axis would be walked otherwise; functions that the host computes.
    const waves: Rows = {
      ...ends,
      signal: ['reshape', { x: 'x' }, { shape: [1, 100] }],
      one: ['convolution-1d', { x: 'signal' }, { filters: 3, size: 20, activation: 'sine' }],
      flat: ['flatten', { x: 'one' }],
      far: ['constant', {}, { shape: [], values: [3e6] }],
      large: ['multiply', { a: 'flat', b: 'far' }],
      wave: ['sin', { x: 'large' }],
      above: ['softplus', { x: 'flat' }],
      powers: ['power', { x: 'above' }, { exponent: 1.7 }],
      both: ['add', { a: 'wave', b: 'powers' }],
      two: ['dense', { x: 'both' }, { units: 300, activation: 'tanh' }],
      three: ['dense', { x: 'two' }, { units: 40, activation: 'identity' }],
      loss: ['mean-squared-error', { prediction: 'three', target: 't' }],
    };
    const trained = async (rows: Rows, threads: number, spawned: Spawn | null): Promise<Float32Array[]> => {
      const p = programOf(prepare(drawing(rows, { optimizer: 'adam', batch: 32 }), null), 'fused', 32);
      const code = wasm.emit(p, {
        backend: 'wasm',
        title: '',
        fma: fma ?? false,
        ...(threads > 1 ? { limits: { threads } } : {}),
      });
      if (code.kind === 'wasm') expect((code.layout as Layout).threads).toBe(threads);
      const device = await open({ program: p, backend: 'wasm', code }, spawned);
      device.setData(features, 100, targets, 40);
      p.parameters.forEach((parameter, at) => {
        device.write(
          parameter.value,
          numbers(
            parameter.shape.reduce((a, b) => a * b, 1),
            at + 5,
          ).map((v) => v / 20),
        );
      });
      const order = Uint32Array.from({ length: 70 }, (_, i) => (i * 11) % 70);
      const losses: number[] = [];
      for (let epoch = 0; epoch < 8; epoch++)
        losses.push(...(await device.run({ phases: ['forward', 'loss', 'backward', 'update'], rows: order, batch: 32 })).losses);
      const numbersHere = await device.read(p.parameters.map((parameter) => parameter.value));
      device.close();
      return [Float32Array.from(losses), ...numbersHere];
    };

    it.each([
      ['layers', 2, dense],
      ['layers', 3, dense],
      ['convolutions', 2, convolved],
      ['convolutions', 3, convolved],
      ['long windows, sines and powers', 2, waves],
      ['long windows, sines and powers', 4, waves],
    ] as const)('%s: %i of them give the same bits as one', async (_, threads, rows) => {
      const alone = await trained(rows, 1, null);
      expect(alone[0]!.every(Number.isFinite)).toBe(true);
      expect(bitsOf(await trained(rows, threads, spawn))).toEqual(bitsOf(alone));
      // The helpers serve the next device too; and without helpers the same code runs alone.
      expect(bitsOf(await trained(rows, threads, spawn))).toEqual(bitsOf(alone));
      expect(bitsOf(await trained(rows, threads, null))).toEqual(bitsOf(alone));
    });

    it('a thread that does not come is not waited for for ever: the device is lost', async () => {
      const p = programOf(prepare(drawing(dense, { optimizer: 'sgd', batch: 32 }), null), 'fused', 32);
      const code = wasm.emit(p, { backend: 'wasm', title: '', fma: fma ?? false, limits: { threads: 2 } });
      const device = await open({ program: p, backend: 'wasm', code }, idler, 20);
      device.setData(features, 100, targets, 40);
      const run: Run = { phases: ['forward', 'loss', 'backward', 'update'], rows: new Uint32Array(32), batch: 32 };
      await expect(device.run(run)).rejects.toMatchObject({ name: 'DeviceFailure', reason: 'lost' });
      await expect(device.read([])).rejects.toMatchObject({ reason: 'lost' });
      device.close();
    });

    it('helpers that do not answer are not used', async () => {
      const mute: Spawn = () => ({ ...idler(), answer: () => Promise.reject(new Error('no answer')) });
      expect(await trained(dense, 2, mute)).toEqual(await trained(dense, 1, null));
    });
  });

afterAll(endThreads);
