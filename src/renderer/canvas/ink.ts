/**
 * What is written and drawn on the nodes: names, glyphs, graphs of functions, neurons, ports, the shapes
 * on the edges, and what a gesture shows while it lasts. Redrawn when something changes, never for a live
 * number.
 */
import type { NodeId } from '../../engine/graph/graph';
import type { Project } from '../../engine/graph/project';
import { type Box, overlap } from '../editor/gestures';
import { drawFeedback } from './gesture-ink';
import type { InkState } from './ink-state';
import { boxOfNode, edgeCurve, GROUP_TITLE, groupBoxes, labelSpot, NOWHERE } from './geometry';
import { drawNode } from './node-ink';
import { ANY_TEXT, Pen, SMALL_TEXT } from './pen';
import type { NodeVisual, Scene } from './scene';

export class Ink {
  readonly #pen: Pen;
  #width = 0;
  #height = 0;
  #ratio = 1;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.#pen = new Pen(canvas.getContext('2d')!);
  }

  resize(width: number, height: number, ratio: number): void {
    this.#width = width;
    this.#height = height;
    this.#ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
  }

  draw(state: InkState): void {
    const c = this.#pen.context;
    const { camera, scene, positions } = state;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const k = camera.zoom * this.#ratio;
    c.setTransform(k, 0, 0, k, camera.x * this.#ratio, camera.y * this.#ratio);
    c.lineJoin = 'round';
    c.lineCap = 'round';
    this.#pen.zoom = camera.zoom;
    this.#pen.family = state.theme.font;
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
      if (above === undefined) drawNode(this.#pen, v, at, state);
      else {
        c.save();
        this.#leaveOut(above, positions);
        drawNode(this.#pen, v, at, state);
        c.restore();
      }
    }
    drawFeedback(this.#pen, state);
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
    const c = this.#pen.context;
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

  #groups({ scene, positions, theme, camera }: InkState): void {
    if (camera.zoom < ANY_TEXT) return;
    const c = this.#pen.context;
    this.#pen.font(12, 600);
    c.textAlign = 'left';
    c.textBaseline = 'middle';
    c.fillStyle = theme.accent;
    for (const [name, box] of groupBoxes(scene, positions))
      c.fillText(scene.frames?.get(name)?.title ?? name, box.x1 + 14, box.y1 + GROUP_TITLE / 2 + 4);
  }

  #edgeLabels({ scene, positions, theme, selection, feedback, figured }: InkState, view: Box): void {
    const c = this.#pen.context;
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    for (const e of scene.edges.values()) {
      const curve = edgeCurve(scene, positions, e);
      if (Math.max(curve.sx, curve.tx) < view.x1 || Math.min(curve.sx, curve.tx) > view.x2) continue;
      if (Math.max(curve.sy, curve.ty) < view.y1 - 300 || Math.min(curve.sy, curve.ty) > view.y2 + 300) continue;
      if (e.kind === 'wire' || e.label === '' || Math.abs(curve.tx - curve.sx) < 34 || figured(e.id)) continue;
      const at = labelSpot(scene, positions, e, curve);
      this.#pen.font(10.5, 450);
      const width = c.measureText(e.label).width + 12;
      // On an edge that is shorter it would cover the ports.
      if (width > Math.hypot(curve.tx - curve.sx, curve.ty - curve.sy) - 8) continue;
      c.globalAlpha = 0.88;
      c.fillStyle = theme.bg;
      c.beginPath();
      const half = 9 * Math.min(1.6, Math.max(1, 0.8 / this.#pen.zoom));
      c.roundRect(at.x - width / 2, at.y - half, width, 2 * half, half);
      c.fill();
      c.globalAlpha = 1;
      c.fillStyle = selection.has(e.id) || feedback.dropEdge === e.id ? theme.accent : theme.textDim;
      c.fillText(e.label, at.x, at.y + 0.5);
    }
  }
}
