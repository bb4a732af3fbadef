/** A place without a number: it is read and listed as what it is, is silent, and leaves what is seen where it was. */
import { describe, expect, test } from 'vitest';
import { type Picture, tableOf } from '../../../src/renderer/charts/picture';
import { Reader } from '../../../src/renderer/charts/reader.svelte';
import { tonesOf } from '../../../src/renderer/charts/tones';
import { curve } from '../../../src/renderer/learn/figures/curves';

const slope = (x: number): number => (x === 0 ? Number.NaN : 0);
const picture: Picture = {
  title: 'Step',
  summary: 'A step and its slope.',
  x: { title: 'x', low: -1, high: 1 },
  y: { title: '', low: 0, high: 1, missing: 'undefined' },
  series: [curve('g', (x) => (x > 0 ? 1 : 0), [-1, 1], { steps: 2 }), curve('g′', slope, [-1, 1], { steps: 2, broken: true })],
};
const view = { x: [-1, 1], y: [0, 1] } as const;

describe('a slope that is undefined at 0', () => {
  test('is a place of a broken curve, and none of another', () => {
    expect(picture.series[1]!.points.map(({ y }) => y)).toEqual([0, Number.NaN, 0]);
    expect(curve('g′', slope, [-1, 1], { steps: 2 }).points.map(({ x }) => x)).toEqual([-1, 1]);
  });

  test('is called undefined in the table', () => {
    expect(tableOf(picture).rows).toEqual([
      [-1, 0, 0],
      [0, 0, 'undefined'],
      [1, 1, 0],
    ]);
  });

  test('is read so with the other curve and alone', () => {
    const reader = new Reader(() => picture);
    reader.cursor = { series: 0, at: 1 };
    expect(reader.read!.lines.map(({ title, text }) => `${title} ${text}`)).toEqual(['g 0', 'g′ undefined']);
    reader.key('ArrowDown', undefined);
    expect(reader.said).toBe('x 0: g′ undefined');
  });

  test('leaves the zoomed part a part', () => {
    const reader = new Reader(() => picture);
    reader.cursor = { series: 1, at: 1 };
    reader.zoom(0.5);
    reader.key('ArrowLeft', undefined);
    reader.key('ArrowRight', undefined);
    reader.zoom(0.5);
    expect([...reader.view!.x, ...reader.view!.y].every(Number.isFinite)).toBe(true);
  });

  test('makes no tone', () => {
    const tones = tonesOf(picture.series, picture, view);
    expect(tones.filter(({ series }) => series === 1).map(({ point }) => point)).toEqual([0, 2]);
    expect(tones.every(({ hertz }) => Number.isFinite(hertz))).toBe(true);
  });
});
