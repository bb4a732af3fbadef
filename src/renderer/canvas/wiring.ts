/** Which edge of the expanded drawing stands for an edge as it is drawn: into a layer it goes on into one of its parts. */
import type { Checked } from '../../engine/compile/check';
import type { EdgeId, NodeId } from '../../engine/graph/graph';

/** Edges of the expanded drawing by the pair of drawn nodes they join, in the order of the target's ports. */
export type Wiring = ReadonlyMap<string, readonly { readonly port: string | null; readonly edge: EdgeId }[]>;

export function wiringOf(checked: Checked): Wiring {
  const { graph, owner, output } = checked.expansion;
  const drawnOf = new Map<NodeId, NodeId>();
  for (const [drawn, part] of output) drawnOf.set(part, drawn);
  const wiring = new Map<string, { port: string | null; edge: EdgeId }[]>();
  for (const e of Object.values(graph.edges)) {
    const from = drawnOf.get(e.from);
    const to = owner.get(e.to);
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${from}>${to}`;
    const list = wiring.get(key) ?? [];
    // An edge into a part of a composite belongs to whichever port comes next.
    list.push({ port: e.to === to ? e.port : null, edge: e.id });
    wiring.set(key, list);
  }
  return wiring;
}

/** `ports` are those of the node that it leads to, in order; `sourceOf` says which node feeds one of them. */
export function innerEdge(
  wiring: Wiring,
  { from, to, port }: { readonly from: NodeId; readonly to: NodeId; readonly port: string },
  ports: readonly string[],
  sourceOf: (port: string) => NodeId | undefined,
): EdgeId | null {
  const candidates = wiring.get(`${from}>${to}`) ?? [];
  const exact = candidates.find((w) => w.port === port);
  if (exact) return exact.edge;
  // A composite's parts follow its ports, whatever order the connections were drawn in.
  const wired = ports.filter((name) => sourceOf(name) === from);
  return candidates[wired.indexOf(port)]?.edge ?? null;
}
