/**
 * How nodes and arrays are written in the formulas of a trace: short symbols where the drawing's names
 * allow it, shapes under arrays, numbers for scalars and small arrays.
 */
import type { NodeId } from '../graph/graph';
import { type Convention, type Latex, numberLatex, tensorLatex } from '../ir/latex';
import { product, type Tensor } from '../ir/shape';

const GREEK = new Set(
  'alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega'.split(' '),
);

const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};
const escapeText = (text: string): string => text.replace(/[\\~^{}$&#_%]/g, (c) => SPECIAL[c] ?? `\\${c}`);

export const textLatex = (text: string): Latex => `\\text{${escapeText(text)}}`;

const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';
const GREEK_LETTER = /^[α-ωΑ-Ω]$/u;

/** `w1`, `w_1` and `w₁` as w₁, `w2,1` with both indices, `theta` and `θ` as θ, `w₁x` as a product of symbols, `hidden` as upright text. */
function word(name: string): Latex {
  if (/[₀-₉]/.test(name)) {
    const parts = name.match(/[A-Za-zα-ωΑ-Ω]+[₀-₉]*/gu) ?? [];
    if (parts.join('') === name)
      return parts
        .map((part) => word(part.replace(/[₀-₉]+$/, (digits) => `_${[...digits].map((d) => SUBSCRIPTS.indexOf(d)).join('')}`)))
        .join('\\,');
  }
  const [, letters, index] = /^([A-Za-z]+|[α-ωΑ-Ω])_?(\d+(?:,\d+)*)?$/u.exec(name) ?? [];
  if (letters === undefined) return textLatex(name);
  if (GREEK_LETTER.test(letters)) return index === undefined ? letters : `${letters}_{${index}}`;
  const base = GREEK.has(letters) ? `\\${letters}` : letters.length === 1 ? letters : textLatex(letters);
  return index === undefined ? base : `${base}_{${index}}`;
}

/** Letters of the parts of layers and neurons, as the course writes them. */
const PART_LETTERS: Readonly<Record<string, Latex>> = {
  weight: 'W',
  product: 't',
  bias: 'b',
  sum: 's',
  activation: 'y',
};

/** The symbol of a node. A part of a layer carries the layer's name below it. */
export function symbolOf(id: NodeId, name: string): Latex {
  const slash = id.lastIndexOf('/');
  if (slash < 0 || name !== id) return word(name);
  const part = id.slice(slash + 1);
  const owner = word(id.slice(0, slash));
  const [, letters, index] = /^([a-z]+)(\d*)$/.exec(part) ?? [];
  const letter = letters === undefined ? textLatex(part) : (PART_LETTERS[letters] ?? (letters === 'times' ? 'p' : word(letters)));
  return `${letter}_{${index ? `${index},` : ''}${owner}}`;
}

/** Vectors are rows as in xW + b, or columns as in Wx + b; of matrices the axes turn round. */
const axesOf = (shape: readonly number[], convention: Convention): readonly number[] => {
  const axes = shape.length === 1 ? [1, ...shape] : shape;
  return convention === 'row' || axes.length !== 2 ? axes : axes.toReversed();
};

/** A symbol with its shape below it. One number needs no shape. */
export function shapedLatex(symbol: Latex, shape: readonly number[], convention: Convention): Latex {
  if (product(shape) === 1) return symbol;
  return `\\underset{${axesOf(shape, convention).join(' \\times ')}}{${symbol}}`;
}

/** A result with its numbers; of large arrays the first and last. */
export function valueLatex(tensor: Tensor, convention: Convention): Latex {
  const whole = tensorLatex(tensor, 4, convention);
  if (whole !== null) return whole;
  const { data, shape } = tensor;
  const few = [...data.slice(0, 3)].map((x) => numberLatex(x, 4));
  const last = numberLatex(data[data.length - 1]!, 4);
  const row = `\\left(${[...few, '\\dots', last].join(',\\ ')}\\right)`;
  if (shape.length === 1) return convention === 'row' ? row : `${row}^{\\top}`;
  return `${row}_{${axesOf(shape, convention).join(' \\times ')}}`;
}

/** One element of an array (indices from 1, in the order of the convention), the sum of all, or a number itself. */
export function targetLatex(
  symbol: Latex,
  shape: readonly number[],
  element: number | 'sum',
  rows: number,
  convention: Convention,
): Latex {
  const own = rows > 1 ? shape.slice(1) : shape;
  if (product(own) === 1) return rows > 1 ? `\\overline{${symbol}}` : symbol;
  if (element === 'sum') return `\\Sigma ${symbol}`;
  const indices = indicesOf(element, own);
  const written = indices.length === 2 && convention === 'column' ? indices.toReversed() : indices;
  return indexed(symbol, written);
}

/** A symbol with indices; one that has a subscript of its own carries them behind it. */
export function indexed(symbol: Latex, indices: readonly number[]): Latex {
  if (indices.length === 0) return symbol;
  const own = /^([^_]*)_\{(.*)\}$/.exec(symbol);
  return own ? `${own[1]}_{${own[2]};\\,${indices.join(',')}}` : `{${symbol}}_{${indices.join(',')}}`;
}

/** Indices from 1 of an element in row-major order. */
export function indicesOf(element: number, shape: readonly number[]): number[] {
  const indices: number[] = [];
  let rest = element;
  for (const axis of shape.toReversed()) {
    indices.unshift((rest % axis) + 1);
    rest = Math.floor(rest / axis);
  }
  return indices;
}

/** The same for a sentence: a number, or how many there are. */
export function valueText(tensor: Tensor): string {
  if (product(tensor.shape) === 1) return String(Number(tensor.data[0]!.toPrecision(6)));
  return `${tensor.shape.join(' × ')} numbers`;
}

/** Whether it is small enough to be written out in a formula. */
export const isSmall = (tensor: Tensor): boolean => tensorLatex(tensor) !== null;

/** What an update did, for a sentence. */
export function changeText(before: Tensor, after: Tensor): string {
  if (product(before.shape) === 1) return `${valueText(before)} → ${valueText(after)}`;
  let largest = 0;
  for (let i = 0; i < before.data.length; i++) largest = Math.max(largest, Math.abs(after.data[i]! - before.data[i]!));
  return `${before.shape.join(' × ')} numbers change by at most ${Number(largest.toPrecision(3))}`;
}

/** `'a'`, `'a' and 'b'`, `'a', 'b' and 'c'`. */
export const listText = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
