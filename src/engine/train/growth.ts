/**
 * Weights that grow without bounds: from the largest number of each parameter at some steps before training
 * broke, the parameter that grew most and the step from which on it did.
 */
import type { NodeId } from '../graph/graph';
import type { ParameterSpec } from '../plan';
import type { State } from './session';

/** The largest number, without its sign, of each parameter after a step. */
export interface Sizes {
  readonly step: number;
  readonly largest: ReadonlyMap<NodeId, number>;
}

export interface Growth {
  readonly parameter: NodeId;
  /** The step after which it was smallest before it only grew, and the last at which it was looked at. */
  readonly since: number;
  readonly until: number;
  readonly before: number;
  readonly now: number;
}

/** Growth by less may be learning. */
const MUCH = 1000;

export function sizesOf(parameters: readonly ParameterSpec[], state: State, step: number): Sizes {
  const largest = new Map<NodeId, number>();
  for (const { key, value } of parameters) {
    const numbers = state.get(value);
    if (!numbers) continue;
    let most = 0;
    for (let i = 0; i < numbers.length; i++) {
      const size = Math.abs(numbers[i]!);
      if (!(size <= most)) most = size;
    }
    largest.set(key, most);
  }
  return { step, largest };
}

/** `sizes` in the order of their steps; null where nothing grew without bounds. */
export function growthOf(sizes: readonly Sizes[]): Growth | null {
  const last = sizes.at(-1);
  if (!last) return null;
  let worst: Growth | null = null;
  for (const [parameter, now] of last.largest) {
    let at = sizes.length - 1;
    while (at > 0 && sizes[at - 1]!.largest.get(parameter)! < sizes[at]!.largest.get(parameter)!) at--;
    const before = sizes[at]!.largest.get(parameter)!;
    const growth = { parameter, since: sizes[at]!.step, until: last.step, before, now };
    if (now >= MUCH * Math.max(1, before) && !(worst && worst.now >= now)) worst = growth;
  }
  return worst;
}
