/**
 * `chainrule train`: the window's own session and trainer in this process. Ctrl+C ends training early and
 * keeps what was learned so far.
 */
import type { BackendWish } from '../../engine/plan';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { Score, Trouble } from '../../engine/api';
import { compile } from '../../engine/compile/compile';
import type { Project } from '../../engine/graph/project';
import { Session } from '../../engine/train/session';
import { Trainer } from '../../engine/train/trainer';
import { PROJECT_EXTENSION, withExtension, writeProjectFile } from '../services/projects';
import { Refusal } from '../services/refusal';
import { type Io, json, plural, short, type Status } from './io';
import { machineFor } from './machine';
import { keepRun } from './keep-run';
import { type TrainingOptions, tuned } from './settings';
import { sweepOf } from './sweep';
import { heedLock, keepWeights, keptWeights, readProject, soundDrawing, trainingData, withData } from './project';

export interface TrainOptions extends TrainingOptions {
  readonly data?: string;
  readonly backend: BackendWish;
  /** Cross-validation instead of one training. */
  readonly folds?: number;
  readonly threads?: number;
  readonly save?: string;
  readonly json?: boolean;
  /** False: the run stays out of the history. */
  readonly keep?: boolean;
}

/** Training rows that a point of the curve is measured on at most; the last scores use all. */
const CURVE_ROWS = 20_000;
/** Least time between two points without --json, in ms: they only feed the progress bar. */
const BAR_EVERY = 250;

export async function train(io: Io, file: string, options: TrainOptions): Promise<Status> {
  if (options.threads !== undefined && options.folds === undefined)
    throw new Refusal('--threads is for training folds side by side. Add --folds, or leave out --threads.', 'usage');
  const given = await readProject(io, file);
  let project = tuned(given, options);
  if (options.data !== undefined) project = await withData(io, project, options.data);
  heedLock(given, project);
  if (options.folds !== undefined) return inFolds(io, project, options.folds, options);
  const data = await trainingData(io, project);
  soundDrawing(project, data, 'trained');
  const { training } = project.settings;
  const machine = await machineFor(options.backend);
  try {
    const compiled = compile(
      { project, data, profile: machine.profile, backend: options.backend, revision: 0 },
      machine.backends,
    );
    if (!compiled.ok) throw new Refusal(compiled.problems.map((p) => p.message).join('\n'), 'bad-drawing');
    if (!compiled.value.train)
      throw new Refusal(
        'There is nothing to train: the loss depends on no parameter that may learn. Add a neuron or a layer before it.',
        'nothing-to-learn',
      );
    const session = await Session.open(compiled.value, machine.backends);
    const kept = options.keep === false ? null : await keepRun(io, project, project.settings.data.kind === 'none' ? null : data);
    try {
      session.initialize(training.seed);
      // A seed asks for a new start; without one, training goes on from what the file keeps.
      if (options.seed === undefined && project.weights) {
        const known = session.setWeights(keptWeights(project));
        if (known.length > 0) io.err(`Going on from the trained numbers of ${file}; --seed starts anew.`);
      }
      let trouble: Trouble | null = null;
      let why = '';
      const bar = progressBar(io, options, training.epochs);
      const trainer = new Trainer(
        session,
        data,
        {
          epochs: training.epochs,
          batch: training.batch,
          seed: training.seed,
          scoreEvery: options.json ? 0 : BAR_EVERY,
          scoreRows: CURVE_ROWS,
          stop: training.stop,
          keepsBest: kept !== null,
          breathe: () => setImmediate(),
          sleep: (ms) => setTimeout(ms),
          now: () => performance.now(),
        },
        {
          slice: ({ epoch, stepsPerSecond }) => bar?.update(epoch, { speed: Math.round(stepsPerSecond).toLocaleString('en') }),
          point: ({ epoch, step, train: onTrain, validation }) => {
            bar?.update(epoch, { loss: short(onTrain.loss) });
            kept?.point({ epoch, step, train: onTrain, validation });
            if (options.json && epoch > 0)
              json(io, {
                event: 'epoch',
                epoch,
                steps: step,
                loss: { train: onTrain.loss, validation: validation?.loss ?? null },
                metrics: validation ? metricsOf(validation) : metricsOf(onTrain),
              });
          },
          trouble: (news) => {
            // Training that moved to another device goes on.
            if (news.kind !== 'moved-to-cpu') trouble = news;
            else io.err(news.message);
          },
          stopped: ({ kind, message, restored }) => {
            why = message;
            if (options.json) json(io, { event: 'stopped', kind, message, restored });
            else io.err(message);
          },
        },
      );
      const begin = performance.now();
      let stopped = false;
      void io.interrupted.then(() => {
        stopped = true;
        trainer.pause();
      });
      kept?.follow(trainer, begin);
      await trainer.train();
      const seconds = (performance.now() - begin) / 1000;
      bar?.stop();
      if (trouble) {
        const { kind, message } = trouble as Trouble;
        await kept?.end({ status: 'failed', message });
        if (options.json) json(io, { event: 'trouble', kind, message });
        io.err(message);
        return 1;
      }
      const { split } = data;
      const scores = {
        train: await session.score(data, split.train),
        validation: await session.score(data, split.validation),
        test: await session.score(data, split.test),
      };
      const finalLoss = scores.train?.loss ?? Number.NaN;
      await kept?.end({ status: stopped ? 'stopped' : 'done', message: why, scores });
      if (options.save !== undefined) {
        const path = withExtension(resolve(io.folder, options.save), PROJECT_EXTENSION);
        await writeProjectFile(path, keepWeights(project, await session.weights()));
        io.err(`Saved with its trained numbers: ${path}`);
      }
      const result = {
        event: 'done',
        epochs: trainer.epoch,
        steps: trainer.step,
        backend: session.backend,
        loss: { train: scores.train?.loss ?? null, validation: scores.validation?.loss ?? null, test: scores.test?.loss ?? null },
        metrics: scores.test ? metricsOf(scores.test) : {},
        seconds,
        // The trainer's own figure leaves out scoring, but needs some time to settle.
        stepsPerSecond: Math.max(trainer.stepsPerSecond, trainer.step / Math.max(seconds, 1e-3)),
        ...(stopped ? { stopped: true } : {}),
      };
      if (options.json) json(io, result);
      else for (const line of summary(result, stopped)) io.out(line);
      if (!Number.isFinite(finalLoss)) {
        io.err('The loss is not a finite number. Lower the learning rate (--rate) and train again.');
        return 1;
      }
      return 0;
    } finally {
      await kept?.close();
      session.close();
    }
  } finally {
    machine.close();
  }
}

/** Each fold is a run of its own, in the background's way: on all cores, and the same words go on where they stopped. */
function inFolds(io: Io, project: Project, folds: number, { backend, save, keep, json, threads }: TrainOptions): Promise<Status> {
  const refused =
    save !== undefined
      ? 'Folds give as many networks as there are folds, so there is none to save. Leave out --save, and train once more without --folds.'
      : keep === false
        ? 'The folds of a cross-validation are compared in the history. Leave out --no-keep.'
        : backend !== 'auto' && backend !== 'wasm'
          ? `Folds train side by side on the CPU's cores. Leave out --backend ${backend}.`
          : null;
  if (refused !== null) throw new Refusal(refused, 'usage');
  return sweepOf(io, project, { folds, ...(json ? { json } : {}), ...(threads === undefined ? {} : { threads }) });
}

const metricsOf = ({ accuracy, r2, rmse }: Score): Record<string, number> => ({
  ...(accuracy === undefined ? {} : { accuracy }),
  ...(r2 === undefined ? {} : { r2 }),
  ...(rmse === undefined ? {} : { rmse }),
});

function progressBar(io: Io, options: TrainOptions, epochs: number): SingleBar | null {
  if (!io.terminal || options.json) return null;
  const bar = new SingleBar({
    stream: io.terminal,
    format: '{bar} epoch {value}/{total} · loss {loss} · {speed} steps/s · {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    fps: 10,
  });
  bar.start(epochs, 0, { loss: '…', speed: '…' });
  return bar;
}

interface Done {
  readonly epochs: number;
  readonly steps: number;
  readonly backend: string;
  readonly loss: Readonly<Record<'train' | 'validation' | 'test', number | null>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly stepsPerSecond: number;
}

function summary({ epochs, steps, backend, loss, metrics, seconds, stepsPerSecond }: Done, stopped: boolean): string[] {
  const parts = Object.entries(loss).flatMap(([part, value]) => (value === null ? [] : [`${part} ${short(value)}`]));
  const { accuracy, r2, rmse } = metrics;
  const lines = [
    `${stopped ? 'Stopped early: trained' : 'Trained'} ${plural(epochs, 'epoch')} (${plural(steps, 'step')}) on ${backend} in ${seconds.toFixed(seconds < 1 ? 2 : 1)} s, ${Math.round(stepsPerSecond).toLocaleString('en')} steps a second.`,
    `Loss: ${parts.join(', ')}.`,
  ];
  if (accuracy !== undefined) lines.push(`Accuracy on the test rows: ${(100 * accuracy).toFixed(1)} %.`);
  if (r2 !== undefined) lines.push(`On the test rows: R² ${r2.toFixed(3)}, root mean squared error ${short(rmse!)}.`);
  return lines;
}
