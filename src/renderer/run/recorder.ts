/**
 * Writes what is trained into the history: the curve in small pieces while it grows, the weights every few
 * seconds, and at the end how it went. A history that cannot be written is said once and never stops training.
 */
import type { Checkpoint, CurvePoint } from '../../engine/api';
import type { Project } from '../../engine/graph/project';
import { checkpointBytes } from '../../engine/train/checkpoint';
import type { HostApi, RunConfusion, RunNews, RunOrigin, RunScores, RunStatus } from '../../main/contract';

export type RecorderHost = Pick<HostApi, 'beginRun' | 'reportRun' | 'continueRun'>;

export interface Subject {
  readonly project: Project;
  /** Main's name of the data set. */
  readonly dataset: string | null;
  /** What is different about it: `rate 0.1`. */
  readonly changes?: string;
  readonly tags?: readonly string[];
}

export interface Place {
  readonly epoch: number;
  readonly step: number;
}

export interface Outcome extends Place {
  readonly status: RunStatus;
  readonly message: string;
  readonly scores: RunScores;
  readonly confusion: RunConfusion | null;
}

/** The engine's side. */
export interface Source {
  checkpoint(): Promise<Checkpoint | null>;
}

/** Between two pieces of the curve, in ms. */
const EVERY = 1000;
/** Between two checkpoints, in ms; large ones are taken more rarely. */
const CHECKPOINT_EVERY = 5000;
const BYTES_A_SECOND = 2e6;

export class Recorder {
  /** The run that is written; null before it has an id, and when none is. */
  id: string | null = null;

  readonly #host: RecorderHost;
  readonly #source: Source;
  readonly #origin: RunOrigin;
  readonly #complain: (error: unknown) => void;
  #open = false;
  #broken = false;
  #points: CurvePoint[] = [];
  #project: Project | undefined;
  #place: Place = { epoch: 0, step: 0 };
  #seconds = 0;
  #since: number | null = null;
  #lastNews = 0;
  #nextCheckpoint = 0;
  #sending: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(host: RecorderHost, source: Source, origin: RunOrigin, complain: (error: unknown) => void) {
    this.#host = host;
    this.#source = source;
    this.#origin = origin;
    this.#complain = complain;
  }

  /** Training starts, or goes on after a pause. `points`: what belongs to this run already. */
  begin({ project, dataset, changes, tags }: Subject, points: readonly CurvePoint[]): void {
    this.#since = performance.now();
    if (this.#open) {
      this.#send({ status: 'running' });
      return;
    }
    this.#open = true;
    this.#broken = false;
    this.id = null;
    this.#seconds = 0;
    this.#points = [...points];
    this.#nextCheckpoint = performance.now() + CHECKPOINT_EVERY;
    const { title } = project.settings;
    this.#chain(async () => {
      this.id = await this.#host.beginRun({ name: title || 'Untitled', origin: this.#origin, project, dataset, changes, tags });
    });
  }

  /** A run of the history is in the engine again, and goes on under its own name. */
  adopt(id: string, seconds: number, place: Place): void {
    this.cut();
    this.#open = true;
    this.#broken = false;
    this.id = id;
    this.#seconds = seconds;
    this.#place = place;
    this.#nextCheckpoint = performance.now() + CHECKPOINT_EVERY;
    this.#chain(() => this.#host.continueRun(id));
    this.#send({ status: 'stopped' });
  }

  /** How long it trained so far. */
  get seconds(): number {
    return this.#seconds + (this.#since === null ? 0 : (performance.now() - this.#since) / 1000);
  }

  get open(): boolean {
    return this.#open;
  }

  progress(place: Place, points: readonly CurvePoint[]): void {
    if (!this.#open) return;
    this.#place = place;
    this.#points.push(...points);
    const now = performance.now();
    if (this.#since === null || this.#busy || now - this.#lastNews < EVERY) return;
    this.#lastNews = now;
    if (now < this.#nextCheckpoint) this.#send({ status: 'running' });
    else void this.#withNumbers({ status: 'running' });
  }

  /** The settings were changed while it trains. */
  changed(project: Project): void {
    if (this.#open) this.#project = project;
  }

  /** It stands still. More may follow, until it is cut. */
  async end({ epoch, step, status, message, scores, confusion }: Outcome): Promise<void> {
    if (!this.#open) return;
    this.#place = { epoch, step };
    if (this.#since !== null) this.#seconds += (performance.now() - this.#since) / 1000;
    this.#since = null;
    await this.#withNumbers({ status, message, scores, ...(confusion === null ? {} : { confusion }) });
    await this.#sending;
  }

  /** What is trained from now on is another run. */
  cut(): void {
    if (this.#open && this.#since !== null) {
      this.#seconds += (performance.now() - this.#since) / 1000;
      this.#since = null;
      this.#send({ status: 'stopped', message: 'Something else was trained from here on.' });
    }
    this.#open = false;
    this.#points = [];
    this.#project = undefined;
  }

  async #withNumbers(news: Partial<RunNews>): Promise<void> {
    this.#busy = true;
    try {
      const checkpoint = (await this.#source.checkpoint()) ?? undefined;
      const bytes = checkpoint ? checkpointBytes(checkpoint) : 0;
      this.#nextCheckpoint = performance.now() + Math.max(CHECKPOINT_EVERY, (bytes / BYTES_A_SECOND) * 1000);
      this.#send({ ...news, checkpoint });
    } catch {
      // A device that was lost has no numbers to keep; whoever trains says so. The curve is kept all the same.
      this.#send(news);
    } finally {
      this.#busy = false;
    }
  }

  #send(news: Partial<RunNews>): void {
    const points = this.#points;
    const project = this.#project;
    this.#points = [];
    this.#project = undefined;
    const { epoch, step } = this.#place;
    const { seconds } = this;
    this.#chain(async () => {
      if (this.id !== null) await this.#host.reportRun(this.id, { epoch, step, seconds, points, project, ...news });
    });
  }

  /** One call after the other; after the first that fails, no more of this run. */
  #chain(work: () => Promise<void>): void {
    this.#sending = this.#sending.then(async () => {
      if (this.#broken) return;
      try {
        await work();
      } catch (error) {
        this.#broken = true;
        this.#complain(error);
      }
    });
  }
}
