/**
 * Expressions, numbers and arrays as LaTeX. Brackets follow from how tightly each form binds, so whatever
 * is plugged in for a name (a symbol, a negative number, a matrix, a whole formula) keeps its meaning:
 * plugged-in text is scanned for its loosest operator and bracketed where it would otherwise fall apart.
 */
import { type Dialect, type Expr, render } from './expr';
import { product, type Tensor } from './shape';

export type Latex = string;

/**
 * How arrays are written: vectors as rows (xW + b) or as columns (Wx + b). In columns every array is the
 * transpose of the one in rows, so products turn round; what is computed stays the same.
 */
export type Convention = 'row' | 'column';

/** AB, as the convention orders it. Both factors are given as they are written. */
export const productLatex = (a: Latex, b: Latex, convention: Convention): Latex =>
  convention === 'row' ? `${a}\\,${b}` : `${b}\\,${a}`;

/** How tightly a form binds: brackets go around anything looser than its place asks for. */
const CASES = 0;
const SUM = 1;
const NEGATIVE = 2;
const PRODUCT = 3;
const FRACTION = 4;
/** Powers and functions: fine as factors, bracketed as the base of another power. */
const POWER = 5;
const ATOM = 6;

interface Term {
  readonly tex: Latex;
  readonly binds: number;
  /** Stands for an array that is taken element by element. */
  readonly isArray?: boolean;
  /** The expression that it writes: equal numbers plugged in for two names are not the same factor. */
  readonly key?: string;
  /** For −x: x. Lets a + (−b) be written a − b, where the minus is the expression's own. */
  readonly negated?: Term;
  /** For |x|: x. */
  readonly inside?: Term;
  /** For e^−|x|: x. Over (1 + e^−|x|)² it is σ′(x), in the form that loses no digits. */
  readonly fades?: Term;
  /** For 1 where x > 0, else e^−|x|: x, and that power. Over 1 + e^−|x| it is σ(x), in the form that never overflows. */
  readonly gate?: { readonly x: Term; readonly power: Latex };
  /** For 1 where something holds, else 0: that condition. */
  readonly holds?: Latex;
  /** The lines of a choice between cases, which goes on where it is the last case of another. */
  readonly lines?: Latex;
  /** A number that stands in the expression itself. */
  readonly isConstant?: boolean;
  /** For x − y: both sides. Lets the test x − y > 0 be written x > y. */
  readonly sides?: readonly [Term, Term];
}

const brackets = (tex: Latex): Latex => `\\left(${tex}\\right)`;
const at = (least: number, t: Term): Latex => (t.binds >= least ? t.tex : brackets(t.tex));

/** A number as people read it: six significant digits, powers of ten for the very large and small. */
export function numberLatex(value: number, digits = 6): Latex {
  if (Number.isNaN(value)) return '\\text{NaN}';
  if (!Number.isFinite(value)) return value > 0 ? '\\infty' : '-\\infty';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return String(value);
  if (size >= 1e-4 && size < 1e9) {
    const rounded = Number(value.toPrecision(digits));
    const text = String(rounded);
    if (!text.includes('e')) return text;
  }
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  const short = Number(mantissa);
  const power = `10^{${Number(exponent)}}`;
  return short === 1 ? power : short === -1 ? `-${power}` : `${short} \\cdot ${power}`;
}

/** Larger arrays are not written out: their symbol says more than a wall of digits. */
const LARGEST_SIDE = 4;

/** A scalar as a number, a vector or matrix of at most 4 × 4 as a matrix; null for anything larger. */
export function tensorLatex({ shape, data }: Tensor, digits = 4, convention: Convention = 'row'): Latex | null {
  if (product(shape) === 1) return numberLatex(data[0]!, 6);
  const axes = shape.filter((length, axis) => length !== 1 || axis >= shape.length - 2);
  if (axes.length > 2 || axes.some((length) => length > LARGEST_SIDE)) return null;
  const columns = axes[axes.length - 1]!;
  const rows: string[][] = [];
  for (let from = 0; from < data.length; from += columns)
    rows.push([...data.subarray(from, from + columns)].map((x) => numberLatex(x, digits)));
  const lines = convention === 'row' ? rows : rows[0]!.map((_, column) => rows.map((row) => row[column]!));
  return `\\begin{pmatrix} ${lines.map((line) => line.join(' & ')).join(' \\\\ ')} \\end{pmatrix}`;
}

/** Length of the balanced group that begins at `from` with `{`, or 0. */
function groupLength(tex: string, from: number): number {
  if (tex[from] !== '{') return 0;
  let depth = 0;
  for (let i = from; i < tex.length; i++) {
    if (tex[i] === '\\') i++;
    else if (tex[i] === '{') depth++;
    else if (tex[i] === '}' && --depth === 0) return i - from + 1;
  }
  return tex.length - from;
}

/** Length of `\left … \right)` or `\begin … \end{…}` that begins at `from`. */
function pairLength(tex: string, from: number, open: string, close: string): number {
  let depth = 0;
  for (let i = from; i < tex.length; ) {
    if (tex.startsWith(open, i)) {
      depth++;
      i += open.length;
    } else if (tex.startsWith(close, i)) {
      depth--;
      i += close.length;
      if (depth === 0) {
        if (close === '\\end') i += groupLength(tex, i);
        else if (close === '\\right') i += tex[i] === '\\' ? 2 : 1;
        return i - from;
      }
    } else i++;
  }
  return tex.length - from;
}

const SPACES = /^(?:\s|\\[,;:! ]|~)+/;
const COMMAND = /^\\(?:[A-Za-z]+|.)/;
const NUMBER = /^\d+(?:\.\d+)?/;
const TIMES = new Set(['\\cdot', '\\times', '\\odot', '\\circ', '\\ast', '*', '/']);
const PLUS = new Set(['+', '-', '\\pm', '\\mp', '−']);
const FUNCTION = /^\\(?:ln|log|exp|sin|cos|tan|tanh|max|min|operatorname)$/;

/** How tightly a piece of LaTeX from outside binds, found from the operators outside its brackets. */
function bindingOf(tex: Latex): number {
  let rest = tex.trim();
  let operands = 0;
  let loosest = ATOM;
  let first = true;
  const loosen = (binds: number): void => {
    loosest = Math.min(loosest, binds);
  };
  while (rest.length > 0) {
    const space = SPACES.exec(rest)?.[0].length ?? 0;
    if (space > 0) {
      rest = rest.slice(space);
      continue;
    }
    const command = COMMAND.exec(rest)?.[0];
    const token = command ?? NUMBER.exec(rest)?.[0] ?? rest[0]!;
    let length = token.length;
    if (PLUS.has(token)) {
      loosen(first ? NEGATIVE : SUM);
      // After an operator the next operand stands for itself, it does not multiply the one before.
      operands = 0;
    } else if (TIMES.has(token)) {
      loosen(PRODUCT);
      operands = 0;
    } else if (token === '^' || token === '_' || token === "'") {
      if (token !== "'") {
        const group = groupLength(rest, 1);
        const script = COMMAND.exec(rest.slice(1))?.[0].length ?? 1;
        length = 1 + (group || script);
      }
      // Upright marks (transpose) and powers alike may not get a second superscript.
      if (token !== '_') loosen(POWER);
    } else if (token === '(' || token === '[' || token === '|') {
      const close = token === '(' ? ')' : token === '[' ? ']' : '|';
      const end = token === '|' ? rest.indexOf('|', 1) + 1 : pairLength(rest, 0, token, close);
      length = end > 0 ? end : rest.length;
      operands++;
    } else if (token === '\\left') {
      length = pairLength(rest, 0, '\\left', '\\right');
      operands++;
    } else if (token === '\\begin') {
      length = pairLength(rest, 0, '\\begin', '\\end');
      if (rest.startsWith('\\begin{cases}')) loosen(CASES);
      operands++;
    } else if (token === '{') {
      length = groupLength(rest, 0);
      // Braces do not show: what is inside them is as loose as without.
      loosen(bindingOf(rest.slice(1, length - 1)));
      operands++;
    } else if (/^(?:[A-Za-z]|\d)/.test(token) || command !== undefined) {
      if (/^\\(?:[dt]?frac)$/.test(token)) loosen(FRACTION);
      if (/^\\(?:sum|prod|int|max|min|lim)$/.test(token) && !/^\s*\\left|^\s*\(/.test(rest.slice(length))) loosen(SUM);
      while (rest[length] === '{') length += groupLength(rest, length);
      // A function's name and its bracketed argument are one operand.
      const isFunction = FUNCTION.test(token) || /^\s*\\(?:left\(|begin\{pmatrix\})/.test(rest.slice(length));
      if (isFunction) {
        const gap = /^\s*/.exec(rest.slice(length))![0].length;
        const argument = rest.slice(length + gap);
        if (argument.startsWith('\\left')) length += gap + pairLength(argument, 0, '\\left', '\\right');
        else if (argument.startsWith('\\begin{pmatrix}')) length += gap + pairLength(argument, 0, '\\begin', '\\end');
        else if (argument.startsWith('(')) length += gap + pairLength(argument, 0, '(', ')');
        else loosen(PRODUCT);
        loosen(POWER);
      }
      operands++;
    } else {
      // Anything unknown (a relation, a comma) is only safe in brackets.
      loosen(CASES);
    }
    if (operands > 1) loosen(PRODUCT);
    first = false;
    rest = rest.slice(Math.max(length, 1));
  }
  return loosest;
}

const outside = (tex: Latex): Term => ({ tex, binds: bindingOf(tex) });

/** In brackets unless it may stand as a factor of a product. A leading minus is bracketed. */
export const asFactor = (tex: Latex): Latex => at(PRODUCT, outside(tex));
/** In brackets unless it may stand after a plus or minus. A leading minus is bracketed. */
export const asTerm = (tex: Latex): Latex => at(PRODUCT, outside(tex));
/** In brackets unless it may carry an exponent. */
export const asBase = (tex: Latex): Latex => at(ATOM, outside(tex));

/** Whether a text is one pair of brackets with all else inside: a matrix, or `\\left( … \\right)`. */
function isBracketed(tex: Latex): boolean {
  if (tex.startsWith('\\begin{pmatrix}')) return pairLength(tex, 0, '\\begin', '\\end') === tex.length;
  return tex.startsWith('\\left(') && pairLength(tex, 0, '\\left', '\\right') === tex.length;
}

/** f(x); an argument that has brackets of its own, such as a matrix, gets no second pair. */
export const applied = (name: Latex, argument: Latex): Latex =>
  isBracketed(argument) ? `${name}${argument}` : `${name}\\left(${argument}\\right)`;

/** A formula of one argument that was written with brackets around it, without the second pair. */
export const once = (formula: Latex, argument: Latex): Latex =>
  isBracketed(argument) ? formula.replace(`\\left(${argument}\\right)`, () => argument) : formula;

const call = (name: Latex, ...args: readonly Term[]): Term => ({
  tex: args.length === 1 ? applied(name, args[0]!.tex) : `${name}\\left(${args.map((a) => a.tex).join(', ')}\\right)`,
  binds: POWER,
});

/** x > 0 as people say it: x − y > 0 is x > y, −x > 0 is x < 0, and a limit stands on the right. */
function isPositive({ sides, negated, tex, binds }: Term, sign: '>' | '<' = '>'): Latex {
  const turned = sign === '>' ? '<' : '>';
  if (sides) {
    const [a, b] = sides;
    return a.isConstant && !b.isConstant ? `${at(SUM, b)} ${turned} ${a.tex}` : `${at(SUM, a)} ${sign} ${at(SUM, b)}`;
  }
  return negated ? isPositive(negated, turned) : `${at(SUM, { tex, binds })} ${sign} 0`;
}

const cases = (lines: Latex): Term => ({ tex: `\\begin{cases} ${lines} \\end{cases}`, binds: CASES, lines });
const choice = (then: Latex, condition: Latex, otherwise: Term): Term =>
  cases(`${then} & \\text{if } ${condition} \\\\ ${otherwise.lines ?? `${otherwise.tex} & \\text{otherwise}`}`);
const ZERO: Term = { tex: '0', binds: ATOM };

function negative(x: Term): Term {
  return { tex: `-${at(PRODUCT, x)}`, binds: NEGATIVE, negated: x };
}

/** A∘² for A ⊙ A: A² of a matrix would be the matrix product. */
function power(x: Term, exponent: Latex): Term {
  return { tex: `${at(ATOM, x)}^{${x.isArray ? '\\circ ' : ''}${exponent}}`, binds: POWER };
}

const isSame = (x: Term, y: Term): boolean => x.key !== undefined && x.key === y.key;

const plain: Omit<Dialect<Term>, 'read'> = {
  constant(value) {
    const tex = numberLatex(Math.abs(value));
    const size: Term = { tex, binds: bindingOf(tex), isConstant: true };
    return value < 0 ? { ...negative(size), isConstant: true } : size;
  },
  unary(op, x) {
    switch (op) {
      case 'neg':
        return negative(x);
      case 'exp': {
        // e to the power of a matrix is something else.
        const term: Term = x.isArray ? call('\\exp', x) : { tex: `e^{${x.tex}}`, binds: POWER };
        return x.negated?.inside ? { ...term, fades: x.negated.inside } : term;
      }
      case 'log':
        return call('\\ln', x);
      case 'sqrt':
        return { tex: `\\sqrt{${x.tex}}`, binds: ATOM };
      case 'abs':
        return { tex: `\\left|${x.tex}\\right|`, binds: ATOM, inside: x };
      case 'floor':
        return { tex: `\\left\\lfloor ${x.tex} \\right\\rfloor`, binds: ATOM };
      default:
        return call(`\\${op}`, x);
    }
  },
  binary(op, x, y) {
    switch (op) {
      case 'add':
        if (isSame(x, y)) return plain.binary('mul', plain.constant(2), x);
        return y.negated
          ? { tex: `${at(SUM, x)} - ${at(PRODUCT, y.negated)}`, binds: SUM, sides: [x, y.negated] }
          : { tex: `${at(SUM, x)} + ${at(PRODUCT, y)}`, binds: SUM };
      case 'sub':
        return { tex: `${at(SUM, x)} - ${at(PRODUCT, y)}`, binds: SUM, sides: [x, y] };
      case 'mul':
        if (isSame(x, y)) return power(x, '2');
        // A sign of the expression's own goes to the front: −2 · x.
        if (x.isConstant && x.negated) return negative(plain.binary('mul', x.negated, y));
        if (x.holds && y.holds) return choice('1', `${x.holds} \\text{ and } ${y.holds}`, ZERO);
        return { tex: `${at(PRODUCT, x)} ${x.isArray && y.isArray ? '\\odot' : '\\cdot'} ${at(PRODUCT, y)}`, binds: PRODUCT };
      case 'div':
        if (x.gate && y.tex === `1 + ${x.gate.power}`) return call('\\sigma', x.gate.x);
        if (x.fades && y.tex === power({ tex: `1 + ${x.tex}`, binds: SUM, isArray: x.isArray ?? false }, '2').tex)
          return call("\\sigma'", x.fades);
        return { tex: `\\frac{${x.tex}}{${y.tex}}`, binds: FRACTION };
      case 'pow':
        return y.tex === '0.5' ? { tex: `\\sqrt{${x.tex}}`, binds: ATOM } : power(x, y.tex);
      default:
        return call(`\\${op}`, x, y);
    }
  },
  select(positive, then, otherwise) {
    // −x above 0, else x: −|x|.
    if (then.negated?.tex === positive.tex && otherwise.tex === positive.tex) return negative(plain.unary('abs', positive));
    const below = plain.unary('exp', { ...negative(plain.unary('abs', positive)), isArray: positive.isArray ?? false }).tex;
    const condition = isPositive(positive);
    return {
      ...choice(then.tex, condition, otherwise),
      ...(then.tex === '1' && otherwise.tex === below ? { gate: { x: positive, power: below } } : {}),
      ...(then.tex === '1' && otherwise.tex === '0' ? { holds: condition } : {}),
    };
  },
};

/** What is made of arrays is an array; what is made alike is the same. */
const made = (term: Term, key: string, ...of: readonly Term[]): Term => ({
  ...term,
  key: `${key}(${of.map((one) => one.key).join(',')})`,
  ...(of.some(({ isArray }) => isArray) ? { isArray: true } : {}),
});
const dialect: Omit<Dialect<Term>, 'read'> = {
  constant: (value) => ({ ...plain.constant(value), key: String(value) }),
  unary: (op, x) => made(plain.unary(op, x), op, x),
  binary: (op, x, y) => made(plain.binary(op, x, y), op, x, y),
  select: (positive, then, otherwise) => made(plain.select(positive, then, otherwise), 'select', positive, then, otherwise),
};

/**
 * The expression as LaTeX; `names` gives the LaTeX of each name, a symbol or a number or a formula. `arrays` says
 * which of them stand for arrays, whose products and powers are written element by element.
 */
export function latexOf(e: Expr, names: (name: string) => Latex, arrays: (name: string) => boolean = () => false): Latex {
  return render<Term>(e, { ...dialect, read: (name) => ({ ...outside(names(name)), key: name, isArray: arrays(name) }) }).tex;
}

const WRITTEN_OUT = '\\begin{pmatrix}';
/** Whether LaTeX stands for an array by all its numbers. */
export const isWrittenOut = (tex: Latex): boolean => tex.startsWith(WRITTEN_OUT);
/** One element of an array by its symbol; the shape below the symbol is the array's and goes. */
export const elementLatex = (tex: Latex, index = 'k'): Latex =>
  `{${tex.replace(/^\\underset\{[^{}]*\}\{(.*)\}$/, '$1')}}_${index}`;
