/**
 * Questions that the window asks of a network as it stands: maps over a plane of features, predictions of
 * rows, spreads layer by layer. They read the session and change nothing; the training loop knows none of them.
 */
import type { Dataset } from '../data/dataset';
import type { NodeId } from '../graph/graph';
import { bufferIds, type BufferId } from '../plan';
import type { Live } from './live';
import type { Session } from './session';
import { buffersOf, layersOf, type Statistics, statisticsOf } from './statistics';

/** Rows that statistics of activations, and searches of the past, are taken over. */
export const STATISTICS_ROWS = 512;

export interface MapRequest {
  /** Nodes of the expanded drawing; each element of a node's value gets a map. */
  readonly nodes: readonly NodeId[];
  /** Positions of the two encoded features that span the plane; the others are held at 0 (their mean). */
  readonly axes: readonly [number, number];
  /** In the features' encoded units. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** Points a side. The maps are resolution × resolution, row 0 at y's low end. */
  readonly resolution: number;
}

export interface NodeMaps {
  readonly node: NodeId;
  readonly maps: readonly Float32Array[];
}

export async function mapsOf(
  session: Session,
  data: Dataset,
  { nodes, axes, x, y, resolution }: MapRequest,
): Promise<readonly NodeMaps[]> {
  const width = data.features.length;
  const points = new Float32Array(resolution * resolution * width);
  const at = ([low, high]: readonly [number, number], i: number): number => low + ((high - low) * (i + 0.5)) / resolution;
  for (let row = 0; row < resolution; row++)
    for (let column = 0; column < resolution; column++) {
      const from = (row * resolution + column) * width;
      points[from + axes[0]] = at(x, column);
      points[from + axes[1]] = at(y, row);
    }
  const { buffers } = session.plans.evaluate.program;
  const known = nodes.filter((node) => buffers.some((b) => b.id === bufferIds.value(node) && b.shape[0] === 'batch'));
  const { values } = await session.forward(
    points,
    width,
    new Float32Array(),
    data.targets.length,
    null,
    known.map((node) => bufferIds.value(node)),
  );
  const cells = resolution * resolution;
  return known.map((node, i) => {
    const numbers = values[i]!;
    const size = numbers.length / cells;
    const maps = Array.from({ length: size }, (_, k) => Float32Array.from({ length: cells }, (_c, c) => numbers[c * size + k]!));
    return { node, maps };
  });
}

/** Values of buffers that have one for each sample, for some rows of the data. */
async function valuesOf(
  session: Session,
  data: Dataset,
  rows: Uint32Array,
  buffers: readonly BufferId[],
): Promise<readonly Float32Array[]> {
  const { values } = await session.forward(data.x, data.features.length, data.y, data.targets.length, rows, buffers);
  return values;
}

export interface Predictions {
  /** Outputs of one row. */
  readonly width: number;
  /** rows × width, encoded as the targets are. */
  readonly values: Float32Array;
}

export const noPredictions: Predictions = { width: 0, values: new Float32Array() };

export async function predictionsOf(session: Session, data: Dataset, rows: readonly number[]): Promise<Predictions> {
  const { prediction } = session.plans.evaluate.program;
  if (!prediction) return noPredictions;
  const [values] = await valuesOf(session, data, Uint32Array.from(rows), [prediction.buffer]);
  return { width: rows.length > 0 ? values!.length / rows.length : 0, values: values! };
}

/** Spreads of activations, gradients, weights and updates, at one place of training; null while there is nothing to train. */
export async function spreadsOf(
  session: Session,
  data: Dataset,
  live: Live,
  { step, epoch }: { readonly step: number; readonly epoch: number },
): Promise<Statistics | null> {
  const { plans } = session;
  const places = layersOf(plans);
  if (!session.train || places.length === 0) return null;
  const taken = await live.batch(buffersOf(plans, places));
  if (!taken) return null;
  // More rows than a batch: a unit that is silent for one batch need not be dead.
  const rows = data.split.train.subarray(0, STATISTICS_ROWS);
  const known = new Set(plans.evaluate.program.buffers.map((b) => b.id));
  const seen = places.filter(({ output }) => known.has(bufferIds.value(output)));
  const values = await valuesOf(
    session,
    data,
    rows,
    seen.map(({ output }) => bufferIds.value(output)),
  );
  const state = new Map<BufferId, ArrayLike<number>>(await session.state());
  for (const [key, tensor] of Object.entries(await session.weights())) state.set(bufferIds.value(key), tensor.data);
  for (const [id, value] of session.hyper) state.set(id, [value]);
  return statisticsOf(
    {
      plans,
      step,
      epoch,
      batch: taken.rows.length,
      numbers: taken.numbers,
      values: new Map(seen.map(({ output }, i) => [output, values[i]!])),
      rows: rows.length,
      state,
    },
    seen,
  );
}
