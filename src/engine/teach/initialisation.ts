/**
 * The initialisation laboratory: how the size of activations changes from layer to layer for different
 * deviations of the weights, and why equal weights stay equal for ever.
 */
import { Random } from '../data/random';
import { act, type Act, descentStep, meanLossOf, type Network, type Pair } from './mlp';

export interface Deviation {
  readonly name: string;
  readonly title: string;
  readonly latex: string;
  readonly of: (n: number) => number;
}

/** In the course's order; the last is what it prints for He, the third what He et al. published. */
export const deviations: readonly Deviation[] = [
  { name: 'zero', title: 'Zero', latex: '0', of: () => 0 },
  { name: 'lecun', title: '1/√n', latex: '1/\\sqrt{n}', of: (n) => 1 / Math.sqrt(n) },
  { name: 'he', title: '√(2/n)', latex: '\\sqrt{2/n}', of: (n) => Math.sqrt(2 / n) },
  { name: 'printed', title: '2/√n, as printed', latex: '2/\\sqrt{n}', of: (n) => 2 / Math.sqrt(n) },
];

export interface LayerStatistics {
  /** Mean of the squared activations after the layer; layer 0 is the input. */
  readonly meanSquare: number;
  /** Share of exact zeros. */
  readonly zeros: number;
}

/** Gaussian inputs of mean square 1 through `layers` layers of `width` neurons without biases. */
export function activationSizes(options: {
  readonly width: number;
  readonly layers: number;
  readonly deviation: number;
  readonly g: Act;
  readonly seed: number;
  readonly samples?: number;
}): readonly LayerStatistics[] {
  const { width, layers, deviation, g, seed, samples = 16 } = options;
  const random = new Random(seed, 'initialisation');
  let batch = Array.from({ length: samples }, () => Float64Array.from({ length: width }, () => random.gaussian()));
  const statistics = (): LayerStatistics => {
    let square = 0;
    let zeros = 0;
    for (const x of batch)
      for (const v of x) {
        square += v * v;
        if (v === 0) zeros++;
      }
    return { meanSquare: square / (samples * width), zeros: zeros / (samples * width) };
  };
  const out = [statistics()];
  for (let layer = 0; layer < layers; layer++) {
    const w = Float64Array.from({ length: width * width }, () => random.gaussian() * deviation);
    batch = batch.map((x) =>
      Float64Array.from({ length: width }, (_, i) => {
        let sum = 0;
        for (let j = 0; j < width; j++) sum += w[i * width + j]! * x[j]!;
        return act[g].g(sum);
      }),
    );
    out.push(statistics());
  }
  return out;
}

/** Largest factor by which `layers` sigmoid layers can shrink the gradient: σ′ is at most ¼. */
export const sigmoidBound = (layers: number): number => 0.25 ** layers;

export interface SymmetryRun {
  /** Largest difference between the weights of two hidden neurons, before training and after every step. */
  readonly spread: readonly number[];
  readonly loss: readonly number[];
  /** The network before training and after every step. */
  readonly networks: readonly Network[];
}

const XOR: readonly Pair[] = [
  { x: [0, 0], y: [0] },
  { x: [0, 1], y: [1] },
  { x: [1, 0], y: [1] },
  { x: [1, 1], y: [0] },
];

const spreadOf = ([hidden, output]: Network): number => {
  let most = 0;
  const rows = hidden!.w.map((row, i) => [...row, hidden!.b[i]!, output!.w[0]![i]!]);
  for (const a of rows) for (const b of rows) for (const [j, v] of a.entries()) most = Math.max(most, Math.abs(v - b[j]!));
  return most;
};

/** A 2-4-1 network trained on XOR from weights that are all `equal`, or drawn with the deviation. */
export function symmetryRun(
  start: { readonly equal: number } | { readonly deviation: number; readonly seed: number },
  steps: number,
  rate = 0.5,
): SymmetryRun {
  const random = 'seed' in start ? new Random(start.seed, 'symmetry') : null;
  const next = (): number => ('equal' in start ? start.equal : random!.gaussian() * start.deviation);
  const first: Network = [
    { w: Array.from({ length: 4 }, () => [next(), next()]), b: [0, 0, 0, 0], g: 'tanh' },
    { w: [[next(), next(), next(), next()]], b: [0], g: 'sigmoid' },
  ];
  const networks = [first];
  for (let t = 0; t < steps; t++) networks.push(descentStep(networks[t]!, XOR, rate));
  return { spread: networks.map(spreadOf), loss: networks.map((network) => meanLossOf(network, XOR)), networks };
}
