/**
 * From chosen nodes of a drawing to an operation of one's own. What feeds them from outside becomes its
 * inputs, the one node whose value goes on becomes its result; where that cannot be, a sentence says why.
 */
import { freshId } from '../graph/edits';
import { edge, type Edge, type Graph, linksOf, type Node, type NodeId, reaches } from '../graph/graph';
import { type OwnOperation, ownCalled, ownNameFault, ownUsed } from '../graph/own-operation';
import type { Replacement } from '../graph/own-edits';
import type { Point, Project } from '../graph/project';
import { completeAttrs } from '../ops/attrs';
import { opOf } from '../ops/index';
import { nameOf } from './infer';

/** An input of the operation that is to be made: which value it takes, and where that goes. */
export interface OwnInput {
  /** A name that fits, made from what feeds it. */
  readonly name: string;
  /** The node outside that feeds it; null: a port that nothing feeds yet. */
  readonly from: NodeId | null;
  readonly to: readonly { readonly node: NodeId; readonly port: string }[];
}

export interface OwnDraft {
  readonly ids: ReadonlySet<NodeId>;
  readonly inputs: readonly OwnInput[];
  readonly output: NodeId;
}

const listed = (project: Graph, ids: readonly NodeId[]): string =>
  ids
    .slice(0, 4)
    .map((id) => `'${nameOf(project.nodes[id]!)}'`)
    .join(', ') + (ids.length > 4 ? ', …' : '');

/** What the chosen nodes would be as an operation, or why they cannot be one. */
export function draftOwn(project: Project, chosen: Iterable<NodeId>): OwnDraft | string {
  const ids = new Set([...chosen].filter((id) => Object.hasOwn(project.nodes, id)));
  if (ids.size === 0) return 'Select the nodes that the operation is to hold.';
  const links = linksOf(project);
  const kindOf = (id: NodeId) => opOf(project.nodes[id]!.op);
  const unknown = [...ids].find((id) => !kindOf(id));
  if (unknown !== undefined)
    return `'${nameOf(project.nodes[unknown]!)}' is of a kind that this program does not know. Leave it out.`;
  const ends = [...ids].filter((id) => {
    const op = kindOf(id)!;
    return (op.kind === 'source' && (op.role === 'input' || op.role === 'target')) || (op.kind === 'primitive' && op.loss);
  });
  if (ends.length > 0)
    return `Inputs, targets and losses belong to the whole drawing and cannot be parts of an operation. Leave out ${listed(project, ends)}.`;
  if ([...ids].every((id) => kindOf(id)!.kind === 'source'))
    return 'An operation computes something. Select at least one node that does, not only numbers.';

  const goesOn = [...ids].filter((id) => {
    const out = links.outOf.get(id)!;
    return out.length === 0 || out.some((e) => !ids.has(e.to));
  });
  if (goesOn.length > 1)
    return `An operation has one result, but ${goesOn.length} of these values go on or end here: ${listed(project, goesOn)}. Select nodes that come together in one.`;
  const [output] = goesOn;
  if (output === undefined) return 'These nodes form a circle. Break it first.';

  const inputs: { name: string; from: NodeId | null; to: { node: NodeId; port: string }[] }[] = [];
  const taken: Record<string, Node> = Object.fromEntries(
    [...ids].map((id) => [innerName(ids, id), { id, op: '', attrs: {} }] as const),
  );
  const named = (wish: string): string => {
    const name = freshId(taken, wish.replace(/[^\p{L}\p{N} _-]+/gu, '-') || 'x', true);
    taken[name] = { id: name, op: '', attrs: {} };
    return name;
  };
  for (const id of Object.keys(project.nodes)) {
    if (!ids.has(id)) continue;
    const op = kindOf(id)!;
    for (const { name: port } of op.ports(completeAttrs(op, project.nodes[id]!.attrs))) {
      const from = links.into.get(id)!.get(port)?.from ?? null;
      if (from !== null && ids.has(from)) continue;
      const known = from === null ? undefined : inputs.find((input) => input.from === from);
      if (known) known.to.push({ node: id, port });
      else
        inputs.push({
          name: named(from === null ? port : from.slice(from.lastIndexOf('/') + 1)),
          from,
          to: [{ node: id, port }],
        });
    }
  }
  for (const { from } of inputs)
    if (from !== null && reaches(links, output, from))
      return `'${nameOf(project.nodes[from]!)}' takes the result of these nodes and feeds them: together they would be a circle. Select it too.`;
  return { ids, inputs, output };
}

/** Where all chosen nodes are parts of one opened thing, that thing's name is not repeated inside. */
function prefixOf(ids: ReadonlySet<NodeId>): string {
  const [first = ''] = ids;
  for (let cut = first.lastIndexOf('/'); cut > 0; cut = first.lastIndexOf('/', cut - 1)) {
    const prefix = first.slice(0, cut + 1);
    if ([...ids].every((id) => id.startsWith(prefix))) return prefix;
  }
  return '';
}
const innerName = (ids: ReadonlySet<NodeId>, id: NodeId): NodeId => id.slice(prefixOf(ids).length);

/** What is wrong with the names, as a sentence; null when the operation can be made. */
export function ownFault(project: Project, draft: OwnDraft, name: string, inputNames: readonly string[]): string | null {
  const fault = ownNameFault(name);
  if (fault !== null) return fault;
  const inner = new Set([...draft.ids].map((id) => innerName(draft.ids, id)));
  for (const [at, input] of inputNames.entries()) {
    if (!/^[\p{L}\p{N}_-][\p{L}\p{N} _-]*$/u.test(input) || input.length > 40)
      return `Input ${at + 1} needs a name of letters, digits, spaces, dashes and underscores.`;
    if (inner.has(input)) return `'${input}' is the name of a part. Give input ${at + 1} another name.`;
    if (inputNames.indexOf(input) !== at) return `Two inputs are called '${input}'. Give each a name of its own.`;
  }
  const all = project.composites ?? {};
  const same = ownCalled(name, all);
  if (
    same !== undefined &&
    ownUsed(
      [...draft.ids].map((id) => project.nodes[id]!),
      all,
    ).has(same)
  )
    return `'${all[same]!.name}' is one of these nodes or inside one, and no operation can hold itself. Choose another name, or open that node into parts first.`;
  return null;
}

/** The operation with its place in the drawing. Names were checked by `ownFault`. */
export function replacementFor(project: Project, draft: OwnDraft, name: string, inputNames: readonly string[]): Replacement {
  const { ids, inputs, output } = draft;
  const short = (id: NodeId): NodeId => innerName(ids, id);
  const nodes: Record<NodeId, Node> = {};
  for (const id of Object.keys(project.nodes)) {
    if (!ids.has(id)) continue;
    const { op, attrs, label } = project.nodes[id]!;
    nodes[short(id)] = { id: short(id), op, attrs, ...(label === undefined ? {} : { label }) };
  }
  const edges: Record<string, Edge> = {};
  const keep = (e: Edge): void => void (edges[e.id] = e);
  for (const e of Object.values(project.edges))
    if (ids.has(e.to) && ids.has(e.from)) keep(edge(short(e.from), short(e.to), e.port));
  for (const [at, input] of inputs.entries())
    for (const { node, port } of input.to) keep(edge(inputNames[at]!, short(node), port));
  const all = project.composites ?? {};
  const before = ownCalled(name, all);
  const own: OwnOperation = {
    name: before === undefined ? name.trim() : all[before]!.name,
    inputs: inputNames,
    output: short(output),
    nodes,
    edges,
  };

  // Made again from the parts of one that was opened, it takes its old name, and parameters keep their keys.
  const opened = prefixOf(ids).slice(0, -1);
  const rest = Object.fromEntries(Object.entries(project.nodes).filter(([id]) => !ids.has(id)));
  const base = own.name.toLowerCase().replaceAll(' ', '-');
  const node = opened !== '' && freshId(rest, opened, true) === opened ? opened : freshId(rest, base);
  return {
    own,
    ids,
    node,
    at: middleOf(project, ids),
    feeds: Object.fromEntries(inputs.flatMap(({ from }, at) => (from === null ? [] : [[inputNames[at]!, from] as const]))),
    output,
    keys: keysFor(project, ids, (id) => `${node}/${short(id)}`),
  };
}

/** Keys of stored parameters, of the nodes themselves or of parts inside them. */
function keysFor(project: Project, ids: ReadonlySet<NodeId>, renamed: (id: NodeId) => string): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const key of Object.keys(project.weights ?? {}))
    for (const id of ids) if (key === id || key.startsWith(`${id}/`)) keys.set(key, `${renamed(id)}${key.slice(id.length)}`);
  return keys;
}

function middleOf(project: Project, ids: ReadonlySet<NodeId>): Point {
  const points = [...ids].map((id) => project.positions[id] ?? { x: 0, y: 0 });
  const mean = (of: (p: Point) => number): number =>
    Math.round(points.reduce((sum, p) => sum + of(p), 0) / points.length / 10) * 10;
  return { x: mean(({ x }) => x), y: mean(({ y }) => y) };
}
