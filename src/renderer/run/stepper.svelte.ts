/**
 * A cursor over one recorded iteration. Stepping forth and back never asks the engine: the trace holds
 * every value, so the cursor only moves. Playing is moving on a clock.
 */
import type { Phase } from '../../engine/plan';
import { product } from '../../engine/ir/shape';
import { type Grade, grade } from '../../engine/teach/numbers';
import { tapKey } from '../../engine/train/frames';
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

/** What was answered before a number was shown. */
export interface Guess {
  readonly verdict: 'right' | 'rounding' | 'wrong' | 'shown';
  /** Wrong answers before. */
  readonly misses: number;
}

export class Stepper {
  trace = $state.raw<Trace | null>(null);
  index = $state(0);
  playing = $state(false);
  /** Steps come this many times as fast as the normal pace. */
  speed = $state(1);
  loading = $state(false);
  /** Numbers are asked for before they are shown. */
  predicting = $state(false);
  guesses = $state.raw<ReadonlyMap<number, Guess>>(new Map());
  /** A teacher's lock: a number is shown only once it was found, and nobody may give up. */
  closed = $state(false);

  readonly steps = $derived(this.trace?.steps ?? []);
  readonly spans = $derived(spansOf(this.steps));
  readonly step = $derived<TraceStep | null>(this.steps[this.index] ?? null);
  readonly atFirst = $derived(this.index === 0);
  readonly atLast = $derived(this.index >= this.steps.length - 1);

  /** The number in focus waits for an answer. Arrays, and what is given, are shown. */
  readonly asked = $derived.by(() => {
    const { step } = this;
    return this.predicting && step !== null && this.#hidden(step);
  });

  /** A number that is to be found and was not. */
  #hidden(step: TraceStep): boolean {
    if (product(step.value.shape) !== 1) return false;
    if (step.phase === 'forward' && step.formula === step.numbers.split(' = ')[0]) return false;
    const guess = this.guesses.get(step.index);
    return guess === undefined || guess.verdict === 'wrong';
  }
  readonly score = $derived.by(() => {
    const all = [...this.guesses.values()];
    return {
      right: all.filter(({ verdict, misses }) => (verdict === 'right' || verdict === 'rounding') && misses === 0).length,
      asked: all.length,
    };
  });

  #timer: ReturnType<typeof setTimeout> | null = null;
  #wanted = 0;

  constructor(
    readonly record: (row: number) => Promise<Trace>,
    /** Told of every move, so that the drawing can point at the step. */
    readonly onMove: (step: TraceStep | null) => void = () => {},
    /** Resolves when what was edited is loaded; loading closes an iteration of the network before. */
    readonly ready?: () => Promise<void>,
  ) {}

  /** Records the iteration of one row of the data and goes to its first step. Throws what the engine says. */
  async open(row: number): Promise<void> {
    this.pause();
    if (this.ready) {
      this.loading = true;
      await this.ready();
    }
    const asked = ++this.#wanted;
    this.loading = true;
    try {
      const trace = await this.record(row);
      if (asked !== this.#wanted) return;
      this.trace = trace;
      this.guesses = new Map();
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

  /** To the last step of this phase; from there to that of the next. */
  finishPhase(): void {
    this.pause();
    const span = this.spans.find(({ to }) => to - 1 > this.index);
    this.seek(span ? span.to - 1 : this.steps.length - 1);
  }

  /** To the next step at a node or a part of it, from the start again after the last. False: there is none. */
  runTo(node: string): boolean {
    this.pause();
    const here = (step: TraceStep): boolean => step.owner === node || step.node === node;
    const next = this.steps.find((step) => step.index > this.index && here(step)) ?? this.steps.find(here);
    if (next) this.seek(next.index);
    return next !== undefined;
  }

  predict(on: boolean): void {
    this.pause();
    this.predicting = on || this.closed;
    this.onMove(this.step);
  }

  /** Hides answers, as a teacher's lock wants, or shows them again. */
  shut(closed: boolean): void {
    if (closed === this.closed) return;
    this.closed = closed;
    this.predict(closed || this.predicting);
  }

  /** An answer to the number in focus, as people write numbers; right ones show it. */
  guess(text: string): Grade {
    const { step } = this;
    if (step === null) return { verdict: 'unreadable', value: null };
    const result = grade(text, step.value.data[0]!);
    if (result.verdict === 'unreadable') return result;
    const misses = this.guesses.get(step.index)?.misses ?? 0;
    const wrong = result.verdict === 'wrong';
    this.guesses = new Map(this.guesses).set(step.index, { verdict: result.verdict, misses: misses + (wrong ? 1 : 0) });
    this.onMove(step);
    return result;
  }

  /** Gives up on the number in focus. */
  reveal(): void {
    if (this.step === null || this.closed) return;
    const misses = this.guesses.get(this.step.index)?.misses ?? 0;
    this.guesses = new Map(this.guesses).set(this.step.index, { verdict: 'shown', misses });
    this.onMove(this.step);
  }

  /** Which of the drawing's numbers were computed up to here, by their taps; null when nothing is stepped through. */
  reached(): ReadonlySet<string> | null {
    if (this.trace === null) return this.closed ? new Set() : null;
    const reached = new Set<string>();
    for (const step of this.steps) {
      const { index, phase, node, edge } = step;
      if (index > this.index || (index === this.index && this.asked)) break;
      if (this.closed && this.#hidden(step)) continue;
      if (phase === 'forward' || phase === 'loss') reached.add(tapKey({ of: 'value', node }));
      else if (edge !== undefined) reached.add(tapKey({ of: 'edge-gradient', edge }));
    }
    return reached;
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
      // A question waits for its answer.
      if (this.asked) {
        this.pause();
        return;
      }
      this.next();
      if (this.atLast) this.pause();
      else this.#wait();
    }, PACE / this.speed);
  }
}
