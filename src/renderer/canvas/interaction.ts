/**
 * Pointer and keys on the drawing: each gesture as one state, each change through the editor. A gesture
 * can always be left with Escape, and everything a pointer does has a key.
 */
import { connectFault } from '../../engine/compile/check';
import * as edits from '../../engine/graph/edits';
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Point, Project } from '../../engine/graph/project';
import type { Editor } from '../editor/editor.svelte';
import { type Box, boxOf, chosen, neighbour, overlap, snap, unionOf } from '../editor/gestures';
import {
  boxOfNode,
  groupBoxes,
  hitGroup,
  hitHandle,
  hitNode,
  hitUnit,
  type Line,
  nearestPort,
  NOWHERE,
  portAt,
} from './geometry';
import { noFeedback } from './ink';
import type { NodeVisual } from './scene';
import type { Stage } from './stage';

/** What the component shows and passes on. */
export interface Host {
  readonly editor: Editor;
  readonly stage: Stage;
  /** A short text at the pointer; null takes it away. */
  tip(text: string | null, at: Point, kind: 'refusal' | 'plain'): void;
  /** The line under the pointer, for its card. */
  hoverLine(line: Line | null, at: Point): void;
  hoverUnit(node: NodeId, index: number | null): void;
  quickAdd(at: Point, from: NodeId | null): void;
  renameGroup(group: string): void;
  contextMenu(at: Point): void;
  inspect(id: NodeId): void;
  announce(text: string): void;
  cursor(name: string): void;
}

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'panning'; last: Point; moved: boolean; readonly menu: boolean }
  | {
      readonly kind: 'pressing';
      readonly start: Point;
      readonly node: NodeId;
      readonly ids: readonly NodeId[];
      readonly narrow: boolean;
    }
  | {
      readonly kind: 'moving';
      readonly start: Point;
      readonly ids: readonly NodeId[];
      readonly before: Project['positions'];
      readonly gesture: string;
      dropEdge: EdgeId | null;
    }
  | {
      readonly kind: 'boxing';
      readonly start: Point;
      readonly before: ReadonlySet<string>;
      readonly how: 'replace' | 'add' | 'toggle';
      moved: boolean;
    }
  | {
      readonly kind: 'connecting';
      readonly from: NodeId;
      readonly detached: EdgeId | null;
      target: NodeId | null;
      port: string | null;
      fault: string | null;
      moved: boolean;
    }
  | {
      readonly kind: 'choosing';
      readonly from: NodeId;
      readonly choices: readonly { readonly node: NodeId; readonly port: string }[];
      at: number;
    };

/** Pixels that a press may wander before it is a drag. */
const SLACK = 3;
const HANDLE_REACH = 11;
/** Pixels from the border within which a gesture makes the drawing drift. */
const RIM = 26;

const isMac = typeof navigator !== 'undefined' && /Mac/.test(navigator.platform);

let gestures = 0;

export class Interaction {
  #state: State = { kind: 'idle' };
  #space = false;
  #drifting: ReturnType<typeof setInterval> | undefined;
  #pointers = new Map<number, Point>();
  #pinch: { readonly distance: number; readonly middle: Point } | null = null;
  #faults = new Map<string, string | null>();
  #hovered: { node: NodeId | null; unit: number | null } = { node: null, unit: null };

  constructor(readonly host: Host) {}

  get isBusy(): boolean {
    return this.#state.kind !== 'idle';
  }

  // Pointer -----------------------------------------------------------------------------------------

  down(event: PointerEvent, at: Point): void {
    const { stage, editor } = this.host;
    this.#pointers.set(event.pointerId, at);
    this.host.hoverLine(null, at);
    if (event.pointerType === 'touch' && this.#pointers.size === 2) {
      this.cancel();
      this.#pinch = this.#grip();
      return;
    }
    if (this.#state.kind === 'choosing') this.cancel();
    const p = stage.toDrawing(at.x, at.y);
    // On a Mac, Ctrl and a click are the second button.
    const second = event.button === 2 || (event.button === 0 && event.ctrlKey && isMac);
    if (event.button === 1 || second || (event.button === 0 && this.#space)) {
      if (second) this.#chooseForMenu(p);
      this.#state = { kind: 'panning', last: at, moved: false, menu: second };
      return;
    }
    if (event.button !== 0) return;
    const { zoom } = stage.camera;
    const { scene, positions } = stage;
    const how = event.ctrlKey || event.metaKey ? 'toggle' : event.shiftKey ? 'add' : 'replace';

    const handle = hitHandle(scene, positions, p, HANDLE_REACH / Math.min(1.2, zoom));
    if (
      handle &&
      how === 'replace' &&
      !(handle.form === 'column' && hitUnit(handle, positions[handle.id] ?? NOWHERE, p) !== null)
    ) {
      this.#state = { kind: 'connecting', from: handle.id, detached: null, target: null, port: null, fault: null, moved: false };
      this.#faults.clear();
      this.#showConnecting(p);
      return;
    }
    const v = hitNode(scene, positions, p, 4 / zoom);
    if (v) {
      // A connection is picked up at its end and put elsewhere.
      const port = nearestPort(v, positions[v.id] ?? NOWHERE, p);
      const held = port && editor.project.edges[`${v.id}.${port.name}`];
      if (port && held && how === 'replace') {
        const end = portAt(port, positions[v.id] ?? NOWHERE);
        if (Math.hypot(end.x - p.x, end.y - p.y) < 7 / Math.min(1, zoom)) {
          this.#state = {
            kind: 'connecting',
            from: held.from,
            detached: held.id,
            target: null,
            port: null,
            fault: null,
            moved: false,
          };
          this.#faults.clear();
          return;
        }
      }
      const already = editor.selection.has(v.id);
      if (how !== 'replace') editor.select(chosen(editor.selection, [v.id], how === 'add' ? 'toggle' : how));
      else if (!already) editor.select([v.id]);
      stage.feedback = { ...stage.feedback, focused: null };
      if (!editor.selection.has(v.id)) return;
      this.#state = { kind: 'pressing', start: p, node: v.id, ids: editor.selectedNodes, narrow: already && how === 'replace' };
      return;
    }
    const line = stage.lineAt(p, 7 / zoom);
    if (line) {
      editor.select(chosen(editor.selection, [line.edge], how === 'add' ? 'toggle' : how));
      return;
    }
    const group = hitGroup(groupBoxes(scene, positions), p);
    if (group !== null) {
      const members = edits.groupsOf(editor.project).get(group) ?? [];
      editor.select(chosen(editor.selection, members, how === 'toggle' ? 'add' : how));
      this.#state = { kind: 'pressing', start: p, node: members[0]!, ids: editor.selectedNodes, narrow: false };
      return;
    }
    if (event.pointerType === 'touch') {
      this.#state = { kind: 'panning', last: at, moved: false, menu: false };
      return;
    }
    this.#state = { kind: 'boxing', start: p, before: editor.selection, how, moved: false };
  }

  move(event: PointerEvent, at: Point): void {
    this.#follow(event, at);
    const { kind } = this.#state;
    this.#drift(kind === 'moving' || kind === 'connecting' || kind === 'boxing' ? { event, at } : null);
  }

  /** Near the rim the drawing drifts under a gesture, so that it can reach what is out of sight. */
  #drift(grip: { readonly event: PointerEvent; readonly at: Point } | null): void {
    clearInterval(this.#drifting);
    if (!grip) return;
    const { width, height } = this.host.stage.size;
    const push = (at: number, end: number): number => (at < RIM ? RIM - at : at > end - RIM ? end - RIM - at : 0);
    const [dx, dy] = [push(grip.at.x, width), push(grip.at.y, height)];
    if (dx === 0 && dy === 0) return;
    this.#drifting = setInterval(() => {
      this.host.stage.panBy(Math.max(-14, Math.min(14, dx * 0.4)), Math.max(-14, Math.min(14, dy * 0.4)));
      this.#follow(grip.event, grip.at);
    }, 16);
  }

  #follow(event: PointerEvent, at: Point): void {
    const { stage, editor } = this.host;
    if (this.#pointers.has(event.pointerId)) this.#pointers.set(event.pointerId, at);
    if (this.#pinch) {
      const grip = this.#grip();
      if (!grip) return;
      stage.panBy(grip.middle.x - this.#pinch.middle.x, grip.middle.y - this.#pinch.middle.y);
      stage.zoomBy(grip.distance / this.#pinch.distance, grip.middle);
      this.#pinch = grip;
      return;
    }
    const p = stage.toDrawing(at.x, at.y);
    const { zoom } = stage.camera;
    const state = this.#state;
    switch (state.kind) {
      case 'idle':
        this.#hover(p, at);
        return;
      case 'panning': {
        const [dx, dy] = [at.x - state.last.x, at.y - state.last.y];
        if (!state.moved && Math.hypot(dx, dy) < SLACK) return;
        state.moved = true;
        state.last = at;
        this.host.cursor('grabbing');
        stage.panBy(dx, dy);
        return;
      }
      case 'pressing': {
        if (Math.hypot(p.x - state.start.x, p.y - state.start.y) * zoom < SLACK) return;
        this.#state = {
          kind: 'moving',
          start: state.start,
          ids: state.ids,
          before: editor.project.positions,
          gesture: `move ${++gestures}`,
          dropEdge: null,
        };
        this.#follow(event, at);
        return;
      }
      case 'moving':
        this.#drag(state, p, event.altKey);
        return;
      case 'boxing': {
        const box = boxOf(state.start, p);
        if (!state.moved && Math.hypot(box.x2 - box.x1, box.y2 - box.y1) * zoom < SLACK) return;
        state.moved = true;
        stage.feedback = { ...stage.feedback, box };
        editor.select(
          chosen(
            state.how === 'replace' ? new Set() : state.before,
            this.#inside(box),
            state.how === 'replace' ? 'add' : state.how,
          ),
        );
        return;
      }
      case 'connecting': {
        state.moved = true;
        this.#aim(state, p);
        this.#showConnecting(p);
        this.host.tip(state.fault, at, 'refusal');
        return;
      }
      case 'choosing':
        return;
    }
  }

  up(event: PointerEvent, at: Point): void {
    this.#drift(null);
    const { stage, editor } = this.host;
    this.#pointers.delete(event.pointerId);
    if (this.#pinch) {
      if (this.#pointers.size < 2) this.#pinch = null;
      return;
    }
    const state = this.#state;
    const p = stage.toDrawing(at.x, at.y);
    this.#state = { kind: 'idle' };
    this.host.tip(null, at, 'plain');
    this.host.cursor(this.#space ? 'grab' : '');
    switch (state.kind) {
      case 'panning':
        if (!state.moved && state.menu) this.host.contextMenu(at);
        else if (!state.moved && event.pointerType === 'touch') editor.select([]);
        break;
      case 'pressing':
        if (state.narrow) editor.select([state.node]);
        break;
      case 'moving':
        if (state.dropEdge !== null) this.#insert(state.ids[0]!, state.dropEdge, state.gesture);
        stage.feedback = { ...stage.feedback, guides: [], dropEdge: null };
        break;
      case 'boxing':
        if (!state.moved && state.how === 'replace') editor.select([]);
        stage.feedback = { ...stage.feedback, box: null, focused: null };
        if (state.moved) this.host.announce(`${editor.selectedNodes.length} nodes selected`);
        break;
      case 'connecting':
        this.#finishConnecting(state, p, at);
        break;
      default:
    }
    this.#hover(p, at);
  }

  leave(): void {
    if (this.#state.kind !== 'idle') return;
    const { stage } = this.host;
    if (stage.feedback.hover !== null || stage.feedback.hoverUnit !== null)
      stage.feedback = { ...stage.feedback, hover: null, hoverUnit: null };
    this.#unhover();
    this.host.hoverLine(null, NOWHERE);
  }

  doubleClick(at: Point): void {
    const { stage } = this.host;
    const p = stage.toDrawing(at.x, at.y);
    const v = hitNode(stage.scene, stage.positions, p, 2);
    const group = v ? null : hitGroup(groupBoxes(stage.scene, stage.positions), p);
    if (v) this.host.inspect(v.id);
    else if (group !== null) this.host.renameGroup(group);
    else if (!stage.lineAt(p, 6 / stage.camera.zoom)) this.host.quickAdd(p, null);
  }

  wheel(event: WheelEvent, at: Point): void {
    const { stage } = this.host;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? 400 : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    // A wheel turns in coarse vertical steps; a touchpad glides both ways, and pinches as Ctrl + wheel.
    const isWheel =
      event.deltaMode !== 0 || (event.deltaX === 0 && Math.abs(event.deltaY) >= 80 && Number.isInteger(event.deltaY));
    if (event.ctrlKey || event.metaKey) stage.zoomBy(Math.exp(-dy * (isWheel ? 0.0016 : 0.01)), at);
    else if (isWheel && !event.shiftKey) stage.zoomBy(Math.exp(-dy * 0.0016), at);
    else if (event.shiftKey && dx === 0) stage.panBy(-dy, 0);
    else stage.panBy(-dx, -dy);
  }

  #grip(): { readonly distance: number; readonly middle: Point } | null {
    const [a, b] = [...this.#pointers.values()];
    if (!a || !b) return null;
    return { distance: Math.hypot(a.x - b.x, a.y - b.y) || 1, middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } };
  }

  #chooseForMenu(p: Point): void {
    const { stage, editor } = this.host;
    const id = hitNode(stage.scene, stage.positions, p)?.id ?? stage.lineAt(p, 7 / stage.camera.zoom)?.edge;
    if (id === undefined) editor.select([]);
    else if (!editor.selection.has(id)) editor.select([id]);
  }

  #inside(box: Box): readonly string[] {
    const { scene, positions } = this.host.stage;
    const nodes = [...scene.nodes.values()]
      .filter((v) => overlap(box, boxOfNode(v, positions[v.id] ?? NOWHERE)))
      .map((v) => v.id);
    const within = new Set(nodes);
    const edges = [...scene.edges.values()].filter((e) => within.has(e.from) && within.has(e.to)).map((e) => e.id);
    return [...nodes, ...edges];
  }

  #hover(p: Point, at: Point): void {
    const { stage } = this.host;
    const { zoom } = stage.camera;
    const { scene, positions, feedback } = stage;
    const near = hitHandle(scene, positions, p, HANDLE_REACH / Math.min(1.2, zoom));
    const v = near ?? hitNode(scene, positions, p, 2 / zoom);
    const unit = v ? hitUnit(v, positions[v.id] ?? NOWHERE, p) : null;
    const line = v && unit === null && v.form !== 'column' ? null : unit === null ? stage.lineAt(p, 6 / zoom) : null;
    if (
      feedback.hover !== (v?.id ?? null) ||
      feedback.hoverUnit?.index !== (unit ?? undefined) ||
      feedback.hoverUnit?.node !== (unit === null ? undefined : v!.id)
    )
      stage.feedback = { ...feedback, hover: v?.id ?? null, hoverUnit: unit === null ? null : { node: v!.id, index: unit } };
    if (unit !== null && v) {
      if (this.#hovered.node !== v.id || this.#hovered.unit !== unit) {
        this.#unhover();
        this.#hovered = { node: v.id, unit };
        this.host.hoverUnit(v.id, unit);
      }
    } else this.#unhover();
    this.host.hoverLine(line, at);
    this.host.cursor(this.#space ? 'grab' : near ? 'crosshair' : v ? 'move' : line ? 'pointer' : '');
  }

  #unhover(): void {
    if (this.#hovered.node === null) return;
    this.host.hoverUnit(this.#hovered.node, null);
    this.#hovered = { node: null, unit: null };
  }

  // Moving ------------------------------------------------------------------------------------------

  #drag(state: Extract<State, { kind: 'moving' }>, p: Point, free: boolean): void {
    const { stage, editor } = this.host;
    const ids = new Set(state.ids);
    const { zoom } = stage.camera;
    const boxAt = (v: NodeVisual): Box => boxOfNode(v, state.before[v.id] ?? NOWHERE);
    const visuals = [...stage.scene.nodes.values()];
    const moved = unionOf(visuals.filter((v) => ids.has(v.id)).map(boxAt));
    if (!moved) return;
    const [dx, dy] = [p.x - state.start.x, p.y - state.start.y];
    const { width, height } = stage.size;
    const [a, b] = [stage.toDrawing(0, 0), stage.toDrawing(width, height)];
    const others = visuals
      .filter((v) => !ids.has(v.id))
      .map(boxAt)
      .filter((box) => overlap(box, boxOf(a, b)));
    const rest = free
      ? { dx: Math.round(dx), dy: Math.round(dy), guides: [] }
      : snap(moved, state.before[state.ids[0]!] ?? NOWHERE, dx, dy, others, 6 / zoom);
    const to: Record<NodeId, Point> = {};
    for (const id of state.ids) {
      const from = state.before[id] ?? NOWHERE;
      to[id] = { x: from.x + rest.dx, y: from.y + rest.dy };
    }
    editor.edit('Move', edits.place(to), state.gesture);
    state.dropEdge = this.#edgeToDropOn(state.ids);
    stage.feedback = { ...stage.feedback, guides: state.dropEdge === null ? rest.guides : [], dropEdge: state.dropEdge };
  }

  /** A single node without connections may be dropped on an edge. */
  #edgeToDropOn(ids: readonly NodeId[]): EdgeId | null {
    const { stage, editor } = this.host;
    const [id] = ids;
    if (ids.length !== 1 || id === undefined) return null;
    const v = stage.scene.nodes.get(id);
    if (!v || v.ports.length === 0) return null;
    if (Object.values(editor.project.edges).some((e) => e.from === id || e.to === id)) return null;
    return stage.edgeAt(stage.positions[id] ?? NOWHERE, 16, id);
  }

  #insert(id: NodeId, edge: EdgeId, gesture: string): void {
    const { stage, editor } = this.host;
    const port = stage.scene.nodes.get(id)?.ports[0]?.name;
    if (port !== undefined) editor.edit('Insert', edits.insertOnEdge(edge, id, port), gesture);
  }

  // Connecting --------------------------------------------------------------------------------------

  /** The project that faults are asked of: without the connection that is being picked up. */
  #projectFor(detached: EdgeId | null): Project {
    const { project } = this.host.editor;
    return detached === null ? project : edits.remove([detached])(project);
  }

  #faultOf(from: NodeId, detached: EdgeId | null, to: NodeId, port: string): string | null {
    const key = `${to}.${port}`;
    const known = this.#faults.get(key);
    if (known !== undefined) return known;
    const fault = connectFault(this.#projectFor(detached), from, to, port);
    this.#faults.set(key, fault);
    return fault;
  }

  #aim(state: Extract<State, { kind: 'connecting' }>, p: Point): void {
    const { stage } = this.host;
    const v = hitNode(stage.scene, stage.positions, p, 14 / stage.camera.zoom);
    state.target = null;
    state.port = null;
    state.fault = null;
    if (!v || (v.id === state.from && !state.moved)) return;
    const position = stage.positions[v.id] ?? NOWHERE;
    if (v.id === state.from) {
      const out = { x: position.x + v.out.dx, y: position.y + v.out.dy };
      // Near the handle the drag has only begun.
      if (Math.hypot(out.x - p.x, out.y - p.y) < 30) return;
    }
    state.target = v.id;
    if (v.ports.length === 0) {
      state.fault = connectFault(this.#projectFor(state.detached), state.from, v.id, '');
      return;
    }
    const faults = new Map(v.ports.map((port) => [port.name, this.#faultOf(state.from, state.detached, v.id, port.name)]));
    const nearest = nearestPort(v, position, p)!;
    const away = Math.hypot(position.x + nearest.dx - p.x, position.y + nearest.dy - p.y);
    // Somewhere on the node means any port that will do; right at a port means that one.
    const open = v.ports.filter((port) => faults.get(port.name) === null);
    const best =
      faults.get(nearest.name) === null || away < 10 || open.length === 0
        ? nearest
        : nearestPort({ ...v, ports: open }, position, p)!;
    state.port = best.name;
    state.fault = faults.get(best.name) ?? null;
  }

  #showConnecting(p: Point): void {
    const { stage } = this.host;
    const state = this.#state;
    if (state.kind !== 'connecting') return;
    const target = state.target === null ? null : stage.scene.nodes.get(state.target);
    const ports = new Map(
      (target?.ports ?? []).map((port) => [port.name, this.#faultOf(state.from, state.detached, target!.id, port.name) === null]),
    );
    stage.feedback = {
      ...stage.feedback,
      connecting: { from: state.from, to: p, target: state.target, ports, port: state.port },
    };
  }

  #finishConnecting(state: Extract<State, { kind: 'connecting' }>, p: Point, at: Point): void {
    const { stage, editor } = this.host;
    stage.feedback = { ...stage.feedback, connecting: null };
    const { from, detached, target, port, fault } = state;
    if (!state.moved) {
      editor.select(detached === null ? [from] : [detached]);
      return;
    }
    if (target !== null && port !== null && fault === null) {
      const drawn = `${target}.${port}`;
      if (detached === drawn) return;
      editor.edit(detached === null ? 'Connect' : 'Reconnect', (project) =>
        edits.connect(from, target, port)(detached === null ? project : edits.remove([detached])(project)),
      );
      this.host.announce(`Connected ${from} to ${target}, input ${port}`);
      return;
    }
    if (fault !== null) {
      this.host.announce(fault);
      return;
    }
    if (target !== null) return;
    if (detached !== null) editor.edit('Disconnect', edits.remove([detached]));
    else this.host.quickAdd(p, from);
    void at;
  }

  // Keys --------------------------------------------------------------------------------------------

  /** True when the key was used. */
  key(event: KeyboardEvent): boolean {
    const { editor, stage } = this.host;
    if (event.key === 'Escape') return this.#escape();
    if (this.#state.kind === 'choosing') return this.#chooseByKey(this.#state, event);
    const command = event.ctrlKey || event.metaKey;
    if (event.key === ' ' && !command) {
      if (!this.#space) this.host.cursor('grab');
      this.#space = true;
      return true;
    }
    const arrow = arrows[event.key];
    if (arrow && !event.altKey) {
      if (!command && editor.selectedNodes.length > 0) {
        const far = event.shiftKey ? 1 : 10;
        editor.nudge(arrow.dx * far, arrow.dy * far);
      } else this.#walk(arrow.direction, event.shiftKey);
      return true;
    }
    if (event.altKey || command) return false;
    switch (event.key) {
      case 'Tab':
        return this.#tab(event.shiftKey ? -1 : 1);
      case 'Enter': {
        const [id] = editor.selectedNodes;
        if (id === undefined) return false;
        this.host.inspect(id);
        return true;
      }
      case 'c':
      case 'C':
        return this.#startChoosing();
      case 'n':
      case 'N':
      case 'Insert':
        this.host.quickAdd(this.#besideSelection(), null);
        return true;
      case 'Home':
        stage.fit([], true);
        return true;
      default:
        return false;
    }
  }

  keyUp(event: KeyboardEvent): void {
    if (event.key !== ' ') return;
    this.#space = false;
    this.host.cursor('');
  }

  blur(): void {
    this.#space = false;
    const { stage } = this.host;
    if (stage.feedback.focused !== null) stage.feedback = { ...stage.feedback, focused: null };
  }

  /** The component goes away. */
  stop(): void {
    this.#drift(null);
  }

  cancel(): void {
    this.#drift(null);
    const { stage, editor } = this.host;
    const state = this.#state;
    this.#state = { kind: 'idle' };
    this.host.tip(null, NOWHERE, 'plain');
    if (state.kind === 'moving')
      editor.edit(
        'Move',
        edits.place(Object.fromEntries(state.ids.map((id) => [id, state.before[id] ?? NOWHERE]))),
        state.gesture,
      );
    if (state.kind === 'boxing') editor.select(state.before);
    stage.feedback = { ...noFeedback, focused: stage.feedback.focused };
  }

  #escape(): boolean {
    const { editor } = this.host;
    if (this.#state.kind !== 'idle') {
      this.cancel();
      return true;
    }
    if (editor.selection.size === 0) return false;
    editor.select([]);
    return true;
  }

  #describe(id: NodeId): void {
    const v = this.host.stage.scene.nodes.get(id);
    if (v) this.host.announce(v.about);
  }

  #focus(id: NodeId, add: boolean): void {
    const { stage, editor } = this.host;
    editor.select(add ? [...editor.selection, id] : [id]);
    stage.feedback = { ...stage.feedback, focused: id };
    stage.reveal([id], true);
    this.#describe(id);
  }

  /** The nodes as one reads them: from left to right, and down within a column. */
  #reading(): readonly NodeId[] {
    const { scene, positions } = this.host.stage;
    const at = (id: NodeId): Point => positions[id] ?? NOWHERE;
    const column = (id: NodeId): number => Math.round(at(id).x / 40);
    return [...scene.nodes.keys()].sort((a, b) => column(a) - column(b) || at(a).y - at(b).y);
  }

  /** Through the nodes; past the last one, the focus leaves the drawing. */
  #tab(direction: 1 | -1): boolean {
    const { editor } = this.host;
    const all = this.#reading();
    const [now] = editor.selectedNodes;
    const next = all[now === undefined ? (direction === 1 ? 0 : all.length - 1) : all.indexOf(now) + direction];
    if (next === undefined) {
      editor.select([]);
      return false;
    }
    this.#focus(next, false);
    return true;
  }

  #walk(direction: 'left' | 'right' | 'up' | 'down', add: boolean): void {
    const { editor, stage } = this.host;
    const points = [...stage.scene.nodes.keys()].map((id) => ({ id, ...(stage.positions[id] ?? NOWHERE) }));
    const here = stage.feedback.focused ?? editor.selectedNodes.at(-1);
    if (here === undefined) {
      const [first] = this.#reading();
      if (first !== undefined) this.#focus(first, false);
      return;
    }
    const next = neighbour(stage.positions[here] ?? NOWHERE, points, direction);
    if (next) this.#focus(next.id, add);
  }

  #besideSelection(): Point {
    const { editor, stage } = this.host;
    const box = stage.boundsOf(editor.selectedNodes);
    if (editor.selectedNodes.length > 0 && box) return { x: box.x2 + 140, y: (box.y1 + box.y2) / 2 };
    const { width, height } = stage.size;
    return stage.toDrawing(width / 2, height / 2);
  }

  // Connecting by keyboard: C, arrows, Enter -----------------------------------------------------------

  startConnecting(): void {
    this.#startChoosing();
  }

  #startChoosing(): boolean {
    const { editor, stage } = this.host;
    const [from] = editor.selectedNodes;
    if (from === undefined || editor.selectedNodes.length !== 1) {
      this.host.announce('Select one node first, then press C to connect its output.');
      return true;
    }
    this.#faults.clear();
    const here = stage.positions[from] ?? NOWHERE;
    const choices: { node: NodeId; port: string; away: number }[] = [];
    let firstFault: string | null = null;
    for (const v of stage.scene.nodes.values()) {
      if (v.id === from) continue;
      const p = stage.positions[v.id] ?? NOWHERE;
      // What stands to the right comes first: that is where data flows.
      const away = Math.hypot(p.x - here.x, p.y - here.y) + (p.x < here.x ? 2000 : 0);
      for (const port of v.ports) {
        const fault = this.#faultOf(from, null, v.id, port.name);
        if (fault === null) choices.push({ node: v.id, port: port.name, away });
        else firstFault ??= fault;
      }
    }
    if (choices.length === 0) {
      this.host.announce(`Nothing here takes the output of ${from}. ${firstFault ?? 'Add a node first.'}`);
      return true;
    }
    choices.sort((a, b) => a.away - b.away);
    this.#state = { kind: 'choosing', from, choices, at: 0 };
    this.#showChoice(this.#state);
    return true;
  }

  #showChoice(state: Extract<State, { kind: 'choosing' }>): void {
    const { stage } = this.host;
    const { node, port } = state.choices[state.at]!;
    stage.feedback = {
      ...stage.feedback,
      connecting: { from: state.from, to: stage.positions[node] ?? NOWHERE, target: node, ports: new Map([[port, true]]), port },
    };
    stage.reveal([node], true);
    this.host.announce(
      `Connect ${state.from} to ${node}, input ${port}: ${state.at + 1} of ${state.choices.length}. Arrows choose, Enter connects, Escape cancels.`,
    );
  }

  #chooseByKey(state: Extract<State, { kind: 'choosing' }>, event: KeyboardEvent): boolean {
    const { editor, stage } = this.host;
    const arrow = arrows[event.key];
    const step = arrow ? arrow.dx + arrow.dy : event.key === 'Tab' ? (event.shiftKey ? -1 : 1) : 0;
    if (step !== 0) {
      state.at = (state.at + step + state.choices.length) % state.choices.length;
      this.#showChoice(state);
      return true;
    }
    if (event.key !== 'Enter') return event.key.length === 1;
    const { node, port } = state.choices[state.at]!;
    this.#state = { kind: 'idle' };
    stage.feedback = { ...stage.feedback, connecting: null };
    const fault = editor.connect(state.from, node, port);
    this.host.announce(fault ?? `Connected ${state.from} to ${node}, input ${port}`);
    return true;
  }
}

const arrows: Readonly<
  Record<string, { readonly dx: number; readonly dy: number; readonly direction: 'left' | 'right' | 'up' | 'down' }>
> = {
  ArrowLeft: { dx: -1, dy: 0, direction: 'left' },
  ArrowRight: { dx: 1, dy: 0, direction: 'right' },
  ArrowUp: { dx: 0, dy: -1, direction: 'up' },
  ArrowDown: { dx: 0, dy: 1, direction: 'down' },
};
