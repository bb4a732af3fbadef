/** `auto` takes the backend that trains the network at hand fastest, and a race leaves no trace in the weights. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineEvents, Raced } from '../../../src/engine/api';
import type { Backend, BackendProfile, Device, Profile, Run } from '../../../src/engine/backends/backend';
import { wasm } from '../../../src/engine/backends/wasm/index';
import { type WebgpuBackend, webgpuBackend } from '../../../src/engine/backends/webgpu';
import { reference } from '../../../src/engine/backends/reference/index';
import { compile } from '../../../src/engine/compile/compile';
import { generateDataset } from '../../../src/engine/data/generators';
import { Engine } from '../../../src/engine/engine';
import { setTraining } from '../../../src/engine/graph/edits';
import type { BackendName, BackendWish, Plans, Weights } from '../../../src/engine/plan';
import { draftProject } from '../../../src/engine/train/draft';
import { dawn } from '../../support/dawn';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source = { kind: 'generator', name: 'circles', count: 120, noise: 0.1, seed: 1 } as const;
const data = generateDataset(source, split);
const projectOf = (hidden: number) =>
  setTraining({ batch: 16, optimizer: 'adam' })(
    draftProject(data, source, split, { title: 'Test', hidden: [hidden], activation: 'tanh' }),
  );

type Backends = ReadonlyMap<BackendName, Backend>;

/** The CPU backend under another name, each run made longer by some milliseconds. */
function disguised(name: BackendName, milliseconds: number): Backend {
  const wait = (): void => {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
  };
  const dressed = (device: Device): Device =>
    new Proxy(device, {
      get(target, key) {
        if (key === 'backend') return name;
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        if (key !== 'run') return value.bind(target);
        return (run: Run) => {
          wait();
          return target.run(run);
        };
      },
    });
  return { ...wasm, name, open: async (plan) => dressed(await wasm.open(plan)) };
}
const profileOf = (software = false): Profile => ({
  present: [
    { backend: 'webgpu', title: 'a card', ...(software ? { software } : {}) },
    { backend: 'wasm', title: 'a processor', fma: false },
  ],
  absent: [],
});
function plansFor(backends: Backends, profile: Profile, { wish = 'auto' as BackendWish, hidden = 5, revision = 1 } = {}): Plans {
  const plans = compile({ project: projectOf(hidden), data, profile, backend: wish, revision, race: true }, backends);
  if (!plans.ok) throw new Error('the drawing does not compile');
  return plans.value;
}

interface Opened {
  readonly engine: Engine;
  readonly news: { revision: number; raced: Raced }[];
  readonly last: { running: boolean; step: number };
}
function engineOn(backends: Backends): Opened {
  const news: Opened['news'] = [];
  const last = { running: false, step: 0 };
  const events: EngineEvents = {
    progress: ({ running, step }) => Object.assign(last, { running, step }),
    trouble: ({ message }) => {
      throw new Error(message);
    },
    frame: () => {},
    raced: (one) => news.push(one),
  };
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const engine = new Engine({
    backends,
    events,
    now: () => performance.now(),
    breathe: () => sleep(0),
    sleep,
    sharedMemory: false,
  });
  return { engine, news, last };
}
const options = { seed: 3, epochs: 4, batch: 16 };
const bits = (weights: Weights): string[] =>
  Object.entries(weights).map(
    ([key, { data: numbers }]) =>
      `${key} ${Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64')}`,
  );

async function trainedAlone(): Promise<string[]> {
  const alone = new Map<BackendName, Backend>([['wasm', wasm]]);
  const { engine } = engineOn(alone);
  await engine.setDataset(data);
  await engine.load(plansFor(alone, { present: [profileOf().present[1]!], absent: [] }), options);
  await engine.train();
  return bits(await engine.weights());
}

describe('a race', () => {
  test.each([
    ['the rival wins', 2, 0, 'webgpu'],
    ['the CPU stays', 0, 2, 'wasm'],
  ] as const)('%s: training gives the bits that it gives without a race', async (_name, slowCpu, slowRival, winner) => {
    const backends: Backends = new Map([
      ['wasm', disguised('wasm', slowCpu)],
      ['webgpu', disguised('webgpu', slowRival)],
    ]);
    const { engine, news } = engineOn(backends);
    await engine.setDataset(data);
    const report = await engine.load(plansFor(backends, profileOf()), options);
    expect(report.backend).toBe('wasm');
    const before = bits(await engine.weights());
    // Training does not wait for the moment of quiet, but for the race.
    await engine.step();
    expect(news).toHaveLength(1);
    const [first, second] = news[0]!.raced.standings;
    expect(first!.backend).toBe(winner);
    expect(first!.stepsPerSecond).toBeGreaterThan(second!.stepsPerSecond);
    expect(bits(await engine.weights())).not.toEqual(before);
    await engine.train();
    expect(bits(await engine.weights())).toEqual(await trainedAlone());

    // The same shape again, with other numbers: the winner is known.
    const again = await engine.load({ ...plansFor(backends, profileOf()), revision: 2 }, options);
    expect(again.backend).toBe(winner);
    expect(again.raced).toEqual(news[0]!.raced);
    // Another shape is another race.
    const other = await engine.load(plansFor(backends, profileOf(), { hidden: 6, revision: 3 }), options);
    expect(other.raced).toBeUndefined();
    await engine.step();
    expect(news.map(({ revision }) => revision)).toEqual([1, 3]);
  });

  test('is held when the network is left alone, and changes nothing that one sees', async () => {
    const backends: Backends = new Map([
      ['wasm', disguised('wasm', 1)],
      ['webgpu', disguised('webgpu', 0)],
    ]);
    const { engine, news } = engineOn(backends);
    await engine.setDataset(data);
    await engine.load(plansFor(backends, profileOf()), options);
    const before = bits(await engine.weights());
    await expect.poll(() => news.length).toBe(1);
    expect(bits(await engine.weights())).toEqual(before);
    expect((await engine.timeline()).moments).toEqual([]);
  });

  test('a rival that cannot be opened, or fails, is passed over', async () => {
    const failing: Backend[] = [
      { ...wasm, name: 'webgpu', open: () => Promise.reject(new Error('no')) },
      {
        ...wasm,
        name: 'webgpu',
        open: async (plan) =>
          Object.assign(Object.create(await wasm.open(plan)), {
            setData: () => {},
            run: () => Promise.reject(new Error('no')),
            write: () => {},
            close: () => {},
          }) as Device,
      },
    ];
    for (const rival of failing) {
      const backends: Backends = new Map([
        ['wasm', wasm],
        ['webgpu', rival],
      ]);
      const { engine, news, last } = engineOn(backends);
      await engine.setDataset(data);
      await engine.load(plansFor(backends, profileOf()), options);
      await engine.train();
      expect(last.step).toBeGreaterThan(0);
      expect(
        news.flatMap(({ raced }) => raced.standings.map(({ backend }) => backend)).filter((name) => name !== 'wasm'),
      ).toEqual([]);
      expect(bits(await engine.weights())).toEqual(await trainedAlone());
    }
  });

  test('a winner that has gone is forgotten', async () => {
    let gone = false;
    const backends: Backends = new Map([
      ['wasm', disguised('wasm', 2)],
      [
        'webgpu',
        {
          ...disguised('webgpu', 0),
          open: (plan) => (gone ? Promise.reject(new Error('gone')) : disguised('webgpu', 0).open(plan)),
        },
      ],
    ]);
    const { engine, news } = engineOn(backends);
    await engine.setDataset(data);
    await engine.load(plansFor(backends, profileOf()), options);
    await engine.step();
    expect(news).toHaveLength(1);
    gone = true;
    const report = await engine.load(plansFor(backends, profileOf(), { revision: 2 }), options);
    expect([report.backend, report.raced]).toEqual(['wasm', undefined]);
  });
});

describe('what is raced', () => {
  const backends: Backends = new Map([
    ['wasm', wasm],
    ['webgpu', disguised('webgpu', 0)],
    ['reference', reference],
  ]);
  const names = (plans: Plans): (string | undefined)[] => [
    plans.train?.backend,
    ...(plans.rivals ?? []).map(({ backend }) => backend),
  ];

  test('a choice is kept to, and software is no rival', () => {
    expect(names(plansFor(backends, profileOf()))).toEqual(['wasm', 'webgpu']);
    expect(names(plansFor(backends, profileOf(true)))).toEqual(['wasm']);
    for (const wish of ['wasm', 'webgpu', 'reference'] as const)
      expect(plansFor(backends, profileOf(), { wish }).rivals).toBeUndefined();
    expect(names(plansFor(backends, profileOf(), { wish: 'webgpu' }))).toEqual(['webgpu']);
  });

  test('reproducible is the CPU without fused multiply-add, whatever the machine has', () => {
    const profile: Profile = {
      present: [{ backend: 'wasm', title: '', fma: true, limits: { threads: 4 } }, profileOf().present[0]!],
      absent: [],
    };
    const plain: BackendProfile = { backend: 'wasm', title: '', fma: false };
    const plans = plansFor(backends, profile, { wish: 'reproducible' });
    expect(names(plans)).toEqual(['wasm']);
    for (const plan of [plans.train!, plans.evaluate, plans.live])
      expect(plan.code).toEqual(wasm.emit(plan.program, { ...plain, limits: { threads: 4 } }));
    expect(plans.train!.code).not.toEqual(wasm.emit(plans.train!.program, { ...plain, fma: true }));
    // Without WebAssembly float64 is as reproducible.
    expect(
      names(plansFor(backends, { present: [{ backend: 'reference', title: '' }], absent: [] }, { wish: 'reproducible' })),
    ).toEqual(['reference']);
  });
});

const found = await dawn();
describe.skipIf(!('gpu' in found))('WebGPU on this machine', () => {
  let webgpu: WebgpuBackend;
  beforeAll(() => {
    webgpu = webgpuBackend(() => ('gpu' in found ? found.gpu : undefined));
  });
  afterAll(() => webgpu.release());

  test('races the CPU with the real network, and the weights stay', async () => {
    const backends: Backends = new Map<BackendName, Backend>([
      ['wasm', wasm],
      ['webgpu', webgpu],
    ]);
    const gpu = await webgpu.detect();
    if ('absent' in gpu) throw new Error(gpu.absent);
    const { engine, news } = engineOn(backends);
    await engine.setDataset(data);
    const plans = plansFor(backends, { present: [{ ...gpu, software: false }, profileOf().present[1]!], absent: [] });
    await engine.load(plans, options);
    const before = bits(await engine.weights());
    await expect.poll(() => news.length).toBe(1);
    expect(news[0]!.raced.standings.map(({ backend }) => backend).sort()).toEqual(['wasm', 'webgpu']);
    for (const { stepsPerSecond } of news[0]!.raced.standings) expect(stepsPerSecond).toBeGreaterThan(1);
    expect(bits(await engine.weights())).toEqual(before);
    await engine.train();
  }, 30_000);
});
