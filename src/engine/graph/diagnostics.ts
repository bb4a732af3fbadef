/**
 * What can be wrong with a drawing, as values. Each entry of the catalogue is a function from the facts
 * to a sentence that says what is wrong, where, and what to do; a code with wrong facts does not compile.
 */
import type { EdgeId, NodeId } from './graph';

export type Severity = 'error' | 'warning' | 'hint';

export interface Place {
  readonly node?: NodeId;
  readonly edge?: EdgeId;
  readonly port?: string;
  readonly attr?: string;
}

export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  readonly at: Place;
  readonly message: string;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Diagnostic[] };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const failed = (problems: readonly Diagnostic[]): Result<never> => ({ ok: false, problems });

interface Entry<F extends readonly unknown[]> {
  readonly severity: Severity;
  readonly say: (...facts: F) => string;
}
const entry = <F extends readonly unknown[]>(severity: Severity, say: (...facts: F) => string): Entry<F> => ({
  severity,
  say,
});

export const catalogue = {
  cycle: entry(
    'error',
    (nodes: string) =>
      `These nodes feed each other in a circle: ${nodes}. Backpropagation needs an order, so remove one of their connections.`,
  ),
  'unknown-op': entry(
    'error',
    (node: string, op: string) => `'${node}' is of the unknown kind '${op}'. Replace it by a node from the palette.`,
  ),
  'missing-input': entry(
    'error',
    (node: string, port: string) => `'${node}' needs a value at its input '${port}'. Draw a connection to it.`,
  ),
  'unknown-port': entry(
    'error',
    (node: string, port: string) => `'${node}' has no input called '${port}'. Connect to one of its own inputs.`,
  ),
  'unknown-node': entry(
    'error',
    (edge: string, node: string) =>
      `The connection '${edge}' names '${node}', which is not in the drawing. Remove the connection.`,
  ),
  'taken-port': entry(
    'error',
    (node: string, port: string) =>
      `The input '${port}' of '${node}' is taken. Remove its connection first, or use another input.`,
  ),
  'shape-mismatch': entry('error', (node: string, reason: string) => `'${node}': ${reason}`),
  'bad-attribute': entry('error', (node: string, attr: string, reason: string) => `'${attr}' of '${node}' ${reason}`),
  'no-loss': entry(
    'warning',
    () => 'Nothing says what to learn: add a loss (for example a squared error) and connect a prediction and a target to it.',
  ),
  'several-losses': entry(
    'error',
    (nodes: string) =>
      `There are several losses (${nodes}). Add them up with an 'add' node, or mark one as the loss to minimise.`,
  ),
  'loss-not-scalar': entry(
    'error',
    (node: string, shape: string) =>
      `'${node}' is to be minimised but has the shape ${shape}; a loss is one number for each sample. Put a sum or a mean after it.`,
  ),
  'nothing-to-learn': entry(
    'warning',
    () => 'The loss depends on no parameter, so training cannot change it. Add a parameter, a neuron or a layer before it.',
  ),
  'no-gradient': entry(
    'error',
    (node: string, op: string, instead: string) =>
      `'${node}' is a ${op.toLowerCase()}: its derivative is 0 everywhere but at the jump, so nothing before it can learn. Use a ${instead.toLowerCase()} instead.`,
  ),
  'unused-node': entry('hint', (node: string) => `'${node}' does not lead to the loss and is left out of training.`),
  'data-missing': entry('warning', () => 'There is no data yet. Choose a data set in the Data panel.'),
  'data-width': entry(
    'error',
    (node: string, has: number, needs: number) =>
      `'${node}' takes ${needs} number${needs === 1 ? '' : 's'} for each sample, but the data offers it ${has}. Change its shape to ${has}, or choose other columns.`,
  ),
  'data-column': entry(
    'error',
    (node: string, column: string) =>
      `'${node}' asks for the column '${column}', which the data does not have. Choose another column.`,
  ),
  'bce-unbounded': entry(
    'warning',
    (node: string, prediction: string) =>
      `'${node}' expects probabilities between 0 and 1, but '${prediction}' is not bounded. Put a sigmoid before it, or use the cross-entropy from logits.`,
  ),
  'empty-drawing': entry('hint', () => 'The drawing is empty. Double-click the canvas to add a first node.'),
} satisfies Record<string, Entry<never>>;

export type DiagnosticCode = keyof typeof catalogue;
type Facts<C extends DiagnosticCode> = Parameters<(typeof catalogue)[C]['say']>;

export function diagnostic<C extends DiagnosticCode>(code: C, at: Place, ...facts: Facts<C>): Diagnostic {
  const { severity, say } = catalogue[code] as Entry<Facts<C>>;
  return { code, severity, at, message: say(...facts) };
}
