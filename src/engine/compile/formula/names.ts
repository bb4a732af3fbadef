/** What both directions of drawings as text agree on: how names are spelled, what they mean unassigned, faults. */
import type { Node, NodeId } from '../../graph/graph';

/** What is wrong, at a place of the text. */
export class Fault extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

export const spelled = (op: string): string => op.replaceAll('-', '_');

const PARAMETER = /^[wbvθWBV]|^theta/;
const TARGET = /^t(\d|_|$)|^target/;

/** What a name is that nobody assigns. */
export const freeNode = (id: NodeId): Node =>
  TARGET.test(id)
    ? { id, op: 'target', attrs: { shape: [] } }
    : PARAMETER.test(id)
      ? { id, op: 'parameter', attrs: { shape: [], ...(/^[bB]/.test(id) ? { role: 'bias', initializer: 'zeros' } : {}) } }
      : { id, op: 'input', attrs: { shape: [] } };
