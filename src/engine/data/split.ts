/**
 * Which rows are trained on, which decide when to stop, and which are kept back for the final score. The
 * split is stratified: rows are lined up by their target, and every stretch of the line is dealt out in
 * the same shares, so that all parts have the classes, or the small and large values, of the whole. The
 * same seed gives the same parts everywhere.
 */
import type { Split } from '../graph/project';
import type { SplitRows } from './dataset';
import { Random } from './random';

/** Rows that are dealt out together: small enough that neighbours in the line are alike. */
const STRETCH = 20;

/** Row numbers 0 … rows − 1, dealt out by `target` (a class or a number). Every part with a share gets a row when there are enough. */
export function splitRows(rows: number, split: Split, target: (row: number) => number): SplitRows {
  const random = new Random(split.seed, 'split');
  const order = random.shuffle(Uint32Array.from({ length: rows }, (_, row) => row));
  const keys = Float64Array.from({ length: rows }, (_, row) => target(row));
  // Equal targets stay in random order: the sort is stable.
  const line = order.slice().sort((a, b) => keys[a]! - keys[b]!);

  const share = (part: number): number => (part <= 0 || rows < 3 ? 0 : Math.min(Math.max(1, Math.round(rows * part)), rows - 2));
  const validation = share(split.validation);
  const test = Math.min(share(split.test), rows - validation - 1);
  const sizes = [rows - validation - test, validation, test];
  // Dealt by quota along the line: each row goes to the part that is furthest behind its share.
  const part = new Uint8Array(rows);
  const dealt = [0, 0, 0];
  for (let i = 0; i < rows; i++) {
    let most = 0;
    let behind = Number.NEGATIVE_INFINITY;
    for (let p = 0; p < 3; p++) {
      const lag = (sizes[p]! * (i + 1)) / rows - dealt[p]!;
      if (dealt[p]! < sizes[p]! && lag > behind) {
        behind = lag;
        most = p;
      }
    }
    part[i] = most;
    dealt[most]!++;
  }
  for (let from = 0; from < rows; from += STRETCH) random.shuffle(part.subarray(from, Math.min(rows, from + STRETCH)));

  const parts = sizes.map((size) => new Uint32Array(size));
  const filled = [0, 0, 0];
  for (let i = 0; i < rows; i++) parts[part[i]!]![filled[part[i]!]!++] = line[i]!;
  // Lined up by target no more.
  for (const numbers of parts) random.shuffle(numbers);
  return { train: parts[0]!, validation: parts[1]!, test: parts[2]! };
}
