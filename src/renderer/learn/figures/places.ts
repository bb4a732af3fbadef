/** Where the nodes of a scalar drawing stand in a figure: where the drawing has them, else in layers. */
import type { NodeId } from '../../../engine/graph/graph';
import type { Point } from '../../../engine/graph/project';
import type { ScalarFacts } from '../../../engine/teach/scalar';

export function placesOf(facts: ScalarFacts, positions: Readonly<Record<NodeId, Point>>): Readonly<Record<NodeId, Point>> {
  if (facts.order.every((id) => positions[id])) {
    // The canvas leaves more room than a figure needs.
    return Object.fromEntries(facts.order.map((id) => [id, { x: positions[id]!.x * 0.71, y: positions[id]!.y * 0.875 }]));
  }
  const layer = new Map<NodeId, number>();
  for (const id of facts.order)
    layer.set(id, Math.max(-1, ...[...facts.links.into.get(id)!.values()].map((e) => layer.get(e.from)!)) + 1);
  // A source stands right before the first node that takes it.
  for (const id of facts.order)
    if (facts.links.into.get(id)!.size === 0) {
      const next = facts.links.outOf.get(id)!.map((e) => layer.get(e.to)!);
      if (next.length > 0) layer.set(id, Math.min(...next) - 1);
    }
  const columns = new Map<number, NodeId[]>();
  for (const id of facts.order) columns.set(layer.get(id)!, [...(columns.get(layer.get(id)!) ?? []), id]);
  const places = new Map<NodeId, Point>();
  // From the loss backwards, each node stands about as high as what it feeds: that leaves few crossings.
  for (const column of [...columns.keys()].sort((a, b) => b - a)) {
    const height = (id: NodeId): number => {
      const fed = facts.links.outOf.get(id)!.flatMap((e) => places.get(e.to)?.y ?? []);
      return fed.length === 0 ? 0 : fed.reduce((a, b) => a + b, 0) / fed.length;
    };
    const nodes = columns.get(column)!;
    const ordered = [...nodes].sort((a, b) => height(a) - height(b));
    for (const [row, id] of ordered.entries()) places.set(id, { x: column * 160, y: (row - (nodes.length - 1) / 2) * 100 });
  }
  return Object.fromEntries(places);
}
