/**
 * Where people look: the camera, its glides, and what brings a part of the drawing into view. It knows boxes
 * and the size of the window, and nothing of what is drawn.
 */
import type { Point } from '../../engine/graph/project';
import type { Box } from '../editor/gestures';
import { type Camera, type Drawing, MAX_ZOOM, MIN_ZOOM } from './cytoscape';

/** Room at the top for the bar of lenses. */
const BAR = 48;

/** What moves with the camera. */
export interface ViewportHost {
  readonly drawing: Drawing;
  /** Holds Cytoscape's picture. */
  readonly picture: HTMLElement;
  /** Cytoscape's own drawing is spared during motion. */
  isLarge(): boolean;
  moved(camera: Camera): void;
}

export class Viewport {
  #camera: Camera = { zoom: 1, x: 0, y: 0 };
  /** The camera of Cytoscape's last picture. */
  #drawnCamera: Camera = { zoom: 1, x: 0, y: 0 };
  #lookedAt = 0;
  #settling = 0;
  #glide = 0;
  #width = 0;
  #height = 0;
  /** Where the camera was put to see everything: as long as it stays there, it follows the room that is left. */
  #fitted: Camera | null = null;
  /** `fit` goes no nearer than this. */
  nearest = 1.25;
  /** Without motion the camera jumps where it would glide. */
  still = false;

  constructor(readonly host: ViewportHost) {
    host.drawing.onDrawn(() => {
      this.#drawnCamera = host.drawing.camera;
      this.#hold();
    });
  }

  stop(): void {
    cancelAnimationFrame(this.#glide);
    clearTimeout(this.#settling);
  }

  get camera(): Camera {
    return this.#camera;
  }
  get size(): { readonly width: number; readonly height: number } {
    return { width: this.#width, height: this.#height };
  }
  set size({ width, height }: { readonly width: number; readonly height: number }) {
    this.#width = width;
    this.#height = height;
  }
  /** Everything was brought into view, and the camera has not moved since. */
  get seesAll(): boolean {
    return this.#fitted === this.#camera;
  }

  /**
   * Cytoscape takes long over many hundred elements, so while a large drawing is panned or zoomed its
   * picture is only shifted and scaled, and drawn anew a few times a second and at rest. Everything else
   * is drawn sharp in each frame.
   */
  #look(camera: Camera): void {
    const { drawing } = this.host;
    this.#camera = camera;
    const now = performance.now();
    clearTimeout(this.#settling);
    if (!this.host.isLarge() || now - this.#lookedAt > 130) {
      this.#lookedAt = now;
      drawing.look(camera);
    } else {
      this.#settling = setTimeout(() => {
        this.#lookedAt = performance.now();
        drawing.look(this.#camera);
      }, 90) as unknown as number;
    }
    this.#hold();
    this.host.moved(camera);
  }

  /** Shifts Cytoscape's last picture to where the camera is now. */
  #hold(): void {
    const { zoom, x, y } = this.#camera;
    const drawn = this.#drawnCamera;
    const k = zoom / drawn.zoom;
    const [dx, dy] = [x - drawn.x * k, y - drawn.y * k];
    const still = Math.abs(k - 1) < 1e-9 && Math.abs(dx) < 1e-6 && Math.abs(dy) < 1e-6;
    this.host.picture.style.transform = still ? '' : `translate(${dx}px, ${dy}px) scale(${k})`;
  }

  toDrawing(x: number, y: number): Point {
    const { zoom, x: px, y: py } = this.#camera;
    return { x: (x - px) / zoom, y: (y - py) / zoom };
  }

  panBy(dx: number, dy: number): void {
    cancelAnimationFrame(this.#glide);
    const { zoom, x, y } = this.#camera;
    this.#look({ zoom, x: x + dx, y: y + dy });
  }

  /** Brings a point of the drawing into the middle. */
  lookAt({ x, y }: Point): void {
    cancelAnimationFrame(this.#glide);
    const { zoom } = this.#camera;
    this.#look({ zoom, x: this.#width / 2 - x * zoom, y: this.#height / 2 - y * zoom });
  }

  /** Zooms around a point of the window. */
  zoomBy(factor: number, around: Point = { x: this.#width / 2, y: this.#height / 2 }): void {
    cancelAnimationFrame(this.#glide);
    this.#look(this.#zoomed(factor, around));
  }

  /** Zooms in a short glide: for buttons and keys. */
  zoomSmoothly(factor: number): void {
    this.#glideTo(this.#zoomed(factor, { x: this.#width / 2, y: this.#height / 2 }));
  }

  #zoomed(factor: number, around: Point): Camera {
    const { zoom, x, y } = this.#camera;
    const next = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom * factor));
    const k = next / zoom;
    return { zoom: next, x: around.x - (around.x - x) * k, y: around.y - (around.y - y) * k };
  }

  /** A box in the middle and as large as fits (hardly larger than life, unless people look from afar). `all`: it is everything. */
  fit(box: Box, { smoothly, all }: { readonly smoothly: boolean; readonly all: boolean }): void {
    if (this.#width === 0) return;
    const margin = Math.min(56, this.#width * 0.05, this.#height * 0.08);
    const [w, h] = [Math.max(1, box.x2 - box.x1), Math.max(1, box.y2 - box.y1)];
    const top = Math.max(margin, BAR);
    const zoom = Math.min(
      this.nearest,
      Math.max(MIN_ZOOM, Math.min((this.#width - 2 * margin) / w, (this.#height - top - margin) / h)),
    );
    const camera = {
      zoom,
      x: this.#width / 2 - ((box.x1 + box.x2) / 2) * zoom,
      // In the middle, unless it would then lie under the bar.
      y: Math.max(this.#height / 2 - (h / 2) * zoom, top) - box.y1 * zoom,
    };
    if (smoothly) this.#glideTo(camera);
    else {
      cancelAnimationFrame(this.#glide);
      this.#look(camera);
    }
    if (all) this.#fitted = camera;
  }

  /** Moves the camera no more than needed to see a box, and near enough to read it. */
  reveal(box: Box, keepZoom: boolean): void {
    const { zoom, x, y } = this.#camera;
    const wanted = keepZoom ? zoom : Math.max(zoom, 0.6);
    if (zoom < wanted || (box.x2 - box.x1) * zoom > this.#width || (box.y2 - box.y1) * zoom > this.#height) {
      if ((box.x2 - box.x1) * wanted > this.#width || (box.y2 - box.y1) * wanted > this.#height)
        this.fit(box, { smoothly: true, all: false });
      else
        this.#glideTo({
          zoom: wanted,
          x: this.#width / 2 - ((box.x1 + box.x2) / 2) * wanted,
          y: this.#height / 2 - ((box.y1 + box.y2) / 2) * wanted,
        });
      return;
    }
    const margin = 40;
    const left = box.x1 * zoom + x - margin;
    const right = box.x2 * zoom + x + margin - this.#width;
    const top = box.y1 * zoom + y - margin;
    const bottom = box.y2 * zoom + y + margin - this.#height;
    const dx = left < 0 ? -left : right > 0 ? -right : 0;
    const dy = top < 0 ? -top : bottom > 0 ? -bottom : 0;
    if (dx !== 0 || dy !== 0) this.#glideTo({ zoom, x: x + dx, y: y + dy });
  }

  #glideTo(camera: Camera): void {
    cancelAnimationFrame(this.#glide);
    if (this.still) {
      this.#look(camera);
      return;
    }
    const from = this.#camera;
    const start = performance.now();
    const tick = (now: number): void => {
      const t = Math.min(1, Math.max(0, (now - start) / 220));
      const s = 1 - (1 - t) ** 3;
      const zoom = from.zoom * (camera.zoom / from.zoom) ** s;
      this.#look(t === 1 ? camera : { zoom, x: from.x + (camera.x - from.x) * s, y: from.y + (camera.y - from.y) * s });
      if (t < 1) this.#glide = requestAnimationFrame(tick);
    };
    this.#glide = requestAnimationFrame(tick);
  }
}
