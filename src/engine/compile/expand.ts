/**
 * Composites become their parts, with ids `composite/part`, remembering which node of the drawing each
 * part belongs to. "Open in place" in the editor uses the same expansion, so an opened layer keeps the
 * keys, and thereby the weights, of its parameters.
 */
import { edge, type Edge, edgeId, type Graph, type Node, type NodeId } from '../graph/graph';
import type { Shape } from '../ir/shape';
import { completeAttrs } from '../ops/attrs';
import { opOf } from '../ops/index';
import type { Sketch } from '../ops/op';
import { infer, type Inferred } from './infer';

export interface Expansion {
  readonly graph: Graph;
  /** True where there was nothing to expand: the graph is the drawing itself. */
  readonly unchanged: boolean;
  /** Expanded node → the node of the drawing that it is, or is part of. */
  readonly owner: ReadonlyMap<NodeId, NodeId>;
  /** Node of the drawing → the expanded node that holds its value. */
  readonly output: ReadonlyMap<NodeId, NodeId>;
}

/**
 * Expands every composite whose inputs' shapes are known; others stay as they are. `shapes` are those of
 * the drawing's nodes.
 */
export function expand(graph: Graph, shapes: ReadonlyMap<NodeId, Shape>, inferred: Inferred = infer(graph)): Expansion {
  const itself = new Map(inferred.order.map((id) => [id, id]));
  if (!inferred.order.some((id) => opOf(graph.nodes[id]!.op)?.kind === 'composite'))
    return { graph: { nodes: graph.nodes, edges: graph.edges }, unchanged: true, owner: itself, output: itself };
  const nodes: Record<NodeId, Node> = {};
  const edges: Record<string, Edge> = {};
  const owner = new Map<NodeId, NodeId>();
  const output = new Map<NodeId, NodeId>();

  const place = (
    node: Node,
    inputs: Readonly<Record<string, NodeId>>,
    known: Readonly<Record<string, Shape>>,
    of: NodeId,
  ): NodeId => {
    const op = opOf(node.op);
    if (op?.kind !== 'composite' || op.ports(completeAttrs(op, node.attrs)).some((p) => !known[p.name])) {
      nodes[node.id] = node;
      owner.set(node.id, of);
      for (const [port, from] of Object.entries(inputs)) edges[edgeId(node.id, port)] = edge(from, node.id, port);
      return node.id;
    }
    const attrs = completeAttrs(op, node.attrs);
    const inner = new Map<NodeId, Shape>();
    for (const [port, from] of Object.entries(inputs)) inner.set(from, known[port]!);
    const sketch: Sketch = {
      node(part, opName, partAttrs, partInputs = {}) {
        const id = `${node.id}/${part}`;
        const partOp = opOf(opName)!;
        const partShapes: Record<string, Shape> = {};
        for (const [port, from] of Object.entries(partInputs)) partShapes[port] = inner.get(from)!;
        const result = partOp.infer(partShapes, completeAttrs(partOp, partAttrs));
        if ('fault' in result) throw new Error(`'${id}' of '${op.name}': ${result.fault}`);
        inner.set(id, result.shape);
        const out = place({ id, op: opName, attrs: partAttrs }, partInputs, partShapes, of);
        if (out !== id) inner.set(out, result.shape);
        return out;
      },
    };
    const out = op.infer(known, attrs);
    if ('fault' in out) throw new Error(`'${node.id}': ${out.fault}`);
    return op.expand({ shapes: known, attrs, out: out.shape }, inputs, sketch);
  };

  for (const id of inferred.order) {
    const node = graph.nodes[id]!;
    const inputs: Record<string, NodeId> = {};
    const known: Record<string, Shape> = {};
    for (const [port, e] of inferred.links.into.get(id)!) {
      inputs[port] = output.get(e.from) ?? e.from;
      const shape = shapes.get(e.from);
      if (shape) known[port] = shape;
    }
    // A node with a fault has no shape; it stays as it is drawn.
    output.set(id, shapes.has(id) ? place(node, inputs, known, id) : keep(node, inputs));
  }
  function keep(node: Node, inputs: Readonly<Record<string, NodeId>>): NodeId {
    nodes[node.id] = node;
    owner.set(node.id, node.id);
    for (const [port, from] of Object.entries(inputs)) edges[edgeId(node.id, port)] = edge(from, node.id, port);
    return node.id;
  }
  return { graph: { nodes, edges }, unchanged: false, owner, output };
}
