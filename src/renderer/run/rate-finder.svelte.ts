/** The learning-rate finder as the window sees it: the curve while it grows, and what it says in the end. */
import type { EngineApi, RateStep, RateVerdict } from '../../engine/api';

export interface RateFinderLinks {
  readonly api: () => Pick<EngineApi, 'testRates' | 'stopTestingRates'>;
  /** What was edited is loaded, and nothing trains. */
  readonly ready: () => Promise<void>;
}

export class RateFinder {
  steps = $state.raw<readonly RateStep[]>([]);
  verdict = $state.raw<RateVerdict | null>(null);
  running = $state(false);
  /** Why there is no verdict. */
  fault = $state<string | null>(null);

  readonly #links: RateFinderLinks;
  #asked = 0;

  constructor(links: RateFinderLinks) {
    this.#links = links;
  }

  receive(steps: readonly RateStep[]): void {
    if (this.running) this.steps = [...this.steps, ...steps];
  }

  async start(): Promise<void> {
    const asked = ++this.#asked;
    this.steps = [];
    this.verdict = null;
    this.fault = null;
    this.running = true;
    try {
      await this.#links.ready();
      const verdict = asked === this.#asked ? await this.#links.api().testRates() : null;
      if (asked !== this.#asked) return;
      this.verdict = verdict;
      if (verdict !== null) this.steps = verdict.steps;
      else this.fault = 'It was stopped, because something else was asked for. Try the rates again.';
    } catch (error) {
      if (asked === this.#asked) this.fault = error instanceof Error ? error.message : String(error);
    }
    this.running = false;
  }

  async stop(): Promise<void> {
    this.#asked++;
    this.running = false;
    // A worker that is gone has stopped as well.
    await this.#links
      .api()
      .stopTestingRates()
      .catch(() => undefined);
  }
}
