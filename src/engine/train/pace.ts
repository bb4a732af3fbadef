/**
 * How many steps the device is given at once, and how fast training is: runs grow until one takes some
 * milliseconds, so that whoever owns the thread gets a word often enough, and rarely enough.
 */

/** How long the device should work at once, in ms: two runs to a frame of the window. */
const RUN = 8;
/** Runs grow at most so much from one to the next, and shrink at most by half: single times mislead. */
const GROWTH = 4;
/** With a wished pace, about one run a frame. */
const FRAME = 16;
/** Waiting messages get a word after so many ms. */
const BREATH = 6;
const MOST_STEPS = 2 ** 20;

export class Pace {
  /** Steps a second at most, so that people can follow; Infinity for full speed. */
  wished = Number.POSITIVE_INFINITY;
  /** Steps a second by the clock, over windows of a quarter second. */
  rate = 0;
  #atOnce = 1;
  #window: { begin: number; steps: number } | null = null;
  /** When the next step is due, with a wished pace. */
  #due = 0;
  #breath = 0;

  start(now: number): void {
    this.#due = now;
    this.#breath = now;
  }

  get #limited(): boolean {
    return this.wished !== Number.POSITIVE_INFINITY;
  }

  /** Milliseconds to wait before the next run; 0: it may begin. */
  wait(now: number): number {
    if (!this.#limited) return 0;
    if (now < this.#due) return Math.min(this.#due - now, 50);
    // A late timer is made up for, but not a whole pause.
    this.#due = Math.max(this.#due, now - 250);
    return 0;
  }

  /** Steps that the next run should have at most. */
  get steps(): number {
    return this.#limited ? Math.min(this.#atOnce, Math.max(1, Math.ceil((this.wished * FRAME) / 1000))) : this.#atOnce;
  }

  /** A run of `steps` between two moments. One that was kept short on purpose says nothing about how many fit. */
  took(begin: number, end: number, steps: number, full = true): void {
    this.#due += (1000 * steps) / this.wished;
    const fitting = Math.floor((steps * RUN) / Math.max(end - begin, 1e-3));
    if (full) this.#atOnce = Math.max(1, this.#atOnce >> 1, Math.min(fitting, GROWTH * steps, MOST_STEPS));
    if (this.#window === null || begin - this.#window.begin > 1000) this.#window = { begin, steps: 0 };
    this.#window.steps += steps;
    const passed = end - this.#window.begin;
    if (passed < 250 && this.rate > 0) return;
    if (passed > 0) this.rate = (1000 * this.#window.steps) / passed;
    if (passed >= 250) this.#window = { begin: end, steps: 0 };
  }

  /** Whether it is time to let others in; asking makes it so. */
  breath(now: number): boolean {
    if (!this.#limited && now - this.#breath < BREATH) return false;
    this.#breath = now;
    return true;
  }
}
