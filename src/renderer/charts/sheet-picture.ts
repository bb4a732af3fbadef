/** Small images side by side with a line under each, as a sheet: samples with what they were taken for, weights with their neuron. */
import { mix, type Ink, type Rgb } from './colours';
import type { Picture, Series, Table } from './picture';
import type { Plane, Surface } from './plane';
import type { Spot } from './spotlight.svelte';

export interface SheetImage {
  /** Pixels between 0 and 1, in one plane or in three; or signed numbers. */
  readonly numbers: ArrayLike<number>;
  readonly caption: string;
  /** Said in the colour of faults. */
  readonly wrong?: boolean;
  /** What is read of it; without it the caption. */
  readonly text?: string;
  readonly spot?: Spot;
}
export interface SheetSpec {
  readonly title: string;
  readonly summary: string;
  readonly images: readonly SheetImage[];
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Blue for positive, orange for negative numbers, each image by its own largest. */
  readonly signed: boolean;
  readonly table: () => Table;
}

/** Pixels of an image: the one place that says how numbers become colours in images. */
export function pixels(
  numbers: ArrayLike<number>,
  spec: {
    readonly width: number;
    readonly height: number;
    readonly channels: number;
    readonly signed: boolean;
    readonly largest: number;
  },
  rgb: (token: string) => Rgb,
): ImageData {
  const plane = spec.width * spec.height;
  const image = new ImageData(spec.width, spec.height);
  const [ground, ink, negative, positive] = ['--surface', '--text', '--neg', '--pos'].map(rgb);
  for (let at = 0; at < plane; at++) {
    let colour: Rgb;
    if (spec.channels >= 3) colour = [0, 1, 2].map((k) => 255 * (numbers[k * plane + at] ?? 0)) as unknown as Rgb;
    else {
      const value = (numbers[at] ?? 0) / (spec.largest || 1);
      colour = spec.signed
        ? mix(ground!, value < 0 ? negative! : positive!, Math.min(1, Math.abs(value)))
        : mix(ground!, ink!, Math.min(1, Math.max(0, value)));
    }
    image.data[at * 4] = colour[0];
    image.data[at * 4 + 1] = colour[1];
    image.data[at * 4 + 2] = colour[2];
    image.data[at * 4 + 3] = 255;
  }
  return image;
}

export function sheetPicture({ title, summary, images, width, height, channels, signed, table }: SheetSpec): Picture {
  const across = Math.min(10, Math.max(1, images.length));
  const down = Math.max(1, Math.ceil(images.length / across));
  const paint = (context: Surface, plane: Plane, ink: Ink): void => {
    const [wide, high] = [plane.toX(1) - plane.toX(0), plane.toY(1) - plane.toY(0)];
    const side = Math.min(wide - 6, high - 20);
    if (side <= 2) return;
    const [w, h] = width >= height ? [side, (side * height) / width] : [(side * width) / height, side];
    context.imageSmoothingEnabled = false;
    context.font = `11px ${ink.font}`;
    context.textAlign = 'center';
    context.textBaseline = 'alphabetic';
    images.forEach(({ numbers, caption, wrong }, at) => {
      const [left, top] = [plane.toX(at % across), plane.toY(Math.floor(at / across))];
      if (left > plane.right || top > plane.bottom || left + wide < plane.left || top + high < plane.top) return;
      let largest = 1;
      if (signed) {
        largest = 0;
        for (let k = 0; k < numbers.length; k++) largest = Math.max(largest, Math.abs(numbers[k]!) || 0);
      }
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [width, height];
      canvas.getContext('2d')?.putImageData(pixels(numbers, { width, height, channels, signed, largest }, ink.rgb), 0, 0);
      context.drawImage(canvas, left + (wide - w) / 2, top + 2, w, h);
      context.fillStyle = ink.css(wrong ? '--danger' : '--text-2');
      context.fillText(caption, left + wide / 2, top + h + 14);
    });
  };
  /** Line by line, as one reads. */
  const lines = (): readonly Series[] =>
    Array.from({ length: images.length === 0 ? 0 : down }, (_, line) => ({
      title: `line ${line + 1}`,
      colour: '--accent',
      look: 'silent',
      points: images.slice(line * across, (line + 1) * across).map(({ caption, text, spot }, column) => ({
        x: column + 0.5,
        y: line + 0.5,
        text: text ?? caption,
        spot,
      })),
    }));
  return {
    title,
    summary,
    x: { title: '', low: 0, high: across, names: [] },
    y: { title: '', low: 0, high: down, names: [] },
    downwards: true,
    mute: true,
    series: [],
    legend: [],
    under: paint,
    readings: lines,
    table,
  };
}

/** So high that each image of a sheet is well seen. */
export const sheetHeight = (count: number): number => 30 + Math.max(1, Math.ceil(count / 10)) * 62;
