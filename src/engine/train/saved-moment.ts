/**
 * A moment of training apart from the training that it came from, so that a project can keep it: weights by
 * parameter, the optimizer's memory by the parameter that it belongs to. It goes back into any training of
 * the same parameters; what another optimizer remembers starts anew.
 */
import { sizeOf, type Tensor } from '../ir/shape';
import { type BufferId, bufferIds, type Weights } from '../plan';
import type { Session, State } from './session';
import type { Moment } from './timeline';

export interface SavedMoment {
  readonly name: string;
  readonly epoch: number;
  readonly step: number;
  /** Rows of the epoch that are done. */
  readonly at: number;
  readonly loss: number | null;
  readonly weights: Weights;
  readonly memory: Weights;
  readonly losses: readonly number[];
}

const SLOT = bufferIds.slot('', '').slice(0, -1);

/** `s:hidden/weight/m` as people read it; counters (`c:…`) belong to no parameter and keep their mark. */
const memoryName = (buffer: BufferId): string => (buffer.startsWith(SLOT) ? buffer.slice(SLOT.length) : buffer);

export function savedMoment(
  { epoch, step, at, loss, state }: Moment,
  session: Session,
  name: string,
  losses: readonly number[],
): SavedMoment {
  const weights: Record<string, Tensor> = {};
  const memory: Record<string, Tensor> = {};
  const keys = new Map(session.parameters.map((parameter) => [parameter.value, parameter]));
  for (const [buffer, data] of state) {
    const parameter = keys.get(buffer);
    if (parameter) weights[parameter.key] = { shape: parameter.shape as readonly number[], data };
    else memory[memoryName(buffer)] = { shape: [data.length], data };
  }
  return { name, epoch, step, at, loss, weights, memory, losses: losses.slice(0, epoch) };
}

/** What a session would hold at that moment. Null: it is of a network with other parameters. */
export function stateAt({ weights, memory }: SavedMoment, session: Session): State | null {
  const keys = new Map(session.parameters.map((parameter) => [parameter.value, parameter]));
  if (session.parameters.length !== Object.keys(weights).length) return null;
  const state = new Map<BufferId, Float32Array>();
  for (const { id, shape, init } of session.stateBuffers) {
    const parameter = keys.get(id);
    if (parameter) {
      const kept = weights[parameter.key];
      if (!kept || kept.shape.join() !== parameter.shape.join()) return null;
      state.set(id, Float32Array.from(kept.data));
      continue;
    }
    const size = sizeOf(shape, session.plans.train?.program.batch ?? 1);
    const kept = memory[memoryName(id)]?.data;
    const start = (): Float32Array =>
      typeof init === 'object' ? Float32Array.from(init) : new Float32Array(size).fill(init ?? 0);
    state.set(id, kept?.length === size ? Float32Array.from(kept) : start());
  }
  return state;
}
