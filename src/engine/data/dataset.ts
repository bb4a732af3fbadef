/**
 * A data set ready for training: numbers only, encoded and scaled, with its split. How it came to be
 * (files, generators) is elsewhere; what is needed to read its numbers back for people is kept here.
 */
export type Task = 'regression' | 'binary' | 'multiclass';

/** One encoded column, and how to read it: original = encoded · deviation + mean. */
export interface EncodedColumn {
  /** `age`, or `species=setosa` for one category of a one-hot coded column. */
  readonly name: string;
  /** The column of the table it comes from. */
  readonly source: string;
  readonly mean: number;
  readonly deviation: number;
}

export interface SplitRows {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/** All but the numbers: small, sent freely. */
export interface DatasetInfo {
  readonly name: string;
  readonly rows: number;
  readonly task: Task;
  readonly features: readonly EncodedColumn[];
  readonly targets: readonly EncodedColumn[];
  /** Class names in the order of the one-hot targets; for binary: [negative, positive]. Empty: regression. */
  readonly classes: readonly string[];
  /** What was left out or filled in while reading, for people. */
  readonly notes: readonly string[];
}

export interface Dataset extends DatasetInfo {
  /** rows × features.length, row-major. */
  readonly x: Float32Array;
  /** rows × targets.length, row-major. Binary: 0 or 1. Multiclass: one-hot. */
  readonly y: Float32Array;
  readonly split: SplitRows;
}
