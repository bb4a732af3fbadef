/**
 * Why a number stopped being finite: the batch is replayed on the float64 reference from the state before it,
 * and the first operation that made something else than a number is named, with the row and where its input
 * came from. What float64 survives is replayed once more with every number rounded as devices round it.
 */
import { ReferenceDevice } from '../backends/reference/index';
import type { Dataset } from '../data/dataset';
import { edgeId, type NodeId } from '../graph/graph';
import type { BufferId, Phase, Plans, Program } from '../plan';
import { asFloat32, blame, firstUnsound, isSound } from './blame';
import { type Culprit, growthText, messageOf, type Reason } from './cause-words';
import type { Growth } from './growth';
import type { State } from './session';

export interface Cause {
  readonly reason: Reason;
  readonly message: string;
  /** Node of the expanded drawing at which it happened. */
  readonly node?: NodeId;
  /** Where the number came from that the node could not take. */
  readonly from?: NodeId;
  /** Row of the data, counted from 0. */
  readonly row?: number;
}

/** What is known of a batch that went wrong. */
export interface BadBatch {
  readonly plans: Plans;
  /** Parameters and the optimizer's memory before the batch. */
  readonly state: State;
  readonly hyper: ReadonlyMap<BufferId, number>;
  readonly data: Dataset;
  readonly rows: Uint32Array;
  /** Those of the rows whose loss is known to be no number: looked at first. */
  readonly suspects?: readonly number[];
  readonly growth: Growth | null;
}

const FORWARD: readonly Phase[] = ['forward', 'loss'];
const BEFORE_UPDATE: readonly Phase[] = [...FORWARD, 'backward'];

export function causeOf(batch: BadBatch): Cause {
  return ofData(batch) ?? ofWeights(batch) ?? ofSteps(batch) ?? unknown(batch);
}

function ofData({ data, rows }: BadBatch): Cause | null {
  for (const row of rows)
    for (const [values, columns, what] of [
      [data.x, data.features, 'feature'],
      [data.y, data.targets, 'target'],
    ] as const)
      for (let k = 0; k < columns.length; k++)
        if (!isSound(values[row * columns.length + k]!))
          return {
            reason: 'data',
            row,
            message: `The ${what} '${columns[k]!.name}' of row ${row + 1} is not a finite number. Remove that row, or fill its missing cells, in the Data panel.`,
          };
  return null;
}

function ofWeights({ plans, state }: BadBatch): Cause | null {
  for (const { key, value } of plans.trace.parameters) {
    const at = state.get(value)?.findIndex((x) => !Number.isFinite(x)) ?? -1;
    if (at >= 0)
      return {
        reason: 'weights',
        node: key,
        message: messageOf.weights(plans, key, state.get(value)![at]!),
      };
  }
  return null;
}

function ofSteps(batch: BadBatch): Cause | null {
  const { plans, rows, growth } = batch;
  const suspects = new Set(batch.suspects);
  const ordered = Uint32Array.from([...rows.filter((row) => suspects.has(row)), ...rows.filter((row) => !suspects.has(row))]);
  const first = suspects.size > 0 ? 1 : plans.trace.batch;
  // Forward first, in both ways: what is 0 in 32 bits only is otherwise found by what it does to the gradients.
  for (const phases of [FORWARD, BEFORE_UPDATE])
    for (const rounded of [false, true]) {
      const found = replay(plans.trace, batch, parts(ordered, first, plans.trace.batch), phases, rounded);
      if (found) return told(batch, found);
    }
  // The update, and operations that do something else in training, are in the program that trains.
  if (plans.train)
    for (const rounded of [false, true]) {
      const found = replay(plans.train.program, batch, [rows], [...BEFORE_UPDATE, 'update'], rounded);
      if (found) return told(batch, found);
    }
  return growth && { reason: 'grown', node: growth.parameter, message: growthText(plans, growth) };
}

const unknown = ({ plans, growth }: BadBatch): Cause =>
  growth
    ? { reason: 'grown', node: growth.parameter, message: growthText(plans, growth) }
    : { reason: 'unknown', message: messageOf.unknown };

function* parts(rows: Uint32Array, first: number, most: number): Iterable<Uint32Array> {
  for (let from = 0, size = first; from < rows.length; from += size, size = from === 0 ? first : most)
    yield rows.subarray(from, from + size);
}

function replay(
  program: Program,
  { state, hyper, data }: BadBatch,
  batches: Iterable<Uint32Array>,
  phases: readonly Phase[],
  rounded: boolean,
): (Culprit & { readonly row: number | null }) | null {
  const device = new ReferenceDevice(program);
  device.setData(data.x, data.features.length, data.y, data.targets.length, data.weights);
  const known = new Set(program.buffers.map((b) => b.id));
  for (const [id, numbers] of state) if (known.has(id)) device.write(id, numbers);
  for (const [id, value] of hyper) if (known.has(id)) device.write(id, [value]);
  for (const rows of batches) {
    device.gather(rows);
    let found: Culprit | null = null;
    let before = new Map<BufferId, Float64Array>();
    device.runPhases(
      phases,
      rows.length,
      (step) => {
        if (found) return;
        const numbersOf = (name: string): Float64Array => device.numbers(step.bind[name]!);
        if (rounded) for (const { to } of step.kernel.stores) round(numbersOf(to));
        const bad = firstUnsound(step.kernel, rows.length, numbersOf);
        if (!bad) return;
        const earlier = (name: string): Float64Array => before.get(step.bind[name]!) ?? numbersOf(name);
        const fault = blame(step.kernel, bad.at, bad.index, rows.length, earlier, !rounded);
        if (fault) found = { step, blame: fault, rounded };
      },
      // What a kernel overwrites is kept: its numbers were others when it read them.
      ({ kernel, bind }) => {
        const stored = new Set(kernel.stores.map(({ to }) => bind[to]!));
        before = new Map(
          kernel.reads
            .map(({ name }) => bind[name]!)
            .filter((id) => stored.has(id))
            .map((id) => [id, device.numbers(id).slice()]),
        );
      },
    );
    if (found) {
      const { sample } = (found as Culprit).blame;
      return { ...(found as Culprit), row: sample === null ? null : rows[sample]! };
    }
  }
  return null;
}

function round(numbers: Float64Array): void {
  for (let i = 0; i < numbers.length; i++) numbers[i] = asFloat32(numbers[i]!);
}

function reasonOf({ step, blame: { op, operands } }: Culprit, plans: Plans): Reason {
  const isRoot = ['sqrt', 'power'].includes(plans.drawing.graph.nodes[step.node]?.op ?? '');
  if (step.phase === 'backward' && isRoot && (op === 'div' || op === 'pow')) return 'slope';
  switch (op) {
    case 'log':
      return 'log';
    case 'sqrt':
      return 'root';
    case 'exp':
      return 'exp';
    case 'div':
      return Math.abs(operands[1]!) < TINY ? 'divide' : 'overflow';
    case 'pow':
      return operands[0]! < 0 || Math.abs(operands[0]!) < TINY ? 'power' : 'overflow';
    default:
      return 'overflow';
  }
}
const TINY = 1e-6;

function told(batch: BadBatch, culprit: Culprit & { readonly row: number | null }): Cause {
  const { plans, growth } = batch;
  const reason = reasonOf(culprit, plans);
  const from = sourceOf(culprit, plans);
  const { row } = culprit;
  const place = {
    node: culprit.step.node,
    ...(from === undefined ? {} : { from }),
    ...(row === null ? {} : { row }),
  };
  // Of weights without bounds the first operation that breaks is an accident.
  if (growth) return { reason: 'grown', ...place, message: growthText(plans, growth, messageOf.what(plans, culprit, row)) };
  return { reason, ...place, message: messageOf.step(plans, culprit, reason, row, from) };
}

/** The node that made the number which the operation could not take. */
function sourceOf({ step, blame: { from } }: Culprit, { drawing: { graph } }: Plans): NodeId | undefined {
  for (const name of from) {
    const buffer = step.bind[name];
    const id = buffer?.startsWith('v:') ? buffer.slice(2) : undefined;
    if (id === undefined || graph.nodes[id] === undefined) continue;
    if (id !== step.node) return id;
    // Derivatives may be written in the result: what it was made from is meant.
    const into = graph.edges[step.edge ?? edgeId(id, 'x')];
    if (into) return into.from;
  }
  return undefined;
}
