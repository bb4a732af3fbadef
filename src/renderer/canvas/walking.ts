/**
 * Going over the drawing by keys: from node to node as one reads, or in a direction, with what is reached
 * told to screen readers.
 */
import type { NodeId } from '../../engine/graph/graph';
import type { Point } from '../../engine/graph/project';
import { neighbour } from '../editor/gestures';
import { NOWHERE } from './geometry';
import type { Host } from './host';

type Direction = 'left' | 'right' | 'up' | 'down';

export const arrows: Readonly<Record<string, { readonly dx: number; readonly dy: number; readonly direction: Direction }>> = {
  ArrowLeft: { dx: -1, dy: 0, direction: 'left' },
  ArrowRight: { dx: 1, dy: 0, direction: 'right' },
  ArrowUp: { dx: 0, dy: -1, direction: 'up' },
  ArrowDown: { dx: 0, dy: 1, direction: 'down' },
};

function focus({ stage, editor, announce }: Host, id: NodeId, add: boolean): void {
  editor.select(add ? [...editor.selection, id] : [id]);
  stage.feedback = { ...stage.feedback, focused: id };
  stage.reveal([id], true);
  const v = stage.scene.nodes.get(id);
  if (v) announce(v.about);
}

/** The nodes as one reads them: from left to right, and down within a column. */
function reading({ stage: { scene, positions } }: Host): readonly NodeId[] {
  const at = (id: NodeId): Point => positions[id] ?? NOWHERE;
  const column = (id: NodeId): number => Math.round(at(id).x / 40);
  return [...scene.nodes.keys()].sort((a, b) => column(a) - column(b) || at(a).y - at(b).y);
}

/** Where the keys are: at what has the focus, else at what is selected. */
function current({ stage, editor }: Host): NodeId | undefined {
  const { focused } = stage.feedback;
  if (focused !== null && stage.scene.nodes.has(focused)) return focused;
  return [...editor.selection].findLast((id) => stage.scene.nodes.has(id));
}

/** Through the nodes. False past the last one: there the focus leaves the drawing. */
export function tab(host: Host, direction: 1 | -1): boolean {
  const { editor } = host;
  const all = reading(host);
  const now = current(host);
  const next = all[now === undefined ? (direction === 1 ? 0 : all.length - 1) : all.indexOf(now) + direction];
  if (next === undefined) {
    editor.select([]);
    return false;
  }
  focus(host, next, false);
  return true;
}

export function walk(host: Host, direction: Direction, add: boolean): void {
  const { stage } = host;
  const points = [...stage.scene.nodes.keys()].map((id) => ({ id, ...(stage.positions[id] ?? NOWHERE) }));
  const here = current(host);
  if (here === undefined) {
    const [first] = reading(host);
    if (first !== undefined) focus(host, first, false);
    return;
  }
  const next = neighbour(stage.positions[here] ?? NOWHERE, points, direction);
  if (next) focus(host, next.id, add);
}

/** Where a new node finds room: to the right of what is selected, else in the middle of the window. */
export function besideSelection({ editor, stage }: Host): Point {
  const box = stage.boundsOf(editor.selectedNodes);
  if (editor.selectedNodes.length > 0 && box) return { x: box.x2 + 140, y: (box.y1 + box.y2) / 2 };
  const { width, height } = stage.size;
  return stage.toDrawing(width / 2, height / 2);
}
