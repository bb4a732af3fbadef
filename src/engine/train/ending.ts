/** Ends training by its rules: keeps the moment of the best epoch meanwhile, and says which weights come back. */
import type { Stop } from '../graph/project';
import type { Back } from './checkpoint';
import type { Keeping, Place } from './keeping';
import type { Scores } from './scoring';
import type { Session } from './session';
import { type Seen, type StopKind, Stopping } from './stopping';
import type { Moment } from './timeline';

export interface End {
  readonly kind: StopKind;
  readonly reason: string;
  /** The moment to go back to; null: the present weights are the best, or stay. */
  readonly back: Moment | null;
  /** Whether the curve has a point of that moment. */
  readonly backHasPoint: boolean;
}

/** A moment that the timeline does not hold. */
const ELSEWHERE = 0;

const placeOf = ({ epoch, step, at, loss }: Place): Place => ({ epoch, step, at, loss });

export class Ending {
  #stopping: Stopping;
  /** The epoch with the smallest loss, while rules ask for it. */
  #best: Moment | null = null;
  /** Whether all rows were scored there, so that the curve has a point of it. */
  #bestHasPoint = false;

  constructor(
    rules: Stop,
    readonly session: Session,
    readonly keeping: Keeping,
  ) {
    this.#stopping = new Stopping(rules);
  }

  /** What was seen so far counts for the new rules only from now on. */
  set rules(rules: Stop) {
    this.#stopping = new Stopping(rules);
    this.#best = null;
  }

  /** Whether scores of every epoch are asked for. */
  get watches(): boolean {
    return this.#stopping.watches;
  }

  get watchesTraining(): boolean {
    return this.#stopping.watchesTraining;
  }

  get seen(): Seen {
    return this.#stopping.seen;
  }
  set seen(seen: Seen) {
    this.#stopping.seen = seen;
  }

  /** For a checkpoint. */
  get back(): Back | undefined {
    const best = this.#best;
    return best === null ? undefined : { ...placeOf(best), state: Object.fromEntries(best.state) };
  }
  /** As it was noted in another session. */
  set back(back: Back | undefined) {
    this.#best = back === undefined ? null : { ...placeOf(back), id: ELSEWHERE, state: new Map(Object.entries(back.state)) };
    this.#bestHasPoint = false;
  }

  /** The weights are others than those that were seen. */
  forgetBest(): void {
    this.#best = null;
  }
  restart(): void {
    this.#stopping.restart();
  }

  /** After a run of the device, with scores where an epoch ended. Null: training goes on. */
  async after(place: Place, scored: Scores | null, seconds: number): Promise<End | null> {
    const stopping = this.#stopping;
    let stop = stopping.afterTime(seconds);
    if (scored) {
      const verdict = stopping.afterEpoch(place.epoch, scored.train, scored.validation);
      stop = verdict.stop ?? stop;
      if (verdict.best && stopping.restores) {
        await this.#keepBest(place);
        this.#bestHasPoint = scored.train !== null;
      }
    }
    if (!stop) return null;
    const best = stop.kind === 'loss' || stop.kind === 'accuracy' ? null : this.#best;
    return { ...stop, back: best !== null && best.step < place.step ? best : null, backHasPoint: this.#bestHasPoint };
  }

  async #keepBest(place: Place): Promise<void> {
    // A state that is too large for the timeline is kept all the same: one of them is affordable.
    this.#best = (await this.keeping.keep(place)) ?? { id: ELSEWHERE, ...place, state: await this.session.state() };
    this.keeping.timeline.pin(this.#best.id);
  }
}
