/**
 * Why training does not get further, where the drawing itself is the reason: without a non-linear step
 * before the last one, a network divides the plane by one straight line, whatever its weights.
 */
import { linksOf, type Graph, type NodeId } from '../../engine/graph/graph';
import { linearityOf } from '../../engine/ops/facts';
import { opOf } from '../../engine/ops/index';

const isInput = (name: string | undefined): boolean => {
  const op = name === undefined ? undefined : opOf(name);
  return op?.kind === 'source' && op.role === 'input';
};

/** Whether every path from an input to the prediction bends at most in its last step. */
export function isLinearUpToTheEnd(graph: Graph, prediction: NodeId): boolean {
  const links = linksOf(graph);
  const seen = new Set<NodeId>();
  const fed = (id: NodeId): NodeId[] => [...(links.into.get(id)?.values() ?? [])].map((edge) => edge.from);
  const dependsOnInput = (id: NodeId, visited = new Set<NodeId>()): boolean => {
    if (visited.has(id)) return false;
    visited.add(id);
    return isInput(graph.nodes[id]?.op) || fed(id).some((from) => dependsOnInput(from, visited));
  };
  const walk = (id: NodeId, last: boolean): boolean => {
    if (seen.has(id)) return true;
    seen.add(id);
    const node = graph.nodes[id];
    if (!node) return true;
    const linearity = linearityOf(node.op, node.attrs);
    if (!last && linearity === 'curved') return false;
    const from = fed(id);
    // Products of two computed values bend; those of one by weights do not.
    if (linearity === 'multilinear' && from.filter((one) => dependsOnInput(one)).length > 1) return false;
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
