/**
 * Scalar expressions as WGSL statements: each distinct operation becomes one `let`, so shared parts are
 * computed once. WGSL's own functions are too loose for an exact engine (tanh may be off by 1e-5, sin by
 * 2^-11) and may assume that infinities and NaN never occur, hence the small library below: accurate to a
 * few units in the last place on any GPU, and NaN goes through it by its bits.
 */
import type { BinaryOp, Dialect, Expr, UnaryOp } from '../../ir/expr';
import { render } from '../../ir/expr';

/** The largest finite float32. */
export const LARGEST = '3.4028234e38f';

/** A float literal. Numbers beyond float32 become its largest; not-a-number is made at run time. */
function literal(value: number): string {
  if (Number.isNaN(value)) return 'notFinite(0f)';
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single > 0 ? LARGEST : `(-${LARGEST})`;
  const text = `${Math.abs(single)}f`;
  return single < 0 ? `(-${text})` : text;
}

const library: Readonly<Record<string, string>> = {
  // Made from a run-time value: a constant that is not finite would be refused by the shader compiler.
  notFinite: `fn notFinite(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u); }`,
  isNaN: `fn isNaN(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }`,
  // e^x = 2^n e^r with |r| about ln 2 / 2 at most. Infinity and not-a-number are made and kept by their bits.
  exponential: `fn exponential(x: f32) -> f32 {
  let c = clamp(x, -87.3f, 88.722839f);
  let n = min(round(c * 1.44269504f), 127f);
  let r = (c - n * 0.693359375f) + n * 2.12194440e-4f;
  let y = select(0f, exp(r) * bitcast<f32>(u32(i32(n) + 127) << 23u), x > -87.3f);
  let bits = select(bitcast<u32>(y), 0x7f800000u, x > 88.722839f);
  return bitcast<f32>(select(bits, 0x7fc00000u, isNaN(x)));
}`,
  // WGSL's own may drop what is not a number, and with it the news that something broke.
  larger: `fn larger(x: f32, y: f32) -> f32 { return select(max(x, y), notFinite(x), isNaN(x) || isNaN(y)); }`,
  smaller: `fn smaller(x: f32, y: f32) -> f32 { return select(min(x, y), notFinite(x), isNaN(x) || isNaN(y)); }`,
  // Mantissa in [sqrt(1/2), sqrt(2)), then a polynomial in m - 1 (Cephes).
  logarithm: `fn logarithm(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (bits - 1u >= 0x7f7fffffu) { return notFinite(x); }
  var e = i32(bits >> 23u) - 126;
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f000000u);
  if (m < 0.70710678f) { e -= 1; m = (m - 0.5f) + (m - 0.5f); } else { m = m - 1f; }
  let z = m * m;
  var y = ((((((((7.0376836292e-2f * m - 1.1514610310e-1f) * m + 1.1676998740e-1f) * m - 1.2420140846e-1f) * m
    + 1.4249322787e-1f) * m - 1.6668057665e-1f) * m + 2.0000714765e-1f) * m - 2.4999993993e-1f) * m + 3.3333331174e-1f) * m * z;
  y -= 2.12194440e-4f * f32(e);
  y -= 0.5f * z;
  return (m + y) + 0.693359375f * f32(e);
}`,
  hyperbolicTangent: `fn hyperbolicTangent(x: f32) -> f32 {
  let a = abs(x);
  let z = x * x;
  let small = ((((-5.70498872745e-3f * z + 2.06390887954e-2f) * z - 5.37397155531e-2f) * z + 1.33314422036e-1f) * z
    - 3.33332819422e-1f) * z * x + x;
  let large = 1f - 2f / (exponential(2f * min(a, 10f)) + 1f);
  let y = select(select(large, -large, x < 0f), small, a < 0.625f);
  return select(y, notFinite(x), isNaN(x));
}`,
  // Reduction by multiples of pi/2 in three parts, then sine or cosine of the rest (Cephes).
  wave: `fn wave(x: f32, quarter: i32) -> f32 {
  let n = round(x * 0.636619772f);
  let r = ((x - n * 1.5703125f) - n * 4.837512969970703125e-4f) - n * 7.549789948768648e-8f;
  let q = i32(n) + quarter;
  let z = r * r;
  let s = r + r * z * (-1.6666654611e-1f + z * (8.3321608736e-3f - z * 1.9515295891e-4f));
  let c = 1f - 0.5f * z + z * z * (4.166664568298827e-2f + z * (-1.388731625493765e-3f + z * 2.443315711809948e-5f));
  let v = select(s, c, (q & 1) == 1);
  return select(v, -v, (q & 2) != 0);
}`,
  power: `fn power(x: f32, y: f32) -> f32 {
  if (y == 0f) { return 1f; }
  if (x == 0f) { if (y > 0f) { return 0f; } return notFinite(x); }
  let p = exponential(y * logarithm(abs(x)));
  if (x > 0f) { return p; }
  if (floor(y) != y) { return notFinite(x); }
  return select(p, -p, fract(abs(y) * 0.5f) != 0f);
}`,
};

/** What each function of the library calls, itself not included. */
const uses: Readonly<Record<string, readonly string[]>> = {
  exponential: ['isNaN'],
  larger: ['isNaN', 'notFinite'],
  smaller: ['isNaN', 'notFinite'],
  logarithm: ['notFinite'],
  hyperbolicTangent: ['exponential', 'isNaN', 'notFinite'],
  power: ['exponential', 'logarithm', 'notFinite'],
};

/** The functions of the library that `code` needs, as text to put before it. */
export function libraryFor(code: string): string {
  const needed = new Set<string>();
  const need = (name: string): void => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const other of uses[name] ?? []) need(other);
  };
  for (const name of Object.keys(library)) if (code.includes(`${name}(`)) need(name);
  return Object.keys(library)
    .filter((name) => needed.has(name))
    .map((name) => `${library[name]}\n`)
    .join('');
}

const unaryText: Readonly<Record<UnaryOp, (x: string) => string>> = {
  neg: (x) => `-${x}`,
  exp: (x) => `exponential(${x})`,
  log: (x) => `logarithm(${x})`,
  sqrt: (x) => `sqrt(${x})`,
  abs: (x) => `abs(${x})`,
  floor: (x) => `floor(${x})`,
  tanh: (x) => `hyperbolicTangent(${x})`,
  sin: (x) => `wave(${x}, 0)`,
  cos: (x) => `wave(${x}, 1)`,
};

const binaryText: Readonly<Record<Exclude<BinaryOp, 'pow'>, (x: string, y: string) => string>> = {
  add: (x, y) => `${x} + ${y}`,
  sub: (x, y) => `${x} - ${y}`,
  mul: (x, y) => `${x} * ${y}`,
  div: (x, y) => `${x} / ${y}`,
  max: (x, y) => `larger(${x}, ${y})`,
  min: (x, y) => `smaller(${x}, ${y})`,
};

/** Whole powers up to this are repeated products: exact signs, and no logarithm. */
const MOST_PRODUCTS = 16;

const isLiteral = (text: string): boolean => /^\(?-?\d[\d.e+-]*f\)?$/.test(text);
const numberOf = (text: string): number => (isLiteral(text) ? Number(text.replace(/[()f]/g, '')) : Number.NaN);

/**
 * Writes `let` lines and hands out their names; equal right sides share one name. Statements of a loop's
 * body have the statements before the loop as `outer`: what does not depend on the loop moves there.
 */
export class Statements {
  readonly lines: string[] = [];
  private readonly known = new Map<string, string>();
  private readonly own = new Set<string>();

  constructor(
    private readonly prefix: string,
    private readonly outer: Statements | null = null,
  ) {}

  /** Marks a variable of this scope, so that what uses it stays here. */
  claim(name: string): void {
    this.own.add(name);
  }

  /** A name for `text`, which is made of `operands`. */
  name(text: string, operands: readonly string[]): string {
    if (this.outer && !operands.some((operand) => this.own.has(operand))) return this.outer.name(text, operands);
    return this.here(text);
  }

  /** The same, but never moved before the loop. */
  here(text: string): string {
    const found = this.known.get(text);
    if (found !== undefined) return found;
    const name = `${this.prefix}${this.known.size}`;
    this.known.set(text, name);
    this.own.add(name);
    this.lines.push(`let ${name} = ${text};`);
    return name;
  }

  /** The value of an expression, as a name or a literal. */
  value(expression: Expr, read: (name: string) => string): string {
    const dialect: Dialect<string> = {
      constant: literal,
      read,
      unary: (op, x) => this.name(unaryText[op](x), [x]),
      binary: (op, x, y) => (op === 'pow' ? this.power(x, y) : this.name(binaryText[op](x, y), [x, y])),
      select: (positive, then, otherwise) =>
        this.name(`select(${otherwise}, ${then}, ${positive} > 0f)`, [positive, then, otherwise]),
    };
    return render(expression, dialect);
  }

  private power(x: string, y: string): string {
    const exponent = numberOf(y);
    if (exponent === 0.5) return this.name(`sqrt(${x})`, [x]);
    if (!Number.isInteger(exponent) || exponent === 0 || Math.abs(exponent) > MOST_PRODUCTS)
      return this.name(`power(${x}, ${y})`, [x, y]);
    let result = '';
    let square = x;
    for (let rest = Math.abs(exponent); rest > 0; rest >>= 1) {
      if (rest & 1) result = result === '' ? square : this.name(`${result} * ${square}`, [result, square]);
      if (rest > 1) square = this.name(`${square} * ${square}`, [square]);
    }
    return exponent < 0 ? this.name(`1f / ${result}`, [result]) : result;
  }
}
