/**
 * The order in which training takes its rows: every epoch is a shuffle of its own, by seed and number, so any
 * place of any epoch can be gone to. Batches are taken over many epochs at once, as a device runs them.
 */
import type { Epochs } from '../backends/cuts';
import { Random } from '../data/random';

/** Batches that come next. */
export interface Taken {
  /** Valid until rows are taken again. */
  readonly rows: Uint32Array;
  readonly epochs: Epochs;
  /** Epochs that end with them. */
  readonly finished: number;
}

export class RowOrder {
  #epoch = 0;
  #at = 0;
  /** The order of one epoch that was begun. */
  #begun: { readonly epoch: number; readonly rows: Uint32Array } | null = null;
  #room: Uint32Array = new Uint32Array();

  constructor(
    readonly rows: Uint32Array,
    readonly seed: number,
    readonly batch: number,
  ) {}

  /** Epochs that are done. */
  get epoch(): number {
    return this.#epoch;
  }
  /** Rows of the present epoch that are done. */
  get at(): number {
    return this.#at;
  }

  moveTo(epoch: number, at: number): void {
    this.#epoch = epoch;
    this.#at = at;
  }

  /** Rows of the batch that comes next. */
  coming(): Uint32Array {
    return this.#present().subarray(this.#at, this.#at + this.batch);
  }

  /**
   * `most` batches at most, of at least one: a part of the present epoch, or what is left of it and whole ones as
   * long as the next may follow. Does not move on.
   */
  take(most: number, mayFollow: (epoch: number) => boolean): Taken {
    const { length } = this.rows;
    const left = length - this.#at;
    const ofRest = Math.ceil(left / this.batch);
    if (most < ofRest) return this.#taken(this.#present().subarray(this.#at, this.#at + most * this.batch), 0);
    const whole = Math.ceil(length / this.batch);
    let more = 0;
    while (ofRest + (more + 1) * whole <= most && mayFollow(this.#epoch + more + 1)) more++;
    if (more === 0) return this.#taken(this.#present().subarray(this.#at), 1);
    const count = left + more * length;
    if (this.#room.length < count) this.#room = new Uint32Array(count);
    const rows = this.#room.subarray(0, count);
    rows.set(this.#present().subarray(this.#at));
    for (let k = 0; k < more; k++) this.#shuffle(this.#epoch + k + 1, rows.subarray(left + k * length, left + (k + 1) * length));
    return this.#taken(rows, 1 + more);
  }

  /** Past what was taken. */
  advance({ rows, finished }: Taken): void {
    this.moveTo(this.#epoch + finished, finished > 0 ? 0 : this.#at + rows.length);
  }

  #taken(rows: Uint32Array, finished: number): Taken {
    return { rows, epochs: { left: this.rows.length - this.#at, rows: this.rows.length }, finished };
  }

  #present(): Uint32Array {
    if (this.#begun?.epoch !== this.#epoch) {
      const rows = new Uint32Array(this.rows.length);
      this.#shuffle(this.#epoch, rows);
      this.#begun = { epoch: this.#epoch, rows };
    }
    return this.#begun!.rows;
  }

  #shuffle(epoch: number, into: Uint32Array): void {
    into.set(this.rows);
    new Random(this.seed, `epoch:${epoch}`).shuffle(into);
  }
}
