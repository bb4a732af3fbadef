/**
 * What goes on inside each layer at one moment of training: how its activations, gradients and weights are
 * spread, and how far the next update would move the weights compared with their size. Taken from the live
 * program for the coming batch; the update is computed on the reference by the optimizer's own program, so
 * training is not touched.
 */
import { ReferenceDevice } from '../backends/reference/index';
import type { NodeId } from '../graph/graph';
import { isBatched, sampleSize } from '../ir/shape';
import { activationFacts } from '../ops/facts';
import { opOf } from '../ops/index';
import { type BufferId, bufferIds, type Plans } from '../plan';

export interface Spread {
  readonly count: number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  readonly deviation: number;
  /** Root mean square: the typical size. */
  readonly size: number;
  /** Counts in equal steps from low to high. */
  readonly bins: readonly number[];
}

export interface ParameterStatistics {
  /** `hidden/weight` */
  readonly key: NodeId;
  readonly role: 'weight' | 'bias';
  readonly weights: Spread;
  readonly gradient: Spread | null;
  /** Size of the next update ÷ size of the weights; null when frozen, all zero, or too many to work out. */
  readonly ratio: number | null;
}

export interface LayerStatistics {
  /** Node of the drawing. */
  readonly node: NodeId;
  /** Values over the rows that were looked at. */
  readonly activation: Spread;
  /** ∂L/∂activation over the coming batch, each row counted whole. */
  readonly gradient: Spread | null;
  /** What it ends with: relu, tanh, … */
  readonly op: string;
  readonly units: number;
  /** Share of the values where the activation is all but flat; null where it never is. */
  readonly saturated: number | null;
  /** Units that are 0 for every row looked at, by index; null where 0 is a value like any other. */
  readonly dead: readonly number[] | null;
  readonly parameters: readonly ParameterStatistics[];
}

export interface Statistics {
  readonly step: number;
  readonly epoch: number;
  /** Rows that activations were taken over. */
  readonly rows: number;
  /** From the input to the loss. */
  readonly layers: readonly LayerStatistics[];
}

const BINS = 24;
/** Parameters whose next update is worked out, in numbers: the reference is slow. */
const MOST_UPDATED = 120_000;

export function spreadOf(numbers: ArrayLike<number>, scale = 1): Spread {
  const count = numbers.length;
  let [low, high, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (let i = 0; i < count; i++) {
    const x = numbers[i]! * scale;
    if (x < low) low = x;
    if (x > high) high = x;
    sum += x;
    squares += x * x;
  }
  if (count === 0) return { count, low: 0, high: 0, mean: 0, deviation: 0, size: 0, bins: [] };
  const mean = sum / count;
  const bins = new Array<number>(BINS).fill(0);
  const step = (high - low) / BINS;
  for (let i = 0; i < count; i++) {
    const at = step > 0 ? Math.floor((numbers[i]! * scale - low) / step) : 0;
    // What is not finite has no place.
    if (at >= 0) bins[Math.min(BINS - 1, at)]!++;
  }
  return {
    count,
    low,
    high,
    mean,
    deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)),
    size: Math.sqrt(squares / count),
    bins,
  };
}

export interface LayerPlace {
  readonly node: NodeId;
  /** Expanded node that holds its value. */
  readonly output: NodeId;
  readonly op: string;
  readonly parameters: readonly NodeId[];
  /** Expanded node that its activation gets its numbers from; null without an activation. */
  readonly input: NodeId | null;
}

/** Layers and activations on the way to the loss, in the order of the forward pass. */
export function layersOf({ live, drawing }: Plans): readonly LayerPlace[] {
  const { program } = live;
  const gradients = new Set(program.buffers.filter((b) => b.id.startsWith('g:')).map((b) => b.id));
  const known = new Map(program.buffers.map((b) => [b.id, b]));
  const sources = new Map(Object.values(drawing.graph.edges).map(({ from, to }) => [to, from]));
  const outputs = new Map<NodeId, NodeId>();
  for (const step of program.steps) if (step.phase === 'forward') outputs.set(drawing.owner[step.node] ?? step.node, step.node);
  const places: LayerPlace[] = [];
  for (const [node, output] of outputs) {
    const op = drawing.graph.nodes[output]?.op ?? '';
    const parameters = program.parameters.filter(({ key }) => key !== node && drawing.owner[key] === node).map(({ key }) => key);
    if (parameters.length === 0 && opOf(op)?.group !== 'activation') continue;
    const spec = known.get(bufferIds.value(output));
    if (!spec || !isBatched(spec.shape) || !gradients.has(bufferIds.gradient(output))) continue;
    const input = opOf(op)?.group === 'activation' ? (sources.get(output) ?? null) : null;
    places.push({ node, output, op, parameters, input });
  }
  return places;
}

export interface Taken {
  readonly plans: Plans;
  readonly step: number;
  readonly epoch: number;
  /** Rows of the coming batch. */
  readonly batch: number;
  /** From the live program after a backward pass over that batch. */
  readonly numbers: ReadonlyMap<BufferId, Float32Array>;
  /** Values of the layers' outputs over more rows, by expanded node. */
  readonly values: ReadonlyMap<NodeId, Float32Array>;
  readonly rows: number;
  /** Parameters, optimizer state and hyperparameters, by buffer. */
  readonly state: ReadonlyMap<BufferId, ArrayLike<number>>;
}

/** What the live program must be read for. */
export const buffersOf = (plans: Plans, places: readonly LayerPlace[]): readonly BufferId[] => [
  ...places.map(({ output }) => bufferIds.gradient(output)),
  ...plans.live.program.parameters.flatMap(({ gradient }) => (gradient === null ? [] : [gradient])),
];

export function statisticsOf(taken: Taken, places: readonly LayerPlace[]): Statistics {
  const { plans, numbers, values, rows, batch, state } = taken;
  const specs = new Map(plans.live.program.buffers.map((b) => [b.id, b]));
  const ratios = updateRatios(taken);
  const layers = places.map(({ node, output, op, parameters }): LayerStatistics => {
    const units = sampleSize(specs.get(bufferIds.value(output))!.shape);
    const value = values.get(output) ?? new Float32Array();
    const back = numbers.get(bufferIds.gradient(output));
    const { saturated: isFlat, dies } = activationFacts(op);
    let saturated: number | null = null;
    if (isFlat) {
      let count = 0;
      for (const y of value) if (isFlat(y)) count++;
      saturated = value.length > 0 ? count / value.length : 0;
    }
    return {
      node,
      op,
      units,
      activation: spreadOf(value),
      // Each row's gradient carries the weight 1/n of the mean.
      gradient: back ? spreadOf(back.subarray(0, batch * units), batch) : null,
      saturated,
      dead: dies ? deadUnits(value, units) : null,
      parameters: parameters.map((key) => {
        const spec = plans.live.program.parameters.find((p) => p.key === key)!;
        const gradient = spec.gradient === null ? undefined : numbers.get(spec.gradient);
        return {
          key,
          role: spec.role,
          weights: spreadOf(state.get(spec.value) ?? []),
          gradient: gradient ? spreadOf(gradient) : null,
          ratio: ratios.get(key) ?? null,
        };
      }),
    };
  });
  return { step: taken.step, epoch: taken.epoch, rows, layers };
}

function deadUnits(value: Float32Array, units: number): readonly number[] {
  const alive = new Uint8Array(units);
  for (let at = 0; at < value.length; at++) if (value[at] !== 0) alive[at % units] = 1;
  return value.length === 0 ? [] : [...alive.keys()].filter((k) => alive[k] === 0);
}

/** Runs only the optimizer, on the reference, with the gradients of the coming batch. */
function updateRatios({ plans, numbers, state }: Taken): ReadonlyMap<NodeId, number> {
  const ratios = new Map<NodeId, number>();
  const { parameters, steps, buffers } = plans.trace;
  const updated = parameters.filter((p) => p.trainable && p.gradient !== null && numbers.has(p.gradient));
  const total = updated.reduce((sum, { gradient }) => sum + numbers.get(gradient!)!.length, 0);
  if (total === 0 || total > MOST_UPDATED || !steps.some(({ phase }) => phase === 'update')) return ratios;
  const known = new Set(buffers.map(({ id }) => id));
  const device = new ReferenceDevice(plans.trace);
  for (const [id, held] of state) if (known.has(id)) device.write(id, held);
  for (const { gradient } of updated) device.write(gradient!, numbers.get(gradient!)!);
  const before = updated.map(({ value }) => device.numbers(value).slice());
  device.runPhases(['update'], 1);
  updated.forEach(({ key, value }, i) => {
    const now = device.numbers(value);
    let [moved, size] = [0, 0];
    before[i]!.forEach((x, k) => {
      moved += (now[k]! - x) ** 2;
      size += x * x;
    });
    if (size > 0) ratios.set(key, Math.sqrt(moved / size));
  });
  device.close();
  return ratios;
}
