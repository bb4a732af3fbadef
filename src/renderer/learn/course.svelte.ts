/**
 * Where somebody is in the course: which page, what its figures reported, what was done before. The
 * window, the command list and the address of the window (`#learn/3.6.7`) turn pages here.
 */
import { untrack } from 'svelte';
import type { FigureSpec, Lesson, Witness } from './lesson';
import { lessons } from './lessons/index';
import { Progress } from './progress.svelte';

const HASH = /^#learn\/([\d.]+)$/;

/** The page that an address names, or null. */
export function lessonInHash(hash: string): string | null {
  const id = HASH.exec(hash)?.[1];
  return id !== undefined && lessons.some((lesson) => lesson.id === id) ? id : null;
}

export class Course {
  id = $state(lessons[0]!.id);
  /** What this page's figures reported, now or on an earlier visit. */
  facts = $state.raw<Witness['facts']>({});
  /** A figure of the page to begin at, instead of the page's title; a new object each time it is asked for. */
  from = $state.raw<{ readonly figure: FigureSpec['figure'] } | null>(null);
  readonly at = $derived(lessons.findIndex((one) => one.id === this.id));
  readonly lesson: Lesson = $derived(lessons[this.at]!);
  readonly finished = $derived.by(() => this.progress.done.has(this.id));

  constructor(readonly progress = new Progress()) {
    const last = lessons.find((one) => one.id === progress.last);
    if (last) this.id = last.id;
    this.facts = progress.seenOn(this.id);
  }

  /** False: there is no such page. */
  go(id: string, figure: FigureSpec['figure'] | null = null): boolean {
    this.from = figure === null ? null : { figure };
    if (!lessons.some((one) => one.id === id)) return false;
    if (id !== this.id) {
      this.id = id;
      this.facts = this.progress.seenOn(id);
    }
    this.progress.visit(id);
    return true;
  }

  /** Figures report from their effects: reading the old facts there must not make them depend on these. */
  report = (name: string, value: number | boolean | string): void =>
    untrack(() => {
      if (this.facts[name] !== value) this.facts = { ...this.facts, [name]: value };
      if (value === true) this.progress.saw(this.id, name);
    });

  forget(): void {
    this.progress.forget();
    this.facts = {};
  }
}
