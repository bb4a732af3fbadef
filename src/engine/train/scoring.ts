/**
 * Scores of the training and validation rows while it trains: when it is time for them, so that they cost
 * little and even a short run has a curve, and the best weights among them.
 */
import type { Dataset } from '../data/dataset';
import type { Score } from './metrics';
import type { Session, State } from './session';
import type { Best, CurvePoint, TrainerOptions } from './training';

/** Scoring takes at most one part in so many of the time, unless every epoch is asked for … */
const SHARE = 30;
/** … or the curve of a short run would have too few points: then in all so many ms more. */
const CURVE = 100;

export interface Scores {
  readonly train: Score | null;
  readonly validation: Score | null;
}

export class Scoring {
  /** The weights with the smallest loss among the scored epochs, where they are kept. */
  best: Best | null = null;
  #last = Number.NEGATIVE_INFINITY;
  /** The epoch that was scored last. */
  #scored = 0;
  /** Milliseconds that are left for points that the curve would lack. */
  #forCurve = 0;

  constructor(
    readonly session: Session,
    readonly data: Dataset,
    readonly options: TrainerOptions,
    readonly onPoint: (point: CurvePoint) => void,
  ) {}

  /** Training goes on from this epoch. */
  begin(epoch: number): void {
    this.#forCurve = CURVE;
    this.#scored = Math.min(this.#scored, epoch);
  }

  /** The curve of a run of so many epochs would have too few points without one here. */
  lacksPoint(epoch: number, epochs: number): boolean {
    const { leastPoints } = this.options;
    if (leastPoints === undefined || this.#forCurve <= 0) return false;
    return epoch - this.#scored >= Math.ceil(epochs / leastPoints);
  }

  /** By the clock. */
  isDue(): boolean {
    return this.options.now() - this.#last >= this.options.scoreEvery;
  }

  /** Of the present weights, or those of another moment. */
  async take(at: { readonly epoch: number; readonly step: number }, state?: State): Promise<Scores> {
    const { now, scoreEvery, keepsBest } = this.options;
    const begin = now();
    const { train, validation } = this.data.split;
    const scores: Scores = {
      train: await this.session.score(this.data, this.#some(train), state),
      validation: await this.session.score(this.data, this.#some(validation), state),
    };
    if (keepsBest && !state) await this.#remember(at.epoch, (scores.validation ?? scores.train)?.loss);
    if (scores.train) this.onPoint({ ...at, train: scores.train, validation: scores.validation });
    const took = now() - begin;
    this.#last = now() + (scoreEvery > 0 ? took * (SHARE - 1) : 0);
    this.#scored = at.epoch;
    if (at.step > 0) this.#forCurve -= took;
    return scores;
  }

  /** What rules watch at the end of every epoch: the validation rows alone, where there are some. No point of the curve. */
  async watch(epoch: number): Promise<Scores> {
    const validation = await this.session.score(this.data, this.#some(this.data.split.validation));
    if (this.options.keepsBest) await this.#remember(epoch, validation?.loss);
    return { train: null, validation };
  }

  #some(rows: Uint32Array): Uint32Array {
    const { scoreRows } = this.options;
    return rows.length > scoreRows ? rows.subarray(0, scoreRows) : rows;
  }

  async #remember(epoch: number, loss: number | undefined): Promise<void> {
    if (loss === undefined || !(loss < (this.best?.loss ?? Number.POSITIVE_INFINITY))) return;
    this.best = { epoch, loss, weights: await this.session.weights() };
  }
}
