/**
 * Undo and redo as pure functions of diffs. Entries that share a gesture compose into one, so a drag or a
 * slider is one step; a gesture that returns to its start leaves none.
 */
import { compose, type Diff, invert, isEmpty } from '../../engine/graph/diff';

export interface Entry {
  readonly label: string;
  readonly diff: Diff;
  readonly gesture?: string;
}

export interface History {
  readonly past: readonly Entry[];
  readonly future: readonly Entry[];
}

export const emptyHistory: History = { past: [], future: [] };

/** Older steps are forgotten; each holds only what changed. */
const LIMIT = 1000;

export function record(history: History, entry: Entry): History {
  if (isEmpty(entry.diff)) return history;
  const last = history.past.at(-1);
  if (entry.gesture !== undefined && last?.gesture === entry.gesture) {
    const diff = compose(last.diff, entry.diff);
    const past = history.past.slice(0, -1);
    return { past: isEmpty(diff) ? past : [...past, { ...entry, diff }], future: [] };
  }
  return { past: [...history.past.slice(-LIMIT + 1), entry], future: [] };
}

/** The diff to apply for going back one step, and the history after it. */
export function undo(history: History): { readonly history: History; readonly diff: Diff } | null {
  const last = history.past.at(-1);
  if (!last) return null;
  return {
    diff: invert(last.diff),
    history: { past: history.past.slice(0, -1), future: [seal(last), ...history.future] },
  };
}

export function redo(history: History): { readonly history: History; readonly diff: Diff } | null {
  const next = history.future[0];
  if (!next) return null;
  return { diff: next.diff, history: { past: [...history.past, next], future: history.future.slice(1) } };
}

/** A step that was undone once is closed: a gesture of the same name begins a new one. */
const seal = ({ label, diff }: Entry): Entry => ({ label, diff });
