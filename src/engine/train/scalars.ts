/**
 * A program one scalar at a time: every element that a kernel stores is an expression of elements it
 * reads, and its derivatives come from that expression by symbolic differentiation. The gradients found
 * so use neither the operations' own gradients nor the compiler's reverse pass, so agreement is evidence.
 */
import type { EdgeId } from '../graph/graph';
import { derive } from '../ir/derive';
import { type Expr, namesIn } from '../ir/expr';
import { evaluator } from '../ir/interpret';
import { ACC, type Kernel } from '../ir/kernel';
import { concrete, stridesOf } from '../ir/shape';
import { type BufferId, bufferIds, type Program, type Step } from '../plan';

export interface ScalarPass {
  /** ∂L/∂ each element of a buffer. */
  readonly gradients: ReadonlyMap<BufferId, Float64Array>;
  /** What flows back along each edge. */
  readonly edges: ReadonlyMap<EdgeId, Float64Array>;
}

/** Scalars after which the thread is given back. */
const SLICE = 15_000;

/** Scalars that one row of a program's forward pass computes: the size of the work. */
export const scalarsOf = (program: Program): number =>
  program.steps.reduce((sum, { phase, kernel }) => {
    if (phase !== 'forward' && phase !== 'loss') return sum;
    return sum + [...concrete(kernel.out, 1), ...concrete(kernel.fold?.over ?? [], 1)].reduce((n, axis) => n * axis, 1);
  }, 0);

/**
 * Goes back through the forward steps of a program whose values are in `numbers`, for so many rows.
 * Yields after each step, so that whoever waits for the thread gets it.
 */
export function* scalarGradients(
  program: Program,
  numbers: (buffer: BufferId) => Float64Array,
  rows: number,
): Generator<void, ScalarPass> {
  const gradients = new Map<BufferId, Float64Array>();
  const edges = new Map<EdgeId, Float64Array>();
  const gradientOf = (buffer: BufferId): Float64Array => {
    let found = gradients.get(buffer);
    if (!found) {
      found = new Float64Array(numbers(buffer).length);
      gradients.set(buffer, found);
    }
    return found;
  };
  if (program.loss) {
    const seed = gradientOf(program.loss);
    const spec = program.buffers.find((b) => b.id === program.loss)!;
    if (spec.shape[0] === 'batch') seed.set(numbers(bufferIds.rowWeights).subarray(0, rows));
    else seed.fill(1);
  }
  const steps = program.steps.filter(({ phase }) => phase === 'forward' || phase === 'loss');
  for (const step of [...steps].reverse()) {
    if (step.kernel.stores.some(({ to }) => gradients.has(step.bind[to]!)))
      yield* backThrough(step, numbers, gradientOf, edges, rows);
    yield;
  }
  return { gradients, edges };
}

/** One kernel: each stored element hands its gradient on to the elements it was computed from. */
function* backThrough(
  { kernel, bind, node }: Step,
  numbers: (buffer: BufferId) => Float64Array,
  gradientOf: (buffer: BufferId) => Float64Array,
  edges: Map<EdgeId, Float64Array>,
  rows: number,
): Generator<void, void> {
  const { reads, stores, fold } = kernel;
  const names = [...reads.map((r) => r.name), ACC];
  const acc = names.length - 1;
  const { registers, prepare } = evaluator(names);
  const sources = reads.map((r) => numbers(bind[r.name]!));
  const targets = reads.map((r) => gradientOf(bind[r.name]!));
  // A value that comes in by a port flows back along that port's edge.
  const along = reads.map(({ name }) => {
    if (!bind[name]!.startsWith('v:') || bind[name] === bufferIds.value(node)) return null;
    const id = `${node}.${name}`;
    let found = edges.get(id);
    if (!found) {
      found = new Float64Array(numbers(bind[name]!).length);
      edges.set(id, found);
    }
    return found;
  });
  const slopes = (e: Expr): readonly ((() => number) | null)[] => {
    const used = new Set(namesIn(e));
    return names.map((name) => (used.has(name) ? prepare(derive(e, name)) : null));
  };
  const ofStores = stores.map(({ value }) => slopes(value));
  const ofBody = fold ? slopes(fold.body) : null;
  const body = fold ? prepare(fold.body) : null;
  const out = concrete(kernel.out, rows);
  const over = concrete(fold?.over ?? [], rows);
  const outer = new Places(kernel, out);
  const hand = (r: number, at: number, amount: number): void => {
    targets[r]![at]! += amount;
    const edge = along[r];
    if (edge) edge[at]! += amount;
  };
  const inner = over.reduce((n, axis) => n * axis, 1);
  let work = 0;
  for (let index = 0; index < outer.size; index++, outer.next()) {
    work += inner;
    if (work > SLICE) {
      work = 0;
      yield;
    }
    let total = 0;
    let isWanted = false;
    for (let s = 0; s < stores.length; s++) if (gradientOf(bind[stores[s]!.to]!)[outer.stores[s]!] !== 0) isWanted = true;
    if (!isWanted) continue;
    const load = (shift: readonly number[] | null): void => {
      for (let r = 0; r < reads.length; r++) registers[r] = sources[r]![outer.reads[r]! + (shift?.[r] ?? 0)]!;
    };
    let ties = 0;
    if (fold) {
      total = fold.with === 'sum' ? 0 : Number.NEGATIVE_INFINITY;
      for (const shift of shiftsOf(kernel, over)) {
        load(shift);
        const x = body!();
        if (fold.with === 'sum') total += x;
        else if (x > total) [total, ties] = [x, 1];
        else if (x === total) ties++;
      }
    }
    load(null);
    registers[acc] = total;
    let ofAcc = 0;
    for (let s = 0; s < stores.length; s++) {
      const g = gradientOf(bind[stores[s]!.to]!)[outer.stores[s]!]!;
      if (g === 0) continue;
      const slope = ofStores[s]!;
      for (let r = 0; r < reads.length; r++) {
        const of = slope[r];
        if (of) hand(r, outer.reads[r]!, g * of());
      }
      const ofTotal = slope[acc];
      if (ofTotal) ofAcc += g * ofTotal();
    }
    if (!fold || ofAcc === 0) continue;
    for (const shift of shiftsOf(kernel, over)) {
      load(shift);
      // The largest of several equal elements is all of them, each with its share.
      if (fold.with === 'max' && body!() !== total) continue;
      const share = fold.with === 'max' ? ofAcc / ties : ofAcc;
      for (let r = 0; r < reads.length; r++) {
        const of = ofBody![r];
        if (of) hand(r, outer.reads[r]! + shift[r]!, share * of());
      }
    }
  }
}

/** Where a kernel reads and stores at each index of its output, in row-major order. */
class Places {
  readonly size: number;
  readonly reads: number[];
  readonly stores: number[];
  readonly #counters: number[];
  readonly #readSteps: readonly (readonly number[])[];
  readonly #storeSteps: readonly (readonly number[])[];

  constructor(
    kernel: Kernel,
    readonly extents: readonly number[],
  ) {
    this.size = extents.reduce((n, axis) => n * axis, 1);
    this.reads = kernel.reads.map((r) => r.offset);
    this.stores = kernel.stores.map((s) => s.place?.offset ?? 0);
    this.#counters = extents.map(() => 0);
    this.#readSteps = kernel.reads.map((r) => r.strides);
    const own = stridesOf(kernel.out);
    this.#storeSteps = kernel.stores.map((s) => s.place?.strides ?? own);
  }

  next(): void {
    for (let axis = this.extents.length - 1; axis >= 0; axis--) {
      this.#counters[axis]!++;
      this.#move(axis, 1);
      if (this.#counters[axis]! < this.extents[axis]!) return;
      this.#move(axis, -this.extents[axis]!);
      this.#counters[axis] = 0;
    }
  }

  #move(axis: number, by: number): void {
    for (let r = 0; r < this.reads.length; r++) this.reads[r]! += by * this.#readSteps[r]![axis]!;
    for (let s = 0; s < this.stores.length; s++) this.stores[s]! += by * this.#storeSteps[s]![axis]!;
  }
}

/** How far each read moves from its place, at each index of the fold. */
function* shiftsOf(kernel: Kernel, over: readonly number[]): Generator<number[]> {
  const rank = kernel.out.length;
  const counters = over.map(() => 0);
  const shift = kernel.reads.map(() => 0);
  const size = over.reduce((n, axis) => n * axis, 1);
  for (let index = 0; index < size; index++) {
    yield shift;
    for (let axis = over.length - 1; axis >= 0; axis--) {
      counters[axis]!++;
      for (let r = 0; r < shift.length; r++) shift[r]! += kernel.reads[r]!.strides[rank + axis]!;
      if (counters[axis]! < over[axis]!) break;
      for (let r = 0; r < shift.length; r++) shift[r]! -= kernel.reads[r]!.strides[rank + axis]! * over[axis]!;
      counters[axis] = 0;
    }
  }
}
