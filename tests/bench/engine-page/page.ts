/**
 * The engine in a page, as the window runs it: the product's own worker, plans made by the ordinary compiler,
 * shuffled training with scores and a timeline, stopped by Pause. And the probe, a worker that looks closer.
 */
import type { Progress } from '../../../src/engine/api';
import type { BackendProfile } from '../../../src/engine/backends/backend';
import { backends } from '../../../src/engine/backends/index';
import { wasm } from '../../../src/engine/backends/wasm/index';
import { compile } from '../../../src/engine/compile/compile';
import type { Dataset } from '../../../src/engine/data/dataset';
import { connect } from '../../../src/engine/remote';
import type { Weights } from '../../../src/engine/plan';
import { type Engine, startEngine } from '../../../src/renderer/run/engine';
import type { Chunk } from '../rivals/rival';
import { dataOf, drawn, firstLoss, inputsOf, learnedIn, parametersOf, type Workload, workloads } from '../workloads';
import type { ProbeApi } from './probe';

export interface Prepared {
  /** Loss of the first batch after the check steps. */
  readonly loss: number;
  /** Milliseconds. */
  readonly compile: number;
  readonly open: number;
}

export interface EnginePage {
  readonly probe: ProbeApi;
  /** What the CPU backend is like here, and whether memory can be shared. */
  about(): Promise<{ readonly title: string; readonly isolated: boolean }>;
  /** Ready to train, with one thread or as many as there are. */
  prepare(name: string, workload: string, threads: 'one' | 'all'): Promise<Prepared>;
  chunk(name: string, ms: number): Promise<Chunk>;
  /** Milliseconds from Train, as the window asks for it, to the news of the first step, some times over. */
  firstStep(name: string): Promise<readonly number[]>;
  close(name: string): void;
}

const MANY = 1e7;

interface Running {
  readonly engine: Engine;
  readonly progress: { last: Progress | null; fault: string | null; heard?: (news: Progress) => void };
}
const running = new Map<string, Running>();

function start(): Running {
  const progress: Running['progress'] = { last: null, fault: null };
  const engine = startEngine(
    {
      progress: (news) => {
        progress.last = news;
        progress.heard?.(news);
      },
      trouble: ({ message }) => (progress.fault = message),
      frame: () => {},
    },
    (message) => (progress.fault = message),
  );
  return { engine, progress };
}

/** All rows are for training, or those of the first batch. */
function datasetOf(w: Workload, firstOnly: boolean): Dataset {
  const { x, y } = dataOf(w);
  const rows = w.batch * w.batches;
  const column = (name: string) => ({ name, source: name, mean: 0, deviation: 1 });
  return {
    name: 'bench',
    rows,
    task: w.loss === 'mean-squared-error' ? 'regression' : 'multiclass',
    features: Array.from({ length: inputsOf(w) }, (_, at) => column(`x${at}`)),
    targets: Array.from({ length: w.dims.at(-1)! }, (_, at) => column(`y${at}`)),
    classes: w.loss === 'mean-squared-error' ? [] : Array.from({ length: w.dims.at(-1)! }, (_, at) => `${at}`),
    notes: [],
    x,
    y,
    split: {
      train: Uint32Array.from({ length: firstOnly ? w.batch : rows }, (_, at) => at),
      validation: new Uint32Array(),
      test: new Uint32Array(),
    },
  };
}

function weightsOf(w: Workload): Weights {
  const numbers = parametersOf(w);
  return Object.fromEntries(learnedIn(w).map(({ key, shape }, at) => [key, { shape, data: numbers[at]! }]));
}

async function cpu(threads: 'one' | 'all'): Promise<BackendProfile> {
  const found = await wasm.detect();
  if ('absent' in found) throw new Error(found.absent);
  if (threads === 'all') return found;
  const { limits: _limits, ...alone } = found;
  return alone;
}

const page: EnginePage = {
  probe: connectProbe(),
  async about() {
    return { title: (await cpu('all')).title, isolated: crossOriginIsolated };
  },
  async prepare(name, workload, threads) {
    page.close(name);
    const w = workloads[workload]!;
    const made = start();
    running.set(name, made);
    const { api } = made.engine;
    const data = datasetOf(w, false);
    const profile = await cpu(threads);
    // Threads can be had in a worker only, so the worker is asked what there is.
    const { present } = await api.profile();
    const inWorker = present.find(({ backend }) => backend === 'wasm')!;
    const chosen = threads === 'all' ? inWorker : profile;
    const begin = performance.now();
    const plans = compile(
      { project: drawn(w), data, profile: { present: [chosen], absent: [] }, backend: 'wasm', revision: 1 },
      backends,
    );
    const compiled = performance.now();
    if (!plans.ok) throw new Error(plans.problems.map((problem) => problem.message).join('\n'));
    // While a rival has its turn, nothing of ours may run.
    const options = { seed: 1, epochs: MANY, batch: w.batch, weights: weightsOf(w), proves: false };

    await api.setDataset(datasetOf(w, true));
    await api.load(plans.value, options);
    for (let step = 0; step < w.checkSteps; step++) await api.step();
    const trained = await api.weights();
    const loss = firstLoss(
      w,
      learnedIn(w).map(({ key }) => trained[key]!.data),
    );

    await api.setDataset(data);
    const opening = performance.now();
    await api.load(plans.value, options);
    const opened = performance.now();
    if (made.progress.fault !== null) throw new Error(made.progress.fault);
    return { loss, compile: compiled - begin, open: opened - opening };
  },
  async chunk(name, ms) {
    const { engine, progress } = running.get(name)!;
    const from = progress.last!.step;
    const begin = performance.now();
    const training = engine.api.train();
    await new Promise((resolve) => setTimeout(resolve, ms));
    await engine.api.pause();
    await training;
    const took = performance.now() - begin;
    if (progress.fault !== null) throw new Error(progress.fault);
    return { steps: progress.last!.step - from, ms: took };
  },
  async firstStep(name) {
    const { engine, progress } = running.get(name)!;
    const { api } = engine;
    const times: number[] = [];
    for (let run = 0; run < 7; run++) {
      await api.reset(1);
      const begin = performance.now();
      const heard = new Promise<number>((resolve) => {
        progress.heard = ({ step }) => {
          if (step > 0) resolve(performance.now());
        };
      });
      const training = api.train();
      times.push((await heard) - begin);
      delete progress.heard;
      await api.pause();
      await training;
    }
    return times;
  },
  close(name) {
    running.get(name)?.engine.stop();
    running.delete(name);
  },
};

function connectProbe(): ProbeApi {
  const worker = new Worker(new URL('./probe.ts', import.meta.url), { type: 'module', name: 'probe' });
  return connect<ProbeApi>({
    post: (message) => worker.postMessage(message),
    onMessage(listener) {
      const receive = (event: MessageEvent<unknown>): void => listener(event.data);
      worker.addEventListener('message', receive);
      return () => worker.removeEventListener('message', receive);
    },
  });
}

declare global {
  var bench: EnginePage;
}
globalThis.bench = page;
