/**
 * Evidence that what the drawing shows is right: one iteration computed as layers, matrices, neurons and
 * scalars and compared number by number; the device against the float64 reference; and gradients against
 * differences of the loss. A difference that rounding does not explain is traced to the edge it begins at.
 */
import { ReferenceDevice } from '../backends/reference/index';
import type { EdgeId, NodeId } from '../graph/graph';
import type { Tensor } from '../ir/shape';
import { opOf } from '../ops/index';
import { type BackendName, type BufferId, bufferIds, type Plans, type Program } from '../plan';
import { gradientChecks, type ParameterCheck } from './gradient-check';
import { copyOf, matrixRules, neuronRules, runBy } from './lens-rules';
import { scalarGradients, scalarsOf } from './scalars';

/** A largest difference and where it is; relative where the numbers exceed 1. */
export interface Gap {
  readonly worst: number;
  /** A parameter, or the prediction's node. */
  readonly at: NodeId | null;
}

export interface ProofFault {
  readonly node: NodeId;
  readonly edge: EdgeId | null;
  readonly message: string;
}

export interface Proof {
  /** Rows of the data that it was computed on. */
  readonly rows: number;
  readonly matrices: Gap | null;
  readonly neurons: Gap | null;
  /** Null: not computed yet, or too large to be. */
  readonly scalars: Gap | null;
  readonly isTooLarge: boolean;
  /** float32 against float64: values and gradients as the live view computes them; null before they were compared. */
  readonly device: Gap | null;
  /** One step of the training program on the device that trains; null before it was compared, or where it cannot be. */
  readonly step: Gap | null;
  /** Which devices these were. */
  readonly devices: { readonly live: BackendName; readonly training: BackendName | null };
  /** Some operations act in training only, so that a training step is not what the drawing shows. */
  readonly trainsOtherwise: boolean;
  /** Gradients compared with differences of the loss, of so many; kinks of the loss among them have no derivative. */
  readonly verified: number;
  readonly of: number;
  readonly kinks: number;
  /** Numbers that learn. */
  readonly size: number;
  readonly isDone: boolean;
  readonly fault: ProofFault | null;
}

export interface ProofRequest {
  readonly plans: Plans;
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly features: Float32Array;
  readonly featureCount: number;
  readonly targets: Float32Array;
  readonly targetCount: number;
  /** Rows that it may take. */
  readonly rows: Uint32Array;
  /** What the device says of these rows, by buffer. */
  device(rows: Uint32Array, keys: readonly BufferId[]): Promise<ReadonlyMap<BufferId, Float32Array> | null>;
  /** The parameters after one step from these weights, with a fresh memory, on a device like the one that trains. */
  step?(rows: Uint32Array, keys: readonly BufferId[]): Promise<ReadonlyMap<BufferId, Float32Array> | null>;
  /** Hyperparameters as they act at present, by buffer. */
  readonly hyper?: ReadonlyMap<BufferId, number>;
}

/** Lenses agree to this; what is more is a mistake and not rounding. */
export const LENS_TOLERANCE = 1e-12;
/** Of numbers in float32, sums of many among them. */
export const DEVICE_TOLERANCE = 1e-3;
const GRADIENT_TOLERANCE = 1e-5;
/** Scalars of one row above which it is not computed scalar by scalar. */
const MOST_SCALARS = 4e6;
/** Scalars that all rows together should have: small networks take several rows, large ones one. */
const WORK = 60_000;
const MOST_ROWS = 16;
/** Scalars that the differences of the loss may evaluate. */
const CHECK_WORK = 4e7;

const nothingYet: Proof = {
  rows: 0,
  matrices: null,
  neurons: null,
  scalars: null,
  isTooLarge: false,
  device: null,
  step: null,
  devices: { live: 'reference', training: null },
  trainsOtherwise: false,
  verified: 0,
  of: 0,
  kinks: 0,
  size: 0,
  isDone: false,
  fault: null,
};

/** Yields what is known so far, or null where only the thread is offered; awaits nothing but the device. */
export async function* prove(request: ProofRequest): AsyncGenerator<Proof | null, void> {
  const { plans, weights, features, featureCount, targets, targetCount } = request;
  const { graph } = plans.drawing;
  if (plans.trace.loss === null || request.rows.length === 0) return;
  const scalars = Math.max(1, scalarsOf(plans.trace));
  const count = Math.max(1, Math.min(request.rows.length, plans.trace.batch, MOST_ROWS, Math.floor(WORK / scalars)));
  const rows = request.rows.slice(0, count);
  const program: Program = { ...plans.trace, batch: count };
  const device = new ReferenceDevice(program);
  device.setData(features, featureCount, targets, targetCount);
  for (const { key, value } of program.parameters) if (weights[key]) device.write(value, weights[key].data);
  device.gather(rows);
  yield null;
  // Layers: the program itself.
  for (const _ of device.inSteps(['forward', 'loss', 'backward'], count)) yield null;
  const layers = (id: BufferId): Float64Array => device.numbers(id);
  const learned = program.parameters.filter((p) => p.gradient !== null);
  const size = learned.reduce((sum, p) => sum + layers(p.value).length, 0);
  let proof: Proof = {
    ...nothingYet,
    rows: count,
    size,
    isTooLarge: scalars > MOST_SCALARS,
    devices: { live: plans.live.backend, training: plans.train?.backend ?? null },
    trainsOtherwise: Object.values(graph.nodes).some(({ op }) => {
      const known = opOf(op);
      return known?.kind === 'primitive' && known.training !== undefined;
    }),
  };
  const compare = (numbers: (id: BufferId) => ArrayLike<number> | null): Gap => {
    let gap: Gap = { worst: 0, at: null };
    const look = (at: NodeId, id: BufferId): void => {
      const other = numbers(id);
      if (!other) return;
      const worst = apart(layers(id), other);
      if (!(worst <= gap.worst)) gap = { worst, at };
    };
    if (program.prediction) look(program.prediction.node, program.prediction.buffer);
    for (const p of learned) look(p.key, p.gradient!);
    return gap;
  };

  for (const [lens, rulesOf] of [
    ['matrices', matrixRules],
    ['neurons', neuronRules],
  ] as const) {
    const numbers = copyOf(program, layers);
    for (const _ of runBy(program, numbers, count, rulesOf(program, graph, numbers, count))) yield null;
    proof = { ...proof, [lens]: compare(numbers) };
  }
  yield proof;

  if (!proof.isTooLarge) {
    const pass = scalarGradients(program, layers, count);
    let next = pass.next();
    while (!next.done) {
      yield null;
      next = pass.next();
    }
    const { gradients, edges } = next.value;
    // The forward scalars are the program's own kernels, element by element; what is compared is the way back.
    const byValue = new Map(program.parameters.map((p) => [p.gradient, gradients.get(p.value) ?? null]));
    proof = { ...proof, scalars: compare((id) => byValue.get(id) ?? null), fault: faultOf(program, layers, edges) };
    yield proof;
  }

  const keys = [...(program.prediction ? [program.prediction.buffer] : []), ...learned.map((p) => p.gradient!)];
  const found = await request.device(rows, keys);
  if (found) proof = { ...proof, device: compare((id) => found.get(id)?.subarray(0, layers(id).length) ?? null) };
  yield proof;

  if (request.step && !proof.trainsOtherwise) {
    const after = await request.step(
      rows,
      learned.map((p) => p.value),
    );
    if (after) {
      const before = new Map(learned.map((p) => [p.value, layers(p.value).slice()]));
      for (const [id, value] of request.hyper ?? []) if (program.buffers.some((b) => b.id === id)) device.write(id, [value]);
      device.runPhases(['update'], count);
      proof = { ...proof, step: stepGap(learned, layers, before, after) };
      for (const [id, numbers] of before) device.write(id, numbers);
    }
    yield proof;
  }

  const most = Math.max(4, Math.min(400, Math.floor(CHECK_WORK / (scalars * count * 4) / Math.max(1, learned.length))));
  const checks = gradientChecks({ ...request, program, rows, tolerance: GRADIENT_TOLERANCE, most });
  let told = 0;
  for (;;) {
    const { done, value } = checks.next();
    if (done) {
      proof = closing(proof, value, graph);
      break;
    }
    // A few words on the way are enough.
    const isNews = value.compared - told >= Math.max(16, value.of / 20);
    if (isNews) {
      told = value.compared;
      proof = { ...proof, verified: value.compared, of: value.of };
    }
    yield isNews ? proof : null;
  }
  device.close();
  yield proof;
}

/** Of a parameter's gradients, those this much smaller than the largest may have another sign in float32. */
const FAINT = 1e-3;

/**
 * How far the changes of the parameters are apart, as a share of the largest change. Rules such as Adam take steps
 * of full length for the faintest gradient, whose sign is rounding then; those are left out.
 */
function stepGap(
  learned: Program['parameters'],
  layers: (id: BufferId) => Float64Array,
  before: ReadonlyMap<BufferId, Float64Array>,
  after: ReadonlyMap<BufferId, Float32Array>,
): Gap {
  let gap: Gap = { worst: 0, at: null };
  for (const { key, value, gradient } of learned) {
    const [old, now, found, slope] = [before.get(value)!, layers(value), after.get(value), layers(gradient!)];
    if (!found) continue;
    const longest = slope.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    const largest = now.reduce((most, w, i) => Math.max(most, Math.abs(w - old[i]!)), 0);
    if (largest === 0) continue;
    for (let i = 0; i < now.length; i++) {
      if (Math.abs(slope[i]!) < FAINT * longest) continue;
      // What float32 cannot say of a weight of this size is no mistake.
      const off = Math.max(0, Math.abs(now[i]! - found[i]!) - 2 ** -22 * Math.abs(now[i]!)) / largest;
      if (!(off <= gap.worst)) gap = { worst: off, at: key };
    }
  }
  return gap;
}

/** The largest |a − b|, relative where the numbers exceed 1. NaN where one of them is not a number. */
function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let scale = 1;
  for (let i = 0; i < a.length; i++) if (Math.abs(a[i]!) > scale) scale = Math.abs(a[i]!);
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const off = Math.abs(a[i]! - b[i]!) / scale;
    if (!(off <= worst)) worst = off;
  }
  return worst;
}

/** The first edge, on the way back, along which something else flows than its operation's derivative says. */
function faultOf(
  program: Program,
  layers: (id: BufferId) => Float64Array,
  edges: ReadonlyMap<EdgeId, Float64Array>,
): ProofFault | null {
  for (const { edge, phase, node } of program.steps) {
    if (phase !== 'backward' || edge === undefined) continue;
    const expected = edges.get(edge);
    if (!expected) continue;
    const computed = layers(bufferIds.edge(edge));
    if (apart(computed, expected) <= LENS_TOLERANCE * 1e3) continue;
    const at = computed.findIndex((x, i) => !(Math.abs(x - expected[i]!) <= LENS_TOLERANCE * 1e3));
    return {
      node,
      edge,
      message: `Along ${edge} the gradient ${computed[at]!.toPrecision(6)} flows back, but the derivative of the operation gives ${expected[at]!.toPrecision(6)}.`,
    };
  }
  return null;
}

function closing(proof: Proof, checks: readonly ParameterCheck[], graph: Plans['drawing']['graph']): Proof {
  const kinks = checks.reduce((sum, c) => sum + c.kinks, 0);
  const compared = checks.reduce((sum, c) => sum + c.compared, 0);
  const first = checks.find((c) => c.wrong > 0);
  const edge = first && Object.values(graph.edges).find((e) => e.from === first.key)?.id;
  return {
    ...proof,
    verified: compared - checks.reduce((sum, c) => sum + c.wrong, 0),
    of: compared,
    kinks,
    isDone: true,
    fault:
      proof.fault ??
      (first
        ? {
            node: first.key,
            edge: edge ?? null,
            message: `The gradient of ${first.key} differs from the slope of the loss by ${(100 * first.worst).toPrecision(3)} %.`,
          }
        : null),
  };
}
