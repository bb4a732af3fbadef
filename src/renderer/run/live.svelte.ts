/**
 * What the drawing shows live: which numbers are read (frames in shared memory), which of them are drawn,
 * and the place that the stepper points at. The canvas reads it in its animation frame.
 */
import type { EngineApi, Look } from '../../engine/api';
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import type { Phase } from '../../engine/plan';
import { FrameReader, type FrameLayout, type Tap } from '../../engine/train/frames';

export interface Focus {
  readonly node?: NodeId;
  readonly edge?: EdgeId;
  /** Lines of the drawing that a path runs along. */
  readonly edges?: readonly EdgeId[];
  readonly phase: Phase;
}

export class Live {
  /** Replaced when what is watched, or the plan, changes. */
  frame = $state.raw<FrameReader | null>(null);
  showForward = $state(true);
  showBackward = $state(true);
  /** Whether numbers change now: pulses move only then. */
  active = $state(false);
  focus = $state.raw<Focus | null>(null);
  /** Numbers that the stepper has come by, by their taps; others are not written on the edges. Null: all are. */
  known = $state.raw<ReadonlySet<string> | null>(null);
  speed = $state(1);
  look = $state.raw<Look>('batch');

  #taps: readonly Tap[] = [];
  #watched = 0;
  #api: EngineApi | null = null;
  #layout: FrameLayout | null = null;

  constructor(readonly onFault: (error: unknown) => void) {}

  /** A plan is loaded: the numbers asked for live elsewhere now. */
  attach(api: EngineApi): void {
    this.#api = api;
    void this.#subscribe();
  }

  detach(): void {
    this.#api = null;
    this.#watched++;
    this.frame = null;
  }

  watch(taps: readonly Tap[]): void {
    this.#taps = taps;
    void this.#subscribe();
  }

  async #subscribe(): Promise<void> {
    const asked = ++this.#watched;
    const api = this.#api;
    if (api === null) return;
    try {
      const { layout, memory } = await api.watch(this.#taps);
      if (asked !== this.#watched) return;
      this.#layout = layout;
      this.frame = memory === null ? null : new FrameReader(layout, memory);
    } catch (error) {
      if (asked === this.#watched) this.onFault(error);
    }
  }

  /** Without shared memory each frame comes as a buffer of its own. */
  receive(memory: ArrayBuffer): void {
    if (this.frame !== null) this.frame.replace(memory);
    else if (this.#layout !== null) this.frame = new FrameReader(this.#layout, memory);
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
