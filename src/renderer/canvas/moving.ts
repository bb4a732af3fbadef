/**
 * Dragging nodes: snapping to their neighbours, and putting a lone node into an edge that it is dropped
 * on. One gesture is one step of the history.
 */
import * as edits from '../../engine/graph/edits';
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Point, Project } from '../../engine/graph/project';
import { type Box, boxOf, overlap, snap, unionOf } from '../editor/gestures';
import { boxOfNode, NOWHERE } from './geometry';
import type { Host } from './host';
import type { NodeVisual } from './scene';

export interface Move {
  readonly start: Point;
  readonly ids: readonly NodeId[];
  readonly before: Project['positions'];
  /** Where everything was drawn: opened layers make the others stand aside. */
  readonly shown: Project['positions'];
  readonly gesture: string;
  dropEdge: EdgeId | null;
}

let gestures = 0;

export const beginMove = (host: Host, start: Point, ids: readonly NodeId[]): Move => ({
  start,
  ids,
  before: host.editor.project.positions,
  shown: host.stage.positions,
  gesture: `move ${++gestures}`,
  dropEdge: null,
});

/** To where the pointer is now; `free`: without snapping. */
export function dragTo({ stage, editor }: Host, move: Move, p: Point, free: boolean): void {
  const ids = new Set(move.ids);
  const { zoom } = stage.camera;
  const boxAt = (v: NodeVisual): Box => boxOfNode(v, move.shown[v.id] ?? NOWHERE);
  const visuals = [...stage.scene.nodes.values()];
  const isMoved = (v: NodeVisual): boolean => ids.has(v.owner ?? v.id);
  const moved = unionOf(visuals.filter(isMoved).map(boxAt));
  if (!moved) return;
  const [dx, dy] = [p.x - move.start.x, p.y - move.start.y];
  const { width, height } = stage.size;
  const [a, b] = [stage.toDrawing(0, 0), stage.toDrawing(width, height)];
  const others = visuals
    .filter((v) => !isMoved(v))
    .map(boxAt)
    .filter((box) => overlap(box, boxOf(a, b)));
  const rest = free
    ? { dx: Math.round(dx), dy: Math.round(dy), guides: [] }
    : snap(moved, move.shown[move.ids[0]!] ?? NOWHERE, dx, dy, others, 6 / zoom);
  const to: Record<NodeId, Point> = {};
  for (const id of move.ids) {
    const from = move.before[id] ?? NOWHERE;
    to[id] = { x: from.x + rest.dx, y: from.y + rest.dy };
  }
  editor.edit('Move', edits.place(to), move.gesture);
  move.dropEdge = edgeToDropOn({ stage, editor }, move.ids);
  stage.feedback = { ...stage.feedback, guides: move.dropEdge === null ? rest.guides : [], dropEdge: move.dropEdge };
}

/** A single node without connections may be dropped on an edge. */
function edgeToDropOn({ stage, editor }: Pick<Host, 'stage' | 'editor'>, ids: readonly NodeId[]): EdgeId | null {
  const [id] = ids;
  if (ids.length !== 1 || id === undefined) return null;
  const v = stage.scene.nodes.get(id);
  if (!v || v.ports.length === 0) return null;
  if (Object.values(editor.project.edges).some((e) => e.from === id || e.to === id)) return null;
  return stage.edgeAt(stage.positions[id] ?? NOWHERE, 16, id);
}

/** The pointer lets go. */
export function endMove({ stage, editor }: Host, move: Move): void {
  if (move.dropEdge !== null) {
    const id = move.ids[0]!;
    const port = stage.scene.nodes.get(id)?.ports[0]?.name;
    if (port !== undefined) editor.edit('Insert', edits.insertOnEdge(move.dropEdge, id, port), move.gesture);
  }
  stage.feedback = { ...stage.feedback, guides: [], dropEdge: null };
}

/** Everything back to where it was. */
export function undoMove({ editor }: Host, move: Move): void {
  editor.edit('Move', edits.place(Object.fromEntries(move.ids.map((id) => [id, move.before[id] ?? NOWHERE]))), move.gesture);
}
