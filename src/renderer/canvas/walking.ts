/**
 * Going over the drawing by keys: from node to node as one reads, or in a direction, with what is reached
 * told to screen readers.
 */
import type { NodeId } from '../../engine/graph/graph';
import type { Point } from '../../engine/graph/project';
import { neighbour } from '../editor/gestures';
import { edgeCurve, NOWHERE, pointOn } from './geometry';
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

/** The nodes as one reads them: from left to right, and down within a column; an opened layer part by part. */
function reading({ stage: { scene, positions } }: Host): readonly NodeId[] {
  const at = (id: NodeId): Point => positions[scene.nodes.get(id)?.owner ?? id] ?? positions[id] ?? NOWHERE;
  const column = (id: NodeId): number => Math.round(at(id).x / 40);
  return [...scene.nodes.keys()].sort((a, b) => column(a) - column(b) || at(a).y - at(b).y);
}

/** Where the keys are: at what has the focus, unless another node was selected since. */
function current({ stage, editor }: Host): NodeId | undefined {
  const { focused } = stage.feedback;
  const selected = [...editor.selection].filter((id) => stage.scene.nodes.has(id));
  const isThere = focused !== null && stage.scene.nodes.has(focused);
  return isThere && (selected.length === 0 || selected.includes(focused)) ? focused : selected.at(-1);
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

/** From one connection of the node to the next, where they can be inspected, removed, or get a node between. False: it has none. */
export function nextEdge(host: Host): boolean {
  const { editor, stage, announce } = host;
  const [chosen] = editor.selectedEdges;
  const now = chosen === undefined ? undefined : editor.project.edges[chosen];
  const at = current(host);
  // A connection that was chosen with the pointer is one of its target's.
  const node = at === undefined || (now && now.to !== at && now.from !== at) ? now?.to : at;
  const all = Object.values(editor.project.edges);
  const edges = [...all.filter((e) => e.to === node), ...all.filter((e) => e.from === node)];
  const next = edges[(edges.findIndex((e) => e.id === chosen) + 1) % edges.length];
  if (node === undefined || !next) return false;
  const name = (id: NodeId): string => stage.scene.nodes.get(id)?.title ?? id;
  const shape = stage.scene.edges.get(next.id)?.label;
  editor.select([next.id]);
  // The node stays the one whose connections are gone through.
  stage.feedback = { ...stage.feedback, focused: node };
  stage.reveal([next.id], true);
  announce(
    `Connection from ${name(next.from)} to ${name(next.to)}, input ${next.port}${shape ? `, ${shape}` : ''}. N puts a node between.`,
  );
  return true;
}

/** Asks for a node: between the ends of the one connection that is selected, else beside the selection. */
export function addByKey(host: Host): void {
  const { editor, stage } = host;
  const [edge] = editor.selectedEdges;
  const drawn = edge !== undefined && editor.selection.size === 1 ? stage.scene.edges.get(edge) : undefined;
  if (drawn) host.quickAdd(pointOn(edgeCurve(stage.scene, stage.positions, drawn), 0.5), { edge: drawn.id });
  else host.quickAdd(besideSelection(host));
}

/** Where a new node finds room: to the right of what is selected, else in the middle of the window. */
function besideSelection({ editor, stage }: Host): Point {
  const box = stage.boundsOf(editor.selectedNodes);
  if (editor.selectedNodes.length > 0 && box) return { x: box.x2 + 140, y: (box.y1 + box.y2) / 2 };
  const { width, height } = stage.size;
  return stage.toDrawing(width / 2, height / 2);
}
