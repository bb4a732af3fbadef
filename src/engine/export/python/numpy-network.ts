/**
 * A drawing in NumPy: a function for the forward pass, and one for the loss and its gradients, with the
 * reverse pass written out by hand as one would on paper.
 */
import { ancestors } from '../../compile/objective';
import type { Node, NodeId } from '../../graph/graph';
import { type Drawn, DrawingWriter, isPerSample, type Leaf } from './drawing';
import { listed, predictionWords } from './file';
import { numpy } from './library';
import { indented, type Python, stringText } from './text';

export interface NumpyNetwork {
  /** Functions that the others call, then `forward` and, where something learns, `loss_and_gradients`. */
  readonly code: readonly Python[];
  readonly constants: readonly Python[];
  readonly parameters: readonly Leaf[];
  readonly learns: boolean;
  /** What `forward` takes. */
  readonly inputs: readonly Leaf[];
  /** What `loss_and_gradients` takes. */
  readonly lossInputs: readonly Leaf[];
  readonly targets: readonly Leaf[];
}

/** `needed`: the nodes on the way to the prediction. `weighed`: whether rows may count differently in the loss. */
export function numpyNetwork(
  prepared: Drawn,
  nodes: Readonly<Record<NodeId, Node>>,
  needed: ReadonlySet<NodeId>,
  weighed = false,
): NumpyNetwork {
  const { inferred, objective, prediction } = prepared;
  // Two passes of the same drawing: one that only answers, one that keeps what the reverse pass asks for.
  const plain = new DrawingWriter(numpy, prepared, nodes);
  const readsAny = (lines: readonly string[], name: string): boolean =>
    lines.some((line) => new RegExp(`(?<![\\w.])${name}(?!\\w)`).test(line));
  const answer = prediction?.node;
  const forwardLines = answer === undefined ? [] : plain.forward(needed, new Set([answer]));
  if (answer !== undefined) forwardLines.push(`return ${plain.text(answer)}`);
  const inputs = plain.inputs.filter(({ id }) => needed.has(id));
  const used = plain.parameters.filter(({ name }) => readsAny(forwardLines, name));

  const full = new DrawingWriter(numpy, prepared, nodes, { functions: plain.functions });
  const toLoss = objective === null ? null : ancestors(inferred, [objective]);
  const learns = toLoss !== null && full.parameters.some(({ id, frozen }) => !frozen && toLoss.has(id));
  const parameters = learns
    ? full.parameters.filter(({ id }) => toLoss.has(id) || needed.has(id))
    : plain.parameters.filter(({ id }) => needed.has(id));
  const lossInputs = full.inputs.filter(({ id }) => toLoss?.has(id));
  const targets = full.targets.filter(({ id }) => toLoss?.has(id));

  const signature = (name: string, leaves: readonly string[], own: readonly string[], all: boolean): string =>
    listed(`def ${name}(`, [...leaves, ...(own.length > 0 ? ['*', ...own] : []), ...(all ? [] : ['**_'])], '):');

  const forward =
    answer === undefined
      ? ''
      : [
          signature(
            'forward',
            inputs.map(({ name }) => name),
            used.map(({ name }) => name),
            used.length === parameters.length,
          ),
          `    """${predictionWords(prediction!.takes)} for each row."""`,
          ...indented(forwardLines),
        ].join('\n');

  let backward = '';
  if (learns) {
    const kept = new Set([...full.readBack(), objective!]);
    const lines = full.forward(toLoss, kept);
    const perSample = isPerSample(prepared);
    const loss = full.text(objective!);
    const even = `np.full(len(${loss}), 1 / len(${loss}))`;
    const seed = weighed ? `${even} if row_weights is None else row_weights / len(${loss})` : even;
    const pass = full.backward(perSample ? seed : 'np.float64(1)');
    const mean = perSample && weighed ? `(${loss} if row_weights is None else ${loss} * row_weights).mean()` : `${loss}.mean()`;
    const entries = parameters
      .filter(({ id }) => pass.gradients.has(id))
      .map(({ id, name }) => `${stringText(name)}: ${pass.gradients.get(id)}`);
    const own = parameters.filter(({ name }) => readsAny([...lines, ...pass.lines], name));
    backward = [
      signature(
        'loss_and_gradients',
        [...lossInputs, ...targets].map(({ name }) => name),
        [...own.map(({ name }) => name), ...(perSample && weighed ? ['row_weights=None'] : [])],
        own.length === parameters.length,
      ),
      `    """The ${perSample ? 'mean loss over the rows' : 'loss'}, and its slope along every number that is learned."""`,
      ...indented(lines),
      '',
      '    # Backward: what comes back at each value, from the loss to the weights.',
      ...indented(pass.lines),
      listed(`    return ${perSample ? mean : loss}, {`, entries, '}'),
    ].join('\n');
  }

  const constants = [...new Map([...plain.constants, ...full.constants].map((c) => [c.name, `${c.name} = ${c.text}`])).values()];
  return {
    code: [...plain.functions.definitions, forward, backward].filter((part) => part !== ''),
    constants,
    parameters,
    learns,
    inputs,
    lossInputs,
    targets,
  };
}
