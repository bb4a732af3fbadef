/**
 * All paths from a node to the loss, each with the product of the local derivatives along it. The products
 * add up to the gradient: the chain rule for a value that feeds several others. There can be very many
 * paths, so the list is bounded, and it says how many there are.
 */
import type { Edge, NodeId } from '../graph/graph';
import { flowing, type ScalarFacts } from './scalar';

export interface Path {
  readonly edges: readonly Edge[];
  /** Local derivatives along the path, from the node to the loss. */
  readonly factors: readonly number[];
  readonly product: number;
}

export interface Paths {
  readonly from: NodeId;
  readonly paths: readonly Path[];
  /** How many there are; more than `paths` holds when the list was cut. */
  readonly total: number;
  readonly cut: boolean;
  /** Sum of the products listed; equals the gradient unless the list was cut. */
  readonly sum: number;
  readonly gradient: number;
}

export function pathsToLoss(facts: ScalarFacts, from: NodeId, most = 200): Paths {
  const count = new Map<NodeId, number>();
  for (const id of [...facts.order].reverse())
    count.set(id, id === facts.objective ? 1 : flowing(facts, id).reduce((n, e) => n + (count.get(e.to) ?? 0), 0));
  const paths: Path[] = [];
  const walk = (node: NodeId, edges: readonly Edge[], factors: readonly number[]): void => {
    if (paths.length >= most) return;
    if (node === facts.objective) {
      paths.push({ edges, factors, product: factors.reduce((a, b) => a * b, 1) });
      return;
    }
    for (const e of flowing(facts, node))
      if (count.get(e.to)! > 0) walk(e.to, [...edges, e], [...factors, facts.locals.get(e.id)!]);
  };
  walk(from, [], []);
  const total = count.get(from) ?? 0;
  return {
    from,
    paths,
    total,
    cut: total > paths.length,
    sum: paths.reduce((s, p) => s + p.product, 0),
    gradient: facts.gradients.get(from) ?? 0,
  };
}
