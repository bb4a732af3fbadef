/**
 * Training on command: what is loaded (`loading.svelte.ts`) is trained, paused, stepped and reset, asked for its
 * answers, and written into the history as it goes.
 */
import type { Checkpoint, CurvePoint, EngineApi, MapRequest, Progress, Stopped, Trouble, Weights } from '../../engine/api';
import type { Project } from '../../engine/graph/project';
import { outcomeOf } from './outcome';
import { Recorder } from './recorder';
import type { RunLinks } from './run-links';
import { bare, Loading } from './loading.svelte';

export type Studies = Pick<
  EngineApi,
  'openSurface' | 'surfaceLosses' | 'surfaceWay' | 'gradientNoise' | 'operatingPoints' | 'activatedLayers' | 'layerHistory'
>;

export class Run extends Loading {
  readonly #recorder: Recorder | null;
  /** Step at which the run that is recorded began: before it another network, or other data, were trained. */
  #recordedFrom = 0;

  constructor(links: RunLinks) {
    super(links);
    this.#recorder =
      links.history === undefined
        ? null
        : new Recorder(links.history, { checkpoint: () => this.api.checkpoint() }, 'window', (error) =>
            this.complain('This run is not kept in the history', error),
          );
  }

  /**
   * Until the epochs are done, `pause`, or trouble; once more as many epochs when they are done already. What
   * was edited a moment ago counts: training and steps wait until it is loaded.
   */
  async train(): Promise<void> {
    if (!this.canTrain || this.running) return;
    this.running = true;
    this.wished = true;
    await this.settled();
    if (!this.wished || !this.canTrain) {
      this.running = false;
      return;
    }
    if (this.epoch >= this.goal) {
      this.goal = this.epoch + this.project!.settings.training.epochs;
      await this.tune();
    }
    this.trouble = null;
    this.stopped = null;
    this.stepper.close();
    if (this.branch()) this.#cutRecord(0);
    this.#record();
    this.live.active = true;
    do await this.act('Training stopped', () => this.api.train());
    while ((await this.holding.passed()) && this.wished);
    this.running = false;
    this.live.active = false;
    this.changed(true);
    await this.#score();
    await this.#recordEnd();
  }

  async pause(): Promise<void> {
    this.wished = false;
    await this.act('Training could not be paused', () => this.api.pause());
  }

  async toggle(): Promise<void> {
    if (this.running) await this.pause();
    else await this.train();
  }

  async stepOnce(): Promise<void> {
    await this.#single(() => this.api.step(), false);
  }
  async epochOnce(): Promise<void> {
    await this.#single(() => this.api.epoch(), true);
  }

  /** One step alone is no run worth keeping. */
  async #single(work: () => Promise<void>, long: boolean): Promise<void> {
    if (!this.canTrain || this.busy) return;
    this.busy = true;
    if (this.running) await this.pause();
    await this.settled();
    if (!this.canTrain) {
      this.busy = false;
      return;
    }
    this.trouble = null;
    this.stopped = null;
    this.stepper.close();
    if (this.branch()) this.#cutRecord(0);
    if (long || this.#recorder?.open) this.#record();
    this.live.active = true;
    await this.act('The step failed', work);
    this.busy = false;
    this.live.active = false;
    this.changed(true);
    await this.#score();
    await this.#recordEnd();
  }

  /** New numbers from the seed, epoch 0. */
  async reset(seed: number): Promise<void> {
    if (this.backend === null) return;
    if (this.running) await this.pause();
    this.seed = seed;
    this.goal = this.project!.settings.training.epochs;
    this.trouble = null;
    this.stepper.close();
    await this.act('The weights could not be reset', () => this.api.reset(seed));
    await this.tune();
    this.forget();
    this.stopped = null;
    this.testScore = null;
    this.toStart();
    this.handMade = null;
    await this.timeline.hold(this.project!.bookmarks ?? []);
    this.changed(true);
  }

  protected forget(): void {
    this.#cutRecord(0);
    this.forgetCurves();
    this.timeline.clear();
  }

  /** What is trained from that step on is another run. */
  #cutRecord(step: number): void {
    this.#recorder?.cut();
    this.#recordedFrom = step;
  }

  protected recordAnother(): void {
    this.#cutRecord(this.step);
    if (this.running) this.#record();
  }

  protected settingsChanged(project: Project): void {
    this.#recorder?.changed(bare(project));
  }

  #record(): void {
    this.#recorder?.begin(
      { project: bare(this.project!), dataset: this.feed.datasetId },
      this.points.filter(({ step }) => step >= this.#recordedFrom),
    );
  }

  async #recordEnd(): Promise<void> {
    if (!this.#recorder?.open || this.running) return;
    const outcome = await outcomeOf(this, (rows) => this.api.predict(rows));
    await this.#recorder.end(outcome);
  }

  /** A run of the history stands here again, and goes on as if it had never been left; without `kept`, what follows is another run. False: it is of another network. */
  async restore(
    checkpoint: Checkpoint,
    points: readonly CurvePoint[],
    kept: { readonly id: string; readonly seconds: number } | null,
  ): Promise<boolean> {
    await this.settled();
    if (this.running) await this.pause();
    this.stepper.close();
    if (this.backend === null || !(await this.api.restore({ seconds: kept?.seconds, ...checkpoint }))) return false;
    // What stopped the training that stood here is not this one's.
    this.trouble = null;
    this.stopped = null;
    this.forget();
    this.points = points.filter(({ step }) => step <= checkpoint.step);
    if (kept !== null) this.#recorder?.adopt(kept.id, kept.seconds, checkpoint);
    await this.timeline.hold(this.project!.bookmarks ?? []);
    this.changed(true);
    await this.#score();
    return true;
  }

  /** At another moment, when nobody drags any more: the test rows, and the iteration that was looked at. */
  protected async settledIn(): Promise<void> {
    const { trace, index } = this.stepper;
    if (trace !== null) {
      await this.act('The iteration could not be recorded', async () => {
        await this.stepper.open(trace.row);
        this.stepper.seek(index);
      });
    }
    await this.#score();
  }

  async setWeights(weights: Weights): Promise<void> {
    await this.act('The numbers were not taken', () => this.setNumbers(weights));
    this.changed(true);
  }

  map(request: MapRequest): ReturnType<EngineApi['map']> {
    return this.api.map(request);
  }
  predict(rows: readonly number[]): ReturnType<EngineApi['predict']> {
    return this.api.predict(rows);
  }

  statistics(): ReturnType<EngineApi['statistics']> {
    return this.api.statistics();
  }

  sharpness(): ReturnType<EngineApi['sharpness']> {
    return this.api.sharpness();
  }

  /** Questions about the training that stands here, which change nothing. */
  get studies(): Studies {
    return this.api;
  }

  async #score(): Promise<void> {
    if (this.backend === null || !this.canTrain) return;
    try {
      this.testScore = await this.api.test();
    } catch (error) {
      this.complain('The test rows could not be scored', error);
    }
  }

  protected onProgress(progress: Progress): void {
    if (progress.revision < this.loadedRevision) return;
    this.takeProgress(progress);
    this.#recorder?.progress(progress, progress.points);
    this.changed(false);
  }

  protected onTrouble(trouble: Trouble): void {
    this.trouble = trouble;
    if (trouble.kind === 'moved-to-cpu') {
      if (trouble.failed) this.leftGraphics(trouble.failed);
      this.links.notify({ kind: 'info', title: 'Training goes on on the CPU', text: trouble.message });
    } else if (trouble.kind === 'device-lost') {
      void this.moveToCpu(trouble);
    } else {
      this.links.notify({
        kind: 'error',
        title: trouble.kind === 'not-finite' ? 'Training diverged' : 'Training stopped',
        text: trouble.message,
      });
    }
  }

  protected onHalt(stopped: Stopped): void {
    this.stopped = stopped;
    this.links.notify({
      kind: 'info',
      title: stopped.kind === 'breakpoint' ? 'A breakpoint paused training' : 'Training stopped by itself',
      text: stopped.message,
    });
    this.links.onStopped?.(stopped);
  }
}
