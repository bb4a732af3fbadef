/** The learning-rate finder: what it says of a curve, that its rates train well, and that training is not touched. */
import { describe, expect, test } from 'vitest';
import { backends } from '../../../src/engine/backends/index';
import type { Dataset } from '../../../src/engine/data/dataset';
import { Engine } from '../../../src/engine/engine';
import { setTraining } from '../../../src/engine/graph/edits';
import type { Project } from '../../../src/engine/graph/project';
import { judgeRates, type RateStep } from '../../../src/engine/train/rate-test';
import { readDataset } from '../../../src/main/services/datasets';
import { readProjectFile } from '../../../src/main/services/projects';
import { plansOf, trained } from '../../support/training';

async function example(name: string): Promise<{ project: Project; data: Dataset }> {
  const project = await readProjectFile(`resources/examples/${name}.chainrule`);
  const { data, split } = project.settings;
  if (data.kind === 'none') throw new Error(`${name} has no data`);
  return { project, data: await readDataset(data, split) };
}

async function opened(project: Project, data: Dataset): Promise<{ engine: Engine; news: RateStep[] }> {
  const news: RateStep[] = [];
  const engine = new Engine({
    backends,
    events: { progress: () => {}, trouble: () => {}, frame: () => {}, rates: (steps) => news.push(...steps) },
    now: () => performance.now(),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: () => Promise.resolve(),
    sharedMemory: false,
  });
  await engine.setDataset(data);
  const { batch, seed, hyper, epochs } = project.settings.training;
  await engine.load(await plansOf(project, data, 'wasm'), { seed, epochs, batch });
  await engine.tune({ hyper });
  return { engine, news };
}

describe('the rate that is suggested trains well', () => {
  // Below this loss on the training rows; what the best of 0.001, 0.003, … 3 reaches in as many epochs is about a third of it.
  test.each([
    ['03-circles', 'sgd', 60, 0.12],
    ['03-circles', 'adam', 60, 0.05],
    ['03-circles', 'rmsprop', 60, 0.05],
    ['03-circles', 'momentum', 60, 0.05],
    ['07-digits', 'sgd', 10, 0.05],
    ['07-digits', 'adam', 10, 0.02],
    ['08-iris', 'adam', 60, 0.1],
    ['09-diabetes', 'sgd', 60, 0.5],
    ['06-sine', 'adam', 60, 0.1],
  ] as const)('%s with %s', async (name, optimizer, epochs, below) => {
    const { project: plain, data } = await example(name);
    const project = setTraining({ optimizer, hyper: {}, epochs })(plain);
    const { engine, news } = await opened(project, data);
    const verdict = (await engine.testRates())!;
    expect(verdict.steps.slice(0, news.length)).toEqual(news);
    expect(verdict.suggested, verdict.reason).toBeGreaterThan(1e-4);
    const { session } = await trained(setTraining({ hyper: { rate: verdict.suggested! } })(project), data);
    expect((await session.score(data, data.split.train))!.loss).toBeLessThan(below);
    session.close();
  });
});

test('training is not touched: the same weights, and the same run goes on', async () => {
  const { project, data } = await example('03-circles');
  const [{ engine }, { engine: plain }] = [await opened(project, data), await opened(project, data)];
  for (const one of [engine, plain]) {
    await one.tune({ epochs: 5 });
    await one.train();
  }
  const before = await engine.weights();
  await engine.testRates();
  expect(await engine.weights()).toEqual(before);
  for (const one of [engine, plain]) {
    await one.tune({ epochs: 10 });
    await one.train();
  }
  // All but the time that it took.
  expect({ ...(await engine.checkpoint()), seconds: 0 }).toEqual({ ...(await plain.checkpoint()), seconds: 0 });
});

test('it stops when it is told to, and when something else is asked for', async () => {
  const { project, data } = await example('07-digits');
  const { engine } = await opened(project, data);
  const stopped = engine.testRates();
  await new Promise((resolve) => setImmediate(resolve));
  await engine.stopTestingRates();
  // On a fast machine it may be done before it hears.
  expect([null, 'done']).toContain((await stopped) && 'done');
  const other = engine.testRates();
  await new Promise((resolve) => setImmediate(resolve));
  await engine.step();
  await other;
  expect((await engine.checkpoint())!.step).toBe(1);
});

describe('what a curve says', () => {
  const rates = Array.from({ length: 240 }, (_, at) => 1e-6 * 1e7 ** (at / 239));
  const curve = (loss: (rate: number) => number): RateStep[] => rates.map((rate) => ({ rate, loss: loss(rate) }));

  test('a valley: a tenth of where it turns up', () => {
    const { suggested, steepest, turns } = judgeRates(curve((rate) => 1 / (1 + 100 * rate) + rate ** 2));
    expect(steepest).toBeGreaterThan(0.003);
    expect(steepest).toBeLessThan(0.03);
    expect(turns).toBeGreaterThan(0.3);
    expect(turns).toBeLessThan(0.9);
    expect(suggested).toBeCloseTo(turns! / 10, 2);
  });
  test('a slope without an end: where it is steepest', () => {
    const { suggested, steepest, turns, reason } = judgeRates(curve((rate) => 1 / (1 + 10 * rate)));
    expect(turns).toBeNull();
    expect(suggested).toBe(steepest);
    expect(reason).toContain('it does not rise again');
  });
  test('flat, or over at once: no rate, and why', () => {
    expect(judgeRates(curve(() => 0.7))).toMatchObject({ suggested: null, reason: expect.stringContaining('At no rate') });
    expect(judgeRates(curve(() => 0.7).slice(0, 4))).toMatchObject({
      suggested: null,
      reason: expect.stringContaining('not finite'),
    });
  });
});
