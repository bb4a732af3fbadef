/**
 * What training falls back on when something breaks. The last state that was read as a whole is kept; from it, another
 * device goes on where one failed, and numbers that are not finite are undone up to the last sound step, with their
 * cause named. The loop itself only says where it stands and does steps again.
 */
import { type Device, DeviceFailure } from '../backends/backend';
import type { Dataset } from '../data/dataset';
import { isBatched } from '../ir/shape';
import { causeOf } from './cause';
import { mayBeLost, movedWords, openOnCpu } from './fallback';
import { growthOf, sizesOf } from './growth';
import { goToLastSound, isSoundState, type Past, type Snapshot } from './last-sound';
import type { Session, State } from './session';
import type { Moment } from './timeline';
import type { Trouble } from './training';

/** State is copied at most so often, in ms; what was done since is done again when something goes wrong. */
const EVERY = 1000;
/** Devices that may fail, one after the other, before training gives up. */
const MOST_MOVES = 4;
/** Kept moments that are asked for how weights grew. */
const LOOKED_BACK = 32;

/** The training loop, as seen from here. */
export interface Loop {
  step(): number;
  running(): boolean;
  /** Rows of the batch that comes next. */
  nextRows(): Uint32Array;
  take(): Promise<Snapshot>;
  /** Counts on from there; the state itself is set already. */
  standAt(snapshot: Snapshot): void;
  /** Up to so many steps in all. */
  redo(until: number): Promise<void>;
  /** Moments that are kept for going back. */
  moments(): readonly Moment[];
}

export class Recovery {
  #good: (Snapshot & { readonly when: number }) | null = null;
  /** Hyperparameters are others than when it was taken: what came after it cannot be done again as it was. */
  #stale = false;
  #moves = 0;
  #moving: Promise<boolean> | null = null;
  /** The step up to which news were told already, while steps are made again. */
  #told = 0;

  constructor(
    readonly session: Session,
    readonly data: Dataset,
    readonly loop: Loop,
    readonly now: () => number,
    readonly onTrouble: (trouble: Trouble) => void,
  ) {}

  /** Somebody else wrote weights. */
  forget(): void {
    this.#good = null;
  }

  /** Training goes on from another moment. */
  restart(): void {
    this.#told = 0;
    this.#good = null;
  }

  /** Hyperparameters are others from now on. */
  tuned(): void {
    this.#stale = true;
  }

  /** Whether this step is made again, and was told of before. */
  isTold(step: number): boolean {
    return this.#told > 0 && step <= this.#told;
  }

  /** The state that was kept last. */
  get state(): State | null {
    return this.#good?.state ?? null;
  }

  /** Keeps the present state when it is time for that. False: it holds what is no finite number. */
  async keepUp(now: number): Promise<boolean> {
    return this.#good !== null && !this.#stale && now - this.#good.when <= EVERY ? true : this.snapshot();
  }

  /** To the state after so many steps, exactly, from the one that was kept last. */
  async goBack(step: number): Promise<void> {
    const good = this.#good!;
    this.session.setState(good.state);
    this.loop.standAt(good);
    await this.loop.redo(step);
  }

  /** Where a maximum hides a weight that is no number, the loss does not tell: the state does. */
  async isSound(): Promise<boolean> {
    return this.#good === null || this.#good.step >= this.loop.step() || (await this.snapshot());
  }

  /** Notes the present state. False: it holds what is no finite number, and the last one stays. */
  async snapshot(): Promise<boolean> {
    const taken = await this.loop.take();
    const sound = isSoundState(taken.state);
    if (sound || !this.#good) this.#good = { ...taken, when: this.now() };
    this.#stale = false;
    return sound;
  }

  /** Reads the state of a device that may be lost at any time, so that training can go on elsewhere. */
  async secure(): Promise<void> {
    const { train } = this.session;
    if (!this.loop.running() && this.#good === null && train && mayBeLost(train.backend)) await this.snapshot();
  }

  /** After a failure of its device, training goes on from the last good state on another. False: it cannot. */
  rescue(error: unknown): Promise<boolean> {
    if (!(error instanceof DeviceFailure)) return Promise.resolve(false);
    this.#moving ??= this.#move(error).finally(() => {
      this.#moving = null;
    });
    return this.#moving;
  }

  async #move(failure: DeviceFailure): Promise<boolean> {
    const { session, data, loop } = this;
    const good = this.#good;
    if (!good || !session.plans.train || this.#moves >= MOST_MOVES) return false;
    this.#moves++;
    const failed = session.train && mayBeLost(session.train.backend) ? { failed: failure.reason } : {};
    try {
      const { plan, device } = await openOnCpu(session.plans.train.program, session.backends);
      giveData(device, data);
      await session.moveTo(plan, device, good.state);
    } catch {
      return false;
    }
    const again = loop.step() - good.step;
    this.#told = Math.max(this.#told, loop.step());
    loop.standAt(good);
    this.onTrouble({ kind: 'moved-to-cpu', ...failed, message: movedWords(failure, good.step, again) });
    return true;
  }

  /** Goes back to the last state that is sound, at step `until` or before, and says what is wrong with the next batch. */
  async notFinite(until: number): Promise<void> {
    const { session, data, loop } = this;
    const { parameters, plans } = session;
    const good = this.#good!;
    const past: Past = {
      take: () => loop.take(),
      goTo: (snapshot) => {
        session.setState(snapshot.state);
        loop.standAt(snapshot);
      },
      redo: (step) => loop.redo(step),
    };
    const { last, sizes } = await goToLastSound(good, until, parameters, past);
    const earlier = loop.moments().filter(({ step }) => step < good.step);
    const every = Math.ceil(earlier.length / LOOKED_BACK);
    const looked = earlier.filter((_, i) => i % every === 0).map(({ state, step }) => sizesOf(parameters, state, step));
    const rows = loop.nextRows().slice();
    const { reason, message, ...place } = causeOf({
      plans,
      state: last.state,
      hyper: session.hyper,
      data,
      rows,
      suspects: await this.#suspects(rows),
      growth: growthOf([...looked, ...sizes]),
    });
    this.#good = { ...last, when: this.now() };
    this.onTrouble({ kind: 'not-finite', reason, ...place, message: `Training stopped at step ${loop.step() + 1}. ${message}` });
  }

  /** Rows whose loss is no finite number with the present weights. */
  async #suspects(rows: Uint32Array): Promise<readonly number[]> {
    const { loss, buffers } = this.session.plans.evaluate.program;
    const spec = buffers.find(({ id }) => id === loss);
    if (!spec || !isBatched(spec.shape)) return [];
    const { x, y, features, targets } = this.data;
    const { values } = await this.session.forward(x, features.length, y, targets.length, rows, [spec.id]);
    return [...rows].filter((_, i) => !Number.isFinite(values[0]![i]!));
  }
}

export const giveData = (device: Device, { x, y, features, targets, weights }: Dataset): void =>
  device.setData(x, features.length, y, targets.length, weights);
