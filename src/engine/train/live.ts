/**
 * The live view's numbers: runs the every-edge program on a chosen row or on the coming batch, with the
 * present weights, and writes what is watched into the frame. Takes a bounded share of the thread's time.
 */
import type { Look } from './frames';
import { isBatched, sampleSize } from '../ir/shape';
import type { BufferId, BufferSpec } from '../plan';
import type { Dataset } from '../data/dataset';
import { frameBytes, type FrameLayout, FrameWriter, type Tap, tapKey } from './frames';
import type { Session } from './session';
import type { Trainer } from './trainer';

/** Sixty frames a second at most … */
const FRAME = 16;
/** … and at most one part in so many of the time. */
const SHARE = 8;

export interface FrameEvents {
  frame(memory: ArrayBuffer): void;
}

export class Live {
  #session: Session | null = null;
  #data: Dataset | null = null;
  #taps: readonly Tap[] = [];
  #writer: FrameWriter | null = null;
  #at: Look = 'batch';
  #next = 0;
  #place = { step: 0, epoch: 0 };
  #rows: Uint32Array = new Uint32Array();
  #busy: Promise<void> = Promise.resolve();

  constructor(
    readonly now: () => number,
    readonly sharedMemory: boolean,
    readonly events: FrameEvents,
  ) {}

  attach(session: Session, data: Dataset): void {
    this.#session = session;
    this.#data = data;
    // The old taps belong to the old plan; the page asks anew.
    this.#writer = null;
    this.#rows = data.split.train.subarray(0, session.plans.live.program.batch);
  }

  look(at: Look): void {
    this.#at = at;
  }

  /** Lays out memory for the taps that the present plan has. */
  watch(taps: readonly Tap[]): { layout: FrameLayout; memory: SharedArrayBuffer | null } {
    this.#taps = taps;
    const at: Record<string, { offset: number; length: number }> = {};
    let floats = 0;
    for (const tap of taps) {
      const spec = this.#spec(tapKey(tap));
      if (!spec || Object.hasOwn(at, tapKey(tap))) continue;
      const length = sampleSize(spec.shape);
      at[tapKey(tap)] = { offset: floats, length };
      floats += length;
    }
    const layout: FrameLayout = { at, floats };
    const memory = this.sharedMemory ? new SharedArrayBuffer(frameBytes(layout)) : new ArrayBuffer(frameBytes(layout));
    this.#writer = new FrameWriter(layout, memory);
    return { layout, memory: memory instanceof ArrayBuffer ? null : memory };
  }

  #spec(id: BufferId): BufferSpec | undefined {
    return this.#session?.plans.live.program.buffers.find((b) => b.id === id);
  }

  /** Where training stands: the step it shows, and the coming batch. */
  place(trainer: Trainer): void {
    this.#place = { step: trainer.step, epoch: trainer.epoch };
    if (this.#at === 'batch' && this.#session) this.#rows = trainer.nextRows().slice(0, this.#session.plans.live.program.batch);
  }

  /** While training: a frame when one is due. */
  async maybeShow(trainer: Trainer): Promise<void> {
    if (this.now() < this.#next || !this.#writer || this.#taps.length === 0) return;
    this.place(trainer);
    const begin = this.now();
    await this.show();
    const took = this.now() - begin;
    this.#next = this.now() + Math.max(FRAME - took, took * (SHARE - 1));
  }

  /** Raw numbers of some rows, of the coming batch unless others are named, after their backward pass. Null without rows. */
  batch(
    keys: readonly BufferId[],
    of?: Uint32Array,
  ): Promise<{ readonly rows: Uint32Array; readonly numbers: Map<BufferId, Float32Array> } | null> {
    const turn = this.#busy.then(
      () => this.#batch(keys, of ?? this.#rows),
      () => this.#batch(keys, of ?? this.#rows),
    );
    this.#busy = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  async #batch(
    keys: readonly BufferId[],
    rows: Uint32Array,
  ): Promise<{ rows: Uint32Array; numbers: Map<BufferId, Float32Array> } | null> {
    const session = this.#session;
    if (!session || !this.#data || rows.length === 0) return null;
    await this.#run(session, this.#data, rows);
    const known = keys.filter((key) => this.#spec(key) !== undefined);
    const numbers = await session.live.read(known);
    // The memory belongs to the device, which goes on.
    return { rows, numbers: new Map(known.map((key, i) => [key, numbers[i]!.slice()])) };
  }

  async #run(session: Session, data: Dataset, rows: Uint32Array): Promise<void> {
    await session.refresh(session.live);
    session.live.setData(
      gather(data.x, data.features.length, rows),
      data.features.length,
      gather(data.y, data.targets.length, rows),
      data.targets.length,
      data.weights && gather(data.weights, 1, rows),
    );
    const order = Uint32Array.from(rows, (_, i) => i);
    await session.live.run({ phases: ['forward', 'loss', 'backward'], rows: order, batch: rows.length });
  }

  /** A frame now. Frames are made one after the other. */
  show(): Promise<void> {
    this.#busy = this.#busy.then(
      () => this.#show(),
      () => this.#show(),
    );
    return this.#busy;
  }

  async #show(): Promise<void> {
    const session = this.#session;
    const data = this.#data;
    const writer = this.#writer;
    if (!session || !data || !writer || writer.layout.floats === 0) return;
    const rows = this.#at === 'batch' ? this.#rows : Uint32Array.of(Math.min(this.#at.row, data.rows - 1));
    if (rows.length === 0) return;
    await this.#run(session, data, rows);
    const keys = Object.keys(writer.layout.at);
    const numbers = await session.live.read(keys);
    const found = new Map(keys.map((key, i) => [key, numbers[i]!]));
    writer.write(this.#place.step, this.#place.epoch, (key, target) => {
      const source = found.get(key)!;
      const spec = this.#spec(key);
      if (!spec) return;
      if (!isBatched(spec.shape)) target.set(source.subarray(0, target.length));
      else overRows(source, target, rows.length, spec.role === 'value' || spec.role === 'input');
    });
    if (!this.sharedMemory) {
      const copy = (writer.memory as ArrayBuffer).slice(0);
      this.events.frame(copy);
    }
  }
}

/** Mean over the rows for values; sum for gradients, whose rows already weigh 1/n each. */
function overRows(source: Float32Array, target: Float32Array, rows: number, mean: boolean): void {
  target.fill(0);
  const width = target.length;
  const scale = mean ? 1 / rows : 1;
  for (let row = 0; row < rows; row++) for (let k = 0; k < width; k++) target[k]! += scale * source[row * width + k]!;
}

function gather(numbers: Float32Array, width: number, rows: Uint32Array): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) out.set(numbers.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  return out;
}
