/**
 * A checkpoint: all that training needs to go on exactly from where it stood, also in another process on
 * another day. Plain data, so that it can be sent and kept. The weights are apart from the optimizer's
 * memory, because they are what people want back without training on.
 */
import type { BufferId, Weights } from '../plan';
import type { Seen } from './stopping';

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
  /** Loss at the end of each epoch, where the schedule asks for it. */
  readonly losses: readonly number[];
  /** What the rules for stopping early have seen. */
  readonly seen: Seen;
}

export const checkpointBytes = ({ weights, slots }: Checkpoint): number =>
  [...Object.values(weights).map(({ data }) => data), ...Object.values(slots)].reduce(
    (sum, { byteLength }) => sum + byteLength,
    0,
  );
