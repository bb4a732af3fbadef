/** Marks of the axes: told apart, never cut, never on each other; names and legends that find their place. */
import { expect, test } from 'vitest';
import { curvesPicture } from '../../../src/renderer/charts/curve-picture';
import { matrixPicture } from '../../../src/renderer/charts/matrix-picture';
import { pictureSvg } from '../../../src/renderer/charts/picture-files';
import { wholeView } from '../../../src/renderer/charts/plane';
import { roomOf, sizeFor } from '../../../src/renderer/charts/room';
import { momentsPicture } from '../../../src/renderer/panels/stepping/moments-picture';
import { plainInk } from './ink';

const size = { width: 330, height: 210 };
const curve = (low: number, high: number, titles = ['Training'], logY = false) =>
  curvesPicture({
    title: 'Loss',
    summary: 'Loss.',
    xTitle: 'Epoch',
    yTitle: 'Loss',
    epochs: true,
    logY,
    curves: titles.map((title) => ({
      title,
      colour: '--accent',
      points: [
        { x: 0, y: low },
        { x: 10, y: high },
      ],
    })),
  });

test.each([
  ['small', 2e-9, 3e-8],
  ['below a thousandth', 1e-4, 4e-4],
  ['large', 1e12, 3e13],
  ['nearly equal', 1000, 1000.002],
  ['negative and small', -3e-8, -2e-9],
])('numbers that are %s stand whole beside the axis, and no two alike', (_, low, high) => {
  const picture = curve(low, high);
  const { y, left } = roomOf(picture, wholeView(picture), size);
  expect(new Set(y.texts).size).toBe(y.texts.length);
  expect(y.texts.join()).not.toContain('…');
  y.texts.forEach((text, at) => {
    const value = Number(text.replaceAll('−', '-').replaceAll(',', ''));
    expect(Math.abs(value - y.ticks[at]!)).toBeLessThan(Math.abs((high - low) / 100));
  });
  // Six pixels a letter, and the marks begin beside the field.
  for (const text of y.texts) expect(text.length * 5.5).toBeLessThan(left);
});

test('deep in a zoom the marks still differ, along both axes', () => {
  const picture = curve(0, 1);
  const { x, y } = roomOf(
    { ...picture, x: { ...picture.x, whole: false } },
    { x: [2.50001, 2.50003], y: [0.123456, 0.123458] },
    size,
  );
  for (const { ticks, texts } of [x, y]) {
    expect(ticks.length).toBeGreaterThan(1);
    expect(new Set(texts).size).toBe(texts.length);
  }
});

const classes = ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'];
const confusion = (names: readonly string[]) =>
  matrixPicture({
    title: 'Confusion matrix',
    summary: 'S.',
    numbers: new Float64Array(names.length ** 2),
    rowNames: names,
    columnNames: names,
    rowTitle: 'true',
    columnTitle: 'predicted',
    kind: 'counts',
  });

test('names of classes that do not fit beside each other stand upright, all of them, and leave the field its height', () => {
  const picture = confusion(classes);
  const room = roomOf(picture, wholeView(picture), sizeFor(picture, 420, 340));
  expect(room.upright).toBe(true);
  expect(room.x.texts).toEqual(classes);
  expect(sizeFor(picture, 420, 340).height - room.top - room.bottom).toBe(340 - room.top - 33);
  const short = confusion(['cat', 'dog', 'fox']);
  expect(roomOf(short, wholeView(short), size).upright).toBe(false);
});

test('twenty-six letters stand in a line', () => {
  const letters = Array.from({ length: 26 }, (_, at) => String.fromCharCode(65 + at));
  const picture = confusion(letters);
  const { upright, x, y } = roomOf(picture, wholeView(picture), { width: 420, height: 420 });
  expect(upright).toBe(false);
  expect(x.texts).toEqual(letters);
  expect(y.texts).toEqual(letters);
});

test('a file’s legend names every curve, in as many lines as that takes', () => {
  const titles = ['first, training', 'first, validation', 'second, training', 'second, validation', 'third, training'];
  const svg = pictureSvg(curve(0, 1, titles), size, plainInk);
  for (const title of titles) expect(svg).toContain(title);
  const high = (text: string): number => Number(/height="(\d+)"/.exec(text)![1]);
  expect(high(svg)).toBeGreaterThan(high(pictureSvg(curve(0, 1), size, plainInk)));
});

test('a plot without a place for its numbers says why', () => {
  expect(curve(0, 0, ['Training'], true).note).toMatch(/log axis/);
  expect(curve(0, 1, ['Training'], true).note).toBeUndefined();
  expect(pictureSvg(curve(0, 0, ['Training'], true), size, plainInk)).toContain('Nothing above 0');
});

test('moments are marked at round epochs, not on each other', () => {
  const moments = Array.from({ length: 293 }, (_, at) => ({
    epoch: Math.floor(at / 9.8),
    step: at,
    loss: 1 / (at + 1),
    bookmark: null,
  }));
  const picture = momentsPicture(moments as unknown as Parameters<typeof momentsPicture>[0]);
  const { texts } = roomOf(picture, wholeView(picture), { width: 330, height: 84 }).x;
  expect(texts).toEqual(['0', '5', '10', '15', '20', '25']);
});
