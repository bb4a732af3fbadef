/**
 * Live numbers on two canvases of their own: lines coloured and widened by what they carry with neurons
 * filled by their activation, drawn anew when numbers arrive; and over it the pulses that run from source
 * to target (values) and back (gradients), drawn in each frame. Lines are sorted into a few styles, so
 * that thousands of them are a few dozen strokes. No reactivity, no DOM in here.
 */
import { type Frame, tapKey } from '../../engine/train/frames';
import type { NodeId } from '../../engine/graph/graph';
import type { Point, Project } from '../../engine/graph/project';
import type { Box } from '../editor/gestures';
import type { Camera } from './cytoscape';
import { boxesOf, type FigureSpot, figureSpot } from './figure-spot';
import { boxOfNode, type Curve, NOWHERE, pointOn } from './geometry';
import { HeatMaps } from './heat';
import type { LiveLines } from './live';
import { isPositive, levelShare, NOT_FINITE, numberText, opacityOf, speedOf, strength, STYLES, styleOf, widthOf } from './scale';
import type { NodeVisual } from './scene';
import type { Theme } from './theme';

export interface OverlayState {
  readonly lines: LiveLines;
  readonly positions: Project['positions'];
  readonly camera: Camera;
  readonly theme: Theme;
  readonly frame: Frame | null;
  readonly forward: boolean;
  readonly backward: boolean;
  /** Whether pulses run; without motion the colours and widths alone speak. */
  readonly moving: boolean;
  readonly speed: number;
  /** Lines that the stepper looks at; null: all. */
  readonly focus: ReadonlySet<number> | null;
  /** Lines that a table or the pointer is at. */
  readonly pointed: ReadonlySet<number>;
  /** Taps whose numbers the stepper has come by; null: all may be written. */
  readonly known: ReadonlySet<string> | null;
}

/** Below this zoom a bundle of weights is a haze; every second, then every fourth line of it is left out. */
const DENSE_ZOOM = 0.3;
/** More lines in focus than these are the whole picture: nothing stands out then. */
const MOST_IN_FOCUS = 4000;
const sparseness = ({ zoom }: Camera): number => (zoom < DENSE_ZOOM / 2 ? 4 : zoom < DENSE_ZOOM ? 2 : 1);

export class Overlay {
  /** Lines and neurons, and the pulses above them. */
  readonly #lineContext: CanvasRenderingContext2D;
  readonly #pulseContext: CanvasRenderingContext2D;
  #context: CanvasRenderingContext2D;
  #width = 0;
  #height = 0;
  #ratio = 1;
  /** How far along its line each pulse is, 0 … 1; kept, so that a change of speed is no jump. */
  #phase = new Float32Array(0);
  #phaseBack = new Float32Array(0);
  #style = new Uint8Array(0);
  #forwardStyle = new Uint8Array(0);
  #backwardStyle = new Uint8Array(0);
  #visible = new Uint8Array(0);
  #paths: (Path2D | null)[] = [];
  #bodies = new Path2D();
  #order = new Int32Array(0);
  #starts = new Int32Array(STYLES + 1);
  readonly #maps = new HeatMaps();
  #pathsFor: LiveLines | null = null;
  #sequence = -2;
  #readAt = 0;
  #stale = true;
  #phaseAt = 0;
  /** Whether there are pulses on their canvas now. */
  #pulsing = false;
  #drawnFor: Camera = { zoom: 0, x: 0, y: 0 };
  /** The part of the drawing whose lines are sorted, and how many of them were left out. */
  #sorted: Box = { x1: 0, y1: 0, x2: 0, y2: 0 };
  #sparse = 1;

  constructor(
    readonly lineCanvas: HTMLCanvasElement,
    readonly pulseCanvas: HTMLCanvasElement,
  ) {
    this.#lineContext = lineCanvas.getContext('2d')!;
    this.#pulseContext = pulseCanvas.getContext('2d')!;
    this.#context = this.#lineContext;
  }

  resize(width: number, height: number, ratio: number): void {
    this.#width = width;
    this.#height = height;
    this.#ratio = ratio;
    for (const canvas of [this.lineCanvas, this.pulseCanvas]) {
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
    }
    this.#stale = true;
  }

  /** Lines or what they show changed: paths are found anew at the next draw. */
  invalidate(): void {
    this.#stale = true;
  }

  /** Whether a frame arrived that has not been drawn. */
  isBehind(frame: Frame | null): boolean {
    return this.#stale || (frame?.ready === true && frame.sequence !== this.#sequence);
  }

  draw(now: number, state: OverlayState): void {
    const { lines } = state;
    if (this.#pathsFor !== lines) this.#adopt(lines);
    const { frame } = state;
    const ready = frame !== null && (frame.ready || this.#sequence >= 0);
    // Twenty readings a second look alive; more only cost time, and thousands of lines cost more of it.
    const pause = 48 + lines.lines.length / 40;
    if (ready && frame.ready && (this.#stale || (frame.sequence !== this.#sequence && now - this.#readAt >= pause))) {
      lines.read(frame);
      this.#maps.read(lines.scene, frame, now);
      this.#sequence = frame.sequence;
      this.#readAt = now;
      this.#stale = true;
    }
    if (!ready) this.#sequence = -1;
    const { camera } = state;
    const sorted = !this.#stale && this.#sortedFor(camera);
    if (!sorted) this.#sort(state, ready);
    if (!sorted || !sameCamera(camera, this.#drawnFor)) {
      this.#begin(this.#lineContext, camera);
      this.#strokeLines(state, ready);
      this.#strokeFocus(state, state.focus);
      if (state.pointed.size > 0) this.#strokeFocus(state, state.pointed);
      this.#clearBodies();
      if (ready) {
        this.#neurons(state);
        this.#parts(state);
        this.#figures(state);
      }
      this.#drawnFor = camera;
    }
    this.#stale = false;

    const moving = ready && state.moving;
    if (moving || this.#pulsing) {
      this.#begin(this.#pulseContext, camera);
      const elapsed = Math.min(0.1, Math.max(0, (now - this.#phaseAt) / 1000));
      if (moving && state.forward) this.#pulses(state, 1, elapsed);
      if (moving && state.backward) this.#pulses(state, -1, elapsed);
      if (moving) this.#clearBodies();
    }
    this.#pulsing = moving;
    this.#phaseAt = now;
  }

  #begin(context: CanvasRenderingContext2D, { zoom, x, y }: Camera): void {
    const c = context;
    this.#context = c;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.globalAlpha = 1;
    c.clearRect(0, 0, this.lineCanvas.width, this.lineCanvas.height);
    c.setTransform(zoom * this.#ratio, 0, 0, zoom * this.#ratio, x * this.#ratio, y * this.#ratio);
    c.lineCap = 'round';
  }

  #adopt(lines: LiveLines): void {
    const count = lines.lines.length;
    const old = this.#phase;
    this.#pathsFor = lines;
    this.#spots.clear();
    this.#phase = new Float32Array(count);
    for (let i = 0; i < count; i++) this.#phase[i] = i < old.length ? old[i]! : (i * 0.61803398875) % 1;
    this.#phaseBack = this.#phase.slice();
    this.#style = new Uint8Array(count);
    this.#forwardStyle = new Uint8Array(count);
    this.#backwardStyle = new Uint8Array(count);
    this.#visible = new Uint8Array(count);
    this.#order = new Int32Array(count);
    this.#sequence = -2;
    this.#stale = true;
  }

  #seen({ zoom, x, y }: Camera): Box {
    return { x1: -x / zoom, y1: -y / zoom, x2: (this.#width - x) / zoom, y2: (this.#height - y) / zoom };
  }

  /** Whether the lines that were sorted are those that this camera sees. */
  #sortedFor(camera: Camera): boolean {
    const seen = this.#seen(camera);
    const { x1, y1, x2, y2 } = this.#sorted;
    const covered = seen.x1 >= x1 && seen.y1 >= y1 && seen.x2 <= x2 && seen.y2 <= y2;
    return (
      covered && (x2 - x1) * (y2 - y1) < 16 * (seen.x2 - seen.x1) * (seen.y2 - seen.y1) && this.#sparse === sparseness(camera)
    );
  }

  /** Sorts the lines by style and makes one path for each style. */
  #sort({ lines, positions, camera, forward, backward }: OverlayState, ready: boolean): void {
    const list = lines.lines;
    const seen = this.#seen(camera);
    const margin = { x: (seen.x2 - seen.x1) / 2, y: (seen.y2 - seen.y1) / 2 };
    const [left, right, top, bottom] = [seen.x1 - margin.x, seen.x2 + margin.x, seen.y1 - margin.y, seen.y2 + margin.y];
    this.#sorted = { x1: left, y1: top, x2: right, y2: bottom };
    const sparse = sparseness(camera);
    this.#sparse = sparse;
    const counts = this.#starts.fill(0);
    for (let i = 0; i < list.length; i++) {
      const { curve, source, target } = list[i]!;
      const inside =
        Math.max(curve.sx, curve.tx, curve.ax) >= left &&
        Math.min(curve.sx, curve.tx, curve.bx) <= right &&
        Math.max(curve.sy, curve.ty, curve.ay) >= top &&
        Math.min(curve.sy, curve.ty) <= bottom;
      // A plain line is Cytoscape's while nothing is known about it.
      const drawn =
        inside && (lines.isWeight[i] || target >= 0 || ready) && (sparse === 1 || target < 0 || (source + target) % sparse === 0);
      this.#visible[i] = drawn ? 1 : 0;
      if (!drawn) continue;
      const base = lines.isWeight[i] || forward || !backward ? lines.base[i]! : lines.backward[i]!;
      const style = ready ? styleOf(base) : 0;
      this.#style[i] = style;
      this.#forwardStyle[i] = ready ? styleOf(lines.forward[i]!) : 0;
      this.#backwardStyle[i] = ready ? styleOf(lines.backward[i]!) : 0;
      counts[style + 1]!++;
    }
    for (let s = 0; s < STYLES; s++) counts[s + 1]! += counts[s]!;
    const next = counts.slice();
    for (let i = 0; i < list.length; i++) if (this.#visible[i]) this.#order[next[this.#style[i]!]!++] = i;
    this.#bodies = new Path2D();
    for (const v of lines.scene.nodes.values()) {
      const at = positions[v.id] ?? NOWHERE;
      if (v.form === 'column' || at.x < left || at.x > right || at.y < top || at.y > bottom) continue;
      // Just inside the rim, so that a line still touches it.
      const [w, h] = [v.width - 2, v.height - 2];
      this.#bodies.roundRect(
        at.x - w / 2,
        at.y - h / 2,
        w,
        h,
        v.form === 'card' || v.form === 'map' ? 11 : v.form === 'tag' ? 4 : h / 2,
      );
    }
    this.#paths = [];
    for (let s = 0; s < STYLES; s++) {
      const [from, to] = [counts[s]!, counts[s + 1]!];
      if (from === to) {
        this.#paths.push(null);
        continue;
      }
      const path = new Path2D();
      for (let at = from; at < to; at++) {
        const { sx, sy, ax, ay, bx, by, tx, ty } = list[this.#order[at]!]!.curve;
        path.moveTo(sx, sy);
        path.quadraticCurveTo(ax, ay, (ax + bx) / 2, (ay + by) / 2);
        path.quadraticCurveTo(bx, by, tx, ty);
      }
      this.#paths.push(path);
    }
  }

  #strokeLines({ theme, camera, focus }: OverlayState, ready: boolean): void {
    const c = this.#context;
    // Far away a hairline still has half a pixel.
    const least = 0.5 / camera.zoom;
    const dimmed = focus !== null ? 0.35 : 1;
    for (let s = 0; s < STYLES; s++) {
      const path = this.#paths[s];
      if (!path) continue;
      c.strokeStyle = colourOf(s, theme);
      c.globalAlpha = (ready ? opacityOf(s) * (s === 0 ? 1.2 : 0.72) : 0.34) * dimmed;
      c.lineWidth = Math.max(least, ready ? widthOf(s) : 0.9);
      c.stroke(path);
    }
  }

  /** What the stepper looks at, or a path that is pointed at, stands out from the dimmed rest. */
  #strokeFocus({ lines, theme, camera }: OverlayState, focus: ReadonlySet<number> | null): void {
    if (focus === null || focus.size > MOST_IN_FOCUS) return;
    const path = new Path2D();
    for (const i of focus) {
      if (!this.#visible[i]) continue;
      const { sx, sy, ax, ay, bx, by, tx, ty } = lines.lines[i]!.curve;
      path.moveTo(sx, sy);
      path.quadraticCurveTo(ax, ay, (ax + bx) / 2, (ay + by) / 2);
      path.quadraticCurveTo(bx, by, tx, ty);
    }
    const c = this.#context;
    c.strokeStyle = theme.accent;
    c.globalAlpha = focus.size > 40 ? 0.35 : 0.75;
    c.lineWidth = Math.max(focus.size > 40 ? 1 : 2.6, 1 / camera.zoom);
    c.stroke(path);
  }

  /** Lines run behind nodes. Columns are see-through, since their own lines end inside. */
  #clearBodies(): void {
    const c = this.#context;
    c.globalAlpha = 1;
    c.globalCompositeOperation = 'destination-out';
    c.fill(this.#bodies);
    c.globalCompositeOperation = 'source-over';
  }

  /** A short bright stretch of each line that travels along it. */
  #pulses({ lines, theme, camera, focus, speed }: OverlayState, direction: 1 | -1, elapsed: number): void {
    const c = this.#context;
    const styles = direction === 1 ? this.#forwardStyle : this.#backwardStyle;
    const list = lines.lines;
    const phase = direction === 1 ? this.#phase : this.#phaseBack;
    const paths: (Path2D | undefined)[] = new Array(STYLES);
    for (let i = 0; i < list.length; i++) {
      if (!this.#visible[i] || (focus && !focus.has(i))) continue;
      const s = styles[i]!;
      if (s === 0) continue;
      const length = lines.lengths[i]! || 1;
      const rate = ((60 + 150 * levelShare(s)) / length) * speedOf(s) * speed;
      const t = (phase[i]! + elapsed * rate) % 1;
      phase[i] = t;
      const path = (paths[s] ??= new Path2D());
      const { curve } = list[i]!;
      const { sx, sy, ax, ay, bx, by, tx, ty } = curve;
      const mx = (ax + bx) / 2;
      const my = (ay + by) / 2;
      const many = lines.isWeight[i] ? 1 : Math.max(1, Math.round(length / 90));
      const tail = (direction === 1 ? 13 : 3) / length;
      for (let n = 0; n < many; n++) {
        let head = (t + n / many) % 1;
        if (direction === -1) head = 1 - ((head + 0.5 / many) % 1);
        for (let end = 0; end < 2; end++) {
          let at = end === 0 ? head - direction * tail : head;
          at = Math.min(1, Math.max(0, at));
          let px: number;
          let py: number;
          if (at < 0.5) {
            const u = at * 2;
            const v = 1 - u;
            px = v * v * sx + 2 * u * v * ax + u * u * mx;
            py = v * v * sy + 2 * u * v * ay + u * u * my;
          } else {
            const u = at * 2 - 1;
            const v = 1 - u;
            px = v * v * mx + 2 * u * v * bx + u * u * tx;
            py = v * v * my + 2 * u * v * by + u * u * ty;
          }
          if (end === 0) path.moveTo(px, py);
          else path.lineTo(px, py);
        }
      }
    }
    for (let s = 1; s < STYLES; s++) {
      const path = paths[s];
      if (!path) continue;
      const width = Math.max(1 / camera.zoom, widthOf(s) + (direction === 1 ? 1.2 : 2.6));
      if (direction === -1) {
        // Gradients are beads with a rim in the page's colour, values are streaks.
        c.globalAlpha = 0.95;
        c.strokeStyle = theme.bg;
        c.lineWidth = width + 2;
        c.stroke(path);
      }
      c.strokeStyle = colourOf(s, theme);
      c.globalAlpha = 1;
      c.lineWidth = width;
      c.stroke(path);
    }
  }

  #neurons({ lines, positions, theme, frame }: OverlayState): void {
    const c = this.#context;
    for (const [id, key] of lines.columns) {
      const numbers = frame!.numbers(key);
      const v = lines.scene.nodes.get(id);
      if (!numbers || !v) continue;
      const at = positions[id as NodeId] ?? NOWHERE;
      const spots = v.units ? v.units.spots : [{ dx: 0, dy: 0 }];
      const radius = v.units ? v.units.radius : v.width / 2 - 1;
      spots.forEach((spot, slot) => {
        const value = numbers[v.units ? v.units.shown[slot]! : 0];
        if (value === undefined) return;
        c.beginPath();
        c.arc(at.x + spot.dx, at.y + spot.dy, radius, 0, 2 * Math.PI);
        c.globalAlpha = 1;
        c.fillStyle = theme.nodeBg;
        c.fill();
        c.globalAlpha = fillOf(value);
        c.fillStyle = !Number.isFinite(value) ? theme.danger : value >= 0 ? theme.pos : theme.neg;
        c.fill();
      });
    }
  }

  /** Parts that show a number of their own: filled by it, and it is written where there is room. */
  #parts({ lines, positions, theme, camera, known }: OverlayState): void {
    const c = this.#context;
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    for (const [id, index] of lines.parts) {
      const v = lines.scene.nodes.get(id);
      if (!v) continue;
      const at = positions[id] ?? NOWHERE;
      if (v.map) {
        this.#maps.draw(c, v, at, theme);
        continue;
      }
      const { base, factor } = v.reads!;
      if (known !== null && [base, factor].some((source) => source && !known.has(tapKey(source.tap)))) continue;
      const value = lines.forward[index]!;
      c.globalAlpha = 1;
      c.fillStyle = theme.nodeBg;
      this.#outline(v, at);
      c.fill();
      c.globalAlpha = fillOf(value);
      c.fillStyle = !Number.isFinite(value) ? theme.danger : value >= 0 ? theme.pos : theme.neg;
      c.fill();
      c.globalAlpha = 1;
      if (v.width < 30 || v.form === 'rest' || camera.zoom < 0.42 || (v.form === 'dot' && v.width < 40)) continue;
      c.font = `600 ${v.form === 'tag' ? 10.5 : 9.5}px ${theme.font}`;
      c.fillStyle = theme.text;
      // A round part is narrower than its number often is.
      const text = numberText(Number.isFinite(value) ? Number(value.toPrecision(v.form === 'tag' ? 3 : 2)) : value);
      c.fillText(text, at.x, v.form === 'tag' ? at.y + 0.5 : at.y + v.height * 0.2);
    }
  }

  #outline(v: NodeVisual, at: Point): void {
    const c = this.#context;
    c.beginPath();
    const [w, h] = [v.width - 1, v.height - 1];
    c.roundRect(at.x - w / 2, at.y - h / 2, w, h, v.form === 'tag' ? 3.5 : h / 2);
  }

  /** Numbers on the edges that carry one number a sample: the value, and under it the gradient. */
  #figures({ lines, positions, theme, frame, camera, forward, backward, known }: OverlayState): void {
    if (camera.zoom < 0.42 || lines.figures.size > 400) return;
    const c = this.#context;
    // As on the nodes, writing grows against the zoom.
    const size = Math.min(17, Math.max(11, 9.5 / camera.zoom));
    c.font = `600 ${size}px ${theme.font}`;
    c.textBaseline = 'middle';
    c.textAlign = 'center';
    for (const [edge, { value: valueKey, gradient: gradientKeys, local, own, along }] of lines.figures) {
      const [at] = lines.ranges.get(edge)!;
      if (!this.#visible[at]) continue;
      const may = (key: string | null): key is string => key !== null && (known === null || known.has(key));
      const read = (key: string, from: Float32Array): number | undefined =>
        own === null ? frame!.numbers(key)?.[0] : frame!.numbers(key) ? from[at] : undefined;
      // Between parts there is less room.
      if (own !== null && camera.zoom < 0.62) continue;
      const value = forward && may(valueKey) ? read(valueKey, own === 'base' ? lines.base : lines.forward) : undefined;
      const isKnown = backward && gradientKeys.length > 0 && gradientKeys.every((key) => may(key) && frame!.numbers(key));
      const gradient = !isKnown
        ? undefined
        : own === null
          ? gradientKeys.reduce((sum, key) => sum + frame!.numbers(key)![0]!, 0)
          : lines.backward[at];
      // On the way forward each edge keeps its local derivative; on the way back its gradient takes the place.
      const factor =
        backward && gradient === undefined && local !== null && may(local.key)
          ? frame!.numbers(local.key)?.[local.at]
          : undefined;
      if (value === undefined && gradient === undefined && factor === undefined) continue;
      const { curve } = lines.lines[at]!;
      const below =
        gradient !== undefined ? `∂ ${shortNumber(gradient)}` : factor !== undefined ? `× ${shortNumber(factor)}` : '';
      const texts = [value === undefined ? '' : shortNumber(value), below] as const;
      const half = (Math.max(...texts.map((text) => c.measureText(text).width)) + 8) / 2;
      const spot = own === null ? this.#spotOf(edge, curve, along, half, size, lines, positions) : besideLine(curve, along, size);
      if (value !== undefined) this.#figure(texts[0], spot.value, value < 0 ? theme.neg : theme.pos, theme.bg, size);
      if (gradient !== undefined) this.#figure(below, spot.gradient, gradient < 0 ? theme.neg : theme.pos, theme.bg, size);
      else if (factor !== undefined) this.#figure(below, spot.gradient, theme.textDim, theme.bg, size);
    }
  }

  /** Numbers change with each frame, their places only with the drawing; and a little room to spare keeps them still. */
  readonly #spots = new Map<string, { readonly key: string; readonly spot: FigureSpot; readonly boxes: readonly Box[] }>();

  #spotOf(
    edge: string,
    curve: Curve,
    along: number,
    half: number,
    size: number,
    lines: LiveLines,
    positions: Project['positions'],
  ): FigureSpot {
    const room = Math.ceil(half / 6) * 6;
    const { sx, sy, tx, ty } = curve;
    const key = `${room} ${size} ${sx} ${sy} ${tx} ${ty}`;
    const known = this.#spots.get(edge);
    if (known?.key === key) return known.spot;
    const e = lines.scene.edges.get(edge)!;
    const ends = [e.from, e.to].map((id) => boxOfNode(lines.scene.nodes.get(id)!, positions[id] ?? NOWHERE));
    // Where there are many nobody can tell which number is whose in any case.
    const others = this.#spots.size > 60 ? [] : [...this.#spots].flatMap(([id, { boxes }]) => (id === edge ? [] : boxes));
    const spot = figureSpot(curve, along, room, size, ends, others);
    this.#spots.set(edge, { key, spot, boxes: boxesOf(spot, room, size) });
    return spot;
  }

  #figure(text: string, { x, y }: Point, color: string, bg: string, size: number): void {
    const c = this.#context;
    const width = c.measureText(text).width + 8;
    c.globalAlpha = 0.8;
    c.fillStyle = bg;
    c.beginPath();
    c.roundRect(x - width / 2, y - size * 0.68, width, size * 1.36, 6);
    c.fill();
    c.globalAlpha = 1;
    c.fillStyle = color;
    c.fillText(text, x, y + 0.5);
  }
}

/** How strongly a number fills a neuron. */
const fillOf = (value: number): number =>
  !Number.isFinite(value) ? 0.8 : Math.abs(value) < 1e-6 ? 0 : Math.min(0.92, (strength(value) - 0.24) * 1.15 + 0.08);

const colourOf = (style: number, theme: Theme): string =>
  style === 0 ? theme.line : style === NOT_FINITE ? theme.danger : isPositive(style) ? theme.pos : theme.neg;

/** Between parts there are many lines: where they come together their numbers stand apart, on them. */
function besideLine(curve: Curve, along: number, size: number): FigureSpot {
  const { x, y } = pointOn(curve, along);
  return { value: { x, y: y - size }, gradient: { x, y: y + size } };
}

const sameCamera = (a: Camera, b: Camera): boolean => a.zoom === b.zoom && a.x === b.x && a.y === b.y;
const shortNumber = (v: number): string => numberText(Number.isFinite(v) ? Number(v.toPrecision(3)) : v);
