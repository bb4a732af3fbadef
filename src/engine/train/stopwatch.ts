/**
 * How long a run was trained, over all its pauses: what a time limit counts. It stands while training stands, and
 * goes into checkpoints, so that a run that is brought back or taken over has only what is left of its time.
 */
export class Stopwatch {
  #before = 0;
  #since: number | null = null;

  constructor(
    /** In ms. */
    readonly now: () => number,
  ) {}

  get seconds(): number {
    return this.#before + (this.#since === null ? 0 : (this.now() - this.#since) / 1000);
  }
  set seconds(seconds: number) {
    this.#before = seconds;
    if (this.#since !== null) this.#since = this.now();
  }

  start(now: number): void {
    this.#since = now;
  }

  stop(): void {
    this.#before = this.seconds;
    this.#since = null;
  }
}
