/**
 * Turns one number of the network by hand, on the drawing (a weight's line, a bias, a parameter that is a single number)
 * or in a heat map; by dragging, or by keys. The number is read once, at the first of them and not at a mere press; what the hand
 * does until it is there waits for it, and all of it is one step of undo.
 */
import type { Weights } from '../../engine/plan';
import type { Editor } from './editor.svelte';
import type { NumberPlace } from './numbers';
import { Stroke } from '../ui/stroke';
import { turned } from '../ui/turn';

/** Keys after such a silence, in ms, ask for the number anew: training may have gone on. */
const SILENCE = 600;

export class Turning {
  readonly #stroke = new Stroke();
  #reading: Promise<boolean> | null = null;
  #start = Number.NaN;
  #now = Number.NaN;
  #last = performance.now();

  constructor(
    readonly editor: Editor,
    /** What is turned: the part or the node. */
    readonly id: string,
    readonly place: NumberPlace,
    readonly read: () => Promise<Weights>,
    readonly onValue: (value: number) => void,
  ) {}

  /** Whether the number is there. If not, the device that holds it is gone; whoever trains says so. */
  async #begin(): Promise<boolean> {
    const { key, at } = this.place;
    try {
      this.#start = (await this.read())[key]?.data[at] ?? Number.NaN;
    } catch {
      return false;
    }
    this.#now = this.#start;
    return Number.isFinite(this.#start);
  }

  get isOld(): boolean {
    return performance.now() - this.#last > SILENCE;
  }

  drag(pixels: number, fine: boolean): void {
    this.#to(() => turned(this.#start, pixels, fine), true);
  }

  /** A tenth of its size more, or less; near 0 as if it were 0.1. */
  nudge(direction: 1 | -1): void {
    this.#last = performance.now();
    this.#to(() => {
      const size = 10 ** Math.floor(Math.log10(Math.max(Math.abs(this.#now), 0.1))) / 10;
      return Number((this.#now + direction * size).toPrecision(7));
    }, false);
  }

  /** The number that it was. */
  takeBack(): void {
    if (this.#reading !== null) this.#to(() => this.#start, true);
    this.end();
  }

  end(): void {
    void this.#reading?.then(() => this.#stroke.end());
  }

  #to(next: () => number, held: boolean): void {
    this.#reading ??= this.#begin();
    void this.#reading.then((isThere) => {
      const [before, after] = [this.#now, next()];
      if (!isThere || before === after) return;
      const { key, at } = this.place;
      let changed = false;
      this.#stroke.run(() => {
        changed = this.editor.editNumbers(`Change ${key}`, [{ kind: 'set', key, at, before, after }]);
      }, held);
      // The editor has said why not.
      if (!changed) return;
      this.#now = after;
      this.onValue(after);
    });
  }
}
