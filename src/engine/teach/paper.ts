/**
 * Checks numbers that were computed by hand and pasted as lines: `y = 3`, `∂l/∂x = -2.25`, `dl/dw  -4`.
 * Each is marked right, explained by rounding, or wrong with the mistake that leads to it.
 */
import type { NodeId } from '../graph/graph';
import { mistakeBehind } from './mistakes';
import { answerText, grade, same, type Verdict } from './numbers';
import { partialText, type ScalarFacts, wordOf } from './scalar';

export interface PaperRow {
  readonly line: string;
  readonly of: string | null;
  readonly verdict: Verdict | 'unknown';
  readonly exact: number | null;
  readonly remark: string;
}

const squash = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[\s_{}\\$]/g, '')
    .replaceAll(/[₀-₉]/g, (c) => String(c.charCodeAt(0) - 0x2080));

/** What a line may be about: a node's value, or the derivative of the loss by a node. */
function quantities(
  facts: ScalarFacts,
): ReadonlyMap<string, { readonly name: string; readonly exact: number; readonly node: NodeId; readonly derivative: boolean }> {
  const found = new Map<string, { name: string; exact: number; node: NodeId; derivative: boolean }>();
  const put = (keys: readonly string[], entry: { name: string; exact: number; node: NodeId; derivative: boolean }): void => {
    for (const key of keys) if (!found.has(squash(key))) found.set(squash(key), entry);
  };
  for (const [node, exact] of facts.values)
    put([wordOf(facts, node), node], { name: wordOf(facts, node), exact, node, derivative: false });
  for (const [node, exact] of facts.gradients) {
    const word = wordOf(facts, node);
    put([`∂l/∂${word}`, `dl/d${word}`, `∂${word}`, `d${word}`, `grad ${word}`, `∂l/∂${node}`], {
      name: partialText(facts, facts.objective, node),
      exact,
      node,
      derivative: true,
    });
  }
  return found;
}

/** With `tell: false` the remarks do not give the exact numbers away. */
export function checkPaper(facts: ScalarFacts, text: string, { tell = true } = {}): readonly PaperRow[] {
  const known = quantities(facts);
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const cut = /^(.*?)(?:\s*[=:≈]\s*|\s*\t\s*|\s*;\s*|\s+(?=[+\-−–.\d]))([^=:≈]*)$/.exec(line);
      const entry = cut ? known.get(squash(cut[1]!)) : undefined;
      if (!cut || !entry)
        return {
          line,
          of: null,
          verdict: 'unknown',
          exact: null,
          remark: 'Write the name, then the number: y = 3 or ∂l/∂x = −2.25.',
        };
      const { verdict, value } = grade(cut[2]!, entry.exact);
      const exact = answerText(entry.exact);
      const mistake = verdict === 'wrong' && entry.derivative ? mistakeBehind(facts, entry.node, value!) : null;
      const remark = {
        right: value !== null && !same(value, entry.exact) ? `Right, rounded${tell ? `; exactly ${exact}` : ''}.` : 'Right.',
        rounding: tell ? `Explained by rounding; exactly ${exact}.` : 'Explained by rounding; carry more digits.',
        wrong: mistake
          ? `Wrong. ${mistake.explanation}${tell ? ` ${mistake.solution}` : ''}`
          : tell
            ? `Wrong: it is ${exact}.`
            : 'Wrong.',
        unreadable: 'No number could be read here.',
      }[verdict];
      return { line, of: entry.name, verdict, exact: entry.exact, remark };
    });
}
