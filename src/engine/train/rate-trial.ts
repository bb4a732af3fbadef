/**
 * A test of learning rates as people follow it: in pieces, with news of the rates that were tried, and ended by
 * whatever they ask for next. It works on a copy of the network, so training is not touched.
 */
import type { Bench } from './bench';
import { judgeRates, type RateStep, type RateVerdict, testRates } from './rate-test';

/** Between two pieces of news, in ms. */
const NEWS_EVERY = 40;

export class RateTrial {
  /** While rates are tried; `on` turns false when that is to stop. */
  #trying: { on: boolean } | null = null;

  constructor(
    readonly bench: Bench,
    readonly tell: (steps: readonly RateStep[]) => void,
  ) {}

  stop(): void {
    if (this.#trying) this.#trying.on = false;
  }

  /** Null: it was stopped. */
  async hold(): Promise<RateVerdict | null> {
    const { session, rows, settings } = this.bench;
    if (!session?.train) throw new Error('There is nothing to train yet: draw a network with a loss first.');
    const { backends, breathe, now } = this.bench.links;
    const trying = { on: true };
    this.#trying = trying;
    let last = now();
    let fresh: RateStep[] = [];
    try {
      const steps = await testRates(session.plans, rows, backends, {
        batch: settings.batch,
        seed: settings.seed,
        weights: await session.weights(),
        hyper: session.hyper,
        onStep: (step) => fresh.push(step),
        breathe: async () => {
          if (now() - last < NEWS_EVERY) return trying.on;
          this.tell(fresh);
          fresh = [];
          await breathe();
          last = now();
          return trying.on;
        },
      });
      return steps && judgeRates(steps);
    } finally {
      this.#trying = null;
    }
  }
}
