/** Following the project with the real engine in this process; main's part is a few lines of stand-in. */
import { afterEach, describe, expect, test } from 'vitest';
import { backends } from '../../src/engine/backends/index';
import { compile } from '../../src/engine/compile/compile';
import type { Dataset } from '../../src/engine/data/dataset';
import { generateDataset } from '../../src/engine/data/generators';
import { Engine } from '../../src/engine/engine';
import * as edits from '../../src/engine/graph/edits';
import { invertNumbers, type NumberEdit, slabOf } from '../../src/engine/graph/number-edits';
import type { GeneratorSource, Project } from '../../src/engine/graph/project';
import { draftProject } from '../../src/engine/train/draft';
import { demandsOf } from '../../src/renderer/run/follow';
import { insightOf, isLinearUpToTheEnd } from '../../src/renderer/run/insight';
import { answerOf, shares } from '../../src/renderer/run/answers';
import { tellingAxes } from '../../src/renderer/run/boundary.svelte';
import { extend } from '../../src/renderer/run/curve';
import { reasonOf, threadsText } from '../../src/renderer/run/reason';
import { infoOf } from '../../src/renderer/run/dataset';
import type { Notice, RunHost } from '../../src/renderer/run/run-links';
import { Run } from '../../src/renderer/run/run.svelte';
import { storedWeights, weightsOf } from '../../src/renderer/run/weights';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const circles: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0, seed: 1 };

function drawn(source: GeneratorSource = circles, hidden: readonly number[] = [4]): Project {
  const project = draftProject(infoOf(generateDataset(source, split)), source, split, {
    title: 'Test',
    hidden,
    activation: 'tanh',
  });
  return edits.setTraining({ epochs: 20, batch: 20, hyper: { rate: 0.03 } })(project);
}

/** Main, as far as a run needs it. `before` lets a test hold an answer back. */
class Main implements RunHost {
  datasets = new Map<string, Dataset>();
  compiled: number[] = [];
  backendsAsked: string[] = [];
  released: string[] = [];
  before: (revision: number) => Promise<void> = () => Promise.resolve();
  fault: string | null = null;

  compile: RunHost['compile'] = async (project, profile, backend, revision, data) => {
    this.compiled.push(revision);
    this.backendsAsked.push(backend);
    await this.before(revision);
    return compile({ project, data, profile, backend, revision, watched: true }, backends);
  };
  loadDataset: RunHost['loadDataset'] = async (source) => {
    if (this.fault !== null) throw new Error(this.fault);
    if (source.kind !== 'generator') throw new Error('Only toy sets here.');
    const dataset = generateDataset(source, split);
    const id = `set-${this.datasets.size + 1}`;
    this.datasets.set(id, dataset);
    const { train, validation, test } = dataset.split;
    return {
      id,
      info: infoOf(dataset),
      trainRows: train.length,
      validationRows: validation.length,
      testRows: test.length,
      weighed: false,
    };
  };
  /** Small pieces, so that putting them together is tested too. */
  datasetPart: RunHost['datasetPart'] = async (id, part, from) => {
    const dataset = this.datasets.get(id)!;
    const whole =
      part === 'x' ? dataset.x : part === 'y' ? dataset.y : part === 'weights' ? new Float32Array() : dataset.split[part];
    return whole.slice(from, from + 64);
  };
  forgetNumbers: RunHost['forgetNumbers'] = async () => {};
  releaseDataset: RunHost['releaseDataset'] = async (id) => void this.released.push(id);
  cancelJob: RunHost['cancelJob'] = async () => {};
}

interface Stage {
  readonly run: Run;
  readonly main: Main;
  readonly notices: Notice[];
  readonly events: {
    trouble: (trouble: { kind: 'device-lost' | 'not-finite'; message: string }) => void;
    crash: (message: string) => void;
  };
}

let stage: Stage | null = null;
afterEach(() => {
  stage?.run.stop();
  stage = null;
});

function start(): Stage {
  const main = new Main();
  const notices: Notice[] = [];
  const events: { -readonly [K in keyof Stage['events']]: Stage['events'][K] } = { trouble: () => {}, crash: () => {} };
  const run = new Run({
    host: main,
    patience: 0,
    notify: (notice) => notices.push(notice),
    onData: () => {},
    start: (listeners, onCrash) => {
      events.trouble = listeners.trouble;
      events.crash = onCrash;
      return {
        api: new Engine({
          backends,
          events: listeners,
          now: () => performance.now(),
          breathe: () => new Promise((resolve) => setImmediate(resolve)),
          sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          sharedMemory: true,
        }),
        stop: () => {},
      };
    },
  });
  stage = { run, main, notices, events };
  return stage;
}

describe('what an edit asks for', () => {
  const project = drawn();
  test('moving and naming ask for nothing', () => {
    const moved = edits.move(['hidden'], 10, 0)(project);
    expect(demandsOf(project, edits.setLabel('hidden', 'h')(moved))).toEqual({ compile: false, tune: false, data: false });
  });
  test('more neurons ask for a plan, another rate for a word, another seed of the data for rows', () => {
    expect(demandsOf(project, edits.setAttr('hidden', 'units', 5)(project))).toMatchObject({
      compile: true,
      tune: false,
      data: false,
    });
    expect(demandsOf(project, edits.setTraining({ hyper: { rate: 0.1 } })(project))).toEqual({
      compile: false,
      tune: true,
      data: false,
    });
    expect(demandsOf(project, edits.setSettings({ data: { ...circles, seed: 2 } })(project))).toEqual({
      compile: false,
      tune: false,
      data: true,
    });
  });
});

describe('a run', () => {
  test('where a teacher hides the answers it is stepped through and not trained, until the lock is open', async () => {
    const { run } = start();
    run.open(drawn());
    run.stepper.shut(true);
    await run.settled();
    expect([run.canTrain, run.canStep]).toEqual([false, true]);
    await run.stepOnce();
    await run.train();
    expect(run.step).toBe(0);
    run.stepper.shut(false);
    await run.stepOnce();
    expect(run.step).toBe(1);
  });

  test('loads the data in pieces, compiles, trains, and scores the test rows', async () => {
    const { run, main, notices } = start();
    await run.setSpeed('full');
    run.open(drawn());
    await run.settled();
    expect(run.dataset?.x).toEqual(main.datasets.get('set-1')?.x);
    expect(run.dataset?.split).toEqual(main.datasets.get('set-1')?.split);
    expect(run.backend).not.toBeNull();
    expect(run.canTrain).toBe(true);
    await run.train();
    expect(run.running).toBe(false);
    expect(run.epoch).toBe(20);
    expect(run.points.at(-1)?.train.loss).toBeLessThan(run.points[0]!.train.loss);
    expect(run.testScore?.accuracy).toBeGreaterThan(0.5);
    expect(notices).toEqual([]);
  });

  test('training on after the last epoch goes as many further', async () => {
    const { run } = start();
    await run.setSpeed('full');
    run.open(drawn());
    await run.settled();
    await run.train();
    await run.train();
    expect(run.epoch).toBe(40);
    await run.reset(1);
    expect([run.epoch, run.step, run.points.length, run.goal]).toEqual([0, 0, 0, 20]);
  });

  test('an answer for an older drawing is dropped', async () => {
    const { run, main } = start();
    const project = drawn();
    run.open(project);
    await run.settled();
    let release = (): void => {};
    main.before = () =>
      new Promise((resolve) => {
        release = resolve;
        main.before = () => Promise.resolve();
      });
    run.follow(edits.setAttr('hidden', 'units', 6)(project));
    await expect.poll(() => main.compiled.length).toBe(2);
    // While that answer is held back, the drawing changes again.
    run.follow(edits.setAttr('hidden', 'units', 9)(project));
    release();
    await run.settled();
    expect((await run.readWeights())['hidden/weight']?.shape).toEqual([2, 9]);
    expect(main.compiled).toHaveLength(3);
  });

  test('an edit keeps the weights whose name and shape stay; another project keeps none', async () => {
    const { run } = start();
    const project = drawn(circles, [4, 4]);
    run.open(project);
    await run.settled();
    await run.setWeights({ 'hidden1/bias': { shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
    run.follow(edits.setAttr('hidden2', 'units', 6)(project));
    await run.settled();
    expect([...(await run.readWeights())['hidden1/bias']!.data]).toEqual([1, 2, 3, 4]);
    run.open(project);
    await run.settled();
    expect([...(await run.readWeights())['hidden1/bias']!.data]).toEqual([0, 0, 0, 0]);
  });

  test('numbers that were edited come with the plan of the drawing that they fit, or at once', async () => {
    const { run } = start();
    const project = drawn(circles, [4]);
    run.open(project);
    await run.settled();
    const first = (await run.readWeights())['hidden/weight']!;
    run.follow(project, [{ kind: 'set', key: 'hidden/weight', at: 1, before: first.data[1]!, after: 2.5 }]);
    await expect.poll(async () => (await run.readWeights())['hidden/weight']!.data[1]).toBe(2.5);

    // One neuron less, and back: all numbers but its own were kept in between.
    const narrow = edits.setAttr('hidden', 'units', 3)(project);
    const column = slabOf({ shape: first.shape, data: (await run.readWeights())['hidden/weight']!.data }, 1, 0);
    const gone: NumberEdit[] = [
      { kind: 'remove', key: 'hidden/weight', axis: 1, at: 0, values: column },
      { kind: 'remove', key: 'hidden/bias', axis: 0, at: 0, values: [0] },
    ];
    run.follow(narrow, gone);
    await run.settled();
    const less = (await run.readWeights())['hidden/weight']!;
    expect(less.shape).toEqual([2, 3]);
    expect(less.data[0]).toBe(2.5);
    run.follow(project, invertNumbers(gone));
    await run.settled();
    const back = (await run.readWeights())['hidden/weight']!.data;
    expect(back[1]).toBe(2.5);
    expect(back[0]).toBe(first.data[0]);
    // Numbers of a drawing that was put away have no business in the next.
    run.follow(narrow, gone);
    run.open(project);
    await run.settled();
    expect((await run.readWeights())['hidden/weight']!.data[1]).toBe(first.data[1]);
  });

  test('an edit while it trains goes on training; other data too; pausing meanwhile is heeded', async () => {
    const { run, main, notices } = start();
    const project = edits.setTraining({ epochs: 100_000 })(drawn());
    run.open(project);
    await run.settled();
    void run.train();
    await expect.poll(() => run.step).toBeGreaterThan(5);
    const wider = edits.setAttr('hidden', 'units', 6)(project);
    run.follow(wider);
    await run.settled();
    expect(run.running).toBe(true);
    const before = run.step;
    await expect.poll(() => run.step).toBeGreaterThan(before + 5);
    run.follow(edits.setSettings({ data: { ...circles, name: 'xor' } })(wider));
    await run.settled();
    expect(run.running).toBe(true);
    expect(run.dataset?.name).toBe('XOR');
    // Sine has one feature: the drawing does not fit, so training ends instead of reading wrong rows.
    const sine = edits.setSettings({ data: { ...circles, name: 'sine' } })(wider);
    run.follow(sine);
    await run.settled();
    await expect.poll(() => run.running).toBe(false);
    expect([run.canTrain, run.problems[0]?.code]).toEqual([false, 'data-width']);
    run.follow(wider);
    await run.settled();
    expect(run.canTrain).toBe(true);
    void run.train();
    await expect.poll(() => run.running).toBe(true);
    main.before = async () => run.pause();
    run.follow(project);
    await run.settled();
    await expect.poll(() => run.running).toBe(false);
    expect(notices).toEqual([]);
  });

  test('numbers that are watched in one drawing do not stand in the way of the next', async () => {
    const { run, notices } = start();
    run.open(drawn());
    await run.settled();
    run.live.watch([{ of: 'value', node: 'hidden/weight' }]);
    await expect.poll(() => run.live.frame?.numbers('v:hidden/weight')?.length).toBe(8);
    run.open(drawn({ ...circles, name: 'xor' }, [3, 3]));
    await run.settled();
    expect(notices).toEqual([]);
    expect(run.canTrain).toBe(true);
    await expect.poll(() => run.live.frame?.numbers('v:hidden/weight') ?? null).toBeNull();
  });

  test('while the drawing is broken, the last good plan stays', async () => {
    const { run } = start();
    const project = drawn();
    run.open(project);
    await run.settled();
    run.follow(edits.remove(['hidden.x'])(project));
    await run.settled();
    expect(run.problems.map((problem) => problem.code)).toContain('missing-input');
    expect((await run.readWeights())['hidden/weight']?.shape).toEqual([2, 4]);
  });

  test('weights that the file kept are there again', async () => {
    const { run } = start();
    const project = drawn();
    const kept = storedWeights({ 'hidden/bias': { shape: [4], data: Float32Array.of(0.5, -0.25, 3, -1e-7) } });
    expect([...weightsOf({ ...project, weights: kept })!['hidden/bias']!.data]).toEqual([0.5, -0.25, 3, Math.fround(-1e-7)]);
    run.open(edits.keepWeights(kept)(project));
    await run.settled();
    expect([...(await run.readWeights())['hidden/bias']!.data]).toEqual([0.5, -0.25, 3, Math.fround(-1e-7)]);
  });

  test('data that cannot be loaded is said, and the window goes on', async () => {
    const { run, main, notices } = start();
    main.fault = 'The file ‘a.csv’ is gone. Choose it again.';
    run.open(drawn());
    await run.settled();
    expect(run.feed.fault).toBe(main.fault);
    expect(notices).toHaveLength(1);
    main.fault = null;
    run.reloadData();
    await run.settled();
    expect(run.feed.fault).toBeNull();
    expect(run.canTrain).toBe(true);
  });

  test('a step right after an edit is a step of what was edited: of the new data, of the new drawing', async () => {
    const { run, notices } = start();
    const project = drawn();
    run.open(project);
    await run.settled();
    await run.stepOnce();
    await run.stepOnce();
    expect([run.step, run.awaitingData]).toEqual([2, false]);
    const more = edits.setSettings({ data: { ...circles, count: 300 } })(project);
    run.follow(more);
    expect(run.awaitingData).toBe(true);
    await run.stepOnce();
    expect([run.step, run.dataset?.rows, run.awaitingData]).toEqual([1, 300, false]);
    run.follow(edits.setAttr('hidden', 'units', 7)(more));
    await run.stepOnce();
    expect(run.step).toBe(2);
    expect((await run.readWeights())['hidden/bias']?.shape).toEqual([7]);
    run.follow(project);
    await run.stepper.open(0);
    expect(run.stepper.trace?.steps.length).toBeGreaterThan(0);
    expect(run.dataset?.rows).toBe(200);
    expect(notices).toEqual([]);
  });

  test('training that waits for other data can be taken back, and ends with its project', async () => {
    const { run, notices } = start();
    const project = drawn();
    run.open(project);
    await run.settled();
    run.follow(edits.setSettings({ data: { ...circles, seed: 7 } })(project));
    const training = run.train();
    expect(run.running).toBe(true);
    await run.pause();
    await training;
    expect([run.running, run.epoch]).toEqual([false, 0]);
    run.follow(project);
    const again = run.train();
    run.open(drawn({ ...circles, name: 'xor' }));
    await again;
    expect([run.running, run.epoch]).toEqual([false, 0]);
    expect(notices).toEqual([]);
  });

  test('old data is released when other data come', async () => {
    const { run, main } = start();
    const project = drawn();
    run.open(project);
    await run.settled();
    run.follow(edits.setSettings({ data: { ...circles, seed: 7 } })(project));
    await run.settled();
    expect(main.released).toEqual(['set-1']);
    expect(run.feed.datasetId).toBe('set-2');
  });

  test('when the device is lost, training goes on on the CPU from the last weights', async () => {
    const { run, main, notices, events } = start();
    run.open(drawn());
    await run.settled();
    await run.setWeights({ 'hidden/bias': { shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
    await expect.poll(() => run.weights?.['hidden/bias']?.data[0]).toBe(1);
    events.trouble({ kind: 'device-lost', message: 'The graphics device was lost.' });
    await expect.poll(() => notices.length).toBe(1);
    expect(main.backendsAsked.at(-1)).toBe('wasm');
    expect(run.reason).toContain('lost');
    expect([...(await run.readWeights())['hidden/bias']!.data]).toEqual([1, 2, 3, 4]);
  });

  test('an engine that died is started again with everything it had', async () => {
    const { run, notices, events } = start();
    run.open(drawn());
    await run.settled();
    events.crash('out of memory');
    expect(run.backend).toBeNull();
    await run.settled();
    expect(run.backend).not.toBeNull();
    expect(run.canTrain).toBe(true);
    expect(notices[0]?.kind).toBe('error');
  });
});

describe('time travel', () => {
  test('goes to a moment and back; the curve before going on from there stays as another', async () => {
    const { run, notices } = start();
    await run.setSpeed('full');
    run.open(drawn());
    await run.settled();
    await run.train();
    await run.timeline.look(true);
    const { timeline } = run;
    expect([timeline.moment?.epoch, timeline.inPast]).toEqual([20, false]);
    const trained = await run.readWeights();
    await timeline.seek(0);
    expect([run.epoch, run.step, timeline.inPast, timeline.index]).toEqual([0, 0, true, 0]);
    expect(await run.readWeights()).not.toEqual(trained);
    await timeline.bookmark(timeline.moment!.id, 'the start');
    expect(timeline.bookmarks.map(({ bookmark }) => bookmark)).toEqual(['the start']);
    // Of many wishes in a row the last one counts.
    void timeline.seek(1);
    void timeline.seek(0);
    await timeline.seek(timeline.moments.length - 1);
    await expect.poll(() => run.epoch).toBe(20);
    await expect.poll(() => timeline.wanted).toBeNull();
    expect(await run.readWeights()).toEqual(trained);
    await timeline.seek(0);
    await run.epochOnce();
    expect(run.points.at(-1)?.epoch).toBeLessThanOrEqual(1);
    expect(run.otherPoints.at(-1)?.epoch).toBe(20);
    await timeline.look(true);
    expect(timeline.moments.every(({ epoch }) => epoch <= 1)).toBe(true);
    expect(notices).toEqual([]);
  });

  test('rules for stopping come from the project, also while it trains, and say why', async () => {
    const { run, notices } = start();
    await run.setSpeed('full');
    const project = edits.setTraining({ epochs: 400, stop: { accuracy: 0.8 } })(drawn());
    run.open(project);
    await run.settled();
    await run.train();
    expect(run.epoch).toBeLessThan(400);
    expect(run.stopped?.kind).toBe('accuracy');
    expect(notices.map(({ title }) => title)).toEqual(['Training stopped by itself']);
    run.follow(edits.setTraining({ stop: {}, breakpoints: [{ kind: 'gradient', limit: 0 }] })(project));
    await run.settled();
    const { step } = run;
    await run.train();
    expect([run.stopped?.kind, run.step]).toEqual(['breakpoint', step + 1]);
  });

  test('after a rule brought the best weights back, what is said of the network is theirs, and the diagnosis ends with them', async () => {
    const { run } = start();
    await run.setSpeed('full');
    run.open(edits.setTraining({ epochs: 400, hyper: { rate: 0.2 }, stop: { patience: 3 } })(drawn()));
    await run.settled();
    await run.train();
    expect(run.stopped?.restored).toBe(run.epoch);
    expect(run.points.at(-1)!.epoch).toBe(run.epoch + 3);
    expect([run.point?.step, run.past.at(-1)?.step]).toEqual([run.step, run.step]);
    const validation = run.points.flatMap((point) => point.validation?.loss ?? []);
    expect(run.point!.validation!.loss).toBe(Math.min(...validation));
  });
});

describe('readings', () => {
  test('a curve stays bounded, and its newest points stay', () => {
    const point = (epoch: number) => ({ epoch, step: epoch, train: { loss: 1 }, validation: null });
    const all = extend(
      Array.from({ length: 4000 }, (_, at) => point(at)),
      [point(4000)],
    );
    expect(all.length).toBeLessThan(4000);
    expect(all.at(-1)?.epoch).toBe(4000);
    expect(all[0]?.epoch).toBe(0);
  });

  test('one neuron is told why it cannot solve circles; a hidden layer is not', () => {
    const linear = drawn(circles, []);
    expect(isLinearUpToTheEnd(linear, 'output')).toBe(true);
    expect(isLinearUpToTheEnd(drawn(), 'output')).toBe(false);
    const facts = { task: 'binary', epoch: 50, accuracy: 0.66, r2: null, prediction: 'output' };
    expect(insightOf({ ...facts, graph: linear })?.text).toContain('66 %');
    expect(insightOf({ ...facts, graph: drawn() })).toBeNull();
    expect(insightOf({ ...facts, graph: linear, accuracy: 0.99 })).toBeNull();
  });

  test('logits become shares without overflow', () => {
    expect(shares([1000, 0, 0], 'logit')).toEqual([1, 0, 0]);
    expect(shares([0, 0], 'logit')).toEqual([0.5, 0.5]);
  });

  test('a regression answer comes in the target’s own units', () => {
    const column = { name: 'y', source: 'y', mean: 100, deviation: 10 };
    const info = { name: '', rows: 1, task: 'regression' as const, features: [], targets: [column], classes: [], notes: [] };
    const answer = answerOf(3, [1], [0.5], info, 'value', String);
    expect(answer).toMatchObject({ predicted: '110', actual: '105', error: 5 });
  });

  test('the map starts with the two features that say most', () => {
    const rows = 40;
    const x = new Float32Array(rows * 3);
    const y = new Float32Array(rows);
    for (let row = 0; row < rows; row++) {
      y[row] = row % 2;
      x[row * 3] = 0; // constant
      x[row * 3 + 1] = y[row]! + (row % 5) * 0.1;
      x[row * 3 + 2] = y[row]!;
    }
    const column = (name: string) => ({ name, source: name, mean: 0, deviation: 1 });
    const set: Dataset = {
      name: '',
      rows,
      task: 'binary',
      features: ['a', 'b', 'c'].map(column),
      targets: [column('t')],
      classes: ['0', '1'],
      notes: [],
      x,
      y,
      split: { train: new Uint32Array(), validation: new Uint32Array(), test: new Uint32Array() },
    };
    expect(tellingAxes(set)).toEqual([2, 1]);
  });

  test('the status bar says why', () => {
    const profile = {
      present: [{ backend: 'wasm' as const, title: '2 cores' }],
      absent: [{ backend: 'webgpu' as const, reason: 'no adapter' }],
    };
    expect(reasonOf(profile, 'auto', 'wasm', null)).toBe('no adapter');
    expect(reasonOf(profile, 'wasm', 'wasm', null)).toBe('chosen by you');
    expect(reasonOf(profile, 'auto', 'wasm', 'lost')).toContain('lost');
    expect(reasonOf(profile, 'reproducible', 'wasm', null)).toContain('the same bits');
    const standings = [
      { backend: 'webgpu', stepsPerSecond: 3210 },
      { backend: 'wasm', stepsPerSecond: 1000 },
    ] as const;
    expect(reasonOf(profile, 'auto', 'webgpu', null, { standings })).toBe('3.2× faster than the CPU on this network');
    expect(reasonOf(profile, 'webgpu', 'webgpu', null, { standings })).toBe('chosen by you');
    expect(threadsText(null)).toBe('');
    expect(threadsText({ count: 2, faster: 1.74 })).toBe('2 threads, 1.7× faster than one');
    expect(threadsText({ count: 1, faster: 123 })).toBe('one thread, 123× faster than several');
  });
});
