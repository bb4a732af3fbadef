/** Saved plots, read back: vectors by an XML parser, pixels by a decoder, numbers beside those of the table. */
import type { Page } from '@playwright/test';
import { expect } from './support';

/** How marks are drawn: as a line with corners, as filled forms in a colour, as a field of pixels. */
export type Mark = 'line' | 'fill' | 'image';

export const vectorsOf = (
  page: Page,
  text: string,
): Promise<
  Readonly<Record<Mark, number>> & {
    readonly fault: string | null;
    readonly words: readonly (string | null)[];
    readonly width: number;
    readonly height: number;
  }
> =>
  page.evaluate((source) => {
    const document = new DOMParser().parseFromString(source, 'image/svg+xml');
    const root = document.documentElement;
    // Ground, grid and letters are grey; marks have a colour.
    const coloured = (paint: string | null): boolean => {
      const hex = /^#(..)(..)(..)$/.exec(paint ?? '')?.slice(1) ?? [];
      const parts = hex.map((part) => Number.parseInt(part, 16));
      return parts.length === 3 && Math.max(...parts) - Math.min(...parts) > 40;
    };
    const paths = [...document.querySelectorAll('path')];
    return {
      fault: document.querySelector('parsererror')?.textContent ?? null,
      words: [...document.querySelectorAll('text')].map((one) => one.textContent),
      width: Number(root.getAttribute('width')),
      height: Number(root.getAttribute('height')),
      line: paths.filter((path) => coloured(path.getAttribute('stroke')) && /[LAC]/.test(path.getAttribute('d')!)).length,
      fill: paths.filter((path) => coloured(path.getAttribute('fill'))).length,
      image: document.querySelectorAll('image[href^="data:image/png"]').length,
    };
  }, text);

export const pixelsOf = (
  page: Page,
  base64: string,
): Promise<{ readonly width: number; readonly height: number; readonly drawn: number; readonly coloured: number }> =>
  page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(image, 0, 0);
    const { data: rgba } = context.getImageData(0, 0, width, height);
    let [drawn, coloured] = [0, 0];
    for (let at = 0; at < rgba.length; at += 4) {
      const [r, g, b] = [rgba[at]!, rgba[at + 1]!, rgba[at + 2]!];
      if (Math.abs(r - rgba[0]!) + Math.abs(g - rgba[1]!) + Math.abs(b - rgba[2]!) > 24) drawn++;
      if (Math.max(r, g, b) - Math.min(r, g, b) > 40) coloured++;
    }
    return { width, height, drawn: drawn / (width * height), coloured };
  }, base64);

/** A row of the table says the numbers of the file, to the digits that it shows. */
export function expectAlike(shown: readonly string[], saved: readonly string[], where: string): void {
  expect(shown.length, where).toBe(saved.length);
  saved.forEach((cell, at) => {
    const text = shown[at]!.replaceAll(',', '').replaceAll('−', '-');
    if (cell === '' || Number.isNaN(Number(cell))) expect(text, where).toBe(cell.replaceAll(',', '').replaceAll('−', '-'));
    else
      expect(Math.abs(Number(text) - Number(cell)), `${where}: ${text} for ${cell}`).toBeLessThanOrEqual(
        Math.abs(Number(cell)) * 6e-5,
      );
  });
}
