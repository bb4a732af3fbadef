/**
 * A cursor over one recorded iteration. Stepping forth and back never asks the engine: the trace holds
 * every value, so the cursor only moves. Playing is moving on a clock.
 */
import type { Phase } from '../../engine/plan';
import { type Grade, grade } from '../../engine/teach/numbers';
import { elementToAsk } from '../../engine/teach/predict';
import { localKey, tapKey } from '../../engine/train/frames';
import type { TraceWish } from '../../engine/train/record-rows';
import type { Trace, TraceStep } from '../../engine/train/trace-types';
import type { Recorded } from './recorded-iteration';

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

/** Steps that belong to one node of the drawing, one after the other in a phase. */
export interface StepGroup extends PhaseSpan {
  readonly owner: string;
}

export function groupsOf(steps: readonly TraceStep[]): readonly StepGroup[] {
  const groups: StepGroup[] = [];
  steps.forEach(({ phase, owner }, index) => {
    const last = groups.at(-1);
    if (last && last.phase === phase && last.owner === owner) groups[groups.length - 1] = { ...last, to: index + 1 };
    else groups.push({ phase, owner, from: index, to: index + 1 });
  });
  return groups;
}

/** The same iteration from several sides. */
export type StepperView = 'steps' | 'paths' | 'drag' | 'forward' | 'jacobian';

export const PACES = [0.5, 1, 3] as const;

/** Milliseconds between steps at speed 1. */
const PACE = 900;

/** What was answered before a number was shown. */
export interface Guess {
  readonly verdict: 'right' | 'rounding' | 'wrong' | 'shown';
  /** Wrong answers before. */
  readonly misses: number;
}

export class Stepper {
  /** The numbers; their formulas follow the notation that is chosen. */
  recorded = $state.raw<Recorded | null>(null);
  readonly trace = $derived.by<Trace | null>(() => (this.recorded === null ? null : this.word(this.recorded)));
  view = $state<StepperView>('steps');
  index = $state(0);
  playing = $state(false);
  /** Steps come this many times as fast as the normal pace. */
  speed = $state(1);
  loading = $state(false);
  /** A node of the drawing is one step, whatever it is made of. */
  whole = $state(false);
  /** The group of steps that is gone through part by part all the same. */
  inside = $state<number | null>(null);
  /** Numbers are asked for before they are shown. */
  predicting = $state(false);
  guesses = $state.raw<ReadonlyMap<number, Guess>>(new Map());
  /** A teacher's lock: a number is shown only once it was found, and nobody may give up. */
  closed = $state(false);

  readonly steps = $derived(this.trace?.steps ?? []);
  readonly spans = $derived(spansOf(this.steps));
  readonly groups = $derived(groupsOf(this.steps));
  /** Position of the present step's group. */
  readonly group = $derived(this.groups.findIndex(({ from, to }) => this.index >= from && this.index < to));
  /** The present step stands for several, which one can go into. */
  readonly hasParts = $derived.by(() => {
    const group = this.groups[this.group];
    return group !== undefined && group.to - group.from > 1 && this.inside !== this.group;
  });
  readonly step = $derived<TraceStep | null>(this.steps[this.index] ?? null);
  /** Where the next step leads. */
  readonly atFirst = $derived(this.index === 0);
  readonly atLast = $derived(this.index >= this.steps.length - 1);
  /** Where the next step leads; null after the last. */
  readonly ahead = $derived<TraceStep | null>(this.atLast ? null : (this.steps[this.#beside(1)] ?? null));

  /** Of an array one element is asked for; once it was found, all are shown. */
  readonly element = $derived(this.step === null ? 0 : elementToAsk(this.step));

  /** The number in focus waits for an answer. What is given is shown. */
  readonly asked = $derived.by(() => {
    const { step } = this;
    return this.predicting && step !== null && this.#hidden(step);
  });

  /** A number that is to be found and was not. */
  #hidden(step: TraceStep): boolean {
    if (step.phase === 'forward' && !step.verification && this.#given.has(step.node)) return false;
    const guess = this.guesses.get(step.index);
    return guess === undefined || guess.verdict === 'wrong';
  }
  /** Inputs, weights and constants: nothing of the drawing computes them. */
  readonly #given = $derived.by((): ReadonlySet<string> => {
    if (this.recorded === null) return new Set();
    const { nodes, edges } = this.recorded.drawing.graph;
    const fed = new Set(Object.values(edges).map(({ to }) => to));
    return new Set(Object.keys(nodes).filter((id) => !fed.has(id)));
  });
  readonly score = $derived.by(() => {
    const all = [...this.guesses.values()];
    return {
      right: all.filter(({ verdict, misses }) => (verdict === 'right' || verdict === 'rounding') && misses === 0).length,
      asked: all.length,
    };
  });

  /** How the present iteration was asked for. */
  readonly wish = $derived.by<TraceWish>(() => {
    if (this.recorded === null) return {};
    const { recording } = this.recorded;
    return { rows: recording.rows, ...(recording.target ? { target: recording.target } : {}) };
  });

  #timer: ReturnType<typeof setTimeout> | null = null;
  #wanted = 0;

  constructor(
    readonly record: (row: number, wish: TraceWish) => Promise<Recorded>,
    readonly word: (recorded: Recorded) => Trace,
    /** Told of every move, so that the drawing can point at the step. */
    readonly onMove: (step: TraceStep | null) => void = () => {},
    /** Resolves when what was edited is loaded; loading closes an iteration of the network before. */
    readonly ready?: () => Promise<void>,
  ) {}

  /**
   * Records the iteration of one row of the data, or of several, and goes to its first step. What is
   * derived, and how many rows are taken, stay as they were unless they are given. Throws what the engine says.
   */
  async open(row: number, wish: TraceWish = this.wish): Promise<void> {
    this.pause();
    if (this.ready) {
      this.loading = true;
      await this.ready();
    }
    const asked = ++this.#wanted;
    this.loading = true;
    try {
      const recorded = await this.record(row, wish);
      if (asked !== this.#wanted) return;
      this.recorded = recorded;
      this.guesses = new Map();
      this.inside = null;
      this.seek(0);
    } finally {
      if (asked === this.#wanted) this.loading = false;
    }
  }

  close(): void {
    this.pause();
    this.#wanted++;
    this.loading = false;
    this.recorded = null;
    this.index = 0;
    this.onMove(null);
  }

  seek(index: number): void {
    this.index = Math.min(Math.max(0, Math.round(index)), Math.max(0, this.steps.length - 1));
    if (this.inside !== null && this.inside !== this.group) this.inside = null;
    this.onMove(this.step);
  }

  next(): void {
    this.seek(this.#beside(1));
  }
  back(): void {
    this.pause();
    this.seek(this.#beside(-1));
  }

  /** The step before or after. Of a node that is one step the last part shows its result. */
  #beside(by: 1 | -1): number {
    const next = this.index + by;
    const own = this.groups[this.group];
    if (!this.whole || own === undefined || (this.inside === this.group && next >= own.from && next < own.to)) return next;
    const other = this.groups[this.group + by];
    return other === undefined ? (by > 0 ? own.to - 1 : own.from) : other.to - 1;
  }

  /** Into the parts of the node that the present step stands for; on to the next step where it has none. */
  stepInside(): void {
    this.pause();
    const group = this.groups[this.group];
    if (!this.hasParts || group === undefined) {
      this.next();
      return;
    }
    const { from } = group;
    this.inside = this.group;
    this.seek(from);
  }

  byNodes(whole: boolean): void {
    this.pause();
    this.whole = whole;
    this.inside = null;
    const group = this.groups[this.group];
    if (whole && group) this.seek(group.to - 1);
  }

  faster(): void {
    this.speed = PACES.find((pace) => pace > this.speed) ?? this.speed;
  }
  slower(): void {
    this.speed = PACES.findLast((pace) => pace < this.speed) ?? this.speed;
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
    const result = grade(text, step.value.data[this.element]!);
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
      const { index, phase, node, edge, locals } = step;
      if (index > this.index || (index === this.index && this.asked)) break;
      if (this.closed && this.#hidden(step)) continue;
      for (const local of locals ?? []) reached.add(localKey(local.edge));
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
