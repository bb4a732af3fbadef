/**
 * What both directions of drawings as text agree on: how names are spelled, those of one's own operations too, what
 * names mean that nobody assigns, and faults.
 */
import type { Graph, Node, NodeId } from '../../graph/graph';
import { ownAt, type OwnOperations } from '../../graph/own-operation';
import { opOf, ops } from '../../ops/index';
import type { Op } from '../../ops/op';

/** A drawing with the operations of one's own that it may use. */
export type OwnDrawing = Graph & { readonly composites?: OwnOperations };

/** What is wrong, at a place of the text. */
export class Fault extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

export const spelled = (op: string): string => op.replaceAll(/[- ]/g, '_');

/** How a call says which operation is meant: an own one that is spelled like another is called in `quotation marks`. */
export function callName(op: string, own: OwnOperations): string {
  const name = ownAt(own, op)?.name;
  if (name === undefined) return spelled(op);
  const isClear =
    !builtIn(spelled(name)) && Object.values(own).filter((other) => spelled(other.name) === spelled(name)).length === 1;
  return isClear ? spelled(name) : `\`${name}\``;
}

/** The operation that a call means. */
export function calledOp(name: string, isQuoted: boolean, own: OwnOperations): Op | undefined {
  const exact = Object.keys(own).find((op) => own[op]!.name === name);
  if (isQuoted && exact !== undefined) return opOf(exact);
  const found = builtIn(name);
  if (found) return found;
  const alike = Object.keys(own).find((op) => spelled(own[op]!.name) === name);
  return alike === undefined ? undefined : opOf(alike);
}

const builtIn = (name: string): Op | undefined => ops.get(name.replaceAll('_', '-'));

/** What nodes are named after that the text does not name: `multiply1`, `gate1`. */
export const nodeBase = (op: string, own: OwnOperations): string => {
  const name = ownAt(own, op)?.name;
  return name === undefined ? op : name.toLowerCase().replaceAll(' ', '-');
};

const PARAMETER = /^[wbvθWBV]|^theta/;
const TARGET = /^t(\d|_|$)|^target/;

/** What a name is that nobody assigns. */
export const freeNode = (id: NodeId): Node =>
  TARGET.test(id)
    ? { id, op: 'target', attrs: { shape: [] } }
    : PARAMETER.test(id)
      ? { id, op: 'parameter', attrs: { shape: [], ...(/^[bB]/.test(id) ? { role: 'bias', initializer: 'zeros' } : {}) } }
      : { id, op: 'input', attrs: { shape: [] } };
