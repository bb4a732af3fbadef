/** Batches on the WebAssembly backend: gathering, padding, weighing, collecting, slices, what is refused. */
import { describe, expect, it } from 'vitest';
import type { Run } from '../../../src/engine/backends/backend';
import { wasm } from '../../../src/engine/backends/wasm/index';
import { mul, read, sub } from '../../../src/engine/ir/expr';
import { ACC } from '../../../src/engine/ir/kernel';
import { bufferIds } from '../../../src/engine/plan';
import { profiles, program, stepOf, numbers, expectClose } from '../../support/wasm-kernels';

describe('batches', () => {
  const features = numbers(7 * 5, 11);
  const targets = numbers(7 * 2, 12);
  // Sum over the batch of weight · feature · target: padding must not count.
  const p = program(
    4,
    [
      { id: 'x', shape: ['batch', 3], role: 'input' },
      { id: 't', shape: ['batch'], role: 'input' },
      { id: bufferIds.rowWeights, shape: ['batch'], role: 'rows' },
      { id: 'g', shape: [3], role: 'gradient' },
      { id: 'loss', shape: ['batch'], role: 'value' },
      { id: 'w', shape: [3], role: 'parameter', init: 0.5 },
      { id: 'doubled', shape: ['batch', 3], role: 'value' },
    ],
    [
      stepOf(
        {
          out: ['batch', 3],
          reads: [{ name: 'x', strides: [3, 1], offset: 0 }],
          stores: [{ to: 'd', value: mul(2, read('x')) }],
        },
        { x: 'x', d: 'doubled' },
      ),
      stepOf(
        {
          out: ['batch'],
          reads: [{ name: 't', strides: [1], offset: 0 }],
          stores: [{ to: 'loss', value: mul(read('t'), read('t')) }],
        },
        { t: 't', loss: 'loss' },
        'loss',
      ),
      stepOf(
        {
          out: [3],
          fold: { with: 'sum', over: ['batch'], body: mul(mul(read('r'), read('t')), read('x')) },
          reads: [
            { name: 'r', strides: [0, 1], offset: 0 },
            { name: 't', strides: [0, 1], offset: 0 },
            { name: 'x', strides: [1, 3], offset: 0 },
            { name: 'w', strides: [1, 0], offset: 0 },
          ],
          stores: [
            { to: 'g', value: read(ACC) },
            { to: 'w', value: sub(read('w'), read(ACC)) },
          ],
        },
        { r: bufferIds.rowWeights, t: 't', x: 'x', g: 'g', w: 'w' },
        'update',
      ),
    ],
    {
      inputs: [
        { node: 'x', buffer: 'x', from: 'features', columns: [4, 0, 1] },
        { node: 't', buffer: 't', from: 'targets', columns: [1] },
      ],
      loss: 'loss',
    },
  );
  const open = async () => {
    const device = await wasm.open({ program: p, backend: 'wasm', code: wasm.emit(p, profiles[0]!) });
    device.setData(features, 5, targets, 2);
    return device;
  };
  const x = (row: number): number[] => [4, 0, 1].map((column) => features[row * 5 + column]!);
  const t = (row: number): number => targets[row * 2 + 1]!;

  it('gathers columns, pads the last batch, weighs rows, collects real rows, counts losses', async () => {
    const device = await open();
    const rows = Uint32Array.of(6, 2, 2, 0, 5, 1);
    const run: Run = { phases: ['forward', 'loss', 'update'], rows, batch: 4, collect: ['doubled', 'loss'] };
    const { losses, collected } = await device.run(run);
    const batches = [
      [6, 2, 2, 0],
      [5, 1],
    ];
    expectClose(
      losses,
      batches.map((batch) => batch.reduce((sum, row) => sum + t(row) ** 2, 0) / batch.length),
    );
    expectClose(
      collected[0]!,
      [...rows].flatMap((row) => x(row).map((v) => 2 * v)),
    );
    expectClose(
      collected[1]!,
      [...rows].map((row) => t(row) ** 2),
    );
    const gradient = (batch: readonly number[]): number[] =>
      [0, 1, 2].map((i) => batch.reduce((sum, row) => sum + t(row) * x(row)[i]!, 0) / batch.length);
    const [g, w, weights, gathered] = await device.read(['g', 'w', bufferIds.rowWeights, 'x']);
    expectClose(g!, gradient(batches[1]!));
    expectClose(
      w!,
      [0, 1, 2].map((i) => 0.5 - gradient(batches[0]!)[i]! - gradient(batches[1]!)[i]!),
    );
    expectClose(weights!, [0.5, 0.5, 0, 0]);
    expectClose(gathered!, [5, 1, 5, 5].flatMap(x));
  });

  it('leaves parameters alone when the update is not asked for', async () => {
    const device = await open();
    const { losses } = await device.run({ phases: ['forward'], rows: Uint32Array.of(1, 2), batch: 2 });
    expect(losses.length).toBe(0);
    expectClose((await device.read(['w']))[0]!, [0.5, 0.5, 0.5]);
  });

  it('runs more rows than fit one slice', async () => {
    const device = await open();
    const rows = Uint32Array.from({ length: 40_001 }, (_, i) => i % 7);
    const { losses, collected } = await device.run({ phases: ['forward', 'loss'], rows, batch: 3, collect: ['loss'] });
    expect(losses.length).toBe(Math.ceil(rows.length / 3));
    expectClose(
      collected[0]!,
      [...rows].map((row) => t(row) ** 2),
    );
    expectClose([losses.at(-1)!], [(t(rows[39_999]!) ** 2 + t(rows[40_000]!) ** 2) / 2]);
  });

  it('takes a new, larger data set and keeps the weights', async () => {
    const device = await open();
    device.write('w', [1, 2, 3]);
    const many = numbers(5 * 100_000, 3);
    device.setData(many, 5, numbers(2 * 100_000, 4), 2);
    await device.run({ phases: ['forward'], rows: Uint32Array.of(99_999), batch: 1 });
    const [w, gathered] = await device.read(['w', 'x']);
    expectClose(w!, [1, 2, 3]);
    expectClose(
      gathered!.subarray(0, 3),
      [4, 0, 1].map((column) => many[99_999 * 5 + column]!),
    );
  });

  it('refuses rows and batches that do not exist', async () => {
    const device = await open();
    await expect(device.run({ phases: ['forward'], rows: Uint32Array.of(7), batch: 1 })).rejects.toThrow('row 7');
    await expect(device.run({ phases: ['forward'], rows: Uint32Array.of(0), batch: 5 })).rejects.toThrow('batch of 5');
  });

  it('emits the same bytes twice', () => {
    const [a, b] = [wasm.emit(p, profiles[1]!), wasm.emit(p, profiles[1]!)];
    expect(a).toEqual(b);
  });
});
