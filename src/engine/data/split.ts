/**
 * Which rows are trained on, which decide when to stop, and which are kept back for the final score. The
 * split is stratified: rows are lined up by their target, and every stretch of the line is dealt out in
 * the same shares, so that all parts have the classes, or the small and large values, of the whole. The
 * same seed gives the same parts everywhere.
 */
import type { Split } from '../graph/project';
import type { SplitRows } from './dataset';
import { Random } from './random';
import { FREE, TEST, VALIDATION } from './table';

/** Rows that are dealt out together: small enough that neighbours in the line are alike. */
const STRETCH = 20;

/**
 * Row numbers 0 … rows − 1, dealt out by `target` (a class or a number). Every part with a share gets a row
 * when there are enough. Rows that `known` puts in a part stay there, and a part that has such rows gets no
 * others; folds are cut from what is left when the test rows are gone.
 */
export function splitRows(
  rows: number,
  split: Split,
  target: (row: number) => number,
  known?: ((row: number) => number) | undefined,
): SplitRows {
  const random = new Random(split.seed, 'split');
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  const given = (part: number): Uint32Array => (known ? all.filter((row) => known(row) === part) : new Uint32Array());
  const fixed = { validation: given(VALIDATION), test: given(TEST) };
  const free = known ? all.filter((row) => known(row) === FREE) : all;
  const line = lineUp(random.shuffle(free), target);

  const share = (part: number, taken: Uint32Array): number =>
    part <= 0 || free.length < 3 || taken.length > 0 ? 0 : Math.min(Math.max(1, Math.round(free.length * part)), free.length - 2);
  // Of the rows that nobody claims, the parts that are given elsewhere take nothing.
  const open = 1 - (fixed.test.length > 0 ? split.test : 0) - (fixed.validation.length > 0 ? split.validation : 0);
  const test = share(split.test / open, fixed.test);
  if (split.folds !== undefined && fixed.validation.length === 0) {
    const rest = free.length - test;
    const folds = Math.min(split.folds, rest);
    const sizes = Array.from({ length: folds }, (_, k) => Math.floor((rest * (k + 1)) / folds) - Math.floor((rest * k) / folds));
    const [tested, ...parts] = deal(line, [test, ...sizes], random);
    const chosen = Math.min(split.fold ?? 1, folds) - 1;
    const train = join(parts.filter((_, k) => k !== chosen));
    return { train: random.shuffle(train), validation: parts[chosen]!, test: join([tested!, fixed.test]) };
  }
  const validation = Math.min(share(split.validation / open, fixed.validation), free.length - test - 1);
  const sizes = [free.length - Math.max(0, validation) - test, Math.max(0, validation), test];
  const [train, watched, tested] = deal(line, sizes, random);
  return { train: train!, validation: join([watched!, fixed.validation]), test: join([tested!, fixed.test]) };
}

const join = (parts: readonly Uint32Array[]): Uint32Array => {
  const out = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

/** Dealt by quota along the line: each row goes to the part that is furthest behind its share. */
function deal(line: Uint32Array, sizes: readonly number[], random: Random): Uint32Array[] {
  const rows = line.length;
  const part = new Uint8Array(rows);
  const dealt = sizes.map(() => 0);
  for (let i = 0; i < rows; i++) {
    let most = 0;
    let behind = Number.NEGATIVE_INFINITY;
    for (let p = 0; p < sizes.length; p++) {
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
  const filled = sizes.map(() => 0);
  for (let i = 0; i < rows; i++) parts[part[i]!]![filled[part[i]!]!++] = line[i]!;
  // Lined up by target no more.
  for (const numbers of parts) random.shuffle(numbers);
  return parts;
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
