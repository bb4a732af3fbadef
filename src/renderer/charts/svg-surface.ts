/**
 * A surface like a canvas that writes vectors: what is drawn on it becomes SVG text. It knows what our pictures and
 * Chart.js use of a canvas and no more, needs no document, and so can be tested, and used, anywhere.
 */
import { escapeMarkup } from '../ui/markup';
import type { Surface } from './plane';

interface State {
  /** As in `matrix(a b c d e f)`. */
  matrix: readonly [number, number, number, number, number, number];
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  lineCap: CanvasLineCap;
  lineJoin: CanvasLineJoin;
  lineDashOffset: number;
  miterLimit: number;
  globalAlpha: number;
  font: string;
  textAlign: CanvasTextAlign;
  textBaseline: CanvasTextBaseline;
  imageSmoothingEnabled: boolean;
  imageSmoothingQuality: ImageSmoothingQuality;
  dash: readonly number[];
  /** Groups that were opened by clipping since the state was saved. */
  groups: number;
}

const first: State = {
  matrix: [1, 0, 0, 1, 0, 0],
  fillStyle: '#000000',
  strokeStyle: '#000000',
  lineWidth: 1,
  lineCap: 'butt',
  lineJoin: 'miter',
  lineDashOffset: 0,
  miterLimit: 10,
  globalAlpha: 1,
  font: '10px sans-serif',
  textAlign: 'start',
  textBaseline: 'alphabetic',
  imageSmoothingEnabled: true,
  imageSmoothingQuality: 'low',
  dash: [],
  groups: 0,
};

const round = (value: number): string => String(Math.round(value * 100) / 100);
/** How far below its middle, top or bottom a text's letters stand, in sizes of the letters. */
const drop: Readonly<Partial<Record<CanvasTextBaseline, number>>> = { middle: 0.36, top: 0.8, hanging: 0.8, bottom: -0.22 };

/** Old viewers know `#rrggbb` and an opacity, not `rgb(1 2 3 / 0.5)`. */
export function plainColour(text: string): { readonly colour: string; readonly alpha: number } {
  const numbers = /^rgba?\(([^)]*)\)$/
    .exec(text.trim())?.[1]
    ?.split(/[\s,/]+/)
    .filter((part) => part !== '');
  if (!numbers || numbers.length < 3)
    return text === 'transparent' ? { colour: '#000000', alpha: 0 } : { colour: text, alpha: 1 };
  const byte = (part: string): string =>
    Math.min(255, Math.max(0, Math.round(Number(part))))
      .toString(16)
      .padStart(2, '0');
  const alpha = numbers[3]?.endsWith('%') ? Number.parseFloat(numbers[3]) / 100 : Number(numbers[3] ?? 1);
  return { colour: `#${numbers.slice(0, 3).map(byte).join('')}`, alpha: Number.isFinite(alpha) ? alpha : 1 };
}

type Measure = (text: string, font: string) => number;
const sizeOf = (font: string): number => Number.parseFloat(/(\d+(?:\.\d+)?)px/.exec(font)?.[1] ?? '10');
/** Close enough for a legend where nobody can measure. */
const guess: Measure = (text, font) => text.length * sizeOf(font) * 0.56;

export class SvgSurface implements Surface {
  #state: State = { ...first };
  readonly #saved: State[] = [];
  #path = '';
  /** Of the path so far: where it stands. */
  #pen: readonly [number, number] | null = null;
  readonly #parts: string[] = [];
  readonly #clips: string[] = [];
  readonly #measure: Measure;

  readonly #name: string;

  /** `name`: different for pictures that stand in one document, whose parts have names of their own. */
  constructor(measure: Measure = guess, name = 'plot') {
    this.#measure = measure;
    this.#name = name;
  }

  toSvg(width: number, height: number, title: string): string {
    const open = this.#saved.reduce((sum, { groups }) => sum + groups, this.#state.groups);
    const clips = this.#clips.length > 0 ? `<defs>${this.#clips.join('')}</defs>` : '';
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}"><title>${escapeMarkup(title)}</title>${clips}${this.#parts.join('')}${'</g>'.repeat(open)}</svg>\n`;
  }

  get fillStyle(): string {
    return this.#state.fillStyle;
  }
  /** Gradients and patterns are not drawn with. */
  set fillStyle(value: string | CanvasGradient | CanvasPattern) {
    this.#state.fillStyle = String(value);
  }
  get strokeStyle(): string {
    return this.#state.strokeStyle;
  }
  set strokeStyle(value: string | CanvasGradient | CanvasPattern) {
    this.#state.strokeStyle = String(value);
  }
  get lineWidth(): number {
    return this.#state.lineWidth;
  }
  set lineWidth(value: number) {
    if (value > 0) this.#state.lineWidth = value;
  }
  get lineCap(): CanvasLineCap {
    return this.#state.lineCap;
  }
  set lineCap(value: CanvasLineCap) {
    this.#state.lineCap = value;
  }
  get lineJoin(): CanvasLineJoin {
    return this.#state.lineJoin;
  }
  set lineJoin(value: CanvasLineJoin) {
    this.#state.lineJoin = value;
  }
  get lineDashOffset(): number {
    return this.#state.lineDashOffset;
  }
  set lineDashOffset(value: number) {
    this.#state.lineDashOffset = value;
  }
  get miterLimit(): number {
    return this.#state.miterLimit;
  }
  set miterLimit(value: number) {
    this.#state.miterLimit = value;
  }
  get globalAlpha(): number {
    return this.#state.globalAlpha;
  }
  set globalAlpha(value: number) {
    this.#state.globalAlpha = value;
  }
  get font(): string {
    return this.#state.font;
  }
  set font(value: string) {
    this.#state.font = value;
  }
  get textAlign(): CanvasTextAlign {
    return this.#state.textAlign;
  }
  set textAlign(value: CanvasTextAlign) {
    this.#state.textAlign = value;
  }
  get textBaseline(): CanvasTextBaseline {
    return this.#state.textBaseline;
  }
  set textBaseline(value: CanvasTextBaseline) {
    this.#state.textBaseline = value;
  }
  get imageSmoothingEnabled(): boolean {
    return this.#state.imageSmoothingEnabled;
  }
  set imageSmoothingEnabled(value: boolean) {
    this.#state.imageSmoothingEnabled = value;
  }
  get imageSmoothingQuality(): ImageSmoothingQuality {
    return this.#state.imageSmoothingQuality;
  }
  set imageSmoothingQuality(value: ImageSmoothingQuality) {
    this.#state.imageSmoothingQuality = value;
  }

  save(): void {
    this.#saved.push(this.#state);
    this.#state = { ...this.#state, groups: 0 };
  }
  restore(): void {
    const before = this.#saved.pop();
    if (!before) return;
    this.#parts.push('</g>'.repeat(this.#state.groups));
    this.#state = before;
  }

  setTransform(a?: number | DOMMatrix2DInit, b = 0, c = 0, d = 1, e = 0, f = 0): void {
    this.#state.matrix = typeof a === 'number' ? [a, b, c, d, e, f] : [1, 0, 0, 1, 0, 0];
  }
  resetTransform(): void {
    this.setTransform();
  }
  #times(a: number, b: number, c: number, d: number, e: number, f: number): void {
    const [A, B, C, D, E, F] = this.#state.matrix;
    this.#state.matrix = [A * a + C * b, B * a + D * b, A * c + C * d, B * c + D * d, A * e + C * f + E, B * e + D * f + F];
  }
  translate(x: number, y: number): void {
    this.#times(1, 0, 0, 1, x, y);
  }
  scale(x: number, y: number): void {
    this.#times(x, 0, 0, y, 0, 0);
  }
  rotate(angle: number): void {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.#times(cos, sin, -sin, cos, 0, 0);
  }
  #at(x: number, y: number): string {
    const [a, b, c, d, e, f] = this.#state.matrix;
    return `${round(a * x + c * y + e)} ${round(b * x + d * y + f)}`;
  }
  /** How much the drawing is enlarged: its pictures are never stretched one way. */
  get #size(): number {
    const [a, b] = this.#state.matrix;
    return Math.hypot(a, b);
  }

  beginPath(): void {
    this.#path = '';
    this.#pen = null;
  }
  moveTo(x: number, y: number): void {
    this.#path += `M${this.#at(x, y)}`;
    this.#pen = [x, y];
  }
  lineTo(x: number, y: number): void {
    if (!this.#pen) this.moveTo(x, y);
    else {
      this.#path += `L${this.#at(x, y)}`;
      this.#pen = [x, y];
    }
  }
  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#path += `C${this.#at(x1, y1)} ${this.#at(x2, y2)} ${this.#at(x, y)}`;
    this.#pen = [x, y];
  }
  closePath(): void {
    if (this.#path !== '') this.#path += 'Z';
  }
  rect(x: number, y: number, width: number, height: number): void {
    this.#path += `M${this.#at(x, y)}L${this.#at(x + width, y)}L${this.#at(x + width, y + height)}L${this.#at(x, y + height)}Z`;
    this.#pen = [x, y];
  }
  roundRect(x: number, y: number, width: number, height: number): void {
    this.rect(x, y, width, height);
  }
  arc(x: number, y: number, radius: number, start: number, end: number, counter = false): void {
    const turn = Math.min(2 * Math.PI, Math.abs(end - start));
    const way = counter ? -1 : 1;
    // SVG cannot say a whole turn, so an arc goes in two halves.
    for (const share of [0, 0.5, 1]) {
      const angle = start + way * turn * share;
      const [px, py] = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
      const r = round(radius * this.#size);
      if (share === 0) this.lineTo(px, py);
      else this.#path += `A${r} ${r} 0 0 ${counter ? 0 : 1} ${this.#at(px, py)}`;
      this.#pen = [px, py];
    }
  }

  clip(): void {
    const id = `${this.#name}-clip${this.#clips.length + 1}`;
    this.#clips.push(`<clipPath id="${id}"><path d="${this.#path}"/></clipPath>`);
    this.#parts.push(`<g clip-path="url(#${id})">`);
    this.#state.groups++;
  }

  #paint(kind: 'fill' | 'stroke', style: string): string {
    const { colour, alpha } = plainColour(style);
    const opacity = alpha * this.#state.globalAlpha;
    return `${kind}="${escapeMarkup(colour)}"${opacity < 1 ? ` ${kind}-opacity="${round(opacity)}"` : ''}`;
  }
  fill(): void {
    if (this.#path !== '') this.#parts.push(`<path d="${this.#path}" ${this.#paint('fill', this.#state.fillStyle)}/>`);
  }
  stroke(): void {
    if (this.#path === '') return;
    const { lineWidth, lineCap, lineJoin, dash, lineDashOffset, strokeStyle } = this.#state;
    const size = this.#size;
    const dashes =
      dash.length > 0
        ? ` stroke-dasharray="${dash.map((length) => round(length * size)).join(' ')}"${lineDashOffset === 0 ? '' : ` stroke-dashoffset="${round(lineDashOffset * size)}"`}`
        : '';
    this.#parts.push(
      `<path d="${this.#path}" fill="none" ${this.#paint('stroke', strokeStyle)} stroke-width="${round(lineWidth * size)}"${lineCap === 'butt' ? '' : ` stroke-linecap="${lineCap}"`}${lineJoin === 'miter' ? '' : ` stroke-linejoin="${lineJoin}"`}${dashes}/>`,
    );
  }
  #box(x: number, y: number, width: number, height: number, work: () => void): void {
    const [path, pen] = [this.#path, this.#pen];
    this.beginPath();
    this.rect(x, y, width, height);
    work();
    [this.#path, this.#pen] = [path, pen];
  }
  fillRect(x: number, y: number, width: number, height: number): void {
    this.#box(x, y, width, height, () => this.fill());
  }
  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#box(x, y, width, height, () => this.stroke());
  }
  /** A file begins empty. */
  clearRect(): void {}

  fillText(text: string, x: number, y: number): void {
    const { font, textAlign, textBaseline, fillStyle, matrix } = this.#state;
    const size = sizeOf(font);
    const weight = /^\s*(?:normal |italic )*(bold|\d{3})\s/.exec(font)?.[1];
    const family = font
      .slice(font.indexOf('px') + 2)
      .replace(/^\/\S+/, '')
      .trim();
    const anchor = textAlign === 'center' ? 'middle' : textAlign === 'right' || textAlign === 'end' ? 'end' : 'start';
    const [a, b, c, d, e, f] = matrix;
    const plain = a === 1 && b === 0 && c === 0 && d === 1 && e === 0 && f === 0;
    this.#parts.push(
      `<text x="${round(x)}" y="${round(y + size * (drop[textBaseline] ?? 0))}"${plain ? '' : ` transform="matrix(${[a, b, c, d, e, f].map(round).join(' ')})"`} font-family="${escapeMarkup(family)}" font-size="${round(size)}"${weight ? ` font-weight="${weight}"` : ''} text-anchor="${anchor}" ${this.#paint('fill', fillStyle)}>${escapeMarkup(text)}</text>`,
    );
  }
  measureText(text: string): TextMetrics {
    // Only the width is asked for by anything that draws here.
    return { width: this.#measure(text, this.#state.font) } as TextMetrics;
  }
  setLineDash(dash: Iterable<number>): void {
    this.#state.dash = [...dash];
  }

  /** Pictures that can say themselves as a URL: canvases. */
  drawImage(image: CanvasImageSource, x: number, y: number, width = 0, height = 0): void {
    if (!('toDataURL' in image)) return;
    const [a, , , d] = this.#state.matrix;
    const [left, top] = this.#at(x, y).split(' ');
    this.#parts.push(
      `<image x="${left}" y="${top}" width="${round(width * a)}" height="${round(height * d)}" preserveAspectRatio="none"${this.#state.imageSmoothingEnabled ? '' : ' style="image-rendering:pixelated"'} href="${image.toDataURL()}"/>`,
    );
  }
}
