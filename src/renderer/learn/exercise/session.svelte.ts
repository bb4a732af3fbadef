/**
 * One exercise while somebody does it: which numbers, what was chosen, typed and filled in, how far the
 * solution has unfolded. The drawing beside it never shows more than was found or asked for.
 */
import type { EdgeId, NodeId } from '../../../engine/graph/graph';
import type { Project } from '../../../engine/graph/project';
import {
  type Blank,
  blanksOf,
  freshNumbers,
  markAnswer,
  markBlank,
  type Marked,
  type Question,
  questionAbout,
} from '../../../engine/teach/exercises';
import { isSource, scalarFacts, type ScalarFacts, statedNumbers } from '../../../engine/teach/scalar';
import { solution, type SolutionLine } from '../../../engine/teach/solution';
import type { Report } from '../figures/plot';

export type Mode = 'choose' | 'type' | 'fill' | 'paper' | 'solution';
/** How a blank was filled: at the first try, at a later one, or by having it shown. */
export type Outcome = 'first' | 'later' | 'shown';

interface Task {
  readonly project: Project;
  readonly node: NodeId;
  readonly title: string;
  /** The choices as the course prints them, for its own numbers. */
  readonly printed?: readonly number[] | undefined;
  /** Null: the numbers that the drawing states. */
  readonly seed: number | null;
  readonly report: Report;
}

interface Shown {
  readonly values: 'all' | ReadonlySet<NodeId>;
  readonly locals: 'all' | 'none' | ReadonlySet<EdgeId>;
  readonly gradients: 'all' | 'none' | ReadonlySet<EdgeId>;
}

export class Session {
  mode = $state<Mode>('choose');
  seed = $state<number | null>(null);

  chosen = $state<string | null>(null);
  tries = $state(0);
  typed = $state('');
  marked = $state.raw<Marked | null>(null);
  solved = $state(false);
  paper = $state('');

  /** Blanks that are done, how each was done, and the slip that was made in the present one. */
  outcomes = $state.raw<readonly Outcome[]>([]);
  slip = $state.raw<Marked | null>(null);
  entry = $state('');
  #misses = 0;

  /** Last line of the solution that is shown. */
  line = $state(0);

  readonly #made = $derived.by(() => {
    const { project, node } = this.task;
    const stated = this.seed === null ? statedNumbers(project) : null;
    return stated ? scalarFacts(project, stated) : freshNumbers(project, this.seed ?? 1, node);
  });
  readonly facts: ScalarFacts | null = $derived('facts' in this.#made ? this.#made.facts : null);
  readonly fault: string | null = $derived('fault' in this.#made ? this.#made.fault : null);
  readonly question: Question | null = $derived.by(() => {
    const { facts } = this;
    const { project, node, printed } = this.task;
    if (facts === null) return null;
    const values = this.seed === null ? printed : undefined;
    return questionAbout(project, facts, node, values ? { values } : { seed: this.seed ?? 1 });
  });
  readonly blanks: readonly Blank[] = $derived(this.facts ? blanksOf(this.facts) : []);
  readonly lines: readonly SolutionLine[] = $derived.by(() => (this.facts ? solution(this.facts, this.task.node) : []));
  readonly blank: Blank | null = $derived(this.blanks[this.outcomes.length] ?? null);
  readonly pick = $derived(this.question?.choices.find((choice) => choice.letter === this.chosen) ?? null);

  constructor(readonly task: Task) {
    this.seed = task.seed;
  }

  /** The same drawing with other numbers; null for the numbers of the drawing. */
  renew(seed: number | null): void {
    this.seed = seed;
    this.chosen = null;
    this.tries = 0;
    this.typed = '';
    this.marked = null;
    this.solved = false;
    this.line = 0;
    this.refill();
    if (seed !== null) this.task.report('new numbers', true);
  }

  choose(letter: string): void {
    this.chosen = letter;
    this.tries++;
    if (this.pick?.mistake === null) this.#win();
  }

  answer(): void {
    if (!this.question) return;
    this.marked = markAnswer(this.question, this.typed);
    if (this.marked.verdict !== 'unreadable') this.tries++;
    if (this.marked.verdict === 'right') this.#win();
  }

  fill(): void {
    if (!this.blank || !this.facts) return;
    const result = markBlank(this.facts, this.blank, this.entry);
    if (result.verdict === 'right') this.#pass(this.#misses === 0 ? 'first' : 'later');
    else {
      this.slip = result;
      if (result.verdict !== 'unreadable') this.#misses++;
    }
  }

  reveal(): void {
    this.#pass('shown');
  }

  refill(): void {
    this.outcomes = [];
    this.slip = null;
    this.entry = '';
    this.#misses = 0;
  }

  /** Shows the solution up to a line. */
  unfold(line: number): void {
    this.line = Math.max(0, Math.min(this.lines.length - 1, line));
    if (this.line === this.lines.length - 1) this.task.report('solution', true);
  }

  #pass(outcome: Outcome): void {
    this.outcomes = [...this.outcomes, outcome];
    this.slip = null;
    this.entry = '';
    this.#misses = 0;
    if (this.blank === null && !this.outcomes.includes('shown')) {
      this.task.report('filled', true);
      this.#win();
    }
  }

  #win(): void {
    this.solved = true;
    this.task.report('solved', true);
    this.task.report(`solved ${this.task.title}`, true);
  }

  get #sources(): ReadonlySet<NodeId> {
    const { facts } = this;
    return new Set(facts ? facts.order.filter((id) => isSource(facts, id)) : []);
  }

  readonly shown: Shown = $derived.by(() => {
    if (this.mode === 'solution') {
      const seen = this.lines.slice(0, this.line + 1);
      return {
        values: new Set([...this.#sources, ...seen.filter((l) => l.part === 'forward').map((l) => l.node)]),
        locals: seen.some((l) => l.part === 'backward') ? 'all' : 'none',
        gradients: new Set(seen.flatMap((l) => (l.edge ? [l.edge] : []))),
      };
    }
    if (this.mode === 'fill') {
      const done = this.blanks.slice(0, this.outcomes.length);
      return {
        values: new Set([...this.#sources, ...done.filter((b) => b.kind === 'value').map((b) => b.node)]),
        locals: new Set(done.flatMap((b) => (b.kind === 'local' ? [b.edge!] : []))),
        gradients: new Set(done.flatMap((b) => (b.kind === 'contribution' ? [b.edge!] : []))),
      };
    }
    return this.solved
      ? { values: 'all', locals: 'all', gradients: 'all' }
      : { values: this.#sources, locals: 'none', gradients: 'none' };
  });

  readonly focus: { readonly node?: NodeId; readonly edge?: EdgeId } = $derived.by(() => {
    const { blank } = this;
    if (this.mode === 'fill' && blank) return blank.edge ? { edge: blank.edge } : { node: blank.node };
    const line = this.lines[this.line];
    if (this.mode === 'solution' && line) return line.edge ? { edge: line.edge } : { node: line.node };
    return { node: this.task.node };
  });
}
