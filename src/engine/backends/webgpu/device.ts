/**
 * A program opened on a GPU: its buffers, its compiled modules, and the loop that submits many batches at
 * a time. Nothing is read back while it trains except one loss a batch and what a run asks to collect.
 */
import { isBatched, sampleSize, sizeOf } from '../../ir/shape';
import type { BufferId, BufferSpec, Phase, Plan, Program } from '../../plan';
import { type Device, DeviceFailure, type Run, type RunResult } from '../backend';
import { Cuts } from '../cuts';
import { COLLECT_WORDS, phaseBits, type RunWord, runWords, STATE_BAD, STATE_BATCH } from './bindings';
import type { WgslLayout } from './layout';
import { type Machine, messageOf, type SharedData, usage } from './machine';

/** One submission should keep the GPU busy about this long: it also draws the window. */
const SUBMISSION_MS = 16;
/** Submissions grow at most this much from one to the next, while their speed is being learnt. */
const GROWTH = 8;
const MOST_DISPATCHES = 4096;
const MOST_BATCHES = 1 << 16;
/** Numbers collected before they are read back. */
const COLLECTED_NUMBERS = 1 << 23;
/** Rows of a data set too large for the GPU are brought there in pieces of about this many numbers. */
const STREAMED_NUMBERS = 1 << 23;
/** Dynamic offsets of uniform blocks are multiples of this everywhere. */
const BLOCK_BYTES = 256;
/** Workgroups that copy one collected buffer. */
const COLLECT_WORKGROUPS = 16;
const MAP_READ = 0x1;

interface Table {
  readonly rows: number;
  readonly features: Float32Array;
  readonly featureCount: number;
  readonly targets: Float32Array;
  readonly targetCount: number;
  readonly weights: Float32Array | null;
  /** On the GPU as a whole, or null when its rows are streamed. */
  shared: SharedData | null;
}

/** A buffer that is replaced by a larger one when it is too small. */
interface Growing {
  buffer: GPUBuffer;
  numbers: number;
}

export async function openDevice(machine: Machine, plan: Plan): Promise<Device> {
  if (plan.code.kind !== 'wgsl') throw new DeviceFailure('compile', 'The plan holds no code for the graphics processor.');
  const layout = plan.code.layout as WgslLayout;
  const bytes = layout.arena * 4;
  const { maxBufferSize, maxStorageBufferBindingSize } = machine.gpu.limits;
  const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  if (bytes > most)
    throw new DeviceFailure(
      'out-of-memory',
      `The network needs ${mebibytes(bytes)} MiB on the graphics processor, which gives one program at most ${mebibytes(most)} MiB.`,
    );
  machine.check();
  // One workgroup's second module is compiled when a run needs it.
  const codes = layout.run.by === 'workgroup' ? [plan.code.modules[layout.run.whole]!] : plan.code.modules;
  const modules = codes.map((code) => machine.pipeline(code));
  machine.gpu.pushErrorScope('out-of-memory');
  const arena = machine.buffer(bytes, usage.storage | usage.copySource | usage.copyTarget);
  const refused = machine.gpu.popErrorScope();
  try {
    const pipelines = await Promise.all(modules);
    if ((await refused) !== null)
      throw new DeviceFailure(
        'out-of-memory',
        `The graphics processor has no room for the ${mebibytes(bytes)} MiB that the network needs.`,
      );
    machine.check();
    return new GpuDevice(machine, plan.program, plan.code.modules, layout, pipelines, arena);
  } catch (error) {
    arena.destroy();
    await Promise.allSettled(modules);
    throw error;
  }
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(bytes < 2 ** 24 ? 1 : 0);

class GpuDevice implements Device {
  readonly backend = 'webgpu';
  private readonly specs: ReadonlyMap<BufferId, BufferSpec>;
  private readonly state: GPUBuffer;
  private readonly words: GPUBuffer;
  private readonly tables: GPUBuffer;
  private readonly bases: GPUBuffer;
  private readonly basesGroup: GPUBindGroup;
  private readonly noData: GPUBuffer;
  private readonly streamed: Growing;
  private readonly rows: Growing;
  private readonly results: Growing;
  private readonly offsets: readonly number[];
  private common: { readonly group: GPUBindGroup; readonly of: readonly GPUBuffer[] } | null = null;
  private table: Table | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private closed = false;
  /** Milliseconds a batch, and how many the last submission held. */
  private pace = { batch: 0, submitted: 1 };

  constructor(
    private readonly machine: Machine,
    private readonly program: Program,
    private readonly codes: readonly string[],
    private readonly layout: WgslLayout,
    private readonly pipelines: readonly GPUComputePipeline[],
    private readonly arena: GPUBuffer,
  ) {
    this.specs = new Map(program.buffers.map((spec) => [spec.id, spec]));
    const storage = usage.storage | usage.copyTarget;
    this.state = machine.buffer(16, storage);
    this.words = machine.buffer(runWords.length * 4, usage.uniform | usage.copyTarget);
    this.tables = machine.buffer(layout.tables.length * 4, storage);
    machine.write(this.tables, 0, Uint32Array.from(layout.tables));
    this.noData = machine.buffer(16, storage);
    this.streamed = { buffer: machine.buffer(16, storage), numbers: 4 };
    this.rows = { buffer: machine.buffer(16, storage), numbers: 4 };
    this.results = { buffer: machine.buffer(16, storage | usage.copySource), numbers: 4 };

    const passes = layout.run.by === 'dispatches' ? layout.run.passes : [];
    const block = Math.ceil((layout.blocks * 16) / BLOCK_BYTES) * (BLOCK_BYTES / 4);
    const numbers = new Uint32Array(Math.max(1, passes.length) * block);
    for (const [index, pass] of passes.entries()) numbers.set(pass.bases, index * block);
    this.offsets = passes.map((_, index) => index * block * 4);
    this.bases = machine.buffer(numbers.byteLength, usage.uniform | usage.copyTarget);
    machine.write(this.bases, 0, numbers);
    this.basesGroup = machine.basesGroup(this.bases, layout.blocks * 16);

    for (const { id, init, shape } of program.buffers) {
      if (init === undefined || init === 0) continue;
      const size = sizeOf(shape, program.batch);
      this.write(id, typeof init === 'number' ? new Float32Array(size).fill(init) : init);
    }
  }

  setData(
    features: Float32Array,
    featureCount: number,
    targets: Float32Array,
    targetCount: number,
    weights?: Float32Array,
  ): void {
    if (this.closed) return;
    this.releaseTable();
    const { maxBufferSize, maxStorageBufferBindingSize } = this.machine.gpu.limits;
    const numbers = features.length + targets.length + (weights?.length ?? 0);
    const fits = numbers * 4 <= Math.min(maxBufferSize, maxStorageBufferBindingSize);
    this.table = {
      rows: featureCount > 0 ? features.length / featureCount : targets.length / Math.max(1, targetCount),
      features,
      featureCount,
      targets,
      targetCount,
      weights: weights ?? null,
      shared: fits ? this.machine.acquireData(features, targets, weights ?? null) : null,
    };
  }

  write(buffer: BufferId, numbers: ArrayLike<number>): void {
    if (this.closed) return;
    const place = this.placeOf(buffer);
    if (numbers.length > place.size)
      throw new RangeError(`buffer '${buffer}' holds ${place.size} numbers, not ${numbers.length}`);
    this.machine.write(this.arena, place.at, numbers instanceof Float32Array ? numbers : Float32Array.from(numbers));
    if (this.specs.get(buffer)?.role === 'parameter') this.machine.write(this.state, STATE_BAD, new Uint32Array(1));
  }

  async read(buffers: readonly BufferId[]): Promise<Float32Array[]> {
    if (this.closed) throw new Error('the program is closed');
    const places = buffers.map((buffer) => this.placeOf(buffer));
    let at = 0;
    const starts = places.map(({ size }) => {
      const start = at;
      at += size;
      return start;
    });
    if (at === 0) return places.map(() => new Float32Array(0));
    const numbers = await this.readBack(at, (encoder, target) => {
      places.forEach((place, index) => {
        if (place.size > 0) encoder.copyBufferToBuffer(this.arena, place.at * 4, target, starts[index]! * 4, place.size * 4);
      });
    });
    return places.map(({ size }, index) => new Float32Array(numbers, starts[index]! * 4, size).slice());
  }

  async run(run: Run): Promise<RunResult> {
    if (this.closed) throw new Error('the program is closed');
    this.checkRun(run);
    const result = this.last.then(() => this.runNow(run));
    this.last = result.catch(() => undefined);
    return result;
  }

  /** What is on its way still runs to its end; the memory is given back then. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.releaseTable();
    void this.last.then(() => {
      for (const buffer of [this.arena, this.state, this.words, this.tables, this.bases, this.noData]) buffer.destroy();
      for (const { buffer } of [this.streamed, this.rows, this.results]) buffer.destroy();
    });
  }

  /** A GPU would read some other row for one that does not exist, and say nothing. */
  private checkRun({ rows, batch }: Run): void {
    if (!(batch >= 1 && batch <= this.program.batch))
      throw new RangeError(`a batch of ${batch} rows in a program for up to ${this.program.batch}`);
    if (this.program.inputs.length === 0) return;
    const count = this.table?.rows ?? 0;
    const row = rows.find((one) => one >= count);
    if (row !== undefined) throw new RangeError(`row ${row} of a data set with ${count} rows`);
  }

  private placeOf(buffer: BufferId): { readonly at: number; readonly size: number } {
    const place = this.layout.places[buffer];
    if (!place) throw new RangeError(`the program has no buffer '${buffer}'`);
    return place;
  }

  /** Lets go of the data set once no run can be reading it. */
  private releaseTable(): void {
    const { table } = this;
    this.table = null;
    if (table) void this.last.then(() => table.shared && this.machine.releaseData(table.shared));
  }

  private async runNow(run: Run): Promise<RunResult> {
    this.machine.check();
    const { batch } = run;
    const collect = run.collect ?? [];
    const widths = collect.map((buffer) => this.collectWidth(buffer));
    const reports = run.phases.includes('loss') && this.program.loss !== null;
    const cuts = new Cuts(run.rows.length, batch, run.epochs);
    const losses = new Float64Array(reports ? cuts.count : 0);
    const collected = widths.map((width) => new Float32Array(width * run.rows.length));
    const table = await this.readyTable();
    const alone = await this.workgroupFor(run.phases);

    const most = batch * this.batchesAtOnce(batch, widths, table);
    for (let from = 0, to = 0; from < run.rows.length; from = to) {
      to = cuts.until(from, most);
      const rows = run.rows.subarray(from, to);
      const part = new Cuts(rows.length, batch, cuts.from(from));
      const batches = part.count;
      const { done } = await this.submitAll(batches, this.prepare(rows, part, run, widths, table), run.phases, alone);
      // The results are asked for at once: waiting for the batches first would cost another round trip.
      const numbers = reports || collect.length > 0 ? await this.readResults(batches + sum(widths) * rows.length) : null;
      await done;
      this.machine.check();
      if (!numbers) continue;
      if (reports) losses.set(numbers.subarray(0, batches), cuts.before(from));
      let at = batches;
      widths.forEach((width, index) => {
        collected[index]!.set(numbers.subarray(at, at + width * rows.length), from * width);
        at += width * rows.length;
      });
    }
    return { losses, collected };
  }

  private collectWidth(buffer: BufferId): number {
    const spec = this.specs.get(buffer);
    if (!spec || !isBatched(spec.shape)) throw new RangeError(`buffer '${buffer}' holds no value per sample`);
    return sampleSize(spec.shape);
  }

  /** The data set, once it is known whether the GPU had room for it. */
  private async readyTable(): Promise<Table | null> {
    const table = this.table;
    if (table?.shared && !(await table.shared.fits)) {
      this.machine.releaseData(table.shared);
      table.shared = null;
    }
    return table;
  }

  /** The pipeline that runs whole batches by itself, if the program has one. */
  private async workgroupFor(phases: readonly Phase[]): Promise<GPUComputePipeline | null> {
    const { run } = this.layout;
    if (run.by !== 'workgroup') return null;
    const all = this.program.steps.every(({ phase }) => phases.includes(phase));
    return this.machine.pipeline(this.codes[all ? run.whole : run.byPhase]!);
  }

  /** Batches whose rows and collected numbers fit their buffers. */
  private batchesAtOnce(batch: number, widths: readonly number[], table: Table | null): number {
    const collected = COLLECTED_NUMBERS / (batch * Math.max(1, sum(widths)));
    const streamed =
      table && !table.shared ? STREAMED_NUMBERS / (batch * Math.max(1, table.featureCount + table.targetCount)) : Infinity;
    return Math.max(1, Math.floor(Math.min(collected, streamed, MOST_BATCHES)));
  }

  /** Brings rows, descriptions of what is collected and the words of the run to the GPU. */
  private prepare(rows: Uint32Array, cuts: Cuts, run: Run, widths: readonly number[], table: Table | null): Words {
    const words = new Uint32Array(rows.length + widths.length * COLLECT_WORDS);
    const { left, rows: epoch } = cuts.from(0);
    let to = cuts.count;
    widths.forEach((width, index) => {
      const { at } = this.placeOf(run.collect![index]!);
      words.set([at, width, to], rows.length + index * COLLECT_WORDS);
      to += width * rows.length;
    });
    let targetsAt = table ? table.features.length : 0;
    let weightsAt = table?.weights ? targetsAt + table.targets.length : 0;
    if (table && !table.shared) {
      const { numbers, at } = gatherRows(table, rows);
      targetsAt = at;
      weightsAt = table.weights ? at + rows.length * table.targetCount : 0;
      this.grow(this.streamed, numbers.length, usage.storage | usage.copyTarget);
      this.machine.write(this.streamed.buffer, 0, numbers);
      words.set(rows.map((_, index) => index));
    } else words.set(rows);
    this.grow(this.rows, words.length, usage.storage | usage.copyTarget);
    this.grow(this.results, to, usage.storage | usage.copySource | usage.copyTarget);
    this.machine.write(this.rows.buffer, 0, words);
    this.machine.write(this.state, STATE_BATCH, new Uint32Array(1));
    this.bind(table);
    return {
      count: 0,
      batch: cuts.batch,
      rows: rows.length,
      mask: run.phases.reduce((mask, phase) => mask | phaseBits[phase], 0),
      features: table?.featureCount ?? 0,
      targets: table?.targetCount ?? 0,
      targetsAt,
      weightsAt,
      collects: widths.length,
      collectAt: rows.length,
      first: 0,
      left,
      epoch,
    };
  }

  private grow(growing: Growing, numbers: number, flags: number): void {
    if (growing.numbers >= numbers) return;
    growing.buffer.destroy();
    growing.numbers = Math.max(numbers, 2 * growing.numbers);
    growing.buffer = this.machine.buffer(growing.numbers * 4, flags);
  }

  /** The common bindings, made anew when one of their buffers was replaced. */
  private bind(table: Table | null): void {
    const data = table === null ? this.noData : (table.shared?.buffer ?? this.streamed.buffer);
    const buffers = [this.arena, data, this.rows.buffer, this.results.buffer, this.state, this.tables, this.words];
    if (this.common?.of.every((buffer, index) => buffer === buffers[index])) return;
    this.common = { group: this.machine.commonGroup(buffers), of: buffers };
  }

  /**
   * Submits batches in portions that take about as long as a frame of the window: at most two are on
   * their way, so the GPU does not idle and other work gets its turn. Returns when all are on their way.
   */
  private async submitAll(
    batches: number,
    words: Words,
    phases: readonly Phase[],
    alone: GPUComputePipeline | null,
  ): Promise<{ readonly done: Promise<void> }> {
    const { run } = this.layout;
    const passes = run.by === 'dispatches' ? run.passes.filter(({ phase }) => phases.includes(phase)).length + 3 : 1;
    const most = run.by === 'dispatches' ? Math.max(1, Math.floor(MOST_DISPATCHES / passes)) : MOST_BATCHES;
    if (run.by === 'dispatches') this.writeWords(words);
    let previous: Promise<void> = Promise.resolve();
    let idleSince = performance.now();
    for (let first = 0; first < batches; ) {
      const wished = this.pace.batch === 0 ? 1 : Math.floor(SUBMISSION_MS / this.pace.batch);
      const count = Math.min(Math.max(1, wished), most, GROWTH * this.pace.submitted, batches - first);
      if (run.by === 'workgroup') this.writeWords({ ...words, count, first });
      this.submit(count, phases, words.collects, alone);
      this.pace.submitted = count;
      const submitted = performance.now();
      const done = this.machine.gpu.queue.onSubmittedWorkDone().then(
        () => {
          const now = performance.now();
          this.pace.batch = (now - Math.max(submitted, idleSince)) / count;
          idleSince = now;
        },
        (error: unknown) => this.machine.lose(messageOf(error)),
      );
      await previous;
      this.machine.check();
      previous = done;
      first += count;
    }
    return { done: previous };
  }

  private writeWords(words: Words): void {
    this.machine.write(
      this.words,
      0,
      Uint32Array.from(runWords, (word) => words[word]),
    );
  }

  private submit(batches: number, phases: readonly Phase[], collects: number, alone: GPUComputePipeline | null): void {
    const encoder = this.machine.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, this.common!.group);
    pass.setBindGroup(1, this.basesGroup, [0]);
    const dispatch = (module: number, [x, y, z]: readonly [number, number, number]): void => {
      pass.setPipeline(this.pipelines[module]!);
      pass.dispatchWorkgroups(x, y, z);
    };
    const { run } = this.layout;
    if (alone) {
      pass.setPipeline(alone);
      pass.dispatchWorkgroups(1);
    } else if (run.by === 'dispatches')
      for (let batch = 0; batch < batches; batch++) {
        dispatch(run.gather.module, run.gather.workgroups);
        run.passes.forEach(({ phase, module, workgroups }, index) => {
          if (!phases.includes(phase)) return;
          pass.setBindGroup(1, this.basesGroup, [this.offsets[index]!]);
          dispatch(module, workgroups);
        });
        if (collects > 0) dispatch(run.collect, [COLLECT_WORKGROUPS, collects, 1]);
        dispatch(run.finish, [1, 1, 1]);
      }
    pass.end();
    this.machine.gpu.queue.submit([encoder.finish()]);
  }

  private async readResults(numbers: number): Promise<Float32Array> {
    const bytes = await this.readBack(numbers, (encoder, target) =>
      encoder.copyBufferToBuffer(this.results.buffer, 0, target, 0, numbers * 4),
    );
    return new Float32Array(bytes);
  }

  /** Copies numbers to where the CPU can see them. */
  private async readBack(numbers: number, copy: (encoder: GPUCommandEncoder, target: GPUBuffer) => void): Promise<ArrayBuffer> {
    this.machine.check();
    const target = this.machine.buffer(numbers * 4, usage.mapRead | usage.copyTarget);
    const encoder = this.machine.gpu.createCommandEncoder();
    copy(encoder, target);
    this.machine.gpu.queue.submit([encoder.finish()]);
    try {
      await target.mapAsync(MAP_READ, 0, numbers * 4);
      return target.getMappedRange(0, numbers * 4).slice(0);
    } catch (error) {
      this.machine.check();
      throw new DeviceFailure('lost', `Numbers could not be read back from the graphics processor: ${messageOf(error)}`);
    } finally {
      target.destroy();
    }
  }
}

type Words = Readonly<Record<RunWord, number>>;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Features, then targets, then weights, of some rows of a data set that stays on the CPU. */
function gatherRows(table: Table, rows: Uint32Array): { readonly numbers: Float32Array; readonly at: number } {
  const { features, featureCount, targets, targetCount, weights } = table;
  const at = rows.length * featureCount;
  const numbers = new Float32Array(at + rows.length * (targetCount + (weights ? 1 : 0)));
  rows.forEach((row, index) => {
    numbers.set(features.subarray(row * featureCount, (row + 1) * featureCount), index * featureCount);
    numbers.set(targets.subarray(row * targetCount, (row + 1) * targetCount), at + index * targetCount);
    if (weights) numbers[at + rows.length * targetCount + index] = weights[row]!;
  });
  return { numbers, at };
}
