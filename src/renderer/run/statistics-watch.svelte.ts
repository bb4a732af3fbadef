/** Statistics of the layers, kept fresh while someone looks: every second or so while it trains, at once when it stands. */
import type { Statistics } from '../../engine/train/statistics';
import type { Run } from './run.svelte';

const EVERY = 900;

export class StatisticsWatch {
  statistics = $state.raw<Statistics | null>(null);

  readonly #run: Run;
  readonly #onFault: (error: unknown) => void;
  #asking = false;
  #again = false;
  #next = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(run: Run, onFault: (error: unknown) => void) {
    this.#run = run;
    this.#onFault = onFault;
  }

  refresh(): void {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    const wait = this.#run.running ? this.#next - performance.now() : 0;
    if (wait <= 0) {
      this.stop();
      void this.#ask();
    } else
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        void this.#ask();
      }, wait);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #ask(): Promise<void> {
    const run = this.#run;
    if (!run.canTrain) {
      this.statistics = null;
      return;
    }
    this.#asking = true;
    const begin = performance.now();
    try {
      this.statistics = await run.statistics();
    } catch (error) {
      // While a new plan is being loaded the old question has no answer; the next tick asks again.
      if (!run.compiling) this.#onFault(error);
    } finally {
      this.#asking = false;
      const took = performance.now() - begin;
      // A tenth of the time at most.
      this.#next = performance.now() + Math.max(EVERY, took * 9);
      if (this.#again) {
        this.#again = false;
        this.refresh();
      }
    }
  }
}
