/**
 * What surrounds the automatic layout: where its result goes, and rounding to the grid. The placing itself
 * is dagre's, reached through `cytoscape.ts`.
 */
import type { NodeId } from '../../engine/graph/graph';
import type { Point } from '../../engine/graph/project';
import { GRID } from '../editor/gestures';

/** Shifts a layout so that its middle stays where the nodes' middle was, and rounds it to the grid. */
export function settle(
  laid: Readonly<Record<NodeId, Point>>,
  before: Readonly<Record<NodeId, Point>>,
): Readonly<Record<NodeId, Point>> {
  const ids = Object.keys(laid);
  if (ids.length === 0) return {};
  const middle = (points: readonly Point[]): Point => ({
    x: (Math.min(...points.map((p) => p.x)) + Math.max(...points.map((p) => p.x))) / 2,
    y: (Math.min(...points.map((p) => p.y)) + Math.max(...points.map((p) => p.y))) / 2,
  });
  const from = middle(ids.map((id) => laid[id]!));
  const to = middle(ids.map((id) => before[id] ?? laid[id]!));
  const round = (value: number): number => Math.round(value / GRID) * GRID;
  return Object.fromEntries(
    ids.map((id) => [id, { x: round(laid[id]!.x - from.x + to.x), y: round(laid[id]!.y - from.y + to.y) }]),
  );
}
