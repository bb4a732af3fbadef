/** A target that the drawing cannot fit, whatever it learns: a loss for classes, or an output that does not reach it. */
import * as edits from '../../graph/edits';
import type { Node, NodeId } from '../../graph/graph';
import { completeAttrs } from '../../ops/attrs';
import { opOf } from '../../ops/index';
import { type Evidence, type Finding, percent, short } from './finding';

const MOST_ROWS = 5000;

/** What an activation can give at all. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  sigmoid: [0, 1],
  tanh: [-1, 1],
  softsign: [-1, 1],
  softmax: [0, 1],
  'binary-step': [0, 1],
  relu: [0, Number.POSITIVE_INFINITY],
  softplus: [0, Number.POSITIVE_INFINITY],
};

/** The same node with another operation of the same inputs. */
const withOp =
  (id: NodeId, op: string): edits.Edit =>
  (project) => ({ ...project, nodes: { ...project.nodes, [id]: { ...project.nodes[id]!, op, attrs: {} } } });

/** What the drawing cannot fit, whatever it learns. Cheap: it may be asked at every edit. */
export function diagnoseFit({ project, data }: Pick<Evidence, 'project' | 'data'>): readonly Finding[] {
  if (data === null || data.targets.length === 0) return [];
  const rows = data.split.train.subarray(0, MOST_ROWS);
  const losses = Object.values(project.nodes).filter(({ op }) => {
    const found = opOf(op);
    return found?.kind === 'primitive' && found.loss !== undefined;
  });
  const [loss] = losses;
  const op = loss && opOf(loss.op);
  if (losses.length !== 1 || !loss || op?.kind !== 'primitive' || !op.loss) return [];
  const name = (node: Node): string => node.label ?? node.id;
  if (data.task === 'regression' && op.loss.takes !== 'value')
    return [
      {
        code: 'wrong-loss',
        title: 'The loss does not suit the data',
        text: `'${name(loss)}' (${op.title}) compares classes, but '${data.targets[0]!.source}' is a number.`,
        node: loss.id,
        panel: 'data',
        cure: { title: 'Use the mean squared error', edit: withOp(loss.id, 'mean-squared-error'), restart: true },
      },
    ];
  const from = Object.values(project.edges).find((edge) => edge.to === loss.id && edge.port === 'prediction')?.from;
  const output = from === undefined ? undefined : project.nodes[from];
  if (!output || data.task !== 'regression') return [];
  const activation = opOf(output.op)?.attrs['activation']
    ? String(completeAttrs(opOf(output.op)!, output.attrs)['activation'])
    : output.op;
  const range = RANGES[activation];
  if (!range) return [];
  let outside = 0;
  const outs = data.targets.length;
  for (const row of rows)
    for (let k = 0; k < outs; k++) {
      const y = data.y[row * outs + k]!;
      if (y < range[0] - 1e-6 || y > range[1] + 1e-6) outside++;
    }
  const share = outside / Math.max(1, rows.length * outs);
  if (share < 0.02) return [];
  const reach =
    range[1] === Number.POSITIVE_INFINITY
      ? `nothing below ${range[0]}`
      : `only numbers from ${short(range[0])} to ${short(range[1])}`;
  return [
    {
      code: 'target-range',
      title: `'${name(output)}' cannot reach the target`,
      text: `Its activation (${opOf(activation)?.title ?? activation}) gives ${reach}, but ${percent(share)} of the training targets lie elsewhere.`,
      node: output.id,
      panel: 'data',
      cure: opOf(output.op)?.attrs['activation']
        ? { title: 'Use no activation at the output', edit: edits.setAttr(output.id, 'activation', 'identity'), restart: true }
        : null,
    },
  ];
}
