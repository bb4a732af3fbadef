/**
 * Which rows are trained on, which decide when to stop, and which are kept back for the final score. The
 * rows are shuffled with the split's seed, so that a file sorted by class is no trap, and the same seed
 * gives the same parts everywhere.
 */
import type { Split } from '../graph/project';
import type { SplitRows } from './dataset';

/** Row numbers 0 … rows − 1, dealt out. Every part with a share gets a row when there are enough. */
export function splitRows(rows: number, split: Split): SplitRows {
  const order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[row] = row;
  const random = uniform(split.seed);
  for (let i = rows - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
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

/** mulberry32: 32 bits of state, uniform in [0, 1). */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
