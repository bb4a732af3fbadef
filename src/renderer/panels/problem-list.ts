/** All that is wrong with the drawing, once each: the editor's own check, and what only the compiler finds. */
import type { Diagnostic, Severity } from '../../engine/graph/diagnostics';

const rank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, hint: 2 };

export function problemList(checked: readonly Diagnostic[], compiler: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return [...checked, ...compiler]
    .filter(({ message }) => !seen.has(message) && seen.add(message))
    .toSorted((a, b) => rank[a.severity] - rank[b.severity]);
}
