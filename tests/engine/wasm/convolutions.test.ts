/**
 * Convolution and pooling on the WebAssembly backend against float64: value and both gradients, over sizes that leave
 * rests of every kind in tiles of registers, with margins, strides and windows of many sizes.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BackendProfile } from '../../../src/engine/backends/backend';
import { nestOf } from '../../../src/engine/backends/wasm/nest';
import { scheduleOf } from '../../../src/engine/backends/wasm/schedule';
import { wasm } from '../../../src/engine/backends/wasm/index';
import type { Attrs } from '../../../src/engine/graph/graph';
import { prepareKernel } from '../../../src/engine/ir/interpret';
import { type Shape, sizeOf } from '../../../src/engine/ir/shape';
import { completeAttrs } from '../../../src/engine/ops/attrs';
import { ops } from '../../../src/engine/ops/index';
import { GRADIENT, type KernelSequence, OUT, type Primitive, RESULT } from '../../../src/engine/ops/op';
import type { BufferSpec } from '../../../src/engine/plan';
import { expectClose, numbers, profiles, program, runnable, stepOf } from '../../support/wasm-kernels';

interface Use {
  readonly op: string;
  readonly attrs: Attrs;
  readonly batch: number;
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** Value and gradients of one use of an operation, on the device and in float64, twice: the second time memory is no longer new. */
async function compare({ op: name, attrs, batch, shapes }: Use, profile: BackendProfile): Promise<void> {
  const op = ops.get(name) as Primitive;
  const inferred = op.infer(shapes, completeAttrs(op, attrs));
  if ('fault' in inferred) throw new Error(inferred.fault);
  const call = { shapes, attrs: completeAttrs(op, attrs), out: inferred.shape };
  const buffers: BufferSpec[] = [];
  const steps: ReturnType<typeof stepOf>[] = [];
  const wanted: string[] = [];
  const given = new Map<string, Float32Array>();
  const buffer = (id: string, shape: Shape, role: BufferSpec['role']): string => {
    buffers.push({ id, shape, role });
    return id;
  };
  for (const [at, [port, shape]] of Object.entries(shapes).entries())
    given.set(buffer(port, shape, 'value'), numbers(sizeOf(shape, batch), at + 3));
  // Small, so that sums over thousands of places are about 1 and rounding is what it is for others.
  const seed = numbers(sizeOf(call.out, batch), 9).map((x) => x / 16);
  given.set(buffer('seed', call.out, 'value'), seed);
  const add = (label: string, shape: Shape, { temps = {}, kernels }: KernelSequence): void => {
    wanted.push(buffer(label, shape, label === OUT ? 'value' : 'gradient'));
    for (const [temp, s] of Object.entries(temps)) buffer(`${label} ${temp}`, s, 'temporary');
    const bind = (kernelName: string): string => {
      if (kernelName in temps) return `${label} ${kernelName}`;
      if (kernelName === RESULT) return label;
      return kernelName === GRADIENT ? 'seed' : kernelName;
    };
    for (const kernel of kernels) {
      const names = [...kernel.reads.map((r) => r.name), ...kernel.stores.map(({ to }) => to)];
      steps.push(stepOf(kernel, Object.fromEntries(names.map((n) => [n, bind(n)]))));
    }
  };
  add(OUT, call.out, op.value(call));
  for (const [port, shape] of Object.entries(shapes)) add(`toward ${port}`, shape, op.gradient(call, port)!);
  const p = program(batch, buffers, steps, { detail: 'forward' });
  const device = await wasm.open({ program: p, backend: 'wasm', code: wasm.emit(p, profile) });
  const memory = new Map(buffers.map(({ id, shape }) => [id, new Float64Array(sizeOf(shape, batch))]));
  for (const [id, list] of given) {
    device.write(id, list);
    memory.get(id)!.set(list);
  }
  const run = { phases: ['forward'] as const, rows: new Uint32Array(batch), batch };
  await device.run(run);
  await device.run(run);
  for (const { kernel, bind } of steps) prepareKernel(kernel, (n) => memory.get(bind[n]!)!)(batch);
  for (const [at, actual] of (await device.read(wanted)).entries()) expectClose(actual, memory.get(wanted[at]!)!, 1e-4);
  device.close();
}

const between = (min: number, max: number) => fc.integer({ min, max });

for (const profile of profiles)
  describe.skipIf(!runnable(profile))(`convolutions, ${profile.title}`, () => {
    it('of images: random channels, filters, windows, strides and sizes', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.record({ batch: between(1, 3), channels: between(1, 5), filters: between(1, 9), window: between(1, 5) }),
          between(1, 3),
          fc.tuple(between(0, 14), between(0, 14)),
          ({ batch, channels, filters, window }, stride, [more, wider]) =>
            compare(
              {
                op: 'convolve-2d',
                attrs: { stride },
                batch,
                shapes: {
                  x: ['batch', channels, window + more, window + wider],
                  filters: [filters, channels, window, window],
                },
              },
              profile,
            ),
        ),
        { numRuns: 60 },
      );
    });

    it('of signals', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.record({ batch: between(1, 3), channels: between(1, 4), filters: between(1, 7), window: between(1, 6) }),
          between(1, 3),
          between(0, 40),
          ({ batch, channels, filters, window }, stride, more) =>
            compare(
              {
                op: 'convolve-1d',
                attrs: { stride },
                batch,
                shapes: { x: ['batch', channels, window + more], filters: [filters, channels, window] },
              },
              profile,
            ),
        ),
        { numRuns: 30 },
      );
    });

    it.each([
      [1, 8, 28, 3],
      [8, 16, 28, 3],
      [8, 16, 14, 3],
      [3, 6, 20, 5],
      [16, 32, 9, 1],
    ])('from %i to %i channels, images of %i, windows of %i', (channels, filters, size, window) =>
      compare(
        {
          op: 'convolve-2d',
          attrs: {},
          batch: 4,
          shapes: { x: ['batch', channels, size, size], filters: [filters, channels, window, window] },
        },
        profile,
      ),
    );

    it.each(['max-pooling', 'average-pooling'])('%s: random sizes of windows and images', async (op) => {
      await fc.assert(
        fc.asyncProperty(
          fc.record({ batch: between(1, 3), channels: between(1, 4), size: between(1, 4) }),
          fc.tuple(between(1, 9), between(1, 9)),
          ({ batch, channels, size }, [high, wide]) =>
            compare({ op, attrs: { size }, batch, shapes: { x: ['batch', channels, high * size, wide * size] } }, profile),
        ),
        { numRuns: 40 },
      );
    });
  });

describe('how they are walked', () => {
  const kernelsOf = (name: string, shapes: Readonly<Record<string, Shape>>, port?: string) => {
    const op = ops.get(name) as Primitive;
    const attrs = completeAttrs(op, {});
    const out = (op.infer(shapes, attrs) as { shape: Shape }).shape;
    const call = { shapes, attrs, out };
    return (port === undefined ? op.value(call) : op.gradient(call, port)!).kernels;
  };
  const scheduled = (kernel: ReturnType<typeof kernelsOf>[number], fma: boolean) => {
    const names = [...kernel.reads.map((r) => r.name), ...kernel.stores.map(({ to }) => to)];
    const buffers = Object.fromEntries(names.map((name, at) => [name, { address: 2 ** 20 * (at + 1), elements: 2 ** 18 }]));
    return scheduleOf(nestOf(stepOf(kernel, Object.fromEntries(names.map((n) => [n, n]))), 32, buffers), fma);
  };

  it.each([true, false])('every product of a convolution is a tile of registers that shares its loads, FMA: %s', (fma) => {
    const shapes: Readonly<Record<string, Shape>> = { x: ['batch', 8, 28, 28], filters: [16, 8, 3, 3] };
    const value = scheduled(kernelsOf('convolve-2d', shapes)[0]!, fma);
    expect(value.rowCount * value.vectors).toBeGreaterThanOrEqual(8);
    const weights = scheduled(kernelsOf('convolve-2d', shapes, 'filters')[0]!, fma);
    expect(weights).toMatchObject({ dot: true, rowCount: 3, vectors: 3 });
    const input = scheduled(kernelsOf('convolve-2d', shapes, 'x').at(-1)!, fma);
    expect(input.rowCount * input.vectors).toBeGreaterThanOrEqual(8);
  });

  it('windows of two are walked along the rows of images, their places woven', () => {
    const [, share] = kernelsOf('max-pooling', { x: ['batch', 8, 28, 28] }, 'x');
    expect(scheduled(share!, true)).toMatchObject({ woven: true, rowCount: 2 });
  });
});
