import { expect, it } from 'vitest';
import { ThreadChoice } from '../../../src/engine/backends/wasm/threads';

/** Runs so many times where one thread takes 7 ms and two take 4, but as long as is said in some runs. */
function counts(runs: number, heldUp: Readonly<Record<number, number>> = {}, two = 4): number[] {
  const choice = new ThreadChoice(2);
  return Array.from({ length: runs }, (_, run) => {
    const threads = choice.next();
    choice.took(threads, threads === 1 ? 7 : (heldUp[run] ?? two));
    return threads;
  });
}
const ofOne = (list: readonly number[]): number => list.filter((threads) => threads === 1).length;

it('the faster number of threads is taken, and the other tried now and then', () => {
  const list = counts(500);
  expect(ofOne(list)).toBeLessThan(15);
  expect(ofOne(list.slice(-130))).toBeGreaterThan(0);
  expect(ofOne(counts(500, {}, 9))).toBeGreaterThan(485);
});

it('one run that was held up changes nothing', () => {
  expect(counts(500, { 300: 90 })).toEqual(counts(500));
});

it('slow first runs are made up for soon', () => {
  const list = counts(100, { 0: 60, 1: 30, 2: 20 });
  expect(ofOne(list.slice(0, 50))).toBeGreaterThan(10);
  expect(ofOne(list.slice(50))).toBeLessThan(8);
});

it('threads that have become slow are left, and come back', () => {
  const slow = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [100 + at, 20]));
  const list = counts(400, slow);
  expect(ofOne(list.slice(100, 140))).toBeGreaterThan(30);
  expect(ofOne(list.slice(300))).toBeLessThan(8);
});
