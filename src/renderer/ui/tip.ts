/**
 * What a tooltip says is an attribute of the control that it belongs to; `Tips.svelte` shows it. A component
 * around each of the hundred buttons of a window would cost a millisecond or two at every panel that opens.
 */
export type TipSide = 'top' | 'right' | 'bottom' | 'left';

/** Attributes that give a control a tooltip. It repeats what the label says to everyone who hovers or focuses it. */
export function tip(
  text: string | undefined,
  keys?: string,
  side?: TipSide,
): Readonly<Record<`data-tip${string}`, string | undefined>> {
  return { 'data-tip': text, 'data-tip-keys': keys, 'data-tip-side': side };
}

const GAP = 6;
const MARGIN = 8;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where the tooltip stands: on the side that is wished, on the opposite one where there is no room, never outside. */
export function placeTip(at: Box, own: Size, window: Size, side: TipSide): { readonly left: number; readonly top: number } {
  const centre = { left: at.left + (at.width - own.width) / 2, top: at.top + (at.height - own.height) / 2 };
  const places = {
    top: { left: centre.left, top: at.top - own.height - GAP },
    bottom: { left: centre.left, top: at.top + at.height + GAP },
    left: { left: at.left - own.width - GAP, top: centre.top },
    right: { left: at.left + at.width + GAP, top: centre.top },
  };
  const opposite = { top: 'bottom', bottom: 'top', left: 'right', right: 'left' } as const;
  const fits = ({ left, top }: { left: number; top: number }): boolean =>
    side === 'top' || side === 'bottom'
      ? top >= MARGIN && top + own.height <= window.height - MARGIN
      : left >= MARGIN && left + own.width <= window.width - MARGIN;
  const place = fits(places[side]) || !fits(places[opposite[side]]) ? places[side] : places[opposite[side]];
  const within = (x: number, size: number, room: number): number => Math.max(MARGIN, Math.min(x, room - size - MARGIN));
  return { left: within(place.left, own.width, window.width), top: within(place.top, own.height, window.height) };
}
