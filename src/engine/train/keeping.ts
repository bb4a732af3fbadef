/**
 * Which moments of training are kept for going back: those that somebody asked for, and as many others as
 * there is time and room for.
 */
import type { Session } from './session';
import { bytesOf, type Moment, Timeline } from './timeline';

/** States up to this size are kept in the middle of epochs too. */
const SMALL = 2 ** 18;
/** Keeping takes at most one part in so many of the time, and less where memory holds but a few states. */
const SHARE = 20;
const LARGE_SHARE = 80;
/** Small states are kept at least so often, in ms: a first copy may be slow for reasons of its own. */
const LONGEST = 10;

export type Place = Pick<Moment, 'epoch' | 'at' | 'step' | 'loss'>;

export class Keeping {
  readonly timeline: Timeline;
  /** The kept moment that the present state equals. */
  here: Moment | null = null;
  #next = Number.NEGATIVE_INFINITY;

  constructor(
    readonly session: Session,
    memory: number,
    readonly now: () => number,
  ) {
    this.timeline = new Timeline(memory);
  }

  /** Keeps the present moment, so that one can come back to it; null when states are too large for that. */
  async keep(place: Place): Promise<Moment | null> {
    if (this.here) return this.here;
    if (!this.timeline.holds(this.session.stateBytes)) return null;
    this.here = this.timeline.add({ ...place, state: await this.session.state() });
    return this.here;
  }

  /** Keeps it when there is time and room; `asked`: a step that somebody asked for, or the last one, always. */
  async keepSome(place: Place, milestone: boolean, asked: boolean): Promise<void> {
    const begin = this.now();
    if (asked) {
      await this.keep(place);
      return;
    }
    if (begin < this.#next) return;
    const newest = this.timeline.moments.at(-1);
    const large = newest !== undefined && bytesOf(newest.state) > SMALL;
    if (!milestone && large) return;
    await this.keep(place);
    const took = this.now() - begin;
    this.#next = this.now() + (large ? took * (LARGE_SHARE - 1) : Math.min(took * (SHARE - 1), LONGEST));
  }
}
