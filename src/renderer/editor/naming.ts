/** Names of new nodes: short, readable, unique, and shown: `input`, `dense1`, `add3`. */
import { freshId } from '../../engine/graph/edits';
import type { Graph, NodeId } from '../../engine/graph/graph';
import type { Op } from '../../engine/ops/op';

export function nameFor(nodes: Graph['nodes'], op: Op): NodeId {
  // A drawing mostly has one input, one target and one loss, so these go without a number.
  if (op.group === 'loss') return freshId(nodes, 'loss', true);
  if (op.kind === 'source' && (op.role === 'input' || op.role === 'target')) return freshId(nodes, op.role, true);
  if (op.kind === 'source' && op.role === 'parameter') return freshId(nodes, 'w');
  if (op.kind === 'source' && op.role === 'constant') return freshId(nodes, 'c');
  if (op.group === 'own') return freshId(nodes, op.title.toLowerCase().replaceAll(' ', '-'));
  return freshId(nodes, op.name);
}
