/**
 * Predict, then reveal: which number of a step is asked for. Of an array that is one element, another one at
 * each step, and none that is zero where others are not: a zero is found without thinking.
 */
import type { RecordedStep } from '../train/trace-types';

export function elementToAsk({ index, value: { data } }: Pick<RecordedStep, 'index' | 'value'>): number {
  const from = (index * 7919) % data.length;
  for (let k = 0; k < data.length; k++) {
    const at = (from + k) % data.length;
    if (data[at] !== 0) return at;
  }
  return from;
}
