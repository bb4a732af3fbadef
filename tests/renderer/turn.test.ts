import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { turned, turning } from '../../src/renderer/ui/turn';

test('a pixel goes as far as the number is large, ten times less far with Shift', () => {
  expect(turned(0, 40, false)).toBe(0.2);
  expect(turned(0.5, -100, false)).toBe(0);
  expect(turned(-0.5, 10, false)).toBe(-0.45);
  expect(turned(12, 10, false)).toBe(17);
  expect(turned(0.5, 1, true)).toBe(0.5005);
});

test('what comes out is a whole number of steps, and nothing moves without a drag', () => {
  expect(turned(0.1234567, 1, false)).toBe(0.13);
  expect(turned(0.1234567, 0, false)).toBeCloseTo(0.125, 12);
  expect(turned(3, 0, false)).toBe(3);
});

describe('a press on a number', () => {
  let value: number;
  let button: EventTarget;
  let stop: () => void;
  const send = (to: EventTarget, type: string, fields: object): void =>
    void to.dispatchEvent(Object.assign(new Event(type), fields));
  const move = (pointerId: number, clientX: number): void => send(window, 'pointermove', { pointerId, clientX, clientY: 0 });

  beforeEach(() => {
    vi.stubGlobal('window', new EventTarget());
    vi.stubGlobal('document', { activeElement: null, body: { style: {} } });
    vi.stubGlobal('HTMLInputElement', class extends EventTarget {});
    value = 0;
    button = new EventTarget();
    const turn = { value: () => value, onTurn: (next: number) => void (value = next), disabled: false };
    stop = turning(button as HTMLElement, turn).destroy;
    send(button, 'pointerdown', { pointerId: 1, button: 0, clientX: 0, clientY: 0 });
  });
  afterEach(async () => {
    stop();
    // What a press leaves for later finds its window.
    await new Promise((resolve) => setTimeout(resolve));
    vi.unstubAllGlobals();
  });

  test('turns it until the pointer goes up, and no other pointer takes part', () => {
    move(1, 40);
    expect(value).toBe(0.2);
    move(2, 400);
    send(window, 'pointerup', { pointerId: 2 });
    expect(value).toBe(0.2);
    move(1, 60);
    send(window, 'pointerup', { pointerId: 1 });
    move(1, 200);
    expect(value).toBe(0.3);
  });

  test('that becomes a scroll is taken back, and what moves later changes nothing', () => {
    move(1, 40);
    send(window, 'pointercancel', { pointerId: 1 });
    expect(value).toBe(0);
    move(1, 200);
    expect(value).toBe(0);
  });

  test('is taken back by Escape', () => {
    move(1, 40);
    send(window, 'keydown', { key: 'Escape' });
    move(1, 80);
    expect(value).toBe(0);
  });
});
