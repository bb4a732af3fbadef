/**
 * Gradient descent in numbers: one parameter on a curve, with the largest rate that still goes down; and
 * two parameters of a line fitted to points, where a batch of n is gradient descent and a batch of 1 is
 * stochastic gradient descent. Also what a gradient costs.
 */
import { Random } from '../data/random';

export interface Curve {
  readonly loss: (theta: number) => number;
  readonly slope: (theta: number) => number;
}

export interface DescentStep {
  readonly theta: number;
  readonly loss: number;
  readonly slope: number;
  /** L(θₜ) ≤ L(θₜ₋₁); true for the start. */
  readonly descends: boolean;
}

/** θ² / 1 has the largest safe rate 1. */
export const parabola: Curve = { loss: (t) => t * t, slope: (t) => 2 * t };
/** A curve with a hill and two hollows of different depth. */
export const hollows: Curve = { loss: (t) => 0.25 * t ** 4 - t * t + 0.3 * t + 1.2, slope: (t) => t ** 3 - 2 * t + 0.3 };
export const valley: Curve = { loss: (t) => Math.abs(t), slope: (t) => Math.sign(t) };

export function descend(curve: Curve, start: number, rate: number, steps: number): readonly DescentStep[] {
  const out: DescentStep[] = [];
  let theta = start;
  for (let t = 0; t <= steps; t++) {
    const loss = curve.loss(theta);
    const slope = curve.slope(theta);
    // The last digits of float64 are no rise.
    out.push({ theta, loss, slope, descends: t === 0 || loss <= out[t - 1]!.loss * (1 + 1e-12) + 1e-300 });
    if (!Number.isFinite(loss) || Math.abs(theta) > 1e9) break;
    theta -= rate * slope;
  }
  return out;
}

/** For L = c·θ² the step θ(1 − 2ηc) shrinks as long as η ≤ 1/c. */
export const largestSafeRateOfQuadratic = (c: number): number => 1 / c;

/**
 * The largest rate for which one step from here does not raise the loss, and no smaller rate does either;
 * found by search up to `most`. Infinity when no rise was found.
 */
export function largestSafeRate({ loss, slope }: Curve, theta: number, most = 100): number {
  const here = loss(theta);
  const d = slope(theta);
  if (d === 0) return Number.POSITIVE_INFINITY;
  const rises = (rate: number): boolean => loss(theta - rate * d) > here;
  let low = 0;
  for (let i = 1; i <= 4000; i++) {
    const rate = most * (i / 4000) ** 2;
    if (rises(rate)) {
      let high = rate;
      for (let k = 0; k < 60; k++) {
        const middle = (low + high) / 2;
        if (rises(middle)) high = middle;
        else low = middle;
      }
      return low;
    }
    low = rate;
  }
  return Number.POSITIVE_INFINITY;
}

export interface Sample {
  readonly x: number;
  readonly y: number;
}
/** w and b of the line w x + b. */
export type Theta = readonly [w: number, b: number];

export const sampleLoss = ([w, b]: Theta, { x, y }: Sample): number => (w * x + b - y) ** 2;
export const sampleGradient = ([w, b]: Theta, { x, y }: Sample): Theta => {
  const delta = 2 * (w * x + b - y);
  return [delta * x, delta];
};
export const meanLoss = (theta: Theta, samples: readonly Sample[]): number =>
  samples.reduce((s, one) => s + sampleLoss(theta, one), 0) / samples.length;
export const meanGradient = (theta: Theta, samples: readonly Sample[]): Theta => {
  const sum = [0, 0];
  for (const one of samples) {
    const [dw, db] = sampleGradient(theta, one);
    sum[0]! += dw;
    sum[1]! += db;
  }
  return [sum[0]! / samples.length, sum[1]! / samples.length];
};

/** Parameters after every update. Each epoch visits all samples once, shuffled unless the batch holds all of them; a last smaller batch counts with its own mean. */
export function batchPath(
  samples: readonly Sample[],
  start: Theta,
  rate: number,
  batch: number,
  epochs: number,
  seed: number,
): readonly Theta[] {
  const path: Theta[] = [start];
  const random = new Random(seed, 'batches');
  const order = samples.map((_, i) => i);
  let theta = start;
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (batch < samples.length) random.shuffle(order);
    for (let from = 0; from < order.length; from += batch) {
      const [dw, db] = meanGradient(
        theta,
        order.slice(from, from + batch).map((i) => samples[i]!),
      );
      theta = [theta[0] - rate * dw, theta[1] - rate * db];
      path.push(theta);
    }
  }
  return path;
}

/** Points near a line, for the figures. */
export function linePoints(count: number, noise: number, seed: number): readonly Sample[] {
  const random = new Random(seed, 'line');
  return Array.from({ length: count }, () => {
    const x = random.between(-1, 1);
    return { x, y: 0.8 * x - 0.3 + noise * random.gaussian() };
  });
}

export interface EarlyStop {
  readonly best: number;
  /** Epoch at which training stops; the last one when patience never ran out. */
  readonly stop: number;
  readonly stopped: boolean;
}

/** Stops when the validation loss has not improved for `patience` epochs; the weights of `best` are restored. */
export function earlyStop(validation: readonly number[], patience: number): EarlyStop {
  let best = 0;
  for (let epoch = 1; epoch < validation.length; epoch++) {
    if (validation[epoch]! < validation[best]!) best = epoch;
    else if (epoch - best >= patience) return { best, stop: epoch, stopped: true };
  }
  return { best, stop: validation.length - 1, stopped: false };
}

/** Multiplications, for one sample, in a fully connected network with these layer sizes. */
export interface Costs {
  readonly parameters: number;
  readonly forward: number;
  /** Forward pass and backward pass. */
  readonly backprop: number;
  /** One more forward pass for every parameter. */
  readonly finiteDifferences: number;
  /** Forward mode carries one derivative at a time: twice a forward pass for every parameter. */
  readonly forwardMode: number;
}

export function costsOf(sizes: readonly number[]): Costs {
  let weights = 0;
  let biases = 0;
  let withoutFirst = 0;
  for (let i = 1; i < sizes.length; i++) {
    weights += sizes[i - 1]! * sizes[i]!;
    biases += sizes[i]!;
    if (i > 1) withoutFirst += sizes[i - 1]! * sizes[i]!;
  }
  const parameters = weights + biases;
  // Backward: xᵗδ for the weights, δWᵗ for the inputs of all layers but the first, and ⊙ g′.
  return {
    parameters,
    forward: weights,
    backprop: weights + weights + withoutFirst + biases,
    finiteDifferences: weights * (parameters + 1),
    forwardMode: 2 * weights * parameters,
  };
}
