/**
 * Which changes belong together. A control that changes a number many times, by keys held down or by a thumb
 * that is dragged, makes its changes inside one stroke; the editor asks for the stroke under way and makes
 * one undo step of it. A stroke of keys ends after a moment of silence, so that no control has to say when.
 */

/** Milliseconds without a key after which the next one is another wish. */
const SILENCE = 600;

let count = 0;
let now: string | undefined;

/** Name of the stroke that the present change is part of. */
export const strokeNow = (): string | undefined => now;

export class Stroke {
  #name: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Changes that `work` makes belong to those before, unless the stroke ended. `held`: silence does not end it. */
  run(work: () => void, held = false): void {
    clearTimeout(this.#timer);
    this.#name ??= `stroke ${++count}`;
    const outer = now;
    now = this.#name;
    try {
      work();
    } finally {
      now = outer;
    }
    if (!held) this.#timer = setTimeout(() => this.end(), SILENCE);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#name = null;
  }
}
