/**
 * The layers as one: Cytoscape at the bottom, live numbers above it, writing on top. Keeps them in
 * step with the editor, holds the camera, and draws a layer only when it has a reason to.
 */
import type { Checked } from '../../engine/compile/check';
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Point, Project } from '../../engine/graph/project';
import type { DatasetInfo } from '../../engine/data/dataset';
import { type Box, unionOf } from '../editor/gestures';
import { type Looking, ownerOfPart, partOf, weightId } from '../editor/lens';
import { type Camera, Drawing, layoutOf } from './cytoscape';
import { boxOfNode, edgeCurve, groupBoxes, type Line, nearestLine, NOWHERE } from './geometry';
import { type Feedback, noFeedback } from './ink-state';
import { Ink } from './ink';
import { type Live, LiveLines, type Reading } from './live';
import { linesInFocus, linesOfPart } from './lit-lines';
import { Overlay } from './overlay';
import { lookAt, type Seen } from './open-scene';
import { type Measure, type Scene, sceneOf } from './scene';
import { readTheme, type Theme } from './theme';
import { Viewport } from './viewport';

export interface Layers {
  readonly root: HTMLElement;
  readonly cytoscape: HTMLElement;
  readonly lines: HTMLCanvasElement;
  readonly pulses: HTMLCanvasElement;
  readonly ink: HTMLCanvasElement;
}

/** Nodes and edges from which on Cytoscape's own drawing is spared during motion. */
const LARGE = 250;

const idle: Live = {
  frame: null,
  watch: () => {},
  showForward: false,
  showBackward: false,
  active: false,
  focus: null,
  speed: 1,
};

/** Milliseconds between two pictures of moving numbers: where there are two cores only, painting takes one of them from training. */
const PICTURE = navigator.hardwareConcurrency > 2 ? 0 : 30;

export class Stage {
  readonly #drawing: Drawing;
  readonly #overlay: Overlay;
  readonly #ink: Ink;
  readonly #measure: Measure;
  #theme: Theme;
  #scene: Scene = { nodes: new Map(), edges: new Map() };
  #positions: Project['positions'] = {};
  #selection: ReadonlySet<string> = new Set();
  #feedback: Feedback = noFeedback;
  #lines: LiveLines | null = null;
  #live: Live = idle;
  #focusLines: ReadonlySet<number> | null = null;
  #pointedLines: ReadonlySet<number> = new Set();
  #wasLive = false;
  #dirtyInk = true;
  #dirtyOverlay = true;
  #frame = 0;
  #drawnAt = 0;
  readonly viewport: Viewport;
  onCamera: (camera: Camera) => void = () => {};
  /** After each frame with new live numbers, for the card at the pointer. */
  onNumbers: () => void = () => {};

  constructor(readonly layers: Layers) {
    this.#theme = readTheme(layers.root);
    this.#drawing = new Drawing(layers.cytoscape);
    this.#overlay = new Overlay(layers.lines, layers.pulses);
    this.#ink = new Ink(layers.ink);
    this.#drawing.paint(this.#theme);
    const pen = document.createElement('canvas').getContext('2d');
    this.#measure = (text, size, weight) => {
      if (!pen) return text.length * size * 0.55;
      pen.font = `${weight} ${size}px ${this.#theme.font}`;
      return pen.measureText(text).width;
    };
    this.viewport = new Viewport({
      drawing: this.#drawing,
      picture: layers.cytoscape,
      isLarge: () => this.#scene.nodes.size + this.#scene.edges.size > LARGE,
      moved: (camera) => {
        this.#dirtyInk = true;
        this.#dirtyOverlay = true;
        this.onCamera(camera);
        this.#wake();
      },
    });
    this.resize();
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.viewport.stop();
    this.#drawing.destroy();
  }

  // What is shown -----------------------------------------------------------------------------------

  get scene(): Scene {
    return this.#scene;
  }
  get positions(): Project['positions'] {
    return this.#positions;
  }
  /** Nodes that are looked at more closely, and how. */
  get opened(): Seen['opened'] {
    return this.#seen?.opened ?? new Map();
  }
  get theme(): Theme {
    return this.#theme;
  }
  get lines(): LiveLines | null {
    return this.#lines;
  }

  #shown: Parameters<Stage['show']> | null = null;
  #seen: Seen | null = null;

  /** The typeface has arrived, so everything is measured again. */
  measureAgain(): void {
    this.recolor();
    if (this.#shown) this.show(...this.#shown);
  }

  show(project: Project, checked: Checked, data: DatasetInfo | null, looking: Looking): void {
    this.#shown = [project, checked, data, looking];
    this.#seen = lookAt(project, checked, data, looking, this.#measure);
    this.#scene = this.#seen.scene;
    this.#positions = this.#seen.place(project.positions);
    this.#drawing.show(this.#scene, this.#positions);
    const before = this.#lines?.taps;
    this.#lines = new LiveLines(this.#scene, this.#seen.checked, this.#positions);
    if (JSON.stringify(before) !== JSON.stringify(this.#lines.taps)) this.#live.watch(this.#lines.taps);
    this.#findFocus();
    this.#everything();
  }

  /** Only positions changed. */
  move(of: Project['positions']): void {
    if (!this.#shown || this.#shown[0].positions === of) return;
    const [project, ...rest] = this.#shown;
    this.#shown = [{ ...project, positions: of }, ...rest];
    const before = this.#positions;
    const positions = this.#seen!.place(of);
    this.#positions = positions;
    this.#drawing.move(positions);
    this.#lines?.place(positions, (id) => before[id]?.x !== positions[id]?.x || before[id]?.y !== positions[id]?.y);
    this.#everything();
  }

  choose(selection: ReadonlySet<string>): void {
    this.#selection = selection;
    this.#drawing.choose(selection);
    this.#dirtyInk = true;
    this.#wake();
  }

  /** The weight that a line shows by itself; null for other lines. */
  weightOf(line: Line): string | null {
    const e = this.#scene.edges.get(line.edge);
    if (!e) return null;
    if (e.kind === 'weights' && line.source >= 0) return weightId(e.to, line.target, line.source);
    return partOf(e.id) === null ? null : e.id;
  }

  /** What people call a drawn thing. */
  titleOf(id: string): string {
    const part = partOf(id);
    if (part?.kind === 'weight') return `Weight ${part.input + 1} of neuron ${part.unit + 1} of ${this.titleOf(part.owner)}`;
    return this.#scene.nodes.get(id)?.title ?? id;
  }

  /** Lights up a weight or another part, wherever it is drawn. */
  point(id: string | null): void {
    this.#pointedLines = this.#lines ? linesOfPart(this.#lines, id) : new Set();
    const part = id === null ? null : partOf(id);
    const shown =
      [id, part?.kind === 'neuron' ? part.owner : null].find((one) => one !== null && this.#scene.nodes.has(one)) ?? null;
    if (this.#feedback.pointed !== shown) this.feedback = { ...this.#feedback, pointed: shown };
    this.#overlay.invalidate();
    this.#dirtyOverlay = true;
    this.#wake();
  }

  /** A neuron, or with its layer's name alone the whole layer, that a plot points at. */
  lightUp(neuron: { readonly node: NodeId; readonly index?: number } | null): void {
    const hoverUnit = neuron?.index === undefined ? null : { node: neuron.node, index: neuron.index };
    const hover = neuron === null ? null : neuron.node;
    const now = this.#feedback;
    if (now.hover === hover && now.hoverUnit?.node === hoverUnit?.node && now.hoverUnit?.index === hoverUnit?.index) return;
    this.feedback = { ...now, hover, hoverUnit };
  }

  get feedback(): Feedback {
    return this.#feedback;
  }
  set feedback(feedback: Feedback) {
    this.#feedback = feedback;
    this.#dirtyInk = true;
    this.#wake();
  }

  /** Numbers to follow. The same object may be given again when something of it changed. */
  follow(live: Live | null): void {
    const next = live ?? idle;
    if (next !== this.#live && this.#lines) next.watch(this.#lines.taps);
    this.#live = next;
    this.#findFocus();
    this.#overlay.invalidate();
    this.#dirtyOverlay = true;
    this.#dirtyInk = true;
    this.#wake();
  }

  /** Without motion, colours and widths alone tell the numbers. */
  set still(still: boolean) {
    this.viewport.still = still;
    this.#wake();
  }

  recolor(): void {
    this.#theme = readTheme(this.layers.root);
    this.#drawing.paint(this.#theme);
    this.#everything();
  }

  resize(): void {
    const { clientWidth, clientHeight } = this.layers.root;
    const ratio = Math.min(2, devicePixelRatio || 1);
    this.viewport.size = { width: clientWidth, height: clientHeight };
    this.#overlay.resize(clientWidth, clientHeight, ratio);
    this.#ink.resize(clientWidth, clientHeight, ratio);
    this.#drawing.resize();
    if (this.viewport.seesAll) this.fit();
    this.#everything();
    this.#drawNow();
  }

  #findFocus(): void {
    this.#focusLines = this.#lines && linesInFocus(this.#lines, this.#live.focus, (id) => this.drawnAs(id));
  }

  /** What of the drawing shows an expanded node (`fc/weight`): its parts, where its composite is open, or the composite. */
  drawnAs(id: string): readonly NodeId[] {
    if (this.#scene.nodes.has(id)) return [id];
    const parts = this.#scene.shows?.get(id);
    if (parts) return parts;
    const own = [...this.#scene.nodes.values()].filter((v) => v.owner === id).map((v) => v.id);
    const cut = id.lastIndexOf('/');
    return own.length > 0 || cut < 0 ? own : this.drawnAs(id.slice(0, cut));
  }

  /** The node of the project that something drawn belongs to. */
  ownerOf(id: string): NodeId | null {
    return ownerOfPart(id, (name) => this.#shown !== null && Object.hasOwn(this.#shown[0].nodes, name));
  }

  // Looking -----------------------------------------------------------------------------------------

  get camera(): Camera {
    return this.viewport.camera;
  }
  get size(): Viewport['size'] {
    return this.viewport.size;
  }
  toDrawing(x: number, y: number): Point {
    return this.viewport.toDrawing(x, y);
  }

  /** Everything, or some nodes, in the middle and as large as fits. */
  fit(ids: readonly NodeId[] = [], smoothly = false): void {
    const box = this.boundsOf(ids);
    if (box) this.viewport.fit(box, { smoothly, all: ids.length === 0 });
  }

  boundsOf(ids: readonly NodeId[]): Box | null {
    const visuals =
      ids.length === 0
        ? [...this.#scene.nodes.values()]
        : ids.map((id) => this.#scene.nodes.get(id)).filter((v) => v !== undefined);
    const boxes = visuals.map((v) => boxOfNode(v, this.#positions[v.id] ?? NOWHERE));
    const owners = new Set(visuals.map((v) => v.owner));
    for (const [key, box] of groupBoxes(this.#scene, this.#positions)) {
      const frame = this.#scene.frames?.get(key);
      // Above a frame there may stand an equation.
      if (frame && owners.has(frame.owner)) boxes.push({ ...box, y1: box.y1 - 34 });
    }
    return unionOf(boxes);
  }

  /** Moves the camera no more than needed to see these nodes and edges, and near enough to read them. */
  reveal(ids: readonly string[], keepZoom = false): void {
    const nodes = ids.flatMap((id) => {
      const e = this.#scene.edges.get(id);
      if (e) return [e.from, e.to];
      // An opened node is its parts.
      const parts = [...this.#scene.nodes.values()].filter((v) => v.owner === id).map((v) => v.id);
      return parts.length > 0 ? parts : [id];
    });
    const box = this.boundsOf(nodes.filter((id) => this.#scene.nodes.has(id)));
    if (box && nodes.length > 0) this.viewport.reveal(box, keepZoom);
  }

  layout(ids: readonly NodeId[]): Readonly<Record<NodeId, Point>> {
    // Laid out is the project, however closely it is looked at.
    const [project, checked, data] = this.#shown ?? [];
    if (!project || !checked || this.opened.size === 0) return this.#drawing.layout(ids);
    return layoutOf(sceneOf(project, checked, data ?? null, this.#measure), project.positions, ids);
  }

  // Asking ------------------------------------------------------------------------------------------

  lineAt(at: Point, reach: number): Line | null {
    return this.#lines ? nearestLine(this.#lines.lines, at, reach) : null;
  }

  /** The edge under a point as a whole, for dropping a node on it. */
  edgeAt(at: Point, reach: number, not: NodeId | null = null): EdgeId | null {
    const lines: Line[] = [];
    for (const e of this.#scene.edges.values())
      if (e.from !== not && e.to !== not)
        lines.push({ edge: e.id, curve: edgeCurve(this.#scene, this.#positions, e), source: -1, target: -1 });
    return nearestLine(lines, at, reach)?.edge ?? null;
  }

  readingOf(line: Line): Reading | null {
    const { frame } = this.#live;
    if (!frame?.ready || !this.#lines) return null;
    const index = this.#lines.lines.indexOf(line);
    return index < 0 ? null : this.#lines.reading(frame, index, this.#live.known ?? null);
  }

  /** Live numbers of a part; null for other nodes, and while there are none. */
  partReading(node: NodeId): Reading | null {
    const at = this.#lines?.parts.get(node);
    return at !== undefined && this.#live.frame?.ready
      ? this.#lines!.reading(this.#live.frame, at, this.#live.known ?? null)
      : null;
  }

  /** Live value of a neuron; null when there is none. */
  unitValue(node: NodeId, index: number): number | null {
    const known = this.#live.known ?? null;
    const key = this.#lines?.columns.get(node);
    return (
      (key && (known === null || known.has(key)) && this.#live.frame?.ready
        ? this.#live.frame.numbers(key)?.[index]
        : undefined) ?? null
    );
  }

  // Drawing -----------------------------------------------------------------------------------------

  #everything(): void {
    this.#dirtyInk = true;
    this.#dirtyOverlay = true;
    this.#overlay.invalidate();
    this.#wake();
  }

  #wake(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#tick);
  }

  /** Looks for new numbers while nothing moves: cheap, and only a few times a second. */
  poll(): void {
    if (this.#frame === 0 && this.#overlay.isBehind(this.#live.frame)) {
      this.#dirtyOverlay = true;
      this.#wake();
    }
  }

  #tick = (now: number): void => {
    this.#frame = 0;
    this.#draw(now);
    if (this.#live.active && this.#live.frame && !this.viewport.still) this.#wake();
  };

  #drawNow(): void {
    this.#draw(performance.now());
  }

  #draw(now: number): void {
    const live = this.#live;
    const lines = this.#lines;
    const isLive = live.frame !== null && (live.frame.ready || this.#wasLive) && (live.showForward || live.showBackward);
    if (isLive !== this.#wasLive) {
      this.#wasLive = isLive;
      this.#dirtyInk = true;
    }
    const moving = live.active && !this.viewport.still && isLive && now - this.#drawnAt > PICTURE;
    const behind = this.#overlay.isBehind(live.frame);
    // Without motion, five pictures a second suffice.
    if (lines && (this.#dirtyOverlay || moving || (behind && now - this.#drawnAt > 200))) {
      this.#overlay.draw(now, {
        lines,
        positions: this.#positions,
        camera: this.camera,
        theme: this.#theme,
        frame: isLive ? live.frame : null,
        forward: live.showForward,
        backward: live.showBackward,
        moving: live.active && !this.viewport.still,
        speed: live.speed,
        focus: this.#focusLines,
        pointed: this.#pointedLines,
        known: live.known ?? null,
      });
      this.#dirtyOverlay = false;
      this.#drawnAt = now;
      if (isLive) this.onNumbers();
    }
    if (this.#dirtyInk) {
      this.#dirtyInk = false;
      const stepping = live.focus?.node === undefined ? [] : this.drawnAs(live.focus.node);
      this.#ink.draw({
        scene: this.#scene,
        positions: this.#positions,
        camera: this.camera,
        theme: this.#theme,
        selection: this.#selection,
        feedback: { ...this.#feedback, stepping },
        live: isLive,
        figured: (edge) => isLive && lines?.figures.has(edge) === true,
      });
    }
  }
}
