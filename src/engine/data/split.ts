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
  const line = lineUp(order, target);

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

/**
 * Rows by their target; equal ones keep their order. Each key, as float32 whose bits are turned so that they
 * sort as whole numbers, is packed above its position into one 64-bit number, because the machine's own sort
 * of such numbers takes a tenth of the time of a sort by comparison, and a million rows should not stop a
 * window from answering.
 */
function lineUp(order: Uint32Array, target: (row: number) => number): Uint32Array {
  const packed = new BigUint64Array(order.length);
  // Little-endian, as all machines are that this runs on: the low half stands first.
  const halves = new Uint32Array(packed.buffer);
  const key = new Float32Array(1);
  const bits = new Uint32Array(key.buffer);
  for (let i = 0; i < order.length; i++) {
    key[0] = target(order[i]!) + 0;
    const sign = bits[0]! >>> 31;
    halves[2 * i] = i;
    halves[2 * i + 1] = sign === 1 ? ~bits[0]! : bits[0]! | 0x80000000;
  }
  packed.sort();
  return order.map((_, i) => order[halves[2 * i]!]!);
}
