/**
 * Live numbers in memory that the worker and the page share. The page asks for exactly the arrays it
 * draws (taps); the worker writes them some sixty times a second; the page reads them in its animation
 * frame, without a message. Batched arrays arrive as one sample's numbers: those of a chosen row, or the
 * mean over the batch (for gradients: the sum of the rows' contributions, which is the batch gradient).
 *
 * Memory: int32 header [sequence, step low, step high, finite, epoch, 0, 0, 0], then float32 numbers. The
 * sequence is odd while a frame is being written.
 */
import type { EdgeId, NodeId } from '../graph/graph';

export type Tap =
  | { readonly of: 'value'; readonly node: NodeId }
  | { readonly of: 'gradient'; readonly node: NodeId }
  | { readonly of: 'edge-gradient'; readonly edge: EdgeId };

/** Which numbers the live view shows: those of one row of the data, or the mean over a batch. */
export type Look = { readonly row: number } | 'batch';

/** Node and edge ids are those of the expanded drawing: `hidden/weight`, `hidden/sum.b`. */
export const tapKey = (tap: Tap): string =>
  tap.of === 'edge-gradient' ? `e:${tap.edge}` : `${tap.of === 'value' ? 'v' : 'g'}:${tap.node}`;

/** The local derivative along an edge: recorded iterations have it, devices do not compute it. */
export const localKey = (edge: EdgeId): string => `d:${edge}`;

export interface FrameLayout {
  /** Where each tap's numbers begin, by `tapKey`, in floats. Taps that the plan does not have are left out. */
  readonly at: Readonly<Record<string, { readonly offset: number; readonly length: number }>>;
  readonly floats: number;
}

const HEADER = 8;

export interface Frame {
  /** Whether there has been any frame, and no write is under way. */
  readonly ready: boolean;
  readonly sequence: number;
  readonly step: number;
  readonly epoch: number;
  /** Null when the tap is not in the layout. A view of shared memory: read it, do not keep it. */
  numbers(key: string): Float32Array | null;
}

/** A frame with only those numbers that may be seen: whatever reads it, the others are not there. */
export const sealedFrame = (frame: Frame, seen: ReadonlySet<string>): Frame => ({
  get ready() {
    return frame.ready;
  },
  get sequence() {
    return frame.sequence;
  },
  get step() {
    return frame.step;
  },
  get epoch() {
    return frame.epoch;
  },
  numbers: (key) => (seen.has(key) ? frame.numbers(key) : null),
});

export const frameBytes = (layout: FrameLayout): number => (HEADER + layout.floats) * 4;

export class FrameWriter {
  readonly #header: Int32Array;
  readonly #floats: Float32Array;
  constructor(
    readonly layout: FrameLayout,
    readonly memory: ArrayBufferLike,
  ) {
    this.#header = new Int32Array(memory, 0, HEADER);
    this.#floats = new Float32Array(memory, HEADER * 4);
  }

  write(step: number, epoch: number, fill: (key: string, target: Float32Array) => void): void {
    Atomics.add(this.#header, 0, 1);
    for (const [key, { offset, length }] of Object.entries(this.layout.at))
      fill(key, this.#floats.subarray(offset, offset + length));
    this.#header[1] = step % 2 ** 31;
    this.#header[2] = Math.floor(step / 2 ** 31);
    this.#header[4] = epoch;
    Atomics.add(this.#header, 0, 1);
  }
}

export class FrameReader implements Frame {
  #header: Int32Array;
  #views = new Map<string, Float32Array>();
  constructor(
    readonly layout: FrameLayout,
    memory: ArrayBufferLike,
  ) {
    this.#header = new Int32Array(memory, 0, HEADER);
    this.#attach(memory);
  }

  /** Without shared memory each frame arrives as a buffer of its own. */
  replace(memory: ArrayBufferLike): void {
    this.#header = new Int32Array(memory, 0, HEADER);
    this.#attach(memory);
  }

  #attach(memory: ArrayBufferLike): void {
    const floats = new Float32Array(memory, HEADER * 4);
    for (const [key, { offset, length }] of Object.entries(this.layout.at))
      this.#views.set(key, floats.subarray(offset, offset + length));
  }

  get sequence(): number {
    return Atomics.load(this.#header, 0);
  }
  get ready(): boolean {
    const sequence = this.sequence;
    return sequence > 0 && sequence % 2 === 0;
  }
  get step(): number {
    return this.#header[1]! + this.#header[2]! * 2 ** 31;
  }
  get epoch(): number {
    return this.#header[4]!;
  }
  numbers(key: string): Float32Array | null {
    return this.#views.get(key) ?? null;
  }
}
