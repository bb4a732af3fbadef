/** Colours of the style sheet for pictures that are drawn on a canvas, as numbers that can be mixed. */
export type Rgb = readonly [number, number, number];

export const readColour = (element: Element, name: string): Rgb => parseColour(getComputedStyle(element).getPropertyValue(name));

function parseColour(value: string): Rgb {
  const text = value.trim();
  // Tokens are written as #rrggbb, which the build shortens to #rgb where it can.
  const long = text.replace(/^#([0-9a-f])([0-9a-f])([0-9a-f])$/i, '#$1$1$2$2$3$3');
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(long);
  return hex ? [parseInt(hex[1]!, 16), parseInt(hex[2]!, 16), parseInt(hex[3]!, 16)] : [128, 128, 128];
}

export const css = ([r, g, b]: Rgb, alpha = 1): string => `rgb(${Math.round(r)} ${Math.round(g)} ${Math.round(b)} / ${alpha})`;

export const mix = (a: Rgb, b: Rgb, share: number): Rgb => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];

/** What pictures are drawn with: the colours and the letters of the style sheet. */
export interface Ink {
  readonly rgb: (token: string) => Rgb;
  readonly css: (token: string, alpha?: number) => string;
  /** Families of letters. */
  readonly font: string;
}

/** As the style sheet is now: to be made again when the theme changes. */
export function inkOf(element: Element): Ink {
  const style = getComputedStyle(element);
  const known = new Map<string, Rgb>();
  const rgb = (token: string): Rgb => {
    const found = known.get(token) ?? parseColour(style.getPropertyValue(token));
    known.set(token, found);
    return found;
  };
  const words = new Map<string, string>();
  const text = (token: string, alpha = 1): string => {
    const key = `${token} ${alpha}`;
    const found = words.get(key) ?? css(rgb(token), alpha);
    words.set(key, found);
    return found;
  };
  return { rgb, css: text, font: style.fontFamily };
}

/** Of a style sheet's text, where no page has it: the first value of each token, which is the light one. */
export function inkOfSheet(sheet: string, font: string): Ink {
  const known = new Map<string, Rgb>();
  for (const [, token, value] of sheet.matchAll(/(--[\w-]+):\s*(#[0-9a-f]+)/gi))
    if (!known.has(token!)) known.set(token!, parseColour(value!));
  const rgb = (token: string): Rgb => known.get(token) ?? parseColour('');
  return { rgb, css: (token, alpha) => css(rgb(token), alpha), font };
}

const CLASS_COLOURS = 10;
/** One pixel a number, the farther from 0 the stronger; the largest counts as full. */
export function paintMatrix(
  canvas: HTMLCanvasElement,
  numbers: ArrayLike<number>,
  rows: number,
  columns: number,
  largest: number,
): void {
  if (rows === 0 || columns === 0) return;
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d');
  if (!context) return;
  const [ground, negative, positive] = ['--surface', '--neg', '--pos'].map((name) => readColour(canvas, name));
  const image = context.createImageData(columns, rows);
  for (let at = 0; at < rows * columns; at++) {
    const value = numbers[at] ?? 0;
    const colour = mix(ground!, value < 0 ? negative! : positive!, Math.min(1, Math.abs(value) / (largest || 1)) || 0);
    image.data.set([...colour.map(Math.round), 255], at * 4);
  }
  context.putImageData(image, 0, 0);
}

export const classColours = (element: Element): readonly Rgb[] =>
  Array.from({ length: CLASS_COLOURS }, (_, at) => readColour(element, `--class-${at}`));

/** The canvas at the screen's own resolution, cleared, in CSS pixels. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const scale = devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  context?.setTransform(scale, 0, 0, scale, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
