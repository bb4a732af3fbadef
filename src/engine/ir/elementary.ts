/**
 * exp, log, tanh, sin, cos and powers in float64, from sums, products, quotients and square roots alone. The language
 * leaves the last digits of `Math.exp` and its like to each engine; these give the same bits on every machine, to within
 * a few units in the last place (powers with large exponents: within as many as their logarithm is large). The methods
 * and coefficients of exp, log, sin and cos are those of fdlibm (Sun Microsystems, 1993).
 */
const double = new Float64Array(1);
const words = new Int32Array(double.buffer);
/** Where the sign and the exponent are, in the order of this machine's bytes. */
const HIGH = new Uint8Array(Float64Array.of(1).buffer)[7] === 0x3f ? 1 : 0;

const highWord = (x: number): number => {
  double[0] = x;
  return words[HIGH]!;
};
const withHighWord = (x: number, high: number): number => {
  double[0] = x;
  words[HIGH] = high;
  return double[0];
};
/** 2ᵏ for −1022 ≤ k ≤ 1023. */
const powerOfTwo = (k: number): number => withHighWord(0, (k + 1023) << 20);

// ln 2 in two parts: the first has so few bits that its product with a whole number is exact.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const HALF_LN2 = 0.34657359027997264;

/** x − (the odd part of a rational approximation): e^x is 1 + x + x·c / (2 − c) for |x| ≤ ½ ln 2. */
function expCore(x: number): number {
  const t = x * x;
  return (
    x -
    t *
      (0.16666666666666602 +
        t * (-0.0027777777777015593 + t * (0.00006613756321437934 + t * (-0.0000016533902205465252 + t * 4.1381367970572385e-8))))
  );
}

export function exp(x: number): number {
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019411) return 0;
  if (Math.abs(x) <= HALF_LN2) {
    const c = expCore(x);
    return 1 - ((x * c) / (c - 2) - x);
  }
  if (x === 1) return Math.E;
  if (Number.isNaN(x)) return x;
  const k = Math.trunc(x * Math.LOG2E + (x < 0 ? -0.5 : 0.5));
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const c = expCore(r);
  const y = 1 - (low - (r * c) / (2 - c) - high);
  if (k > 1023) return y * 2 * powerOfTwo(1023);
  return k >= -1021 ? y * powerOfTwo(k) : y * powerOfTwo(k + 1000) * powerOfTwo(-1000);
}

export function log(value: number): number {
  let x = value;
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let k = 0;
  if (x < 2.2250738585072014e-308) {
    k = -54;
    x *= 18014398509481984;
  }
  const top = highWord(x);
  const mantissa = top & 0xfffff;
  const up = (mantissa + 0x95f64) & 0x100000;
  k += (top >> 20) - 1023 + (up >> 20);
  // The argument is 2ᵏ(1 + f) with 1 + f between √½ and √2.
  const f = withHighWord(x, mantissa | (up ^ 0x3ff00000)) - 1;
  if (f === 0) return k * LN2_HIGH + k * LN2_LOW;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const rest = odd + even;
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + rest) + k * LN2_LOW) - f);
}

/** e^x − 1, also for small x. */
function expMinusOne(x: number): number {
  if (Math.abs(x) > HALF_LN2) return exp(x) - 1;
  const c = expCore(x);
  return x + (x * c) / (2 - c);
}

/** log(1 + x), also for small x. */
export function log1p(x: number): number {
  const u = 1 + x;
  return u === 1 ? x : x > 1e15 ? log(x) : (log(u) * x) / (u - 1);
}

export function tanh(x: number): number {
  const size = Math.abs(x);
  // Small numbers are their own, and −0 keeps its sign.
  if (size < 1e-9) return x;
  if (size > 22) return x < 0 ? -1 : 1;
  const t = expMinusOne(-2 * size);
  const y = -t / (t + 2);
  return x < 0 ? -y : y;
}

// π/2 in three parts of 33 bits, each with what is left of it.
const QUARTER = [
  [1.5707963267341256, 6.077100506506192e-11],
  [6.077100506303966e-11, 2.0222662487959506e-21],
  [2.0222662487111665e-21, 8.4784276603689e-32],
] as const;
/** Up to here three parts are enough. */
const MANY_TURNS = 8e5;

interface Angle {
  /** Quarter turns, modulo 4. */
  readonly quarter: number;
  /** What is left, between −π/4 and π/4, and its own rounding error. */
  readonly rest: number;
  readonly tail: number;
}

function angleOf(x: number): Angle {
  const size = Math.abs(x);
  if (size > MANY_TURNS) return hugeAngle(x);
  const n = Math.round(x * (2 / Math.PI));
  let left = x;
  let low = 0;
  let rest = x;
  for (const [part, behind] of QUARTER) {
    const [before, taken] = [left, n * part];
    left = before - taken;
    low = n * behind - (before - left - taken);
    rest = left - low;
    // While few leading digits went, the parts that were taken are enough.
    if (Math.abs(rest) * 65536 > size) break;
  }
  return { quarter: n & 3, rest, tail: left - rest - low };
}

export function sin(x: number): number {
  if (!Number.isFinite(x)) return NaN;
  if (Math.abs(x) < 1e-8) return x;
  const { quarter, rest, tail } = angleOf(x);
  const y = quarter & 1 ? cosCore(rest, tail) : sinCore(rest, tail);
  return quarter & 2 ? -y : y;
}

export function cos(x: number): number {
  if (!Number.isFinite(x)) return NaN;
  const { quarter, rest, tail } = angleOf(x);
  const y = quarter & 1 ? sinCore(rest, tail) : cosCore(rest, tail);
  return quarter === 1 || quarter === 2 ? -y : y;
}

function sinCore(x: number, tail: number): number {
  const z = x * x;
  const v = z * x;
  const r =
    0.00833333333332249 +
    z * (-0.0001984126982985795 + z * (0.0000027557313707070068 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)));
  return x - (z * (0.5 * tail - v * r) - tail - v * -0.16666666666666632);
}

function cosCore(x: number, tail: number): number {
  const z = x * x;
  const r =
    z *
    (0.0416666666666666 +
      z *
        (-0.001388888888887411 +
          z *
            (0.00002480158728947673 + z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 + z * -1.1359647557788195e-11)))));
  const half = 0.5 * z;
  const w = 1 - half;
  return w + (1 - w - half + (z * r - x * tail));
}

const FRACTION_BITS = 1200n;
let quarterTurn: bigint | null = null;

/** π/2 as a whole number of 2⁻¹²⁰⁰, by Machin's formula. */
function quarterTurnBits(): bigint {
  const inverseTangent = (n: bigint): bigint => {
    let term = (1n << (FRACTION_BITS + 16n)) / n;
    let sum = term;
    for (let k = 3n; term !== 0n; k += 2n) {
      term = -term / (n * n);
      sum += term / k;
    }
    return sum;
  };
  return (8n * inverseTangent(5n) - 2n * inverseTangent(239n)) >> 16n;
}

/** The sine of 10³⁰⁰ is a matter of whole numbers: they have as many digits as it takes. */
function hugeAngle(x: number): Angle {
  quarterTurn ??= quarterTurnBits();
  const turn = quarterTurn;
  // What is not whole has few bits behind the point.
  const own = Math.abs(x);
  const size = Number.isInteger(own) ? BigInt(own) << FRACTION_BITS : BigInt(own * powerOfTwo(40)) << (FRACTION_BITS - 40n);
  const n = (2n * size + turn) / (2n * turn);
  const kept = FRACTION_BITS - 160n;
  const left = (size - n * turn) >> kept;
  const unit = powerOfTwo(-160);
  const rest = Number(left);
  const tail = Number(left - BigInt(rest));
  const quarter = Number(n & 3n);
  return x < 0
    ? { quarter: -quarter & 3, rest: -rest * unit, tail: -tail * unit }
    : { quarter, rest: rest * unit, tail: tail * unit };
}

/** Whole exponents up to here are products. */
const FEW_FACTORS = 32;

export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (y === 0.5 && x > 0) return Math.sqrt(x);
  if (Math.abs(y) <= FEW_FACTORS && Number.isInteger(y)) {
    let result = 1;
    let factor = x;
    for (let rest = Math.abs(y); rest > 0; rest >>= 1) {
      if (rest & 1) result *= factor;
      factor *= factor;
    }
    return y < 0 ? 1 / result : result;
  }
  if (Number.isNaN(y) || (Math.abs(x) === 1 && !Number.isFinite(y))) return NaN;
  // Beyond 2⁵³ all whole numbers are even.
  const isOdd = Number.isInteger(y) && y % 2 !== 0;
  if (x < 0 && Number.isFinite(x) && !Number.isInteger(y) && Number.isFinite(y)) return NaN;
  const size = exp(y * log(Math.abs(x)));
  return isOdd && (x < 0 || Object.is(x, -0)) ? -size : size;
}
