/**
 * The drawing as a graph: nodes with named input ports and one output, edges from an output to a port.
 * A port takes one edge, so an edge is named by its target: `hidden.x`. Fan-out is several edges, and each
 * has its own gradient.
 */
export type NodeId = string;
/** `node.port` of the target. */
export type EdgeId = string;
export type AttrValue = number | string | boolean | readonly number[];
export type Attrs = Readonly<Record<string, AttrValue>>;
export type Table<K extends string, V> = Readonly<Record<K, V>>;

export interface Node {
  readonly id: NodeId;
  readonly op: string;
  readonly attrs: Attrs;
  /** What people read; the id where absent. */
  readonly label?: string;
  /** Id of the group this node is drawn in. */
  readonly group?: string;
}

export interface Edge {
  readonly id: EdgeId;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly port: string;
}

export interface Graph {
  readonly nodes: Table<NodeId, Node>;
  readonly edges: Table<EdgeId, Edge>;
}

export const edgeId = (to: NodeId, port: string): EdgeId => `${to}.${port}`;
export const edge = (from: NodeId, to: NodeId, port: string): Edge => ({ id: edgeId(to, port), from, to, port });

/** Index of a graph for repeated questions; made once per graph. */
export interface Links {
  /** Edges into a node, by port. */
  readonly into: ReadonlyMap<NodeId, ReadonlyMap<string, Edge>>;
  /** Edges out of a node, in the order of the table. */
  readonly outOf: ReadonlyMap<NodeId, readonly Edge[]>;
}

export function linksOf(graph: Graph): Links {
  const into = new Map<NodeId, Map<string, Edge>>();
  const outOf = new Map<NodeId, Edge[]>();
  for (const id of Object.keys(graph.nodes)) {
    into.set(id, new Map());
    outOf.set(id, []);
  }
  for (const e of Object.values(graph.edges)) {
    into.get(e.to)?.set(e.port, e);
    outOf.get(e.from)?.push(e);
  }
  return { into, outOf };
}

/**
 * Nodes so that each stands after all that feed it, stable in the order of the table; `cycle` holds the
 * nodes on or behind a cycle (empty for a legal drawing). Linear in nodes and edges.
 */
export function topologicalOrder(graph: Graph, links: Links = linksOf(graph)): { order: NodeId[]; cycle: NodeId[] } {
  const waiting = new Map<NodeId, number>();
  for (const id of Object.keys(graph.nodes)) waiting.set(id, links.into.get(id)!.size);
  const order: NodeId[] = [];
  for (const [id, count] of waiting) if (count === 0) order.push(id);
  for (let at = 0; at < order.length; at++) {
    for (const e of links.outOf.get(order[at]!)!) {
      const left = waiting.get(e.to)! - 1;
      waiting.set(e.to, left);
      if (left === 0) order.push(e.to);
    }
  }
  const placed = new Set(order);
  return { order, cycle: Object.keys(graph.nodes).filter((id) => !placed.has(id)) };
}

/**
 * Columns of a drawing: the longest way from a start, and each start just before the first that it feeds. In an order in
 * which each node stands after all that feed it; nodes on or behind a cycle have no place.
 */
export function depthsOf(graph: Graph, links: Links = linksOf(graph)): ReadonlyMap<NodeId, number> {
  const { order } = topologicalOrder(graph, links);
  const depths = new Map<NodeId, number>();
  for (const id of order) depths.set(id, Math.max(0, ...[...links.into.get(id)!.values()].map((e) => depths.get(e.from)! + 1)));
  for (const id of order) {
    const feeds = links.outOf.get(id)!.flatMap((e) => depths.get(e.to) ?? []);
    if (links.into.get(id)!.size === 0 && feeds.length > 0) depths.set(id, Math.min(...feeds) - 1);
  }
  return depths;
}

/** Whether data can flow from `from` to `to`; a node reaches itself. */
export function reaches(links: Links, from: NodeId, to: NodeId): boolean {
  const seen = new Set<NodeId>([from]);
  const stack = [from];
  while (stack.length > 0) {
    const id = stack.pop()!;
    if (id === to) return true;
    for (const e of links.outOf.get(id) ?? [])
      if (!seen.has(e.to)) {
        seen.add(e.to);
        stack.push(e.to);
      }
  }
  return false;
}
