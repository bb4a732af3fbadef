/** What the window writes into the history, with the real engine and a history in memory. */
import { afterEach, expect, test } from 'vitest';
import { backends } from '../../src/engine/backends/index';
import { compile } from '../../src/engine/compile/compile';
import { generateDataset } from '../../src/engine/data/generators';
import { Engine } from '../../src/engine/engine';
import * as edits from '../../src/engine/graph/edits';
import type { GeneratorSource } from '../../src/engine/graph/project';
import type { Checkpoint } from '../../src/engine/train/checkpoint';
import { draftProject } from '../../src/engine/train/draft';
import type { RunNews, RunStart } from '../../src/main/contract';
import { infoOf } from '../../src/renderer/run/dataset';
import type { RecorderHost } from '../../src/renderer/run/recorder';
import type { Notice, RunHost } from '../../src/renderer/run/run-links';
import { Run } from '../../src/renderer/run/run.svelte';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const circles: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0, seed: 1 };
const dataset = generateDataset(circles, split);
const project = edits.setTraining({ epochs: 20, batch: 20, hyper: { rate: 0.03 } })(
  draftProject(infoOf(dataset), circles, split, { title: 'Test', hidden: [4], activation: 'tanh' }),
);

const main: RunHost = {
  compile: async (drawn, profile, backend, revision, data) =>
    compile({ project: drawn, data, profile, backend, revision }, backends),
  loadDataset: async () => ({
    id: 'set-1',
    info: infoOf(dataset),
    trainRows: dataset.split.train.length,
    validationRows: dataset.split.validation.length,
    testRows: dataset.split.test.length,
    weighed: false,
  }),
  datasetPart: async (_id, part, from) => {
    const whole =
      part === 'x' ? dataset.x : part === 'y' ? dataset.y : part === 'weights' ? new Float32Array() : dataset.split[part];
    return whole.slice(from);
  },
  forgetNumbers: async () => {},
  releaseDataset: async () => {},
  cancelJob: async () => {},
};

class History implements RecorderHost {
  readonly runs: { start: RunStart; news: RunNews[] }[] = [];
  continued: string[] = [];
  fault: string | null = null;
  async beginRun(start: RunStart): Promise<string> {
    if (this.fault !== null) throw new Error(this.fault);
    this.runs.push({ start, news: [] });
    return `run-${this.runs.length}`;
  }
  async reportRun(id: string, news: RunNews): Promise<void> {
    this.runs[Number(id.slice(4)) - 1]!.news.push(news);
  }
  async continueRun(id: string): Promise<void> {
    this.continued.push(id);
  }
  status(at: number): string | undefined {
    return this.runs[at]!.news.findLast(({ status }) => status !== undefined)?.status;
  }
  epochs(at: number): number[] {
    return this.runs[at]!.news.flatMap(({ points }) => points.map(({ epoch }) => epoch));
  }
}

let run: Run | null = null;
afterEach(() => run?.stop());

async function opened(history: History): Promise<{ run: Run; notices: Notice[] }> {
  const notices: Notice[] = [];
  run = new Run({
    host: main,
    history,
    patience: 0,
    notify: (notice) => notices.push(notice),
    onData: () => {},
    start: (events) => ({
      api: new Engine({
        backends,
        events,
        now: () => performance.now(),
        breathe: () => new Promise((resolve) => setImmediate(resolve)),
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        sharedMemory: true,
      }),
      stop: () => {},
    }),
  });
  run.open(project);
  await run.settled();
  await run.setSpeed('full');
  return { run, notices };
}

test('a run is kept whole: settings, curve, scores, weights; training on after a pause is the same run', async () => {
  const history = new History();
  const { run } = await opened(history);
  await run.train();
  expect(history.runs.length).toBe(1);
  const { start, news } = history.runs[0]!;
  expect(start).toMatchObject({ name: 'Test', origin: 'window', dataset: 'set-1', project: { settings: { title: 'Test' } } });
  const last = news.at(-1)!;
  expect(last).toMatchObject({ status: 'done', epoch: 20, step: run.step });
  expect(last.scores!.test).toEqual(run.testScore);
  expect(last.confusion!.counts.reduce((a, b) => a + b, 0)).toBe(dataset.split.test.length);
  expect(last.checkpoint).toMatchObject({ epoch: 20, step: run.step });
  expect(last.checkpoint!.best!.epoch).toBeLessThanOrEqual(20);
  expect(history.epochs(0)).toEqual(run.points.map(({ epoch }) => epoch));
  await run.train();
  expect(history.runs.length).toBe(1);
  expect(history.status(0)).toBe('done');
});

test('reset, another drawing, and going back in time each begin another run; single steps alone begin none', async () => {
  const history = new History();
  const { run } = await opened(history);
  await run.stepOnce();
  expect(history.runs.length).toBe(0);
  await run.epochOnce();
  expect([history.runs.length, history.status(0)]).toEqual([1, 'stopped']);
  expect(history.epochs(0)[0]).toBe(0);
  await run.reset(1);
  await run.train();
  expect(history.runs.length).toBe(2);
  run.follow(edits.setAttr('hidden', 'units', 5)(project));
  await run.settled();
  await run.epochOnce();
  expect(history.runs.length).toBe(3);
  expect(history.runs[2]!.start.project.nodes['hidden']!.attrs['units']).toBe(5);
  await run.timeline.look(true);
  await run.timeline.seek(0);
  await run.epochOnce();
  expect(history.runs.length).toBe(4);
});

test('a run of the history goes on under its own name, from the same weights', async () => {
  const history = new History();
  const { run } = await opened(history);
  await run.train();
  const { checkpoint } = history.runs[0]!.news.at(-1)!;
  const points = run.points;
  run.open(project);
  await run.settled();
  expect(run.epoch).toBe(0);
  expect(await run.restore(checkpoint as Checkpoint, points, { id: 'run-1', seconds: 3 })).toBe(true);
  expect([run.epoch, run.points.length, history.continued]).toEqual([20, points.length, ['run-1']]);
  expect(await run.readWeights()).toEqual(checkpoint!.weights);
  await run.epochOnce();
  expect(history.runs.length).toBe(1);
  expect(history.runs[0]!.news.at(-1)).toMatchObject({ epoch: 21 });
  expect(history.runs[0]!.news.at(-1)!.seconds).toBeGreaterThan(3);
});

test('a history that cannot be written is said once, and training goes on', async () => {
  const history = new History();
  history.fault = 'The disk is full.';
  const { run, notices } = await opened(history);
  await run.train();
  expect(run.epoch).toBe(20);
  expect(notices.filter(({ title }) => /not kept in the history/.test(title))).toEqual([
    { kind: 'error', title: 'This run is not kept in the history', text: 'The disk is full.' },
  ]);
});
