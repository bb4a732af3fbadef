/** What an adapter of a rival offers: one workload set up, and steps of it, as fast as the rival can. */
import type { Numbers, Workload } from '../workloads';

export interface RivalNet {
  /** Waits for the device at the end. */
  run(steps: number): Promise<void>;
  /** Weight, bias, weight, bias … as `parametersOf` gives them; null: it cannot start from ours. */
  readonly parameters: (() => Promise<readonly ArrayLike<number>[]>) | null;
  /** Rows that one step trains on. */
  readonly rows: number;
}

export type Rival = (w: Workload, data: Numbers, parameters: readonly Float32Array[]) => Promise<RivalNet>;

/** What the page and the measuring process say to each other. */
export interface Chunk {
  readonly steps: number;
  readonly ms: number;
}

/** Every batch's part of row-major numbers. */
export function batchesOf(w: Workload, numbers: Float32Array, width: number): Float32Array[] {
  const size = w.batch * width;
  return Array.from({ length: w.batches }, (_, at) => numbers.slice(at * size, (at + 1) * size));
}

/** Inputs and outputs of layer `at`. */
export const sizesOf = ({ dims }: Workload, at: number): [number, number] => [dims[at]!, dims[at + 1]!];
