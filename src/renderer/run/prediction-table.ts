/**
 * The network's answers on every row of the data as a table: which part the row is in, what is true, what is predicted, how
 * far off or how sure that is, and if wished what went in, in the features' own units or as the network gets it.
 */
import type { Dataset } from '../../engine/data/dataset';
import { binaryShare, largestAt, shares, type Takes } from './answers';

export type Inputs = 'none' | 'own' | 'encoded';

type Cell = string | number;
interface PredictionTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Rows that are asked for at once. */
const AT_ONCE = 4000;
/** Cells of a table at most: more make a text that is too long for a window. */
export const MOST_CELLS = 5_000_000;

export const tooManyInputs = ({ rows, features }: Dataset): boolean => rows * features.length > MOST_CELLS;

/** As many digits as a number of 32 bits has. */
const own = (value: number): number => Number(value.toPrecision(7));

function answersOf({ task, targets, classes }: Dataset): readonly string[] {
  if (task === 'regression')
    return targets.flatMap(({ name }) => [`${name}: actual`, `${name}: predicted`, `${name}: predicted − actual`]);
  return ['actual', 'predicted', 'right', ...classes.map((name) => `probability of ${name}`)];
}

function answerCells(
  { task, targets, classes }: Dataset,
  values: Float32Array,
  truth: Float32Array,
  takes: Takes,
): readonly Cell[] {
  if (task === 'regression')
    return targets.flatMap(({ mean, deviation }, k) => {
      const [actual, predicted] = [truth[k]! * deviation + mean, values[k]! * deviation + mean];
      return [own(actual), own(predicted), own(predicted - actual)];
    });
  const share = task === 'binary' ? binaryShare(values[0]!, takes) : 0;
  const all = task === 'binary' ? [1 - share, share] : shares(values, takes);
  const is = task === 'binary' ? (truth[0]! >= 0.5 ? 1 : 0) : largestAt(truth);
  const guess = task === 'binary' ? (share >= 0.5 ? 1 : 0) : largestAt(all);
  const name = (k: number): string => classes[k] ?? String(k);
  return [name(is), name(guess), is === guess ? 'yes' : 'no', ...all.map(own)];
}

/** Rows in the order of the data, counted from 1. */
export async function predictionTable(
  predict: (rows: readonly number[]) => Promise<{ readonly values: Float32Array; readonly width: number }>,
  dataset: Dataset,
  takes: Takes,
  inputs: Inputs,
): Promise<PredictionTable> {
  const { features, targets, split, x, y } = dataset;
  const [wide, outs] = [features.length, targets.length];
  const parts = new Map<number, string>();
  for (const part of ['train', 'validation', 'test'] as const)
    for (const row of split[part]) parts.set(row, part === 'train' ? 'training' : part);
  const known = [...parts.keys()].sort((a, b) => a - b);
  const rows: (readonly Cell[])[] = [];
  for (let from = 0; from < known.length; from += AT_ONCE) {
    const some = known.slice(from, from + AT_ONCE);
    const { values, width } = await predict(some);
    if (width !== outs)
      throw new Error(
        `The network gives ${width} numbers a row, and the data have ${outs} targets. Connect an output of ${outs}.`,
      );
    some.forEach((row, at) => {
      const entered = x.subarray(row * wide, (row + 1) * wide);
      rows.push([
        row + 1,
        parts.get(row)!,
        ...answerCells(dataset, values.subarray(at * width, (at + 1) * width), y.subarray(row * outs, (row + 1) * outs), takes),
        ...(inputs === 'none'
          ? []
          : Array.from(entered, (value, k) =>
              own(inputs === 'encoded' ? value : value * features[k]!.deviation + features[k]!.mean),
            )),
      ]);
    });
  }
  return {
    columns: [
      'row',
      'part',
      ...answersOf(dataset),
      ...(inputs === 'none' ? [] : features.map(({ name }) => (inputs === 'encoded' ? `${name}, encoded` : name))),
    ],
    rows,
  };
}
