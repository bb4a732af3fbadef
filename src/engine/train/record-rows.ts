/** An iteration of the network as it stands: rows of the data, present weights, the optimizer's memory and settings. */
import { programToward } from '../compile/toward';
import type { Dataset } from '../data/dataset';
import { bufferIds, type BufferId } from '../plan';
import type { Session } from './session';
import { record } from './trace';
import type { Recording, Target } from './trace-types';

export interface TraceWish {
  /** How many rows are taken together, from the given one on; the mean of their losses is derived. Default 1. */
  readonly rows?: number;
  /** Something else than the loss that is derived. */
  readonly target?: Target;
}

export async function recordRows(
  session: Session,
  data: Dataset,
  row: number,
  { rows = 1, target }: TraceWish,
): Promise<Recording> {
  const { trace, drawing } = session.plans;
  const from = Math.min(Math.max(0, row), data.rows - 1);
  const count = Math.max(1, Math.min(rows, trace.batch, data.rows - from));
  const take = (numbers: Float32Array, width: number): Float32Array => numbers.subarray(from * width, (from + count) * width);
  const state: Record<BufferId, ArrayLike<number>> = {};
  for (const [id, numbers] of await session.state()) state[id] = numbers;
  for (const [key, tensor] of Object.entries(await session.weights())) state[bufferIds.value(key)] = tensor.data;
  for (const [id, value] of session.hyper) state[id] = [value];
  return record({
    program: target ? programToward(trace, drawing.graph, target.node, target.element) : trace,
    drawing,
    row: from,
    rows: count,
    features: take(data.x, data.features.length),
    targets: take(data.y, data.targets.length),
    state,
    ...(target ? { target } : {}),
  });
}
