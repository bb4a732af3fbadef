/**
 * A drawing as a module of PyTorch: its parameters by name, the forward pass, and the loss as drawn with its
 * penalties. Gradients are PyTorch's own business.
 */
import { ancestors } from '../../compile/objective';
import type { Node, NodeId } from '../../graph/graph';
import type { Shape } from '../../ir/shape';
import { type Drawn, DrawingWriter, isPerSample, type Leaf } from './drawing';
import { predictionWords } from './file';
import { pytorch } from './library';
import { indented, type Python } from './text';

export interface TorchNetwork {
  /** Functions that the module calls, then the module. */
  readonly code: readonly Python[];
  /** None: the module holds them. */
  readonly constants: readonly Python[];
  readonly parameters: readonly Leaf[];
  readonly learns: boolean;
  /** What `forward` takes. */
  readonly inputs: readonly Leaf[];
  /** What `loss` takes, by name. */
  readonly lossNames: readonly string[];
  readonly lossInputs: readonly Leaf[];
  readonly targets: readonly Leaf[];
}

const sizeText = (shape: Shape): string => (shape.length === 0 ? '()' : shape.join(', '));

/** `needed`: the nodes on the way to the prediction. */
export function torchNetwork(prepared: Drawn, nodes: Readonly<Record<NodeId, Node>>, needed: ReadonlySet<NodeId>): TorchNetwork {
  const { inferred, objective, prediction } = prepared;
  const toLoss: ReadonlySet<NodeId> | null = objective === null ? null : ancestors(inferred, [objective]);

  const writer = new DrawingWriter(pytorch, prepared, nodes, { self: 'self.' });
  const inputs = writer.inputs.filter(({ id }) => needed.has(id));
  const answer = prediction?.node;
  const forwardLines = answer === undefined ? [] : writer.forward(needed, new Set([answer]), 'self.training');
  if (answer !== undefined) forwardLines.push(`return ${writer.text(answer)}`);
  const learns = toLoss !== null && writer.parameters.some(({ id, frozen }) => !frozen && toLoss.has(id));
  const parameters = writer.parameters.filter(({ id }) => needed.has(id) || (learns && toLoss.has(id)));

  // The loss starts from the answer where nothing else of the network enters it.
  const lossWriter = new DrawingWriter(pytorch, prepared, nodes, { self: 'self.', functions: writer.functions });
  const lossInputs = lossWriter.inputs.filter(({ id }) => toLoss?.has(id));
  const targets = lossWriter.targets.filter(({ id }) => toLoss?.has(id));
  let loss = '';
  if (learns) {
    const isSource = (id: NodeId): boolean => inferred.calls.get(id)!.op.kind === 'source';
    const behind = [...toLoss].filter((id) => !needed.has(id) && !isSource(id));
    const reached = new Set(behind.flatMap((id) => [...inferred.links.into.get(id)!.values()].map((e) => e.from)));
    const only = (id: NodeId): boolean => id === answer || isSource(id) || !needed.has(id);
    const from = answer !== undefined && toLoss.has(answer) && !isSource(answer) && [...reached].every(only) ? answer : null;
    const lines: string[] = [];
    let ids: ReadonlySet<NodeId> = toLoss;
    if (from !== null) {
      const name = lossWriter.name(from);
      lines.push(`${name} = self(${inputs.map((input) => input.name).join(', ')})`);
      lossWriter.call(from, name);
      ids = new Set(behind);
    }
    lines.push(...lossWriter.forward(ids, new Set([objective!]), 'self.training'));
    const names = [...new Set([...(from === null ? [] : inputs), ...lossInputs, ...targets].map(({ name }) => name))];
    const perSample = isPerSample(prepared);
    loss = [
      `def loss(${['self', ...names].join(', ')}):`,
      `    """${perSample ? 'One number for each row; training minimises their mean' : 'The number that training minimises'}."""`,
      ...indented(lines),
      `    return ${lossWriter.text(objective!)}`,
    ].join('\n');
  }
  const lossNames = /def loss\(self(?:, )?([^)]*)\)/.exec(loss)?.[1]?.split(', ').filter(Boolean) ?? [];

  const constants = [...new Map([...writer.constants, ...lossWriter.constants].map((c) => [c.name, c.text])).entries()];
  const construction = [
    'def __init__(self):',
    '    super().__init__()',
    ...parameters.map(
      ({ name, shape, frozen }) =>
        `    self.${name} = nn.Parameter(torch.zeros(${sizeText(shape)})${frozen ? ', requires_grad=False' : ''})`,
    ),
    ...constants.map(([name, text]) => `    self.register_buffer('${name}', ${text}, persistent=False)`),
  ];
  const forward =
    answer === undefined
      ? []
      : [
          `def forward(${['self', ...inputs.map(({ name }) => name)].join(', ')}):`,
          `    """${predictionWords(prediction!.takes)} for each row."""`,
          ...indented(forwardLines),
        ];
  const module = [
    'class Network(nn.Module):',
    ...indented(construction),
    ...(forward.length === 0 ? [] : ['', ...indented(forward)]),
    ...(loss === '' ? [] : ['', ...indented(loss.split('\n'))]),
  ].join('\n');
  return {
    code: [...writer.functions.definitions, module],
    constants: [],
    parameters,
    learns,
    inputs,
    lossNames,
    lossInputs,
    targets,
  };
}
