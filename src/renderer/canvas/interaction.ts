/**
 * Pointer and keys on the drawing: each gesture as one state, each change through the editor. A gesture
 * can always be left with Escape, and everything a pointer does has a key.
 */
import * as edits from '../../engine/graph/edits';
import type { NodeId } from '../../engine/graph/graph';
import { keepsNumbers } from '../../engine/graph/lock';
import type { Point } from '../../engine/graph/project';
import { type Box, boxOf, chosen, overlap } from '../editor/gestures';
import { type Choice, Connecting, type Pull } from './connecting';
import { partOf } from '../editor/lens';
import { numberOf } from '../editor/numbers';
import { numberText } from '../ui/format';
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
import type { Host } from './host';
import { noFeedback } from './ink-state';
import { beginMove, dragTo, endMove, type Move, undoMove } from './moving';
import { Turning } from '../editor/turning';
import { addByKey, arrows, nextEdge, tab, walk } from './walking';

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
  | ({ readonly kind: 'moving' } & Move)
  | {
      readonly kind: 'boxing';
      readonly start: Point;
      readonly before: ReadonlySet<string>;
      readonly how: 'replace' | 'add' | 'toggle';
      moved: boolean;
    }
  | { readonly kind: 'turning'; readonly start: Point; readonly turning: Turning; moved: boolean }
  | ({ readonly kind: 'connecting' } & Pull)
  | ({ readonly kind: 'choosing' } & Choice);

/** Pixels that a press may wander before it is a drag. */
const SLACK = 3;
const HANDLE_REACH = 11;
/** Pixels from the border within which a gesture makes the drawing drift. */
const RIM = 26;

const isMac = typeof navigator !== 'undefined' && /Mac/.test(navigator.platform);

export class Interaction {
  #state: State = { kind: 'idle' };
  #space = false;
  #drifting: ReturnType<typeof setInterval> | undefined;
  #pointers = new Map<number, Point>();
  #pinch: { readonly distance: number; readonly middle: Point } | null = null;
  #hovered: { node: NodeId | null; unit: number | null } = { node: null, unit: null };

  readonly #connecting: Connecting;
  /** The number that keys turn, until others are pressed or nothing for a while. */
  #byKey: Turning | null = null;
  /** Where the hand is that turns one. */
  #pointer: Point | null = null;

  constructor(readonly host: Host) {
    this.#connecting = new Connecting(host);
  }

  get isBusy(): boolean {
    return this.#state.kind !== 'idle';
  }

  // Pointer -----------------------------------------------------------------------------------------

  down(event: PointerEvent, at: Point): void {
    const { stage, editor } = this.host;
    this.#pointers.set(event.pointerId, at);
    this.host.hoverLine(null, at);
    this.#byKey = null;
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
      handle.owner === undefined &&
      !(handle.form === 'column' && hitUnit(handle, positions[handle.id] ?? NOWHERE, p) !== null)
    ) {
      const pull = this.#connecting.pull(handle.id, null);
      this.#state = { kind: 'connecting', ...pull };
      this.#connecting.show(pull, p);
      return;
    }
    const v = hitNode(scene, positions, p, 4 / zoom);
    if (v) {
      // A connection is picked up at its end and put elsewhere.
      const port = v.owner === undefined ? nearestPort(v, positions[v.id] ?? NOWHERE, p) : null;
      const held = port && editor.project.edges[`${v.id}.${port.name}`];
      if (port && held && how === 'replace') {
        const end = portAt(port, positions[v.id] ?? NOWHERE);
        if (Math.hypot(end.x - p.x, end.y - p.y) < 7 / Math.min(1, zoom)) {
          this.#state = { kind: 'connecting', ...this.#connecting.pull(held.from, held.id) };
          return;
        }
      }
      const already = editor.selection.has(v.id);
      if (how !== 'replace') editor.select(chosen(editor.selection, [v.id], how === 'add' ? 'toggle' : how));
      else if (!already) editor.select([v.id]);
      stage.feedback = { ...stage.feedback, focused: null };
      if (!editor.selection.has(v.id)) return;
      // A circle that is one number is turned; a node that is one, with Alt.
      if (how === 'replace' && (event.altKey || v.owner !== undefined) && this.#turn(v.id, at)) return;
      // Parts move with the node that they are of.
      const ids = v.owner === undefined ? editor.selectedNodes : [v.owner];
      this.#state = { kind: 'pressing', start: p, node: v.id, ids, narrow: already && how === 'replace' };
      return;
    }
    const line = stage.lineAt(p, 7 / zoom);
    if (line) {
      editor.select(chosen(editor.selection, [this.#chosenBy(line)], how === 'add' ? 'toggle' : how));
      const weight = how === 'replace' ? stage.weightOf(line) : null;
      if (weight !== null) this.#turn(weight, at);
      return;
    }
    const group = hitGroup(groupBoxes(scene, positions), p);
    if (group !== null) {
      const frame = scene.frames?.get(group);
      const members = frame ? [frame.owner] : (edits.groupsOf(editor.project).get(group) ?? []);
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

  /** A press on a number begins to turn it. False: it is none, or none that stands still or may be turned. */
  #turn(id: string, at: Point): boolean {
    // What a teacher has fixed is not taken by the hand: its node can still be moved.
    if (keepsNumbers(this.host.editor.lock ?? undefined)) return false;
    const turning = this.#turningOf(id, at);
    if (turning === null) return false;
    this.#state = { kind: 'turning', start: at, turning, moved: false };
    return true;
  }

  #turningOf(id: string, at: Point): Turning | null {
    const { editor } = this.host;
    const place = numberOf(editor, id);
    const read = place && this.host.weights();
    if (!place || !read) return null;
    return new Turning(editor, id, place, read, (value) => {
      const text = `${this.host.stage.titleOf(id)}: ${numberText(value, 4)}`;
      if (this.#state.kind === 'turning') this.host.tip(text, this.#pointer ?? at, 'plain');
      else this.host.announce(text);
    });
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
      this.host.stage.viewport.panBy(Math.max(-14, Math.min(14, dx * 0.4)), Math.max(-14, Math.min(14, dy * 0.4)));
      this.#follow(grip.event, grip.at);
    }, 16);
  }

  #follow(event: PointerEvent, at: Point): void {
    const { stage, editor } = this.host;
    if (this.#pointers.has(event.pointerId)) this.#pointers.set(event.pointerId, at);
    if (this.#pinch) {
      const grip = this.#grip();
      if (!grip) return;
      stage.viewport.panBy(grip.middle.x - this.#pinch.middle.x, grip.middle.y - this.#pinch.middle.y);
      stage.viewport.zoomBy(grip.distance / this.#pinch.distance, grip.middle);
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
        stage.viewport.panBy(dx, dy);
        return;
      }
      case 'pressing': {
        if (Math.hypot(p.x - state.start.x, p.y - state.start.y) * zoom < SLACK) return;
        this.#state = { kind: 'moving', ...beginMove(this.host, state.start, state.ids) };
        this.#follow(event, at);
        return;
      }
      case 'moving':
        dragTo(this.host, state, p, event.altKey);
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
      case 'turning': {
        const pixels = at.x - state.start.x - (at.y - state.start.y);
        if (!state.moved && Math.hypot(at.x - state.start.x, at.y - state.start.y) < SLACK) return;
        state.moved = true;
        this.#pointer = at;
        this.host.cursor('ns-resize');
        this.host.hoverLine(null, at);
        state.turning.drag(pixels, event.shiftKey);
        return;
      }
      case 'connecting': {
        state.moved = true;
        this.#connecting.aim(state, p);
        this.#connecting.show(state, p);
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
        endMove(this.host, state);
        break;
      case 'boxing':
        if (!state.moved && state.how === 'replace') editor.select([]);
        stage.feedback = { ...stage.feedback, box: null, focused: null };
        if (state.moved) this.host.announce(`${editor.selectedNodes.length} nodes selected`);
        break;
      case 'turning':
        state.turning.end();
        break;
      case 'connecting':
        this.#connecting.finish(state, p);
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
    const frame = group === null ? undefined : stage.scene.frames?.get(group);
    if (v?.form === 'rest') this.host.showRest(v.id);
    else if (v) this.host.inspect(v.id);
    else if (frame) this.host.inspect(frame.owner);
    else if (group !== null) this.host.renameGroup(group);
    else {
      const edge = stage.edgeAt(p, 6 / stage.camera.zoom);
      this.host.quickAdd(p, edge === null ? undefined : { edge });
    }
  }

  wheel(event: WheelEvent, at: Point): void {
    const { stage } = this.host;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? 400 : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    // A wheel turns in coarse vertical steps; a touchpad glides both ways, and pinches as Ctrl + wheel.
    const isWheel =
      event.deltaMode !== 0 || (event.deltaX === 0 && Math.abs(event.deltaY) >= 80 && Number.isInteger(event.deltaY));
    if (event.ctrlKey || event.metaKey) stage.viewport.zoomBy(Math.exp(-dy * (isWheel ? 0.0016 : 0.01)), at);
    else if (isWheel && !event.shiftKey) stage.viewport.zoomBy(Math.exp(-dy * 0.0016), at);
    else if (event.shiftKey && dx === 0) stage.viewport.panBy(-dy, 0);
    else stage.viewport.panBy(-dx, -dy);
  }

  #grip(): { readonly distance: number; readonly middle: Point } | null {
    const [a, b] = [...this.#pointers.values()];
    if (!a || !b) return null;
    return { distance: Math.hypot(a.x - b.x, a.y - b.y) || 1, middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } };
  }

  #chooseForMenu(p: Point): void {
    const { stage, editor } = this.host;
    const line = stage.lineAt(p, 7 / stage.camera.zoom);
    const group = hitGroup(groupBoxes(stage.scene, stage.positions), p);
    const id =
      hitNode(stage.scene, stage.positions, p)?.id ??
      (line ? this.#chosenBy(line) : undefined) ??
      (group === null ? undefined : stage.scene.frames?.get(group)?.owner);
    if (id === undefined) editor.select([]);
    else if (!editor.selection.has(id)) editor.select([id]);
  }

  /** What a click on a line selects: the connection that it is of, or a single weight. */
  #chosenBy(line: Line): string {
    const e = this.host.stage.scene.edges.get(line.edge);
    return e?.of !== undefined && partOf(e.id) === null ? e.of : line.edge;
  }

  #inside(box: Box): readonly string[] {
    const { scene, positions } = this.host.stage;
    const nodes = [...scene.nodes.values()]
      .filter((v) => overlap(box, boxOfNode(v, positions[v.id] ?? NOWHERE)))
      .map((v) => v.owner ?? v.id);
    const within = new Set(nodes);
    const { edges } = this.host.editor.project;
    const wires = Object.values(edges).filter((e) => within.has(e.from) && within.has(e.to));
    return [...within, ...wires.map((e) => e.id)];
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

  // Keys --------------------------------------------------------------------------------------------

  /** True when the key was used. */
  key(event: KeyboardEvent): boolean {
    const { editor, stage } = this.host;
    if (event.key === 'Escape') return this.#escape();
    if (this.#state.kind === 'choosing') return this.#chooseByKey(this.#state, event);
    const command = event.ctrlKey || event.metaKey;
    // Any other key may change the number: undo, above all. Shift only helps to write a plus.
    if (command || !['+', '=', '-', '−', 'Shift'].includes(event.key)) this.#byKey = null;
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
      } else walk(this.host, arrow.direction, event.shiftKey);
      return true;
    }
    if (event.altKey || command) return false;
    switch (event.key) {
      case 'Tab':
        return tab(this.host, event.shiftKey ? -1 : 1);
      case 'Enter': {
        const [id] = editor.selection;
        if (id === undefined) return false;
        if (stage.scene.nodes.get(id)?.form === 'rest') this.host.showRest(id);
        else this.host.inspect(id);
        return true;
      }
      case 'c':
      case 'C':
        this.startConnecting();
        return true;
      case 'n':
      case 'N':
      case 'Insert':
        addByKey(this.host);
        return true;
      case 'e':
      case 'E':
        return nextEdge(this.host);
      case '+':
      case '=':
        return this.#nudgeNumber(1);
      case '-':
      case '−':
        return this.#nudgeNumber(-1);
      case 'Home':
        stage.fit([], true);
        return true;
      default:
        return false;
    }
  }

  /** The selected number, a tenth of its size up or down. */
  #nudgeNumber(direction: 1 | -1): boolean {
    const [id, ...others] = this.host.editor.selection;
    if (id === undefined || others.length > 0) return false;
    if (this.#byKey?.id !== id || this.#byKey.isOld) this.#byKey = this.#turningOf(id, NOWHERE);
    this.#byKey?.nudge(direction);
    return this.#byKey !== null;
  }

  keyUp(event: KeyboardEvent): void {
    if (event.key !== ' ') return;
    this.#space = false;
    this.host.cursor('');
  }

  blur(): void {
    this.#space = false;
    this.#byKey = null;
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
    if (state.kind === 'moving') undoMove(this.host, state);
    if (state.kind === 'turning') state.turning.takeBack();
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

  /** The selected node's output is to be connected; arrows choose where, Enter does it. */
  startConnecting(): void {
    const choice = this.#connecting.choices();
    if (choice) this.#state = { kind: 'choosing', ...choice };
  }

  #chooseByKey(state: Extract<State, { kind: 'choosing' }>, event: KeyboardEvent): boolean {
    const arrow = arrows[event.key];
    const step = arrow ? arrow.dx + arrow.dy : event.key === 'Tab' ? (event.shiftKey ? -1 : 1) : 0;
    if (step !== 0) {
      this.#connecting.turn(state, step);
      return true;
    }
    if (event.key !== 'Enter') return event.key.length === 1;
    this.#state = { kind: 'idle' };
    this.#connecting.take(state);
    return true;
  }
}
