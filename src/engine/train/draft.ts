/**
 * A network that fits a data set: the input as wide as the encoded features, hidden layers, an output
 * layer and a loss that suit the task. What "New from data" and `chainrule new` draw.
 */
import { edge, edgeId, type Edge, type Node } from '../graph/graph';
import { type DataSource, defaultSettings, type Point, type Project, type Split } from '../graph/project';
import type { DatasetInfo, Task } from '../data/dataset';
import { fittingWeights } from '../ops/facts';

export interface DraftChoices {
  readonly title: string;
  /** Neurons of each hidden layer; [] is a linear model. */
  readonly hidden: readonly number[];
  /** Name of an activation operation. */
  readonly activation: string;
  /** For pictures: filters of a convolution before the hidden layers. */
  readonly filters?: number;
}

/** Loss on the output layer's plain sums: the stable form for classes. */
const LOSS_OF: Readonly<Record<Task, string>> = {
  regression: 'mean-squared-error',
  binary: 'binary-cross-entropy-logits',
  multiclass: 'cross-entropy-logits',
};

/** Hidden layers that suit the size of the data: none of this is critical, and all of it can be redrawn. */
export const suggestedHidden = (data: DatasetInfo): readonly number[] =>
  data.features.length > 200 ? [100] : data.features.length > 20 ? [32] : data.features.length <= 2 ? [8, 8] : [16];

/** From so many training rows on, larger batches and shorter steps are both quicker and better. */
const MANY_ROWS = 10_000;

/**
 * Batch, learning rate and epochs. Toy sets and large tables want some thousand steps; a network that trains
 * for long on a small table learns its rows by heart, and, where numbers are to be predicted, their noise.
 */
export function suggestedTraining(data: DatasetInfo, trainRows: number): { batch: number; rate: number; epochs: number } {
  const many = trainRows >= MANY_ROWS;
  const noisy = !many && data.task === 'regression' && data.features.length > 2;
  const batch = many ? 128 : defaultSettings.training.batch;
  const small = noisy ? Math.max(200, 0.8 * trainRows) : data.features.length > 2 ? Math.max(500, 5 * trainRows) : 3000;
  const steps = many ? 4000 : Math.min(3000, small);
  const perEpoch = Math.max(1, Math.ceil(trainRows / batch));
  const epochs = Math.min(1000, Math.max(many ? 3 : 10, Math.round(steps / perEpoch)));
  return { batch, rate: many ? 0.001 : noisy ? 0.003 : 0.01, epochs };
}

const COLUMN = 220;
/** Shapes of pictures are written on the edges between them. */
const PICTURE_COLUMN = 240;
const initializerFor = (activation: string): string => fittingWeights(activation).initializer;

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
  if (choices.filters !== undefined && data.picture) {
    const { channels, height, width } = data.picture;
    const initializer = initializerFor(choices.activation);
    for (const [id, op, attrs] of [
      ['image', 'reshape', { shape: [channels, height, width] }],
      [
        'convolution',
        'convolution-2d',
        { filters: choices.filters, padding: 'same', activation: choices.activation, initializer },
      ],
      ['pooling', 'max-pooling', {}],
      ['flatten', 'flatten', {}],
    ] as const) {
      x += PICTURE_COLUMN;
      place(id, op, attrs, { x, y: 0 });
      connect(last, id, 'x');
      last = id;
    }
  }
  choices.hidden.forEach((units, i) => {
    x += COLUMN;
    const id = choices.hidden.length === 1 ? 'hidden' : `hidden${i + 1}`;
    place(id, 'dense', { units, activation: choices.activation, initializer: initializerFor(choices.activation) }, { x, y: 0 });
    connect(last, id, 'x');
    last = id;
  });
  x += COLUMN;
  place('output', 'dense', { units: data.targets.length, activation: 'identity' }, { x, y: 0 });
  connect(last, 'output', 'x');
  // Below the output's neurons, which stand in a column.
  place('target', 'target', { shape: [data.targets.length] }, { x, y: data.targets.length > 3 ? 280 : 200 });
  x += COLUMN;
  place('loss', LOSS_OF[data.task], {}, { x, y: 60 });
  connect('output', 'loss', 'prediction');
  connect('target', 'loss', 'target');

  const { batch, rate, epochs } = suggestedTraining(data, Math.round(data.rows * split.train));
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
        hyper: { rate },
        batch,
        epochs,
      },
    },
  };
}
