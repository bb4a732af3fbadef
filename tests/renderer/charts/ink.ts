/** Ink for tests: each token has a colour of its own that can be found again in a file. */
import { css, type Ink, type Rgb } from '../../../src/renderer/charts/colours';

const colours: Readonly<Record<string, Rgb>> = {
  '--accent': [90, 69, 214],
  '--surface': [255, 255, 255],
  '--pos': [8, 119, 189],
};
const rgb = (token: string): Rgb => colours[token] ?? [100, 100, 110];
export const plainInk: Ink = { rgb, css: (token, alpha) => css(rgb(token), alpha), font: 'Inter, sans-serif' };
