/**
 * A number that is changed by dragging it: right or up for more, left or down for less, with Shift in small steps. How
 * far a pixel goes depends on the number's size, so that weights of any scale can be turned. One drag is one stroke.
 */
import { Stroke } from './stroke';

/** Pixels that a press may wander before it is a drag. */
export const SLACK = 3;

/** Numbers near 0 are turned as if they were this large. */
const SMALL = 0.2;

/** What a number becomes when it is dragged so many pixels. */
export function turned(start: number, pixels: number, fine: boolean): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(Math.abs(start), SMALL)) + 1) / 200;
  const pixel = fine ? size / 10 : size;
  // Whole steps of a pixel, so that what is shown is what was set.
  return Number((Math.round(start / pixel + pixels) * pixel).toPrecision(7));
}

export interface Turn {
  readonly value: () => number;
  readonly onTurn: (value: number) => void;
  readonly disabled: boolean;
}

/** For a button or a field: a press without a drag stays a click. */
export function turning(node: HTMLElement, turn: Turn): { update(next: Turn): void; destroy(): void } {
  let now = turn;
  const stroke = new Stroke();
  let from: { readonly pointer: number; readonly x: number; readonly y: number; readonly value: number; moved: boolean } | null =
    null;
  const down = (event: PointerEvent): void => {
    if (event.button !== 0 || now.disabled || document.activeElement === node) return;
    // A second finger leaves the first one its number.
    if (from) return;
    from = { pointer: event.pointerId, x: event.clientX, y: event.clientY, value: now.value(), moved: false };
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', up);
    window.addEventListener('pointercancel', cancelled);
    window.addEventListener('keydown', key, true);
  };
  const move = (event: PointerEvent): void => {
    if (event.pointerId !== from?.pointer) return;
    const pixels = event.clientX - from.x - (event.clientY - from.y);
    if (!from.moved && Math.abs(pixels) < SLACK) return;
    from.moved = true;
    document.body.style.cursor = 'ns-resize';
    const next = turned(from.value, pixels, event.shiftKey);
    if (next !== now.value()) stroke.run(() => now.onTurn(next), true);
  };
  const done = (): void => {
    from = null;
    stroke.end();
    document.body.style.cursor = '';
    window.removeEventListener('pointermove', move);
    window.removeEventListener('pointerup', up);
    window.removeEventListener('pointercancel', cancelled);
    window.removeEventListener('keydown', key, true);
  };
  // A field would take the focus at once, and its text would be dragged.
  const press = (event: Event): void => {
    if (from && node instanceof HTMLInputElement) event.preventDefault();
  };
  const up = (event: PointerEvent): void => {
    if (event.pointerId !== from?.pointer) return;
    if (!from.moved && node instanceof HTMLInputElement) node.focus();
    // The click that follows a drag is none.
    if (from.moved) window.addEventListener('click', swallow, { capture: true, once: true });
    setTimeout(() => window.removeEventListener('click', swallow, true));
    done();
  };
  const swallow = (event: Event): void => {
    event.stopPropagation();
    event.preventDefault();
  };
  const takeBack = (): void => {
    if (!from) return;
    const { value, moved } = from;
    if (moved) stroke.run(() => now.onTurn(value), true);
    done();
  };
  // A finger that turns out to scroll has turned nothing.
  const cancelled = (event: PointerEvent): void => {
    if (event.pointerId === from?.pointer) takeBack();
  };
  const key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !from) return;
    event.stopPropagation();
    takeBack();
  };
  node.addEventListener('pointerdown', down);
  node.addEventListener('mousedown', press);
  return {
    update: (next) => {
      now = next;
    },
    destroy: () => {
      node.removeEventListener('pointerdown', down);
      node.removeEventListener('mousedown', press);
      if (from) done();
    },
  };
}
