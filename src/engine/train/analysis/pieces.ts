/**
 * Long work beside training, cut into pieces: after each piece the worker's other work has its turn, and while a
 * network trains so long a rest that the pieces take a bounded share of the time.
 */

/** While it trains, one part in so many of the time. */
const SHARE = 20;
/** While nothing trains, others get a word after so many ms. */
const BREATH = 8;

export interface Clock {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Lets waiting messages in. */
  readonly breathe: () => Promise<void>;
}

export class Pieces {
  #begun: number;

  constructor(
    readonly clock: Clock,
    readonly trains: () => boolean,
  ) {
    this.#begun = clock.now();
  }

  /** Between two pieces. */
  async rest(): Promise<void> {
    const worked = this.clock.now() - this.#begun;
    if (this.trains()) await this.clock.sleep(worked * (SHARE - 1));
    else if (worked < BREATH) return;
    await this.clock.breathe();
    this.#begun = this.clock.now();
  }
}
