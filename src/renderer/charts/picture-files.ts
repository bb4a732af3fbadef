/** A picture as a file: vectors, pixels on the theme's ground (twice as fine as the screen), or its numbers. */
import { csvText } from '../run/table-text';
import type { Ink } from './colours';
import { headHeight } from './head';
import { Painter } from './painter';
import { tableOf, type Picture } from './picture';
import type { View } from './plane';
import type { Size } from './room';
import { SvgSurface } from './svg-surface';

const FINER = 2;

/** Widths of letters as the window has them. */
function windowMeasure(): ((text: string, font: string) => number) | undefined {
  const context = typeof document === 'undefined' ? null : document.createElement('canvas').getContext('2d');
  if (!context) return undefined;
  return (text, font) => {
    context.font = font;
    return context.measureText(text).width;
  };
}

export function pictureSvg(picture: Picture, size: Size, ink: Ink, view?: View, name?: string): string {
  const surface = new SvgSurface(windowMeasure(), name);
  const height = size.height + headHeight(surface, picture, size.width, ink);
  surface.fillStyle = ink.css('--surface');
  surface.fillRect(0, 0, size.width, height);
  const painter = new Painter(surface);
  painter.draw(picture, size, ink, { ...(view ? { view } : {}), head: true });
  return surface.toSvg(size.width, height, picture.summary);
}

export function picturePng(picture: Picture, size: Size, ink: Ink, view?: View): Uint8Array<ArrayBuffer> {
  const drawn = document.createElement('canvas');
  const painter = new Painter(drawn.getContext('2d')!);
  painter.draw(picture, size, ink, { ...(view ? { view } : {}), ratio: FINER, head: true });
  // Chart.js clears before it draws, so the ground comes last.
  const whole = document.createElement('canvas');
  [whole.width, whole.height] = [drawn.width, drawn.height];
  const context = whole.getContext('2d')!;
  context.fillStyle = ink.css('--surface');
  context.fillRect(0, 0, whole.width, whole.height);
  context.drawImage(drawn, 0, 0);
  painter.close();
  // At once: `toBlob` waits for a page at rest, and one that trains has no rest.
  const [kind, base64] = whole.toDataURL('image/png').split(',');
  if (!kind?.startsWith('data:image/png') || !base64)
    throw new Error('The browser could not make a picture of this size. Make the window smaller and try again.');
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

export function pictureCsv(picture: Picture): string {
  const { columns, rows } = tableOf(picture);
  return csvText(columns, rows);
}
