/**
 * Edits of the operations of one's own: to put one in the place of some nodes, to change one everywhere it
 * is used, to rename and to delete it. Like all edits they go from project to project.
 */
import { type Edit, explode, type Fragment } from './edits';
import { type Edge, edge, edgeId, type Node, type NodeId } from './graph';
import { ownAt, type OwnOperation, ownCalled, ownName, type OwnOperations, ownUsed } from './own-operation';
import { emptyProject, type Point, type Project } from './project';
import { renamedNumbers } from './stored-bookmarks';

const ownOf = (project: Project): OwnOperations => project.composites ?? {};

const withOwn = (project: Project, own: OwnOperations): Project => {
  const { composites: _, ...rest } = project;
  return Object.keys(own).length > 0 ? { ...rest, composites: own } : rest;
};

/** Operations from elsewhere; those that are here already are kept. */
export const addOwn =
  (added: OwnOperations): Edit =>
  (project) =>
    Object.keys(added).every((op) => Object.hasOwn(ownOf(project), op))
      ? project
      : withOwn(project, { ...ownOf(project), ...added });

/**
 * A piece of drawing from elsewhere as it fits into a project: an operation of its own that is called like
 * another one here takes the next free name.
 */
export function fitted(fragment: Fragment, project: Project): Fragment {
  const here = ownOf(project);
  let piece: Project = {
    ...emptyProject,
    nodes: Object.fromEntries(fragment.nodes.map((node) => [node.id, node])),
    composites: fragment.composites ?? {},
  };
  for (;;) {
    const clash = Object.entries(ownOf(piece)).find(
      ([op, own]) => !Object.hasOwn(here, op) && ownCalled(own.name, here) !== undefined,
    );
    if (!clash) break;
    const [op, own] = clash;
    const base = own.name.replace(/ \d+$/, '');
    let number = 2;
    while (ownCalled(`${base} ${number}`, here) ?? ownCalled(`${base} ${number}`, ownOf(piece))) number++;
    piece = renameOwn(op, `${base} ${number}`)(piece);
  }
  const { composites: _, ...rest } = fragment;
  return {
    ...rest,
    nodes: fragment.nodes.map(({ id }) => piece.nodes[id]!),
    ...(piece.composites ? { composites: piece.composites } : {}),
  };
}

/** What stands in the place of the chosen nodes. */
export interface Replacement {
  readonly own: OwnOperation;
  readonly ids: ReadonlySet<NodeId>;
  readonly node: NodeId;
  readonly at: Point;
  /** For each input of the operation the node that feeds it; an input may be open. */
  readonly feeds: Readonly<Record<string, NodeId>>;
  /** The chosen node whose value goes on. */
  readonly output: NodeId;
  /** Keys of parameters as they become: `w` → `gate1/w`. */
  readonly keys: ReadonlyMap<string, string>;
}

/** One node of an operation of one's own in the place of what it holds. An older one of its name is changed everywhere. */
export const putOwn =
  ({ own, ids, node, at, feeds, output, keys }: Replacement): Edit =>
  (project) => {
    const changed = changeOwn(own)(project);
    const nodes: Record<NodeId, Node> = {};
    let placed = false;
    for (const [id, old] of Object.entries(changed.nodes)) {
      if (!ids.has(id)) nodes[id] = old;
      else if (!placed) {
        nodes[node] = { id: node, op: ownName(own), attrs: {} };
        placed = true;
      }
    }
    const edges: Record<string, Edge> = {};
    const keep = (e: Edge): void => void (edges[e.id] = e);
    for (const e of Object.values(changed.edges)) {
      if (ids.has(e.to)) continue;
      keep(ids.has(e.from) ? edge(e.from === output ? node : e.from, e.to, e.port) : e);
    }
    for (const [port, from] of Object.entries(feeds)) keep(edge(from, node, port));
    const positions = Object.fromEntries([
      ...Object.entries(changed.positions).filter(([id]) => !ids.has(id)),
      [node, at] as const,
    ]);
    const { objective, ...training } = changed.settings.training;
    const marked = objective !== undefined && ids.has(objective) ? (objective === output ? node : undefined) : objective;
    const settings = {
      ...changed.settings,
      training: { ...training, ...(marked === undefined ? {} : { objective: marked }) },
    };
    return { ...changed, nodes, edges, positions, settings, ...renamedNumbers(changed, (key) => keys.get(key) ?? key) };
  };

/** Takes a node of such an operation apart into the nodes that it holds; layers among them stay whole. */
export const openOwn =
  (id: NodeId): Edit =>
  (project) => {
    const own = ownAt(ownOf(project), project.nodes[id]?.op ?? '');
    if (!own) return project;
    const inside = (part: NodeId): NodeId => `${id}/${part}`;
    const parts = Object.values(own.nodes).map((node) => ({ ...node, id: inside(node.id) }));
    const feed = (port: string): NodeId | undefined => project.edges[edgeId(id, port)]?.from;
    const edges: Record<string, Edge> = {};
    for (const e of Object.values(own.edges)) {
      const from = Object.hasOwn(own.nodes, e.from) ? inside(e.from) : feed(e.from);
      if (from !== undefined) edges[edgeId(inside(e.to), e.port)] = edge(from, inside(e.to), e.port);
    }
    return explode(id, {
      graph: { nodes: Object.fromEntries(parts.map((node) => [node.id, node])), edges },
      owner: new Map(parts.map((node) => [node.id, id])),
      output: new Map([[id, inside(own.output)]]),
    })(project);
  };

/** The operation in the place of the one of the same name, wherever that is used; else it is added. */
export const changeOwn =
  (own: OwnOperation): Edit =>
  (project) => {
    const before = ownCalled(own.name, ownOf(project));
    return before === undefined ? addOwn({ [ownName(own)]: own })(project) : exchange(before, own)(project);
  };

export const renameOwn =
  (op: string, name: string): Edit =>
  (project) => {
    const own = ownAt(ownOf(project), op);
    return own && own.name !== name.trim() ? exchange(op, { ...own, name: name.trim() })(project) : project;
  };

/** Only what nothing uses can go; see `usesOfOwn`. */
export const deleteOwn =
  (op: string): Edit =>
  (project) => {
    const { [op]: _, ...rest } = ownOf(project);
    return withOwn(project, rest);
  };

/** Who uses an operation: nodes of the drawing, and names of other operations of one's own. */
export function usesOfOwn(
  project: Project,
  op: string,
): { readonly nodes: readonly NodeId[]; readonly inside: readonly string[] } {
  return {
    nodes: Object.values(project.nodes)
      .filter((node) => node.op === op)
      .map(({ id }) => id),
    inside: Object.values(ownOf(project))
      .filter((own) => Object.values(own.nodes).some((node) => node.op === op))
      .map(({ name }) => name),
  };
}

/** Another operation for one: its uses take the new one, and with it those operations that hold it, and so on. */
const exchange =
  (before: string, after: OwnOperation): Edit =>
  (project) => {
    const old = ownOf(project);
    const renamed = new Map<string, string>();
    const now: Record<string, OwnOperation> = {};
    const settle = (op: string): string => {
      const known = renamed.get(op);
      if (known !== undefined) return known;
      const own = op === before ? after : old[op]!;
      const held = Object.values(own.nodes).map((node): Node => {
        if (!Object.hasOwn(old, node.op) || (op === before && ownUsed([node], old).has(before))) return node;
        const next = settle(node.op);
        return next === node.op ? node : { ...node, op: next };
      });
      const changed = held.every((node) => own.nodes[node.id] === node)
        ? own
        : { ...own, nodes: Object.fromEntries(held.map((node) => [node.id, node])) };
      const name = ownName(changed);
      renamed.set(op, name);
      now[name] = changed;
      return name;
    };
    for (const op of Object.keys(old)) settle(op);
    const nodes = Object.fromEntries(
      Object.entries(project.nodes).map(([id, node]) => {
        const next = renamed.get(node.op);
        return [id, next === undefined || next === node.op ? node : { ...node, op: next }];
      }),
    );
    // Connections to inputs that there are no more.
    const edges = Object.fromEntries(
      Object.entries(project.edges).filter(([, e]) => {
        const own = ownAt(now, nodes[e.to]?.op ?? '');
        return !own || own.inputs.includes(e.port);
      }),
    );
    return withOwn({ ...project, nodes, edges }, now);
  };
