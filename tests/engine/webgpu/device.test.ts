/** How the WebGPU backend is found, and what happens when something goes wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReferenceDevice } from '../../../src/engine/backends/reference';
import { emit } from '../../../src/engine/backends/webgpu/emit';
import { type WebgpuBackend, webgpuBackend } from '../../../src/engine/backends/webgpu';
import { constant } from '../../../src/engine/ir/expr';
import { sizeOf } from '../../../src/engine/ir/shape';
import { bufferIds, type Plan, type Program } from '../../../src/engine/plan';
import { randomFrom, numbers, worst, Draft, network, TRAIN, gpu, Opened } from '../../support/webgpu';

describe.skipIf(!gpu)('the WebGPU backend', () => {
  let here: Opened;
  beforeAll(async () => {
    here = await Opened.here();
  });
  afterAll(() => here.backend.release());

  it('is detected with its title and limits', () => {
    expect(here.profile.title.length).toBeGreaterThan(3);
    expect(here.profile.limits?.maxComputeWorkgroupStorageSize).toBeGreaterThanOrEqual(16384);
    if (/swiftshader/i.test(here.profile.title)) expect(here.profile.software).toBe(true);
  });

  it('says why it is absent', async () => {
    expect(await webgpuBackend(() => undefined).detect()).toEqual({ absent: expect.stringContaining('WebGPU') });
  });

  describe('when something goes wrong', () => {
    /** A backend on a device that the test holds too, optionally one that claims small limits. */
    function watched(limits?: Partial<GPUSupportedLimits>): { readonly backend: WebgpuBackend; readonly devices: GPUDevice[] } {
      const devices: GPUDevice[] = [];
      const fake = {
        requestAdapter: async (options?: GPURequestAdapterOptions) => {
          const adapter = (await gpu!.requestAdapter(options))!;
          return {
            info: adapter.info,
            limits: adapter.limits,
            requestDevice: async (descriptor?: GPUDeviceDescriptor) => {
              const device = await adapter.requestDevice(descriptor);
              if (limits) Object.defineProperty(device, 'limits', { value: limits });
              devices.push(device);
              return device;
            },
          };
        },
      };
      return { backend: webgpuBackend(() => fake as unknown as GPU), devices };
    }

    const planFor = (program: Program): Plan => ({ program, backend: 'webgpu', code: emit(program, here.profile) });

    it('a device that goes away fails its runs, and the next program gets a new one', async () => {
      const { backend: own, devices } = watched();
      const program = network([2, 8, 8, 1], 10);
      const device = await own.open(planFor(program));
      device.setData(new Float32Array(20), 2, new Float32Array(10), 1);
      const run = { phases: TRAIN, rows: Uint32Array.from({ length: 100_000 }, (_, at) => at % 10), batch: 10 };
      const running = device.run(run);
      const failed = expect(running).rejects.toMatchObject({
        name: 'DeviceFailure',
        reason: 'lost',
        message: expect.stringContaining('went away'),
      });
      await device.read(['v:w1']);
      devices[0]!.destroy();
      await failed;
      await expect(device.run(run)).rejects.toMatchObject({ reason: 'lost' });
      device.close();
      const next = await own.open(planFor(program));
      expect(devices.length).toBe(2);
      next.setData(new Float32Array(20), 2, new Float32Array(10), 1);
      await expect(next.run({ ...run, rows: run.rows.subarray(0, 20) })).resolves.toMatchObject({ collected: [] });
      next.close();
      own.release();
    });

    it('a program closed while it runs ends its run; others go on', async () => {
      const program = network([2, 8, 8, 1], 10);
      const features = new Float32Array(20).fill(0.5);
      const targets = new Float32Array(10);
      const [one, other] = [await here.backend.open(planFor(program)), await here.backend.open(planFor(program))];
      for (const each of [one, other]) each.setData(features, 2, targets, 1);
      const run = { phases: TRAIN, rows: Uint32Array.from({ length: 2000 }, (_, at) => at % 10), batch: 10 };
      const running = [one.run(run), other.run(run)];
      one.setData(new Float32Array(features), 2, targets, 1);
      one.close();
      one.write('v:w1', new Float32Array(16));
      await expect(one.run(run)).rejects.toThrow('closed');
      const results = await Promise.all(running);
      expect(results[0]!.losses).toEqual(results[1]!.losses);
      await expect(other.run(run)).resolves.toBeDefined();
      other.close();
    });

    it('rows and batches that do not exist are refused', async () => {
      const device = await here.backend.open(planFor(network([2, 2, 1], 4)));
      device.setData(new Float32Array(6), 2, new Float32Array(3), 1);
      await expect(device.run({ phases: TRAIN, rows: Uint32Array.of(0, 3), batch: 4 })).rejects.toThrow('row 3');
      await expect(device.run({ phases: TRAIN, rows: Uint32Array.of(0), batch: 5 })).rejects.toThrow('batch of 5');
      device.close();
    });

    it('a program that is too large is refused with its size', async () => {
      const draft = new Draft();
      draft.buffer('x', [40_000, 50_000], 'value');
      draft.buffer('y', [], 'value');
      draft.step('forward', { out: [], reads: [], stores: [{ to: 'y', value: constant(1) }] }, { y: 'y' });
      await expect(here.backend.open(planFor(draft.program(1)))).rejects.toMatchObject({
        reason: 'out-of-memory',
        message: expect.stringContaining('7629 MiB'),
      });
    });

    it('code that does not compile is reported with the reason', async () => {
      const plan = planFor(network([2, 2, 1], 4));
      const broken = { ...plan, code: { ...plan.code, modules: ['fn nonsense'] } } as Plan;
      await expect(here.backend.open(broken)).rejects.toMatchObject({
        reason: 'compile',
        message: expect.stringContaining('could not compile'),
      });
      const whole = await here.backend.open(plan);
      whole.close();
    });

    it('a data set that does not fit is streamed', async () => {
      const { backend: own } = watched({ maxBufferSize: 1 << 20, maxStorageBufferBindingSize: 1 << 18 });
      const random = randomFrom(9);
      const [columns, count, batch] = [700, 100, 300];
      const program = network([columns, 1], batch);
      const reference = new ReferenceDevice(program);
      const device = await own
        .open({ program, backend: 'webgpu', code: emit(program, { ...here.profile, limits: {} }, 'general') })
        .catch((error: unknown) => error);
      // The arena itself has to fit: it holds one batch of the rows.
      expect(device).toMatchObject({ reason: 'out-of-memory' });
      own.release();

      const roomy = watched({ maxBufferSize: 1 << 30, maxStorageBufferBindingSize: 900_000 });
      const second = await roomy.backend.open({ program, backend: 'webgpu', code: emit(program, here.profile, 'general') });
      const features = numbers(columns * count * 5, random);
      const targets = numbers(count * 5, random);
      const order = Uint32Array.from({ length: 13_000 }, () => Math.floor(random() * count * 5));
      for (const each of [second, reference]) {
        each.setData(features, columns, targets, 1);
        for (const { value, shape } of program.parameters) each.write(value, new Float32Array(sizeOf(shape, 1)).fill(0.01));
        each.write(bufferIds.hyper('rate'), [0.001]);
      }
      const run = { phases: TRAIN, rows: order, batch };
      const [actual, wanted] = [await second.run(run), await reference.run(run)];
      expect(worst(actual.losses, wanted.losses)).toBeLessThan(2e-5);
      second.close();
      roomy.backend.release();
    });
  });
});
