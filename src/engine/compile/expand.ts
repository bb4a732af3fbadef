/**
 * Composites become their parts, with ids `composite/part`, remembering which node of the drawing each
 * part belongs to. "Open in place" in the editor uses the same expansion, so an opened layer keeps the
 * keys, and thereby the weights, of its parameters.
 */
import { edge, type Edge, type EdgeId, edgeId, type Graph, type Node, type NodeId } from '../graph/graph';
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
  /** Edge of the drawing → the expanded edges that it goes on as: several where a composite uses an input more than once. */
  readonly inner: ReadonlyMap<EdgeId, readonly EdgeId[]>;
}

/** A value on its way into a part: the expanded node that holds it, and the edge of the drawing by which it came in. */
interface Origin {
  readonly node: NodeId;
  readonly by: EdgeId | null;
}

/**
 * Expands every composite whose inputs' shapes are known; others stay as they are. `shapes` are those of
 * the drawing's nodes.
 */
export function expand(graph: Graph, shapes: ReadonlyMap<NodeId, Shape>, inferred: Inferred = infer(graph)): Expansion {
  const itself = new Map(inferred.order.map((id) => [id, id]));
  if (!inferred.order.some((id) => opOf(graph.nodes[id]!.op)?.kind === 'composite'))
    return {
      graph: { nodes: graph.nodes, edges: graph.edges },
      unchanged: true,
      owner: itself,
      output: itself,
      inner: new Map(Object.keys(graph.edges).map((id) => [id, [id]])),
    };
  const nodes: Record<NodeId, Node> = {};
  const edges: Record<string, Edge> = {};
  const owner = new Map<NodeId, NodeId>();
  const output = new Map<NodeId, NodeId>();
  const arrivals = new Map<EdgeId, EdgeId[]>();
  const wire = (id: NodeId, inputs: Readonly<Record<string, Origin>>): void => {
    for (const [port, { node: from, by }] of Object.entries(inputs)) {
      edges[edgeId(id, port)] = edge(from, id, port);
      if (by === null) continue;
      const list = arrivals.get(by);
      if (list) list.push(edgeId(id, port));
      else arrivals.set(by, [edgeId(id, port)]);
    }
  };

  const place = (
    node: Node,
    inputs: Readonly<Record<string, Origin>>,
    known: Readonly<Record<string, Shape>>,
    of: NodeId,
  ): NodeId => {
    const op = opOf(node.op);
    if (op?.kind !== 'composite' || op.ports(completeAttrs(op, node.attrs)).some((p) => !known[p.name])) {
      nodes[node.id] = node;
      owner.set(node.id, of);
      wire(node.id, inputs);
      return node.id;
    }
    const attrs = completeAttrs(op, node.attrs);
    const inner = new Map<NodeId, Shape>();
    // Inside, each input goes by its port: one value may come in by several.
    const aliases = new Map<NodeId, Origin>();
    const given: Record<string, NodeId> = {};
    for (const [port, origin] of Object.entries(inputs)) {
      const alias = `${node.id}\u0000${port}`;
      given[port] = alias;
      aliases.set(alias, origin);
      inner.set(alias, known[port]!);
    }
    const sketch: Sketch = {
      node(part, opName, partAttrs, partInputs = {}) {
        const id = `${node.id}/${part}`;
        const partOp = opOf(opName)!;
        const partShapes: Record<string, Shape> = {};
        for (const [port, from] of Object.entries(partInputs)) partShapes[port] = inner.get(from)!;
        const result = partOp.infer(partShapes, completeAttrs(partOp, partAttrs));
        if ('fault' in result) throw new Error(`'${id}' of '${op.name}': ${result.fault}`);
        inner.set(id, result.shape);
        const origins = Object.fromEntries(
          Object.entries(partInputs).map(([port, from]) => [port, aliases.get(from) ?? { node: from, by: null }]),
        );
        const out = place({ id, op: opName, attrs: partAttrs }, origins, partShapes, of);
        if (out !== id) inner.set(out, result.shape);
        return out;
      },
    };
    const out = op.infer(known, attrs);
    if ('fault' in out) throw new Error(`'${node.id}': ${out.fault}`);
    const result = op.expand({ shapes: known, attrs, out: out.shape }, given, sketch);
    return aliases.get(result)?.node ?? result;
  };

  for (const id of inferred.order) {
    const node = graph.nodes[id]!;
    const inputs: Record<string, Origin> = {};
    const known: Record<string, Shape> = {};
    for (const [port, e] of inferred.links.into.get(id)!) {
      inputs[port] = { node: output.get(e.from) ?? e.from, by: e.id };
      const shape = shapes.get(e.from);
      if (shape) known[port] = shape;
    }
    // A node with a fault has no shape; it stays as it is drawn.
    output.set(id, shapes.has(id) ? place(node, inputs, known, id) : keep(node, inputs));
  }
  function keep(node: Node, inputs: Readonly<Record<string, Origin>>): NodeId {
    nodes[node.id] = node;
    owner.set(node.id, node.id);
    wire(node.id, inputs);
    return node.id;
  }
  return { graph: { nodes, edges }, unchanged: false, owner, output, inner: arrivals };
}
