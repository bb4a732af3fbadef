/**
 * `chainrule sweep`: variants of a project on all cores, into the history. Ended or killed at any moment, the
 * same words again go on where it stopped.
 */
import { SingleBar } from 'cli-progress';
import { foldAxis, inFolds, type Mean, meanOf, withFolds } from '../../engine/train/folds';
import type { Project } from '../../engine/graph/project';
import { type Axis, parseAxis, VariantFault } from '../../engine/train/variants';
import type { RunRecord } from '../contract';
import { Refusal } from '../services/refusal';
import { openRuns } from '../services/runs/open';
import { fingerprintOf } from '../services/runs/summary';
import { Sweeps, type SweepRequest } from '../services/runs/sweeps';
import { startThread } from '../services/runs/thread';
import { type Io, json, plural, short, type Status, table } from './io';
import { readDataIfAny, readProject, soundDrawing } from './project';

export interface SweepOptions {
  readonly over?: readonly string[];
  readonly folds?: number;
  readonly random?: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** Between two looks at how far it is, in ms. */
const LOOK_EVERY = 250;
/** Runs that the summary names. */
const BEST = 10;

const axisOf = (text: string): Axis => {
  try {
    return parseAxis(text);
  } catch (error) {
    throw error instanceof VariantFault ? new Refusal(error.message, error.code) : error;
  }
};

export const sweep = async (io: Io, file: string, options: SweepOptions): Promise<Status> =>
  sweepOf(io, await readProject(io, file), options);

export async function sweepOf(io: Io, read: Project, options: SweepOptions): Promise<Status> {
  const project = options.folds === undefined ? read : withFolds(read, options.folds);
  const data = await readDataIfAny(io, project);
  soundDrawing(project, data, 'trained');
  const request: SweepRequest = {
    name: project.settings.title || 'Untitled',
    project,
    data: data && fingerprintOf(data),
    axes: [...(options.over ?? []).map(axisOf), ...(options.folds === undefined ? [] : [foldAxis(options.folds)])],
    random: options.random ?? null,
  };
  if (request.axes.length === 0)
    throw new Refusal('Say what to vary: --over rate=0.1,0.01, or --folds 5 for a cross-validation.', 'usage');
  const { runs, close } = await openRuns();
  const sweeps = new Sweeps(runs, startThread, options.threads);
  try {
    await sweeps.takeOver();
    const unfinished = await sweeps.found(request);
    const id = unfinished ?? (await sweeps.start(request));
    if (unfinished !== null) {
      io.err('Going on with the unfinished sweep of the same settings.');
      await sweeps.continue(id);
    }
    let interrupted = false;
    const ended = io.interrupted.then(() => {
      interrupted = true;
    });
    const bar =
      io.terminal && !options.json
        ? new SingleBar({
            stream: io.terminal,
            format: '{bar} {value}/{total} runs · best loss {best} · {eta_formatted} left',
            barCompleteChar: '█',
            barIncompleteChar: '░',
            hideCursor: true,
            clearOnComplete: true,
          })
        : null;
    const told = new Set<string>();
    const look = async (): Promise<void> => {
      const state = (await sweeps.list()).find((one) => one.id === id);
      if (!state) return;
      if (bar?.isActive) bar.update(state.done + state.failed, { best: state.best ? short(state.best.loss) : '…' });
      else bar?.start(state.total, state.done + state.failed, { best: '…' });
      if (!options.json) return;
      for (const run of await runsOf(id)) {
        if ((run.status !== 'done' && run.status !== 'failed') || told.has(run.id)) continue;
        told.add(run.id);
        json(io, {
          event: 'run',
          id: run.id,
          changes: run.changes,
          status: run.status,
          epochs: run.epoch,
          scores: run.scores,
          message: run.message,
        });
      }
    };
    const runsOf = async (sweepId: string): Promise<readonly RunRecord[]> =>
      (await runs.history()).runs.filter((run) => run.sweep === sweepId);
    const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY);
    await Promise.race([sweeps.idle(), ended]);
    clearInterval(timer);
    await look();
    bar?.stop();
    if (interrupted) {
      io.err('Stopped. The same command again goes on from here.');
      return 0;
    }
    const all = await runsOf(id);
    const failed = all.filter(({ status }) => status === 'failed');
    if (options.json) json(io, { event: 'done', sweep: id, runs: all.length, failed: failed.length });
    else for (const line of summary(all)) io.out(line);
    return failed.length === all.length ? 1 : 0;
  } finally {
    await sweeps.close();
    await close();
  }
}

function summary(runs: readonly RunRecord[]): string[] {
  const lossOf = ({ scores }: RunRecord): number => (scores.validation ?? scores.train)?.loss ?? Number.POSITIVE_INFINITY;
  const done = runs.filter(({ status }) => status === 'done').toSorted((a, b) => lossOf(a) - lossOf(b));
  const failed = runs.length - done.length;
  const rows = done.slice(0, BEST).map((run) => {
    const score = run.scores.test ?? run.scores.validation ?? run.scores.train;
    const metric =
      score?.accuracy !== undefined
        ? `${(100 * score.accuracy).toFixed(1)} %`
        : score?.r2 !== undefined
          ? `R² ${score.r2.toFixed(3)}`
          : '';
    return [run.id.slice(0, 8), run.changes, short(lossOf(run)), metric];
  });
  return [
    `${plural(done.length, 'run')} done${failed > 0 ? `, ${failed} failed` : ''}. The best, by the validation loss:`,
    ...table([['id', 'settings', 'loss', 'test score'], ...rows]),
    ...ofFolds(done),
    ...(failed > 0 ? [`Why some failed: chainrule runs list --search failed`] : []),
  ];
}

/** The means of a cross-validation, and how far its folds lie apart; nothing for other sweeps. */
function ofFolds(done: readonly RunRecord[]): string[] {
  const groups = inFolds(done);
  if (groups.length === 0) return [];
  const spread = (mean: Mean | null, write: (x: number) => string): string =>
    mean === null ? '' : `${write(mean.mean)}${mean.deviation === null ? '' : ` ± ${write(mean.deviation)}`}`;
  const rows = groups.map(({ changes, runs }) => {
    const scores = runs.map(({ run }) => run.scores.validation);
    const accuracy = meanOf(scores.map((score) => score?.accuracy));
    return [
      changes === '' ? 'all folds' : changes,
      String(runs.length),
      spread(meanOf(scores.map((score) => score?.loss)), short),
      accuracy
        ? spread(accuracy, (x) => `${(100 * x).toFixed(1)} %`)
        : spread(meanOf(scores.map((score) => score?.r2)), (x) => x.toFixed(3)),
    ];
  });
  return ['', 'Cross-validation, mean ± deviation:', ...table([['settings', 'folds', 'validation loss', 'score'], ...rows])];
}
