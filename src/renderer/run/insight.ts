/**
 * Why training does not get further, where the drawing itself is the reason: without a non-linear step
 * before the last one, a network divides the plane by one straight line, whatever its weights.
 */
import { linksOf, type Graph, type NodeId } from '../../engine/graph/graph';
import { opOf } from '../../engine/ops/index';

const bending = (op: string, activation: unknown): boolean => {
  const known = opOf(op);
  if (!known) return true;
  if (known.group === 'layer') return activation !== 'identity';
  if (known.group === 'activation') return op !== 'identity';
  // Products of two computed values, powers and functions bend as well; sums and scalings do not.
  return known.group === 'function' || ['power', 'divide'].includes(op);
};

/** Whether every path from an input to the prediction bends at most in its last step. */
export function isLinearUpToTheEnd(graph: Graph, prediction: NodeId): boolean {
  const links = linksOf(graph);
  const seen = new Set<NodeId>();
  const fed = (id: NodeId): NodeId[] => [...(links.into.get(id)?.values() ?? [])].map((edge) => edge.from);
  const dependsOnInput = (id: NodeId, visited = new Set<NodeId>()): boolean => {
    if (visited.has(id)) return false;
    visited.add(id);
    return graph.nodes[id]?.op === 'input' || fed(id).some((from) => dependsOnInput(from, visited));
  };
  const walk = (id: NodeId, last: boolean): boolean => {
    if (seen.has(id)) return true;
    seen.add(id);
    const node = graph.nodes[id];
    if (!node) return true;
    if (!last && bending(node.op, node.attrs['activation'] ?? opOf(node.op)?.attrs['activation']?.default)) return false;
    const from = fed(id);
    if ((node.op === 'multiply' || node.op === 'matmul') && from.filter((one) => dependsOnInput(one)).length > 1) return false;
    return from.every((one) => walk(one, false));
  };
  return dependsOnInput(prediction) && walk(prediction, true);
}

export interface Insight {
  readonly title: string;
  readonly text: string;
}

/** Null while there is nothing to say: too early, good enough, or the network can bend. */
export function insightOf(facts: {
  readonly graph: Graph;
  readonly prediction: NodeId | null;
  readonly task: string;
  readonly epoch: number;
  readonly accuracy: number | null;
  readonly r2: number | null;
}): Insight | null {
  const { graph, prediction, task, epoch, accuracy, r2 } = facts;
  if (prediction === null || epoch < 10 || !isLinearUpToTheEnd(graph, prediction)) return null;
  if (task !== 'regression' && accuracy !== null && accuracy < 0.9)
    return {
      title: 'This drawing can only divide by a straight line',
      text: `No layer before the last one is non-linear, so its boundary is a straight line, whatever the weights. It is right on ${Math.round(accuracy * 100)} % of the training rows; a disc in a ring, for example, cannot get beyond about two thirds so. Where the classes curve, add a fully connected layer of 4 to 8 neurons with tanh or ReLU before the last one.`,
    };
  if (task === 'regression' && r2 !== null && r2 < 0.85)
    return {
      title: 'This drawing can only fit a straight line or plane',
      text: `No layer before the last one is non-linear, so its answer is a line or a plane, whatever the weights. It explains ${Math.max(0, Math.round(r2 * 100))} % of the variation. Where the data bend, add a fully connected layer of 8 neurons with tanh before the last one.`,
    };
  return null;
}
