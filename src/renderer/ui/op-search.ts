/**
 * Operations by what people type: names, titles, signs and the words that other programs and books use. One way of
 * looking for the palette and for the list at the pointer, so that both find the same and put the likeliest first.
 */
import type { Op } from '../../engine/ops/op';

/** How well an operation fits the words: lower is better, null is not at all. */
function rank(op: Op, words: readonly string[]): number | null {
  const title = op.title.toLowerCase();
  const keywords = (op.keywords ?? []).map((word) => word.toLowerCase());
  const whole = words.join(' ');
  // The whole of what was typed, from the surest meaning to the least.
  const exact = [title === whole, op.name === whole, keywords.includes(whole), op.glyph.toLowerCase() === whole].indexOf(true);
  if (exact >= 0) return exact - 4;
  let total = 0;
  for (const word of words) {
    if (op.name === word || op.glyph.toLowerCase() === word) continue;
    if (keywords.includes(word)) total += 1;
    else if (op.name.startsWith(word) || title.startsWith(word)) total += 2;
    else if (title.includes(word) || op.name.includes(word)) total += 3;
    else if (keywords.some((known) => known.startsWith(word))) total += 4;
    else if (op.group.startsWith(word)) total += 5;
    else return null;
  }
  return total;
}

/** Those that fit, the likeliest first; all in their own order while nothing is typed. */
export function searchOps(all: readonly Op[], query: string): readonly Op[] {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return all;
  return all
    .map((op) => ({ op, rank: rank(op, words) }))
    .filter((found): found is { op: Op; rank: number } => found.rank !== null)
    .sort((a, b) => a.rank - b.rank)
    .map(({ op }) => op);
}
