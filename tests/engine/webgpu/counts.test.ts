/**
 * What training costs beside arithmetic on a graphics processor, counted: dispatches, submissions and read-backs.
 * A small network runs whole, many steps in one dispatch; a large one in tiled products whose epilogues hold the
 * rest; neither reads anything back but the losses, once a run.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { BackendProfile } from '../../../src/engine/backends/backend';
import { ReferenceDevice } from '../../../src/engine/backends/reference/index';
import { emit } from '../../../src/engine/backends/webgpu/emit';
import { webgpuBackend } from '../../../src/engine/backends/webgpu/index';
import { wasm } from '../../../src/engine/backends/wasm/index';
import type { WgslLayout } from '../../../src/engine/backends/webgpu/layout';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { Random } from '../../../src/engine/data/random';
import { bufferIds } from '../../../src/engine/plan';
import { initialNumbers } from '../../../src/engine/train/session';
import { layered } from '../../support/layers';
import { gpu } from '../../support/webgpu';

interface Counts {
  dispatches: number;
  submissions: number;
  readBacks: number;
  bytesBack: number;
}

/**
 * A device that counts, and the counts since they were last set to 0. How many steps share a submission hangs on the
 * clock: `hurried`, work counts as done at once, as on a fast processor; else a software adapter would get one a time.
 */
function counting(device: GPUDevice, counts: Counts, hurried: () => boolean): void {
  const settled = device.queue.onSubmittedWorkDone.bind(device.queue);
  device.queue.onSubmittedWorkDone = () => (hurried() ? Promise.resolve(undefined) : settled());
  const createEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    const encoder = createEncoder(descriptor);
    const begin = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (wish) => {
      const pass = begin(wish);
      const dispatch = pass.dispatchWorkgroups.bind(pass);
      pass.dispatchWorkgroups = (x, y, z) => {
        counts.dispatches++;
        return dispatch(x, y, z);
      };
      return pass;
    };
    return encoder;
  };
  const submit = device.queue.submit.bind(device.queue);
  device.queue.submit = (buffers) => {
    counts.submissions++;
    return submit(buffers);
  };
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const map = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = (mode, offset, size) => {
      counts.readBacks++;
      counts.bytesBack += descriptor.size;
      return map(mode, offset, size);
    };
    return buffer;
  };
}

describe.skipIf(!gpu)('an epoch on the graphics processor', () => {
  let fast = false;
  const counts: Counts = { dispatches: 0, submissions: 0, readBacks: 0, bytesBack: 0 };
  const fake = {
    requestAdapter: async (wish?: GPURequestAdapterOptions) => {
      const adapter = (await gpu!.requestAdapter(wish))!;
      return {
        info: adapter.info,
        limits: adapter.limits,
        requestDevice: async (descriptor?: GPUDeviceDescriptor) => {
          const device = await adapter.requestDevice(descriptor);
          counting(device, counts, () => fast);
          return device;
        },
      };
    },
  };
  const backend = webgpuBackend(() => fake as unknown as GPU);
  afterAll(() => backend.release());

  /** The second of two runs, counted; losses as `by` has them. */
  async function epoch(dims: readonly number[], batch: number, steps: number, by: 'reference' | 'CPU' = 'reference') {
    const profile = (await backend.detect()) as BackendProfile;
    // Adam, or a loss that nears 0, would turn the rounding of 32 bits in two devices into more than that.
    const optimizer = by === 'CPU' ? 'sgd' : 'adam';
    const program = programOf(prepare(layered(dims, 'tanh', optimizer, batch), null), 'fused', batch);
    const code = emit(program, profile);
    const device = await backend.open({ program, backend: 'webgpu', code });
    const reference =
      by === 'reference'
        ? new ReferenceDevice(program)
        : await wasm.open({ program, backend: 'wasm', code: wasm.emit(program, { backend: 'wasm', title: '', fma: false }) });
    const random = new Random(7, dims.join());
    const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.gaussian());
    const [x, y] = [numbers(batch * 3 * dims[0]!), numbers(batch * 3 * dims.at(-1)!)];
    for (const each of [device, reference]) {
      each.setData(x, dims[0]!, y, dims.at(-1)!);
      for (const p of program.parameters) each.write(p.value, initialNumbers(p, 1));
      if (by === 'CPU') each.write(bufferIds.hyper('rate'), [1e-3]);
    }
    const run = {
      phases: ['forward', 'loss', 'backward', 'update'] as const,
      rows: Uint32Array.from({ length: steps * batch }, (_, i) => (i * 7) % (3 * batch)),
      batch,
    };
    // Once to warm up: the second run is told how long a step takes.
    for (const each of [device, reference]) await each.run(run);
    Object.assign(counts, { dispatches: 0, submissions: 0, readBacks: 0, bytesBack: 0 });
    const { losses } = await device.run(run);
    const counted = { ...counts };
    const wanted = (await reference.run(run)).losses;
    losses.forEach((loss, at) => {
      expect(Math.abs(loss / wanted[at]! - 1)).toBeLessThan(2e-4);
    });
    for (const each of [device, reference]) each.close();
    return { counted, layout: (code as { readonly layout: WgslLayout }).layout };
  }

  test('a small network: many steps in one dispatch, one read-back of the losses', async () => {
    const steps = 300;
    const { counted, layout } = await epoch([2, 8, 8, 1], 10, steps);
    expect(layout.run.by).toBe('workgroup');
    // A dispatch a submission, each of many steps; and the copy of the losses.
    expect(counted.dispatches).toBe(counted.submissions - 1);
    expect(counted.dispatches).toBeLessThanOrEqual(steps / 8);
    expect(counted.readBacks).toBe(1);
    expect(counted.bytesBack).toBeLessThanOrEqual(16 * Math.ceil((4 * steps) / 16));
  }, 60_000);

  test('a larger one: tiled products with the rest in their epilogues, steps together in a submission', async () => {
    const steps = 8;
    const { counted, layout } = await epoch([64, 96, 96, 10], 32, steps);
    if (layout.run.by !== 'dispatches') throw new Error('it should not run in one workgroup');
    // Three products a layer less the data's gradient, and little else: biases, activations and updates are in them.
    const passes = layout.run.passes.length;
    expect(passes).toBeLessThanOrEqual(3 * 3 - 1 + 6);
    // Rows are gathered and the loss noted in one dispatch each.
    expect(counted.dispatches).toBe(steps * (passes + 2));
    expect(counted.submissions).toBeLessThanOrEqual(steps + 1);
    expect(counted.readBacks).toBe(1);
    expect(counted.bytesBack).toBeLessThanOrEqual(16 * Math.ceil((4 * steps) / 16));
  }, 120_000);

  test('784-512-512-10 on a fast processor: products in tiles, many steps a submission, no read-back between them', async () => {
    const steps = 16;
    fast = true;
    const { counted, layout } = await epoch([784, 512, 512, 10], 16, steps, 'CPU').finally(() => {
      fast = false;
    });
    if (layout.run.by !== 'dispatches') throw new Error('it should not run in one workgroup');
    const passes = layout.run.passes.length;
    expect(passes).toBeLessThanOrEqual(3 * 3 - 1 + 6);
    expect(counted.dispatches).toBe(steps * (passes + 2));
    // At most two submissions of steps, and the copy of the losses.
    expect(counted.submissions).toBeLessThanOrEqual(3);
    expect(counted.readBacks).toBe(1);
    expect(counted.bytesBack).toBeLessThanOrEqual(16 * Math.ceil((4 * steps) / 16));
  }, 120_000);
});

describe.skipIf(!gpu)('the same project, seed and backend', () => {
  const backend = webgpuBackend(() => gpu);
  afterAll(() => backend.release());

  test.each([
    ['workgroup', [2, 8, 8, 1], 10, 120],
    ['dispatches', [64, 96, 96, 10], 32, 6],
  ] as const)(
    'give the same bits again, by %s',
    async (by, dims, batch, steps) => {
      const program = programOf(prepare(layered(dims, 'tanh', 'adam', batch), null), 'fused', batch);
      const code = emit(program, (await backend.detect()) as BackendProfile);
      expect((code as { readonly layout: WgslLayout }).layout.run.by).toBe(by);
      const random = new Random(5, 'again');
      const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.gaussian());
      const [x, y] = [numbers(batch * 3 * dims[0]), numbers(batch * 3 * dims.at(-1)!)];
      const trained = async (parts: number): Promise<readonly (Float32Array | Float64Array)[]> => {
        const device = await backend.open({ program, backend: 'webgpu', code });
        device.setData(x, dims[0], y, dims.at(-1)!);
        for (const p of program.parameters) device.write(p.value, initialNumbers(p, 1));
        const rows = Uint32Array.from({ length: steps * batch }, (_, i) => (i * 7) % (3 * batch));
        const losses: number[] = [];
        for (let part = 0; part < parts; part++) {
          const each = rows.subarray((part * rows.length) / parts, ((part + 1) * rows.length) / parts);
          losses.push(...(await device.run({ phases: ['forward', 'loss', 'backward', 'update'], rows: each, batch })).losses);
        }
        const learnt = await device.read(program.parameters.map(({ value }) => value));
        device.close();
        return [Float64Array.from(losses), ...learnt];
      };
      const once = await trained(1);
      expect(once.every((list) => list.every(Number.isFinite))).toBe(true);
      expect(await trained(1)).toEqual(once);
      // However many runs the steps are given in.
      expect(await trained(3)).toEqual(once);
    },
    120_000,
  );
});
