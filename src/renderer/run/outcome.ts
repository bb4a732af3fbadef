/** How a run went, as the history keeps it: why it stopped, its scores, and how its answers met the truth. */
import type { EngineApi, Score } from '../../engine/api';
import type { Dataset } from '../../engine/data/dataset';
import type { Program } from '../../engine/plan';
import { confusionOf } from '../../engine/train/confusion';
import type { RunConfusion, RunStatus } from '../../main/contract';
import type { Outcome } from './recorder';
import type { Standing } from './standing.svelte';

/** Test rows that the matrix is counted over at most. */
const MOST_ROWS = 20_000;

interface Trained extends Standing {
  readonly dataset: Dataset | null;
  readonly prediction: Program['prediction'];
}

export async function outcomeOf(run: Trained, predict: EngineApi['predict']): Promise<Outcome> {
  const { point } = run;
  const fresh = (score: Score | null | undefined): Score | null => score ?? null;
  return {
    epoch: run.epoch,
    step: run.step,
    ...statusOf(run),
    scores: { train: fresh(point?.train), validation: fresh(point?.validation), test: run.testScore },
    // A device that was lost answers no more; the run is kept without its matrix, and whoever trains says so.
    confusion: await confusionFor(run, predict).catch(() => null),
  };
}

function statusOf({ trouble, stopped, epoch, goal }: Standing): { status: RunStatus; message: string } {
  if (trouble !== null && trouble.kind !== 'moved-to-cpu') return { status: 'failed', message: trouble.message };
  if (stopped !== null && stopped.kind !== 'breakpoint') return { status: 'done', message: stopped.message };
  if (epoch >= goal) return { status: 'done', message: '' };
  return { status: 'stopped', message: stopped?.message ?? '' };
}

async function confusionFor({ dataset, prediction }: Trained, predict: EngineApi['predict']): Promise<RunConfusion | null> {
  if (dataset === null || prediction === null || dataset.task === 'regression') return null;
  const rows = [...(dataset.split.test.length > 0 ? dataset.split.test : dataset.split.train).subarray(0, MOST_ROWS)];
  const { width, values } = await predict(rows);
  const outs = dataset.targets.length;
  if (width !== outs) return null;
  const targets = new Float32Array(rows.length * outs);
  for (const [at, row] of rows.entries()) targets.set(dataset.y.subarray(row * outs, (row + 1) * outs), at * outs);
  const { counts } = confusionOf(values, targets, outs, dataset.classes.length, prediction.takes);
  return { classes: dataset.classes, counts: [...counts] };
}
