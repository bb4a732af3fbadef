/**
 * How a run's rows are cut into batches. A run may go over several epochs; each epoch ends with a batch of its
 * own, which may be shorter. All in closed form, so that a device can begin anywhere.
 */

/** What is left of the epoch under way, and how long each later one is, in rows. */
export interface Epochs {
  readonly left: number;
  readonly rows: number;
}

export class Cuts {
  readonly #left: number;
  readonly #epoch: number;

  /** Without epochs only the last batch of all may be shorter. */
  constructor(
    readonly rows: number,
    readonly batch: number,
    epochs?: Epochs,
  ) {
    this.#left = epochs?.left ?? rows;
    this.#epoch = Math.max(1, epochs?.rows ?? rows);
  }

  get count(): number {
    return this.before(this.rows);
  }

  /** Batches that end at `row` or before it, where `row` begins one or is the end. */
  before(row: number): number {
    if (row <= this.#left) return Math.ceil(row / this.batch);
    const later = row - this.#left;
    const whole = Math.ceil(this.#epoch / this.batch);
    return (
      Math.ceil(this.#left / this.batch) + Math.floor(later / this.#epoch) * whole + Math.ceil((later % this.#epoch) / this.batch)
    );
  }

  /** What follows from `row` on. */
  from(row: number): Epochs {
    const left = row < this.#left ? this.#left - row : this.#epoch - ((row - this.#left) % this.#epoch);
    return { left, rows: this.#epoch };
  }

  /** The end of the batches that begin at `from` and hold at most `most` rows together; of one at least. */
  until(from: number, most: number): number {
    const { left } = this.from(from);
    const whole = (rows: number): number => Math.floor(rows / this.batch) * this.batch;
    const beyond = most - left;
    const length =
      beyond < 0
        ? Math.min(left, Math.max(this.batch, whole(most)))
        : left + Math.floor(beyond / this.#epoch) * this.#epoch + whole(beyond % this.#epoch);
    return Math.min(this.rows, from + length);
  }
}
