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
  const rows = new Map<number, number>();
  const sizes = new Map<number, number>();
  for (const id of facts.order) sizes.set(layer.get(id)!, (sizes.get(layer.get(id)!) ?? 0) + 1);
  return Object.fromEntries(
    facts.order.map((id) => {
      const column = layer.get(id)!;
      const row = rows.get(column) ?? 0;
      rows.set(column, row + 1);
      return [id, { x: column * 160, y: (row - (sizes.get(column)! - 1) / 2) * 116 }];
    }),
  );
}
