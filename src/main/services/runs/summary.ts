/** What a list of runs says of each in a few words. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../../../engine/data/dataset';
import { type AttrValue, type Node, topologicalOrder } from '../../../engine/graph/graph';
import type { Project, Training } from '../../../engine/graph/project';
import { opOf } from '../../../engine/ops/index';
import { optimizerOf } from '../../../engine/optimizers/index';
import { RATE } from '../../../engine/optimizers/optimizer';
import type { RunRecord } from '../../contract';

/** Layers that are named; the others are counted. */
const NAMED = 6;

/** `dense 8-8-1, tanh`, `conv-2d 8, flatten, dense 10`; drawings without layers are counted. */
export function drawingLine(project: Project): string {
  const { order } = topologicalOrder(project);
  const layers = order.map((id) => project.nodes[id]!).filter(({ op }) => opOf(op)?.group === 'layer');
  if (layers.length === 0) return order.length === 1 ? '1 node' : `${order.length} nodes`;
  /** Attributes that were left out of a file have their default. */
  const attrOf = ({ op, attrs }: Node, name: string): AttrValue | undefined => attrs[name] ?? opOf(op)?.attrs[name]?.default;
  const sizeOf = (node: Node): number | null => {
    const size = attrOf(node, 'units') ?? attrOf(node, 'filters') ?? attrOf(node, 'channels');
    return typeof size === 'number' ? size : null;
  };
  const sizes = layers.map(sizeOf);
  const [first] = layers;
  // Layers of one kind are named once, by their sizes.
  const alike = layers.every(({ op }, at) => op === first!.op && sizes[at] !== null);
  const parts = alike
    ? [`${first!.op} ${sizes.join('-')}`]
    : layers.map(({ op }, at) => (sizes[at] === null ? op : `${op} ${sizes[at]}`));
  const activation = attrOf(first!, 'activation');
  const line =
    parts.length <= NAMED ? parts.join(', ') : `${parts.slice(0, NAMED - 1).join(', ')} and ${parts.length - NAMED + 1} more`;
  return typeof activation === 'string' && activation !== 'identity' && activation !== 'none' ? `${line}, ${activation}` : line;
}

export const rateOf = ({ optimizer, hyper }: Training): number | null =>
  hyper[RATE] ?? optimizerOf(optimizer)?.hyper[RATE]?.default ?? null;

export type Fingerprint = NonNullable<RunRecord['data']>;
/** Many runs of one data set read its numbers once. */
const known = new WeakMap<Dataset, Fingerprint>();

/** The same for the same numbers, columns and split, however they were read. */
export function fingerprintOf(dataset: Dataset): Fingerprint {
  const found = known.get(dataset) ?? fingerprint(dataset);
  known.set(dataset, found);
  return found;
}

function fingerprint(dataset: Dataset): Fingerprint {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([dataset.features, dataset.targets, dataset.classes]));
  const { x, y, split } = dataset;
  for (const numbers of [x, y, split.train, split.validation, split.test, ...(dataset.weights ? [dataset.weights] : [])])
    hash.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  return { name: dataset.name, rows: dataset.rows, fingerprint: hash.digest('hex').slice(0, 16) };
}
