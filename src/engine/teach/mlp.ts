/**
 * A fully connected network in plain float64 loops, for figures that train something small in the page:
 * symmetry, initialisation, early stopping. Column vectors, W of size outputs × inputs, as in section
 * 3.6.20 of the course. The program's own networks run elsewhere; a test holds the two together.
 */
export type Act = 'identity' | 'relu' | 'tanh' | 'sigmoid';

export const act: Readonly<
  Record<Act, { readonly g: (x: number) => number /** From x and g(x). */; readonly d: (x: number, y: number) => number }>
> = {
  identity: { g: (x) => x, d: () => 1 },
  relu: { g: (x) => Math.max(0, x), d: (x) => (x > 0 ? 1 : 0) },
  tanh: { g: Math.tanh, d: (_x, y) => 1 - y * y },
  sigmoid: { g: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))), d: (_x, y) => y * (1 - y) },
};

interface Layer {
  /** outputs × inputs, rows first. */
  readonly w: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly g: Act;
}
export type Network = readonly Layer[];

export interface LayerPass {
  readonly t: readonly number[];
  readonly y: readonly number[];
}

export function forward(network: Network, x: readonly number[]): readonly LayerPass[] {
  const passes: LayerPass[] = [];
  let input = x;
  for (const { w, b, g } of network) {
    const t = w.map((row, i) => row.reduce((s, v, j) => s + v * input[j]!, b[i]!));
    const y = t.map(act[g].g);
    passes.push({ t, y });
    input = y;
  }
  return passes;
}

export interface LayerGradient {
  readonly t: readonly number[];
  readonly w: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly x: readonly number[];
}

/** Gradients of the squared error Σ (y − target)², layer by layer. */
export function backward(
  network: Network,
  x: readonly number[],
  target: readonly number[],
): { readonly loss: number; readonly layers: readonly LayerGradient[] } {
  const passes = forward(network, x);
  const output = passes.at(-1)!.y;
  let upstream = output.map((y, i) => 2 * (y - target[i]!));
  const layers: LayerGradient[] = [];
  for (let k = network.length - 1; k >= 0; k--) {
    const { w, g } = network[k]!;
    const { t, y } = passes[k]!;
    const input = k === 0 ? x : passes[k - 1]!.y;
    const delta = upstream.map((u, i) => u * act[g].d(t[i]!, y[i]!));
    const back = input.map((_, j) => delta.reduce((s, d, i) => s + d * w[i]![j]!, 0));
    layers.unshift({ t: delta, w: delta.map((d) => input.map((v) => d * v)), b: delta, x: back });
    upstream = back;
  }
  return { loss: output.reduce((s, y, i) => s + (y - target[i]!) ** 2, 0), layers };
}

export interface Pair {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export const meanLossOf = (network: Network, pairs: readonly Pair[]): number =>
  pairs.reduce(
    (s, p) =>
      s +
      forward(network, p.x)
        .at(-1)!
        .y.reduce((e, y, i) => e + (y - p.y[i]!) ** 2, 0),
    0,
  ) / pairs.length;

/** One step of gradient descent on the mean over the pairs. */
export function descentStep(network: Network, pairs: readonly Pair[], rate: number): Network {
  const w = network.map((l) => l.w.map((row) => row.map(() => 0)));
  const b = network.map((l) => l.b.map(() => 0));
  for (const pair of pairs)
    backward(network, pair.x, pair.y).layers.forEach((layer, k) => {
      layer.b.forEach((d, i) => {
        b[k]![i]! += d / pairs.length;
        for (const [j, v] of layer.w[i]!.entries()) w[k]![i]![j]! += v / pairs.length;
      });
    });
  return network.map((l, k) => ({
    ...l,
    w: l.w.map((row, i) => row.map((v, j) => v - rate * w[k]![i]![j]!)),
    b: l.b.map((v, i) => v - rate * b[k]![i]!),
  }));
}

/** The layer of section 3.6.20 with its numbers. */
export const courseLayer: { readonly network: Network; readonly x: readonly number[]; readonly target: readonly number[] } = {
  network: [
    {
      w: [
        [0.5, -1],
        [2, 1],
      ],
      b: [0, 0.5],
      g: 'relu',
    },
  ],
  x: [1, -2],
  target: [2, 0],
};
