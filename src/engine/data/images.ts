/**
 * Tables whose columns are the pixels of a square image, as digits usually come: found by their number,
 * their common range and their numbered names, so that rows, and weights that read them, can be shown as
 * pictures. Plain tables must not be taken for images, so all signs are asked for.
 */
import type { Dataset, Picture } from './dataset';

const LEAST_PIXELS = 16;
/** Rows that are looked at. */
const LOOKED_AT = 300;
/** Shares of the columns that must have the common least or greatest value. */
const MOST = 0.7;
const HALF = 0.4;

/** The layout that the data say themselves, or that of a square image; null when the features are none. */
export function imageOf(data: Pick<Dataset, 'features' | 'x' | 'rows' | 'picture'>): Picture | null {
  if (data.picture) return data.picture;
  const { features, x, rows } = data;
  const side = Math.round(Math.sqrt(features.length));
  if (features.length < LEAST_PIXELS || side * side !== features.length || rows === 0) return null;
  // One column of a one-hot code is no pixel.
  if (features.some(({ name, source }) => name !== source)) return null;
  const lows = new Float64Array(features.length).fill(Number.POSITIVE_INFINITY);
  const highs = new Float64Array(features.length).fill(Number.NEGATIVE_INFINITY);
  const stride = Math.max(1, Math.floor(rows / LOOKED_AT));
  for (let row = 0; row < rows; row += stride)
    features.forEach(({ mean, deviation }, k) => {
      const value = x[row * features.length + k]! * deviation + mean;
      if (value < lows[k]!) lows[k] = value;
      if (value > highs[k]!) highs[k] = value;
    });
  const low = Math.min(...lows);
  const high = Math.max(...highs);
  if (!(high > low) || !Number.isFinite(high - low)) return null;
  // Standardised numbers are read back with a rounding error.
  const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-3 * (high - low);
  const share = (ends: Float64Array, end: number): number => ends.filter((value) => near(value, end)).length / ends.length;
  const numbered = new Set(features.map(({ name }) => name.replace(/\d+/g, '#'))).size === 1 && /\d/.test(features[0]!.name);
  return share(lows, low) >= MOST && (numbered || share(highs, high) >= HALF)
    ? { channels: 1, height: side, width: side, low, high }
    : null;
}

/** The pixels of one row between 0 (least) and 1 (greatest), row by row, channel after channel. */
export function pixelsOf(data: Pick<Dataset, 'features' | 'x'>, layout: Picture, row: number): Float32Array {
  const { features, x } = data;
  return Float32Array.from(features, ({ mean, deviation }, k) => {
    const value = x[row * features.length + k]! * deviation + mean;
    return Math.min(1, Math.max(0, (value - layout.low) / (layout.high - layout.low)));
  });
}
