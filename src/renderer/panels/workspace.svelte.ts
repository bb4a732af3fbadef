/**
 * What is open where in the window: tabs, dialogs, theme, the questions that wait for an answer. No
 * project, no engine; all of it may be lost without loss.
 */
import type { DataPreview, PickRequest } from '../../main/contract';
import { reveal } from '../ui/folds.svelte';
import { showNews } from '../ui/toast';
import type { MadeSource } from './data/source-choice';

export const sideTabs = ['inspect', 'data', 'train', 'results'] as const;
export type SideTab = (typeof sideTabs)[number];
export type BottomTab = 'problems' | 'stepper' | 'runs' | 'parameters' | 'drawing';
export type Theme = 'system' | 'light' | 'dark';

export interface Question {
  readonly title: string;
  readonly text: string;
  readonly choices: readonly { readonly value: string; readonly title: string; readonly kind?: 'primary' | 'plain' | 'danger' }[];
}

export type OpenDialog =
  | { readonly kind: 'palette' }
  | { readonly kind: 'find' }
  | { readonly kind: 'shortcuts' }
  | { readonly kind: 'analyzer' }
  | { readonly kind: 'runs'; readonly ids: readonly string[] }
  | { readonly kind: 'run-limits' }
  | { readonly kind: 'queue' }
  /** A run that waits. */
  | { readonly kind: 'queued'; readonly id: string }
  | { readonly kind: 'race' }
  | { readonly kind: 'sweep'; readonly folds?: number }
  | { readonly kind: 'rate-finder' }
  | { readonly kind: 'export' }
  | { readonly kind: 'formula' }
  /** As formulas, or in one of the libraries of Python. */
  | { readonly kind: 'equations'; readonly form?: string }
  | { readonly kind: 'lock' }
  | { readonly kind: 'source' }
  | { readonly kind: 'row-by-hand' }
  | { readonly kind: 'paste'; readonly onTable: (preview: DataPreview) => void }
  | { readonly kind: 'wizard'; readonly start: DataPreview | MadeSource }
  /** `row`: the one to begin with, counted from 0. */
  | { readonly kind: 'rows'; readonly row?: number }
  | { readonly kind: 'own' }
  | { readonly kind: 'own-list' }
  | { readonly kind: 'question'; readonly question: Question; readonly answer: (value: string | null) => void }
  | { readonly kind: 'pick'; readonly request: PickRequest; readonly answer: (path: string | null) => void };

const THEME_KEY = 'chainrule.theme';

/** The page of the course that is open, for the strip above the drawing. */
export interface LessonState {
  readonly id: string;
  readonly title: string;
  readonly ask: string;
  readonly reached: boolean;
}

export class Workspace {
  welcome = $state(true);
  /** The course: not opened, its page over the window, or put aside while its project is open. */
  learn = $state<'closed' | 'page' | 'aside'>('closed');
  lesson = $state.raw<LessonState | null>(null);
  side = $state<SideTab>('inspect');
  bottom = $state<BottomTab>('problems');
  bottomOpen = $state(false);
  leftOpen = $state(true);
  rightOpen = $state(true);
  /** Large type for a projector; the panels that were open before are remembered. */
  presenting = $state(false);
  #before: { left: boolean; right: boolean } | null = null;
  theme = $state<Theme>('system');
  dark = $state(false);
  /** Dialogs in the order in which they opened: a file dialog may stand over another. */
  dialogs = $state.raw<readonly OpenDialog[]>([]);
  /** Read out to screen readers. */
  announcement = $state('');

  readonly #system = matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    const stored = localStorage.getItem(THEME_KEY);
    if (stored === 'light' || stored === 'dark') this.theme = stored;
    this.#system.addEventListener('change', () => this.#paint());
    this.#paint();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    if (theme === 'system') localStorage.removeItem(THEME_KEY);
    else localStorage.setItem(THEME_KEY, theme);
    this.#paint();
  }

  /** For a room that looks at a wall: larger type, and only the drawing, the training bar and the bottom panel. */
  present(on: boolean): void {
    if (on === this.presenting) return;
    this.presenting = on;
    document.documentElement.toggleAttribute('data-presenting', on);
    if (on) {
      this.#before = { left: this.leftOpen, right: this.rightOpen };
      this.leftOpen = false;
      this.rightOpen = false;
    } else if (this.#before) {
      this.leftOpen = this.#before.left;
      this.rightOpen = this.#before.right;
    }
    this.announce(on ? 'Presentation: large type.' : 'The presentation has ended.');
  }

  #paint(): void {
    this.dark = this.theme === 'dark' || (this.theme === 'system' && this.#system.matches);
    document.documentElement.dataset['theme'] = this.dark ? 'dark' : 'light';
  }

  show(tab: SideTab): void {
    this.side = tab;
    this.rightOpen = true;
  }

  showBottom(tab: BottomTab): void {
    this.bottom = tab;
    this.bottomOpen = true;
  }

  /** A plot of the results, by the names of the parts of the panel that may show it; `missing`: why none is there. */
  showPlot(parts: readonly string[], title: string, missing: string): void {
    this.show('results');
    reveal(parts, () => showNews({ kind: 'info', title, text: missing }));
  }

  push(dialog: OpenDialog): void {
    this.dialogs = [...this.dialogs, dialog];
  }

  close(dialog: OpenDialog): void {
    this.dialogs = this.dialogs.filter((open) => open !== dialog);
  }

  /** Null: the question was closed without an answer. */
  ask(question: Question): Promise<string | null> {
    return new Promise((resolve) => {
      const dialog: OpenDialog = {
        kind: 'question',
        question,
        answer: (value) => {
          this.close(dialog);
          resolve(value);
        },
      };
      this.push(dialog);
    });
  }

  pick(request: PickRequest): Promise<string | null> {
    return new Promise((resolve) => {
      const dialog: OpenDialog = {
        kind: 'pick',
        request,
        answer: (path) => {
          this.close(dialog);
          resolve(path);
        },
      };
      this.push(dialog);
    });
  }

  announce(text: string): void {
    // The same sentence twice is news too.
    this.announcement = this.announcement === text ? `${text} ` : text;
  }
}
