/** Runs over several epochs: every backend cuts them as if each epoch were a run of its own, to the bit. */
import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/engine/backends/backend';
import { Cuts } from '../../src/engine/backends/cuts';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import { type WebgpuBackend, webgpuBackend } from '../../src/engine/backends/webgpu';
import { emit } from '../../src/engine/backends/webgpu/emit';
import { prepare, programOf } from '../../src/engine/compile/program';
import type { Program } from '../../src/engine/plan';
import { initialNumbers } from '../../src/engine/train/session';
import { drawing } from '../support/drawing';
import { dawn } from '../support/dawn';

setFlagsFromString('--experimental-wasm-relaxed-simd');

/** Sizes of batches, counted out one by one. */
function sizes(rows: number, batch: number, left: number, epoch: number): number[] {
  const list: number[] = [];
  let rest = left;
  for (let done = 0; done < rows; ) {
    const size = Math.min(batch, rest, rows - done);
    list.push(size);
    done += size;
    rest -= size;
    if (rest === 0) rest = epoch;
  }
  return list;
}

describe('cuts', () => {
  it('are those that counting gives, from anywhere on, in pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 6 }),
        fc.nat(1000),
        fc.integer({ min: 1, max: 100 }),
        (epoch, batch, epochs, begun, most) => {
          const left = epoch - Math.floor((begun % epoch) / batch) * batch;
          const rows = left + epochs * epoch;
          const expected = sizes(rows, batch, left, epoch);
          const cuts = new Cuts(rows, batch, { left, rows: epoch });
          expect(cuts.count).toBe(expected.length);
          const found: number[] = [];
          for (let from = 0, to = 0; from < rows; from = to) {
            to = cuts.until(from, most);
            expect(to - from).toBeLessThanOrEqual(Math.max(most, batch));
            expect(cuts.before(from)).toBe(found.length);
            const after = cuts.from(from);
            found.push(...sizes(to - from, batch, after.left, after.rows));
          }
          expect(found).toEqual(expected);
        },
      ),
    );
  });

  it('without epochs only the last is shorter', () => {
    const cuts = new Cuts(25, 10);
    expect([cuts.count, cuts.before(10), cuts.until(0, 1), cuts.until(0, 24), cuts.until(20, 10)]).toEqual([3, 1, 10, 20, 25]);
    expect(new Cuts(0, 10).count).toBe(0);
  });
});

const found = await dawn();
const gpu = 'gpu' in found ? found.gpu : undefined;
const PHASES = ['forward', 'loss', 'backward', 'update'] as const;
const BATCH = 8;
const ROWS = 29;

const program: Program = programOf(
  prepare(
    drawing(
      {
        x: ['input', {}, { shape: [3] }],
        t: ['target', {}, { shape: [1] }],
        a: ['dense', { x: 'x' }, { units: 5, activation: 'tanh' }],
        y: ['dense', { x: 'a' }, { units: 1, activation: 'identity' }],
        loss: ['squared-error', { prediction: 'y', target: 't' }],
      },
      { optimizer: 'adam', batch: BATCH },
    ),
    null,
  ),
  'fused',
  BATCH,
);
const numbers = (length: number): Float32Array => Float32Array.from({ length }, (_, at) => Math.sin(3 * at + 1));

const backends: readonly (readonly [string, boolean, () => Promise<Device>])[] = [
  ['the reference', true, async () => new ReferenceDevice(program)],
  ...[false, true].map(
    (fma) =>
      [
        `WebAssembly${fma ? ' with FMA' : ''}`,
        !fma || hasFma(),
        () => wasm.open({ program, backend: 'wasm', code: wasm.emit(program, { backend: 'wasm', title: '', fma }) }),
      ] as const,
  ),
  ...(['workgroup', 'general'] as const).map(
    (way) =>
      [
        `WebGPU, ${way}`,
        gpu !== undefined,
        async () => {
          const profile = await webgpu.detect();
          if ('absent' in profile) throw new Error(profile.absent);
          return webgpu.open({ program, backend: 'webgpu', code: emit(program, profile, way) });
        },
      ] as const,
  ),
];
let webgpu: WebgpuBackend;
beforeAll(() => {
  webgpu = webgpuBackend(() => gpu);
});
afterAll(() => webgpu.release());

/** Rows of three epochs, the first begun at its second batch. */
const epochs = [ROWS - BATCH, ROWS, ROWS].map((length, epoch) =>
  Uint32Array.from({ length }, (_, at) => (at * 7 + epoch) % ROWS),
);
const all = Uint32Array.from(epochs.flatMap((rows) => [...rows]));
/** A value of every sample that the fused program keeps. */
const collect = [program.buffers.find(({ role, shape }) => role === 'value' && shape[0] === 'batch')!.id];

describe.each(backends)('%s', (_name, here, open) => {
  it.skipIf(!here)('gives the bits that epochs one by one give', async () => {
    const seen: { losses: number[]; values: number[]; weights: Float32Array[] }[] = [];
    for (const together of [true, false]) {
      const device = await open();
      device.setData(numbers(ROWS * 3), 3, numbers(ROWS), 1);
      for (const p of program.parameters) device.write(p.value, initialNumbers(p, 3));
      const losses: number[] = [];
      const values: number[] = [];
      const runs = together ? [{ rows: all, epochs: { left: epochs[0]!.length, rows: ROWS } }] : epochs.map((rows) => ({ rows }));
      for (const run of runs) {
        const result = await device.run({ phases: PHASES, batch: BATCH, collect, ...run });
        losses.push(...result.losses);
        values.push(...result.collected[0]!);
      }
      seen.push({ losses, values, weights: await device.read(program.parameters.map((p) => p.value)) });
      device.close();
    }
    expect(seen[0]!.losses).toHaveLength(3 + 4 + 4);
    expect(seen[0]!.values.length % all.length).toBe(0);
    expect(seen[0]).toEqual(seen[1]);
  });
});

it('a run longer than the queue of rows is cut there, at the ends of batches', async () => {
  const long = Uint32Array.from({ length: 1000 * ROWS }, (_, at) => (at * 5) % ROWS);
  const seen: Float32Array[] = [];
  for (const pieces of [1, 1000]) {
    const device = await wasm.open({
      program,
      backend: 'wasm',
      code: wasm.emit(program, { backend: 'wasm', title: '', fma: false }),
    });
    device.setData(numbers(ROWS * 3), 3, numbers(ROWS), 1);
    for (const p of program.parameters) device.write(p.value, initialNumbers(p, 3));
    const losses: number[] = [];
    for (let piece = 0; piece < pieces; piece++) {
      const rows = long.subarray((piece * long.length) / pieces, ((piece + 1) * long.length) / pieces);
      losses.push(...(await device.run({ phases: PHASES, rows, batch: BATCH, epochs: { left: ROWS, rows: ROWS } })).losses);
    }
    seen.push(Float32Array.from(losses), ...(await device.read(program.parameters.map((p) => p.value))));
    device.close();
  }
  expect(seen.slice(0, seen.length / 2)).toEqual(seen.slice(seen.length / 2));
});
