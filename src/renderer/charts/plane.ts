/**
 * The field of a plot: where numbers lie on it, which of its axes' numbers are marked, how far it reaches and
 * what is seen of it when someone zooms. Pure arithmetic; logarithmic axes zoom and mark by powers of ten.
 */
import { numberText } from '../ui/format';

/** What pictures are drawn with: a canvas has it, and so has `SvgSurface`. */
export type Surface = Pick<
  CanvasRenderingContext2D,
  | 'save'
  | 'restore'
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'bezierCurveTo'
  | 'closePath'
  | 'rect'
  | 'arc'
  | 'roundRect'
  | 'clip'
  | 'fill'
  | 'stroke'
  | 'fillRect'
  | 'strokeRect'
  | 'clearRect'
  | 'fillText'
  | 'measureText'
  | 'setLineDash'
  | 'translate'
  | 'rotate'
  | 'scale'
  | 'setTransform'
  | 'resetTransform'
  | 'drawImage'
  | 'fillStyle'
  | 'strokeStyle'
  | 'lineWidth'
  | 'lineCap'
  | 'lineJoin'
  | 'lineDashOffset'
  | 'miterLimit'
  | 'globalAlpha'
  | 'font'
  | 'textAlign'
  | 'textBaseline'
  | 'imageSmoothingEnabled'
  | 'imageSmoothingQuality'
>;

export interface Axis {
  readonly title: string;
  /** Everything there is to see; zooming shows a part of it. */
  readonly low: number;
  readonly high: number;
  readonly logarithmic?: boolean | undefined;
  /** Names of the whole numbers from 0 on: classes, neurons. */
  readonly names?: readonly string[] | undefined;
  /** The places with names that stand beside the axis; without it some of all. */
  readonly marks?: readonly number[] | undefined;
  /** What is said of a place that has no number, such as a slope at a jump. */
  readonly missing?: string | undefined;
  /** Whole numbers only: epochs. */
  readonly whole?: boolean | undefined;
  /** Epochs are shown by all plots that have such an axis. */
  readonly shows?: 'epoch' | undefined;
}

/** What a value is called, where it is not read as a number. */
export const nameOn = ({ names, missing }: Axis, value: number): string | undefined =>
  Number.isNaN(value) ? missing : names?.[value];

/** In pixels from the upper left corner of the picture. */
export interface Plane {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly toX: (x: number) => number;
  readonly toY: (y: number) => number;
  readonly fromX: (pixel: number) => number;
  readonly fromY: (pixel: number) => number;
}

export type Range = readonly [low: number, high: number];
/** What is seen of a picture. */
export interface View {
  readonly x: Range;
  readonly y: Range;
}

export const wholeView = ({ x, y }: { readonly x: Axis; readonly y: Axis }): View => ({ x: [x.low, x.high], y: [y.low, y.high] });

/** Least and greatest of finite numbers; of none, 0 and 1. */
export function extent(values: Iterable<number>): Range {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

/** With room around it; a single number gets an axis too. */
export function widened([low, high]: Range, share: number): Range {
  const room = (high - low) * share || Math.abs(low) * 0.1 || 1;
  return [low - room, high + room];
}

const stepOf = (span: number, most: number): number => {
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * (1 - 1e-9)) ?? power * 10;
};

/** Out to round numbers, so that an axis does not twitch with every new point. */
export function rounded([low, high]: Range, most = 5): Range {
  const [from, to] = high > low ? [low, high] : widened([low, high], 0);
  const step = stepOf(to - from, most);
  if (!(step > 0) || !Number.isFinite(step)) return [from, to];
  return [
    Number((Math.floor(from / step + 1e-9) * step).toPrecision(12)),
    Number((Math.ceil(to / step - 1e-9) * step).toPrecision(12)),
  ];
}

/** Round numbers between two ends, at most about `most` of them. */
export function ticksBetween(low: number, high: number, most: number): readonly number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [];
  const step = stepOf(span, most);
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step)
    ticks.push(Number(tick.toPrecision(12)));
  return ticks;
}

/** Powers of ten; of a short axis 2 and 5 between them, of a very short one round numbers. */
function logTicks(low: number, high: number, most: number): readonly number[] {
  const decades = Math.log10(high / low);
  if (!(decades > 0) || !Number.isFinite(decades)) return [];
  if (decades < 0.7) return ticksBetween(low, high, most);
  const stride = Math.max(1, Math.ceil(decades / most));
  const factors = decades * 3 <= most ? [1, 2, 5] : decades * 2 <= most ? [1, 3] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += stride)
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
    }
  return ticks;
}

export function ticksOf(axis: Axis, [low, high]: Range, most: number): readonly number[] {
  const marks = axis.marks?.filter((at) => at >= low && at <= high);
  // Deep in a zoom few of them are left.
  if (marks && marks.length > 2) return marks;
  if (axis.names) {
    const count = Math.floor(Math.min(high, axis.names.length - 1)) - Math.ceil(Math.max(low, 0)) + 1;
    const stride = Math.max(1, Math.ceil(count / most));
    return axis.names.flatMap((_, at) => (at >= low && at <= high && at % stride === 0 ? [at] : []));
  }
  const ticks = axis.logarithmic ? logTicks(low, high, most) : ticksBetween(low, high, most);
  return axis.whole ? ticks.filter(Number.isInteger) : ticks;
}

/** 10⁻⁴ needs less room than 0.0001, and 10⁵ than 100,000. */
const powerText = (exponent: number): string =>
  `10${String(exponent).replace(/[-\d]/g, (sign) => (sign === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(sign)]!))}`;

/** Digits of a mark; more where neighbours would read alike, as deep in a zoom. */
const DIGITS = 4;
const MOST_DIGITS = 12;

/** What stands beside the marks of an axis. */
export function tickTexts(axis: Axis, ticks: readonly number[]): readonly string[] {
  const text = (value: number, digits: number): string => {
    const exponent = axis.logarithmic ? Math.round(Math.log10(value)) : 0;
    const isPower = Math.abs(exponent) > 3 && Math.abs(value / 10 ** exponent - 1) < 1e-9;
    return axis.names?.[value] ?? (isPower ? powerText(exponent) : numberText(value, digits));
  };
  for (let digits = DIGITS; ; digits++) {
    const texts = ticks.map((tick) => text(tick, digits));
    if (axis.names || digits >= MOST_DIGITS || new Set(texts).size === texts.length) return texts;
  }
}

const bend = (axis: Axis, value: number): number => (axis.logarithmic ? Math.log(Math.max(value, Number.MIN_VALUE)) : value);
const unbend = (axis: Axis, value: number): number => (axis.logarithmic ? Math.exp(value) : value);

/** Share of the way from the low to the high end; the way goes by ratios on a logarithmic axis. */
export const shareOf = (axis: Axis, [low, high]: Range, value: number): number =>
  (bend(axis, value) - bend(axis, low)) / (bend(axis, high) - bend(axis, low));
export const valueAt = (axis: Axis, [low, high]: Range, share: number): number =>
  unbend(axis, bend(axis, low) + share * (bend(axis, high) - bend(axis, low)));

/** How much closer than the whole one may look. */
const CLOSEST = 1e-4;

/** `factor` < 1 looks closer; the number at `share` of the way stays where it is, and the ends of the axis hold. */
export function zoomedRange(axis: Axis, range: Range, factor: number, share: number): Range {
  const whole: Range = [axis.low, axis.high];
  const [low, high] = [shareOf(axis, whole, range[0]), shareOf(axis, whole, range[1])];
  const length = Math.min(1, Math.max(CLOSEST, (high - low) * factor));
  const start = Math.min(1 - length, Math.max(0, low + share * (high - low - length)));
  return [valueAt(axis, whole, start), valueAt(axis, whole, start + length)];
}

/** Moved along by a share of what is seen, as far as the axis goes. */
export function pannedRange(axis: Axis, range: Range, by: number): Range {
  const whole: Range = [axis.low, axis.high];
  const [low, high] = [shareOf(axis, whole, range[0]), shareOf(axis, whole, range[1])];
  const start = Math.min(1 - (high - low), Math.max(0, low + by * (high - low)));
  return [valueAt(axis, whole, start), valueAt(axis, whole, start + high - low)];
}
