/** A grid of numbers as a small canvas, one pixel a number, to be stretched over a field. Colours are looked up, not mixed anew for each pixel. */
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

/** `colourAt`: of each number, in rows from the top. */
export function raster(columns: number, rows: number, colourAt: (row: number, column: number) => number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [columns, rows];
  const pixels = new Uint32Array(columns * rows);
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) pixels[at++] = colourAt(row, column);
  canvas.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), columns, rows), 0, 0);
  return canvas;
}
