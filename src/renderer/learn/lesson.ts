/**
 * What a lesson is: a page as data. Text, formulas and figures in order, an optional prepared project,
 * things to try, and a check that knows from what it sees whether the page was done.
 */
import type { Project } from '../../engine/graph/project';

export type FigureSpec =
  | { readonly figure: 'biological-neuron' }
  | { readonly figure: 'threshold-unit' }
  | { readonly figure: 'neuron'; readonly view?: 'full' | 'compact' | 'both'; readonly terms?: boolean }
  | { readonly figure: 'gate' }
  | { readonly figure: 'activation'; readonly name: 'binary-step' | 'sigmoid' | 'tanh' | 'relu' }
  | { readonly figure: 'line'; readonly points: 'few' | 'gaussians' | 'circles'; readonly probe?: boolean }
  | { readonly figure: 'half-planes' }
  | { readonly figure: 'graph'; readonly of: GraphName; readonly passes: 'forward' | 'both' }
  | { readonly figure: 'cycle' }
  | { readonly figure: 'levels' }
  | { readonly figure: 'layers'; readonly skips: boolean }
  | { readonly figure: 'recurrent' }
  | { readonly figure: 'weight-matrix' }
  | { readonly figure: 'boxes' }
  | { readonly figure: 'equations' }
  | { readonly figure: 'count-quiz' }
  | { readonly figure: 'batch-rows' }
  | { readonly figure: 'shapes' }
  | { readonly figure: 'composition' }
  | { readonly figure: 'bench' }
  | { readonly figure: 'bench-practice' }
  | { readonly figure: 'parameters' }
  | { readonly figure: 'risk' }
  | { readonly figure: 'advisor' }
  | { readonly figure: 'loss-curve'; readonly loss: 'squared' | 'cross-entropy' }
  | { readonly figure: 'surface'; readonly show: 'gradient' | 'descent' | 'sgd' | 'batch' }
  | { readonly figure: 'ball'; readonly bound: boolean }
  | { readonly figure: 'early-stopping' }
  | { readonly figure: 'gradient-cost' }
  | { readonly figure: 'operation-count' }
  | { readonly figure: 'chain' }
  | { readonly figure: 'exercise'; readonly ids: readonly string[] }
  | { readonly figure: 'own-exercise' }
  | { readonly figure: 'calculus-shapes' }
  | { readonly figure: 'jacobian'; readonly of: 'function' | 'activation' | 'product' }
  | { readonly figure: 'layer-gradients' }
  | { readonly figure: 'symmetry' }
  | { readonly figure: 'initialisation' };

export type GraphName = 'sigma' | 'chain' | 'neuron';

export type Block =
  /** `$…$` is a formula, `**…**` is strong. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'formula'; readonly latex: string }
  | { readonly kind: 'points'; readonly items: readonly string[] }
  /** A misprint of the course, or a caution. */
  | { readonly kind: 'note'; readonly title: string; readonly text: string }
  | {
      readonly kind: 'quiz';
      readonly question: string;
      readonly choices: readonly { readonly text: string; readonly right?: boolean; readonly why: string }[];
    }
  | { readonly kind: 'figure'; readonly spec: FigureSpec; readonly caption: string };

/** What a check may look at: reports of this page's figures, and the live program. */
export interface Witness {
  readonly facts: Readonly<Record<string, number | boolean | string>>;
  readonly project: Project;
  /** The drawing has no errors. */
  readonly sound: boolean;
  readonly parameters: { readonly weights: number; readonly biases: number };
  readonly epoch: number;
  readonly step: number;
  readonly accuracy: number | null;
  readonly loss: number | null;
  /** The iteration that is being stepped through. */
  readonly stepped: { readonly at: number; readonly of: number; readonly phase: string } | null;
}

interface Check {
  /** What there is to do, as a request. */
  readonly ask: string;
  readonly done: (witness: Witness) => boolean;
  /** The part of it that is reached, for people who are on the way. */
  readonly hint?: string;
}

export interface Lesson {
  /** Row of the course: 1.5.2. */
  readonly id: string;
  /** Rows of the course that this page stands for too. */
  readonly also?: string;
  readonly chapter: 1 | 2 | 3;
  readonly title: string;
  readonly blocks: readonly Block[];
  /** Opened in the editor by one button. */
  readonly project?: { readonly title: string; readonly make: () => Project };
  /** Others to compare with. */
  readonly more?: readonly { readonly title: string; readonly make: () => Project }[];
  readonly tries?: readonly string[];
  readonly check: Check;
}

/** A prepared project, offered under its own title. */
export const offer = (make: () => Project): NonNullable<Lesson['project']> => ({ title: make().settings.title, make });

export const text = (words: string): Block => ({ kind: 'text', text: words });
export const formula = (latex: string): Block => ({ kind: 'formula', latex });
export const points = (...items: string[]): Block => ({ kind: 'points', items });
export const note = (title: string, words: string): Block => ({ kind: 'note', title, text: words });
export const figure = (spec: FigureSpec, caption: string): Block => ({ kind: 'figure', spec, caption });
export const quiz = (
  question: string,
  ...choices: { readonly text: string; readonly right?: boolean; readonly why: string }[]
): Block => ({ kind: 'quiz', question, choices });

/** The project was opened from this page: its title is still there. */
export const opened = (witness: Witness, title: string): boolean => witness.project.settings.title === title;
export const isTrue = (witness: Witness, ...names: readonly string[]): boolean =>
  names.every((name) => witness.facts[name] === true);
export const count = (witness: Witness, name: string): number => Number(witness.facts[name] ?? 0);
