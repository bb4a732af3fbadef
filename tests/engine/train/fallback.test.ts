/**
 * A device that fails, in each way in which one can: training goes on on the CPU from the last good state, says
 * so, and comes to the weights that it would have come to.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { type Backend, type Device, DeviceFailure } from '../../../src/engine/backends/backend';
import { backends } from '../../../src/engine/backends/index';
import { webgpuBackend } from '../../../src/engine/backends/webgpu/index';
import { compile } from '../../../src/engine/compile/compile';
import { generateDataset } from '../../../src/engine/data/generators';
import { Engine } from '../../../src/engine/engine';
import { setTraining } from '../../../src/engine/graph/edits';
import type { BackendName, Plans, Weights } from '../../../src/engine/plan';
import type { Progress, Trouble } from '../../../src/engine/api';
import { draftProject } from '../../../src/engine/train/draft';
import { dawn } from '../../support/dawn';

const found = await dawn();
if ('absent' in found) console.warn(`Lost graphics devices skipped: ${found.absent}.`);

const split = { train: 0.7, validation: 0.3, test: 0, seed: 1 };
const source = { kind: 'generator', name: 'circles', count: 200, noise: 0.1, seed: 1 } as const;
const data = generateDataset(source, split);
const STEPS = Math.ceil(data.split.train.length / 16);
const project = setTraining({ batch: 16, optimizer: 'adam', hyper: { rate: 0.01 } })(
  draftProject(data, source, split, { title: 'Test', hidden: [4], activation: 'tanh' }),
);

type Table = ReadonlyMap<BackendName, Backend>;
const withBackend = (backend: Backend): Table => new Map([...backends, [backend.name, backend]]);

async function plansFor(table: Table, name: BackendName): Promise<Plans> {
  const present = [];
  for (const wanted of new Set<BackendName>([name, 'wasm'])) {
    const profile = await table.get(wanted)!.detect();
    if ('absent' in profile) throw new Error(profile.absent);
    present.push(profile);
  }
  const plans = compile({ project, data, profile: { present, absent: [] }, backend: name, revision: 1 }, table);
  if (!plans.ok) throw new Error(plans.problems.map(({ message }) => message).join('\n'));
  return plans.value;
}

interface Stage {
  readonly engine: Engine;
  readonly troubles: Trouble[];
  readonly progress: Progress[];
}

/** `between`: called between two runs of the device. */
function start(table: Table, between: (progress: Progress | undefined) => void = () => {}): Stage {
  const troubles: Trouble[] = [];
  const progress: Progress[] = [];
  const engine = new Engine({
    backends: table,
    events: { progress: (news) => progress.push(news), trouble: (news) => troubles.push(news), frame: () => {} },
    now: () => performance.now(),
    breathe: async () => {
      between(progress.at(-1));
      await new Promise((resolve) => setImmediate(resolve));
    },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    sharedMemory: true,
  });
  return { engine, troubles, progress };
}

const options = { seed: 1, epochs: 40, batch: 16 };

/** What training comes to where nothing fails, on the CPU. */
const undisturbed = (async (): Promise<Weights> => {
  const { engine } = start(backends);
  await engine.setDataset(data);
  await engine.load(await plansFor(backends, 'wasm'), options);
  await engine.train();
  return engine.weights();
})();

function expectSame(actual: Weights, wanted: Weights, tolerance: number): void {
  expect(Object.keys(actual)).toEqual(Object.keys(wanted));
  for (const [key, { data: numbers }] of Object.entries(wanted))
    numbers.forEach((w, i) => {
      expect(Math.abs(actual[key]!.data[i]! - w), `${key}[${i}]`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(w)));
    });
}

test('a device on the CPU that fails once: a new one goes on, and the weights are the same to the bit', async () => {
  const wasm = backends.get('wasm')!;
  let runs = 0;
  const failing: Backend = {
    ...wasm,
    open: async (plan) => {
      const device = await wasm.open(plan);
      return new Proxy(device, {
        get(target, key) {
          if (key === 'run' && plan.program.detail === 'fused')
            return async (run: Parameters<Device['run']>[0]) => {
              if (++runs === 5) throw new DeviceFailure('lost', 'A thread of the engine stopped working.');
              return target.run(run);
            };
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
  const { engine, troubles, progress } = start(withBackend(failing));
  await engine.setDataset(data);
  await engine.load(await plansFor(backends, 'wasm'), options);
  await engine.train();
  expect(runs).toBeGreaterThan(5);
  expect(troubles).toHaveLength(1);
  expect(troubles[0]!.kind).toBe('moved-to-cpu');
  // It is no graphics device that was left.
  expect(troubles[0]!.failed).toBeUndefined();
  expect(troubles[0]!.message).toMatch(
    /^A thread of the engine stopped working\. Training goes on on the CPU from step \d+(; the (step|\d+ steps) since then (is|are) made again)?\. Nothing that was learned before is lost\.$/,
  );
  expect(progress.at(-1)).toMatchObject({ epoch: 40, step: 40 * STEPS });
  expectSame(await engine.weights(), await undisturbed, 0);
  // No point of the curve comes twice.
  const epochs = progress.flatMap(({ points }) => points.map(({ epoch }) => epoch));
  expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
});

test('a device that fails again and again is given up with a sentence', async () => {
  const wasm = backends.get('wasm')!;
  const broken: Backend = {
    ...wasm,
    open: async (plan) => {
      const device = await wasm.open(plan);
      if (plan.program.detail === 'fused') device.run = () => Promise.reject(new DeviceFailure('lost', 'The device was lost.'));
      return device;
    },
  };
  const { engine, troubles } = start(withBackend(broken));
  await engine.setDataset(data);
  await engine.load(await plansFor(backends, 'wasm'), options);
  await engine.train();
  expect(troubles.filter(({ kind }) => kind === 'moved-to-cpu')).toHaveLength(4);
  expect(troubles.at(-1)).toMatchObject({ kind: 'device-lost', message: 'The device was lost.' });
});

describe.skipIf('absent' in found)('the graphics device', () => {
  const closing: (() => void)[] = [];
  afterAll(() => {
    for (const close of closing) close();
  });

  /** The backend on devices that the test holds too and may change. */
  function held(change: (device: GPUDevice) => void = () => {}): { readonly table: Table; readonly devices: GPUDevice[] } {
    const devices: GPUDevice[] = [];
    const { gpu } = found as { gpu: GPU };
    const fake = {
      requestAdapter: async (wish?: GPURequestAdapterOptions) => {
        const adapter = (await gpu.requestAdapter(wish))!;
        return {
          info: adapter.info,
          limits: adapter.limits,
          requestDevice: async (descriptor?: GPUDeviceDescriptor) => {
            const device = await adapter.requestDevice(descriptor);
            change(device);
            devices.push(device);
            return device;
          },
        };
      },
    };
    const backend = webgpuBackend(() => fake as unknown as GPU);
    closing.push(() => backend.release());
    return { table: withBackend(backend), devices };
  }

  const lostIn = async (fail: (device: GPUDevice) => void): Promise<Stage> => {
    const { table, devices } = held();
    let failed = false;
    const stage = start(table, (progress) => {
      if (failed || (progress?.step ?? 0) < 20) return;
      failed = true;
      fail(devices[0]!);
    });
    await stage.engine.setDataset(data);
    const report = await stage.engine.load(await plansFor(table, 'webgpu'), options);
    expect(report.backend).toBe('webgpu');
    await stage.engine.train();
    expect(failed).toBe(true);
    return stage;
  };

  test('destroyed in the middle of training', async () => {
    const { engine, troubles, progress } = await lostIn((device) => device.destroy());
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toMatchObject({ kind: 'moved-to-cpu', failed: 'lost' });
    expect(troubles[0]!.message).toMatch(/^The graphics processor went away: .* Training goes on on the CPU from step \d+/);
    expect(progress.at(-1)).toMatchObject({ epoch: 40, step: 40 * STEPS });
    // Some steps were made there, some here: the same but for the rounding of each.
    expectSame(await engine.weights(), await undisturbed, 2e-3);
    await engine.step();
    expect(progress.at(-1)).toMatchObject({ step: 40 * STEPS + 1 });
  }, 60_000);

  test('out of memory in the middle of training', async () => {
    const { engine, troubles, progress } = await lostIn((device) => {
      device.onuncapturederror?.({ error: new GPUOutOfMemoryError('made up') } as unknown as GPUUncapturedErrorEvent);
    });
    expect(troubles[0]).toMatchObject({ kind: 'moved-to-cpu', failed: 'out-of-memory' });
    expect(troubles[0]!.message).toMatch(/^The graphics processor has no memory left\./);
    expect(progress.at(-1)).toMatchObject({ epoch: 40, step: 40 * STEPS });
    expectSame(await engine.weights(), await undisturbed, 2e-3);
  }, 60_000);

  test('lost while nothing trains: its weights are still there, and the next step is made', async () => {
    const { table, devices } = held();
    const { engine, troubles, progress } = start(table);
    await engine.setDataset(data);
    await engine.load(await plansFor(table, 'webgpu'), options);
    await engine.epoch();
    const before = await engine.weights();
    devices[0]!.destroy();
    await devices[0]!.lost;
    expectSame(await engine.weights(), before, 0);
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toMatchObject({ kind: 'moved-to-cpu' });
    await engine.step();
    expect(progress.at(-1)).toMatchObject({ step: STEPS + 1 });
  }, 60_000);

  test('weights that were set by hand are not lost with it either', async () => {
    const { table, devices } = held();
    const { engine } = start(table);
    await engine.setDataset(data);
    await engine.load(await plansFor(table, 'webgpu'), options);
    const bias = Float32Array.of(1, 2, 3, 4);
    await engine.setWeights({ 'hidden/bias': { shape: [4], data: bias } });
    devices[0]!.destroy();
    await devices[0]!.lost;
    expect([...(await engine.weights())['hidden/bias']!.data]).toEqual([...bias]);
  }, 60_000);

  const refusedBy = async (table: Table, plans: Plans): Promise<Stage> => {
    const stage = start(table);
    await stage.engine.setDataset(data);
    const report = await stage.engine.load(plans, options);
    expect(report.backend).toBe('wasm');
    await stage.engine.train();
    expect(stage.troubles).toHaveLength(1);
    expect(stage.progress.at(-1)).toMatchObject({ epoch: 40 });
    expectSame(await stage.engine.weights(), await undisturbed, 0);
    return stage;
  };

  test('without room for the network, as the driver says it', async () => {
    const { table } = held((device) => {
      const pop = device.popErrorScope.bind(device);
      const filters: GPUErrorFilter[] = [];
      const push = device.pushErrorScope.bind(device);
      device.pushErrorScope = (filter) => {
        filters.push(filter);
        push(filter);
      };
      device.popErrorScope = async () => {
        const filter = filters.pop();
        const error = await pop();
        return filter === 'out-of-memory' ? new GPUOutOfMemoryError('made up') : error;
      };
    });
    const { troubles } = await refusedBy(table, await plansFor(table, 'webgpu'));
    expect(troubles[0]).toMatchObject({ kind: 'moved-to-cpu', failed: 'out-of-memory' });
    expect(troubles[0]!.message).toMatch(
      /no room for the [\d.]+ MiB that the network needs\. Training goes on on the CPU from step 0\./,
    );
  }, 60_000);

  test('without room for the network, by its limits', async () => {
    const { table } = held((device) =>
      Object.defineProperty(device, 'limits', { value: { maxBufferSize: 256, maxStorageBufferBindingSize: 256 } }),
    );
    const { troubles } = await refusedBy(table, await plansFor(table, 'webgpu'));
    expect(troubles[0]).toMatchObject({ kind: 'moved-to-cpu', failed: 'out-of-memory' });
    expect(troubles[0]!.message).toMatch(/gives one program at most/);
  }, 60_000);

  test('whose driver does not compile the code', async () => {
    const { table } = held();
    const plans = await plansFor(table, 'webgpu');
    const { code } = plans.train!;
    if (code.kind !== 'wgsl') throw new Error('no WGSL');
    const train = { ...plans.train!, code: { ...code, modules: code.modules.map(() => 'fn nonsense') } };
    const { troubles } = await refusedBy(table, { ...plans, train });
    expect(troubles[0]).toMatchObject({ kind: 'moved-to-cpu', failed: 'compile' });
    expect(troubles[0]!.message).toMatch(/^The graphics driver could not compile the network's code: /);
  }, 60_000);
});
