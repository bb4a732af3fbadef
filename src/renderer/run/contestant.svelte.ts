/**
 * A network that trains beside the open one, on the same data, in an engine worker of its own: a trial of
 * one change, or one of several in a race. It is kept in the history like every run.
 */
import type { Checkpoint, CurvePoint, EngineApi, Score, Weights } from '../../engine/api';
import type { Profile } from '../../engine/backends/backend';
import type { Dataset } from '../../engine/data/dataset';
import type { Project, Settings } from '../../engine/graph/project';
import type { BackendName, Program } from '../../engine/plan';
import type { RunOrigin } from '../../main/contract';
import { fetchDataset, infoOf } from './dataset';
import type { Engine } from './engine';
import { same } from './follow';
import { outcomeOf } from './outcome';
import { Recorder } from './recorder';
import type { RunLinks } from './run-links';
import { Standing } from './standing.svelte';

/** What all contestants of one start share. */
export interface Ground {
  readonly dataset: Dataset | null;
  /** Main's name of it. */
  readonly datasetId: string | null;
  /** What they were read from, and how they are split. */
  readonly source: Pick<Settings, 'data' | 'split'>;
  readonly profile: Profile;
  readonly backend: BackendName | 'auto';
  /** Where all of them start, as far as key and shape fit; else from the seed. */
  readonly weights: Weights | null;
}

export type ContestantLinks = Pick<RunLinks, 'host' | 'start' | 'history'>;

export class Contestant extends Standing {
  /** Why it cannot train; null while it can. */
  fault = $state<string | null>(null);
  ready = $state(false);
  dataset: Dataset | null = null;
  prediction: Program['prediction'] = null;

  readonly #links: ContestantLinks;
  readonly #engine: Engine;
  readonly #recorder: Recorder | null;
  #datasetId: string | null = null;
  /** Main's name of data that are read for this contestant alone. */
  #ownData: string | null = null;
  #stopped = false;

  constructor(
    links: ContestantLinks,
    /** What is different about it: `rate 0.1`. */
    readonly title: string,
    readonly project: Project,
    origin: RunOrigin,
    /** By which its run is found in the history. */
    readonly tags: readonly string[] = [],
  ) {
    super();
    this.#links = links;
    this.goal = project.settings.training.epochs;
    this.#engine = links.start(
      {
        progress: (progress) => {
          this.takeProgress(progress);
          this.#recorder?.progress(progress, progress.points);
        },
        trouble: (trouble) => {
          this.trouble = trouble;
          if (trouble.kind !== 'moved-to-cpu') this.fault = trouble.message;
        },
        stopped: (stopped) => {
          this.stopped = stopped;
        },
        frame: () => {},
      },
      (message) => this.#fail(message),
    );
    this.#recorder =
      links.history === undefined
        ? null
        : new Recorder(
            links.history,
            { checkpoint: () => this.#api.checkpoint() },
            origin,
            // The open run says the same of the same history.
            () => undefined,
          );
  }

  get #api(): EngineApi {
    return this.#engine.api;
  }

  /** Its last loss on the validation rows, or on the training rows where there are none. */
  get loss(): number | null {
    const { point } = this;
    return point ? (point.validation ?? point.train).loss : null;
  }
  get score(): Score | null {
    return this.testScore ?? this.point?.validation ?? this.point?.train ?? null;
  }
  /** Its epochs are done, or something ended it. */
  get ended(): boolean {
    return this.fault !== null || this.stopped !== null || (this.ready && this.epoch >= this.goal);
  }

  async prepare(ground: Ground): Promise<void> {
    const { profile, backend, weights } = ground;
    const { training } = this.project.settings;
    try {
      const dataset = await this.#dataFrom(ground);
      this.dataset = dataset;
      const compiled = await this.#links.host.compile(this.project, profile, backend, 0, dataset && infoOf(dataset));
      if (!compiled.ok) {
        this.fault = compiled.problems[0]?.message ?? 'The drawing cannot be trained.';
        return;
      }
      if (compiled.value.train === null) {
        this.fault = 'There is nothing to train: the loss depends on no parameter that may learn.';
        return;
      }
      await this.#api.profile();
      await this.#api.setDataset(dataset);
      await this.#api.load(compiled.value, {
        seed: training.seed,
        epochs: training.epochs,
        batch: training.batch,
        stop: training.stop,
        ...(weights === null ? {} : { weights }),
      });
      await this.#api.tune({ hyper: training.hyper, epochs: training.epochs, pace: null });
      this.prediction = compiled.value.evaluate.program.prediction;
      this.ready = true;
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Those of the open run, unless the change is about the data. */
  async #dataFrom({ dataset, datasetId, source }: Ground): Promise<Dataset | null> {
    const { data, split } = this.project.settings;
    this.#datasetId = datasetId;
    if (data.kind === 'none' || (same(data, source.data) && same(split, source.split))) return dataset;
    const { host } = this.#links;
    const loaded = await host.loadDataset(data, split, `beside-${crypto.randomUUID()}`);
    this.#ownData = loaded.id;
    this.#datasetId = loaded.id;
    return fetchDataset(host, loaded, () => !this.#stopped);
  }

  async train(): Promise<void> {
    if (!this.ready || this.running || this.ended) return;
    this.running = true;
    this.#recorder?.begin({ project: this.project, dataset: this.#datasetId, changes: this.title, tags: this.tags }, this.points);
    try {
      await this.#api.train();
      this.running = false;
      this.testScore = await this.#api.test();
      const outcome = await outcomeOf(this, (rows) => this.#api.predict(rows));
      await this.#recorder?.end(outcome);
    } catch (error) {
      this.running = false;
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  async pause(): Promise<void> {
    if (this.running) await this.#api.pause();
  }

  /** Where it stands, to go on in the open project; and its place in the history. */
  async taken(): Promise<{
    checkpoint: Checkpoint | null;
    points: readonly CurvePoint[];
    kept: { id: string; seconds: number } | null;
  }> {
    await this.pause();
    while (this.running) await new Promise((resolve) => setTimeout(resolve, 10));
    const { id = null, seconds = 0 } = this.#recorder ?? {};
    return { checkpoint: await this.#api.checkpoint(), points: this.points, kept: id === null ? null : { id, seconds } };
  }

  #fail(message: string): void {
    if (!this.#stopped) this.fault = message;
  }

  /** Ends its worker. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.running) {
      await this.#api.pause().catch(() => undefined);
      // What it trained so far is written before its engine ends.
      for (let wait = 0; this.running && wait < 200; wait++) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.#engine.stop();
    // What main keeps for it is not needed any more; if it is gone already, all the better.
    if (this.#ownData !== null) await this.#links.host.releaseDataset(this.#ownData).catch(() => undefined);
  }
}
