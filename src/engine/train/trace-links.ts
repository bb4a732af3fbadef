/**
 * Where the factors of a step come from: for every entry of a trace the earlier entries whose results its
 * formula uses, so that the formula card can lead back to them.
 */
import { nameOf } from '../compile/infer';
import { type Edge, type Graph, linksOf, type NodeId } from '../graph/graph';
import type { Latex } from '../ir/latex';
import { symbolOf } from './trace-symbols';
import type { Trace } from './trace-types';

export interface TraceLink {
  /** Entry of the trace. */
  readonly index: number;
  readonly latex: Latex;
  /** In words, for those who do not see the formula. */
  readonly title: string;
}

/** By position in the trace. `graph` is the expanded drawing that was recorded. */
export function linksOfTrace(trace: Trace, graph: Graph): readonly (readonly TraceLink[])[] {
  const { into, outOf } = linksOf(graph);
  const values = new Map<NodeId, number>();
  const sums = new Map<NodeId, number>();
  const contributions = new Map<string, number>();
  let seed: number | null = null;
  let objective: NodeId | null = null;
  for (const { index, phase, node, edge, gradient, verification } of trace.steps) {
    if (verification) continue;
    if (phase === 'forward') values.set(node, index);
    else if (phase === 'loss') {
      if (gradient === undefined) values.set(node, index);
      else [seed, objective] = [index, node];
    } else if (phase === 'backward') {
      if (edge === undefined) sums.set(node, index);
      else contributions.set(edge, index);
    }
  }
  const called = (id: NodeId): string => (graph.nodes[id] ? nameOf(graph.nodes[id]) : id);
  const symbol = (id: NodeId): Latex => (id === objective ? 'l' : symbolOf(id, called(id)));
  const value = (id: NodeId): TraceLink[] => {
    const index = values.get(id);
    return index === undefined ? [] : [{ index, latex: symbol(id), title: `The value of ${called(id)}` }];
  };
  const partial = (id: NodeId): Latex => `\\frac{\\partial l}{\\partial ${symbol(id)}}`;
  /** Where ∂l/∂node was found: the seed, a sum, or the only contribution. */
  const gradientOf = (id: NodeId): TraceLink[] => {
    const only = [...(outOf.get(id) ?? [])].filter((e) => contributions.has(e.id));
    const index = id === objective ? seed : (sums.get(id) ?? (only.length === 1 ? contributions.get(only[0]!.id)! : null));
    return index === null || index === undefined
      ? []
      : [{ index, latex: partial(id), title: `The gradient of the loss by ${called(id)}` }];
  };
  const inputs = (id: NodeId): readonly Edge[] => [...(into.get(id)?.values() ?? [])];

  return trace.steps.map(({ index, phase, node, edge, gradient, verification }) => {
    const links: TraceLink[] = [];
    if (verification) {
      if (objective !== null) links.push(...value(objective));
    } else if (phase === 'forward' || (phase === 'loss' && gradient === undefined))
      for (const e of inputs(node)) links.push(...value(e.from));
    else if (phase === 'loss') links.push(...value(node));
    else if (phase === 'update') links.push(...gradientOf(node), ...value(node));
    else if (edge === undefined) {
      for (const e of outOf.get(node) ?? []) {
        const from = contributions.get(e.id);
        if (from !== undefined)
          links.push({
            index: from,
            latex: `\\left.${partial(node)}\\right|_{${symbol(e.to)}}`,
            title: `What comes back through ${called(e.to)}`,
          });
      }
    } else {
      links.push(...gradientOf(node));
      const local = values.get(node);
      const from = graph.edges[edge]?.from;
      if (local !== undefined && from !== undefined)
        links.push({
          index: local,
          latex: `\\frac{\\partial ${symbol(node)}}{\\partial ${symbol(from)}}`,
          title: `The local derivative of ${called(node)} by ${called(from)}`,
        });
      for (const e of inputs(node)) links.push(...value(e.from));
    }
    const seen = new Set<string>();
    return links.filter(
      (link) => link.index < index && !seen.has(`${link.index} ${link.latex}`) && seen.add(`${link.index} ${link.latex}`),
    );
  });
}
