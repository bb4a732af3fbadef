/** What is wrong with the brackets and signs of LaTeX, if anything: a second pair around the same, or two signs in a row. */

const OPEN = /\\left\(|\\begin\{pmatrix\}/y;
const CLOSE = /\\right\)|\\end\{pmatrix\}/y;

/** Pairs of brackets as [where it opens, where its inside begins, where that ends, where it ends]. */
function pairs(tex: string): readonly (readonly [number, number, number, number])[] {
  const open: [number, number][] = [];
  const found: [number, number, number, number][] = [];
  for (let i = 0; i < tex.length; ) {
    OPEN.lastIndex = i;
    CLOSE.lastIndex = i;
    const opens = OPEN.exec(tex);
    const closes = opens ? null : CLOSE.exec(tex);
    if (opens) open.push([i, i + opens[0].length]);
    if (closes) {
      const [from, inside] = open.pop()!;
      found.push([from, inside, i, i + closes[0].length]);
    }
    i += (opens ?? closes)?.[0].length ?? 1;
  }
  return found;
}

export function bracketFault(tex: string): string | null {
  const all = pairs(tex);
  for (const [, from, to] of all)
    if (
      all.some(
        ([start, , , end]) =>
          start >= from && end <= to && tex.slice(from, start).trim() === '' && tex.slice(end, to).trim() === '',
      )
    )
      return `two pairs of brackets around ${tex.slice(from, to)}`;
  const signs = /[-+] *-/.exec(tex);
  return signs && `two signs in a row at ${tex.slice(Math.max(0, signs.index - 10), signs.index + 10)}`;
}
