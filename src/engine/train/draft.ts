/**
 * A network that fits a data set: the input as wide as the encoded features, hidden layers, an output
 * layer and a loss that suit the task. What "New from data" and `chainrule new` draw.
 */
import { edge, edgeId, type Edge, type Node } from '../graph/graph';
import { type DataSource, defaultSettings, type Point, type Project, type Split } from '../graph/project';
import type { DatasetInfo, Task } from './dataset';

export interface DraftChoices {
  readonly title: string;
  /** Neurons of each hidden layer; [] is a linear model. */
  readonly hidden: readonly number[];
  /** Name of an activation operation. */
  readonly activation: string;
}

/** Loss on the output layer's plain sums: the stable form for classes. */
const LOSS_OF: Readonly<Record<Task, string>> = {
  regression: 'mean-squared-error',
  binary: 'binary-cross-entropy-logits',
  multiclass: 'cross-entropy-logits',
};

/** Hidden layers that suit the size of the data: none of this is critical, and all of it can be redrawn. */
export const suggestedHidden = (data: DatasetInfo): readonly number[] =>
  data.features.length > 20 ? [32] : data.features.length <= 2 ? [8, 8] : [16];

/** Epochs so that training takes some thousand steps of a batch. */
export function suggestedEpochs(trainRows: number, batch: number, task: Task): number {
  const perEpoch = Math.max(1, Math.ceil(trainRows / batch));
  const steps = task === 'regression' ? 600 : 3000;
  return Math.min(1000, Math.max(10, Math.round(steps / perEpoch)));
}

const COLUMN = 220;

export function draftProject(data: DatasetInfo, source: DataSource, split: Split, choices: DraftChoices): Project {
  const nodes: Record<string, Node> = {};
  const edges: Record<string, Edge> = {};
  const positions: Record<string, Point> = {};
  let x = 0;
  const place = (id: string, op: string, attrs: Node['attrs'], at: Point, label?: string): void => {
    nodes[id] = { id, op, attrs, ...(label === undefined ? {} : { label }) };
    positions[id] = at;
  };
  const connect = (from: string, to: string, port: string): void => {
    edges[edgeId(to, port)] = edge(from, to, port);
  };

  place('input', 'input', { shape: [data.features.length] }, { x, y: 0 });
  let last = 'input';
  choices.hidden.forEach((units, i) => {
    x += COLUMN;
    const id = choices.hidden.length === 1 ? 'hidden' : `hidden${i + 1}`;
    const initializer = choices.activation === 'relu' ? 'he-normal' : 'glorot-uniform';
    place(id, 'dense', { units, activation: choices.activation, initializer }, { x, y: 0 });
    connect(last, id, 'x');
    last = id;
  });
  x += COLUMN;
  place('output', 'dense', { units: data.targets.length, activation: 'identity' }, { x, y: 0 });
  connect(last, 'output', 'x');
  place('target', 'target', { shape: [data.targets.length] }, { x, y: 200 });
  x += COLUMN;
  place('loss', LOSS_OF[data.task], {}, { x, y: 60 });
  connect('output', 'loss', 'prediction');
  connect('target', 'loss', 'target');

  const { batch } = defaultSettings.training;
  return {
    nodes,
    edges,
    positions,
    settings: {
      ...defaultSettings,
      title: choices.title,
      data: source,
      split,
      training: {
        ...defaultSettings.training,
        epochs: suggestedEpochs(Math.round(data.rows * split.train), batch, data.task),
      },
    },
  };
}
