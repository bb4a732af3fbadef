/**
 * When training stops before its epochs are done: the validation loss no longer falls, the training loss lies on
 * a plateau, a target is met, or the time is up. Pure: it is told the score of each epoch and says what follows from it.
 */
import type { Stop } from '../graph/project';
import type { Score } from './metrics';

export type StopKind = 'patience' | 'plateau' | 'loss' | 'accuracy' | 'time';

export interface Verdict {
  /** No epoch so far had a smaller loss. */
  readonly best: boolean;
  readonly stop: { readonly kind: StopKind; readonly reason: string } | null;
}

/** What a rule remembers of the epochs so far. */
export interface Seen {
  readonly best: number;
  readonly bestEpoch: number;
  readonly mark: number;
  readonly waited: number;
  /** Smallest training loss after each of the latest epochs, as many as the rule for plateaus looks back; absent in old checkpoints. */
  readonly lows?: readonly number[];
}

/** A plateau is where the loss falls by no more than this share. */
export const USUAL_FALL = 0.01;

const short = (x: number): string => String(Number(x.toPrecision(4))).replace('-', '−');
const percent = (x: number): string => `${Number((100 * x).toPrecision(4))} %`;

export class Stopping {
  /** Smallest loss so far, and the epoch it was reached in. */
  #best = Number.POSITIVE_INFINITY;
  #bestEpoch = 0;
  /** The loss that a better one is measured against: it only moves when a loss is better by more than `change`. */
  #mark = Number.POSITIVE_INFINITY;
  #waited = 0;
  /** Smallest training loss so far, after each of the latest epochs. */
  #lows: number[] = [];

  constructor(readonly rules: Stop) {}

  /** Whether scores of every epoch are asked for. */
  get watches(): boolean {
    const { patience, plateau, loss, accuracy } = this.rules;
    return patience !== undefined || plateau !== undefined || loss !== undefined || accuracy !== undefined;
  }
  /** Whether the training rows are among them, although there are validation rows. */
  get watchesTraining(): boolean {
    return this.rules.plateau !== undefined;
  }
  /** Whether the weights of the best epoch are wanted back. */
  get restores(): boolean {
    const { patience, plateau, seconds } = this.rules;
    return patience !== undefined || plateau !== undefined || seconds !== undefined;
  }
  get best(): { readonly loss: number; readonly epoch: number } {
    return { loss: this.#best, epoch: this.#bestEpoch };
  }

  get seen(): Seen {
    return { best: this.#best, bestEpoch: this.#bestEpoch, mark: this.#mark, waited: this.#waited, lows: [...this.#lows] };
  }
  set seen({ best, bestEpoch, mark, waited, lows = [] }: Seen) {
    [this.#best, this.#bestEpoch, this.#mark, this.#waited, this.#lows] = [best, bestEpoch, mark, waited, [...lows]];
  }

  /** Forgets what was seen: training goes on from another moment. */
  restart(): void {
    this.#best = Number.POSITIVE_INFINITY;
    this.#mark = Number.POSITIVE_INFINITY;
    this.#waited = 0;
    this.#lows = [];
  }

  afterEpoch(epoch: number, train: Score | null, validation: Score | null): Verdict {
    const score = validation ?? train;
    if (score === null || !Number.isFinite(score.loss)) return { best: false, stop: null };
    const rows = validation === null ? 'training' : 'validation';
    const { patience, change = 0, loss, accuracy } = this.rules;
    const best = score.loss < this.#best;
    if (best) {
      this.#best = score.loss;
      this.#bestEpoch = epoch;
    }
    if (score.loss < this.#mark - change) {
      this.#mark = score.loss;
      this.#waited = 0;
    } else this.#waited++;
    if (loss !== undefined && score.loss <= loss)
      return { best, stop: { kind: 'loss', reason: `The ${rows} loss ${short(score.loss)} reached the target ${short(loss)}.` } };
    if (accuracy !== undefined && score.accuracy !== undefined && score.accuracy >= accuracy)
      return {
        best,
        stop: {
          kind: 'accuracy',
          reason: `The ${rows} accuracy ${percent(score.accuracy)} reached the target ${percent(accuracy)}.`,
        },
      };
    if (patience !== undefined && this.#waited >= patience) {
      const waited = patience === 1 ? 'in one epoch' : `for ${patience} epochs`;
      const least = change > 0 ? ` by more than ${short(change)}` : '';
      return { best, stop: { kind: 'patience', reason: `The ${rows} loss has not improved${least} ${waited}.` } };
    }
    return { best, stop: train === null ? null : this.#onPlateau(train.loss) };
  }

  /** The training loss has hardly fallen for so many epochs. Its smallest value counts, so that noise does not. */
  #onPlateau(loss: number): Verdict['stop'] {
    const { plateau, fall = USUAL_FALL } = this.rules;
    if (plateau === undefined || !Number.isFinite(loss)) return null;
    this.#lows.push(Math.min(loss, this.#lows.at(-1) ?? Number.POSITIVE_INFINITY));
    if (this.#lows.length <= plateau) return null;
    if (this.#lows.length > plateau + 1) this.#lows.shift();
    const [before, now] = [this.#lows[0]!, this.#lows.at(-1)!];
    if (before - now > fall * Math.abs(before)) return null;
    const over = plateau === 1 ? 'in one epoch' : `in ${plateau} epochs`;
    return {
      kind: 'plateau',
      reason: `The training loss fell by no more than ${percent(fall)} ${over}: from ${short(before)} to ${short(now)}.`,
    };
  }

  /** After that many seconds of training. */
  afterTime(seconds: number): Verdict['stop'] {
    const { seconds: most } = this.rules;
    if (most === undefined || seconds < most) return null;
    return { kind: 'time', reason: `The time limit of ${short(most)} seconds is up.` };
  }
}
