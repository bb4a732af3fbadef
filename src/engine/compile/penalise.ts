/**
 * Penalties that parameters carry become part of what is minimised: one penalty operation for each, drawn
 * into the expanded drawing, and their sum with the loss. So the loss that is shown, the traces, the checks
 * and every backend hold them without knowing of them.
 */
import { edge, type Edge, type Graph, type Node, type NodeId } from '../graph/graph';
import { completeAttrs } from '../ops/attrs';
import { opOf } from '../ops/index';
import { penaltyOps } from '../ops/penalised';
import type { Expansion } from './expand';
import type { Inferred } from './infer';
import { ancestors } from './objective';

export interface Penalised {
  readonly graph: Graph;
  readonly owner: ReadonlyMap<NodeId, NodeId>;
  readonly objective: NodeId;
}

/** Values that one addition takes, besides the sum so far. */
const TERMS = 15;

/** Null: no parameter that the objective depends on carries a penalty. */
export function penalise(
  { graph, owner }: Pick<Expansion, 'graph' | 'owner'>,
  inferred: Inferred,
  objective: NodeId,
): Penalised | null {
  const before = ancestors(inferred, [objective]);
  const carriers = Object.values(graph.nodes).filter(
    ({ id, op, attrs }) =>
      op === 'parameter' && Object.hasOwn(penaltyOps, String(attrs['penalty'])) && attrs['frozen'] !== true && before.has(id),
  );
  if (carriers.length === 0) return null;
  const nodes: Record<NodeId, Node> = { ...graph.nodes };
  const edges: Record<string, Edge> = { ...graph.edges };
  const owners = new Map(owner);
  const connect = (from: NodeId, to: NodeId, port: string): void => {
    const made = edge(from, to, port);
    edges[made.id] = made;
  };
  const terms = carriers.map((carrier): NodeId => {
    const id = free(nodes, `${carrier.id}/penalty`);
    const op = penaltyOps[String(carrier.attrs['penalty'])]!;
    const all = completeAttrs(opOf('parameter')!, carrier.attrs);
    nodes[id] = { id, op, attrs: { strength: all['strength']!, ...('mix' in opOf(op)!.attrs ? { mix: all['mix']! } : {}) } };
    connect(carrier.id, id, 'x');
    owners.set(id, owner.get(carrier.id)!);
    return id;
  });
  let total = objective;
  for (let at = 0; at < terms.length; at += TERMS) {
    const part = terms.slice(at, at + TERMS);
    const id = free(nodes, `${objective}/with-penalties${at === 0 ? '' : at / TERMS + 1}`);
    nodes[id] = { id, op: 'add', attrs: { inputs: part.length + 1 } };
    [total, ...part].forEach((from, i) => {
      connect(from, id, String.fromCharCode(97 + i));
    });
    owners.set(id, owner.get(objective)!);
    total = id;
  }
  return { graph: { nodes, edges }, owner: owners, objective: total };
}

const free = (nodes: Readonly<Record<NodeId, Node>>, wish: NodeId): NodeId => {
  let id = wish;
  while (Object.hasOwn(nodes, id)) id += '_';
  return id;
};
