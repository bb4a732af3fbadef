/**
 * The universal approximation bench: a function on [0, 1] approached by Σ vᵢ g(wᵢ x + bᵢ). The steps of
 * the sigmoids are placed where the function moves most, then the heights vᵢ are fitted by least squares;
 * the error is the largest distance on a fine grid.
 */
export interface HiddenNeuron {
  readonly w: number;
  readonly b: number;
  readonly v: number;
}

export interface Fit {
  readonly neurons: readonly HiddenNeuron[];
  /** The largest |f(x) − sum(x)| on the grid, and where it is. */
  readonly error: number;
  readonly worstAt: number;
}

export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
export const valueOfFit = (neurons: readonly HiddenNeuron[], x: number): number =>
  neurons.reduce((s, { w, b, v }) => s + v * sigmoid(w * x + b), 0);

const GRID = 240;
const FINE = 960;

/** Solves (AᵗA + λI) v = Aᵗy by Cholesky's method. */
function leastSquares(columns: readonly Float64Array[], y: Float64Array, ridge: number): number[] {
  const n = columns.length;
  const a = columns.map((c) => columns.map((d) => c.reduce((s, x, k) => s + x * d[k]!, 0)));
  const right = columns.map((c) => c.reduce((s, x, k) => s + x * y[k]!, 0));
  for (let i = 0; i < n; i++) a[i]![i]! += ridge;
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < j; k++) a[j]![j]! -= a[j]![k]! ** 2;
    a[j]![j] = Math.sqrt(Math.max(a[j]![j]!, 1e-300));
    for (let i = j + 1; i < n; i++) {
      for (let k = 0; k < j; k++) a[i]![j]! -= a[i]![k]! * a[j]![k]!;
      a[i]![j]! /= a[j]![j]!;
    }
  }
  const v = [...right];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) v[i]! -= a[i]![k]! * v[k]!;
    v[i]! /= a[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) v[i]! -= a[k]![i]! * v[k]!;
    v[i]! /= a[i]![i]!;
  }
  return v;
}

/** Centres of q steps: half of their density even, half where f moves. */
function centres(f: (x: number) => number, q: number): readonly number[] {
  const moves = Array.from({ length: GRID }, (_, k) => Math.abs(f((k + 1) / GRID) - f(k / GRID)));
  const total = moves.reduce((s, x) => s + x, 0);
  const density = moves.map((x) => 0.5 / GRID + (total > 0 ? (0.5 * x) / total : 0.5 / GRID));
  const out: number[] = [];
  let sum = 0;
  let k = 0;
  for (let i = 0; i < q; i++) {
    const wanted = (i + 0.5) / q;
    while (k < GRID - 1 && sum + density[k]! < wanted) sum += density[k++]!;
    out.push((k + Math.min(1, Math.max(0, (wanted - sum) / density[k]!))) / GRID);
  }
  return out;
}

export function fitSteps(f: (x: number) => number, q: number): Fit {
  const steps = q <= 1 ? [] : centres(f, q - 1);
  const grid = Float64Array.from({ length: GRID + 1 }, (_, k) => k / GRID);
  const y = grid.map((x) => f(x));
  let best: Fit | null = null;
  for (const steepness of [2, 4, 8, 16]) {
    const w = steepness * Math.max(2, q);
    // One neuron stands far to the left: on [0, 1] it is the constant.
    const hidden = [{ w, b: w }, ...steps.map((c) => ({ w, b: -w * c }))].slice(0, Math.max(1, q));
    const columns = hidden.map(({ w: slope, b }) => grid.map((x) => sigmoid(slope * x + b)));
    const heights = leastSquares(columns, y, 1e-7);
    const neurons = hidden.map((n, i) => ({ ...n, v: heights[i]! }));
    const fit = measured(f, neurons);
    if (best === null || fit.error < best.error) best = fit;
  }
  return best!;
}

function measured(f: (x: number) => number, neurons: readonly HiddenNeuron[]): Fit {
  let error = 0;
  let worstAt = 0;
  for (let k = 0; k <= FINE; k++) {
    const x = k / FINE;
    const gap = Math.abs(f(x) - valueOfFit(neurons, x));
    if (gap > error) [error, worstAt] = [gap, x];
  }
  return { neurons, error, worstAt };
}

/** The smallest q of the bench's method whose error is below ε; null when `most` neurons are not enough. */
export function smallestQ(
  f: (x: number) => number,
  epsilon: number,
  most = 60,
): { readonly q: number; readonly fit: Fit } | null {
  for (let q = 1; q <= most; q++) {
    const fit = fitSteps(f, q);
    if (fit.error < epsilon) return { q, fit };
  }
  return null;
}

/** The smallest q for each ε, from one sweep. */
export function qAgainstEpsilon(
  f: (x: number) => number,
  epsilons: readonly number[],
  most = 60,
): readonly { readonly epsilon: number; readonly q: number | null }[] {
  const errors = Array.from({ length: most }, (_, i) => fitSteps(f, i + 1).error);
  return epsilons.map((epsilon) => {
    const at = errors.findIndex((e) => e < epsilon);
    return { epsilon, q: at < 0 ? null : at + 1 };
  });
}

export const targets: readonly { readonly name: string; readonly title: string; readonly f: (x: number) => number }[] = [
  { name: 'hill', title: 'Hill', f: (x) => Math.exp(-40 * (x - 0.5) ** 2) },
  { name: 'wave', title: 'Wave', f: (x) => 0.5 + 0.4 * Math.sin(2 * Math.PI * x) },
  { name: 'two-waves', title: 'Three waves', f: (x) => 0.5 + 0.35 * Math.sin(6 * Math.PI * x) },
  { name: 'tent', title: 'Tent', f: (x) => 1 - 2 * Math.abs(x - 0.5) },
  { name: 'steep', title: 'Steep', f: (x) => 0.1 + 0.8 * sigmoid(30 * (x - 0.6)) - 0.3 * Math.exp(-80 * (x - 0.25) ** 2) },
];

/** A function drawn by hand as heights at even places, joined by straight lines. */
export const drawnFunction = (heights: readonly number[]): ((x: number) => number) => {
  const n = heights.length - 1;
  return (x) => {
    const at = Math.min(n, Math.max(0, x * n));
    const i = Math.min(n - 1, Math.floor(at));
    return heights[i]! + (at - i) * (heights[i + 1]! - heights[i]!);
  };
};
