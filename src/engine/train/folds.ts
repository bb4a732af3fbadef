/**
 * Cross-validation: a network is trained k times, each time with another part of the rows held back for
 * validation, and judged by the mean of the k scores and how far they lie apart. Its runs are a sweep over the
 * folds of the project's split.
 */
import { setSettings } from '../graph/edits';
import type { Project } from '../graph/project';
import { FOLD, type Axis } from './variants';

/** So many folds at most. */
export const MOST_FOLDS = 100;

export const withFolds = (project: Project, folds: number): Project =>
  setSettings({ split: { ...project.settings.split, folds, fold: 1 } })(project);

/** Every fold once. */
export const foldAxis = (folds: number): Axis => ({ key: FOLD, values: Array.from({ length: folds }, (_, at) => at + 1) });

export interface Folds<R> {
  /** What else is different about these runs: `rate 0.1`, or nothing. */
  readonly changes: string;
  /** In the order of their folds. */
  readonly runs: readonly { readonly fold: number; readonly run: R }[];
}

const LAST = /(?:^|, )fold (\d+)$/;

/** Runs of cross-validations, put together by what else they change; others are left out. */
export function inFolds<R extends { readonly changes: string }>(runs: readonly R[]): readonly Folds<R>[] {
  const groups = new Map<string, { fold: number; run: R }[]>();
  for (const run of runs) {
    const found = LAST.exec(run.changes);
    if (!found) continue;
    const changes = run.changes.slice(0, found.index);
    const group = groups.get(changes) ?? [];
    group.push({ fold: Number(found[1]), run });
    groups.set(changes, group);
  }
  return [...groups].map(([changes, group]) => ({ changes, runs: group.toSorted((a, b) => a.fold - b.fold) }));
}

export interface Mean {
  readonly mean: number;
  /** Of single values, with n − 1; null for one alone. */
  readonly deviation: number | null;
}

/** Null without numbers. */
export function meanOf(numbers: readonly (number | undefined)[]): Mean | null {
  const known = numbers.filter((x): x is number => x !== undefined && Number.isFinite(x));
  if (known.length === 0) return null;
  const mean = known.reduce((sum, x) => sum + x, 0) / known.length;
  const squares = known.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: known.length > 1 ? Math.sqrt(squares / (known.length - 1)) : null };
}
