/**
 * Names for the nodes that a text leaves unnamed: those which the same parts of the drawing before have, found from the
 * named nodes backwards. So what a change of the text does not touch keeps its name, and with it its place and numbers.
 */
import { edge, edgeId, type Edge, type Graph, type Node, type NodeId } from '../../graph/graph';
import { completeAttrs } from '../../ops/attrs';
import { opOf } from '../../ops/index';

/** The drawing with these names; nodes that say what they said before are the very nodes of before. */
export function asBefore(graph: Graph, unnamed: ReadonlySet<NodeId>, before: Graph): Graph {
  const names = namesAsBefore(graph, unnamed, before);
  const nameOf = (id: NodeId): NodeId => names.get(id) ?? id;
  const nodes: Record<NodeId, Node> = {};
  for (const node of Object.values(graph.nodes)) {
    const id = nameOf(node.id);
    const old = nodeAt(before, id);
    nodes[id] = old && saysTheSame(old, node) ? old : id === node.id ? node : { ...node, id };
  }
  const edges: Record<string, Edge> = {};
  for (const { from, to, port } of Object.values(graph.edges)) {
    const made = edge(nameOf(from), nameOf(to), port);
    const old = Object.hasOwn(before.edges, made.id) ? before.edges[made.id]! : null;
    edges[made.id] = old?.from === made.from ? old : made;
  }
  return { nodes, edges };
}

const nodeAt = (graph: Graph, id: NodeId): Node | undefined => (Object.hasOwn(graph.nodes, id) ? graph.nodes[id] : undefined);

function saysTheSame(a: Node, b: Node): boolean {
  const op = opOf(a.op);
  return (
    op !== undefined &&
    a.op === b.op &&
    a.label === b.label &&
    JSON.stringify(completeAttrs(op, a.attrs)) === JSON.stringify(completeAttrs(op, b.attrs))
  );
}

function namesAsBefore(graph: Graph, unnamed: ReadonlySet<NodeId>, before: Graph): ReadonlyMap<NodeId, NodeId> {
  const names = new Map<NodeId, NodeId>();
  if (Object.keys(before.nodes).length === 0) return names;
  const isNamed = (id: NodeId): boolean => Object.hasOwn(graph.nodes, id) && !unnamed.has(id);
  const claimed = new Set<NodeId>();
  const open = Object.keys(graph.nodes)
    .filter((id) => isNamed(id) && nodeAt(before, id)?.op === graph.nodes[id]!.op)
    .map((id) => [id, id] as const);
  for (let pair = open.pop(); pair; pair = open.pop()) {
    const [now, then] = pair;
    for (const port of portsOf(graph.nodes[now]!)) {
      const source = graph.edges[edgeId(now, port)]?.from;
      const old = before.edges[edgeId(then, port)]?.from;
      if (source === undefined || old === undefined || !unnamed.has(source) || names.has(source)) continue;
      if (isNamed(old) || claimed.has(old) || nodeAt(before, old)?.op !== graph.nodes[source]!.op) continue;
      names.set(source, old);
      claimed.add(old);
      open.push([source, old]);
    }
  }
  // The others may not take the names of other parts of the drawing before.
  const taken = new Set([...Object.keys(before.nodes), ...Object.keys(graph.nodes).filter(isNamed)]);
  const next = new Map<string, number>();
  for (const id of unnamed) {
    if (names.has(id)) continue;
    const base = id.replace(/\d+$/, '');
    let name = id;
    for (let i = next.get(base) ?? 1; taken.has(name); next.set(base, ++i)) name = `${base}${i}`;
    taken.add(name);
    if (name !== id) names.set(id, name);
  }
  return names;
}

const portsOf = (node: Node): readonly string[] => {
  const op = opOf(node.op);
  return op ? op.ports(completeAttrs(op, node.attrs)).map(({ name }) => name) : [];
};
