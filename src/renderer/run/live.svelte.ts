/**
 * What the drawing shows live: which numbers are read (frames in shared memory), which of them are drawn,
 * and the place that the stepper points at. The canvas reads it in its animation frame.
 */
import type { EngineApi, Look } from '../../engine/api';
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Phase } from '../../engine/plan';
import {
  type Frame,
  frameBytes,
  FrameReader,
  localKey,
  sealedFrame,
  type FrameLayout,
  FrameWriter,
  type Tap,
} from '../../engine/train/frames';

export interface Focus {
  readonly node?: NodeId;
  readonly edge?: EdgeId;
  /** Lines of the drawing that a path runs along. */
  readonly edges?: readonly EdgeId[];
  readonly phase: Phase;
}

export class Live {
  #live = $state.raw<FrameReader | null>(null);
  #recorded = $state.raw<FrameReader | null>(null);
  /** Numbers that the stepper has come by, by their taps; others are not written on the edges. Null: all are. */
  known = $state.raw<ReadonlySet<string> | null>(null);
  /** A teacher hides the answers: what is not known is not to be had, in no colour and no width either. */
  sealed = $state(false);
  /** Replaced when what is watched, or the plan, changes. A recorded iteration stands in front of the live numbers. */
  readonly #whole = $derived<Frame | null>(this.#recorded ?? this.#live);
  readonly frame = $derived<Frame | null>(
    this.sealed && this.#whole ? sealedFrame(this.#whole, this.known ?? new Set()) : this.#whole,
  );
  showForward = $state(true);
  showBackward = $state(true);
  /** Whether numbers change now: pulses move only then. */
  active = $state(false);
  focus = $state.raw<Focus | null>(null);
  speed = $state(1);
  look = $state.raw<Look>('batch');

  #shown = 0;
  #taps: readonly Tap[] = [];
  /** Numbers that others than the drawing want to see. */
  #more: readonly Tap[] = [];
  #watched = 0;
  #api: EngineApi | null = null;
  #layout: FrameLayout | null = null;
  #numbers: ((key: string) => ArrayLike<number> | null) | null = null;

  constructor(readonly onFault: (error: unknown) => void) {}

  /** A plan is loaded: the numbers asked for live elsewhere now. */
  attach(api: EngineApi): void {
    this.#api = api;
    void this.#subscribe();
  }

  detach(): void {
    this.#api = null;
    this.#watched++;
    this.#live = null;
    this.show(null);
  }

  watch(taps: readonly Tap[]): void {
    this.#taps = taps;
    void this.#subscribe();
  }

  /** Besides what is drawn, until the function that it returns is called. One at a time. */
  watchMore(taps: readonly Tap[]): () => void {
    this.#more = taps;
    void this.#subscribe();
    return () => {
      if (this.#more !== taps) return;
      this.#more = [];
      void this.#subscribe();
    };
  }

  async #subscribe(): Promise<void> {
    const asked = ++this.#watched;
    const api = this.#api;
    if (api === null) return;
    try {
      const { layout, memory } = await api.watch([...this.#taps, ...this.#more]);
      if (asked !== this.#watched) return;
      this.#layout = layout;
      this.#live = memory === null ? null : new FrameReader(layout, memory);
      this.show(this.#numbers);
    } catch (error) {
      if (asked === this.#watched) this.onFault(error);
    }
  }

  /** Without shared memory each frame comes as a buffer of its own. */
  receive(memory: ArrayBuffer): void {
    if (this.#live !== null) this.#live.replace(memory);
    else if (this.#layout !== null) this.#live = new FrameReader(this.#layout, memory);
  }

  /** Numbers of a recorded iteration by their taps, to be shown instead of live ones; null: live ones again. */
  show(numbers: ((key: string) => ArrayLike<number> | null) | null): void {
    this.#numbers = numbers;
    if (numbers === null || this.#layout === null) {
      this.#recorded = null;
      return;
    }
    const at: Record<string, { offset: number; length: number }> = {};
    let floats = 0;
    const put = (key: string, length: number): void => {
      at[key] = { offset: floats, length };
      floats += length;
    };
    for (const [key, { length }] of Object.entries(this.#layout.at)) {
      if (numbers(key)?.length === length) put(key, length);
      // With what flows back along an edge its local derivative is of interest.
      const local = key.startsWith('e:') ? localKey(key.slice(2)) : null;
      const found = local === null ? null : numbers(local);
      if (local !== null && found) put(local, found.length);
    }
    const layout: FrameLayout = { at, floats };
    const memory = new ArrayBuffer(frameBytes(layout));
    new FrameWriter(layout, memory).write(this.#live?.step ?? 0, this.#live?.epoch ?? 0, (key, target) =>
      target.set(numbers(key)!),
    );
    // Each is news to whoever remembers the last frame by its number.
    new Int32Array(memory)[0] = 2 ** 30 + 2 * ++this.#shown;
    this.#recorded = new FrameReader(layout, memory);
  }

  async lookAt(look: Look): Promise<void> {
    this.look = look;
    try {
      await this.#api?.look(look);
    } catch (error) {
      this.onFault(error);
    }
  }
}
