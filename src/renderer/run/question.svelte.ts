/**
 * An answer of the engine, kept fresh while someone looks: at once when training stands, else now and then, so that
 * asking takes a bounded share of the time. Made while a component is set up, it lives as long as that.
 */
import { untrack } from 'svelte';
import type { Run } from './run.svelte';

interface Pace {
  /** Milliseconds from one answer to the next question, at least, while it trains. */
  readonly every: number;
  /** Asking may take one part in so many of the time. */
  readonly share: number;
}

export class Question<T> {
  answer = $state.raw<T | null>(null);
  asking = $state(false);

  readonly #run: () => Run;
  readonly #ask: (run: Run) => Promise<T>;
  readonly #onFault: (error: unknown) => void;
  readonly #pace: Pace;
  #again = false;
  #next = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `on`: reads what the question depends on besides the network as it stands. */
  constructor(
    run: () => Run,
    ask: (run: Run) => Promise<T>,
    onFault: (error: unknown) => void,
    { on = () => {}, ...pace }: Partial<Pace> & { readonly on?: () => void } = {},
  ) {
    this.#run = run;
    this.#ask = ask;
    this.#onFault = onFault;
    this.#pace = { every: 900, share: 10, ...pace };
    $effect(() => {
      const { tick, running, canTrain } = run();
      void [tick, running, canTrain];
      untrack(() => this.#refresh());
    });
    $effect(() => {
      on();
      untrack(() => {
        // Another question: nobody waits for its turn.
        this.#next = 0;
        this.#refresh();
      });
    });
    $effect(() => () => this.#stop());
  }

  #refresh(): void {
    if (this.asking) {
      this.#again = true;
      return;
    }
    const wait = this.#run().running ? this.#next - performance.now() : 0;
    if (wait <= 0) {
      this.#stop();
      void this.#put();
    } else
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        void this.#put();
      }, wait);
  }

  #stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #put(): Promise<void> {
    const run = this.#run();
    if (!run.canTrain) {
      this.answer = null;
      return;
    }
    this.asking = true;
    const begin = performance.now();
    try {
      this.answer = await this.#ask(run);
    } catch (error) {
      // While a new plan is being loaded the old question has no answer; the next tick asks again.
      if (!run.compiling) this.#onFault(error);
    } finally {
      this.asking = false;
      const { every, share } = this.#pace;
      this.#next = performance.now() + Math.max(every, (performance.now() - begin) * (share - 1));
      if (this.#again) {
        this.#again = false;
        this.#refresh();
      }
    }
  }
}
