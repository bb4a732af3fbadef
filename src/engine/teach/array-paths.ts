/**
 * Paths from an array to what is derived, through the drawing's nodes: what flows back along each path
 * alone, element by element. Over all paths these add up to the gradient. A path through an array is
 * itself a sum over that array's elements, which can be listed.
 */
import type { Edge, NodeId } from '../graph/graph';
import { bufferIds } from '../plan';
import type { Replay } from '../train/replay';

export interface ArrayPath {
  readonly edges: readonly Edge[];
  /** What flows back to the first node, by element. */
  readonly contribution: Float64Array;
  /** The gradient along this path at the node after the first. */
  readonly next: Float64Array;
}

export interface ArrayPaths {
  readonly from: NodeId;
  readonly paths: readonly ArrayPath[];
  /** How many there are; more than `paths` holds when the list was cut. */
  readonly total: number;
  readonly gradient: Float64Array;
}

/** `objective` is the node that is derived. */
export function arrayPaths(replay: Replay, objective: NodeId, from: NodeId, most = 40): ArrayPaths {
  const flows = replay.flowing;
  const outOf = (node: NodeId): readonly Edge[] => flows.filter((e) => e.from === node);
  const counts = new Map<NodeId, number>();
  const count = (node: NodeId): number => {
    if (node === objective) return 1;
    const known = counts.get(node);
    if (known !== undefined) return known;
    const found = outOf(node).reduce((n, e) => n + count(e.to), 0);
    counts.set(node, found);
    return found;
  };
  const total = count(from);
  const routes: Edge[][] = [];
  const walk = (node: NodeId, edges: readonly Edge[]): void => {
    if (routes.length >= most) return;
    if (node === objective) routes.push([...edges]);
    else for (const e of outOf(node)) if (count(e.to) > 0) walk(e.to, [...edges, e]);
  };
  walk(from, []);
  const seed = Float64Array.from(replay.device.numbers(bufferIds.gradient(objective)));
  // Paths that end alike share what flows back along their common end.
  const known = new Map<string, Float64Array>();
  const along = (edges: readonly Edge[]): Float64Array => {
    const [first, ...rest] = edges;
    if (!first) return seed;
    const key = edges.map(({ id }) => id).join(' ');
    const found = known.get(key);
    if (found) return found;
    const result = padded(replay, first, replay.pull(first.id, along(rest)));
    known.set(key, result);
    return result;
  };
  const size = replay.size(bufferIds.value(from));
  const gradient = new Float64Array(size);
  for (const { id } of outOf(from))
    replay.numbers(bufferIds.edge(id)).forEach((x, i) => {
      gradient[i]! += x;
    });
  return {
    from,
    paths: routes.map((edges) => ({
      edges,
      contribution: along(edges).slice(0, size),
      next: along(edges.slice(1)).slice(0, replay.size(bufferIds.value(edges[0]!.to))),
    })),
    total,
    gradient,
  };
}

/** As long as the whole buffer, which may hold more rows than are looked at. */
function padded(replay: Replay, { from }: Edge, numbers: Float64Array): Float64Array {
  const whole = new Float64Array(replay.device.numbers(bufferIds.value(from)).length);
  whole.set(numbers.subarray(0, whole.length));
  return whole;
}

export interface Station {
  /** Element of the node after the first on the path. */
  readonly element: number;
  readonly value: number;
}

/** One element's contribution along a path, by the elements of the next array that it goes through; the largest. */
export function stationsOf(replay: Replay, path: ArrayPath, element: number | 'sum', most = 16): readonly Station[] {
  const [first] = path.edges;
  if (!first || path.next.length > 512) return [];
  const one = new Float64Array(replay.device.numbers(bufferIds.gradient(first.to)).length);
  const all = [...path.next].map((gradient, k): Station => {
    if (gradient === 0) return { element: k, value: 0 };
    one[k] = gradient;
    const back = replay.pull(first.id, one);
    one[k] = 0;
    return { element: k, value: element === 'sum' ? back.reduce((sum, x) => sum + x, 0) : back[element]! };
  });
  return all
    .filter(({ value }) => value !== 0)
    .toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, most);
}
