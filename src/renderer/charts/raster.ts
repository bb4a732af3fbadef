/**
 * A grid of numbers as a small canvas, one pixel a number, to be stretched over a field. Colours are looked up, not mixed
 * anew for each pixel, and canvases are used again: a new one costs more than all its pixels.
 */
import { mix, type Rgb } from './colours';

const SHADES = 256;
/** Colours from `from` to `to`, packed as a canvas wants them. */
export function ramp(from: Rgb, to: Rgb, most = 1): Uint32Array {
  return Uint32Array.from({ length: SHADES }, (_, at) => packed(mix(from, to, (at / (SHADES - 1)) * most)));
}
const packed = ([r, g, b]: Rgb): number => (255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r);
/** `share` from 0 to 1; what is not a number is none of it. */
export const shade = (shades: Uint32Array, share: number): number =>
  shades[Math.min(SHADES - 1, Math.max(0, Math.round(share * (SHADES - 1)) || 0))]!;

/** Canvases of the sizes that were asked for last. */
const kept = new Map<string, { readonly canvas: HTMLCanvasElement; readonly image: ImageData; readonly pixels: Uint32Array }>();
const MOST_KEPT = 12;

function blank(columns: number, rows: number) {
  const size = `${columns} ${rows}`;
  const found = kept.get(size);
  if (found) return found;
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [columns, rows];
  const image = new ImageData(columns, rows);
  const made = { canvas, image, pixels: new Uint32Array(image.data.buffer) };
  kept.set(size, made);
  return made;
}

/** `colourAt`: of each number, in rows from the top. To be drawn at once: the next one of its size may stand on the same canvas. */
export function raster(columns: number, rows: number, colourAt: (row: number, column: number) => number): HTMLCanvasElement {
  const { canvas, image, pixels } = blank(columns, rows);
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) pixels[at++] = colourAt(row, column);
  canvas.getContext('2d', { willReadFrequently: true })?.putImageData(image, 0, 0);
  return canvas;
}
