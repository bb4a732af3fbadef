/**
 * What is written and drawn on the nodes: names, glyphs, graphs of functions, neurons, ports, the shapes
 * on the edges, and what a gesture shows while it lasts. Redrawn when something changes, never for a live
 * number.
 */
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Point, Project } from '../../engine/graph/project';
import { type Box, type Guide, overlap } from '../editor/gestures';
import type { Camera } from './cytoscape';
import { boxOfNode, curveBetween, edgeCurve, GROUP_TITLE, groupBoxes, labelSpot, NOWHERE, outOf, portAt } from './geometry';
import type { NodeVisual, Scene } from './scene';
import type { Theme } from './theme';

/** What a gesture shows on top of the drawing. */
export interface Feedback {
  readonly guides: readonly Guide[];
  readonly box: Box | null;
  readonly connecting: {
    readonly from: NodeId;
    readonly to: Point;
    /** Ports of the node under the pointer: whether each may be connected. */
    readonly target: NodeId | null;
    readonly ports: ReadonlyMap<string, boolean>;
    readonly port: string | null;
  } | null;
  /** An edge that a dropped node would be inserted on. */
  readonly dropEdge: EdgeId | null;
  readonly hover: NodeId | null;
  readonly hoverUnit: { readonly node: NodeId; readonly index: number } | null;
  /** A part that a table points at. */
  readonly pointed: NodeId | null;
  /** Keyboard focus. */
  readonly focused: NodeId | null;
  /** Where the stepper stands: a node, or the parts that show it. */
  readonly stepping: readonly NodeId[];
}

export const noFeedback: Feedback = {
  guides: [],
  box: null,
  connecting: null,
  dropEdge: null,
  hover: null,
  hoverUnit: null,
  pointed: null,
  focused: null,
  stepping: [],
};

export interface InkState {
  readonly scene: Scene;
  readonly positions: Project['positions'];
  readonly camera: Camera;
  readonly theme: Theme;
  readonly selection: ReadonlySet<string>;
  readonly feedback: Feedback;
  /** Neurons are filled by live numbers underneath, so only their rims are drawn. */
  readonly live: boolean;
  /** Edges that the overlay writes a live number on, in place of the shape. */
  readonly figured: (edge: EdgeId) => boolean;
}

/** Zoom below which small writing is left out, then all writing. */
const SMALL_TEXT = 0.42;
const ANY_TEXT = 0.24;
/** Pixels of height below which writing is only dirt. */
const LEGIBLE = 6.2;

export class Ink {
  readonly #context: CanvasRenderingContext2D;
  #width = 0;
  #height = 0;
  #ratio = 1;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.#context = canvas.getContext('2d')!;
  }

  resize(width: number, height: number, ratio: number): void {
    this.#width = width;
    this.#height = height;
    this.#ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
  }

  draw(state: InkState): void {
    const c = this.#context;
    const { camera, scene, positions } = state;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const k = camera.zoom * this.#ratio;
    c.setTransform(k, 0, 0, k, camera.x * this.#ratio, camera.y * this.#ratio);
    c.lineJoin = 'round';
    c.lineCap = 'round';
    this.#zoom = camera.zoom;
    this.#family = state.theme.font;
    const view: Box = {
      x1: -camera.x / camera.zoom,
      y1: -camera.y / camera.zoom,
      x2: (this.#width - camera.x) / camera.zoom,
      y2: (this.#height - camera.y) / camera.zoom,
    };
    this.#groups(state);
    if (camera.zoom >= SMALL_TEXT) this.#edgeLabels(state, view);
    const covers = this.#coversOf(scene, positions);
    for (const v of scene.nodes.values()) {
      const at = positions[v.id] ?? NOWHERE;
      if (at.x + v.width / 2 + 30 < view.x1 || at.x - v.width / 2 - 30 > view.x2) continue;
      if (at.y + v.height / 2 + 30 < view.y1 || at.y - v.height / 2 - 30 > view.y2) continue;
      const above = covers.get(v.id);
      if (above === undefined) this.#node(v, at, state);
      else {
        c.save();
        this.#leaveOut(above, positions);
        this.#node(v, at, state);
        c.restore();
      }
    }
    this.#feedback(state);
    c.globalAlpha = 1;
  }

  #coveredFor: { readonly scene: Scene; readonly positions: Project['positions'] } | null = null;
  #covers = new Map<NodeId, NodeVisual[]>();

  /** Nodes that lie on others, by the one below. The bodies are Cytoscape's, which draws later nodes above. */
  #coversOf(scene: Scene, positions: Project['positions']): ReadonlyMap<NodeId, readonly NodeVisual[]> {
    if (this.#coveredFor?.scene === scene && this.#coveredFor.positions === positions) return this.#covers;
    this.#coveredFor = { scene, positions };
    this.#covers = new Map();
    const boxes = [...scene.nodes.values()].map((v, order) => ({ v, order, box: boxOfNode(v, positions[v.id] ?? NOWHERE) }));
    boxes.sort((a, b) => a.box.x1 - b.box.x1);
    boxes.forEach((a, i) => {
      for (let j = i + 1; j < boxes.length && boxes[j]!.box.x1 < a.box.x2; j++) {
        const b = boxes[j]!;
        if (!overlap(a.box, b.box)) continue;
        const [below, above] = a.order < b.order ? [a, b] : [b, a];
        const list = this.#covers.get(below.v.id);
        if (list) list.push(above.v);
        else this.#covers.set(below.v.id, [above.v]);
      }
    });
    return this.#covers;
  }

  /** Nothing is drawn where these nodes are. */
  #leaveOut(nodes: readonly NodeVisual[], positions: Project['positions']): void {
    const c = this.#context;
    for (const v of nodes) {
      const { x1, y1 } = boxOfNode(v, positions[v.id] ?? NOWHERE);
      const radius = v.form === 'column' ? 16 : v.form === 'card' || v.form === 'map' ? 12 : v.form === 'tag' ? 4 : v.height / 2;
      // All of the plane but the node: two outlines, filled where they do not both lie.
      c.beginPath();
      c.rect(-1e6, -1e6, 2e6, 2e6);
      c.roundRect(x1, y1, v.width, v.height, radius);
      c.clip('evenodd');
    }
  }

  /** From far away writing grows against the zoom, as far as there is room for it. Tells whether it can be read. */
  #font(size: number, weight = 400, text = '', room = 0): boolean {
    const c = this.#context;
    let wished = Math.min(size * 1.6, Math.max(size, (size * 0.8) / this.#zoom));
    c.font = `${weight} ${wished}px ${this.#family}`;
    if (room > 0 && wished > size) {
      const width = c.measureText(text).width;
      if (width > room) {
        wished = Math.max(size, (wished * room) / width);
        c.font = `${weight} ${wished}px ${this.#family}`;
      }
    }
    this.#size = wished;
    return wished * this.#zoom >= LEGIBLE;
  }
  /** Of the writing that `#font` has set. */
  #size = 0;
  #family = 'system-ui, sans-serif';
  #zoom = 1;

  #groups({ scene, positions, theme, camera }: InkState): void {
    if (camera.zoom < ANY_TEXT) return;
    const c = this.#context;
    this.#font(12, 600);
    c.textAlign = 'left';
    c.textBaseline = 'middle';
    c.fillStyle = theme.accent;
    for (const [name, box] of groupBoxes(scene, positions))
      c.fillText(scene.frames?.get(name)?.title ?? name, box.x1 + 14, box.y1 + GROUP_TITLE / 2 + 4);
  }

  #edgeLabels({ scene, positions, theme, selection, feedback, figured }: InkState, view: Box): void {
    const c = this.#context;
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    for (const e of scene.edges.values()) {
      const curve = edgeCurve(scene, positions, e);
      if (Math.max(curve.sx, curve.tx) < view.x1 || Math.min(curve.sx, curve.tx) > view.x2) continue;
      if (Math.max(curve.sy, curve.ty) < view.y1 - 300 || Math.min(curve.sy, curve.ty) > view.y2 + 300) continue;
      if (e.kind === 'wire' || e.label === '' || Math.abs(curve.tx - curve.sx) < 34 || figured(e.id)) continue;
      const at = labelSpot(scene, positions, e, curve);
      this.#font(10.5, 450);
      const width = c.measureText(e.label).width + 12;
      c.globalAlpha = 0.88;
      c.fillStyle = theme.bg;
      c.beginPath();
      const half = 9 * Math.min(1.6, Math.max(1, 0.8 / this.#zoom));
      c.roundRect(at.x - width / 2, at.y - half, width, 2 * half, half);
      c.fill();
      c.globalAlpha = 1;
      c.fillStyle = selection.has(e.id) || feedback.dropEdge === e.id ? theme.accent : theme.textDim;
      c.fillText(e.label, at.x, at.y + 0.5);
    }
  }

  #node(v: NodeVisual, at: Point, state: InkState): void {
    const { theme, camera, selection, feedback } = state;
    const c = this.#context;
    const color = theme.groups[v.group];
    const zoom = camera.zoom;
    if (feedback.stepping.includes(v.id)) this.#ring(v, at, theme.accent, 5, 3, [7, 5]);
    if (feedback.focused === v.id) this.#ring(v, at, theme.accent, 6, 2);
    if (feedback.pointed === v.id && v.owner === undefined) this.#ring(v, at, theme.accent, 4, 1.4);
    switch (v.form) {
      case 'column':
        this.#column(v, at, color, state);
        break;
      case 'circle':
        this.#circle(v, at, color, state);
        break;
      case 'neuron':
        this.#neuron(v, at, color, state);
        break;
      case 'dot':
      case 'tag':
      case 'rest':
      case 'map':
        this.#part(v, at, color, state);
        break;
      default:
        this.#card(v, at, color, state);
    }
    if (zoom >= ANY_TEXT && (v.owner === undefined || v.form === 'map')) this.#ports(v, at, color, state);
    if (v.severity === 'error' || v.severity === 'warning')
      this.#badge(at.x + v.width / 2 - 4, at.y - v.height / 2 + 4, v.severity === 'error' ? theme.danger : theme.warning, theme);
    if (selection.has(v.id) && zoom < ANY_TEXT) this.#ring(v, at, theme.accent, 6, 3 / zoom);
    c.globalAlpha = 1;
  }

  #card(v: NodeVisual, at: Point, color: string, { theme, camera }: InkState): void {
    const c = this.#context;
    const left = at.x - v.width / 2;
    const names = v.portColumn;
    const tile = v.form === 'pill' ? 32 : 34;
    const x = left + names + (v.form === 'pill' ? 8 : 11);
    const y = at.y - tile / 2;
    c.fillStyle = color;
    c.globalAlpha = 0.14;
    c.beginPath();
    c.roundRect(x, y, tile, tile, v.form === 'pill' ? tile / 2 : 9);
    c.fill();
    c.globalAlpha = 1;
    if (v.plot) this.#plot(v.plot, x + 6, y + 7, tile - 12, tile - 14, color);
    else this.#glyph(v.glyph, x + tile / 2, at.y, tile - 8, 17, color);
    if (camera.zoom < ANY_TEXT) return;
    const tx = x + tile + 9;
    const room = left + v.width - 12 - tx;
    c.textAlign = 'left';
    c.textBaseline = 'middle';
    const lines = [...v.lines];
    const small = camera.zoom >= SMALL_TEXT;
    const third = small && v.meta !== '' && v.form !== 'pill';
    const readable = lines.reduce((a, b) => (a.length > b.length ? a : b), '');
    const legible = small && this.#font(11, 400, readable, room);
    const lineSize = this.#size;
    this.#font(13, 600, v.title, room);
    const rows = 1 + (legible ? lines.length : 0) + (third ? 1 : 0);
    // Writing that has grown needs lines farther apart, as far as the card is high enough.
    const pitch = Math.max(17, Math.min(0.61 * (this.#size + lineSize), (v.height - 10) / rows));
    let y0 = at.y - ((rows - 1) * pitch) / 2;
    c.fillStyle = theme.text;
    c.fillText(v.title, tx, y0);
    if (legible) {
      c.fillStyle = theme.textDim;
      this.#font(11, 400, readable, room);
      for (const text of lines) {
        y0 += pitch;
        c.fillText(text, tx, y0);
      }
    }
    if (third && this.#font(10.5, 500, v.meta, room)) {
      c.fillStyle = color;
      c.fillText(v.meta, tx, y0 + pitch);
    }
    if (v.objective) {
      this.#font(9.5, 600);
      c.fillStyle = theme.textDim;
      c.textAlign = 'center';
      c.fillText('minimised', at.x, at.y + v.height / 2 + 14);
    }
  }

  #circle(v: NodeVisual, at: Point, color: string, { theme, camera }: InkState): void {
    this.#glyph(v.glyph, at.x, at.y, v.width - 16, 24, color);
    this.#caption(v, at, theme, camera.zoom);
  }

  #caption(v: NodeVisual, at: Point, theme: Theme, zoom: number): void {
    if (zoom < ANY_TEXT) return;
    const c = this.#context;
    c.textAlign = 'center';
    c.textBaseline = 'alphabetic';
    this.#font(11.5, 600);
    c.fillStyle = theme.text;
    c.fillText(v.title, at.x, at.y + v.height / 2 + 15);
    if (zoom < SMALL_TEXT || v.form === 'circle') return;
    this.#font(10.5);
    c.fillStyle = theme.textDim;
    c.fillText([v.subtitle, v.meta].filter(Boolean).join(', '), at.x, at.y + v.height / 2 + 15 + 1.24 * this.#size);
  }

  #neuron(v: NodeVisual, at: Point, color: string, state: InkState): void {
    const r = v.width / 2;
    if (v.plot) this.#plot(v.plot, at.x - r * 0.5, at.y - r * 0.4, r, r * 0.8, state.live ? state.theme.text : color);
    else this.#glyph('Σ', at.x, at.y, v.width - 20, 26, color);
    this.#caption(v, at, state.theme, state.camera.zoom);
  }

  /** Parts seen through a lens. Their numbers and maps are the overlay's. */
  #part(v: NodeVisual, at: Point, color: string, { theme, camera, live, selection, feedback }: InkState): void {
    const c = this.#context;
    const left = at.x - v.width / 2;
    if (selection.has(v.id) || feedback.hover === v.id || feedback.pointed === v.id)
      this.#ring(v, at, theme.accent, 3, selection.has(v.id) ? 2.4 : 1.4);
    c.textBaseline = 'middle';
    if (v.form === 'dot') {
      const r = v.width / 2;
      const ink = live ? theme.text : color;
      // Above its number, where it has one.
      const y = at.y - (r >= 20 ? r * 0.3 : 0);
      if (v.plot) this.#plot(v.plot, at.x - r * 0.42, y - r * 0.3, r * 0.84, r * 0.55, ink, 1.5);
      else this.#glyph(v.glyph, at.x, y, r * 1.3, r >= 20 ? 14 : 16, ink);
      if (v.subtitle !== '' && camera.zoom >= SMALL_TEXT && this.#font(9)) {
        c.textAlign = 'right';
        c.fillStyle = theme.textDim;
        c.fillText(v.subtitle, left - 3, at.y - r * 0.75);
      }
      return;
    }
    if (v.form === 'rest') {
      if (camera.zoom < ANY_TEXT) return;
      c.textAlign = 'center';
      this.#font(9.5, 500, v.title, v.width - 8);
      c.fillStyle = theme.textDim;
      c.fillText(`… ${v.title}`, at.x, at.y);
      return;
    }
    if (v.form === 'tag' || camera.zoom < ANY_TEXT) return;
    const top = at.y - v.height / 2;
    c.textAlign = 'left';
    this.#glyph(v.glyph, left + 20, top + 17, 20, 15, color);
    this.#font(12, 600, v.title, v.width - 44);
    c.fillStyle = theme.text;
    c.textAlign = 'left';
    c.fillText(v.title, left + 36, top + 15);
    if (camera.zoom >= 0.62 && this.#font(9.5, 400, v.subtitle, v.width - 44)) {
      c.fillStyle = theme.textDim;
      c.fillText(v.subtitle, left + 36, top + 28);
    }
  }

  #column(v: NodeVisual, at: Point, color: string, state: InkState): void {
    const { theme, camera, live, feedback } = state;
    const c = this.#context;
    const units = v.units!;
    const top = at.y - v.height / 2;
    const bottom = at.y + v.height / 2;
    c.textAlign = 'center';
    c.textBaseline = 'alphabetic';
    if (camera.zoom >= ANY_TEXT) {
      this.#font(13, 600, v.title, v.width - 14);
      c.fillStyle = theme.text;
      c.fillText(v.title, at.x, top + 22);
    }
    if (camera.zoom >= SMALL_TEXT) {
      c.fillStyle = theme.textDim;
      const text = v.group === 'layer' ? `${units.count.toLocaleString('en-US')} × ${v.subtitle}` : v.subtitle;
      this.#font(11, 400, text, v.width - (v.group === 'layer' ? 36 : 14));
      if (v.group === 'layer' && v.plot) {
        const width = c.measureText(text).width;
        this.#plot(v.plot, at.x - width / 2 - 10, top + 32, 12, 9, color, 1.2);
        c.fillText(text, at.x + 8, top + 41);
      } else c.fillText(text, at.x, top + 41);
      if (v.meta !== '') {
        this.#font(10.5, 500, v.meta, v.width - 12);
        c.fillStyle = color;
        c.fillText(v.meta, at.x, bottom - 18);
      }
    }
    units.spots.forEach((spot, slot) => {
      const [x, y] = [at.x + spot.dx, at.y + spot.dy];
      const hovered = feedback.hoverUnit?.node === v.id && feedback.hoverUnit.index === units.shown[slot];
      c.beginPath();
      c.arc(x, y, units.radius, 0, 2 * Math.PI);
      if (!live) {
        c.fillStyle = theme.nodeBg;
        c.fill();
        c.globalAlpha = 0.12;
        c.fillStyle = color;
        c.fill();
        c.globalAlpha = 1;
      }
      c.strokeStyle = color;
      c.lineWidth = hovered ? 3 : 1.5;
      c.stroke();
      const label = units.labels[slot];
      if (label && camera.zoom >= SMALL_TEXT) {
        this.#font(10.5);
        c.textAlign = 'right';
        c.textBaseline = 'middle';
        c.fillStyle = theme.textDim;
        c.fillText(this.#fitted(label, x - units.radius - 6 - (at.x - v.width / 2 + 9)), x - units.radius - 6, y + 0.5);
      }
    });
    if (units.gap) {
      const [x, y] = [at.x + units.gap.dx, at.y + units.gap.dy];
      c.fillStyle = color;
      for (const dy of [-7, 0, 7]) {
        c.beginPath();
        c.arc(x, y + dy, 1.8, 0, 2 * Math.PI);
        c.fill();
      }
      if (camera.zoom >= SMALL_TEXT) {
        const hidden = units.count - units.shown.length;
        this.#font(10);
        c.textBaseline = 'middle';
        c.textAlign = units.gap.dx > 10 ? 'right' : 'left';
        c.fillStyle = theme.textDim;
        c.fillText(`${hidden.toLocaleString('en-US')} more`, x + (units.gap.dx > 10 ? -10 : 8), y);
      }
    }
  }

  #fitted(text: string, width: number): string {
    const c = this.#context;
    if (c.measureText(text).width <= width) return text;
    let cut = text;
    while (cut.length > 1 && c.measureText(`${cut}…`).width > width) cut = cut.slice(0, -1);
    return `${cut}…`;
  }

  #glyph(text: string, x: number, y: number, room: number, size: number, color: string): void {
    const c = this.#context;
    this.#font(size, 550);
    const width = c.measureText(text).width;
    if (width > room) this.#font(Math.max(7.5, (size * room) / width), 550);
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    c.fillStyle = color;
    c.fillText(text, x, y + size * 0.04);
  }

  #plot(
    points: NonNullable<NodeVisual['plot']>,
    x: number,
    y: number,
    width: number,
    height: number,
    color: string,
    line = 1.8,
  ): void {
    const c = this.#context;
    c.beginPath();
    points.forEach(([px, py], i) => {
      if (i === 0) c.moveTo(x + px * width, y + (1 - py) * height);
      else c.lineTo(x + px * width, y + (1 - py) * height);
    });
    c.strokeStyle = color;
    c.lineWidth = line;
    c.stroke();
  }

  #ports(v: NodeVisual, at: Point, color: string, { theme, camera, feedback }: InkState): void {
    const c = this.#context;
    const targeted = feedback.connecting?.target === v.id ? feedback.connecting : null;
    // A layer's lines end at its neurons, so its ports step back.
    const small = v.form === 'column' ? 2.8 : 3.6;
    for (const port of v.ports) {
      const p = portAt(port, at);
      const allowed = targeted?.ports.get(port.name);
      const chosen = targeted !== null && targeted.port === port.name;
      c.beginPath();
      c.arc(p.x, p.y, chosen ? 6.5 : allowed ? 5 : port.missing ? 4.6 : small, 0, 2 * Math.PI);
      c.fillStyle = allowed === true ? theme.success : allowed === false && chosen ? theme.danger : theme.nodeBg;
      c.fill();
      c.lineWidth = port.missing ? 2.2 : 1.5;
      c.strokeStyle = allowed === true ? theme.success : port.missing || (allowed === false && chosen) ? theme.danger : color;
      c.stroke();
      if (!v.portNames || camera.zoom < SMALL_TEXT) continue;
      if (!this.#font(10, 400, port.name, v.portColumn - 10)) continue;
      c.fillStyle = theme.textDim;
      c.textBaseline = 'middle';
      if (v.form === 'circle') {
        c.textAlign = 'left';
        c.fillText(port.name, p.x + 6, p.y + (port.dy < 0 ? 2 : 0));
      } else {
        c.textAlign = 'left';
        c.fillText(port.name, p.x + 9, p.y + 0.5);
      }
    }
    const out = outOf(v, at);
    const reaching = feedback.hover === v.id || feedback.connecting?.from === v.id;
    c.beginPath();
    c.arc(out.x, out.y, reaching ? 6.5 : small, 0, 2 * Math.PI);
    c.fillStyle = reaching ? theme.accent : color;
    c.fill();
    if (reaching) {
      c.strokeStyle = theme.bg;
      c.lineWidth = 1.6;
      c.beginPath();
      c.moveTo(out.x - 3, out.y);
      c.lineTo(out.x + 3, out.y);
      c.moveTo(out.x, out.y - 3);
      c.lineTo(out.x, out.y + 3);
      c.stroke();
    }
  }

  #badge(x: number, y: number, color: string, theme: Theme): void {
    const c = this.#context;
    c.beginPath();
    c.arc(x, y, 8, 0, 2 * Math.PI);
    c.fillStyle = color;
    c.fill();
    c.strokeStyle = theme.bg;
    c.lineWidth = 1.5;
    c.stroke();
    this.#font(11, 700);
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    c.fillStyle = theme.bg;
    c.fillText('!', x, y + 0.5);
  }

  #ring(v: NodeVisual, at: Point, color: string, distance: number, width: number, dash: readonly number[] = []): void {
    const c = this.#context;
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

  #feedback({ scene, positions, theme, camera, feedback }: InkState): void {
    const c = this.#context;
    const hair = 1 / camera.zoom;
    const { connecting, box, guides, dropEdge } = feedback;
    if (dropEdge !== null) {
      const e = scene.edges.get(dropEdge);
      if (e) this.#stroke(edgeCurve(scene, positions, e), theme.accent, 4);
    }
    if (connecting) {
      const from = scene.nodes.get(connecting.from);
      if (from) {
        const start = outOf(from, positions[from.id] ?? NOWHERE);
        const refused = connecting.port !== null && connecting.ports.get(connecting.port) === false;
        const target = connecting.target === null || connecting.port === null ? null : scene.nodes.get(connecting.target);
        const port = target?.ports.find((p) => p.name === connecting.port);
        const end = port && target ? portAt(port, positions[target.id] ?? NOWHERE) : connecting.to;
        c.setLineDash(refused ? [6, 5] : []);
        this.#stroke(curveBetween(start, end), refused ? theme.danger : port ? theme.success : theme.accent, 2.4);
        c.setLineDash([]);
      }
    }
    c.strokeStyle = theme.accent;
    c.lineWidth = hair;
    for (const g of guides) {
      c.beginPath();
      if (g.axis === 'x') {
        c.moveTo(g.at, g.from - 12);
        c.lineTo(g.at, g.to + 12);
      } else {
        c.moveTo(g.from - 12, g.at);
        c.lineTo(g.to + 12, g.at);
      }
      c.stroke();
    }
    if (box) {
      c.beginPath();
      c.rect(box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1);
      c.globalAlpha = 0.08;
      c.fillStyle = theme.accent;
      c.fill();
      c.globalAlpha = 1;
      c.lineWidth = 1.2 * hair;
      c.stroke();
    }
  }

  #stroke(curve: ReturnType<typeof curveBetween>, color: string, width: number): void {
    const c = this.#context;
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
