/** Breakpoints watch runs of thousands of steps and yet stop at the step at which single steps would: the same step, words and numbers. */
import { afterAll, describe, expect, test } from 'vitest';
import { backends } from '../../../src/engine/backends/index';
import { webgpuBackend } from '../../../src/engine/backends/webgpu/index';
import { generateDataset } from '../../../src/engine/data/generators';
import { setTraining } from '../../../src/engine/graph/edits';
import type { Breakpoint, Project, Training } from '../../../src/engine/graph/project';
import { draftProject } from '../../../src/engine/train/draft';
import type { TrainerOptions } from '../../../src/engine/train/training';
import { dawn } from '../../support/dawn';
import { trained } from '../../support/training';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source = { kind: 'generator', name: 'circles', count: 110, noise: 0.1, seed: 1 } as const;
const circles = generateDataset(source, split);
// Batches of 12 from 77 rows: the last of an epoch is short.
const project = (training: Partial<Training> = {}): Project =>
  setTraining({ batch: 12, optimizer: 'adam', hyper: { rate: 0.05 }, epochs: 150, ...training })(
    draftProject(circles, source, split, { title: 'Test', hidden: [6], activation: 'relu' }),
  );

/** A step at a time: somebody looks at each. */
const single: Partial<TrainerOptions> = {
  observer: { due: () => true, before: () => Promise.resolve(() => Promise.resolve()) },
};
/** A clock that stands still: runs become as long as they can, and what was kept lies as far back as it can. */
const long: Partial<TrainerOptions> = { now: () => 0 };

type Options = Parameters<typeof trained>[2];

interface Course {
  readonly stops: readonly {
    readonly step: number;
    readonly message: string;
    readonly node: string | undefined;
    readonly state: string;
  }[];
  readonly end: string;
}

async function course(breakpoints: readonly Breakpoint[], options: Options, of: Project, most: number): Promise<Course> {
  const { session, trainer, stops: news } = await trained(of, circles, { breakpoints, ...options });
  const bits = async (): Promise<string> =>
    [...(await session.state())]
      .filter(([id]) => !id.startsWith('k:'))
      .map(([id, numbers]) => `${id}:${Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64')}`)
      .join();
  const stops: { step: number; message: string; node: string | undefined; state: string }[] = [];
  for (let seen = 0; news.length > seen && stops.length < most; await trainer.train()) {
    seen = news.length;
    const { message, node } = news.at(-1)!;
    stops.push({ step: trainer.step, message, node, state: await bits() });
  }
  const end = `${trainer.step} ${await bits()}`;
  session.close();
  return { stops, end };
}

const found = await dawn();
const webgpu = 'gpu' in found ? webgpuBackend(() => found.gpu) : null;
afterAll(() => webgpu?.release());

const everything = {
  name: 'all of them, with plain descent and a schedule',
  breakpoints: [
    { kind: 'gradient', limit: 0.5 },
    { kind: 'gradient', limit: 0.7 },
    { kind: 'dead', limit: 12 },
    { kind: 'sign', node: 'hidden' },
    { kind: 'loss', limit: 5 },
  ],
  training: { optimizer: 'sgd', hyper: { rate: 0.5 }, schedule: { kind: 'exponential', settings: { factor: 0.99 } } },
} satisfies Case;
interface Case {
  readonly name: string;
  readonly breakpoints: readonly Breakpoint[];
  readonly training?: Partial<Training>;
}
const cases: readonly Case[] = [
  { name: 'a gradient', breakpoints: [{ kind: 'gradient', limit: 0.35 }] },
  {
    name: 'a gradient of one layer, with clipping',
    breakpoints: [{ kind: 'gradient', limit: 0.3, node: 'output' }],
    training: { clip: { norm: 0.1 } },
  },
  { name: 'silent units', breakpoints: [{ kind: 'dead', limit: 3 }], training: { hyper: { rate: 0.3 } } },
  { name: 'signs', breakpoints: [{ kind: 'sign' }] },
  { name: 'a loss', breakpoints: [{ kind: 'loss', limit: 3 }] },
  everything,
];

describe('breakpoints stop runs of many steps where single steps stop', () => {
  test.each(cases)('$name', async ({ breakpoints, training }) => {
    const of = project(training);
    const [fast, slow] = [await course(breakpoints, long, of, 12), await course(breakpoints, single, of, 12)];
    expect(fast.stops.length).toBeGreaterThan(2);
    expect(fast.stops.at(-1)!.step).toBeGreaterThan(10);
    expect(fast).toEqual(slow);
  });

  test.runIf(webgpu !== null)('on WebGPU', async () => {
    const device = { backend: 'webgpu' as const, among: new Map([...backends, ['webgpu' as const, webgpu!]]) };
    const { breakpoints, training } = everything;
    const of = project({ ...training, epochs: 12 });
    const [fast, slow] = [
      await course(breakpoints, { ...device, ...long }, of, 4),
      await course(breakpoints, { ...device, ...single }, of, 4),
    ];
    expect(fast.stops.length).toBeGreaterThan(2);
    expect(fast).toEqual(slow);
  });
});
