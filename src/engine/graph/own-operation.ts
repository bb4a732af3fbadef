/**
 * An operation of one's own: a drawn piece of network with a name, used as a node wherever the piece is
 * wanted. Its name in a drawing is made from what it holds, so equal operations have equal names in every
 * project, a changed one is another operation, and none can hold itself.
 */
import type { Edge, EdgeId, Node, NodeId, Table } from './graph';

export interface OwnOperation {
  /** What people call it; one operation of a project has it. */
  readonly name: string;
  /** Its ports, in order. Edges from one of these names come from outside. */
  readonly inputs: readonly string[];
  /** The node whose value is the operation's. */
  readonly output: NodeId;
  readonly nodes: Table<NodeId, Node>;
  readonly edges: Table<EdgeId, Edge>;
}

export const OWN = 'own-';
/** By the names that nodes use (`op`). */
export type OwnOperations = Table<string, OwnOperation>;

/** The operation of that name; names come from files, so they may be any word. */
export const ownAt = (all: OwnOperations, op: string): OwnOperation | undefined => (Object.hasOwn(all, op) ? all[op] : undefined);

/** The operation's name in a drawing. */
export function ownName(own: OwnOperation): string {
  const nodes = Object.values(own.nodes).map(({ id, op, attrs, label }) => [id, op, Object.entries(attrs).sort(), label ?? '']);
  const edges = Object.values(own.edges).map(({ id, from }) => [id, from]);
  const text = JSON.stringify([own.name, own.inputs, own.output, nodes, edges.sort()]);
  return `${OWN}${hash(text, 0x811c9dc5)}${hash(text, 0x2a5f31c7)}`;
}

/** FNV-1a over UTF-16 units, mixed once more. */
function hash(text: string, start: number): string {
  let h = start;
  for (let at = 0; at < text.length; at++) h = Math.imul(h ^ text.charCodeAt(at), 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return ((h ^ (h >>> 12)) >>> 0).toString(16).padStart(8, '0');
}

/** Operations of one's own that a drawing or another such operation uses, with those inside them. */
export function ownUsed(nodes: Iterable<Node>, all: OwnOperations): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (op: string): void => {
    const own = ownAt(all, op);
    if (!own || found.has(op)) return;
    found.add(op);
    for (const node of Object.values(own.nodes)) visit(node.op);
  };
  for (const node of nodes) visit(node.op);
  return found;
}

/** The name of an operation's own name, if there is one: names are compared as people read them. */
export const ownCalled = (name: string, all: OwnOperations): string | undefined =>
  Object.keys(all).find((op) => all[op]!.name.toLowerCase() === name.trim().toLowerCase());

const NAME = /^[\p{L}][\p{L}\p{N} _-]*$/u;

/** What is wrong with a name for an operation of one's own, as a sentence; null when it will do. */
export function ownNameFault(name: string): string | null {
  const text = name.trim();
  if (text === '') return 'An operation needs a name. Type at least one letter.';
  if (text.length > 40) return 'This name is too long. Use at most 40 characters.';
  if (!NAME.test(text)) return 'A name begins with a letter and consists of letters, digits, spaces, dashes and underscores.';
  return null;
}
