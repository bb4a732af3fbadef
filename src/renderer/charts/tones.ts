/**
 * A plot for the ear: each series as a line of tones, one after another. Higher numbers sound higher (an octave is the
 * same ratio everywhere, so halves of the axis are heard as halves), and the sound moves from the left to the right.
 */
import type { Series } from './picture';
import { type Axis, shareOf, type View } from './plane';

export interface Tone {
  /** Seconds from the beginning. */
  readonly at: number;
  readonly length: number;
  readonly hertz: number;
  /** −1 left, 1 right. */
  readonly pan: number;
  /** What sounds: positions in the readings. */
  readonly series: number;
  readonly point: number;
}

/** Seconds that a series takes, and the silence after it. */
export const SECONDS = 3;
const PAUSE = 0.35;
const LOWEST = 196;
const OCTAVES = 2.5;
const MOST_TONES = 96;
/** Each of many series is shorter, so that all are heard within this time. */
const ALL_SECONDS = 45;

export function tonesOf(readings: readonly Series[], axes: { readonly x: Axis; readonly y: Axis }, view: View): readonly Tone[] {
  const tones: Tone[] = [];
  const seconds = Math.min(SECONDS, ALL_SECONDS / Math.max(1, readings.length));
  readings.forEach(({ points }, series) => {
    const begin = series * (seconds + (readings.length > 15 ? 0.1 : PAUSE));
    const order = points
      .map((point, at) => ({ at, x: shareOf(axes.x, view.x, point.x), y: shareOf(axes.y, view.y, point.y) }))
      .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y) && x >= 0 && x <= 1)
      .sort((a, b) => a.x - b.x);
    if (order.length === 0) return;
    const stride = Math.max(1, order.length / MOST_TONES);
    for (let step = 0; step < order.length; step += stride) {
      const { at, x, y } = order[Math.floor(step)]!;
      const height = Math.min(1, Math.max(0, y));
      tones.push({
        at: begin + x * seconds,
        length: Math.max(0.06, Math.min(0.4, (seconds * stride) / order.length)),
        hertz: LOWEST * 2 ** (OCTAVES * height),
        pan: Math.round((x * 2 - 1) * 85) / 100,
        series,
        point: at,
      });
    }
  });
  return tones;
}
