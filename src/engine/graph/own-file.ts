/**
 * Operations of one's own in a project's file: by their names, `"composites": { "Gate": … }`, and used as
 * `"op": "own:Gate"`. Inside the program their names are made from what they hold (`own-operation.ts`).
 */
import { ID_LIMIT, type Reader, shown } from './file-reader';
import { edgeId, type AttrValue, type Edge, type Node } from './graph';
import { idFault } from './node-names';
import { isAttr, type OpFacts, type OpLookup } from './op-facts';
import { OWN, type OwnOperation, ownName, ownNameFault, type OwnOperations } from './own-operation';

export const OWN_IN_FILE = 'own:';

/** What a reader of nodes needs to know of the operations of a file. */
export interface OwnInFile {
  readonly operations: OwnOperations;
  /** The name inside the program for one in the file; undefined when there is none of that name. */
  readonly named: (op: string) => string | undefined;
}

export const factsOf = (own: OwnOperation): OpFacts => ({ attrs: {}, ports: () => own.inputs.map((name) => ({ name })) });

export function readOwn(reader: Reader | null, lookup: OpLookup | undefined): OwnInFile {
  const operations: Record<string, OwnOperation> = {};
  const names = new Map<string, string>();
  if (!reader) return { operations, named: () => undefined };
  const { faults } = reader;
  const open = new Set<string>();
  const read = (name: string): string | undefined => {
    const known = names.get(name);
    if (known !== undefined || faults.full || !Object.hasOwn(reader.json, name)) return known;
    const place = reader.at(name);
    const fault = ownNameFault(name);
    if (fault !== null || name.trim() !== name) {
      faults.add(place, fault ?? 'begins or ends with a space. Leave it out.');
      return undefined;
    }
    const body = reader.object(name);
    if (!body) return undefined;
    if (open.has(name)) {
      faults.add(place, 'holds itself. An operation can only hold others; remove the node that uses it.');
      return undefined;
    }
    open.add(name);
    const own = readOne(name, body, lookup, (op) =>
      op.startsWith(OWN_IN_FILE) ? read(op.slice(OWN_IN_FILE.length)) : undefined,
    );
    open.delete(name);
    if (!own) return undefined;
    const op = ownName(own);
    names.set(name, op);
    operations[op] = own;
    return op;
  };
  for (const name of Object.keys(reader.json)) read(name);
  return { operations, named: (op) => (op.startsWith(OWN_IN_FILE) ? names.get(op.slice(OWN_IN_FILE.length)) : undefined) };
}

function readOne(
  name: string,
  body: Reader,
  lookup: OpLookup | undefined,
  named: (op: string) => string | undefined,
): OwnOperation | null {
  const { faults } = body;
  const before = faults.list.length;
  const inputs = body.texts('inputs', []);
  const output = body.text('output', undefined, ID_LIMIT);
  const nodes: Record<string, Node> = {};
  const nodesIn = body.object('nodes');
  if (!nodesIn) faults.add(body.at('nodes'), 'is missing. An operation holds at least one node.');
  for (const id of Object.keys(nodesIn?.json ?? {})) {
    if (faults.full) break;
    const fault = idFault(id);
    const reader = nodesIn!.object(id);
    if (fault) faults.add(nodesIn!.at(id.slice(0, ID_LIMIT)), fault);
    if (fault || !reader) continue;
    const written = reader.text('op', undefined, ID_LIMIT);
    const op = written.startsWith(OWN_IN_FILE) ? named(written) : written;
    if (
      op === undefined ||
      op.startsWith(OWN) !== written.startsWith(OWN_IN_FILE) ||
      (lookup && !op.startsWith(OWN) && !lookup(op))
    )
      faults.add(reader.at('op'), `'${written}' is not an operation that this program or this file knows. Check the spelling.`);
    const attrs: Record<string, AttrValue> = {};
    const attrsIn = reader.object('attrs');
    for (const key of Object.keys(attrsIn?.json ?? {})) {
      const value = attrsIn!.get(key)!;
      if (isAttr(value)) attrs[key] = value as AttrValue;
      else faults.add(attrsIn!.at(key), `must be a number, a text, true or false, or a list of numbers, but is ${shown(value)}.`);
    }
    const label = reader.get('label') === undefined ? undefined : reader.text('label', undefined, 1000);
    reader.end();
    nodes[id] = { id, op: op ?? written, attrs, ...(label === undefined ? {} : { label }) };
  }
  for (const input of inputs)
    if (idFault(input) || Object.hasOwn(nodes, input))
      faults.add(body.at('inputs'), `'${input.slice(0, ID_LIMIT)}' cannot be the name of an input. Use a name that no node has.`);
  if (!Object.hasOwn(nodes, output))
    faults.add(body.at('output'), `names the node '${output}', which the operation does not hold.`);
  const edges: Record<string, Edge> = {};
  const edgesIn = body.object('edges');
  for (const key of Object.keys(edgesIn?.json ?? {})) {
    if (faults.full) break;
    const dot = key.indexOf('.');
    const [to, port] = [key.slice(0, dot), key.slice(dot + 1)];
    const from = edgesIn!.get(key);
    if (
      dot < 1 ||
      port === '' ||
      !Object.hasOwn(nodes, to) ||
      typeof from !== 'string' ||
      !(Object.hasOwn(nodes, from) || inputs.includes(from))
    )
      faults.add(
        `${edgesIn!.place}.${key.slice(0, 2 * ID_LIMIT)}`,
        'must lead from a node or an input of the operation to an input of one of its nodes, as in "sum.a": "product".',
      );
    else edges[edgeId(to, port)] = { id: edgeId(to, port), from, to, port };
  }
  body.end();
  return faults.list.length > before ? null : { name, inputs, output, nodes, edges };
}

/** The name of an operation in the file. */
export const opInFile = (op: string, operations: OwnOperations): string =>
  Object.hasOwn(operations, op) ? `${OWN_IN_FILE}${operations[op]!.name}` : op;

/** The file's form; operations stand before those that hold them. */
export function writeOwn(operations: OwnOperations): Record<string, unknown> {
  return Object.fromEntries(
    Object.values(operations).map((own) => [
      own.name,
      {
        inputs: own.inputs,
        output: own.output,
        nodes: Object.fromEntries(
          Object.values(own.nodes).map(({ id, op, attrs, label }) => [
            id,
            {
              op: opInFile(op, operations),
              ...(Object.keys(attrs).length > 0 ? { attrs } : {}),
              ...(label === undefined ? {} : { label }),
            },
          ]),
        ),
        edges: Object.fromEntries(Object.values(own.edges).map((e) => [e.id, e.from])),
      },
    ]),
  );
}
