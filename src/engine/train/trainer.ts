/**
 * The training loop: shuffled batches, handed to the device in runs of some milliseconds over as many epochs
 * as nothing has to happen between, so that whoever owns the thread gets a word in between. Scores are taken at
 * the ends of epochs. A loss that is not finite stops training before that batch and names the cause.
 */
import type { Breakpoint, Stop } from '../graph/project';
import type { Dataset } from '../data/dataset';
import type { Device } from '../backends/backend';
import type { Weights } from '../plan';
import { Breakpoints, type Hit } from './breakpoints';
import type { Checkpoint } from './checkpoint';
import { type End, Ending } from './ending';
import { Keeping, type Place } from './keeping';
import type { Snapshot } from './last-sound';
import { RowOrder } from './order';
import { Pace } from './pace';
import { Rate } from './rate';
import { giveData, type Loop, Recovery } from './recovery';
import { type Scores, Scoring } from './scoring';
import type { Session } from './session';
import { savedMoment, type SavedMoment, stateAt } from './saved-moment';
import type { Moment, Timeline } from './timeline';
import { Stopwatch } from './stopwatch';
import type { Best, TrainerEvents, TrainerOptions } from './training';

/** Steps that are done again at once. */
const REPLAYED = 4096;
/** Where a breakpoint began to hold is sought in so many parts of a run, then in parts of a part. */
const PARTS = 16;
const PHASES = ['forward', 'loss', 'backward', 'update'] as const;

/** How far a loop goes. */
interface Goal {
  /** Whether there is something left to do. */
  more(): boolean;
  /** Steps at most, in one run. */
  readonly steps: number;
  /** The epoch at whose end it stops. */
  epoch(): number;
  /** Early stopping and breakpoints count; single steps are the user's own. */
  readonly rules: boolean;
}

export class Trainer {
  /** Batches that are done. */
  step = 0;
  #epochs: number;
  #running = false;
  #stop = false;
  readonly #order: RowOrder;
  readonly #pace = new Pace();
  readonly #rate: Rate;
  readonly #scoring: Scoring;
  readonly #keeping: Keeping;
  readonly #ending: Ending;
  readonly #recovery: Recovery;
  readonly #watch: Stopwatch;
  #breakpoints: Breakpoints;
  #batchLoss: number | null = null;
  /** Who waits for a checkpoint while training runs. */
  readonly #asked: { readonly resolve: (checkpoint: Checkpoint) => void; readonly reject: (error: unknown) => void }[] = [];

  constructor(
    readonly session: Session,
    readonly data: Dataset,
    readonly options: TrainerOptions,
    readonly events: TrainerEvents,
  ) {
    this.#epochs = options.epochs;
    this.#order = new RowOrder(data.split.train, options.seed, options.batch);
    this.#breakpoints = new Breakpoints(options.breakpoints ?? [], session.plans);
    this.#rate = new Rate(session);
    this.#scoring = new Scoring(session, data, options, (point) => {
      // A curve has no place for what is no number; why it is none is told apart.
      if (!Number.isFinite(point.train.loss) || this.#recovery.isTold(point.step)) return;
      const validation = point.validation && Number.isFinite(point.validation.loss) ? point.validation : null;
      const factor = this.#rate.watches ? { factor: this.#rate.factorBefore(point.epoch, this.#epochs) } : {};
      events.point({ ...point, validation, ...factor });
    });
    this.#keeping = new Keeping(session, options.memory ?? 0, options.now);
    this.#watch = new Stopwatch(options.now);
    this.#ending = new Ending(options.stop ?? {}, session, this.#keeping);
    this.#recovery = new Recovery(session, data, this.#loopForRecovery(), options.now, (trouble) => events.trouble(trouble));
    if (session.train) giveData(session.train, data);
  }

  #loopForRecovery(): Loop {
    return {
      step: () => this.step,
      running: () => this.#running,
      nextRows: () => this.nextRows(),
      take: () => this.#takeSnapshot(),
      standAt: ({ epoch, at, step }) => {
        this.#moveTo(epoch, at, step);
        this.#keeping.here = null;
      },
      redo: async (until) => {
        while (this.step < until) await this.#run(this.session.train!, Math.min(until - this.step, REPLAYED), () => true);
        this.session.changed();
      },
      moments: () => this.timeline.moments,
    };
  }

  /** Epochs that are done. */
  get epoch(): number {
    return this.#order.epoch;
  }
  get running(): boolean {
    return this.#running;
  }
  get stepsPerSecond(): number {
    return this.#pace.rate;
  }
  set epochs(count: number) {
    this.#epochs = count;
  }
  get epochs(): number {
    return this.#epochs;
  }

  /** What was seen so far counts for the new rules only from now on. */
  set stop(rules: Stop) {
    this.#ending.rules = rules;
  }

  set breakpoints(rules: readonly Breakpoint[]) {
    this.#breakpoints = new Breakpoints(rules, this.session.plans);
  }

  get timeline(): Timeline {
    return this.#keeping.timeline;
  }

  /** Id of the kept moment that the present state equals; null after steps that were not kept. */
  get here(): number | null {
    return this.#keeping.here?.id ?? null;
  }

  /** Somebody else wrote weights: what was kept is another state now. */
  touched(): void {
    this.#keeping.here = null;
    this.#recovery.forget();
    this.#ending.forgetBest();
    this.#ending.restart();
    this.#breakpoints.restart();
  }

  get #place(): Place {
    const { epoch, at } = this.#order;
    return { epoch, at, step: this.step, loss: this.#batchLoss };
  }

  /** Keeps the present moment, so that one can come back to it; null when states are too large for that. */
  keep(): Promise<Moment | null> {
    return this.#keeping.keep(this.#place);
  }

  /** To a moment that was kept, exactly. False: it is gone. */
  async travel(id: number): Promise<boolean> {
    const moment = this.timeline.find(id);
    if (!moment || this.#running) return false;
    // The place left behind stays reachable.
    await this.keep();
    this.#goTo(moment);
    // What is trained from there is another run, with time of its own.
    this.#watch.seconds = 0;
    return true;
  }

  /** A moment as a project keeps it; null: it is gone. */
  saved(id: number): SavedMoment | null {
    const moment = this.timeline.find(id);
    if (!moment) return null;
    return savedMoment(moment, this.session, this.timeline.nameOf(id) ?? '', this.#rate.lossesOf(moment));
  }

  /** The bookmarks of the project are moments to go to. Says which fit this network. */
  hold(all: readonly SavedMoment[]): readonly boolean[] {
    const held = all.map((saved) => {
      const state = stateAt(saved, this.session);
      const { name, epoch, step, at, loss, losses } = saved;
      return state === null ? null : { name, epoch, step, at, loss, losses, state };
    });
    this.timeline.hold(held);
    return held.map((moment) => moment !== null);
  }

  #goTo(moment: Moment): void {
    this.session.setState(moment.state);
    this.#rate.standAt(moment);
    this.#ending.restart();
    this.#standAt(moment);
    this.#keeping.here = this.timeline.find(moment.id) ? moment : null;
  }

  #standAt({ epoch, at, step, loss }: Place): void {
    this.#recovery.restart();
    this.#moveTo(epoch, at, step);
    this.#batchLoss = loss;
    this.#ending.forgetBest();
    this.#scoring.best = null;
    this.#keeping.here = null;
    this.#breakpoints.restart();
    this.session.changed();
  }

  /** What training needs to go on exactly from here, elsewhere or later. Taken between two runs of the device. */
  checkpoint(): Promise<Checkpoint> {
    if (!this.#running) return this.#take();
    return new Promise((resolve, reject) => this.#asked.push({ resolve, reject }));
  }

  async #answer(): Promise<void> {
    for (const { resolve, reject } of this.#asked.splice(0)) await this.#take().then(resolve, reject);
  }

  async #take(): Promise<Checkpoint> {
    return {
      ...this.#place,
      weights: await this.session.weights(),
      slots: await this.session.slots(),
      losses: this.#rate.losses.slice(0, this.epoch),
      seen: this.#ending.seen,
      best: this.best ?? undefined,
      back: this.#ending.back,
      seconds: this.seconds,
    };
  }

  /** Goes on from there. False: it is of a network with other parameters, and nothing was changed. */
  restore(checkpoint: Checkpoint): boolean {
    const { parameters } = this.session;
    const fits = parameters.every(({ key, shape }) => checkpoint.weights[key]?.shape.join() === shape.join());
    if (this.#running || !fits) return false;
    this.session.setWeights(checkpoint.weights);
    this.session.setState(new Map(Object.entries(checkpoint.slots)));
    this.#rate.losses = checkpoint.losses;
    this.#ending.seen = checkpoint.seen;
    this.#standAt(checkpoint);
    this.#scoring.best = checkpoint.best ?? null;
    this.#ending.back = checkpoint.back;
    this.#watch.seconds = checkpoint.seconds ?? 0;
    return true;
  }

  #moveTo(epoch: number, at: number, step: number): void {
    this.#order.moveTo(epoch, at);
    this.#rate.ask();
    this.step = step;
  }

  get batchLoss(): number | null {
    return this.#batchLoss;
  }

  /** How long it was trained so far; a time limit counts them. */
  get seconds(): number {
    return this.#watch.seconds;
  }

  /** Loss at the end of each epoch, where the schedule asks for it; NaN where nobody looked. */
  get losses(): readonly number[] {
    return this.#rate.losses;
  }

  /** Slows training down so that people can follow it; Infinity for full speed. */
  set pace(stepsPerSecond: number) {
    this.#pace.wished = stepsPerSecond;
  }

  /** Goes on from another trainer's place, after the drawing or the batch size changed. */
  resume(previous: Trainer): void {
    const { epoch, step, options, data } = previous;
    this.#rate.losses = previous.losses.slice(0, epoch);
    // The same rows in the same order: in the middle of an epoch it goes on there.
    const same = data === this.data && options.batch === this.options.batch && options.seed === this.options.seed;
    this.#moveTo(epoch, same ? previous.#order.at : 0, step);
    this.#batchLoss = previous.batchLoss;
    this.#watch.seconds = previous.seconds;
  }

  /** Hyperparameters are others from now on: what was done before cannot be done again with these. */
  tuned(): void {
    this.#recovery.tuned();
  }

  /** Reads the state of a device that may be lost at any time, so that training can go on elsewhere. */
  secure(): Promise<void> {
    return this.#recovery.secure();
  }

  /** After a failure of its device, training goes on from the last good state on another. False: it cannot. */
  rescue(error: unknown): Promise<boolean> {
    return this.#recovery.rescue(error);
  }

  pause(): void {
    this.#stop = true;
  }

  /** Rows of the batch that comes next. */
  nextRows(): Uint32Array {
    return this.#order.coming();
  }

  /** Until `epochs` are done, `pause`, or trouble. */
  async train(): Promise<void> {
    await this.#loop({
      more: () => this.epoch < this.#epochs,
      steps: Number.POSITIVE_INFINITY,
      epoch: () => this.#epochs,
      rules: true,
    });
  }

  async oneStep(): Promise<void> {
    const goal = this.step + 1;
    await this.#loop({ more: () => this.step < goal, steps: 1, epoch: () => Number.POSITIVE_INFINITY, rules: false });
  }

  /** The rest of the present epoch, or a whole one. */
  async oneEpoch(): Promise<void> {
    const goal = this.epoch + 1;
    await this.#loop({ more: () => this.epoch < goal, steps: Number.POSITIVE_INFINITY, epoch: () => goal, rules: false });
  }

  /** `most` steps at most, over epochs of one learning rate as long as the next `mayFollow`. */
  async #run(
    train: Device,
    most: number,
    mayFollow: (epoch: number) => boolean,
  ): Promise<{ losses: Float64Array; done: boolean }> {
    this.#rate.setFor(this.epoch, this.#epochs);
    const taken = this.#order.take(most, (epoch) => mayFollow(epoch) && this.#rate.isSteadyTo(epoch, this.#epochs));
    const { rows, epochs } = taken;
    const { losses } = await train.run({ phases: PHASES, rows, batch: this.options.batch, epochs });
    if (taken.finished > 0) this.#rate.ask();
    this.#order.advance(taken);
    this.step += losses.length;
    return { losses, done: taken.finished > 0 };
  }

  async #loop(goal: Goal): Promise<void> {
    if (!this.session.train || this.#running || this.data.split.train.length === 0) return;
    this.#running = true;
    this.#stop = false;
    const started = this.options.now();
    this.#pace.start(started);
    this.#watch.start(started);
    this.#scoring.begin(this.epoch);
    // Going on from an earlier moment, what came after it is another past.
    this.timeline.cut(this.step);
    this.#rate.cut(this.epoch);
    try {
      for (;;)
        try {
          await this.#turns(goal);
          return;
        } catch (error) {
          if (!(await this.rescue(error))) throw error;
        }
    } finally {
      this.#running = false;
      this.#watch.stop();
      await this.#answer();
    }
  }

  /** Run after run on the present device, until the goal is reached or something stops it. */
  async #turns({ more, steps, epoch, rules }: Goal): Promise<void> {
    const train = this.session.train!;
    const { now, breathe, sleep } = this.options;
    const pace = this.#pace;
    if (this.options.memory) await this.keep();
    // The weights before the first step are scored after it: nobody waits for that.
    let first = this.step === 0;
    while (more() && !this.#stop) {
      await this.#answer();
      const begin = now();
      const wait = pace.wait(begin);
      if (wait > 0) {
        await sleep(wait);
        await breathe();
        continue;
      }
      const watched = rules && this.#breakpoints.any;
      // What was kept before knows nothing of notes that begin here.
      if (watched && this.#breakpoints.begin(train)) {
        this.#keeping.here = null;
        this.#recovery.tuned();
      }
      if (!(await this.#recovery.keepUp(begin))) {
        await this.#recovery.notFinite(this.step);
        return;
      }
      const everyEpoch = this.options.scoreEvery === 0 || (rules && this.#ending.watches);
      const from = { step: this.step, epoch: this.epoch + this.#order.at / this.data.split.train.length };
      const observe = this.options.observer?.due(begin) ? await this.options.observer.before(this.nextRows()) : null;
      const before = now();
      const { losses, ...ran } = await this.#run(
        train,
        Math.min(steps, observe ? 1 : pace.steps),
        (next) => !everyEpoch && next < epoch() && !this.#scoring.lacksPoint(next, this.#epochs),
      );
      pace.took(before, now(), losses.length, observe === null);
      this.session.changed();
      this.#keeping.here = null;
      let bad = notFiniteIn(losses);
      let { done } = ran;
      let hit: Hit | null = null;
      if (watched && !(bad < 0 && (await this.#breakpoints.isCalm(train, losses)))) {
        const until = bad < 0 ? this.step : from.step + bad;
        await this.#recovery.goBack(from.step);
        const again = await this.#seekHit(train, until);
        hit = again.hit;
        if (hit) [bad, done] = [-1, again.done];
        else if (bad >= 0) bad = losses.length;
      }
      if (bad < 0) {
        this.#batchLoss = hit ? this.#batchLoss : (losses.at(-1) ?? null);
        this.events.slice({ epoch: this.epoch, step: this.step, batchLoss: this.#batchLoss, stepsPerSecond: pace.rate });
      }
      if (first) {
        first = false;
        await this.#scoring.take({ epoch: 0, step: 0 }, this.#recovery.state!);
      }
      if (bad >= 0) {
        await this.#recovery.notFinite(this.step - losses.length + bad);
        return;
      }
      await observe?.(from);
      const scoresCount = this.#rate.watches || (rules && this.#ending.watches);
      const scored = done ? await this.#score(!more(), scoresCount, rules && this.#ending.watchesTraining) : null;
      if (this.options.memory) await this.#keeping.keepSome(this.#place, done, steps === 1 || !more() || this.#stop);
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
      if (rules && (await this.#early(scored))) return;
      if (pace.breath(now())) await breathe();
    }
    if (!(await this.#recovery.isSound())) await this.#recovery.notFinite(this.step);
  }

  /**
   * The steps up to `until` once more, up to the first after which a breakpoint begins to hold: in parts, of which only
   * those are looked at closer in which something happened.
   */
  async #seekHit(train: Device, until: number): Promise<{ readonly hit: Hit | null; readonly done: boolean }> {
    const { session } = this;
    const breakpoints = this.#breakpoints;
    const weights = (): Promise<Weights | null> => (breakpoints.wantsWeights ? session.weights() : Promise.resolve(null));
    while (this.step < until) {
      const left = until - this.step;
      if (left > PARTS) {
        const before = await this.#takeSnapshot();
        const { losses } = await this.#run(train, Math.ceil(left / PARTS), () => true);
        session.changed();
        if (await breakpoints.isCalm(train, losses)) continue;
        const end = this.step;
        session.setState(before.state);
        this.#moveTo(before.epoch, before.at, before.step);
        const found = await this.#seekHit(train, end);
        if (found.hit) return found;
      } else {
        breakpoints.beginStep(train);
        const before = await weights();
        const { losses, done } = await this.#run(train, 1, () => false);
        session.changed();
        this.#batchLoss = losses[0]!;
        const hit = await breakpoints.afterStep(train, this.#batchLoss, before, await weights());
        if (hit) return { hit, done };
      }
    }
    return { hit: null, done: false };
  }

  /** Whether a rule stops training here; the best weights come back then, where that is asked for. */
  async #early(scored: Scores | null): Promise<boolean> {
    const end = await this.#ending.after(this.#place, scored, this.seconds);
    if (!end) return false;
    // Training on after that has as much time once more, as it has as many epochs.
    if (end.kind === 'time') this.#watch.seconds = 0;
    await this.#scoreEnd(end, scored);
    const where = `Training stopped after epoch ${this.epoch}. ${end.reason}`;
    if (end.back !== null) {
      await this.keep();
      const { best } = this.#scoring;
      this.#goTo(end.back);
      // It is the very moment that was gone back to.
      this.#scoring.best = best;
    } else this.#ending.restart();
    this.events.stopped?.({
      kind: end.kind,
      message: end.back === null ? where : `${where} The weights of epoch ${end.back.epoch}, the best, are back.`,
      restored: end.back?.epoch ?? null,
    });
    return true;
  }

  /** Rules may watch the validation rows alone: where training ends, and where it goes back to, the curve gets its points. */
  async #scoreEnd({ back, backHasPoint }: End, scored: Scores | null): Promise<void> {
    if (back !== null && !backHasPoint) await this.#scoring.take({ epoch: back.epoch, step: back.step }, back.state);
    // In the middle of an epoch, weights that are left at once need none.
    const needed = back === null ? scored?.train == null : scored !== null && scored.train === null;
    if (needed) await this.#scoring.take({ epoch: this.epoch, step: this.step });
  }

  async #takeSnapshot(): Promise<Snapshot> {
    const { epoch, at } = this.#order;
    return { state: this.#keeping.here?.state ?? (await this.session.state()), epoch, at, step: this.step };
  }

  /** At the end of an epoch: a point of the curve when it is time for one, else what rules watch, else nothing. */
  async #score(isLast: boolean, watched: boolean, training: boolean): Promise<Scores | null> {
    const { epoch, step } = this;
    const due = isLast || this.#scoring.lacksPoint(epoch, this.#epochs) || this.#scoring.isDue();
    if (!due && !watched) return null;
    const whole = due || training || this.data.split.validation.length === 0;
    const scores = await (whole ? this.#scoring.take({ epoch, step }) : this.#scoring.watch(epoch));
    if (this.#rate.watches && epoch > 0) this.#rate.note(epoch, (scores.validation ?? scores.train)?.loss ?? Number.NaN);
    return scores;
  }

  /** The weights with the smallest loss among the scored epochs, where they are kept. */
  get best(): Best | null {
    return this.#scoring.best;
  }
}

/** The first that is not finite; −1: all are. */
function notFiniteIn(losses: Float64Array): number {
  for (let at = 0; at < losses.length; at++) if (!Number.isFinite(losses[at]!)) return at;
  return -1;
}
