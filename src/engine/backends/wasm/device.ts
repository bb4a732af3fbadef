/**
 * A program opened in this thread: one memory, one instance, and the copying between them and the
 * caller. Whole runs happen inside the module; long ones in slices of some thousand rows, so that the
 * queue of row numbers has a fixed size.
 */
import { sampleSize } from '../../ir/shape';
import { type BufferId, bufferIds, type Plan } from '../../plan';
import { type Device, DeviceFailure, type Run, type RunResult, type ThreadsReport } from '../backend';
import { Cuts } from '../cuts';
import { host } from './math';
import { MOST_PAGES } from './module';
import { phaseBits } from './gather';
import { abandon, dismiss, enlist, type Helper, type RunBatches, type Spawn, ThreadChoice } from './threads';
import { alignUp, COLLECT_LIMIT, control, type Layout, PAGE, SLACK } from './layout';

/** Bytes of collected values that one slice may hold. */
const COLLECT_BYTES = 32 * 2 ** 20;

/** Naps of a millisecond, of all threads together, until one that waits gives up: longer than any share takes. */
const THREAD_PATIENCE = 60_000;

export async function open(plan: Plan, spawn?: Spawn | null, patience = THREAD_PATIENCE): Promise<Device> {
  if (plan.code.kind !== 'wasm') throw new DeviceFailure('compile', 'The plan holds no WebAssembly code.');
  const layout = plan.code.layout as Layout;
  const shared = layout.threads > 1;
  const memory = allocate(Math.ceil(layout.end / PAGE), shared);
  let module: WebAssembly.Module;
  let instance: WebAssembly.Instance;
  try {
    module = await WebAssembly.compile(plan.code.bytes as Uint8Array<ArrayBuffer>);
    instance = await WebAssembly.instantiate(module, { host: { memory, ...host } });
  } catch (error) {
    throw new DeviceFailure(
      'compile',
      `The generated code was refused: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  new DataView(memory.buffer).setUint32(control.patience, patience, true);
  const helpers = await enlist(layout.threads - 1, module, memory, spawn);
  return new WasmDevice(plan, layout, memory, instance.exports.run as RunBatches, helpers);
}

function allocate(pages: number, shared: boolean): WebAssembly.Memory {
  // A shared memory reserves its maximum at once; where that is refused, some room for data must do.
  const wishes: WebAssembly.MemoryDescriptor[] = shared
    ? [MOST_PAGES, Math.min(MOST_PAGES, pages + DATA_PAGES)].map((maximum) => ({ initial: pages, maximum, shared }))
    : [{ initial: pages }];
  if (pages <= MOST_PAGES)
    for (const wish of wishes)
      try {
        return new WebAssembly.Memory(wish);
      } catch {
        // The next wish is more modest.
      }
  throw new DeviceFailure(
    'out-of-memory',
    `The network needs ${mebibytes(pages)} MiB of memory, ${refusal(pages > MOST_PAGES)} Take smaller layers, or a smaller batch.`,
  );
}
const DATA_PAGES = 8192;

const mebibytes = (pages: number): string => Math.ceil((pages * PAGE) / 2 ** 20).toLocaleString('en');
const refusal = (beyond: boolean): string =>
  beyond ? `and WebAssembly has at most ${mebibytes(MOST_PAGES)} MiB.` : 'which this computer did not give.';

class WasmDevice implements Device {
  readonly backend = 'wasm';
  #dataRows = 0;
  #dataEnd: number;
  #closed = false;
  readonly #choice: ThreadChoice;

  constructor(
    readonly plan: Plan,
    readonly layout: Layout,
    readonly memory: WebAssembly.Memory,
    readonly runBatches: RunBatches,
    readonly helpers: readonly Helper[],
  ) {
    this.#choice = new ThreadChoice(helpers.length + 1);
    this.#dataEnd = layout.end;
    for (const { id, init } of plan.program.buffers) {
      if (init === undefined || init === 0) continue;
      const view = this.#view(id);
      if (typeof init === 'number') view.fill(init);
      else view.set(init);
    }
  }

  get threads(): ThreadsReport | null {
    return this.#choice.report;
  }

  setData(
    features: Float32Array,
    featureCount: number,
    targets: Float32Array,
    targetCount: number,
    weights?: Float32Array,
  ): void {
    this.#alive();
    const featuresAt = alignUp(this.layout.end, 64);
    const targetsAt = alignUp(featuresAt + features.byteLength, 64);
    const weightsAt = alignUp(targetsAt + targets.byteLength, 64);
    this.#dataEnd = weightsAt + (weights?.byteLength ?? 0) + SLACK;
    this.#reserve(this.#dataEnd, 'data set');
    new Float32Array(this.memory.buffer, featuresAt, features.length).set(features);
    new Float32Array(this.memory.buffer, targetsAt, targets.length).set(targets);
    this.#dataRows = featureCount > 0 ? features.length / featureCount : targetCount > 0 ? targets.length / targetCount : 0;
    const view = this.#control();
    view.setUint32(control.features, featuresAt, true);
    view.setUint32(control.featureBytes, 4 * featureCount, true);
    view.setUint32(control.targets, targetsAt, true);
    view.setUint32(control.targetBytes, 4 * targetCount, true);
    if (weights) new Float32Array(this.memory.buffer, weightsAt, weights.length).set(weights);
    view.setUint32(control.weights, weights ? weightsAt : 0, true);
    // What the last batch was weighed by says nothing about these data.
    view.setUint32(control.weighted, 0, true);
  }

  write(buffer: BufferId, numbers: ArrayLike<number>): void {
    this.#alive();
    const view = this.#view(buffer);
    if (numbers.length !== view.length) throw new RangeError(`'${buffer}' holds ${view.length} numbers, not ${numbers.length}`);
    view.set(numbers);
    if (buffer === bufferIds.rowWeights) this.#control().setUint32(control.weighted, 0, true);
  }

  async read(buffers: readonly BufferId[]): Promise<Float32Array[]> {
    this.#alive();
    return buffers.map((id) => this.#view(id).slice());
  }

  async run({ phases, rows, batch, epochs, collect = [] }: Run): Promise<RunResult> {
    this.#alive();
    this.#check(rows, batch, collect);
    const bits = phases.reduce((sum, phase) => sum | phaseBits[phase], 0);
    const counts = collect.map((id) => this.#sample(id));
    const collected = counts.map((count) => new Float32Array(count * rows.length));
    const hasLoss = phases.includes('loss') && this.plan.program.loss !== null;
    const cuts = new Cuts(rows.length, batch, epochs);
    const losses = new Float64Array(hasLoss ? cuts.count : 0);

    const bytesPerRow = 4 * counts.reduce((sum, count) => sum + count, 0);
    const most = Math.min(this.layout.queueRows, bytesPerRow > 0 ? COLLECT_BYTES / bytesPerRow : Infinity);
    const base = alignUp(this.#dataEnd, 64);
    if (bytesPerRow > 0)
      this.#reserve(base + bytesPerRow * Math.min(Math.max(batch, most), rows.length) + SLACK, 'collected values');

    for (let from = 0, to = 0; from < rows.length; from = to) {
      to = cuts.until(from, most);
      const part = rows.subarray(from, to);
      new Uint32Array(this.memory.buffer, this.layout.queue, part.length).set(part);
      const starts = this.#prepareCollect(collect, counts, part.length, base);
      const { left, rows: later } = cuts.from(from);
      const view = this.#control();
      view.setUint32(control.epochLeft, left, true);
      view.setUint32(control.epochRows, later, true);
      this.#runSlice(part.length, batch, bits);
      counts.forEach((count, at) => {
        collected[at]!.set(new Float32Array(this.memory.buffer, starts[at]!, count * part.length), count * from);
      });
      if (!hasLoss) continue;
      const first = cuts.before(from);
      losses.set(new Float64Array(this.memory.buffer, this.layout.losses, cuts.before(to) - first), first);
    }
    return { losses, collected };
  }

  close(): void {
    if (!this.#closed) dismiss(this.helpers);
    this.#closed = true;
  }

  #runSlice(rows: number, batch: number, phases: number): void {
    const threads = this.#choice.next();
    this.#control().setUint32(control.threads, threads, true);
    const begin = performance.now();
    if (threads > 1)
      for (const [at, helper] of this.helpers.entries()) helper.post({ kind: 'run', rows, batch, phases, thread: at + 1 });
    try {
      this.runBatches(rows, batch, phases, 0);
    } catch (error) {
      // A thread gave up waiting for another.
      this.#closed = true;
      abandon(this.helpers);
      throw new DeviceFailure('lost', `A thread of the engine stopped working (${String(error)}).`);
    }
    this.#choice.took(threads, (performance.now() - begin) / rows);
  }

  /** Fills the table of what to collect; gives where each buffer's values will start. */
  #prepareCollect(collect: readonly BufferId[], counts: readonly number[], rows: number, base: number): readonly number[] {
    const view = this.#control();
    view.setUint32(control.collectCount, collect.length, true);
    let next = base;
    return collect.map((id, at) => {
      const entry = control.collect + 12 * at;
      const start = next;
      view.setUint32(entry, this.layout.buffers[id]!.address, true);
      view.setUint32(entry + 4, 4 * counts[at]!, true);
      view.setUint32(entry + 8, start, true);
      next += 4 * counts[at]! * rows;
      return start;
    });
  }

  #check(rows: Uint32Array, batch: number, collect: readonly BufferId[]): void {
    if (!(batch >= 1 && batch <= this.plan.program.batch))
      throw new RangeError(`a batch of ${batch} rows in a program for up to ${this.plan.program.batch}`);
    if (collect.length > COLLECT_LIMIT) throw new RangeError(`at most ${COLLECT_LIMIT} buffers can be collected`);
    if (this.plan.program.inputs.length === 0) return;
    // In training every row passes here: a plain loop.
    let last = 0;
    for (let at = 0; at < rows.length; at++) if (rows[at]! > last) last = rows[at]!;
    if (rows.length > 0 && last >= this.#dataRows) throw new RangeError(`row ${last} of a data set with ${this.#dataRows} rows`);
  }

  #sample(id: BufferId): number {
    const spec = this.plan.program.buffers.find((b) => b.id === id);
    if (!spec) throw new RangeError(`the program has no buffer '${id}'`);
    return sampleSize(spec.shape);
  }

  #view(id: BufferId): Float32Array {
    const placed = this.layout.buffers[id];
    if (!placed) throw new RangeError(`the program has no buffer '${id}'`);
    return new Float32Array(this.memory.buffer, placed.address, placed.elements);
  }

  #control(): DataView {
    return new DataView(this.memory.buffer, 0, control.end);
  }

  #reserve(end: number, what: string): void {
    const missing = Math.ceil(end / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing <= 0) return;
    const beyond = end > MOST_PAGES * PAGE;
    try {
      if (beyond) throw new RangeError('more than 4 GiB');
      this.memory.grow(missing);
    } catch {
      throw new DeviceFailure(
        'out-of-memory',
        `The ${what} needs ${mebibytes(missing)} MiB more memory, ${refusal(beyond)} Take fewer rows, or a smaller network.`,
      );
    }
  }

  #alive(): void {
    if (this.#closed) throw new DeviceFailure('lost', 'The device was closed.');
  }
}
