/** Training on WebGPU, in each way of running it, as the float64 reference trains; and a loss that is no number. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReferenceDevice } from '../../../src/engine/backends/reference';
import { sizeOf } from '../../../src/engine/ir/shape';
import { bufferIds } from '../../../src/engine/plan';
import { ways, randomFrom, numbers, worst, network, TRAIN, gpu, Opened } from '../../support/webgpu';

describe.skipIf(!gpu)('training on WebGPU', () => {
  let here: Opened;
  beforeAll(async () => {
    here = await Opened.here();
  });
  afterAll(() => here.backend.release());

  describe.each(ways)('%s', (way) => {
    it.each([
      { sizes: [2, 8, 8, 1], batch: 10, rows: 103 },
      { sizes: [5, 40, 34, 3], batch: 32, rows: 100 },
    ])('trains $sizes like the reference, partial batches included', async ({ sizes, batch, rows }) => {
      const random = randomFrom(3);
      const program = network(sizes, batch);
      const [inputs, outputs] = [sizes[0]!, sizes[sizes.length - 1]!];
      const features = numbers(rows * inputs, random);
      const targets = numbers(rows * outputs, random).map((x) => Math.tanh(x));
      const device = await here.open(program, way);
      try {
        const reference = new ReferenceDevice(program);
        for (const each of [device, reference]) each.setData(features, inputs, targets, outputs);
        for (const { value, shape, fanIn } of program.parameters) {
          const start = numbers(sizeOf(shape, 1), random).map((x) => x / Math.sqrt(fanIn));
          for (const each of [device, reference]) each.write(value, start);
        }
        const order = Uint32Array.from({ length: 3 * rows }, () => Math.floor(random() * rows));
        for (const size of [batch, Math.max(1, batch - 3)]) {
          const run = { phases: TRAIN, rows: order, batch: size };
          const [actual, wanted] = [await device.run(run), await reference.run(run)];
          expect(actual.losses.length).toBe(Math.ceil(order.length / size));
          expect(worst(actual.losses, wanted.losses)).toBeLessThan(2e-5);
        }
        const ids = program.parameters.map(({ value }) => value);
        const [actual, wanted] = [await device.read(ids), await reference.read(ids)];
        for (const [index, id] of ids.entries()) expect(worst(actual[index]!, wanted[index]!), id).toBeLessThan(1e-4);

        const collect = [`v:h${sizes.length - 1}`, 'v:loss'];
        const seen = { phases: ['forward', 'loss'] as const, rows: order.subarray(0, 47), batch, collect };
        const [a, b] = [await device.run(seen), await reference.run(seen)];
        expect(worst(a.losses, b.losses)).toBeLessThan(1e-4);
        for (const index of collect.keys()) expect(worst(a.collected[index]!, b.collected[index]!)).toBeLessThan(1e-4);
      } finally {
        device.close();
      }
    });

    it('reports a loss that is not finite', async () => {
      const program = network([2, 8, 8, 1], 10);
      const device = await here.open(program, way);
      try {
        const random = randomFrom(5);
        device.setData(numbers(100, random), 2, numbers(50, random), 1);
        for (const { value, shape } of program.parameters) device.write(value, numbers(sizeOf(shape, 1), random));
        device.write(bufferIds.hyper('rate'), [1e12]);
        const rows = Uint32Array.from({ length: 200 }, (_, at) => at % 50);
        const { losses } = await device.run({ phases: TRAIN, rows, batch: 10 });
        expect(Number.isFinite(losses[0])).toBe(true);
        expect(losses[losses.length - 1]).toBeNaN();
        device.write(bufferIds.hyper('rate'), [0.01]);
        for (const { value, shape } of program.parameters) device.write(value, numbers(sizeOf(shape, 1), random));
        const again = await device.run({ phases: TRAIN, rows, batch: 10 });
        expect(again.losses.every(Number.isFinite)).toBe(true);
      } finally {
        device.close();
      }
    });
  });
});
