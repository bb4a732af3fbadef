/**
 * A drawing in NumPy: a function for the forward pass, and one for the loss and its gradients, with the
 * reverse pass written out by hand as one would on paper. Where something trains differently than it is used, that
 * function does as training does, and another gives the loss in use.
 */
import { ancestors } from '../../compile/objective';
import type { Node, NodeId } from '../../graph/graph';
import { isBatched } from '../../ir/shape';
import { type Drawn, DrawingWriter, isPerSample, type Leaf } from './drawing';
import { listed, predictionWords, trainsDifferently } from './file';
import { numpy } from './library';
import { indented, type Python, stringText } from './text';

export interface NumpyNetwork {
  /** Functions that the others call, then `forward` and, where something learns, `loss_and_gradients` and `loss_in_use`. */
  readonly code: readonly Python[];
  readonly constants: readonly Python[];
  readonly parameters: readonly Leaf[];
  readonly learns: boolean;
  /** Whether `loss_and_gradients` is of training, and `loss_in_use` stands beside it. */
  readonly trainsDifferently: boolean;
  /** Whether `loss_and_gradients` takes `rng`, and whether it gives the new averages too. */
  readonly draws: boolean;
  readonly averages: boolean;
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

  const differs = trainsDifferently(prepared);
  const full = new DrawingWriter(numpy, prepared, nodes, { functions: plain.functions, training: differs });
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

  const perSample = isPerSample(prepared);
  const weights = perSample && weighed ? ['row_weights=None'] : [];
  const meanOf = (loss: Python): Python =>
    !perSample ? loss : weighed ? `(${loss} if row_weights is None else ${loss} * row_weights).mean()` : `${loss}.mean()`;
  const leaves = [...lossInputs, ...targets].map(({ name }) => name);
  /** A function of the loss, which takes of the weights what its lines read. */
  const lossFunction = (name: string, more: readonly string[], about: string, lines: readonly string[]): Python => {
    const own = parameters.filter((p) => readsAny(lines, p.name)).map((p) => p.name);
    const head = signature(name, [...leaves, ...more], [...own, ...weights], own.length === parameters.length);
    return [head, `    """${about}"""`, ...indented(lines)].join('\n');
  };

  const functions: Python[] = [];
  let [draws, averages] = [false, false];
  if (learns) {
    const rows =
      leaves.length === 0 ? '1' : `len(${[...lossInputs, ...targets].find(({ shape }) => isBatched(shape))?.name ?? leaves[0]})`;
    const kept = new Set([...full.readBack(), objective!]);
    const lines = full.forward(toLoss, kept);
    const loss = full.text(objective!);
    const n = differs ? rows : `len(${loss})`;
    const even = `np.full(${n}, 1 / ${n})`;
    const shares = weighed ? `${even} if row_weights is None else row_weights / ${n}` : even;
    const pass = full.backward(perSample ? (differs ? 'shares' : shares) : 'np.float64(1)');
    const entries = (texts: ReadonlyMap<NodeId, Python>): string[] =>
      parameters.filter(({ id }) => texts.has(id)).map(({ id, name }) => `${stringText(name)}: ${texts.get(id)}`);
    const news = entries(full.averages());
    draws = full.draws;
    averages = news.length > 0;
    const body = [
      ...lines,
      '',
      '# Backward: what comes back at each value, from the loss to the weights.',
      ...pass.lines,
      ...(averages ? ['', '# Running averages, for use.', ...listed('averages = {', news, '}').split('\n')] : []),
      ...listed(`return ${meanOf(loss)}, {`, entries(pass.gradients), averages ? '}, averages' : '}').split('\n'),
    ];
    const named = differs && readsAny(body, 'shares') ? [`shares = ${shares}  # of each row in the mean`] : [];
    const what = perSample ? 'mean loss over the rows' : 'loss';
    functions.push(
      lossFunction(
        'loss_and_gradients',
        draws ? ['rng'] : [],
        differs
          ? `The ${what} as in training, its slope along every number that is learned${averages ? ', and the new running averages' : ''}.`
          : `The ${what}, and its slope along every number that is learned.`,
        [...named, ...body],
      ),
    );
    if (differs) {
      const use = new DrawingWriter(numpy, prepared, nodes, { functions: plain.functions });
      const inUse = use.forward(toLoss, new Set([objective!]));
      functions.push(
        lossFunction('loss_in_use', [], `The ${what} of the network in use.`, [
          ...inUse,
          `return ${meanOf(use.text(objective!))}`,
        ]),
      );
    }
  }

  const constants = [...new Map([...plain.constants, ...full.constants].map((c) => [c.name, `${c.name} = ${c.text}`])).values()];
  return {
    code: [...plain.functions.definitions, forward, ...functions].filter((part) => part !== ''),
    constants,
    parameters,
    learns,
    trainsDifferently: differs,
    draws,
    averages,
    inputs,
    lossInputs,
    targets,
  };
}
