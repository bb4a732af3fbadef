/**
 * The file form of a project: JSON that a person can read, write and compare (docs/file-format.md).
 * Reading trusts nothing: every fault is a sentence with its place, and a file with a fault gives no
 * project. What a node's kind and attributes may be is asked of a lookup that the caller passes (`opOf`),
 * since this floor lies below the operations; without one they are left to `compile/check`.
 */
import { Faults, ID_LIMIT, isObject, Reader, shown, type FileFault, type Json } from './file-reader';
import { edgeId, type AttrValue, type Edge, type Node, type NodeId } from './graph';
import { readJson } from './json';
import { attrFault, isAttr, withDefaults, type OpFacts, type OpLookup } from './op-facts';
import { ownAt } from './own-operation';
import { factsOf, opInFile, OWN_IN_FILE, type OwnInFile, readOwn } from './own-file';
import { defaultSettings, type Point, type Project } from './project';
import { FILE_FORMAT, FILE_VERSION } from './project-text';
import { idFault, noNode } from './node-names';
import { readData, readSplit } from './data-file';
import { readLock } from './lock';
import { readTraining } from './training-file';
import { readBookmarks } from './stored-bookmarks';
import { readWeights } from './stored-weights';

/** Characters of a project file; also the bytes that are read at most. */
export const FILE_LIMIT = 64 * 1024 * 1024;
export const NODE_LIMIT = 200_000;
const EDGE_LIMIT = 800_000;

export type Parsed =
  | { readonly ok: true; readonly value: Project }
  | { readonly ok: false; readonly faults: readonly FileFault[] };

/** Faults as lines of text: `nodes.a.op: …`. */
export const faultText = (faults: readonly FileFault[]): string => faults.map((f) => `${f.place}: ${f.message}`).join('\n');

/** Turns the JSON of an older version into that of the next; `migrations[0]` reads version 1. Version 1 is the first. */
const migrations: readonly ((file: Json) => Json)[] = [];

/** The project in a file's text, or every fault found (the first twenty). */
export function parseProject(text: string, lookup?: OpLookup): Parsed {
  const faults = new Faults();
  const refuse = (place: string, message: string): Parsed => ({ ok: false, faults: [{ place, message }] });
  if (text.length > FILE_LIMIT)
    return refuse(
      'the file',
      `is larger than ${FILE_LIMIT / 1024 / 1024} MB, which no project needs. Check that it is the right file.`,
    );
  if (looksBinary(text))
    return refuse('the file', 'is not a Chainrule project: it does not hold text. Choose a .chainrule file.');
  const read = readJson(text);
  if ('fault' in read) {
    const { line, column, reason } = read.fault;
    return refuse(
      `line ${line}, column ${column}`,
      `${reason}. The file is not valid JSON from here on; correct this place or restore an older copy.`,
    );
  }
  if (!isObject(read.value)) return refuse('the file', `must hold one object { … }, but holds ${shown(read.value)}.`);
  let json: Json = read.value;
  if (json.format !== FILE_FORMAT)
    return refuse(
      'format',
      `must be "${FILE_FORMAT}", but is ${shown(json.format)}. This is not a Chainrule project, or the line was lost.`,
    );
  const version = json.version;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1)
    return refuse('version', `must be a whole number, but is ${shown(version)}. Write "version": ${FILE_VERSION}.`);
  if (version > FILE_VERSION)
    return refuse(
      'version',
      `is ${version}, but this program reads versions up to ${FILE_VERSION}. Open the file with a newer Chainrule.`,
    );
  for (let v = version; v < FILE_VERSION; v++) json = migrations[v - 1]!(json);

  const file = new Reader(json, '', faults);
  file.get('format');
  file.get('version');
  file.get('$schema');
  const project = readProject(file, lookup);
  file.end();
  return faults.list.length > 0 ? { ok: false, faults: faults.list } : { ok: true, value: project };
}

/** Control characters and replacement characters, which text files do not hold, in the first thousands of characters. */
function looksBinary(text: string): boolean {
  const head = text.slice(0, 4096);
  // Replacement characters, and control characters other than tabs and line ends.
  const odd = head.match(/(?![\t-\r])[\p{Cc}\ufffd]/gu)?.length ?? 0;
  return odd > head.length / 50 + (head.includes('\u0000') ? -1 : 0) && odd > 0;
}

function readProject(file: Reader, lookup: OpLookup | undefined): Project {
  const { faults } = file;
  const title = file.text('title', defaultSettings.title, 1000);
  const notes = file.text('notes', '');
  const own = readOwn(file.object('composites'), lookup);
  const nodes: Record<NodeId, Node> = {};
  const positions: Record<NodeId, Point> = {};
  const nodesIn = file.object('nodes');
  if (!nodesIn) {
    if (file.get('nodes') === undefined) faults.add('nodes', 'is missing. Write "nodes": {} for an empty drawing.');
  } else {
    const ids = Object.keys(nodesIn.json);
    if (ids.length > NODE_LIMIT) faults.add('nodes', `are ${ids.length}, but a drawing may have at most ${NODE_LIMIT}.`);
    else
      for (const [index, id] of ids.entries()) {
        if (faults.full) break;
        const whole = id.split('/').map((_, end, parts) => parts.slice(0, end).join('/'));
        const owner = whole.find((name) => Object.hasOwn(nodesIn.json, name));
        const fault =
          idFault(id) ??
          (owner === undefined
            ? null
            : `the name '${id}' is that of a part of '${owner}', which is drawn too. Rename one of them.`);
        if (fault) {
          faults.add(nodesIn.at(id.slice(0, ID_LIMIT)), fault);
          continue;
        }
        const reader = nodesIn.object(id);
        if (reader) [nodes[id], positions[id]] = readNode(id, reader, index, lookup, own);
      }
  }
  const factsIn = (op: string): OpFacts | undefined => {
    const mine = ownAt(own.operations, op);
    return mine ? factsOf(mine) : lookup?.(op);
  };
  const edges: Record<string, Edge> = {};
  const edgesIn = file.object('edges');
  if (edgesIn) {
    const keys = Object.keys(edgesIn.json);
    if (keys.length > EDGE_LIMIT) faults.add('edges', `are ${keys.length}, but a drawing may have at most ${EDGE_LIMIT}.`);
    else
      for (const key of keys) {
        if (faults.full) break;
        const dot = key.indexOf('.');
        const [to, port] = [key.slice(0, dot), key.slice(dot + 1)];
        const from = edgesIn.get(key);
        const place = `edges.${key.slice(0, 2 * ID_LIMIT)}`;
        if (dot < 1 || port === '' || idFault(port))
          faults.add(place, 'does not name an input. Write "node.input": "source", for example "hidden.x": "input".');
        else if (typeof from !== 'string') faults.add(place, `must name the node that it comes from, but is ${shown(from)}.`);
        else if (!Object.hasOwn(nodes, to)) faults.add(place, noNode(to, nodes));
        else if (!Object.hasOwn(nodes, from)) faults.add(place, noNode(from, nodes));
        else {
          const facts = factsIn(nodes[to]!.op);
          const ports = facts?.ports(withDefaults(facts, nodes[to]!.attrs));
          if (ports && !ports.some((p) => p.name === port))
            faults.add(
              place,
              `'${to}' (${opInFile(nodes[to]!.op, own.operations)}) has no input '${port}'. ${
                ports.length === 0
                  ? 'It takes no inputs.'
                  : `Its inputs are: ${ports
                      .slice(0, 12)
                      .map((p) => p.name)
                      .join(', ')}.`
              }`,
            );
          edges[edgeId(to, port)] = { id: edgeId(to, port), from, to, port };
        }
      }
  }
  const data = readData(file.object('data'));
  const split = readSplit(file.object('split'));
  const training = readTraining(file.object('training'), nodes);
  const weights = readWeights(file.object('weights'));
  const bookmarks = readBookmarks(file, 'bookmarks');
  return {
    nodes,
    edges,
    positions,
    settings: { title, notes, data, split, training, ...readLock(file.object('lock')) },
    ...(Object.keys(own.operations).length > 0 ? { composites: own.operations } : {}),
    ...(weights ? { weights } : {}),
    ...(bookmarks ? { bookmarks } : {}),
  };
}

function readNode(id: NodeId, reader: Reader, index: number, lookup: OpLookup | undefined, own: OwnInFile): [Node, Point] {
  const { faults } = reader;
  const written = reader.text('op', undefined, ID_LIMIT);
  const mine = own.named(written);
  const op = mine ?? written;
  const facts = mine !== undefined ? factsOf(own.operations[mine]!) : lookup && op !== '' ? lookup(op) : undefined;
  if (lookup && op !== '' && !facts)
    faults.add(
      reader.at('op'),
      written.startsWith(OWN_IN_FILE)
        ? `'${written.slice(OWN_IN_FILE.length)}' is not among the operations of this file. Add it under "composites", or use another operation.`
        : `'${op}' is not an operation that this program knows. Check the spelling; docs/operations.md lists them all.`,
    );
  const attrs: Record<string, AttrValue> = {};
  const attrsIn = reader.object('attrs');
  if (attrsIn) {
    for (const name of Object.keys(attrsIn.json)) {
      if (faults.full) break;
      if (facts && !Object.hasOwn(facts.attrs, name)) continue;
      const value = attrsIn.get(name)!;
      const fault = facts
        ? attrFault(facts.attrs[name]!, value)
        : isAttr(value)
          ? null
          : 'a number, a text, true or false, or a list of numbers';
      if (fault) faults.add(attrsIn.at(name), `must be ${fault}, but is ${shown(value)}.`);
      else attrs[name] = value as AttrValue;
    }
    if (facts) {
      for (const name of Object.keys(facts.attrs)) attrsIn.get(name);
      attrsIn.end();
    }
  }
  const label = reader.get('label') === undefined ? undefined : reader.text('label', undefined, 1000);
  const group = reader.get('group') === undefined ? undefined : reader.text('group', undefined, 1000);
  // A hand-written file need not place its nodes: those without a place stand in rows.
  let point: Point = { x: (index % 8) * 180, y: Math.floor(index / 8) * 120 };
  const at = reader.get('at');
  if (at !== undefined) {
    if (Array.isArray(at) && at.length === 2 && at.every((c) => typeof c === 'number' && Math.abs(c) <= 1e7))
      point = { x: at[0] as number, y: at[1] as number };
    else faults.add(reader.at('at'), `must be [x, y] with numbers up to ten million, but is ${shown(at)}.`);
  }
  reader.end();
  return [{ id, op, attrs, ...(label === undefined ? {} : { label }), ...(group === undefined ? {} : { group }) }, point];
}
