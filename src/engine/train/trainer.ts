/**
 * The training loop: epochs of shuffled batches, handed to the device in slices of some milliseconds so
 * that whoever owns the thread gets a word in between. Scores are taken at the ends of epochs. A loss that
 * is not finite stops training before that batch and names the cause.
 */
import type { NodeId } from '../graph/graph';
import type { Dataset } from '../data/dataset';
import type { Score } from './metrics';
import { findNotFinite } from './not-finite';
import { Random } from '../data/random';
import { rateFactor, scheduleOf } from './schedules';
import type { Session, State } from './session';

/** Scores at one moment of training. */
export interface CurvePoint {
  readonly epoch: number;
  readonly step: number;
  readonly train: Score;
  readonly validation: Score | null;
}

/** Training stopped by itself, or went on elsewhere. */
export interface Trouble {
  readonly kind: 'not-finite' | 'device-lost' | 'moved-to-cpu' | 'internal';
  /** What happened, where, and what to do. */
  readonly message: string;
  readonly node?: NodeId;
  readonly row?: number;
}

export interface TrainerOptions {
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  /** Least time between two scores in ms; 0 scores every epoch. */
  readonly scoreEvery: number;
  /** Training rows that are scored at most; Infinity for all. */
  readonly scoreRows: number;
  /** Lets waiting messages in; called between slices. */
  readonly breathe: () => Promise<void>;
  /** Waits about so many ms while other work goes on. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
}

export interface TrainerEvents {
  /** After each slice. */
  slice(state: { readonly epoch: number; readonly step: number; readonly batchLoss: number | null; readonly stepsPerSecond: number }): void;
  point(point: CurvePoint): void;
  trouble(trouble: Trouble): void;
}

/** How long the device may work before others get a word in, in ms. */
const SLICE = 12;
/** With a pace, about one slice a frame. */
const FRAME = 16;
/** State is copied at most so often, in ms; what was done since is done again when something goes wrong. */
const SNAPSHOT = 1000;

export class Trainer {
  /** Epochs and batches that are done. */
  epoch = 0;
  step = 0;
  #epochs: number;
  #running = false;
  #stop = false;
  #order: Uint32Array = new Uint32Array();
  /** Position in the present epoch's order. */
  #at = 0;
  #perSlice = 1;
  #lastScore = Number.NEGATIVE_INFINITY;
  #rate = 0;
  #since: { when: number; steps: number } | null = null;
  /** Steps a second at most. */
  #pace = Number.POSITIVE_INFINITY;
  /** Loss at the end of each epoch, kept where the schedule asks for it. */
  readonly #losses: number[] = [];
  #good: { state: State; epoch: number; at: number; step: number; when: number } | null = null;

  constructor(
    readonly session: Session,
    readonly data: Dataset,
    readonly options: TrainerOptions,
    readonly events: TrainerEvents,
  ) {
    this.#epochs = options.epochs;
    session.train?.setData(data.x, data.features.length, data.y, data.targets.length);
  }

  get running(): boolean {
    return this.#running;
  }
  get stepsPerSecond(): number {
    return this.#rate;
  }
  set epochs(count: number) {
    this.#epochs = count;
  }
  get epochs(): number {
    return this.#epochs;
  }

  /** Slows training down so that people can follow it; Infinity for full speed. */
  set pace(stepsPerSecond: number) {
    this.#pace = stepsPerSecond;
  }

  /** Goes on from another trainer's place, after the drawing or the batch size changed. */
  resume(epoch: number, step: number): void {
    this.epoch = epoch;
    this.step = step;
  }

  pause(): void {
    this.#stop = true;
  }

  /** Rows of the batch that comes next. */
  nextRows(): Uint32Array {
    this.#shuffle();
    return this.#order.subarray(this.#at, this.#at + this.options.batch);
  }

  /** Until `epochs` are done, `pause`, or trouble. */
  async train(): Promise<void> {
    await this.#loop(() => this.epoch < this.#epochs);
  }

  async oneStep(): Promise<void> {
    const goal = this.step + 1;
    await this.#loop(() => this.step < goal, 1);
  }

  /** The rest of the present epoch, or a whole one. */
  async oneEpoch(): Promise<void> {
    const goal = this.epoch + 1;
    await this.#loop(() => this.epoch < goal);
  }

  #shuffle(): void {
    if (this.#at < this.#order.length) return;
    this.#order = new Random(this.options.seed, `epoch:${this.epoch}`).shuffle(Uint32Array.from(this.data.split.train));
    this.#at = 0;
    const { schedule } = this.session.plans;
    this.session.scaleRate(rateFactor(schedule, { epoch: this.epoch, epochs: this.#epochs, losses: this.#losses }));
  }

  async #loop(more: () => boolean, most = Number.POSITIVE_INFINITY): Promise<void> {
    const { train } = this.session;
    if (!train || this.#running || this.data.split.train.length === 0) return;
    this.#running = true;
    this.#stop = false;
    const { batch, now, breathe, sleep } = this.options;
    let due = now();
    try {
      if (this.step === 0) await this.#score(true);
      while (more() && !this.#stop) {
        this.#shuffle();
        const begin = now();
        if (this.#pace !== Number.POSITIVE_INFINITY) {
          if (begin < due) {
            await sleep(Math.min(due - begin, 50));
            await breathe();
            continue;
          }
          // A late timer is made up for, but not a whole pause.
          due = Math.max(due, begin - 250);
        }
        if (!this.#good || begin - this.#good.when > SNAPSHOT) await this.#snapshot();
        const paced = this.#pace === Number.POSITIVE_INFINITY ? most : Math.max(1, Math.ceil((this.#pace * FRAME) / 1000));
        const batches = Math.min(most, paced, this.#perSlice);
        const rows = this.#order.subarray(this.#at, this.#at + batches * batch);
        const { losses } = await train.run({ phases: ['forward', 'loss', 'backward', 'update'], rows, batch });
        const bad = losses.findIndex((loss) => !Number.isFinite(loss));
        if (bad >= 0) {
          await this.#notFinite(this.step + bad);
          return;
        }
        this.session.changed();
        this.#at += rows.length;
        this.step += losses.length;
        const took = now() - begin;
        this.#adapt(took, losses.length, batches);
        due += (1000 * losses.length) / this.#pace;
        this.#measure(begin, losses.length);
        const done = this.#at >= this.#order.length;
        if (done) this.epoch++;
        this.events.slice({ epoch: this.epoch, step: this.step, batchLoss: losses.at(-1) ?? null, stepsPerSecond: this.#rate });
        if (done) await this.#score(!more() || this.#watched);
        await breathe();
      }
    } finally {
      this.#running = false;
    }
  }

  /** Steps a second by the clock, over windows of a quarter second. */
  #measure(begin: number, steps: number): void {
    if (this.#since === null || begin - this.#since.when > 1000) this.#since = { when: begin, steps: 0 };
    this.#since.steps += steps;
    const took = this.options.now() - this.#since.when;
    if (took < 250 && this.#rate > 0) return;
    if (took > 0) this.#rate = (1000 * this.#since.steps) / took;
    if (took >= 250) this.#since = { when: this.options.now(), steps: 0 };
  }

  /** Slices grow or shrink towards SLICE milliseconds. */
  #adapt(took: number, steps: number, asked: number): void {
    if (steps < asked || asked < this.#perSlice) return;
    if (took < SLICE / 2) this.#perSlice = Math.min(this.#perSlice * 2, 2 ** 20);
    else if (took > SLICE * 2) this.#perSlice = Math.max(1, Math.floor(this.#perSlice / 2));
  }

  async #snapshot(): Promise<void> {
    this.#good = { state: await this.session.state(), epoch: this.epoch, at: this.#at, step: this.step, when: this.options.now() };
  }

  get #watched(): boolean {
    const { schedule } = this.session.plans;
    return schedule !== undefined && scheduleOf(schedule.kind)?.watches === true;
  }

  async #score(force: boolean): Promise<void> {
    const { scoreEvery, scoreRows, now } = this.options;
    const begin = now();
    if (!force && begin - this.#lastScore < scoreEvery) return;
    const { train, validation } = this.data.split;
    const rows = train.length > scoreRows ? train.subarray(0, scoreRows) : train;
    const onTrain = await this.session.score(this.data, rows);
    const onValidation = await this.session.score(this.data, validation.length > scoreRows ? validation.subarray(0, scoreRows) : validation);
    if (this.#watched && this.epoch > 0) this.#losses[this.epoch - 1] = (onValidation ?? onTrain)?.loss ?? Number.NaN;
    if (onTrain) this.events.point({ epoch: this.epoch, step: this.step, train: onTrain, validation: onValidation });
    // Scoring may take a fifth of the time at most, unless every epoch is asked for.
    const took = now() - begin;
    this.#lastScore = now() + (scoreEvery > 0 ? took * 4 : 0);
  }

  /** Goes back to the state before the batch `bad` and says what went wrong in it. */
  async #notFinite(bad: number): Promise<void> {
    const good = this.#good!;
    const { batch } = this.options;
    const replay = async (until: number): Promise<void> => {
      this.session.setState(good.state);
      this.epoch = good.epoch;
      this.step = good.step;
      this.#order = new Uint32Array();
      this.#at = 0;
      this.#shuffle();
      this.#at = good.at;
      while (this.step < until) {
        this.#shuffle();
        const rows = this.#order.subarray(this.#at, this.#at + batch);
        await this.session.train!.run({ phases: ['forward', 'loss', 'backward', 'update'], rows, batch });
        this.#at += rows.length;
        this.step++;
        if (this.#at >= this.#order.length) this.epoch++;
      }
      this.session.changed();
    };
    await replay(bad);
    let weights = await this.session.weights();
    const broken = Object.values(weights).some((w) => w.data.some((x) => !Number.isFinite(x)));
    // Weights that are already broken were broken by the batch before.
    if (broken && bad > good.step) {
      await replay(bad - 1);
      weights = await this.session.weights();
    }
    const rows = this.nextRows();
    const cause = findNotFinite(this.session.plans.trace, weights, this.data, rows);
    this.events.trouble({ kind: 'not-finite', ...cause, message: `Training stopped at step ${this.step + 1}. ${cause.message}` });
  }
}
