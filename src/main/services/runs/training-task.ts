/**
 * One run of a sweep, from its project to its scores: on the CPU, from its checkpoint where it has one. It
 * tells how far it is and leaves checkpoints on the way, so that a kill at any moment loses little.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { CurvePoint, Trouble } from '../../../engine/api';
import { backends } from '../../../engine/backends/index';
import { compile } from '../../../engine/compile/compile';
import { type Dataset, emptyRow } from '../../../engine/data/dataset';
import type { Project } from '../../../engine/graph/project';
import type { Checkpoint } from '../../../engine/train/checkpoint';
import { confusionOf } from '../../../engine/train/confusion';
import { Session } from '../../../engine/train/session';
import { Trainer } from '../../../engine/train/trainer';
import type { RunConfusion, RunNews } from '../../contract';

export interface Task {
  readonly run: string;
  readonly project: Project;
  readonly checkpoint: Checkpoint | null;
  /** How long it trained before. */
  readonly seconds: number;
}

export interface TaskControl {
  /** Called with what happened, and at the end with how it went. */
  readonly tell: (news: RunNews) => void;
  /** Set by others: the run is to stop at a checkpoint, … */
  stopped: boolean;
  /** … and how to tell it while it trains. */
  stop: (() => void) | null;
}

/** Between two pieces of news, in ms. */
const EVERY = 300;
/** Checkpoints may take a part of the time, one in so many. */
const KEEPING = 15;
const SCORED_ROWS = 20_000;

const cpu = async () => {
  const present = [];
  for (const name of ['wasm', 'reference'] as const) {
    const found = await backends.get(name)!.detect();
    if (!('absent' in found)) present.push(found);
  }
  return { present, absent: [] };
};

const failure = (message: string): RunNews => ({ epoch: 0, step: 0, seconds: 0, points: [], status: 'failed', message });

export async function performTask(task: Task, dataset: Dataset | null, control: TaskControl): Promise<void> {
  const data = dataset ?? emptyRow;
  const { training } = task.project.settings;
  const compiled = compile({ project: task.project, data, profile: await cpu(), backend: 'auto', revision: 0 }, backends);
  if (!compiled.ok) return control.tell(failure(compiled.problems.map(({ message }) => message).join(' ')));
  if (compiled.value.train === null)
    return control.tell(failure('There is nothing to train: the loss depends on no parameter that may learn.'));
  const session = await Session.open(compiled.value, backends);
  try {
    session.initialize(training.seed);
    session.tune(training.hyper);
    let points: CurvePoint[] = [];
    let trouble: Trouble | null = null;
    let why = '';
    let paused = false;
    let last = performance.now();
    let nextCheckpoint = 0;
    const begin = performance.now();
    const place = (): Pick<RunNews, 'epoch' | 'step' | 'seconds' | 'points'> => {
      const piece = points;
      points = [];
      return {
        epoch: trainer.epoch,
        step: trainer.step,
        seconds: task.seconds + (performance.now() - begin) / 1000,
        points: piece,
      };
    };
    let asking = false;
    const report = (): void => {
      const now = performance.now();
      if (asking || now - last < EVERY) return;
      last = now;
      if (now < nextCheckpoint) {
        control.tell({ ...place(), status: 'running' });
        return;
      }
      asking = true;
      trainer.checkpoint().then(
        (checkpoint) => {
          asking = false;
          nextCheckpoint = performance.now() + (performance.now() - now) * KEEPING;
          // Those that ended meanwhile tell their own end.
          if (trainer.running) control.tell({ ...place(), status: 'running', checkpoint });
        },
        () => {
          asking = false;
        },
      );
    };
    const trainer: Trainer = new Trainer(
      session,
      data,
      {
        epochs: training.epochs,
        batch: training.batch,
        seed: training.seed,
        scoreEvery: 100,
        leastPoints: 40,
        scoreRows: SCORED_ROWS,
        stop: training.stop,
        keepsBest: true,
        breathe: async () => {
          report();
          await setImmediate();
        },
        sleep: (ms) => setTimeout(ms),
        now: () => performance.now(),
      },
      {
        slice: () => {},
        point: (point) => points.push(point),
        trouble: (news) => {
          // Training that moved to another device goes on.
          if (news.kind !== 'moved-to-cpu') trouble = news;
        },
        stopped: ({ message }) => {
          why = message;
        },
      },
    );
    if (task.checkpoint) trainer.restore({ ...task.checkpoint, seconds: task.seconds });
    control.stop = () => {
      paused = true;
      trainer.pause();
    };
    if (control.stopped) control.stop();
    else await trainer.train();
    control.stop = null;
    const checkpoint = await trainer.checkpoint();
    const ended = (trouble as Trouble | null)?.message ?? why;
    if (paused && trainer.epoch < training.epochs && ended === '')
      return control.tell({ ...place(), status: 'queued', checkpoint });
    const { split } = data;
    const scores = {
      train: await session.score(data, split.train),
      validation: await session.score(data, split.validation),
      test: await session.score(data, split.test),
    };
    control.tell({
      ...place(),
      status: trouble ? 'failed' : 'done',
      message: ended,
      scores,
      confusion: (await confusionFor(session, data)) ?? undefined,
      checkpoint,
    });
  } finally {
    session.close();
  }
}

async function confusionFor(session: Session, data: Dataset): Promise<RunConfusion | null> {
  const { prediction } = session.plans.evaluate.program;
  const rows = data.split.test.subarray(0, SCORED_ROWS);
  if (!prediction || data.task === 'regression' || rows.length === 0) return null;
  const width = data.targets.length;
  const { values } = await session.forward(data.x, data.features.length, data.y, width, rows, [prediction.buffer]);
  if (values[0]!.length !== rows.length * width) return null;
  const targets = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries()) targets.set(data.y.subarray(row * width, (row + 1) * width), at * width);
  const { counts } = confusionOf(values[0]!, targets, width, data.classes.length, prediction.takes);
  return { classes: data.classes, counts: [...counts] };
}
