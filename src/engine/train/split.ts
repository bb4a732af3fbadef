/**
 * Which rows are trained on, which decide when to stop, and which are kept back for the final score. The
 * rows are shuffled with the split's seed, so that a file sorted by class is no trap, and the same seed
 * gives the same parts everywhere.
 */
import type { Split } from '../graph/project';
import type { SplitRows } from './dataset';
import { Random } from './random';

/** Row numbers 0 … rows − 1, dealt out. Every part with a share gets a row when there are enough. */
export function splitRows(rows: number, split: Split): SplitRows {
  const order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[row] = row;
  new Random(split.seed, 'split').shuffle(order);
  const share = (part: number): number => (part <= 0 || rows < 3 ? 0 : Math.min(Math.max(1, Math.round(rows * part)), rows - 2));
  const validation = share(split.validation);
  const test = Math.min(share(split.test), rows - validation - 1);
  const train = rows - validation - test;
  return {
    train: order.slice(0, train),
    validation: order.slice(train, train + validation),
    test: order.slice(train + validation),
  };
}
