/**
 * Where training stands: epoch, step, curve, scores, and why it stopped. Only numbers and their bookkeeping;
 * what makes them change is `loading.svelte.ts` and `run.svelte.ts`, which extend this so that views read `run.epoch`.
 */
import type { CurvePoint, Progress, Score, Stopped, Trouble } from '../../engine/api';
import type { ThreadsReport } from '../../engine/backends/backend';
import { extend, pointAt, pointsTo } from './curve';

export class Standing {
  running = $state(false);
  /** A single step or epoch is under way. */
  busy = $state(false);
  epoch = $state(0);
  /** Training stops by itself there; training on after that sets it further. */
  goal = $state(0);
  step = $state(0);
  stepsPerSecond = $state(0);
  batchLoss = $state<number | null>(null);
  points = $state.raw<readonly CurvePoint[]>([]);
  /** The newest scores of what stands here. A rule that brought the best weights back, and going back in time, leave later ones in the curve. */
  readonly point = $derived(pointAt(this.points, this.step));
  /** What led to what stands here, without those later ones. */
  readonly past = $derived(pointsTo(this.points, this.step));
  testScore = $state.raw<Score | null>(null);
  trouble = $state.raw<Trouble | null>(null);
  /** Why training stopped by itself the last time; null while it goes on. */
  stopped = $state.raw<Stopped | null>(null);
  /** The curve of the run before training went on from an earlier moment. */
  otherPoints = $state.raw<readonly CurvePoint[]>([]);
  /** Advances whenever the weights may have changed: views that show predictions follow it. */
  tick = $state(0);

  /** What the engine's threads are worth; null until it is known. */
  threads = $state.raw<ThreadsReport | null>(null);

  protected takeProgress(progress: Progress): void {
    this.threads = steady(this.threads, progress.threads ?? null);
    this.epoch = progress.epoch;
    this.step = progress.step;
    this.stepsPerSecond = progress.stepsPerSecond;
    // Before the first step there is no batch, whatever was trained before.
    this.batchLoss = progress.step === 0 ? null : (progress.batchLoss ?? this.batchLoss);
    this.points = extend(this.points, progress.points);
  }

  protected toStart(): void {
    this.epoch = 0;
    this.step = 0;
    this.batchLoss = null;
    this.stepsPerSecond = 0;
  }

  protected forgetCurves(): void {
    this.points = [];
    this.otherPoints = [];
  }

  /** Training goes on from an earlier moment: the curve of what came after it becomes that of another run. */
  protected branch(): boolean {
    if ((this.points.at(-1)?.step ?? 0) <= this.step) return false;
    this.otherPoints = this.points;
    // The engine scores the start again.
    this.points = this.step === 0 ? [] : this.past;
    return true;
  }
}

/** Small changes of what the clock says are not shown. */
function steady(before: ThreadsReport | null, now: ThreadsReport | null): ThreadsReport | null {
  if (before === null || now === null || before.count !== now.count) return now;
  return Math.abs(now.faster / before.faster - 1) > 0.15 ? now : before;
}
