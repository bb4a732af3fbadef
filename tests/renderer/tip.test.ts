/** Where the window's tooltip stands: beside its control, and never outside the window. */
import { expect, test } from 'vitest';
import { placeTip } from '../../src/renderer/ui/tip';

const window = { width: 1000, height: 600 };
const own = { width: 100, height: 20 };

test('it stands on the side that is wished, centred', () => {
  const at = { left: 400, top: 300, width: 20, height: 20 };
  expect(placeTip(at, own, window, 'bottom')).toEqual({ left: 360, top: 326 });
  expect(placeTip(at, own, window, 'top')).toEqual({ left: 360, top: 274 });
  expect(placeTip(at, own, window, 'left')).toEqual({ left: 294, top: 300 });
  expect(placeTip(at, own, window, 'right')).toEqual({ left: 426, top: 300 });
});

test('where there is no room it changes sides, and it stays inside', () => {
  expect(placeTip({ left: 400, top: 570, width: 20, height: 20 }, own, window, 'bottom').top).toBe(544);
  expect(placeTip({ left: 970, top: 300, width: 20, height: 20 }, own, window, 'right').left).toBe(864);
  expect(placeTip({ left: 985, top: 10, width: 10, height: 10 }, own, window, 'bottom').left).toBe(892);
  expect(placeTip({ left: 0, top: 10, width: 10, height: 10 }, own, window, 'bottom').left).toBe(8);
});
