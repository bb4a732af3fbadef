/**
 * Pieces of Python text. Brackets follow from how tightly a piece binds, which is read off the piece itself,
 * so whatever is plugged in for a name (another name, a negative number, a whole sum) keeps its meaning.
 */
export type Python = string;

/** How tightly a piece binds; what is looser than its place asks for gets brackets. */
export const COMPARED = 0;
export const SUM = 1;
export const PRODUCT = 2;
export const NEGATIVE = 3;
export const POWER = 4;
export const ATOM = 5;

const OPERATORS: readonly (readonly [string, number])[] = [
  [' + ', SUM],
  [' - ', SUM],
  [' * ', PRODUCT],
  [' / ', PRODUCT],
  [' @ ', PRODUCT],
  ['**', POWER],
  [' > ', COMPARED],
  [' < ', COMPARED],
  [' == ', COMPARED],
  [' if ', COMPARED],
];

/** The loosest operator outside brackets and strings. Operators stand between spaces, as this program writes them. */
export function bindsOf(text: Python): number {
  let loosest = text.startsWith('-') ? NEGATIVE : ATOM;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"' || c === "'") i = text.indexOf(c, i + 1);
    else if (c === '(' || c === '[' || c === '{') depth++;
    else if (c === ')' || c === ']' || c === '}') depth--;
    else if (depth === 0)
      for (const [operator, binds] of OPERATORS) if (binds < loosest && text.startsWith(operator, i)) loosest = binds;
    if (i < 0) return loosest;
  }
  return loosest;
}

export const atLeast = (least: number, text: Python): Python => (bindsOf(text) >= least ? text : `(${text})`);

/** Ready to be called, indexed or raised to a power. */
export const atom = (text: Python): Python => (/^\d/.test(text) ? `(${text})` : atLeast(ATOM, text));

/** a + b, in that order; a sum on the right keeps its brackets, so that nothing is added up in another order. */
export function plus(a: Python, b: Python): Python {
  if (bindsOf(b) === NEGATIVE) return `${atLeast(SUM, a)} - ${b.slice(1)}`;
  return `${atLeast(SUM, a)} + ${atLeast(PRODUCT, b)}`;
}

export function minus(a: Python, b: Python): Python {
  if (bindsOf(b) === NEGATIVE) return `${atLeast(SUM, a)} + ${b.slice(1)}`;
  return `${atLeast(SUM, a)} - ${atLeast(PRODUCT, b)}`;
}

/** k where a text is the number 1 / k and no shorter decimal. */
function wholeInverse(text: Python): number | null {
  if (text.length < 10 || !/^0\.\d+$/.test(text)) return null;
  const k = Math.round(1 / Number(text));
  return 1 / k === Number(text) ? k : null;
}

/** The condition of a text that is 1 where it holds, else 0: as a factor it stands for itself. */
const maskOf = (text: Python): string | null =>
  bindsOf(text) === ATOM ? (/^(?:np|torch)\.where\((.+), 1, 0\)$/.exec(text)?.[1] ?? null) : null;

/** A product; x · x is a square, and a third of x is x / 3. */
export function times(a: Python, b: Python): Python {
  if (a === b) return power(a, '2');
  const mask = maskOf(b);
  if (mask !== null && maskOf(a) === null) return `${atLeast(PRODUCT, a)} * (${mask})`;
  const [first, second] = [wholeInverse(a), wholeInverse(b)];
  if (second !== null) return over(a, String(second));
  return first === null ? `${atLeast(PRODUCT, a)} * ${atLeast(POWER, b)}` : over(b, String(first));
}

export const over = (a: Python, b: Python): Python => `${atLeast(PRODUCT, a)} / ${atLeast(POWER, b)}`;

export const matrixProduct = (a: Python, b: Python): Python => `${atLeast(PRODUCT, a)} @ ${atLeast(POWER, b)}`;

export const negative = (x: Python): Python => (bindsOf(x) === NEGATIVE ? x.slice(1) : `-${atLeast(POWER, x)}`);

export const power = (base: Python, exponent: Python): Python => `${atLeast(ATOM, base)} ** ${atLeast(NEGATIVE, exponent)}`;

/** A number that Python reads as the same double. */
export function numberText(value: number): Python {
  if (Number.isNaN(value)) return "float('nan')";
  if (!Number.isFinite(value)) return value > 0 ? "float('inf')" : "-float('inf')";
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** A string literal; what could end it or reach outside ASCII's plain part is escaped where it has to be. */
export const stringText = (text: string): Python =>
  `'${[...text]
    .map((c) =>
      c === '\\' || c === "'"
        ? `\\${c}`
        : c === '\n'
          ? '\\n'
          : c.codePointAt(0)! < 32 || c.codePointAt(0)! === 127 || /\p{C}|\p{Zl}|\p{Zp}/u.test(c)
            ? `\\U${c.codePointAt(0)!.toString(16).padStart(8, '0')}`
            : c,
    )
    .join('')}'`;

/** (a,) for one, (a, b) for more. */
export const tupleText = (parts: readonly (string | number)[]): Python =>
  parts.length === 1 ? `(${parts[0]},)` : `(${parts.join(', ')})`;

export const indented = (lines: readonly string[], by = 1): string[] =>
  lines.map((line) => (line === '' ? '' : '    '.repeat(by) + line));

/** How often a name stands in a text as a word of its own. */
export const uses = (text: Python, name: string): number =>
  text.split(new RegExp(`(?<![\\w.])${name.replace(/[^\w]/gu, '\\$&')}(?!\\w)`, 'u')).length - 1;
