/**
 * Shapes of every node, found in topological order, and what stands in their way. Stops at a fault: nodes
 * behind it have no shape, and only the first cause is reported.
 */
import { diagnostic, type Diagnostic } from '../graph/diagnostics';
import { type Attrs, type Graph, linksOf, type Links, type Node, type NodeId, topologicalOrder } from '../graph/graph';
import type { OwnOperations } from '../graph/own-operation';
import type { Shape } from '../ir/shape';
import { attrFault, completeAttrs } from '../ops/attrs';
import { learn, opOf } from '../ops/index';
import type { Call, Op } from '../ops/op';

export interface Inferred {
  readonly links: Links;
  readonly order: readonly NodeId[];
  readonly shapes: ReadonlyMap<NodeId, Shape>;
  /** For every node with a shape: its operation and how it is called. Equal calls are the same object. */
  readonly calls: ReadonlyMap<NodeId, { readonly op: Op; readonly call: Call }>;
  readonly problems: readonly Diagnostic[];
}

export const nameOf = (node: Node): string => node.label ?? node.id;

export function infer(graph: Graph & { readonly composites?: OwnOperations }): Inferred {
  learn(graph.composites);
  const links = linksOf(graph);
  const { order, cycle } = topologicalOrder(graph, links);
  const problems: Diagnostic[] = [];
  const shapes = new Map<NodeId, Shape>();
  const calls = new Map<NodeId, { op: Op; call: Call }>();
  const equal = new Map<string, { op: Op; call: Call }>();

  if (cycle.length > 0) {
    const names = cycle.slice(0, 6).map((id) => nameOf(graph.nodes[id]!));
    problems.push(diagnostic('cycle', { node: cycle[0]! }, names.join(', ') + (cycle.length > 6 ? ', …' : '')));
  }
  for (const edge of Object.values(graph.edges)) {
    if (!graph.nodes[edge.from]) problems.push(diagnostic('unknown-node', { edge: edge.id }, edge.id, edge.from));
    if (!graph.nodes[edge.to]) problems.push(diagnostic('unknown-node', { edge: edge.id }, edge.id, edge.to));
  }

  for (const id of order) {
    const node = graph.nodes[id]!;
    const name = nameOf(node);
    const op = opOf(node.op);
    if (!op) {
      problems.push(diagnostic('unknown-op', { node: id }, name, node.op));
      continue;
    }
    const attrs = completeAttrs(op, node.attrs);
    let sound = true;
    for (const [attr, spec] of Object.entries(op.attrs)) {
      const fault = attrFault(spec, attrs[attr]!);
      if (fault) {
        problems.push(diagnostic('bad-attribute', { node: id, attr }, name, spec.title, fault));
        sound = false;
      }
    }
    if (!sound) continue;
    const ports = op.ports(attrs);
    const into = links.into.get(id)!;
    for (const [port, edge] of into)
      if (!ports.some((p) => p.name === port)) {
        problems.push(diagnostic('unknown-port', { node: id, edge: edge.id, port }, name, port));
        sound = false;
      }
    const inputs: Record<string, Shape> = {};
    let complete = sound;
    for (const port of ports) {
      const edge = into.get(port.name);
      if (!edge) {
        problems.push(diagnostic('missing-input', { node: id, port: port.name }, name, port.name));
        complete = false;
        continue;
      }
      const shape = shapes.get(edge.from);
      if (shape) inputs[port.name] = shape;
      else complete = false;
    }
    if (!complete) continue;
    const result = op.infer(inputs, attrs);
    if ('fault' in result) {
      problems.push(diagnostic('shape-mismatch', { node: id }, name, result.fault));
      continue;
    }
    const key = op.kind === 'source' ? null : callKey(op, attrs, inputs);
    const same = key === null ? undefined : equal.get(key);
    const found = same ?? { op, call: { shapes: inputs, attrs, out: result.shape } };
    if (key !== null && !same) equal.set(key, found);
    shapes.set(id, found.call.out);
    calls.set(id, found);
  }
  return { links, order, shapes, calls, problems };
}

/** The same for calls that compute the same: one operation, equal attributes, inputs of equal shape. */
function callKey(op: Op, attrs: Attrs, inputs: Readonly<Record<string, Shape>>): string {
  let key = op.name;
  for (const name in attrs) {
    const value = attrs[name]!;
    key += `|${typeof value === 'string' ? JSON.stringify(value) : String(value)}`;
  }
  for (const port in inputs) key += `|${port}:${inputs[port]!.join()}`;
  return key;
}
