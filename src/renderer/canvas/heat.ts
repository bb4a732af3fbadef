/**
 * Heat maps of arrays on their cards. An array is painted a few times a second into a small picture of its
 * own, each cell one pixel, larger ones thinned by the mean of what a pixel stands for; drawing then only
 * scales the picture.
 */
import type { NodeId } from '../../engine/graph/graph';
import type { Point } from '../../engine/graph/project';
import type { Frame } from '../../engine/train/frames';
import type { NodeVisual, Scene } from './scene';
import type { Theme } from './theme';

/** Pixels of a picture at most, a side. */
const MOST = 112;
/** Milliseconds between two paintings of a map. */
const PAUSE = 140;
/** Above the map on its card. */
const HEADER = 38;
const MARGIN = 12;

interface Picture {
  readonly canvas: HTMLCanvasElement;
  readonly means: Float32Array;
  readonly width: number;
  readonly height: number;
  largest: number;
  /** The colours it was painted in; null: its numbers are newer. */
  painted: Theme | null;
}

export class HeatMaps {
  #pictures = new Map<NodeId, Picture>();
  #readAt = Number.NEGATIVE_INFINITY;
  #scene: Scene | null = null;

  /** Takes the arrays of a frame, unless that was done a moment ago. */
  read(scene: Scene, frame: Frame, now: number): void {
    if (this.#scene === scene && now - this.#readAt < PAUSE) return;
    if (this.#scene !== scene) this.#pictures.clear();
    this.#scene = scene;
    this.#readAt = now;
    for (const v of scene.nodes.values()) {
      if (!v.map) continue;
      const numbers = frame.numbers(v.map.key);
      if (numbers) this.#take(v.id, numbers, v.map.rows, v.map.columns);
    }
  }

  #take(id: NodeId, numbers: Float32Array, rows: number, columns: number): void {
    const [width, height] = [Math.min(MOST, columns), Math.min(MOST, rows)];
    let picture = this.#pictures.get(id);
    if (!picture) {
      const canvas = document.createElement('canvas');
      canvas.width = width;
      canvas.height = height;
      picture = { canvas, means: new Float32Array(width * height), width, height, largest: 0, painted: null };
      this.#pictures.set(id, picture);
    }
    const { means } = picture;
    let largest = 0;
    for (let y = 0; y < height; y++) {
      const [top, bottom] = [Math.floor((y * rows) / height), Math.floor(((y + 1) * rows) / height)];
      for (let x = 0; x < width; x++) {
        const [left, right] = [Math.floor((x * columns) / width), Math.floor(((x + 1) * columns) / width)];
        let sum = 0;
        for (let row = top; row < bottom; row++)
          for (let column = left; column < right; column++) sum += numbers[row * columns + column]!;
        const mean = sum / ((bottom - top) * (right - left));
        means[y * width + x] = mean;
        if (Math.abs(mean) > largest) largest = Math.abs(mean);
      }
    }
    picture.largest = largest;
    picture.painted = null;
  }

  draw(c: CanvasRenderingContext2D, v: NodeVisual, at: Point, theme: Theme): void {
    const picture = this.#pictures.get(v.id);
    if (!picture) return;
    if (picture.painted !== theme) paint(picture, theme);
    const [w, h] = [v.width - 2 * MARGIN, v.height - HEADER - MARGIN];
    const [x, y] = [at.x - v.width / 2 + MARGIN, at.y - v.height / 2 + HEADER];
    const cell = Math.min(w / picture.width, h / picture.height);
    // Short rows keep square cells; wide maps fill the card.
    const [width, height] =
      picture.width * 13 < w ? [picture.width * Math.min(13, cell), picture.height * Math.min(13, cell)] : [w, h];
    c.globalAlpha = 1;
    c.imageSmoothingEnabled = false;
    c.drawImage(picture.canvas, x, y, width, height);
    c.strokeStyle = theme.nodeBorder;
    c.lineWidth = 0.75;
    c.strokeRect(x, y, width, height);
  }
}

function paint(picture: Picture, theme: Theme): void {
  const context = picture.canvas.getContext('2d')!;
  const image = context.createImageData(picture.width, picture.height);
  const [ground, negative, positive] = [theme.bg, theme.neg, theme.pos].map(rgbOf);
  picture.means.forEach((mean, i) => {
    const share = picture.largest > 0 ? Math.min(1, Math.abs(mean) / picture.largest) : 0;
    const tint = mean < 0 ? negative! : positive!;
    for (let part = 0; part < 3; part++) image.data[i * 4 + part] = ground![part]! + (tint[part]! - ground![part]!) * share;
    image.data[i * 4 + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  picture.painted = theme;
}

const known = new Map<string, readonly number[]>();

/** Any colour that the browser can read, as red, green, blue. */
function rgbOf(color: string): readonly number[] {
  const found = known.get(color);
  if (found) return found;
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  pen.fillStyle = color;
  pen.fillRect(0, 0, 1, 1);
  const rgb = [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  known.set(color, rgb);
  return rgb;
}
