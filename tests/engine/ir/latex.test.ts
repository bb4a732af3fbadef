import katex from 'katex';
import { describe, expect, it } from 'vitest';
import { derive } from '../../../src/engine/ir/derive';
import {
  abs,
  add,
  constant,
  div,
  exp,
  log,
  max,
  mul,
  neg,
  pow,
  read,
  select,
  sqrt,
  sub,
  tanh,
  type Expr,
} from '../../../src/engine/ir/expr';
import { asBase, asFactor, asTerm, elementLatex, latexOf, numberLatex, tensorLatex } from '../../../src/engine/ir/latex';
import { logistic, logisticSlope } from '../../../src/engine/ops/logistic';

const [a, b, c, x] = ['a', 'b', 'c', 'x'].map(read) as [Expr, Expr, Expr, Expr];
const symbols = (e: Expr) => latexOf(e, (name) => name);
const plugged = (e: Expr, values: Record<string, string>) => latexOf(e, (name) => values[name]!);

describe('LaTeX of expressions', () => {
  it.each<[string, Expr, string]>([
    ['a − (b − c)', sub(a, sub(b, c)), 'a - \\left(b - c\\right)'],
    ['(a − b) − c', sub(sub(a, b), c), 'a - b - c'],
    ['a + (b + c)', add(a, add(b, c)), 'a + \\left(b + c\\right)'],
    ['a − (−b)', sub(a, neg(b)), 'a - \\left(-b\\right)'],
    ['a + (−b)', add(a, neg(b)), 'a - b'],
    ['a + (−3)', add(a, -3), 'a - 3'],
    ['−(a + b)', neg(add(a, b)), '-\\left(a + b\\right)'],
    ['a · (b + c)', mul(a, add(b, c)), 'a \\cdot \\left(b + c\\right)'],
    ['a · (−b)', mul(a, neg(b)), 'a \\cdot \\left(-b\\right)'],
    ['−2 · a', mul(-2, a), '-2 \\cdot a'],
    ['b − 2 · a', add(b, mul(-2, a)), 'b - 2 \\cdot a'],
    ['b · (−2 · a)', mul(b, mul(-2, a)), 'b \\cdot \\left(-2 \\cdot a\\right)'],
    ['a + a', add(a, a), '2 \\cdot a'],
    [
      'the limit on the right',
      select(sub(1, a), 1, 0),
      '\\begin{cases} 1 & \\text{if } a < 1 \\\\ 0 & \\text{otherwise} \\end{cases}',
    ],
    [
      'the sign: one choice between three cases',
      derive(abs(sub(a, b)), 'a'),
      '\\begin{cases} 1 & \\text{if } a > b \\\\ -1 & \\text{if } a < b \\\\ 0 & \\text{otherwise} \\end{cases}',
    ],
    [
      'both conditions',
      mul(select(sub(a, -1), 1, 0), select(sub(1, a), 1, 0)),
      '\\begin{cases} 1 & \\text{if } a > -1 \\text{ and } a < 1 \\\\ 0 & \\text{otherwise} \\end{cases}',
    ],
    [
      'σ and σ′ in their forms that lose no digits',
      mul(logistic(x), logisticSlope(x)),
      "\\sigma\\left(x\\right) \\cdot \\sigma'\\left(x\\right)",
    ],
    ['a · b + c', add(mul(a, b), c), 'a \\cdot b + c'],
    ['a / (b / c)', div(a, div(b, c)), '\\frac{a}{\\frac{b}{c}}'],
    ['(a / b)²', pow(div(a, b), 2), '\\left(\\frac{a}{b}\\right)^{2}'],
    ['(aᵇ)ᶜ', pow(pow(a, b), c), '\\left(a^{b}\\right)^{c}'],
    ['aᵇᶜ', pow(a, pow(b, c)), 'a^{b^{c}}'],
    ['(a + b)²', pow(add(a, b), 2), '\\left(a + b\\right)^{2}'],
    ['(−a)²', pow(neg(a), 2), '\\left(-a\\right)^{2}'],
    ['e⁻ˣ', exp(neg(x)), 'e^{-x}'],
    ['sigmoid', div(1, add(1, exp(neg(x)))), '\\frac{1}{1 + e^{-x}}'],
    ['(eˣ)²', pow(exp(x), 2), '\\left(e^{x}\\right)^{2}'],
    ['ln', log(add(a, b)), '\\ln\\left(a + b\\right)'],
    ['1 − tanh²', derive(tanh(x), 'x'), '1 - \\left(\\tanh\\left(x\\right)\\right)^{2}'],
    ['√ and | |', mul(sqrt(a), abs(b)), '\\sqrt{a} \\cdot \\left|b\\right|'],
    ['max', max(a, 0), '\\max\\left(a, 0\\right)'],
    ['relu', select(x, x, 0), '\\begin{cases} x & \\text{if } x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}'],
    ['a > b', select(sub(a, b), 1, 0), '\\begin{cases} 1 & \\text{if } a > b \\\\ 0 & \\text{otherwise} \\end{cases}'],
    [
      'cases as a factor',
      mul(a, select(x, 1, 0)),
      'a \\cdot \\left(\\begin{cases} 1 & \\text{if } x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}\\right)',
    ],
    ['small constants', mul(constant(1.5e-7), a), '1.5 \\cdot 10^{-7} \\cdot a'],
  ])('%s', (_, e, tex) => {
    expect(symbols(e)).toBe(tex);
    expect(() => katex.renderToString(tex, { throwOnError: true, strict: 'error' })).not.toThrow();
  });

  it.each<[string, Expr, Record<string, string>, string]>([
    ['(−2)²', pow(a, 2), { a: '-2' }, '\\left(-2\\right)^{2}'],
    ['3 · (−2)', mul(a, b), { a: '3', b: '-2' }, '3 \\cdot \\left(-2\\right)'],
    ['3 + (−2)', add(a, b), { a: '3', b: '-2' }, '3 + \\left(-2\\right)'],
    ['1 − (−2)', sub(a, b), { a: '1', b: '-2' }, '1 - \\left(-2\\right)'],
    ['−2 + 1', add(a, b), { a: '-2', b: '1' }, '-2 + 1'],
    ['e^{−(−2)}', exp(neg(a)), { a: '-2' }, 'e^{-\\left(-2\\right)}'],
    ['equal numbers are no square', mul(a, b), { a: '2', b: '2' }, '2 \\cdot 2'],
    ['equal numbers are added', add(a, b), { a: '2', b: '2' }, '2 + 2'],
    ['the square of one number', mul(a, a), { a: '3' }, '3^{2}'],
    ['subscripts stay', mul(a, b), { a: 'w_{1}', b: 'x_1' }, 'w_{1} \\cdot x_1'],
    [
      'sums are bracketed',
      mul(a, b),
      { a: 'w + 1', b: '\\sigma\\left(z\\right)' },
      '\\left(w + 1\\right) \\cdot \\sigma\\left(z\\right)',
    ],
    [
      'minus inside brackets is not loose',
      mul(a, b),
      { a: '\\left(w - 1\\right)', b: 'x_{i - 1}' },
      '\\left(w - 1\\right) \\cdot x_{i - 1}',
    ],
    ['no second superscript', pow(a, 2), { a: 'w^{T}' }, '\\left(w^{T}\\right)^{2}'],
    ['primes', pow(a, 2), { a: "g'" }, "\\left(g'\\right)^{2}"],
    ['powers of ten', pow(a, 2), { a: '2 \\cdot 10^{-7}' }, '\\left(2 \\cdot 10^{-7}\\right)^{2}'],
    [
      'matrices are atoms',
      pow(a, 2),
      { a: '\\begin{pmatrix} -1 & 2 \\end{pmatrix}' },
      '\\begin{pmatrix} -1 & 2 \\end{pmatrix}^{2}',
    ],
    ['decorated letters', pow(a, 2), { a: '\\mathbf{W}_{12}' }, '\\mathbf{W}_{12}^{2}'],
    ['sums with a big sign', mul(a, b), { a: '\\sum_{i} x_i', b: 'c' }, '\\left(\\sum_{i} x_i\\right) \\cdot c'],
  ])('plugged in: %s', (_, e, values, tex) => {
    expect(plugged(e, values)).toBe(tex);
    expect(() => katex.renderToString(tex, { throwOnError: true, strict: 'error' })).not.toThrow();
  });

  it('brackets whole formulas for other formulas', () => {
    expect(asFactor('a + b')).toBe('\\left(a + b\\right)');
    expect(asFactor('a \\cdot b')).toBe('a \\cdot b');
    expect(asFactor('a b')).toBe('a b');
    expect(asTerm('-3')).toBe('\\left(-3\\right)');
    expect(asBase('a b')).toBe('\\left(a b\\right)');
    expect(asBase('\\frac{a}{b}')).toBe('\\left(\\frac{a}{b}\\right)');
    expect(asBase('z')).toBe('z');
    expect(asBase('{-2}')).toBe('\\left({-2}\\right)');
    expect(asFactor('{p}_k')).toBe('{p}_k');
    expect(asBase('12.5')).toBe('12.5');
    expect(asBase('\\left(a\\right)\\left(b\\right)')).toBe('\\left(\\left(a\\right)\\left(b\\right)\\right)');
    expect(asBase('(a)(b)')).toBe('\\left((a)(b)\\right)');
    expect(asBase('(a + b)')).toBe('(a + b)');
  });
});

describe('numbers and arrays', () => {
  it.each<[number, string]>([
    [0, '0'],
    [-0, '0'],
    [3, '3'],
    [-2, '-2'],
    [1.5, '1.5'],
    [0.8175744761936437, '0.817574'],
    [1 / 3, '0.333333'],
    [1e-7, '10^{-7}'],
    [-1.25e-9, '-1.25 \\cdot 10^{-9}'],
    [1e12, '10^{12}'],
    [123456.789, '123457'],
    [Number.NaN, '\\text{NaN}'],
    [Number.NEGATIVE_INFINITY, '-\\infty'],
  ])('%d', (value, tex) => expect(numberLatex(value)).toBe(tex));

  it('writes out arrays up to 4 × 4', () => {
    expect(tensorLatex({ shape: [2, 2], data: Float64Array.of(1, -2, 0.5, 4) })).toBe(
      '\\begin{pmatrix} 1 & -2 \\\\ 0.5 & 4 \\end{pmatrix}',
    );
    expect(tensorLatex({ shape: [3], data: Float64Array.of(1, 2, 3) })).toBe('\\begin{pmatrix} 1 & 2 & 3 \\end{pmatrix}');
    expect(tensorLatex({ shape: [], data: Float64Array.of(-2) })).toBe('-2');
    expect(tensorLatex({ shape: [5], data: new Float64Array(5) })).toBeNull();
    expect(tensorLatex({ shape: [2, 2, 2], data: new Float64Array(8) })).toBeNull();
  });
});

describe('an element of an array', () => {
  it('has the symbol without the shape below it', () => {
    expect(elementLatex('\\underset{2 \\times 3}{W_{1}}')).toBe('{W_{1}}_k');
    expect(elementLatex('y', 'i')).toBe('{y}_i');
  });
});
