/**
 * Where a layer's sums stand on its activation: the function and its derivative as the operation states them, and a
 * histogram of the sums that the coming batch gives. Where the sums lie on flat ground, little gradient passes.
 */
import type { Attrs, NodeId } from '../../graph/graph';
import { opOf } from '../../ops/index';
import { type ScalarFunction, scalarFunction } from '../../ops/scalar-function';
import { type Histogram, histogramOf } from './histogram';

/** Some of the sums, evenly taken from all rows and units, with what becomes of them. */
export interface OperatingPoint {
  readonly unit: number;
  readonly sum: number;
  readonly value: number;
  readonly slope: number;
}

export interface OperatingPoints {
  readonly layer: NodeId;
  readonly op: string;
  readonly title: string;
  /** Of the layer's value: neurons, or places of a picture. */
  readonly units: number;
  readonly rows: number;
  readonly step: number;
  /** The sums, before the activation. */
  readonly sums: Histogram;
  readonly points: readonly OperatingPoint[];
  readonly curve: readonly { readonly x: number; readonly value: number; readonly slope: number }[];
  /** Over the sums: mean of the derivative's size, and the share where it is below a tenth of the greatest there is. */
  readonly meanSlope: number;
  readonly flat: number;
}

const POINTS = 201;
/** The curve is shown at least so far on both sides of 0. */
const LEAST_REACH = 3;

/** The activation of a node, where it works on single numbers; null for others, as softmax. */
export const activationOf = (op: string, attrs: Attrs): ScalarFunction | null =>
  opOf(op)?.group === 'activation' ? scalarFunction(op, attrs) : null;

/** `numbers`: row by row, `units` a row, of which the first is number `first`. */
export function operatingPointsOf(
  { value, derivative }: ScalarFunction,
  numbers: ArrayLike<number>,
  units = 1,
  first = 0,
): Pick<OperatingPoints, 'sums' | 'points' | 'curve' | 'meanSlope' | 'flat'> {
  const sums = histogramOf(numbers, 40);
  const [low, high] = [Math.min(-LEAST_REACH, sums.edges[0] ?? 0), Math.max(LEAST_REACH, sums.edges.at(-1) ?? 0)];
  const curve = Array.from({ length: POINTS }, (_, at) => {
    const x = low + ((high - low) * at) / (POINTS - 1);
    return { x, value: value(x), slope: derivative(x) };
  });
  const steepest = curve.reduce((top, point) => Math.max(top, Math.abs(point.slope)), 0);
  let [total, flat] = [0, 0];
  for (let at = 0; at < numbers.length; at++) {
    const own = Math.abs(derivative(numbers[at]!));
    total += own;
    if (own < steepest / 10 || steepest === 0) flat++;
  }
  const count = Math.max(1, numbers.length);
  const points = someOf(numbers.length, units).map((at): OperatingPoint => {
    const sum = numbers[at]!;
    return { unit: first + (at % units), sum, value: value(sum), slope: derivative(sum) };
  });
  return { sums, points, curve, meanSlope: total / count, flat: flat / count };
}

/** Points of a batch at most. */
const MOST_POINTS = 400;

/** Positions with a stride that shares no factor with the number of units, so that each unit has its turn. */
function someOf(count: number, units: number): readonly number[] {
  let stride = Math.max(1, Math.ceil(count / MOST_POINTS));
  while (stride > 1 && common(stride, units) > 1) stride++;
  return Array.from({ length: Math.ceil(count / stride) }, (_, k) => k * stride);
}

const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
