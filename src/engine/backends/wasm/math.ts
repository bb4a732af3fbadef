/**
 * Elementary functions on vectors of four float32, as instruction sequences: exp, log and tanh by
 * polynomials with a few units in the last place of error, right at 0, ±∞ and NaN; sin and cos likewise,
 * up to large arguments. What training rarely needs (general powers, the sine of a million) calls
 * the engine's own float64 functions, lane by lane.
 */
import { cos, pow, sin } from '../../ir/elementary';
import { F64, type Func, V128 } from './assembler';
import type { Import } from './module';

/** What the module imports for the rare functions; `host` has them. */
export const hostMath: readonly Import[] = [
  { name: 'sin', parameters: [F64], results: [F64] },
  { name: 'cos', parameters: [F64], results: [F64] },
  { name: 'pow', parameters: [F64, F64], results: [F64] },
];

/** They are the engine's own, so that their bits are the same on every machine. */
export const host = { sin, cos, pow } as const;

/** Functions that a module may hold once and call. */
export type SharedMath = 'exp' | 'log' | 'tanh' | 'sin' | 'cos' | 'pow';

// ln 2 in two parts: the first has so few bits that its product with a small whole number is exact.
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444e-4;
// Minimax polynomials of the Cephes library.
const EXP = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];
const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1,
  -2.4999993993e-1, 3.3333331174e-1,
];
// tanh x = x·P(x²)/Q(x²), the rational approximation that Eigen uses.
const TANH_P = [
  -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5,
  6.37261928875436e-4, 4.89352455891786e-3,
];
const TANH_Q = [1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3];
/** Beyond this, tanh is 1 in float32; the rational approximation must not be asked. */
const TANH_LIMIT = 7.998811721801758;
// sin and cos on [−π/4, π/4], from the Cephes library.
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1];
const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2];
/** Beyond this the reduction by quarter turns in float64 gets coarse. */
const MANY_TURNS = 1e6;
const SQRT_HALF_BITS = 0x3f3504f3;
const SMALLEST_NORMAL = 1.17549435e-38;

type Emit = () => void;

export class VectorMath {
  constructor(
    readonly f: Func,
    readonly fma: boolean,
    /** An exponential too small for a normal number is 0. */
    readonly flush = false,
  ) {}

  /** a·b + c, in one rounding where the profile has it. */
  multiplyAdd(a: Emit, b: Emit, c: Emit): void {
    a();
    b();
    if (this.fma) {
      c();
      this.f.v('madd');
    } else {
      this.f.v('mul');
      c();
      this.f.v('add');
    }
  }

  /** c − a·b. */
  subtractProduct(c: Emit, a: Emit, b: Emit): void {
    if (this.fma) {
      a();
      b();
      c();
      this.f.v('nmadd');
    } else {
      c();
      a();
      b();
      this.f.v('mul').v('sub');
    }
  }

  // Each function takes its argument from the stack and leaves its value there.

  exp(): void {
    const { f } = this;
    this.#with(3, (x, n, p) => {
      // Beyond ±104 the result is 0 or ∞ whatever the argument; picking lets NaN through.
      f.vector(-104).v('pickMax').vector(89).v('pickMin').tee(x);
      f.vector(Math.LOG2E).v('mul').v('nearest').set(n);
      this.subtractProduct(
        () => f.get(x),
        () => f.get(n),
        () => f.vector(LN2_HIGH),
      );
      f.set(x);
      this.subtractProduct(
        () => f.get(x),
        () => f.get(n),
        () => f.vector(LN2_LOW),
      );
      f.set(x);
      this.#polynomial(EXP, x, p);
      this.multiplyAdd(
        () => f.get(p),
        () => f.get(x).get(x).v('mul'),
        () => f.get(x),
      );
      f.vector(1).v('add');
      // Times 2ⁿ in two halves, so that n = 128 and subnormal results come out right.
      f.get(n).v('toInt').tee(n).shift('arithmetic', 1).tee(p);
      f.vectorInt(127).v('addInt').shift('left', 23).v('mul');
      f.get(n).get(p).v('subInt').vectorInt(127).v('addInt').shift('left', 23);
      if (this.flush) f.get(n).v('fromInt').vector(-126).v('gt').v('and');
      f.v('mul');
    });
  }

  log(): void {
    const { f } = this;
    this.#with(5, (x, m, e, y, z) => {
      f.set(x);
      // Subnormal arguments are scaled by 2²³ first.
      f.get(x).vector(SMALLEST_NORMAL).v('lt').set(y);
      f.get(x).vector(8388608).v('mul').get(x).get(y).v('bitselect').tee(m);
      f.vectorInt(SQRT_HALF_BITS).v('subInt').shift('arithmetic', 23).set(e);
      // m in [√½, √2), argument = m·2ᵉ.
      f.get(m).get(e).shift('left', 23).v('subInt').vector(1).v('sub').set(m);
      f.get(e).v('fromInt').get(y).vector(23).v('and').v('sub').set(e);
      f.get(m).get(m).v('mul').set(z);
      this.#polynomial(LOG, m, y);
      f.get(y).get(m).v('mul').get(z).v('mul').set(y);
      this.multiplyAdd(
        () => f.get(e),
        () => f.vector(LN2_LOW),
        () => f.get(y),
      );
      f.set(y);
      this.subtractProduct(
        () => f.get(y),
        () => f.get(z),
        () => f.vector(0.5),
      );
      f.get(m).v('add').set(y);
      this.multiplyAdd(
        () => f.get(e),
        () => f.vector(LN2_HIGH),
        () => f.get(y),
      );
      // √x is what log must be at ∞ (∞), below 0 and at NaN (NaN); at 0 it is −∞.
      f.get(x).v('sqrt');
      f.get(x).vector(0).v('gt').get(x).vector(Infinity).v('lt').v('and').v('bitselect').set(y);
      f.vector(-Infinity).get(y).get(x).vector(0).v('eq').v('bitselect');
    });
  }

  tanh(): void {
    const { f } = this;
    this.#with(3, (x, square, p) => {
      f.vector(-TANH_LIMIT).v('pickMax').vector(TANH_LIMIT).v('pickMin').tee(x);
      f.get(x).v('mul').set(square);
      this.#polynomial(TANH_P, square, p);
      f.get(p).get(x).v('mul');
      this.#polynomial(TANH_Q, square, p);
      f.get(p).v('div');
    });
  }

  /**
   * sin (from 0 quarter turns on) or cos (from 1 on); `host` is the exact function, for huge arguments. Each lane is
   * chosen by itself: what else a vector holds changes no bit.
   */
  wave(from: 0 | 1, host: number): void {
    const { f } = this;
    this.#with(6, (x, quarter, r, square, odd, p) => {
      f.set(x);
      // Quarter turns and the rest, two lanes at a time in float64.
      const halves = ([0, 2] as const).map((lane) => {
        const [rest, count] = [f.local(V128), f.local(V128)];
        f.get(x)
          .get(x)
          .shuffle([lane, lane + 1, lane, lane + 1])
          .v('promote')
          .tee(rest);
        f.f64(2 / Math.PI)
          .v('splatDouble')
          .v('mulDouble')
          .v('nearestDouble')
          .set(count);
        f.get(rest)
          .get(count)
          .f64(Math.PI / 2)
          .v('splatDouble')
          .v('mulDouble')
          .v('subDouble')
          .v('demote')
          .set(rest);
        f.get(count).v('doubleToInt').set(count);
        return [rest, count] as const;
      });
      const join = (at: 0 | 1): void => {
        f.get(halves[0]![at]).get(halves[1]![at]).shuffle([0, 1, 4, 5]);
      };
      join(0);
      f.tee(r).get(r).v('mul').set(square);
      join(1);
      f.vectorInt(from).v('addInt').set(quarter);
      for (const [rest, count] of halves) {
        f.release(V128, rest);
        f.release(V128, count);
      }
      // cos r where the quarter is odd, else sin r; negative in the second half of the turn.
      this.#polynomial(COS, square, p);
      f.get(p).get(square).v('mul').vector(0.5).v('sub').get(square).v('mul').vector(1).v('add').set(odd);
      this.#polynomial(SIN, square, p);
      this.multiplyAdd(
        () => f.get(p),
        () => f.get(square).get(r).v('mul'),
        () => f.get(r),
      );
      f.set(p);
      f.get(odd).get(p).get(quarter).shift('left', 31).shift('arithmetic', 31).v('bitselect');
      f.get(quarter).shift('right', 1).shift('left', 31).v('xor').set(p);
      f.get(x).v('abs').vector(MANY_TURNS).v('gt').tee(quarter).v('anyTrue').when();
      f.get(x);
      this.host(host, 1);
      f.get(p).get(quarter).v('bitselect').set(p);
      f.end().get(p);
    });
  }

  /** A float64 function of the host on each lane; `arity` vectors are on the stack. */
  host(index: number, arity: 1 | 2): void {
    const { f } = this;
    this.#with(3, (x, y, out) => {
      if (arity === 2) f.set(y);
      f.set(x);
      for (let lane = 0; lane < 4; lane++) {
        f.get(out);
        f.get(x).extractLane(lane).op('f64.promote');
        if (arity === 2) f.get(y).extractLane(lane).op('f64.promote');
        f.call(index).op('f32.demote').replaceLane(lane).set(out);
      }
      f.get(out);
    });
  }

  #polynomial(coefficients: readonly number[], x: number, into: number): void {
    const { f } = this;
    const [first, ...rest] = coefficients;
    f.vector(first!).set(into);
    for (const c of rest) {
      this.multiplyAdd(
        () => f.get(into),
        () => f.get(x),
        () => f.vector(c),
      );
      f.set(into);
    }
  }

  #with(count: number, body: (...locals: [number, number, number, number, number, number]) => void): void {
    const locals = Array.from({ length: 5 }, (_, index) => (index < count ? this.f.local(V128) : -1));
    body(...(locals as [number, number, number, number, number, number]));
    for (const local of locals.slice(0, count)) this.f.release(V128, local);
  }
}
