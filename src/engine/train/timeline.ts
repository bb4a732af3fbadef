/**
 * Moments of training that one can go back to: copies of everything that training changes, within a bound
 * of memory. When it is full, moments go where they lie closest for their age, so that recent ones stay
 * dense and old ones become sparse, logarithmically; the first, the last and those that are marked stay.
 */
import type { State } from './session';

export interface Moment {
  readonly id: number;
  readonly epoch: number;
  readonly step: number;
  /** Rows of the present epoch that are done. */
  readonly at: number;
  /** Loss of the batch before. */
  readonly loss: number | null;
  readonly state: State;
  /** Loss at the end of each epoch before, where the moment comes from a project and not from this training. */
  readonly losses?: readonly number[];
}

export interface MomentInfo {
  readonly id: number;
  readonly epoch: number;
  readonly step: number;
  readonly loss: number | null;
  readonly bookmark: string | null;
  /** Position among the bookmarks that the project keeps; null where the project does not keep it. */
  readonly kept: number | null;
  readonly bytes: number;
}

/** Moments of training that one can go back to. */
export interface TimelineReport {
  readonly moments: readonly MomentInfo[];
  /** The moment that the present state equals; null after steps that were not kept. */
  readonly here: number | null;
  /** Memory that they take, and may take at most. */
  readonly bytes: number;
  readonly limit: number;
}

/** A moment that a project keeps, as a state of the present network. */
export interface HeldMoment extends Omit<Moment, 'id'> {
  readonly name: string;
}

export const TIMELINE_BYTES = 64 * 2 ** 20;
/** Small states are many: a list that long is still quick to send and to draw. */
const MOST = 2000;

export const bytesOf = (state: State): number => {
  let bytes = 0;
  for (const numbers of state.values()) bytes += numbers.byteLength;
  return bytes;
};

function sameState(a: State, b: State): boolean {
  if (a.size !== b.size) return false;
  for (const [id, numbers] of a) {
    const other = b.get(id);
    if (other?.length !== numbers.length) return false;
    for (let i = 0; i < numbers.length; i++) if (!Object.is(numbers[i], other[i])) return false;
  }
  return true;
}

export class Timeline {
  #moments: Moment[] = [];
  #bytes = 0;
  #next = 1;
  readonly #sizes = new Map<number, number>();
  readonly #bookmarks = new Map<number, string>();
  /** Moments that the project keeps as well, by their position there. */
  #held = new Map<number, number>();
  /** Stays until another is the best. */
  #pinned: number | null = null;

  constructor(
    readonly limit = TIMELINE_BYTES,
    readonly most = MOST,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }
  get length(): number {
    return this.#moments.length;
  }
  /** In the order of their steps. */
  get moments(): readonly Moment[] {
    return this.#moments;
  }

  infos(): MomentInfo[] {
    return this.#moments.map(({ id, epoch, step, loss }) => ({
      id,
      epoch,
      step,
      loss,
      bookmark: this.#bookmarks.get(id) ?? null,
      kept: this.#held.get(id) ?? null,
      bytes: this.#sizes.get(id)!,
    }));
  }

  find(id: number): Moment | undefined {
    return this.#moments.find((moment) => moment.id === id);
  }

  /** Whether states of that size can be kept at all: one to come from and one to go to. */
  holds(bytes: number): boolean {
    return bytes * 2 <= this.limit;
  }

  add(moment: Omit<Moment, 'id'>): Moment {
    const added = { ...moment, id: this.#next++ };
    const bytes = bytesOf(moment.state);
    // Bookmarks of an earlier branch may lie further on.
    const later = this.#moments.findIndex((other) => other.step > moment.step);
    this.#moments.splice(later < 0 ? this.#moments.length : later, 0, added);
    this.#sizes.set(added.id, bytes);
    this.#bytes += bytes;
    while ((this.#bytes > this.limit || this.#moments.length > this.most) && this.#thin(added.id));
    return added;
  }

  bookmark(id: number, name: string | null): void {
    if (!this.find(id)) return;
    if (name === null) this.#bookmarks.delete(id);
    else this.#bookmarks.set(id, name);
  }

  nameOf(id: number): string | null {
    return this.#bookmarks.get(id) ?? null;
  }

  /**
   * The bookmarks that the project keeps, null where one does not fit the network. Those that are not among the
   * moments come among them; those that the project kept and does no longer are ordinary moments again.
   */
  hold(all: readonly (HeldMoment | null)[]): void {
    const before = this.#held;
    this.#held = new Map();
    for (const id of before.keys()) this.#bookmarks.delete(id);
    all.forEach((moment, position) => {
      if (moment === null || !this.holds(bytesOf(moment.state))) return;
      const { name, ...rest } = moment;
      const there = this.#moments.find(
        ({ id, step, state }) =>
          step === moment.step &&
          !this.#held.has(id) &&
          (this.#bookmarks.get(id) ?? name) === name &&
          sameState(state, moment.state),
      );
      const { id } = there ?? this.add(rest);
      this.#bookmarks.set(id, name);
      this.#held.set(id, position);
    });
  }

  pin(id: number): void {
    this.#pinned = id;
  }

  /** Training goes on from a moment before these: what came after it belongs to another past. */
  cut(step: number): void {
    for (const { id } of this.#moments.filter((moment) => moment.step > step)) if (!this.#bookmarks.has(id)) this.#drop(id);
  }

  #drop(id: number): void {
    this.#bytes -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
    this.#bookmarks.delete(id);
    this.#held.delete(id);
    if (this.#pinned === id) this.#pinned = null;
    this.#moments = this.#moments.filter((moment) => moment.id !== id);
  }

  /** Drops one; false when all that is left must stay. */
  #thin(newest: number): boolean {
    const now = this.#moments.at(-1)!.step;
    let chosen: number | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#moments.length - 1; i++) {
      const { id, step } = this.#moments[i]!;
      if (id === newest || id === this.#pinned || this.#bookmarks.has(id)) continue;
      // The first goes only when nothing else can.
      const gap = i === 0 ? Number.MAX_VALUE : (this.#moments[i + 1]!.step - this.#moments[i - 1]!.step) / (now - step + 1);
      if (gap < least) {
        least = gap;
        chosen = id;
      }
    }
    if (chosen === null) {
      // Too many bookmarks for the memory: the oldest goes.
      chosen = this.#moments.find(({ id }) => id !== newest && id !== this.#pinned)?.id ?? null;
    }
    if (chosen === null) return false;
    this.#drop(chosen);
    return true;
  }
}
