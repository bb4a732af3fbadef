/**
 * A piece of drawing as text, so that copying works between windows and into mails. What comes back may be
 * anything, so it is taken apart field by field, and only nodes of known operations are let in.
 */
import type { Fragment } from '../../engine/graph/edits';
import { type AttrValue, edge, type Edge, type Node, type NodeId } from '../../engine/graph/graph';
import type { Point } from '../../engine/graph/project';
import { idFault } from '../../engine/graph/node-names';
import { Faults, type Json, Reader } from '../../engine/graph/file-reader';
import { opInFile, type OwnInFile, readOwn, writeOwn } from '../../engine/graph/own-file';
import { learn, opOf } from '../../engine/ops/index';

const KIND = 'chainrule/nodes';
const MOST_NODES = 5000;

export function fragmentText({ composites = {}, nodes, ...rest }: Fragment): string {
  return JSON.stringify(
    {
      kind: KIND,
      version: 1,
      ...(Object.keys(composites).length > 0 ? { composites: writeOwn(composites) } : {}),
      nodes: nodes.map((node) => ({ ...node, op: opInFile(node.op, composites) })),
      ...rest,
    },
    null,
    1,
  );
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const isAttr = (value: unknown): value is AttrValue =>
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value)) ||
  (Array.isArray(value) && value.every((x) => typeof x === 'number' && Number.isFinite(x)));

function parseNode(value: unknown, own: OwnInFile): Node | null {
  if (!isFields(value)) return null;
  const { id, op: written, attrs, label, group } = value;
  if (typeof id !== 'string' || id === '' || idFault(id) !== null || typeof written !== 'string' || !isFields(attrs)) return null;
  const op = own.named(written) ?? written;
  if (!opOf(op)) return null;
  const known = Object.entries(attrs).filter(
    (entry): entry is [string, AttrValue] => isAttr(entry[1]) && Object.hasOwn(opOf(op)!.attrs, entry[0]),
  );
  return {
    id,
    op,
    attrs: Object.fromEntries(known),
    ...(typeof label === 'string' && label !== '' && { label: label.slice(0, 200) }),
    ...(typeof group === 'string' && group !== '' && { group: group.slice(0, 200) }),
  };
}

const parsePoint = (value: unknown): Point | null =>
  isFields(value) && typeof value['x'] === 'number' && typeof value['y'] === 'number' && Number.isFinite(value['x'] + value['y'])
    ? { x: value['x'], y: value['y'] }
    : null;

/** The operations of one's own that came along; none when something is wrong with them. */
function parseOwn(value: unknown): OwnInFile {
  const none: OwnInFile = { operations: {}, named: () => undefined };
  if (!isFields(value)) return none;
  const faults = new Faults();
  const own = readOwn(new Reader(value as Json, 'composites', faults), opOf);
  return faults.list.length > 0 ? none : own;
}

/** The piece of drawing that a text holds; null when it holds none. */
export function parseFragment(text: string): Fragment | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isFields(value) || value['kind'] !== KIND || !Array.isArray(value['nodes'])) return null;
  const own = parseOwn(value['composites']);
  learn(own.operations);
  const nodes = new Map<NodeId, Node>();
  for (const entry of value['nodes'].slice(0, MOST_NODES)) {
    const node = parseNode(entry, own);
    if (node) nodes.set(node.id, node);
  }
  if (nodes.size === 0) return null;
  const edges = new Map<string, Edge>();
  for (const entry of Array.isArray(value['edges']) ? value['edges'] : []) {
    if (!isFields(entry)) continue;
    const { from, to, port } = entry;
    if (typeof from !== 'string' || typeof to !== 'string' || typeof port !== 'string') continue;
    if (!nodes.has(from) || !nodes.has(to)) continue;
    const made = edge(from, to, port);
    edges.set(made.id, made);
  }
  const given = isFields(value['positions']) ? value['positions'] : {};
  const positions: Record<NodeId, Point> = {};
  let column = 0;
  for (const id of nodes.keys()) {
    const at = Object.hasOwn(given, id) ? parsePoint(given[id]) : null;
    positions[id] = at ?? { x: column++ * 160, y: 0 };
  }
  const composites = Object.keys(own.operations).length > 0 ? { composites: own.operations } : {};
  return { nodes: [...nodes.values()], edges: [...edges.values()], positions, ...composites };
}
