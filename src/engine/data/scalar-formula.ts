/**
 * A formula in x, or in x and y, as people write it (`sin(3x) + 0.5x²`) → a function. A product may go
 * without its sign; whatever cannot be read is a sentence with its place.
 */
import * as e from '../ir/expr';

export type ScalarFormula =
  | { readonly ok: true; readonly value: (x: number, y: number) => number; readonly names: readonly string[] }
  | { readonly ok: false; readonly message: string };

const functions: Readonly<Record<string, (...of: e.Expr[]) => e.Expr>> = {
  sin: (x) => e.sin(x!),
  cos: (x) => e.cos(x!),
  tan: (x) => e.div(e.sin(x!), e.cos(x!)),
  exp: (x) => e.exp(x!),
  log: (x) => e.log(x!),
  ln: (x) => e.log(x!),
  sqrt: (x) => e.sqrt(x!),
  abs: (x) => e.abs(x!),
  tanh: (x) => e.tanh(x!),
  floor: (x) => e.floor(x!),
  sign: (x) => e.sub(e.select(x!, 1, 0), e.select(e.neg(x!), 1, 0)),
  step: (x) => e.select(x!, 1, 0),
  max: (x, y) => e.max(x!, y!),
  min: (x, y) => e.min(x!, y!),
};
const TWO_ARGUMENTS = new Set(['max', 'min']);
const constants: Readonly<Record<string, number>> = { pi: Math.PI, π: Math.PI, e: Math.E };
const POWERS: Readonly<Record<string, number>> = { '²': 2, '³': 3 };
/** Nested deeper, a formula is a mistake. */
const DEPTH = 100;

class Fault extends Error {}

export function scalarFormula(text: string, inputs: 1 | 2): ScalarFormula {
  const variables = inputs === 1 ? ['x'] : ['x', 'y'];
  const tokens: { readonly text: string; readonly at: number }[] = [];
  for (const match of text.matchAll(/\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\p{L}[\p{L}\d]*|\*\*|\S/gu))
    tokens.push({ text: match[0], at: match.index });
  let at = 0;
  let depth = 0;
  const next = (): string => tokens[at]?.text ?? '';
  const place = (): string => (at < tokens.length ? `At '${next()}' (character ${tokens[at]!.at + 1})` : 'At the end');
  const fail = (reason: string): never => {
    throw new Fault(`${place()}: ${reason}`);
  };
  const expect = (symbol: string): void => {
    if (next() !== symbol) fail(`a '${symbol}' is missing.`);
    at++;
  };
  const sum = (): e.Expr => {
    if (++depth > DEPTH) fail('the formula is nested too deeply.');
    let left = product();
    while (next() === '+' || next() === '-' || next() === '−')
      left = tokens[at++]!.text === '+' ? e.add(left, product()) : e.sub(left, product());
    depth--;
    return left;
  };
  const startsFactor = (): boolean => /^[\p{L}\d.(]/u.test(next());
  const product = (): e.Expr => {
    let left = signed();
    for (;;) {
      if (next() === '*' || next() === '·') {
        at++;
        left = e.mul(left, signed());
      } else if (next() === '/') {
        at++;
        left = e.div(left, signed());
      } else if (startsFactor()) left = e.mul(left, power());
      else return left;
    }
  };
  const signed = (): e.Expr => {
    if (next() === '-' || next() === '−') {
      at++;
      if (++depth > DEPTH) fail('the formula is nested too deeply.');
      const x = e.neg(signed());
      depth--;
      return x;
    }
    if (next() === '+') at++;
    return power();
  };
  const power = (): e.Expr => {
    let base = atom();
    while (next() in POWERS) base = e.pow(base, POWERS[tokens[at++]!.text]!);
    if (next() !== '^' && next() !== '**') return base;
    at++;
    return e.pow(base, signed());
  };
  const atom = (): e.Expr => {
    const token = next();
    if (token === '(') {
      at++;
      const inner = sum();
      expect(')');
      return inner;
    }
    if (/^[\d.]/.test(token)) {
      at++;
      const number = Number(token);
      return Number.isFinite(number) ? e.constant(number) : fail('this number is too large.');
    }
    if (variables.includes(token)) {
      at++;
      return e.read(token);
    }
    if (Object.hasOwn(functions, token)) {
      at++;
      expect('(');
      const first = sum();
      if (!TWO_ARGUMENTS.has(token)) {
        expect(')');
        return functions[token]!(first);
      }
      expect(',');
      const second = sum();
      expect(')');
      return functions[token]!(first, second);
    }
    if (Object.hasOwn(constants, token)) {
      at++;
      return e.constant(constants[token]!);
    }
    if (token === ',') return fail('write decimal points, as in 0.5, and commas only between the arguments of max and min.');
    if (token === 'y') return fail('a function of one number knows only x. Choose two inputs to use y.');
    return fail(
      token === ''
        ? 'something is missing.'
        : `this is not known. A formula may use ${variables.join(', ')}, numbers, + − * / ^, pi, e and ${Object.keys(functions).join(', ')}.`,
    );
  };
  try {
    if (tokens.length === 0) return { ok: false, message: 'Write a formula, such as sin(2x).' };
    const whole = sum();
    if (at < tokens.length) fail('the formula should have ended here.');
    const run = compiled(whole);
    return { ok: true, value: (x, y) => run([x, y]), names: e.namesIn(whole) };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, message: error.message };
    throw error;
  }
}

type Run = (of: readonly [number, number]) => number;
const compiled = (whole: e.Expr): Run =>
  e.render<Run>(whole, {
    constant: (value) => () => value,
    read: (name) => (name === 'x' ? (of) => of[0] : (of) => of[1]),
    unary: (op, x) => (of) => e.applyUnary[op](x(of)),
    binary: (op, x, y) => (of) => e.applyBinary[op](x(of), y(of)),
    select: (positive, then, otherwise) => (of) => (positive(of) > 0 ? then(of) : otherwise(of)),
  });
