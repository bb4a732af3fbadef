/**
 * The training loop: epochs of shuffled batches, handed to the device in slices of some milliseconds so
 * that whoever owns the thread gets a word in between. Scores are taken at the ends of epochs. A loss that
 * is not finite stops training before that batch and names the cause.
 */
import type { NodeId } from '../graph/graph';
import type { Breakpoint, Stop } from '../graph/project';
import { Breakpoints, type Hit } from './breakpoints';
import type { Dataset } from '../data/dataset';
import type { Score } from './metrics';
import { findNotFinite } from './not-finite';
import { Random } from '../data/random';
import type { Device } from '../backends/backend';
import type { Weights } from '../plan';
import { rateFactor, scheduleOf } from './schedules';
import type { Session, State } from './session';
import { type StopKind, Stopping } from './stopping';
import { bytesOf, type Moment, Timeline } from './timeline';

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

/** Training stopped because a rule said so, or a breakpoint. */
export interface Stopped {
  readonly kind: StopKind | 'breakpoint';
  readonly message: string;
  readonly node?: NodeId;
  /** Epoch whose weights are back; null when the present ones stay. */
  readonly restored: number | null;
}

export interface TrainerOptions {
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  /** Least time between two scores in ms; 0 scores every epoch. */
  readonly scoreEvery: number;
  /** Training rows that are scored at most; Infinity for all. */
  readonly scoreRows: number;
  /** Rules by which training stops before its epochs are done. */
  readonly stop?: Stop | undefined;
  readonly breakpoints?: readonly Breakpoint[] | undefined;
  /** Bytes for moments to go back to; absent: none are kept. */
  readonly memory?: number;
  /** Lets waiting messages in; called between slices. */
  readonly breathe: () => Promise<void>;
  /** Waits about so many ms while other work goes on. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
}

export interface TrainerEvents {
  /** After each slice. */
  slice(state: {
    readonly epoch: number;
    readonly step: number;
    readonly batchLoss: number | null;
    readonly stepsPerSecond: number;
  }): void;
  point(point: CurvePoint): void;
  trouble(trouble: Trouble): void;
  stopped?(stopped: Stopped): void;
}

/** How long the device may work before others get a word in, in ms. */
const SLICE = 12;
/** With a pace, about one slice a frame. */
const FRAME = 16;
/** State is copied at most so often, in ms; what was done since is done again when something goes wrong. */
const SNAPSHOT = 1000;
/** States up to this size are kept in the middle of epochs too. */
const SMALL = 2 ** 18;
/** Keeping moments takes at most one part in so many of the time. */
const KEEPING = 10;
/** Small states are kept at least so often, in ms: a first copy may be slow for reasons of its own. */
const LONGEST = 10;

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
  #stopping: Stopping;
  /** The epoch with the smallest loss, while rules ask for it. */
  #best: Moment | null = null;
  #breakpoints: Breakpoints;
  #batchLoss: number | null = null;
  readonly timeline: Timeline;
  /** The kept moment that the present state equals. */
  #here: Moment | null = null;
  #keepNext = Number.NEGATIVE_INFINITY;

  constructor(
    readonly session: Session,
    readonly data: Dataset,
    readonly options: TrainerOptions,
    readonly events: TrainerEvents,
  ) {
    this.#epochs = options.epochs;
    this.#stopping = new Stopping(options.stop ?? {});
    this.#breakpoints = new Breakpoints(options.breakpoints ?? [], session.plans);
    this.timeline = new Timeline(options.memory ?? 0);
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

  /** What was seen so far counts for the new rules only from now on. */
  set stop(rules: Stop) {
    this.#stopping = new Stopping(rules);
    this.#best = null;
  }

  set breakpoints(rules: readonly Breakpoint[]) {
    this.#breakpoints = new Breakpoints(rules, this.session.plans);
  }

  /** Id of the kept moment that the present state equals; null after steps that were not kept. */
  get here(): number | null {
    return this.#here?.id ?? null;
  }

  /** Somebody else wrote weights: what was kept is another state now. */
  touched(): void {
    this.#here = null;
    this.#good = null;
    this.#best = null;
    this.#stopping.restart();
    this.#breakpoints.restart();
  }

  /** Keeps the present moment, so that one can come back to it; null when states are too large for that. */
  async keep(): Promise<Moment | null> {
    if (this.#here) return this.#here;
    const state = await this.session.state();
    if (!this.timeline.holds(bytesOf(state))) return null;
    this.#here = this.timeline.add({ epoch: this.epoch, step: this.step, at: this.#offset, loss: this.#batchLoss, state });
    return this.#here;
  }

  /** To a moment that was kept, exactly. False: it is gone. */
  async travel(id: number): Promise<boolean> {
    const moment = this.timeline.find(id);
    if (!moment || this.#running) return false;
    // The place left behind stays reachable.
    await this.keep();
    this.#goTo(moment);
    return true;
  }

  #goTo(moment: Moment): void {
    this.session.setState(moment.state);
    this.epoch = moment.epoch;
    this.step = moment.step;
    this.#batchLoss = moment.loss;
    this.#losses.length = Math.min(this.#losses.length, moment.epoch);
    this.#order = new Uint32Array();
    this.#at = 0;
    if (moment.at > 0) {
      this.#shuffle();
      this.#at = moment.at;
    }
    this.#good = null;
    this.#best = null;
    this.#here = this.timeline.find(moment.id) ? moment : null;
    this.#stopping.restart();
    this.#breakpoints.restart();
    this.session.changed();
  }

  /** Rows of the present epoch that are done; 0 between epochs. */
  get #offset(): number {
    return this.#at >= this.#order.length ? 0 : this.#at;
  }

  get batchLoss(): number | null {
    return this.#batchLoss;
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
    await this.#loop(() => this.epoch < this.#epochs, Number.POSITIVE_INFINITY, true);
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

  /** `rules`: early stopping and breakpoints count; single steps are the user's own. */
  async #loop(more: () => boolean, most = Number.POSITIVE_INFINITY, rules = false): Promise<void> {
    const { train } = this.session;
    if (!train || this.#running || this.data.split.train.length === 0) return;
    this.#running = true;
    this.#stop = false;
    const { batch, now, breathe, sleep } = this.options;
    let due = now();
    const started = now();
    try {
      if (this.step === 0) await this.#score(true);
      if (this.options.memory) {
        await this.keep();
        // Going on from an earlier moment, what came after it is another past.
        this.timeline.cut(this.step);
      }
      const probe = rules && this.#breakpoints.any ? await this.session.probe() : null;
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
        const batches = probe ? 1 : Math.min(most, paced, this.#perSlice);
        const rows = this.#order.subarray(this.#at, this.#at + batches * batch);
        const look = probe ? await this.#look(probe, rows) : null;
        const { losses } = await train.run({ phases: ['forward', 'loss', 'backward', 'update'], rows, batch });
        const bad = losses.findIndex((loss) => !Number.isFinite(loss));
        if (bad >= 0) {
          await this.#notFinite(this.step + bad);
          return;
        }
        this.session.changed();
        this.#here = null;
        this.#at += rows.length;
        this.step += losses.length;
        this.#batchLoss = losses.at(-1) ?? null;
        const took = now() - begin;
        this.#adapt(took, losses.length, batches);
        due += (1000 * losses.length) / this.#pace;
        this.#measure(begin, losses.length);
        const done = this.#at >= this.#order.length;
        if (done) this.epoch++;
        this.events.slice({ epoch: this.epoch, step: this.step, batchLoss: losses.at(-1) ?? null, stepsPerSecond: this.#rate });
        const scored = done ? await this.#score(!more() || this.#watched || (rules && this.#stopping.watches)) : null;
        if (this.options.memory) await this.#keepSome(done, most === 1 || !more() || this.#stop);
        if (look !== null) {
          const hit = await look(losses[0]!);
          if (hit) {
            await this.keep();
            this.events.stopped?.({
              kind: 'breakpoint',
              ...hit,
              message: `Paused after step ${this.step}. ${hit.message}`,
              restored: null,
            });
            return;
          }
        }
        if (rules && (await this.#early(scored, (now() - started) / 1000))) return;
        await breathe();
      }
    } finally {
      this.#running = false;
    }
  }

  /** Looks at a batch before its step; the answer is asked for the breakpoints' word after it. */
  async #look(probe: Device, rows: Uint32Array): Promise<(loss: number) => Promise<Hit | null>> {
    await this.session.refresh(probe);
    const weights = (): Promise<Weights | null> =>
      this.#breakpoints.wantsWeights ? this.session.weights() : Promise.resolve(null);
    const before = await weights();
    const seen = await this.#breakpoints.look(probe, this.data, rows);
    return async (loss) => this.#breakpoints.afterStep(seen, loss, before, await weights());
  }

  /** Keeps this moment when there is time and room for it. */
  async #keepSome(milestone: boolean, asked: boolean): Promise<void> {
    const begin = this.options.now();
    // A step that somebody asked for, or the last one, is always kept.
    if (asked) {
      await this.keep();
      return;
    }
    if (begin < this.#keepNext) return;
    const newest = this.timeline.moments.at(-1);
    if (!milestone && newest && bytesOf(newest.state) > SMALL) return;
    await this.keep();
    const took = this.options.now() - begin;
    this.#keepNext =
      this.options.now() +
      Math.min(took * (KEEPING - 1), newest && bytesOf(newest.state) > SMALL ? Number.POSITIVE_INFINITY : LONGEST);
  }

  /** Whether a rule stops training here; the best weights come back then, where that is asked for. */
  async #early(scored: { train: Score | null; validation: Score | null } | null, seconds: number): Promise<boolean> {
    const stopping = this.#stopping;
    let stop = stopping.afterTime(seconds);
    if (scored) {
      const verdict = stopping.afterEpoch(this.epoch, scored.train, scored.validation);
      stop = verdict.stop ?? stop;
      if (verdict.best && stopping.restores) {
        this.#best = (await this.keep()) ?? {
          id: 0,
          epoch: this.epoch,
          step: this.step,
          at: 0,
          loss: this.#batchLoss,
          state: await this.session.state(),
        };
        this.timeline.pin(this.#best.id);
      }
    }
    if (!stop) return false;
    const best = stop.kind === 'patience' || stop.kind === 'time' ? this.#best : null;
    const restored = best !== null && best.step < this.step ? best.epoch : null;
    const where = `Training stopped after epoch ${this.epoch}. ${stop.reason}`;
    if (best !== null && restored !== null) {
      await this.keep();
      this.#goTo(best);
    } else stopping.restart();
    this.events.stopped?.({
      kind: stop.kind,
      message: restored === null ? where : `${where} The weights of epoch ${restored}, the best, are back.`,
      restored,
    });
    return true;
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
    this.#good = {
      state: await this.session.state(),
      epoch: this.epoch,
      at: this.#at,
      step: this.step,
      when: this.options.now(),
    };
  }

  get #watched(): boolean {
    const { schedule } = this.session.plans;
    return schedule !== undefined && scheduleOf(schedule.kind)?.watches === true;
  }

  /** Null when it was not time for it. */
  async #score(force: boolean): Promise<{ train: Score | null; validation: Score | null } | null> {
    const { scoreEvery, scoreRows, now } = this.options;
    const begin = now();
    if (!force && begin - this.#lastScore < scoreEvery) return null;
    const { train, validation } = this.data.split;
    const rows = train.length > scoreRows ? train.subarray(0, scoreRows) : train;
    const onTrain = await this.session.score(this.data, rows);
    const onValidation = await this.session.score(
      this.data,
      validation.length > scoreRows ? validation.subarray(0, scoreRows) : validation,
    );
    if (this.#watched && this.epoch > 0) this.#losses[this.epoch - 1] = (onValidation ?? onTrain)?.loss ?? Number.NaN;
    if (onTrain) this.events.point({ epoch: this.epoch, step: this.step, train: onTrain, validation: onValidation });
    // Scoring may take a fifth of the time at most, unless every epoch is asked for.
    const took = now() - begin;
    this.#lastScore = now() + (scoreEvery > 0 ? took * 4 : 0);
    return { train: onTrain, validation: onValidation };
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
