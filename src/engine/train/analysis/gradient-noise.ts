/**
 * How much single samples disagree about the gradient, and what that means for the size of a batch. A batch's
 * gradient is a mean of B samples' gradients, so its standard deviation falls as 1/√B; the noise scale
 * tr(Σ)/‖g‖² (McCandlish et al. 2018, "An empirical model of large-batch training") is the batch size
 * at which noise and gradient are of one size.
 */

/** Gradients of single samples, row by row: samples × numbers. */
export interface SampleGradients {
  readonly samples: number;
  readonly width: number;
  readonly data: Float32Array;
}

export interface BatchNoise {
  readonly batch: number;
  /** Of real batches of so many of the samples: root of the mean squared distance from the mean gradient. */
  readonly measured: number;
  /** √(tr(Σ)/B). */
  readonly expected: number;
  /** How many batches it was measured on. */
  readonly batches: number;
}

export interface GradientNoise {
  readonly step: number;
  readonly epoch: number;
  readonly samples: number;
  /** Of the data, one for each sample. */
  readonly rows: Uint32Array;
  /** Numbers of a gradient that were looked at, and that there are. */
  readonly looked: number;
  readonly parameters: number;
  /** ‖mean gradient‖² without what noise adds to it: ‖ḡ‖² − tr(Σ)/N; 0 at least. */
  readonly squaredGradient: number;
  /** tr(Σ): mean squared distance of a sample's gradient from the mean gradient. */
  readonly trace: number;
  /** tr(Σ)/‖g‖²; Infinity where noise hides the gradient. */
  readonly scale: number;
  readonly batches: readonly BatchNoise[];
  readonly fan: Fan;
}

/** Gradients as arrows in a plane. */
export interface Fan {
  readonly titles: readonly [string, string];
  /** x and y of each sample's gradient. */
  readonly arrows: Float32Array;
  readonly mean: readonly [number, number];
}

export type NoiseFigures = Omit<GradientNoise, 'step' | 'epoch' | 'rows' | 'looked' | 'parameters' | 'fan'>;

export function meanOf({ samples, width, data }: SampleGradients): Float64Array {
  const mean = new Float64Array(width);
  for (let row = 0; row < samples; row++) for (let k = 0; k < width; k++) mean[k]! += data[row * width + k]!;
  for (let k = 0; k < width; k++) mean[k]! /= samples;
  return mean;
}

const squared = (numbers: ArrayLike<number>): number => {
  let sum = 0;
  for (let k = 0; k < numbers.length; k++) sum += numbers[k]! ** 2;
  return sum;
};

/** Lets other work have its turn. */
type Rest = () => Promise<void>;

/** `times`: how many numbers each of those that were looked at stands for. At least two samples. */
export async function noiseOf(gradients: SampleGradients, rest: Rest, times = 1): Promise<NoiseFigures> {
  const { samples, width, data } = gradients;
  const mean = meanOf(gradients);
  await rest();
  let apart = 0;
  for (let row = 0; row < samples; row++) for (let k = 0; k < width; k++) apart += (data[row * width + k]! - mean[k]!) ** 2;
  const trace = (times * apart) / Math.max(1, samples - 1);
  const squaredGradient = Math.max(0, times * squared(mean) - trace / samples);
  return {
    samples,
    squaredGradient,
    trace,
    scale: squaredGradient > 0 ? trace / squaredGradient : Number.POSITIVE_INFINITY,
    batches: await batchNoise(gradients, mean, trace, times, rest),
  };
}

/** Batches of 1, 2, 4, … neighbouring samples; those of twice the size are means of two. */
async function batchNoise(
  { samples, width, data }: SampleGradients,
  mean: Float64Array,
  trace: number,
  times: number,
  rest: Rest,
): Promise<BatchNoise[]> {
  const found: BatchNoise[] = [];
  let sums: Float64Array[] = Array.from({ length: samples }, (_, row) =>
    Float64Array.from(data.subarray(row * width, (row + 1) * width)),
  );
  for (let batch = 1; sums.length >= 2; batch *= 2) {
    let apart = 0;
    for (const sum of sums) for (let k = 0; k < width; k++) apart += (sum[k]! / batch - mean[k]!) ** 2;
    // Batches of so small a pool lie closer to its mean than to that of all data: n − 1 makes up for it.
    const measured = Math.sqrt((times * apart) / (sums.length - 1));
    found.push({ batch, measured, expected: Math.sqrt(trace / batch), batches: sums.length });
    const pairs = sums.length >> 1;
    const joined: Float64Array[] = [];
    for (let at = 0; at < pairs; at++) {
      const [a, b] = [sums[2 * at]!, sums[2 * at + 1]!];
      for (let k = 0; k < width; k++) a[k]! += b[k]!;
      joined.push(a);
    }
    sums = joined;
    await rest();
  }
  return found;
}

/** The samples' gradients along two numbers of the parameters: the two columns of `gradients`. */
export function fanAlong({ samples, data }: SampleGradients, titles: readonly [string, string]): Fan {
  const mean: [number, number] = [0, 0];
  for (let row = 0; row < samples; row++) {
    mean[0] += data[2 * row]! / samples;
    mean[1] += data[2 * row + 1]! / samples;
  }
  return { titles, arrows: data, mean };
}

const ROUNDS = 12;

/**
 * The samples' gradients in the plane of the mean gradient (across) and of the direction at right angles to it in
 * which they differ most (up): the first principal component of what is left of them, by power iteration.
 */
export async function fanOfLargest(gradients: SampleGradients, rest: Rest): Promise<Fan> {
  const { samples, width, data } = gradients;
  const mean = meanOf(gradients);
  const length = Math.sqrt(squared(mean));
  const along = mean.map((x) => (length > 0 ? x / length : 0));
  const alongOf = new Float64Array(samples);
  for (let row = 0; row < samples; row++) for (let k = 0; k < width; k++) alongOf[row]! += data[row * width + k]! * along[k]!;
  // Starts from the sample that lies farthest off.
  let [most, start] = [-1, 0];
  for (let row = 0; row < samples; row++) {
    let apart = 0;
    for (let k = 0; k < width; k++) apart += (data[row * width + k]! - alongOf[row]! * along[k]!) ** 2;
    if (apart > most) [most, start] = [apart, row];
  }
  const offOf = (row: number, k: number): number => data[row * width + k]! - alongOf[row]! * along[k]!;
  let across = Float64Array.from({ length: width }, (_, k) => offOf(start, k));
  const up = new Float64Array(samples);
  for (let round = 0; round < ROUNDS; round++) {
    const size = Math.sqrt(squared(across));
    if (size === 0) break;
    across = across.map((x) => x / size);
    up.fill(0);
    for (let row = 0; row < samples; row++) for (let k = 0; k < width; k++) up[row]! += offOf(row, k) * across[k]!;
    if (round === ROUNDS - 1) break;
    const turned = new Float64Array(width);
    for (let row = 0; row < samples; row++) for (let k = 0; k < width; k++) turned[k]! += offOf(row, k) * up[row]!;
    if (squared(turned) === 0) break;
    across = turned;
    await rest();
  }
  const arrows = new Float32Array(2 * samples);
  for (let row = 0; row < samples; row++) arrows.set([alongOf[row]!, up[row]!], 2 * row);
  return { titles: ['along the mean gradient', 'where samples differ most'], arrows, mean: [length, 0] };
}
