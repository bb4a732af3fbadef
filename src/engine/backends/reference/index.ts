/**
 * The reference backend: runs a program in float64 on `ir/interpret`, kernel by kernel. Slow and right; it
 * is the oracle of the tests, the stepper's engine, and what traces a not-finite number to its cause.
 */
import { prepareKernel } from '../../ir/interpret';
import { isBatched, sampleSize, sizeOf } from '../../ir/shape';
import { bufferIds, type BufferId, type Phase, type Plan, type Program, type Step } from '../../plan';
import type { Backend, Device, Run, RunResult } from '../backend';
import { Cuts } from '../cuts';

/** Products and the like, about a millisecond of them. */
const WORK = 20_000;

/** The device of a reference plan; besides a device's methods it gives its numbers in float64. */
export class ReferenceDevice implements Device {
  readonly backend = 'reference';
  readonly #buffers = new Map<BufferId, Float64Array>();
  readonly #steps: readonly { readonly step: Step; readonly run: (rows: number) => void }[];
  #features: Float32Array = new Float32Array();
  #targets: Float32Array = new Float32Array();
  #featureCount = 0;
  #targetCount = 0;
  #weights: Float32Array | undefined;

  constructor(readonly program: Program) {
    for (const spec of program.buffers) {
      const numbers = new Float64Array(sizeOf(spec.shape, program.batch));
      if (typeof spec.init === 'number') numbers.fill(spec.init);
      else if (spec.init) numbers.set(spec.init);
      this.#buffers.set(spec.id, numbers);
    }
    this.#steps = program.steps.map((step) => ({
      step,
      run: prepareKernel(step.kernel, (name) => this.numbers(step.bind[name]!)),
    }));
  }

  /** A buffer's numbers in float64: the memory itself, not a copy. */
  numbers(buffer: BufferId): Float64Array {
    const numbers = this.#buffers.get(buffer);
    if (!numbers) throw new Error(`The program has no buffer '${buffer}'.`);
    return numbers;
  }

  setData(
    features: Float32Array,
    featureCount: number,
    targets: Float32Array,
    targetCount: number,
    weights?: Float32Array,
  ): void {
    this.#features = features;
    this.#featureCount = featureCount;
    this.#targets = targets;
    this.#targetCount = targetCount;
    this.#weights = weights;
  }

  write(buffer: BufferId, numbers: ArrayLike<number>): void {
    this.numbers(buffer).set(numbers);
  }

  read(buffers: readonly BufferId[]): Promise<Float32Array[]> {
    return Promise.resolve(buffers.map((id) => Float32Array.from(this.numbers(id))));
  }

  /** Copies rows of the data set into the input buffers and weighs them 1/n, times their own weight where they have one. */
  gather(rows: ArrayLike<number>): void {
    const n = rows.length;
    for (const { buffer, from, columns } of this.program.inputs) {
      const [source, width] = from === 'features' ? [this.#features, this.#featureCount] : [this.#targets, this.#targetCount];
      const target = this.numbers(buffer);
      for (let i = 0; i < n; i++)
        for (let c = 0; c < columns.length; c++) target[i * columns.length + c] = source[rows[i]! * width + columns[c]!]!;
    }
    const weights = this.#buffers.get(bufferIds.rowWeights);
    weights?.fill(0).fill(1 / n, 0, n);
    if (weights && this.#weights) for (let i = 0; i < n; i++) weights[i]! *= this.#weights[rows[i]!]!;
  }

  /** Runs the steps of some phases for the first `rows` rows of the buffers as they stand. */
  runPhases(phases: readonly Phase[], rows: number, after?: (step: Step) => void, before?: (step: Step) => void): void {
    for (const { step, run } of this.#steps)
      if (phases.includes(step.phase)) {
        before?.(step);
        run(rows);
        after?.(step);
      }
  }

  /** The same, giving the thread back between two steps whenever some work was done. */
  *inSteps(phases: readonly Phase[], rows: number): Generator<void, void> {
    let done = 0;
    for (const { step, run } of this.#steps) {
      if (!phases.includes(step.phase)) continue;
      run(rows);
      done += sizeOf(step.kernel.out, rows) * sizeOf(step.kernel.fold?.over ?? [], rows);
      if (done < WORK) continue;
      done = 0;
      yield;
    }
  }

  /** Weighted mean of the loss over the rows of the batch just run. */
  batchLoss(rows: number): number {
    const { loss } = this.program;
    if (!loss) return Number.NaN;
    const values = this.numbers(loss);
    const spec = this.program.buffers.find((b) => b.id === loss)!;
    if (!isBatched(spec.shape)) return values[0]!;
    const weights = this.numbers(bufferIds.rowWeights);
    let total = 0;
    for (let i = 0; i < rows; i++) total += weights[i]! * values[i]!;
    return total;
  }

  run({ phases, rows, batch, epochs, collect = [] }: Run): Promise<RunResult> {
    const sizes = collect.map((id) => sampleSize(this.program.buffers.find((b) => b.id === id)!.shape));
    const collected = sizes.map((size) => new Float32Array(size * rows.length));
    const losses: number[] = [];
    const cuts = new Cuts(rows.length, batch, epochs);
    for (let from = 0, to = 0; from < rows.length; from = to) {
      to = cuts.until(from, batch);
      const part = rows.subarray(from, to);
      this.gather(part);
      this.runPhases(
        phases.filter((phase) => phase !== 'update'),
        part.length,
      );
      if (phases.includes('loss') && this.program.loss) losses.push(this.batchLoss(part.length));
      collect.forEach((id, i) => {
        const size = sizes[i]!;
        collected[i]!.set(this.numbers(id).subarray(0, size * part.length), size * from);
      });
      if (phases.includes('update')) this.runPhases(['update'], part.length);
    }
    return Promise.resolve({ losses: Float64Array.from(losses), collected });
  }

  close(): void {
    this.#buffers.clear();
  }
}

export const reference: Backend = {
  name: 'reference',
  detect: () => Promise.resolve({ backend: 'reference', title: 'float64 reference' }),
  emit: () => ({ kind: 'none' }),
  open: (plan: Plan) => Promise.resolve(new ReferenceDevice(plan.program)),
};
