/** The learning rate over the epochs of one run: the schedule's factor, and the losses that some schedules watch. */
import { rateFactor, scheduleOf } from './schedules';
import type { Session } from './session';
import type { Moment } from './timeline';

/** Losses at most: far more epochs than anybody trains, and a list that can still be sent. */
const MOST = 10_000_000;

export class Rate {
  /** Loss at the end of each epoch of this training, kept where the schedule asks for it; NaN where nobody looked. */
  #course: number[] = [];
  /** The losses that count: of this training, or those that a moment of another brought along. */
  #losses: readonly number[] = this.#course;
  /** The epoch that the rate was last set for. */
  #setFor = -1;

  constructor(readonly session: Session) {}

  get losses(): readonly number[] {
    return this.#losses;
  }
  set losses(losses: readonly number[]) {
    this.#course = [...losses];
    this.#losses = this.#course;
  }

  /** The losses that lead to this moment, and perhaps on from it. */
  lossesOf({ losses }: Pick<Moment, 'losses'>): readonly number[] {
    return losses ?? this.#course;
  }

  /** Training stands at this moment. What came after it stays known, for one may go forth again. */
  standAt(moment: Pick<Moment, 'losses'>): void {
    this.#losses = this.lossesOf(moment);
  }

  /** Training goes on from after so many epochs: what came later belongs to another past. */
  cut(epochs: number): void {
    this.losses = this.#losses.slice(0, epochs);
  }

  /** The loss after so many epochs. */
  note(epochs: number, loss: number): void {
    if (epochs > MOST) return;
    // Training may have come here without losses. A list with holes would be no list in a file.
    while (this.#course.length < epochs) this.#course.push(Number.NaN);
    this.#course[epochs - 1] = loss;
  }

  /** Whether the schedule depends on how training goes. */
  get watches(): boolean {
    const { schedule } = this.session.plans;
    return schedule !== undefined && scheduleOf(schedule.kind)?.watches === true;
  }

  /** For a step of this epoch, of so many. */
  setFor(epoch: number, epochs: number): void {
    if (this.#setFor === epoch) return;
    this.session.scaleRate(this.#factor(epoch, epochs));
    this.#setFor = epoch;
  }

  /** Whether the next epoch has the rate of the present one. */
  isSteadyTo(epoch: number, epochs: number): boolean {
    if (this.session.plans.schedule === undefined) return true;
    return !this.watches && this.#factor(epoch, epochs) === this.session.rateFactor;
  }

  #factor(epoch: number, epochs: number): number {
    return rateFactor(this.session.plans.schedule, { epoch, epochs, losses: this.#losses.slice(0, epoch) });
  }

  /** The factor in the epoch before these were done. */
  factorBefore(epoch: number, epochs: number): number {
    return this.#factor(Math.max(0, epoch - 1), epochs);
  }

  /** Training stands elsewhere, or an epoch has ended: the rate is asked for anew. */
  ask(): void {
    this.#setFor = -1;
  }
}
