/**
 * Scalar expressions: the closed language in which every operation states its mathematics once.
 * Constructors simplify (x + 0, 1 · x, constants); `render` folds an expression through a dialect, which
 * is how one definition becomes numbers, LaTeX, WGSL, WebAssembly or Python.
 */
import * as elementary from './elementary';

export type UnaryOp = 'neg' | 'exp' | 'log' | 'sqrt' | 'abs' | 'floor' | 'tanh' | 'sin' | 'cos';
export type BinaryOp = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'max' | 'min';

export type Expr =
  | { readonly kind: 'const'; readonly value: number }
  | { readonly kind: 'read'; readonly name: string }
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly x: Expr }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly x: Expr; readonly y: Expr }
  /** `then` where `positive` > 0, else `otherwise`. */
  | { readonly kind: 'select'; readonly positive: Expr; readonly then: Expr; readonly otherwise: Expr };

/** One way to spell expressions: plain numbers, LaTeX, WGSL, a WebAssembly stack, NumPy. */
export interface Dialect<T> {
  constant(value: number): T;
  read(name: string): T;
  unary(op: UnaryOp, x: T): T;
  binary(op: BinaryOp, x: T, y: T): T;
  select(positive: T, then: T, otherwise: T): T;
}

export type Operand = Expr | number;

export const constant = (value: number): Expr => ({ kind: 'const', value });
export const read = (name: string): Expr => ({ kind: 'read', name });
const expr = (x: Operand): Expr => (typeof x === 'number' ? constant(x) : x);
const isConst = (x: Expr, value: number): boolean => x.kind === 'const' && x.value === value;

export const applyUnary: Readonly<Record<UnaryOp, (x: number) => number>> = {
  neg: (x) => -x,
  exp: elementary.exp,
  log: elementary.log,
  sqrt: Math.sqrt,
  abs: Math.abs,
  floor: Math.floor,
  tanh: elementary.tanh,
  sin: elementary.sin,
  cos: elementary.cos,
};

export const applyBinary: Readonly<Record<BinaryOp, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow: elementary.pow,
  max: Math.max,
  min: Math.min,
};

function unary(op: UnaryOp, operand: Operand): Expr {
  const x = expr(operand);
  if (x.kind === 'const') return constant(applyUnary[op](x.value));
  if (op === 'neg' && x.kind === 'unary' && x.op === 'neg') return x.x;
  return { kind: 'unary', op, x };
}

export const neg = (x: Operand): Expr => unary('neg', x);
export const exp = (x: Operand): Expr => unary('exp', x);
export const log = (x: Operand): Expr => unary('log', x);
export const sqrt = (x: Operand): Expr => unary('sqrt', x);
export const abs = (x: Operand): Expr => unary('abs', x);
/** The largest whole number that is not larger; its derivative is taken as 0. */
export const floor = (x: Operand): Expr => unary('floor', x);
export const tanh = (x: Operand): Expr => unary('tanh', x);
export const sin = (x: Operand): Expr => unary('sin', x);
export const cos = (x: Operand): Expr => unary('cos', x);

function binary(op: BinaryOp, left: Operand, right: Operand): Expr {
  const x = expr(left);
  const y = expr(right);
  if (x.kind === 'const' && y.kind === 'const') return constant(applyBinary[op](x.value, y.value));
  return { kind: 'binary', op, x, y };
}

export function add(left: Operand, right: Operand): Expr {
  const x = expr(left);
  const y = expr(right);
  if (isConst(x, 0)) return y;
  if (isConst(y, 0)) return x;
  return binary('add', x, y);
}

export function sub(left: Operand, right: Operand): Expr {
  const x = expr(left);
  const y = expr(right);
  if (isConst(y, 0)) return x;
  if (isConst(x, 0)) return neg(y);
  return binary('sub', x, y);
}

/** Zero times anything is taken as zero: expressions stand for derivatives of finite values. */
export function mul(left: Operand, right: Operand): Expr {
  const x = expr(left);
  const y = expr(right);
  if (isConst(x, 0) || isConst(y, 0)) return constant(0);
  if (isConst(x, 1)) return y;
  if (isConst(y, 1)) return x;
  if (isConst(x, -1)) return neg(y);
  if (isConst(y, -1)) return neg(x);
  return binary('mul', x, y);
}

export function div(left: Operand, right: Operand): Expr {
  const x = expr(left);
  const y = expr(right);
  if (isConst(y, 1)) return x;
  if (isConst(x, 0)) return constant(0);
  return binary('div', x, y);
}

export function pow(left: Operand, right: Operand): Expr {
  const y = expr(right);
  if (isConst(y, 1)) return expr(left);
  if (isConst(y, 0)) return constant(1);
  return binary('pow', left, y);
}

export const max = (x: Operand, y: Operand): Expr => binary('max', x, y);
export const min = (x: Operand, y: Operand): Expr => binary('min', x, y);

/** `then` where `positive` > 0, else `otherwise`. */
export function select(positive: Operand, then: Operand, otherwise: Operand): Expr {
  const test = expr(positive);
  if (test.kind === 'const') return expr(test.value > 0 ? then : otherwise);
  return { kind: 'select', positive: test, then: expr(then), otherwise: expr(otherwise) };
}

export function render<T>(e: Expr, dialect: Dialect<T>): T {
  switch (e.kind) {
    case 'const':
      return dialect.constant(e.value);
    case 'read':
      return dialect.read(e.name);
    case 'unary':
      return dialect.unary(e.op, render(e.x, dialect));
    case 'binary':
      return dialect.binary(e.op, render(e.x, dialect), render(e.y, dialect));
    case 'select':
      return dialect.select(render(e.positive, dialect), render(e.then, dialect), render(e.otherwise, dialect));
  }
}

const rebuild: Omit<Dialect<Expr>, 'read'> = {
  constant,
  unary,
  binary: (op, x, y) => constructors[op](x, y),
  select,
};
const constructors: Readonly<Record<BinaryOp, (x: Operand, y: Operand) => Expr>> = {
  add,
  sub,
  mul,
  div,
  pow,
  max,
  min,
};

/** What the expression is for given numbers. */
export const evaluate = (e: Expr, numbers: (name: string) => number): number =>
  render<number>(e, {
    constant: (value) => value,
    read: numbers,
    unary: (op, x) => applyUnary[op](x),
    binary: (op, x, y) => applyBinary[op](x, y),
    select: (positive, then, otherwise) => (positive > 0 ? then : otherwise),
  });

/** The expression with every read replaced, simplified again. */
export const substitute = (e: Expr, replace: (name: string) => Expr): Expr => render<Expr>(e, { ...rebuild, read: replace });

/** The expression with every read replaced and nothing else changed; parts without a change are shared. */
export function replaceReads(e: Expr, replace: (name: string) => Expr): Expr {
  switch (e.kind) {
    case 'const':
      return e;
    case 'read':
      return replace(e.name);
    case 'unary': {
      const x = replaceReads(e.x, replace);
      return x === e.x ? e : { kind: 'unary', op: e.op, x };
    }
    case 'binary': {
      const x = replaceReads(e.x, replace);
      const y = replaceReads(e.y, replace);
      return x === e.x && y === e.y ? e : { kind: 'binary', op: e.op, x, y };
    }
    case 'select': {
      const positive = replaceReads(e.positive, replace);
      const then = replaceReads(e.then, replace);
      const otherwise = replaceReads(e.otherwise, replace);
      return { kind: 'select', positive, then, otherwise };
    }
  }
}

/** The expression with its parts replaced, outermost first, where `replace` has something for them; nothing else is changed. */
export function replaceParts(e: Expr, replace: (part: Expr) => Expr | undefined): Expr {
  const found = replace(e);
  if (found !== undefined) return found;
  const inside = (x: Expr): Expr => replaceParts(x, replace);
  switch (e.kind) {
    case 'const':
    case 'read':
      return e;
    case 'unary':
      return { ...e, x: inside(e.x) };
    case 'binary':
      return { ...e, x: inside(e.x), y: inside(e.y) };
    case 'select':
      return { ...e, positive: inside(e.positive), then: inside(e.then), otherwise: inside(e.otherwise) };
  }
}

/** Calls `visit` for every read of an expression, as often as it occurs, in order. */
export function eachRead(e: Expr, visit: (name: string) => void): void {
  switch (e.kind) {
    case 'const':
      return;
    case 'read':
      visit(e.name);
      return;
    case 'unary':
      eachRead(e.x, visit);
      return;
    case 'binary':
      eachRead(e.x, visit);
      eachRead(e.y, visit);
      return;
    case 'select':
      eachRead(e.positive, visit);
      eachRead(e.then, visit);
      eachRead(e.otherwise, visit);
  }
}

/** The names an expression reads, each once, in order of appearance. */
export function namesIn(e: Expr): readonly string[] {
  const names = new Set<string>();
  eachRead(e, (name) => names.add(name));
  return [...names];
}
