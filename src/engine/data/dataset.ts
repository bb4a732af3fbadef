/**
 * A data set ready for training: numbers only, encoded and scaled, with its split. How it came to be
 * (files, generators) is elsewhere; what is needed to read its numbers back for people is kept here.
 */
import type { DerivedKind } from '../graph/project';

export type Task = 'regression' | 'binary' | 'multiclass';

/** A function of columns that was computed before scaling. */
export interface Derivation {
  readonly kind: DerivedKind;
  /** Columns of the table. */
  readonly of: readonly string[];
}

/** One encoded column, and how to read it: original = encoded · deviation + mean. */
export interface EncodedColumn {
  /** `age`, `species=setosa` for one category of a one-hot coded column, `area²` for a function of one. */
  readonly name: string;
  /** The column of the table it comes from. */
  readonly source: string;
  readonly mean: number;
  readonly deviation: number;
  /** `original` is this function of the table's columns; absent: the column itself. */
  readonly derivation?: Derivation;
}

export interface SplitRows {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/** The features are the pixels of one picture: channel after channel, row by row. */
export interface Picture {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Range of the pixels in their own units. */
  readonly low: number;
  readonly high: number;
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
  readonly picture?: Picture;
  /** The column by which rows are weighed in the loss. */
  readonly weighedBy?: string;
}

export interface Dataset extends DatasetInfo {
  /** rows × features.length, row-major. */
  readonly x: Float32Array;
  /** rows × targets.length, row-major. Binary: 0 or 1. Multiclass: one-hot. */
  readonly y: Float32Array;
  readonly split: SplitRows;
  /** How much each row counts in the loss, 1 on average over the training rows; absent: all count 1. */
  readonly weights?: Float32Array;
}

/** A drawing that takes nothing from data (L = θ²) trains on one empty row. */
export const emptyRow: Dataset = {
  name: 'no data',
  rows: 1,
  task: 'regression',
  features: [],
  targets: [],
  classes: [],
  notes: [],
  x: new Float32Array(),
  y: new Float32Array(),
  split: { train: Uint32Array.of(0), validation: new Uint32Array(), test: new Uint32Array() },
};
