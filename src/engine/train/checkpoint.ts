/**
 * A checkpoint: all that training needs to go on exactly from where it stood, also in another process on
 * another day. Plain data, so that it can be sent and kept. The weights are apart from the optimizer's
 * memory, because they are what people want back without training on.
 */
import type { BufferId, Weights } from '../plan';
import type { Seen } from './stopping';
import type { Best } from './training';

/** The moment of the best epoch, whole, so that training can go on from it. */
export interface Back {
  readonly epoch: number;
  readonly step: number;
  readonly at: number;
  readonly loss: number | null;
  readonly state: Readonly<Record<BufferId, Float32Array>>;
}

export interface Checkpoint {
  readonly epoch: number;
  readonly step: number;
  /** Rows of the present epoch that are done. Their order follows from the seed and the epoch. */
  readonly at: number;
  /** Loss of the batch before. */
  readonly loss: number | null;
  readonly weights: Weights;
  /** The optimizer's memory, and what operations remember from step to step. */
  readonly slots: Readonly<Record<BufferId, Float32Array>>;
  /** Loss at the end of each epoch, where the schedule asks for it; NaN where it is not known. */
  readonly losses: readonly number[];
  /** What the rules for stopping early have seen. */
  readonly seen: Seen;
  /** The best weights so far, where they are kept beside. */
  readonly best?: Best | undefined;
  /** Where a rule for stopping early goes back to; absent where none does. */
  readonly back?: Back | undefined;
  /** How long it was trained; absent in old checkpoints. */
  readonly seconds?: number | undefined;
}

export const checkpointBytes = ({ weights, slots, best, back }: Checkpoint): number =>
  [
    ...[weights, best?.weights ?? {}].flatMap((some) => Object.values(some).map(({ data }) => data)),
    ...[slots, back?.state ?? {}].flatMap((some) => Object.values(some)),
  ].reduce((sum, { byteLength }) => sum + byteLength, 0);
