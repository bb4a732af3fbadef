/**
 * Where a layer's sums stand on its activation: the function and its derivative as the operation states them, and a
 * histogram of the sums that the coming batch gives. Where the sums lie on flat ground, little gradient passes.
 */
import { evaluate } from '../../ir/expr';
import type { NodeId } from '../../graph/graph';
import { GRADIENT, OUT, type Primitive } from '../../ops/op';
import { opOf } from '../../ops/index';
import { type Histogram, histogramOf } from './histogram';

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
  readonly curve: readonly { readonly x: number; readonly value: number; readonly slope: number }[];
  /** Over the sums: mean of the derivative's size, and the share where it is below a tenth of the greatest there is. */
  readonly meanSlope: number;
  readonly flat: number;
}

const POINTS = 201;
/** The curve is shown at least so far on both sides of 0. */
const LEAST_REACH = 3;

export interface ScalarFunction {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

/** The function and derivative of an activation that works on single numbers; null for others, as softmax. */
export function scalarFunction(name: string, attrs: Readonly<Record<string, unknown>>): ScalarFunction | null {
  const op = opOf(name);
  if (op?.kind !== 'primitive' || op.group !== 'activation') return null;
  const ports = op.ports(attrs as Parameters<Primitive['ports']>[0]);
  if (ports.length !== 1) return null;
  const port = ports[0]!.name;
  const call = { shapes: { [port]: [] }, attrs: attrs as Parameters<Primitive['ports']>[0], out: [] };
  if ('fault' in op.infer(call.shapes, call.attrs)) return null;
  const forward = op.value(call).kernels;
  if (forward.length !== 1 || forward[0]!.fold) return null;
  const value = (x: number): number => evaluate(forward[0]!.stores[0]!.value, () => x);
  const backward = op.gradient(call, port)?.kernels;
  // Without a gradient, as the binary step, the derivative is 0 wherever there is one.
  if (!backward) return { value, slope: () => 0 };
  if (backward.length !== 1 || backward[0]!.fold) return null;
  const expression = backward[0]!.stores[0]!.value;
  return {
    value,
    slope: (x) => evaluate(expression, (read) => (read === GRADIENT ? 1 : read === OUT ? value(x) : x)),
  };
}

export function operatingPointsOf(
  { value, slope }: ScalarFunction,
  numbers: ArrayLike<number>,
): Pick<OperatingPoints, 'sums' | 'curve' | 'meanSlope' | 'flat'> {
  const sums = histogramOf(numbers, 40);
  const [low, high] = [Math.min(-LEAST_REACH, sums.edges[0] ?? 0), Math.max(LEAST_REACH, sums.edges.at(-1) ?? 0)];
  const curve = Array.from({ length: POINTS }, (_, at) => {
    const x = low + ((high - low) * at) / (POINTS - 1);
    return { x, value: value(x), slope: slope(x) };
  });
  const steepest = curve.reduce((top, point) => Math.max(top, Math.abs(point.slope)), 0);
  let [total, flat] = [0, 0];
  for (let at = 0; at < numbers.length; at++) {
    const own = Math.abs(slope(numbers[at]!));
    total += own;
    if (own < steepest / 10 || steepest === 0) flat++;
  }
  const count = Math.max(1, numbers.length);
  return { sums, curve, meanSlope: total / count, flat: flat / count };
}
