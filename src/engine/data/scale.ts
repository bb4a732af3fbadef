/** How numbers are brought to a common size: an affine map, fitted on the training rows only. */
import type { ScaleKind } from '../graph/project';
import type { EncodedColumn } from './dataset';
import { DataFault } from './fault';
import type { Column, Table } from './table';

/** How one feature or target is written into the rows of the data set. */
export interface Writer {
  readonly columns: readonly EncodedColumn[];
  /** Called for each kept row, with where its part of the row starts. */
  write(row: number, out: Float32Array, at: number): void;
  /** The table's columns that are read. */
  readonly from: readonly Column[];
  /** Deviation of the written numbers over the training rows: what noise is measured by; 0 where noise has no sense. */
  readonly spread?: number;
}

export interface Fit {
  readonly mean: number;
  readonly deviation: number;
  readonly low: number;
  readonly high: number;
}

/** Mean and standard deviation over the training rows, in two passes for accuracy. */
export function fitScale(name: string, value: (row: number) => number, train: Uint32Array): Fit {
  let [sum, present, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of train) {
    const number = value(row);
    if (Number.isNaN(number)) continue;
    sum += number;
    present++;
    if (number < low) low = number;
    if (number > high) high = number;
  }
  const mean = present > 0 ? sum / present : 0;
  let squares = 0;
  for (const row of train) {
    const number = value(row);
    if (!Number.isNaN(number)) squares += (number - mean) * (number - mean);
  }
  const deviation = present > 0 ? Math.sqrt(squares / present) : 0;
  if (!Number.isFinite(deviation))
    throw new DataFault(
      `The column '${name}' holds numbers up to ${Math.max(Math.abs(low), Math.abs(high))}, which are too large to be learned from. Correct them or leave the column out.`,
    );
  // Rounding leaves a constant column with a tiny deviation; dividing by that would blow it up.
  const spread = deviation > 1e-9 * Math.max(1e-30, Math.abs(mean)) ? deviation : 0;
  return { mean, deviation: spread, low: present > 0 ? low : 0, high: present > 0 ? high : 0 };
}

/** encoded = (number − shift) / factor. */
export function affine(kind: ScaleKind, fit: Fit): { readonly shift: number; readonly factor: number } {
  if (kind === 'standardise') return { shift: fit.mean, factor: fit.deviation > 0 ? fit.deviation : 1 };
  if (kind === 'min-max') return { shift: fit.low, factor: fit.high > fit.low ? fit.high - fit.low : 1 };
  return { shift: 0, factor: 1 };
}

/** Beyond this a square, as every loss takes one, is infinite in float32. */
const REACH = 1e18;

export function inReach(encoded: number, name: string, original: number, table: Table, row: number): number {
  if (Math.abs(encoded) < REACH) return encoded;
  throw new DataFault(
    `Row ${table.rowNumber(row)} of '${name}' holds ${original}, which is too far from the other values to be learned from. Correct the row or leave it out.`,
  );
}
