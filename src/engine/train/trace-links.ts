/**
 * Where the factors of a step come from: for every entry of a trace the earlier entries whose results its
 * formula uses, so that the formula card can lead back to them.
 */
import { nameOf } from '../compile/infer';
import { type Edge, type Graph, linksOf, type NodeId } from '../graph/graph';
import type { Latex } from '../ir/latex';
import { symbolOf } from './trace-symbols';
import { bufferIds, type BufferId } from '../plan';
import type { Recording, Trace, TraceStep } from './trace-types';

export interface TraceLink {
  /** Entry of the trace. */
  readonly index: number;
  readonly latex: Latex;
  /** In words, for those who do not see the formula. */
  readonly title: string;
}

/** The entry of a trace at which each buffer of its program is found: values, contributions, gradients. */
export function placesOf(trace: Recording, graph: Graph): ReadonlyMap<BufferId, number> {
  const places = new Map<BufferId, number>();
  for (const { index, phase, node, edge, gradient, verification, mean } of trace.steps) {
    if (verification || mean) continue;
    if (phase === 'forward' || (phase === 'loss' && gradient === undefined)) places.set(bufferIds.value(node), index);
    // ∂l/∂node is the seed, a sum, or the only contribution.
    else if (phase === 'loss' || (phase === 'backward' && edge === undefined)) places.set(bufferIds.gradient(node), index);
    else if (phase === 'backward' && edge !== undefined) {
      places.set(bufferIds.edge(edge), index);
      places.set(bufferIds.gradient(graph.edges[edge]!.from), index);
    }
  }
  return places;
}

/** The links of a step, when it is looked at. `graph` is the expanded drawing that was recorded. */
export function linksOfTrace(trace: Trace, graph: Graph): (step: TraceStep) => readonly TraceLink[] {
  const { into, outOf } = linksOf(graph);
  const places = placesOf(trace, graph);
  const objective = trace.steps.find(({ phase, gradient }) => phase === 'loss' && gradient !== undefined)?.node ?? null;
  const { target } = trace;
  const called = (id: NodeId): string => (graph.nodes[id] ? nameOf(graph.nodes[id]) : id);
  const symbol = (id: NodeId): Latex => (id === objective && !target ? 'l' : symbolOf(id, called(id)));
  const value = (id: NodeId): TraceLink[] => {
    const index = places.get(bufferIds.value(id));
    return index === undefined ? [] : [{ index, latex: symbol(id), title: `The value of ${called(id)}` }];
  };
  const partial = (id: NodeId): Latex => `\\frac{\\partial ${trace.of}}{\\partial ${symbol(id)}}`;
  const gradientOf = (id: NodeId): TraceLink[] => {
    const index = places.get(bufferIds.gradient(id));
    const of = target && objective !== null ? called(objective) : 'the loss';
    return index === undefined ? [] : [{ index, latex: partial(id), title: `The gradient of ${of} by ${called(id)}` }];
  };
  const inputs = (id: NodeId): readonly Edge[] => [...(into.get(id)?.values() ?? [])];

  return ({ index, phase, node, edge, gradient, verification, mean }) => {
    const links: TraceLink[] = [];
    if (mean) links.push(...value(node));
    else if (verification) {
      if (objective !== null) links.push(...value(objective));
    } else if (phase === 'forward' || (phase === 'loss' && gradient === undefined))
      for (const e of inputs(node)) links.push(...value(e.from));
    else if (phase === 'loss') links.push(...value(node));
    else if (phase === 'update') links.push(...gradientOf(node), ...value(node));
    else if (edge === undefined) {
      for (const e of outOf.get(node) ?? []) {
        const from = places.get(bufferIds.edge(e.id));
        if (from !== undefined)
          links.push({
            index: from,
            latex: `\\left.${partial(node)}\\right|_{${symbol(e.to)}}`,
            title: `What comes back through ${called(e.to)}`,
          });
      }
    } else {
      links.push(...gradientOf(node));
      const local = places.get(bufferIds.value(node));
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
  };
}
