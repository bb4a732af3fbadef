/**
 * How a number looks: its sign is a colour, its size a width and a speed. The scale is logarithmic and
 * fixed, so that two runs, two layers and two moments can be compared by eye.
 */
/** 0.24 for the smallest, 1 from ten up; the same everywhere. */
export const strength = (v: number): number => 0.24 + 0.76 * Math.min(1, Math.log1p(Math.abs(v)) / Math.log(11));

/** Steps of strength that are drawn apart; each step of each sign is one stroke of the overlay. */
export const LEVELS = 8;
/** Style number of a value: 0 is zero, then LEVELS for plus, LEVELS for minus, and one for what is not finite. */
export function styleOf(v: number): number {
  if (!Number.isFinite(v)) return NOT_FINITE;
  const size = Math.abs(v);
  if (!(size > 1e-6)) return 0;
  // log1p(|v|)/log(11) in [0, 1]; half of all trained weights lie below 0.3, hence the square root.
  const share = Math.sqrt(Math.min(1, Math.log1p(size) / 2.3978952727983707));
  const level = Math.min(LEVELS - 1, Math.floor(share * LEVELS));
  return v > 0 ? 1 + level : 1 + LEVELS + level;
}
export const NOT_FINITE = 1 + 2 * LEVELS;
export const STYLES = 2 + 2 * LEVELS;
export const isPositive = (style: number): boolean => style >= 1 && style <= LEVELS;
/** 0 … 1 within the sign. */
export const levelShare = (style: number): number =>
  style === 0 ? 0 : style === NOT_FINITE ? 0.6 : (((style - 1) % LEVELS) + 0.5) / LEVELS;

/** Pixels at zoom 1. */
export const widthOf = (style: number): number => (style === 0 ? 0.7 : 0.7 + 4.6 * levelShare(style) ** 1.4);
export const opacityOf = (style: number): number => (style === 0 ? 0.25 : 0.3 + 0.65 * levelShare(style));
/** Lengths of its line a second. */
export const speedOf = (style: number): number => (style === 0 ? 0 : 0.25 + 1.1 * levelShare(style));

/** A number for people: four significant digits, a true minus sign. */
export function numberText(v: number): string {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? 'not a number' : v > 0 ? '∞' : '−∞';
  if (v === 0) return '0';
  const size = Math.abs(v);
  const text = size >= 1e5 || size < 1e-4 ? size.toExponential(2) : String(Number(size.toPrecision(4)));
  return (v < 0 ? '−' : '') + text.replace('e-', 'e−').replace('e+', 'e');
}
