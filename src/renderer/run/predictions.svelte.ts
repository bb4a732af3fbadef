/**
 * The network's answers on one part of the data, kept fresh while someone looks: a few times a second
 * while it trains (then on the first rows only, so that training stays fast), on all rows when it stands.
 */
import type { Dataset } from '../../engine/data/dataset';
import type { Takes } from './answers';
import type { Run } from './run.svelte';

export type Part = 'test' | 'validation' | 'train';

export interface Predicted {
  readonly part: Part;
  readonly rows: Uint32Array;
  /** Rows that the part has. */
  readonly of: number;
  readonly dataset: Dataset;
  readonly takes: Takes;
  /** Row-major; as wide as the targets. */
  readonly values: Float32Array;
  readonly targets: Float32Array;
}

/** Milliseconds between questions, and rows asked for, while training. */
const EVERY = 350;
const LIVE_ROWS = 1000;
const MOST_ROWS = 20_000;

export const partsOf = (dataset: Dataset): readonly Part[] =>
  (['test', 'validation', 'train'] as const).filter((part) => dataset.split[part].length > 0);

export class Predictions {
  answer = $state.raw<Predicted | null>(null);

  readonly #run: Run;
  readonly #onFault: (error: unknown) => void;
  #part: Part = 'test';
  #asking = false;
  #again = false;
  #last = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(run: Run, onFault: (error: unknown) => void) {
    this.#run = run;
    this.#onFault = onFault;
  }

  /** The weights may have changed, or another part is wanted: asks now, or when it is time again. */
  refresh(part: Part): void {
    const other = part !== this.#part;
    this.#part = part;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    const wait = this.#run.running && !other ? this.#last + EVERY - performance.now() : 0;
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
    const { dataset, prediction } = run;
    if (dataset === null || prediction === null || !run.canPredict) {
      this.answer = null;
      return;
    }
    const part = this.#part;
    const all = dataset.split[part];
    const rows = all.slice(0, run.running ? LIVE_ROWS : MOST_ROWS);
    this.#asking = true;
    const begin = performance.now();
    try {
      const { width, values } = await run.predict([...rows]);
      const outs = dataset.targets.length;
      // Data that were exchanged meanwhile, or a prediction that is no answer to the targets.
      if (run.dataset !== dataset || width !== outs || values.length !== rows.length * outs) this.answer = null;
      else {
        const targets = new Float32Array(rows.length * outs);
        for (let at = 0; at < rows.length; at++)
          targets.set(dataset.y.subarray(rows[at]! * outs, (rows[at]! + 1) * outs), at * outs);
        this.answer = { part, rows, of: all.length, dataset, takes: prediction.takes, values, targets };
      }
    } catch (error) {
      // While a new plan is being loaded the old question has no answer; the next tick asks again.
      if (!run.compiling) this.#onFault(error);
    } finally {
      this.#asking = false;
      // Questions that take long are asked more rarely: they may have a fifth of the time.
      this.#last = performance.now() + (performance.now() - begin) * 4;
      if (this.#again) {
        this.#again = false;
        this.refresh(this.#part);
      }
    }
  }
}
