/**
 * Back to the last state whose numbers are all finite: training is done again from a state that was good, in
 * pieces that become smaller where it breaks, until the one batch is found that broke it. What the weights were
 * like on the way is noted, for weights that grew are a cause of their own.
 */
import type { ParameterSpec } from '../plan';
import { type Sizes, sizesOf } from './growth';
import type { State } from './session';

/** A state, and where training stood with it. */
export interface Snapshot {
  readonly state: State;
  readonly epoch: number;
  readonly at: number;
  readonly step: number;
}

/** Training that can be done again. */
export interface Past {
  take(): Promise<Snapshot>;
  goTo(snapshot: Snapshot): void;
  /** Up to so many steps in all. */
  redo(until: number): Promise<void>;
}

/** A stretch is looked at in so many places. */
const PIECES = 32;

export function isSoundState(state: State): boolean {
  for (const numbers of state.values()) for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i]!)) return false;
  return true;
}

/** Stands at the last sound state not after `until`, and gives it with the sizes of the weights up to there. */
export async function goToLastSound(
  good: Snapshot,
  until: number,
  parameters: readonly ParameterSpec[],
  past: Past,
): Promise<{ readonly last: Snapshot; readonly sizes: readonly Sizes[] }> {
  let last = good;
  const sizes = [sizesOf(parameters, good.state, good.step)];
  let end = until;
  let broken = !isSoundState(good.state);
  while (!broken && last.step < end) {
    const stride = Math.ceil((end - last.step) / PIECES);
    past.goTo(last);
    for (let to = last.step; to < end && !broken; ) {
      to = Math.min(to + stride, end);
      await past.redo(to);
      const now = await past.take();
      broken = !isSoundState(now.state);
      if (broken) end = to;
      else {
        last = now;
        sizes.push(sizesOf(parameters, now.state, now.step));
      }
    }
    if (!broken || end - last.step <= 1) break;
    broken = false;
  }
  past.goTo(last);
  return { last, sizes };
}
