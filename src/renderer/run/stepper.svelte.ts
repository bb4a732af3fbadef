/**
 * A cursor over one recorded iteration. Stepping forth and back never asks the engine: the trace holds
 * every value, so the cursor only moves. Playing is moving on a clock.
 */
import type { Phase } from '../../engine/plan';
import type { Trace, TraceStep } from '../../engine/train/trace-types';

export interface PhaseSpan {
  readonly phase: Phase;
  /** First step, and one past the last. */
  readonly from: number;
  readonly to: number;
}

/** Runs of equal phases, in order. */
export function spansOf(steps: readonly TraceStep[]): readonly PhaseSpan[] {
  const spans: PhaseSpan[] = [];
  steps.forEach((step, index) => {
    const last = spans.at(-1);
    if (last && last.phase === step.phase) spans[spans.length - 1] = { ...last, to: index + 1 };
    else spans.push({ phase: step.phase, from: index, to: index + 1 });
  });
  return spans;
}

/** Milliseconds between steps at speed 1. */
const PACE = 900;

export class Stepper {
  trace = $state.raw<Trace | null>(null);
  index = $state(0);
  playing = $state(false);
  /** Steps come this many times as fast as the normal pace. */
  speed = $state(1);
  loading = $state(false);

  readonly steps = $derived(this.trace?.steps ?? []);
  readonly spans = $derived(spansOf(this.steps));
  readonly step = $derived<TraceStep | null>(this.steps[this.index] ?? null);
  readonly atFirst = $derived(this.index === 0);
  readonly atLast = $derived(this.index >= this.steps.length - 1);

  #timer: ReturnType<typeof setTimeout> | null = null;
  #wanted = 0;

  constructor(
    readonly record: (row: number) => Promise<Trace>,
    /** Told of every move, so that the drawing can point at the step. */
    readonly onMove: (step: TraceStep | null) => void = () => {},
  ) {}

  /** Records the iteration of one row of the data and goes to its first step. Throws what the engine says. */
  async open(row: number): Promise<void> {
    this.pause();
    const asked = ++this.#wanted;
    this.loading = true;
    try {
      const trace = await this.record(row);
      if (asked !== this.#wanted) return;
      this.trace = trace;
      this.seek(0);
    } finally {
      if (asked === this.#wanted) this.loading = false;
    }
  }

  close(): void {
    this.pause();
    this.#wanted++;
    this.loading = false;
    this.trace = null;
    this.index = 0;
    this.onMove(null);
  }

  seek(index: number): void {
    this.index = Math.min(Math.max(0, Math.round(index)), Math.max(0, this.steps.length - 1));
    this.onMove(this.step);
  }

  next(): void {
    this.seek(this.index + 1);
  }
  back(): void {
    this.pause();
    this.seek(this.index - 1);
  }
  first(): void {
    this.pause();
    this.seek(0);
  }
  last(): void {
    this.pause();
    this.seek(this.steps.length - 1);
  }

  /** To the first step of the next phase; the last step where there is none. */
  nextPhase(): void {
    this.pause();
    const span = this.spans.find(({ from }) => from > this.index);
    this.seek(span ? span.from : this.steps.length - 1);
  }
  /** To the first step of this phase, or of the one before when already there. */
  previousPhase(): void {
    this.pause();
    const span = this.spans.findLast(({ from }) => from < this.index);
    this.seek(span ? span.from : 0);
  }

  play(): void {
    if (this.steps.length === 0) return;
    if (this.atLast) this.seek(0);
    this.playing = true;
    this.#wait();
  }
  pause(): void {
    this.playing = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  #wait(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.playing) return;
      this.next();
      if (this.atLast) this.pause();
      else this.#wait();
    }, PACE / this.speed);
  }
}
