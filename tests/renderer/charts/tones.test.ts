/** What a plot sounds like: pitch follows the numbers, place follows x, series follow each other. */
import { expect, test } from 'vitest';
import { SECONDS, tonesOf } from '../../../src/renderer/charts/tones';

const axis = { title: '', low: 0, high: 4 };
const series = (...ys: number[]) =>
  ({ title: 's', colour: '--accent', look: 'line', points: ys.map((y, x) => ({ x, y })) }) as const;
const whole = { x: [0, 4], y: [0, 4] } as const;

test('higher numbers sound higher, later ones come from the right', () => {
  const tones = tonesOf([series(0, 1, 2, 3, 4)], { x: axis, y: axis }, whole);
  expect(tones).toHaveLength(5);
  expect(tones.every(({ hertz }, at) => at === 0 || hertz > tones[at - 1]!.hertz)).toBe(true);
  expect(tones.map(({ pan }) => pan)).toEqual([-0.85, expect.closeTo(-0.42, 1), 0, expect.closeTo(0.43, 1), 0.85]);
  // Half the axis is half the octaves: the middle tone is the geometric mean of the ends.
  expect(tones[2]!.hertz ** 2).toBeCloseTo(tones[0]!.hertz * tones[4]!.hertz, 3);
  expect(tones.at(-1)!.at).toBeCloseTo(SECONDS, 9);
});

test('a logarithmic axis is heard logarithmically', () => {
  const y = { title: '', low: 0.01, high: 1, logarithmic: true };
  const tones = tonesOf([series(0.01, 0.1, 1)], { x: axis, y }, { x: [0, 2], y: [0.01, 1] });
  expect(tones[1]!.hertz ** 2).toBeCloseTo(tones[0]!.hertz * tones[2]!.hertz, 3);
});

test('series sound one after another, long ones in at most a hundred tones', () => {
  const many = series(...Array.from({ length: 5000 }, (_, x) => Math.sin(x / 100)));
  const tones = tonesOf(
    [many, many],
    { x: { ...axis, high: 4999 }, y: { ...axis, low: -1, high: 1 } },
    { x: [0, 4999], y: [-1, 1] },
  );
  const [first, second] = [0, 1].map((at) => tones.filter((tone) => tone.series === at));
  expect(first!.length).toBeLessThanOrEqual(100);
  expect(second![0]!.at).toBeGreaterThan(first!.at(-1)!.at);
});

test('what is not a number, and what is zoomed away, is silent', () => {
  const tones = tonesOf([series(1, Number.NaN, 1, 1, 1)], { x: axis, y: axis }, { x: [0, 2.5], y: [0, 4] });
  expect(tones.map(({ point }) => point)).toEqual([0, 2]);
});
