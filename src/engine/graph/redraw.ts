/**
 * Another drawing in place of the present one, as text gives it. What keeps its name and kind keeps its place, its
 * group and its trained numbers; what is new stands beside what it is connected with, on free ground.
 */
import { type Edit, ownerOfKey, withObjective } from './edits';
import { type Graph, linksOf, type Node, type NodeId, type Table } from './graph';
import type { Point } from './project';

/** Steps between neighbours, and how near two nodes may stand. */
const STEP: Point = { x: 200, y: 120 };
const NEAR: Point = { x: 160, y: 90 };

/** `layout`: where nodes stand if nothing of the present drawing stays. */
export const redraw =
  (graph: Graph, layout: Table<NodeId, Point>): Edit =>
  (project) => {
    const stays = (id: NodeId): boolean =>
      Object.hasOwn(project.nodes, id) && Object.hasOwn(graph.nodes, id) && project.nodes[id]!.op === graph.nodes[id]!.op;
    const nodes: Record<NodeId, Node> = {};
    for (const node of Object.values(graph.nodes)) {
      const group = stays(node.id) ? project.nodes[node.id]!.group : undefined;
      nodes[node.id] = group === undefined || node.group === group ? node : { ...node, group };
    }
    const { weights, ...rest } = project;
    return {
      ...rest,
      nodes,
      edges: graph.edges,
      positions: placed(graph, stays, project.positions, layout),
      settings: withObjective(project.settings, (id) => (Object.hasOwn(nodes, id) ? id : undefined)),
      ...(weights && {
        weights: Object.fromEntries(Object.entries(weights).filter(([key]) => stays(ownerOfKey(key, project.nodes)))),
      }),
    };
  };

function placed(
  graph: Graph,
  stays: (id: NodeId) => boolean,
  before: Table<NodeId, Point>,
  layout: Table<NodeId, Point>,
): Table<NodeId, Point> {
  const places: Record<NodeId, Point> = {};
  for (const id of Object.keys(graph.nodes)) if (stays(id) && before[id]) places[id] = before[id];
  const open = Object.keys(graph.nodes).filter((id) => !places[id]);
  if (open.length === Object.keys(graph.nodes).length) return layout;
  const links = linksOf(graph);
  const isFree = ({ x, y }: Point): boolean =>
    Object.values(places).every((other) => Math.abs(other.x - x) >= NEAR.x || Math.abs(other.y - y) >= NEAR.y);
  const put = (id: NodeId, wish: Point): void => {
    let at = wish;
    while (!isFree(at)) at = { ...at, y: at.y + STEP.y };
    places[id] = at;
  };
  // Beside what feeds it, else before what it feeds; what hangs on new nodes alone waits for these.
  for (let rest = open; rest.length > 0; ) {
    const waiting: NodeId[] = [];
    for (const id of rest) {
      const sources = [...links.into.get(id)!.values()].flatMap(({ from }) => places[from] ?? []);
      const targets = links.outOf.get(id)!.flatMap(({ to }) => places[to] ?? []);
      const beside = sources.length > 0 ? sources : targets;
      if (beside.length === 0) {
        waiting.push(id);
        continue;
      }
      const y = beside.reduce((sum, at) => sum + at.y, 0) / beside.length;
      const x =
        sources.length > 0 ? Math.max(...sources.map((at) => at.x)) + STEP.x : Math.min(...targets.map((at) => at.x)) - STEP.x;
      put(id, { x, y });
    }
    if (waiting.length === rest.length) {
      for (const id of waiting) put(id, layout[id]!);
      break;
    }
    rest = waiting;
  }
  return places;
}
