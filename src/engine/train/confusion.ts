/**
 * How answers and truths meet, class by class: the confusion matrix and what is read off it. Works on
 * encoded predictions and targets, as the engine gives them.
 */
import { classOf, type Takes } from './metrics';

export interface Confusion {
  /** Number of classes. */
  readonly size: number;
  /** size × size: rows are true classes, columns what was predicted. */
  readonly counts: Uint32Array;
  readonly total: number;
  /** Per asked row, in its order. */
  readonly truth: Uint8Array | Uint16Array;
  readonly predicted: Uint8Array | Uint16Array;
}

export interface ClassScore {
  /** Of the rows that were given this class, the share that have it; NaN when none was. */
  readonly precision: number;
  /** Of the rows that have this class, the share that were given it; NaN when none has. */
  readonly recall: number;
  /** Harmonic mean of both. */
  readonly f1: number;
  /** Rows that have this class. */
  readonly support: number;
}

/** `classes` names every class; with one output there are two. Predictions and targets are row-major. */
export function confusionOf(
  predictions: Float32Array,
  targets: Float32Array,
  width: number,
  classes: number,
  takes: Takes,
): Confusion {
  const rows = width > 0 ? Math.floor(predictions.length / width) : 0;
  const size = Math.max(2, classes);
  const counts = new Uint32Array(size * size);
  const truth = new Uint16Array(rows);
  const predicted = new Uint16Array(rows);
  for (let row = 0; row < rows; row++) {
    truth[row] = classOf(targets, row * width, width, 'probability');
    predicted[row] = classOf(predictions, row * width, width, takes);
    counts[truth[row]! * size + predicted[row]!]!++;
  }
  return { size, counts, total: rows, truth, predicted };
}

export function classScores({ size, counts }: Confusion): readonly ClassScore[] {
  return Array.from({ length: size }, (_, k) => {
    const hit = counts[k * size + k]!;
    let [support, given] = [0, 0];
    for (let other = 0; other < size; other++) {
      support += counts[k * size + other]!;
      given += counts[other * size + k]!;
    }
    const [precision, recall] = [hit / given, hit / support];
    // F1 = 2·hit / (support + given), which is also right where precision or recall has no value.
    return { precision, recall, f1: (2 * hit) / (support + given), support };
  });
}

/** Positions (in the order that was asked) of the rows in one cell. */
export function cellRows(
  { truth, predicted, total }: Confusion,
  cell: { readonly truth: number; readonly predicted: number },
): readonly number[] {
  const found: number[] = [];
  for (let at = 0; at < total; at++) if (truth[at] === cell.truth && predicted[at] === cell.predicted) found.push(at);
  return found;
}
