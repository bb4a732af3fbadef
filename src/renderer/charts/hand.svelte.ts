/**
 * The hand that turns numbers in a plot whose field is cells, one unit wide and high, such as the weights of a layer:
 * a cell is dragged, or, where the reading cursor is, changed by plus and minus. What a number is, and whether it may be
 * turned at all, says whoever shows the plot.
 */
import type { Turning } from '../editor/turning';
import { numberText } from '../ui/format';
import { SLACK } from '../ui/turn';
import type { Point } from './picture';
import type { Reader } from './reader.svelte';

/** Takes the number at a point into the hand; null: it may not be turned. */
export type Turn = (point: Point, onValue: (value: number) => void) => Turning | null;

type At = readonly [number, number];

const SIGNS: Readonly<Record<string, 1 | -1>> = { '+': 1, '=': 1, '-': -1, '−': -1 };
/** Cells that are smaller than this, in pixels, cannot be aimed at: the pointer zooms them first. */
const AIMED = 7;

export class Hand {
  #held: { readonly turning: Turning; readonly from: At; moved: boolean } | null = null;
  #byKey: { readonly turning: Turning; readonly x: number; readonly y: number } | null = null;

  constructor(
    readonly reader: Reader,
    readonly turn: () => Turn | undefined,
  ) {}

  get holds(): boolean {
    return this.#held !== null;
  }

  /** Whether it takes what is pressed. */
  press(at: At): boolean {
    const { reader } = this;
    const { plane } = reader;
    if (plane === null) return false;
    const [wide, high] = [plane.toX(1) - plane.toX(0), Math.abs(plane.toY(1) - plane.toY(0))];
    const place = reader.hit(at);
    const point = reader.pointAt(place);
    const turning = point === null || wide < AIMED || high < AIMED ? null : (this.turn()?.(point, () => {}) ?? null);
    if (turning === null) return false;
    reader.pointed = place;
    this.#held = { turning, from: at, moved: false };
    return true;
  }

  /** Right or up for more; `fine`: in small steps. */
  drag([x, y]: At, fine: boolean): void {
    if (this.#held === null) return;
    const { turning, from, moved } = this.#held;
    const pixels = x - from[0] - (y - from[1]);
    if (!moved && Math.abs(pixels) < SLACK) return;
    this.#held.moved = true;
    turning.drag(pixels, fine);
  }

  letGo(takesBack: boolean): void {
    const held = this.#held;
    this.#held = null;
    if (takesBack) held?.turning.takeBack();
    else held?.turning.end();
  }

  /** Whether the key meant something. */
  key({ key, altKey, ctrlKey, metaKey }: KeyboardEvent): boolean {
    if (key === 'Escape' && this.holds) {
      this.letGo(true);
      return true;
    }
    const sign = SIGNS[key];
    const command = ctrlKey || metaKey || altKey;
    // Any other key may change the number: undo, above all. Shift only helps to write a plus.
    if (command || (sign === undefined && key !== 'Shift')) this.#byKey = null;
    return sign !== undefined && !command && this.#nudge(sign);
  }

  #nudge(direction: 1 | -1): boolean {
    const { reader } = this;
    const turn = this.turn();
    if (!turn || reader.cursor === null || reader.point === null) return false;
    const { x, y } = reader.point;
    if (this.#byKey?.x !== x || this.#byKey.y !== y || this.#byKey.turning.isOld) {
      const turning = turn(reader.point, (value) => {
        reader.said = numberText(value, 4);
      });
      this.#byKey = turning && { turning, x, y };
    }
    this.#byKey?.turning.nudge(direction);
    return this.#byKey !== null;
  }
}
