/**
 * The weights as the page knows them: fresh while someone looks at them, else a spare copy now and then,
 * from which training can go on when a device is lost.
 */
import type { Weights } from '../../engine/api';

/** Milliseconds between readings while training: for people, and for the spare copy. */
const LOOK_EVERY = 400;
const SPARE_EVERY = 3000;

export class WeightWatch {
  weights = $state.raw<Weights | null>(null);

  readonly #read: () => Promise<Weights>;
  readonly #onFault: (error: unknown) => void;
  #watchers = 0;
  #last = 0;
  #reading = false;
  #again = false;

  constructor(read: () => Promise<Weights>, onFault: (error: unknown) => void) {
    this.#read = read;
    this.#onFault = onFault;
  }

  /** Keeps `weights` fresh until the function that it returns is called. */
  watch(): () => void {
    this.#watchers++;
    void this.look(true);
    return () => {
      this.#watchers--;
    };
  }

  /** `now`: training stands still, so this reading must not be left out. */
  async look(now: boolean): Promise<void> {
    if (this.#reading) {
      this.#again ||= now;
      return;
    }
    const time = performance.now();
    if (!now && time - this.#last < (this.#watchers > 0 ? LOOK_EVERY : SPARE_EVERY)) return;
    this.#reading = true;
    this.#last = time;
    try {
      this.weights = await this.#read();
    } catch (error) {
      this.#onFault(error);
    } finally {
      this.#reading = false;
      if (this.#again) {
        this.#again = false;
        void this.look(true);
      }
    }
  }
}
