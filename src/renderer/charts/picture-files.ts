/** A picture as a file: vectors, pixels on the theme's ground (twice as fine as the screen), or its numbers. */
import { csvText } from '../run/table-text';
import type { Ink } from './colours';
import { headHeight, Painter, type Size } from './painter';
import { tableOf, type Picture } from './picture';
import type { View } from './plane';
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
  surface.fillStyle = ink.css('--surface');
  surface.fillRect(0, 0, size.width, size.height + headHeight);
  const painter = new Painter(surface);
  painter.draw(picture, size, ink, { ...(view ? { view } : {}), head: true });
  return surface.toSvg(size.width, size.height + headHeight, picture.summary);
}

export async function picturePng(picture: Picture, size: Size, ink: Ink, view?: View): Promise<Uint8Array> {
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
  const blob = await new Promise<Blob | null>((resolve) => whole.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('The browser could not make a picture of this size. Make the window smaller and try again.');
  return new Uint8Array(await blob.arrayBuffer());
}

export function pictureCsv(picture: Picture): string {
  const { columns, rows } = tableOf(picture);
  return csvText(columns, rows);
}
