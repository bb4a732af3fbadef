/**
 * What draws and writes on a canvas in the drawing's own coordinates: text that grows against the zoom as
 * far as there is room, glyphs, small graphs, rings. It knows sizes and colours, and nothing of a network.
 */
import type { Point } from '../../engine/graph/project';
import type { Curve } from './geometry';
import type { NodeVisual } from './scene';
import type { Theme } from './theme';

/** Zoom below which small writing is left out, then all writing. */
export const SMALL_TEXT = 0.42;
export const ANY_TEXT = 0.24;
/** Pixels of height below which writing is only dirt. */
const LEGIBLE = 6.2;

export class Pen {
  constructor(readonly context: CanvasRenderingContext2D) {}

  /** From far away writing grows against the zoom, as far as there is room for it. Tells whether it can be read. */
  font(size: number, weight = 400, text = '', room = 0): boolean {
    const c = this.context;
    let wished = Math.min(size * 1.6, Math.max(size, (size * 0.8) / this.zoom));
    c.font = `${weight} ${wished}px ${this.family}`;
    if (room > 0 && wished > size) {
      const width = c.measureText(text).width;
      if (width > room) {
        wished = Math.max(size, (wished * room) / width);
        c.font = `${weight} ${wished}px ${this.family}`;
      }
    }
    this.size = wished;
    return wished * this.zoom >= LEGIBLE;
  }
  /** Of the writing that `font` has set. */
  size = 0;
  family = 'system-ui, sans-serif';
  zoom = 1;

  fitted(text: string, width: number): string {
    const c = this.context;
    if (c.measureText(text).width <= width) return text;
    let cut = text;
    while (cut.length > 1 && c.measureText(`${cut}…`).width > width) cut = cut.slice(0, -1);
    return `${cut}…`;
  }

  glyph(text: string, x: number, y: number, room: number, size: number, color: string): void {
    const c = this.context;
    this.font(size, 550);
    const width = c.measureText(text).width;
    if (width > room) this.font(Math.max(7.5, (size * room) / width), 550);
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    c.fillStyle = color;
    c.fillText(text, x, y + size * 0.04);
  }

  plot(
    points: NonNullable<NodeVisual['plot']>,
    x: number,
    y: number,
    width: number,
    height: number,
    color: string,
    line = 1.8,
  ): void {
    const c = this.context;
    c.beginPath();
    points.forEach(([px, py], i) => {
      if (i === 0) c.moveTo(x + px * width, y + (1 - py) * height);
      else c.lineTo(x + px * width, y + (1 - py) * height);
    });
    c.strokeStyle = color;
    c.lineWidth = line;
    c.stroke();
  }

  badge(x: number, y: number, color: string, theme: Theme): void {
    const c = this.context;
    c.beginPath();
    c.arc(x, y, 8, 0, 2 * Math.PI);
    c.fillStyle = color;
    c.fill();
    c.strokeStyle = theme.bg;
    c.lineWidth = 1.5;
    c.stroke();
    this.font(11, 700);
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    c.fillStyle = theme.bg;
    c.fillText('!', x, y + 0.5);
  }

  ring(v: NodeVisual, at: Point, color: string, distance: number, width: number, dash: readonly number[] = []): void {
    const c = this.context;
    c.strokeStyle = color;
    c.lineWidth = width;
    c.setLineDash([...dash]);
    c.beginPath();
    const [w, h] = [v.width + 2 * distance, v.height + 2 * distance];
    const radius =
      v.form === 'pill' || v.form === 'circle' || v.form === 'neuron' || v.form === 'dot' || v.form === 'rest'
        ? h / 2
        : v.form === 'column'
          ? 21
          : v.form === 'tag'
            ? 6
            : 17;
    c.roundRect(at.x - w / 2, at.y - h / 2, w, h, radius);
    c.stroke();
    c.setLineDash([]);
  }

  stroke(curve: Curve, color: string, width: number): void {
    const c = this.context;
    const { sx, sy, ax, ay, bx, by, tx, ty } = curve;
    c.beginPath();
    c.moveTo(sx, sy);
    c.quadraticCurveTo(ax, ay, (ax + bx) / 2, (ay + by) / 2);
    c.quadraticCurveTo(bx, by, tx, ty);
    c.strokeStyle = color;
    c.lineWidth = width;
    c.stroke();
  }
}
