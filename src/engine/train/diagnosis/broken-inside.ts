/**
 * Cures for a number that broke inside a node: an operation of one's own is changed wherever it is used, or the node
 * is opened for good and its part cured. Both hand the part's surroundings, as a drawing, to the cures of drawn nodes.
 */
import { expand } from '../../compile/expand';
import { infer } from '../../compile/infer';
import { type Edit, explode, inTurn } from '../../graph/edits';
import { type Edge, edge, edgeId, type Node, type NodeId } from '../../graph/graph';
import { changeOwn, openOwn } from '../../graph/own-edits';
import { ownAt, type OwnOperation } from '../../graph/own-operation';
import { emptyProject, type Project } from '../../graph/project';
import type { Trouble } from '../training';
import { type Cure, nameOf } from './finding';

type CuresOf = (project: Project, trouble: Trouble) => readonly Cure[];

/** In the sketch of an operation, what takes its value. */
const SINK = '(value)';

export function curesInside(project: Project, trouble: Trouble, curesOf: CuresOf): readonly Cure[] {
  const { node, part, from: _, ...rest } = trouble;
  if (node === undefined || part === undefined || !part.startsWith(`${node}/`)) return [];
  const own = ownAt(project.composites ?? {}, project.nodes[node]?.op ?? '');
  const path = part.slice(node.length + 1);
  const inOwn = own ? insideOwn(project, own, curesOf(sketchOf(project, own), { ...rest, ...placeOf(own.nodes, path) })) : [];
  const open = opening(project, node);
  const opened = open(project);
  if (opened === project) return inOwn;
  const name = nameOf(project, node);
  return [
    ...inOwn,
    ...curesOf(opened, { ...rest, ...placeOf(opened.nodes, part) })
      // An operation that is changed as a whole needs not be opened for that.
      .filter(({ edit }) => edit(opened).composites === opened.composites)
      .map((cure) => ({ ...cure, title: `Open ${name}: ${lower(cure.title)}`, edit: inTurn(open, cure.edit) })),
  ];
}

const lower = (title: string): string => title[0]!.toLowerCase() + title.slice(1);

/** The drawn node that a part lies in: the part itself, or what holds it. */
function placeOf(nodes: Project['nodes'], path: string): Pick<Trouble, 'node' | 'part'> {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const node = path.slice(0, end);
    if (Object.hasOwn(nodes, node)) return end === path.length ? { node } : { node, part: path };
  }
  return {};
}

const opening = (project: Project, node: NodeId): Edit =>
  ownAt(project.composites ?? {}, project.nodes[node]?.op ?? '')
    ? openOwn(node)
    : (now) => explode(node, expand(now, infer(now).shapes))(now);

/** An operation's parts as a drawing of their own, with a node for each input, and one that takes the value. */
function sketchOf(project: Project, own: OwnOperation): Project {
  const ends: readonly Node[] = [
    ...own.inputs.map((id): Node => ({ id, op: 'input', attrs: {} })),
    { id: SINK, op: 'identity', attrs: {} },
  ];
  return {
    ...emptyProject,
    nodes: { ...own.nodes, ...Object.fromEntries(ends.map((node) => [node.id, node])) },
    edges: { ...own.edges, [edgeId(SINK, 'x')]: edge(own.output, SINK, 'x') },
    ...(project.composites ? { composites: project.composites } : {}),
  };
}

/** The operation that a changed sketch says. */
function ownOf(own: OwnOperation, { nodes, edges }: Project): OwnOperation {
  const ends = new Set([...own.inputs, SINK]);
  const output = edges[edgeId(SINK, 'x')]!.from;
  return {
    ...own,
    output,
    nodes: Object.fromEntries(Object.entries(nodes).filter(([id]) => !ends.has(id))),
    edges: Object.fromEntries(Object.entries(edges).filter(([, { to }]: [string, Edge]) => to !== SINK)),
  };
}

function insideOwn(project: Project, own: OwnOperation, cures: readonly Cure[]): readonly Cure[] {
  return cures.map(({ title, edit, restart }) => {
    const sketch = sketchOf(project, own);
    const changed = edit(sketch);
    return {
      title: changed.composites === sketch.composites ? `${title} in every ${own.name}` : title,
      // Of an operation that this one holds, the change is that one's.
      edit: changed.composites === sketch.composites ? changeOwn(ownOf(own, changed)) : edit,
      restart,
    };
  });
}
