/**
 * Every edit of a project, as a pure function from project to project. Edits keep what they do not touch
 * by identity, so that diffs are found by comparing references; an edit that has nothing to do returns the
 * project itself. Whether an edit is wise (cycles, shapes) is asked before, of `compile/check`.
 */
import {
  type AttrValue,
  depthsOf,
  type Edge,
  type EdgeId,
  edge,
  edgeId,
  type Graph,
  type Node,
  type NodeId,
  type Table,
} from './graph';
import { idFault } from './node-names';
import { type OwnOperations, ownUsed } from './own-operation';
import { renamedNumbers } from './stored-bookmarks';
import type { Bookmark, Point, Project, Settings, StoredTensor, Training } from './project';

export type Edit = (project: Project) => Project;

const without = <K extends string, V>(table: Table<K, V>, gone: (key: K, value: V) => boolean): Table<K, V> => {
  const entries = Object.entries(table) as [K, V][];
  const kept = entries.filter(([key, value]) => !gone(key, value));
  return kept.length === entries.length ? table : (Object.fromEntries(kept) as Table<K, V>);
};

const has = (project: Project, id: NodeId): boolean => Object.hasOwn(project.nodes, id);

/** The edits one after the other. */
export const inTurn =
  (...edits: readonly Edit[]): Edit =>
  (project) =>
    edits.reduce((now, edit) => edit(now), project);

// Names ---------------------------------------------------------------------------------------------

const NAME = /^[\p{L}\p{N}_-][\p{L}\p{N} _-]*$/u;

/** An id is taken when a node has it, or when a node is a part of something of that name (`fc/weight`). */
const isTaken = (nodes: Graph['nodes'], id: NodeId): boolean =>
  Object.hasOwn(nodes, id) || Object.keys(nodes).some((other) => other.startsWith(`${id}/`));

/** The first of `base1`, `base2`, … that no node has. With `bare`, `base` itself comes first. */
export function freshId(nodes: Graph['nodes'], base: string, bare = false): NodeId {
  if (bare && !isTaken(nodes, base)) return base;
  for (let number = bare ? 2 : 1; ; number++) {
    const id = `${base}${number}`;
    if (!isTaken(nodes, id)) return id;
  }
}

/** What is wrong with a new name for a node, as a sentence; null when it will do. */
export function nameFault(project: Project, id: NodeId, name: string): string | null {
  if (name === id) return null;
  if (name.trim() === '') return 'A node needs a name. Type at least one letter.';
  if (name.length > 60) return 'This name is too long. Use at most 60 characters.';
  // A part of an opened layer may keep the layer's name before its own.
  const owner = id.slice(0, id.lastIndexOf('/') + 1);
  const own = owner !== '' && name.startsWith(owner) ? name.slice(owner.length) : name;
  if (!NAME.test(own)) return 'A name consists of letters, digits, spaces, dashes and underscores. Leave out other characters.';
  if (
    isTaken(
      without(project.nodes, (key) => key === id),
      name,
    )
  )
    return `There is already a node called '${name}'. Choose another name.`;
  // Names that files refuse are refused here, while one can still do something about it.
  return idFault(name) === null ? null : `'${name}' may not be used as a name. Choose another name.`;
}

// Nodes and edges -----------------------------------------------------------------------------------

export const addNode =
  (node: Node, at: Point): Edit =>
  (project) => ({
    ...project,
    nodes: { ...project.nodes, [node.id]: node },
    positions: { ...project.positions, [node.id]: at },
  });

/** A connection; what was at the port before is replaced. */
export const connect =
  (from: NodeId, to: NodeId, port: string): Edit =>
  (project) => {
    if (!has(project, from) || !has(project, to)) return project;
    const made = edge(from, to, port);
    const old = project.edges[made.id];
    if (old?.from === from) return project;
    return { ...project, edges: { ...project.edges, [made.id]: made } };
  };

/** Removes nodes with their edges, and edges; ids may be of either. */
export const remove =
  (ids: Iterable<NodeId | EdgeId>): Edit =>
  (project) => {
    const gone = new Set(ids);
    const nodes = without(project.nodes, (id) => gone.has(id));
    const lost = (id: NodeId): boolean => gone.has(id) && has(project, id);
    const edges = without(project.edges, (id, e) => gone.has(id) || lost(e.from) || lost(e.to));
    if (nodes === project.nodes && edges === project.edges) return project;
    return {
      ...project,
      nodes,
      edges,
      positions: without(project.positions, lost),
      settings: withObjective(project.settings, (id) => (lost(id) ? undefined : id)),
      ...(project.weights && { weights: without(project.weights, (key) => lost(ownerOfKey(key, project.nodes))) }),
    };
  };

/** Removes nodes with one way through, and joins what fed their first port with what they fed. */
export const removeAndHeal =
  (ids: Iterable<NodeId>, firstPort: (node: Node) => string | undefined): Edit =>
  (project) => {
    let now = project;
    for (const id of ids) {
      const node = now.nodes[id];
      if (!node) continue;
      const port = firstPort(node);
      const source = port === undefined ? undefined : now.edges[edgeId(id, port)]?.from;
      const fed = Object.values(now.edges).filter((e) => e.from === id);
      now = remove([id])(now);
      if (source !== undefined && has(now, source)) for (const e of fed) now = connect(source, e.to, e.port)(now);
    }
    return now;
  };

export const setAttr =
  (id: NodeId, name: string, value: AttrValue): Edit =>
  (project) => {
    const node = project.nodes[id];
    if (!node || node.attrs[name] === value) return project;
    return { ...project, nodes: { ...project.nodes, [id]: { ...node, attrs: { ...node.attrs, [name]: value } } } };
  };

/** Drops the edges into ports that a node no longer has, after its attributes changed. */
export const keepPorts =
  (id: NodeId, ports: readonly string[]): Edit =>
  (project) => {
    const edges = without(project.edges, (_, e) => e.to === id && !ports.includes(e.port));
    return edges === project.edges ? project : { ...project, edges };
  };

/** What people read instead of the id; '' takes the label away. */
export const setLabel =
  (id: NodeId, label: string): Edit =>
  (project) => {
    const node = project.nodes[id];
    if (!node || (node.label ?? '') === label) return project;
    const { label: _, ...bare } = node;
    return { ...project, nodes: { ...project.nodes, [id]: label === '' ? bare : { ...bare, label } } };
  };

/** Key of kept weights (`fc/weight`) → the node of the drawing that it belongs to. */
export const ownerOfKey = (key: string, nodes: Graph['nodes']): NodeId => {
  if (Object.hasOwn(nodes, key)) return key;
  const cut = key.lastIndexOf('/');
  return cut < 0 ? key : ownerOfKey(key.slice(0, cut), nodes);
};

/** The settings with another node, or none, marked as what training minimises. */
export const withObjective = (settings: Settings, change: (id: NodeId) => NodeId | undefined): Settings => {
  const { objective, ...training } = settings.training;
  if (objective === undefined) return settings;
  const now = change(objective);
  if (now === objective) return settings;
  return { ...settings, training: now === undefined ? training : { ...training, objective: now } };
};

/** A new id for a node, everywhere it is named, kept in its place in the tables. */
export const rename =
  (id: NodeId, name: NodeId): Edit =>
  (project) => {
    if (!has(project, id) || nameFault(project, id, name) !== null || name === id) return project;
    return renameAll(project, (other) => (other === id ? name : other));
  };

function renameAll(project: Project, nameOf: (id: NodeId) => NodeId): Project {
  const table = <V>(from: Table<NodeId, V>, value: (v: V, id: NodeId) => V): Table<NodeId, V> =>
    Object.fromEntries(Object.entries(from).map(([key, v]) => [nameOf(key), value(v, nameOf(key))]));
  const edges = Object.entries(project.edges).map(([key, e]) => {
    const [from, to] = [nameOf(e.from), nameOf(e.to)];
    const made = from === e.from && to === e.to ? e : edge(from, to, e.port);
    return [made === e ? key : made.id, made] as const;
  });
  const weightKey = (key: string): string => {
    const owner = ownerOfKey(key, project.nodes);
    return nameOf(owner) + key.slice(owner.length);
  };
  return {
    ...project,
    nodes: table(project.nodes, (node, id) => (node.id === id ? node : { ...node, id })),
    edges: Object.fromEntries(edges),
    positions: table(project.positions, (at) => at),
    settings: withObjective(project.settings, nameOf),
    ...renamedNumbers(project, weightKey),
  };
}

/** Puts a node that is already drawn into an edge: the edge's source feeds `port`, the node feeds its target. */
export const insertOnEdge =
  (id: EdgeId, node: NodeId, port: string): Edit =>
  (project) => {
    const old = project.edges[id];
    if (!old || !has(project, node) || old.from === node || old.to === node) return project;
    return inTurn(connect(old.from, node, port), connect(node, old.to, old.port))(project);
  };

// Positions -----------------------------------------------------------------------------------------

export const place =
  (positions: Readonly<Record<NodeId, Point>>): Edit =>
  (project) => {
    const moved = Object.entries(positions).filter(([id, { x, y }]) => {
      const at = project.positions[id];
      return has(project, id) && (at?.x !== x || at.y !== y);
    });
    return moved.length === 0 ? project : { ...project, positions: { ...project.positions, ...Object.fromEntries(moved) } };
  };

const origin: Point = { x: 0, y: 0 };

export const move =
  (ids: Iterable<NodeId>, dx: number, dy: number): Edit =>
  (project) => {
    const to: Record<NodeId, Point> = {};
    for (const id of ids) {
      if (!has(project, id)) continue;
      const at = project.positions[id] ?? origin;
      to[id] = { x: at.x + dx, y: at.y + dy };
    }
    return place(to)(project);
  };

export interface Size {
  readonly width: number;
  readonly height: number;
}
export type Alignment = 'left' | 'right' | 'top' | 'bottom' | 'center-x' | 'center-y' | 'distribute-x' | 'distribute-y';

/** Lines nodes up by their boxes (positions are centres), or gives them equal gaps. */
export const align =
  (ids: readonly NodeId[], how: Alignment, sizeOf: (id: NodeId) => Size): Edit =>
  (project) => {
    const present = ids.filter((id) => has(project, id));
    if (present.length < 2) return project;
    const horizontal = how === 'left' || how === 'right' || how === 'center-x' || how === 'distribute-x';
    const boxes = present.map((id) => {
      const at = project.positions[id] ?? origin;
      const size = sizeOf(id);
      return horizontal ? { id, at, middle: at.x, length: size.width } : { id, at, middle: at.y, length: size.height };
    });
    const starts = boxes.map((b) => b.middle - b.length / 2);
    const ends = boxes.map((b) => b.middle + b.length / 2);
    const [start, end] = [Math.min(...starts), Math.max(...ends)];
    const middles = new Map<NodeId, number>();
    if (how === 'distribute-x' || how === 'distribute-y') {
      const sorted = [...boxes].sort((a, b) => a.middle - b.middle);
      const total = boxes.reduce((sum, b) => sum + b.length, 0);
      const gap = (end - start - total) / (boxes.length - 1);
      let at = start;
      for (const b of sorted) {
        middles.set(b.id, at + b.length / 2);
        at += b.length + gap;
      }
    } else {
      for (const b of boxes)
        middles.set(
          b.id,
          how === 'left' || how === 'top'
            ? start + b.length / 2
            : how === 'right' || how === 'bottom'
              ? end - b.length / 2
              : (start + end) / 2,
        );
    }
    const to: Record<NodeId, Point> = {};
    for (const b of boxes) {
      const middle = Math.round(middles.get(b.id)! * 2) / 2;
      to[b.id] = horizontal ? { x: middle, y: b.at.y } : { x: b.at.x, y: middle };
    }
    return place(to)(project);
  };

// Groups --------------------------------------------------------------------------------------------

export const groupsOf = (project: Project): ReadonlyMap<string, readonly NodeId[]> => {
  const groups = new Map<string, NodeId[]>();
  for (const node of Object.values(project.nodes)) {
    if (node.group === undefined) continue;
    const members = groups.get(node.group);
    if (members) members.push(node.id);
    else groups.set(node.group, [node.id]);
  }
  return groups;
};

export const freshGroup = (project: Project, base = 'group'): string => {
  const taken = groupsOf(project);
  if (base !== 'group' && !taken.has(base)) return base;
  for (let number = base === 'group' ? 1 : 2; ; number++) if (!taken.has(`${base}${number}`)) return `${base}${number}`;
};

const regroup = (project: Project, change: (node: Node) => string | undefined): Project => {
  let changed = false;
  const nodes = Object.fromEntries(
    Object.entries(project.nodes).map(([id, node]) => {
      const group = change(node);
      if (group === node.group) return [id, node];
      changed = true;
      const { group: _, ...bare } = node;
      return [id, group === undefined ? bare : { ...bare, group }];
    }),
  );
  return changed ? { ...project, nodes } : project;
};

export const group =
  (ids: Iterable<NodeId>, name: string): Edit =>
  (project) => {
    const chosen = new Set(ids);
    return regroup(project, (node) => (chosen.has(node.id) ? name : node.group));
  };

export const ungroup =
  (ids: Iterable<NodeId>): Edit =>
  (project) => {
    const chosen = new Set(ids);
    return regroup(project, (node) => (chosen.has(node.id) ? undefined : node.group));
  };

export const renameGroup =
  (from: string, to: string): Edit =>
  (project) =>
    to.trim() === '' ? project : regroup(project, (node) => (node.group === from ? to.trim() : node.group));

// Copies --------------------------------------------------------------------------------------------

/** Part of a drawing: what travels through the clipboard. */
export interface Fragment {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  readonly positions: Table<NodeId, Point>;
  /** Operations of one's own that the nodes are, with those inside them. */
  readonly composites?: OwnOperations;
}

/** The chosen nodes and the edges between them. */
export function fragmentOf(project: Project, ids: Iterable<NodeId>): Fragment {
  const chosen = new Set(ids);
  const nodes = Object.values(project.nodes).filter((node) => chosen.has(node.id));
  const edges = Object.values(project.edges).filter((e) => chosen.has(e.from) && chosen.has(e.to));
  const positions = Object.fromEntries(nodes.map(({ id }) => [id, project.positions[id] ?? origin]));
  const all = project.composites ?? {};
  const used = [...ownUsed(nodes, all)];
  return {
    nodes,
    edges,
    positions,
    ...(used.length > 0 ? { composites: Object.fromEntries(used.map((op) => [op, all[op]!])) } : {}),
  };
}

/** New names for a fragment's nodes: `dense1` becomes the next free `dense2`. */
export function namesForPaste(project: Project, fragment: Fragment): ReadonlyMap<NodeId, NodeId> {
  const names = new Map<NodeId, NodeId>();
  let taken = project.nodes;
  for (const node of fragment.nodes) {
    const base = node.id.replace(/\d+$/, '').replaceAll('/', '-') || 'node';
    const numbered = /\d$/.test(node.id);
    const id = freshId(taken, base, !numbered);
    names.set(node.id, id);
    taken = { ...taken, [id]: node };
  }
  return names;
}

export const paste =
  (fragment: Fragment, names: ReadonlyMap<NodeId, NodeId>, dx: number, dy: number): Edit =>
  (project) => {
    if (fragment.nodes.length === 0) return project;
    const nodes: Record<NodeId, Node> = { ...project.nodes };
    const positions: Record<NodeId, Point> = { ...project.positions };
    const edges: Record<EdgeId, Edge> = { ...project.edges };
    const groups = new Map<string, string>();
    for (const node of fragment.nodes) {
      const id = names.get(node.id)!;
      const at = fragment.positions[node.id] ?? origin;
      if (node.group !== undefined && !groups.has(node.group)) {
        const taken = new Set([...groupsOf(project).keys(), ...groups.values()]);
        let name = node.group;
        for (let number = 2; taken.has(name); number++) name = `${node.group.replace(/\d+$/, '')}${number}`;
        groups.set(node.group, name);
      }
      nodes[id] = { ...node, id, ...(node.group !== undefined && { group: groups.get(node.group)! }) };
      positions[id] = { x: at.x + dx, y: at.y + dy };
    }
    for (const e of fragment.edges) {
      const made = edge(names.get(e.from)!, names.get(e.to)!, e.port);
      edges[made.id] = made;
    }
    return { ...project, nodes, positions, edges };
  };

/** Copies beside the originals, with the edges that lead into them from outside. */
export const duplicate =
  (ids: readonly NodeId[], names: ReadonlyMap<NodeId, NodeId>, dx: number, dy: number): Edit =>
  (project) => {
    const chosen = new Set(ids);
    const pasted = paste(fragmentOf(project, ids), names, dx, dy)(project);
    const incoming = Object.values(project.edges).filter((e) => chosen.has(e.to) && !chosen.has(e.from));
    return inTurn(...incoming.map((e) => connect(e.from, names.get(e.to)!, e.port)))(pasted);
  };

// Composites ----------------------------------------------------------------------------------------

/** What `compile/expand` says about a drawing; the graph's floor cannot ask it. */
export interface Expansion {
  readonly graph: Graph;
  readonly owner: ReadonlyMap<NodeId, NodeId>;
  readonly output: ReadonlyMap<NodeId, NodeId>;
}

const PART_GAP: Point = { x: 220, y: 110 };

/**
 * Replaces a composite by its parts, where it stood. Parts keep their ids (`fc/weight`), so trained and
 * kept weights stay theirs; they are grouped under the composite's name, and what stood to the right
 * makes room.
 */
export const explode =
  (id: NodeId, expansion: Expansion): Edit =>
  (project) => {
    const node = project.nodes[id];
    const output = expansion.output.get(id);
    const parts = Object.values(expansion.graph.nodes).filter((part) => part.id !== id && expansion.owner.get(part.id) === id);
    if (!node || output === undefined || parts.length === 0) return project;
    const isPart = new Set(parts.map((part) => part.id));
    const drawn = (source: NodeId): NodeId => (isPart.has(source) ? source : (expansion.owner.get(source) ?? source));
    const inner = Object.values(expansion.graph.edges).filter((e) => isPart.has(e.to));

    const columns = columnsOf({
      nodes: Object.fromEntries(parts.map((p) => [p.id, p])),
      edges: Object.fromEntries(inner.filter((e) => isPart.has(e.from)).map((e) => [e.id, e])),
    });
    const at = project.positions[id] ?? origin;
    const room = (columns.length - 1) * PART_GAP.x;
    const positions: Record<NodeId, Point> = {};
    for (const [other, p] of Object.entries(project.positions)) {
      if (other !== id) positions[other] = p.x > at.x ? { x: p.x + room, y: p.y } : p;
    }
    const fed = new Set(inner.map((e) => e.to));
    columns.forEach((column, c) => {
      // The way of the data stays level; a lone parameter hangs above it.
      const path = column.filter((part) => fed.has(part));
      const rest = column.filter((part) => !fed.has(part));
      const middle = path.length > 0 ? path : rest.length > 1 ? rest : [];
      const above = middle === rest ? [] : rest;
      const top = (middle.length - 1) / 2;
      middle.forEach((part, row) => {
        positions[part] = { x: at.x + c * PART_GAP.x, y: at.y + (row - top) * PART_GAP.y };
      });
      above.forEach((part, row) => {
        positions[part] = { x: at.x + c * PART_GAP.x, y: at.y - (Math.max(0, top) + 1 + row) * PART_GAP.y };
      });
    });

    const name = freshGroup(project, id);
    const nodes: Record<NodeId, Node> = {};
    for (const other of Object.values(project.nodes)) {
      if (other.id !== id) nodes[other.id] = other;
      else for (const part of parts) nodes[part.id] = { ...part, group: node.group ?? name };
    }
    const edges: Record<EdgeId, Edge> = {};
    for (const e of Object.values(project.edges)) {
      if (e.to === id) continue;
      edges[e.id] = e.from === id ? { ...e, from: output } : e;
    }
    for (const e of inner) {
      const made = edge(drawn(e.from), e.to, e.port);
      edges[made.id] = made;
    }
    return { ...project, nodes, edges, positions, settings: withObjective(project.settings, (o) => (o === id ? output : o)) };
  };

/** Nodes from left to right; no column is empty. */
function columnsOf(graph: Graph): NodeId[][] {
  const columns: NodeId[][] = [];
  for (const [id, at] of depthsOf(graph)) {
    while (columns.length <= at) columns.push([]);
    columns[at]!.push(id);
  }
  return columns.filter((column) => column.length > 0);
}

// Settings and weights ------------------------------------------------------------------------------

export const setSettings =
  (change: Partial<Settings>): Edit =>
  (project) => ({ ...project, settings: { ...project.settings, ...change } });

export const setTraining =
  (change: Partial<Training>): Edit =>
  (project) => ({ ...project, settings: { ...project.settings, training: { ...project.settings.training, ...change } } });

/** Another project in place of this one; what this one keeps of its training stays with it. */
export const exchange =
  (other: Project, stays: 'bookmarks' | 'all' = 'all'): Edit =>
  ({ weights, bookmarks }) => ({
    ...other,
    ...(stays === 'all' && weights !== undefined && { weights }),
    ...(bookmarks !== undefined && { bookmarks }),
  });

/** Puts a bookmark among the others, in place of one of the same step and name. */
export const keepBookmark =
  (bookmark: Bookmark): Edit =>
  (project) => {
    const others = (project.bookmarks ?? []).filter(({ name, step }) => name !== bookmark.name || step !== bookmark.step);
    return { ...project, bookmarks: [...others, bookmark].toSorted((a, b) => a.step - b.step) };
  };

/** The bookmark itself is meant, not its position: others may have come before it meanwhile. */
export const dropBookmark =
  (bookmark: Bookmark): Edit =>
  (project) => {
    const { bookmarks = [], ...bare } = project;
    if (!bookmarks.includes(bookmark)) return project;
    const rest = bookmarks.filter((other) => other !== bookmark);
    return rest.length === 0 ? bare : { ...bare, bookmarks: rest };
  };

export const nameBookmark =
  (bookmark: Bookmark, name: string): Edit =>
  (project) => {
    const { bookmarks = [] } = project;
    const at = bookmarks.indexOf(bookmark);
    if (at < 0 || bookmark.name === name || name === '') return project;
    return { ...project, bookmarks: bookmarks.with(at, { ...bookmark, name }) };
  };

/** Writes trained numbers into the project, or (null) takes them out. */
export const keepWeights =
  (weights: Table<string, StoredTensor> | null): Edit =>
  (project) => {
    const { weights: _, ...bare } = project;
    return weights === null ? bare : { ...bare, weights };
  };
