/**
 * What training takes of the memory: at most 4 bytes · (2 · parameters + 4 · batch · features) · 1.3 beside the data,
 * for networks of all shapes; and what is said of networks that are too large for it.
 */
import { describe, expect, test } from 'vitest';
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import type { Layout } from '../../src/engine/backends/wasm/layout';
import { prepare, programOf } from '../../src/engine/compile/program';
import type { Plan } from '../../src/engine/plan';
import { layered } from '../support/layers';

function planOf(dims: readonly number[], batch: number, threads: number, activation = 'relu'): Plan {
  const program = programOf(prepare(layered(dims, activation, 'sgd'), null), 'fused', batch);
  const limits = threads > 1 ? { limits: { threads } } : {};
  return { program, backend: 'wasm', code: wasm.emit(program, { backend: 'wasm', title: '', fma: hasFma(), ...limits }) };
}

const bytesOf = ({ code }: Plan): number => (code.kind === 'wasm' ? (code.layout as Layout).end : Number.NaN);

/** The queue of row numbers and of losses, one size for all networks. */
const QUEUE = bytesOf(planOf([1, 1], 1, 1));

describe.each([1, 2])('with %i threads', (threads) => {
  test.each([
    [[64, 32, 10], 32],
    [[784, 512, 512, 10], 128],
    [[1024, 2048, 2048, 1024], 256],
    [[256, 256, 256, 256, 256, 256, 256, 256], 64],
    [[2048, 2048], 8],
    [[100, 1000, 1], 1000],
    [[30, 300, 3], 4096],
  ] as const)('%j in batches of %i', (dims, batch) => {
    const parameters = dims.slice(1).reduce((sum, units, at) => sum + (dims[at]! + 1) * units, 0);
    const features = dims.reduce((sum, units) => sum + units, 0);
    const allowed = 4 * (2 * parameters + 4 * batch * features) * 1.3;
    expect(bytesOf(planOf(dims, batch, threads)) - QUEUE).toBeLessThanOrEqual(allowed);
  });
});

/** A weight of so many rows and columns has 1 GiB. */
const SIDE = 16_384;

test('a weight of 1 GiB compiles, opens and makes a step', async () => {
  const plan = planOf([SIDE, SIDE], 1, 1);
  expect(bytesOf(plan)).toBeGreaterThan(2 ** 30);
  const device = await wasm.open(plan);
  device.setData(new Float32Array(SIDE).fill(0.5), SIDE, new Float32Array(SIDE).fill(3), SIDE);
  device.write('h:rate', [0.5]);
  const run = { phases: ['forward', 'loss', 'backward', 'update'] as const, rows: Uint32Array.of(0, 0), batch: 1 };
  const { losses } = await device.run(run);
  // All weights are 0 before the first step. It adds 0.5 · 2 · 3 / n to each bias and half of that to each weight.
  const grown = (0.5 * 2 * 3) / SIDE;
  expect(losses[0]).toBeCloseTo(9, 4);
  // Sums of 16,384 equal numbers in 32 bits are rounded as often.
  expect(losses[1]! / (3 - grown * (1 + SIDE / 4)) ** 2).toBeCloseTo(1, 4);
  device.close();
}, 60_000);

describe('a network that is too large', () => {
  test('for WebAssembly is refused with its size, and what to do', async () => {
    // Five weights of 1 GiB each.
    const plan = planOf([SIDE, SIDE, SIDE, SIDE, SIDE, SIDE], 1, 1);
    await expect(wasm.open(plan)).rejects.toMatchObject({
      name: 'DeviceFailure',
      reason: 'out-of-memory',
      message: expect.stringMatching(/^The network needs [\d,]+ MiB of memory.*at most 4,096 MiB.*smaller/),
    });
  });

  test('with its data is refused with their size', async () => {
    const device = await wasm.open(planOf([2, 1], 1, 1));
    const huge = { length: 2 ** 30, byteLength: 2 ** 32 } as unknown as Float32Array;
    expect(() => device.setData(huge, 2, new Float32Array(1), 1)).toThrow(
      /^The data set needs [\d,]+ MiB more memory.*fewer rows/,
    );
    device.close();
  });
});
