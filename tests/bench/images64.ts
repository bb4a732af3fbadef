/**
 * Convolution and pooling in plain float64, as textbooks write them: what says whether somebody did the same work on
 * a workload of images. Images are channels × height × width; filters are 3 × 3 with a margin of zeros; windows of
 * 2 × 2 keep their largest number.
 */
type Rows = ArrayLike<number>;

export const WINDOW = 3;
const MARGIN = 1;
export const POOL = 2;

export interface Layer {
  readonly channels: number;
  readonly filters: number;
  /** Height and width of its input, and of what it gives before pooling. */
  readonly side: number;
}

/** Visits every product of a convolution: places in the input, in the filters, in the result. */
function products({ channels, filters, side }: Layer, visit: (x: number, w: number, y: number) => void): void {
  for (let f = 0; f < filters; f++)
    for (let c = 0; c < channels; c++)
      for (let u = 0; u < WINDOW; u++)
        for (let v = 0; v < WINDOW; v++)
          for (let i = Math.max(0, MARGIN - u); i < Math.min(side, side + MARGIN - u); i++)
            for (let j = Math.max(0, MARGIN - v); j < Math.min(side, side + MARGIN - v); j++)
              visit(
                (c * side + i + u - MARGIN) * side + j + v - MARGIN,
                ((f * channels + c) * WINDOW + u) * WINDOW + v,
                (f * side + i) * side + j,
              );
}

/** One image through convolution, ReLU and pooling: what came out, and where each number was found. */
export function forwardImage(layer: Layer, x: Rows, weight: Rows, bias: Rows): { out: Float64Array; from: Int32Array } {
  const { filters, side } = layer;
  const area = side * side;
  const sums = Float64Array.from({ length: filters * area }, (_, at) => bias[Math.floor(at / area)]!);
  products(layer, (a, b, y) => {
    sums[y]! += x[a]! * weight[b]!;
  });
  const half = side / POOL;
  const out = new Float64Array(filters * half * half);
  const from = new Int32Array(out.length);
  for (let at = 0; at < out.length; at++) {
    const [f, i, j] = [Math.floor(at / (half * half)), Math.floor(at / half) % half, at % half];
    let best = (f * side + POOL * i) * side + POOL * j;
    for (let k = 1; k < POOL * POOL; k++) {
      const other = (f * side + POOL * i + (k >> 1)) * side + POOL * j + (k & 1);
      if (sums[other]! > sums[best]!) best = other;
    }
    out[at] = Math.max(0, sums[best]!);
    from[at] = best;
  }
  return { out, from };
}

/** Adds an image's gradients to those of the weights and the bias; gives that of the input, where somebody needs it. */
export function backwardImage(
  layer: Layer,
  x: Rows,
  weight: Rows,
  { out, from }: { readonly out: Float64Array; readonly from: Int32Array },
  gradient: Rows,
  into: { readonly weight: Float64Array; readonly bias: Float64Array },
  needed: boolean,
): Float64Array {
  const { channels, filters, side } = layer;
  const area = side * side;
  const d = new Float64Array(filters * area);
  for (let at = 0; at < out.length; at++) if (out[at]! > 0) d[from[at]!] = gradient[at]!;
  for (let at = 0; at < d.length; at++) into.bias[Math.floor(at / area)]! += d[at]!;
  const before = new Float64Array(needed ? channels * area : 0);
  products(layer, (a, b, y) => {
    into.weight[b]! += x[a]! * d[y]!;
    if (needed) before[a]! += weight[b]! * d[y]!;
  });
  return before;
}
