/**
 * What is still to be done for the project as it is now: demands gather for a moment, so that a burst of
 * edits is one piece of work, and one piece of work at a time is under way.
 */
import type { Demands } from './follow';

/** `fresh`: it is another project, of whose training nothing stays. */
export interface Wanted extends Demands {
  readonly fresh: boolean;
}

const nothing: Wanted = { compile: false, tune: false, data: false, fresh: false };

export class Agenda {
  #wanted = nothing;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #under: Promise<void> | null = null;
  #stopped = false;
  readonly #work: (wanted: Wanted) => Promise<void>;

  constructor(work: (wanted: Wanted) => Promise<void>) {
    this.#work = work;
  }

  /** What is on the list, without the work under way. */
  get wanted(): Wanted {
    return this.#wanted;
  }

  /** Adds to the list without starting it: for work under way, which looks again when it is done. */
  add(more: Partial<Wanted>): void {
    const { compile, tune, data, fresh } = { ...nothing, ...more };
    const wanted = this.#wanted;
    this.#wanted = {
      compile: wanted.compile || compile,
      tune: wanted.tune || tune,
      data: wanted.data || data,
      fresh: wanted.fresh || fresh,
    };
  }

  /** Starts after `patience` ms without further demands. */
  want(more: Partial<Wanted>, patience: number): void {
    this.add(more);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#under ??= this.#settle().finally(() => {
        this.#under = null;
      });
    }, patience);
  }

  async #settle(): Promise<void> {
    while (!this.#stopped && Object.values(this.#wanted).some(Boolean)) {
      const wanted = this.#wanted;
      this.#wanted = nothing;
      await this.#work(wanted);
    }
  }

  /** Resolves when nothing is left to do. */
  async settled(): Promise<void> {
    while (this.#timer !== null || this.#under !== null) {
      if (this.#under !== null) await this.#under;
      else await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
