/**
 * Which part of a kernel first made a number that is no number: the kernel is walked again at the one element
 * that went wrong, expression by expression, until the operation is found whose operands were still finite.
 * Operations are thereby blamed without anybody knowing them: also those of composites, and people's own.
 */
import { applyBinary, applyUnary, type BinaryOp, type Expr, namesIn, type UnaryOp } from '../ir/expr';
import { ACC, type Kernel } from '../ir/kernel';
import { concrete, stridesOf } from '../ir/shape';

export const LARGEST_FLOAT32 = 3.4028234663852886e38;
/** What devices store as 0 while training. */
const SMALLEST_KEPT = 2 ** -124;

/** Neither NaN nor infinite, nor beyond what float32 holds. */
export const isSound = (x: number): boolean => Math.abs(x) <= LARGEST_FLOAT32;

/** As a device keeps it: in 32 bits, with what is too small as 0. */
export const asFloat32 = (x: number): number => (Math.abs(x) < SMALLEST_KEPT ? 0 : Math.fround(x));

type Numbers = ArrayLike<number>;

export interface Blame {
  readonly op: UnaryOp | BinaryOp | 'sum' | 'read';
  readonly value: number;
  /** Numbers that went in; finite, except where something that was read is itself to blame. */
  readonly operands: readonly number[];
  /** Names of the kernel's reads that the operand to blame was made from. */
  readonly from: readonly string[];
  /** The sample at which it happened; null where the element is of no sample, or of all. */
  readonly sample: number | null;
}

interface Found {
  readonly value: number;
  readonly blame: Omit<Blame, 'sample'> | null;
}

/** Operands that decide: of `log x` it is x, of `a / b` the divisor, of `x ^ y` both. */
const culprits = (op: UnaryOp | BinaryOp, parts: readonly Expr[]): readonly string[] => {
  const chosen = op === 'div' ? parts.slice(1) : parts;
  return [...new Set(chosen.flatMap((part) => namesIn(part)))];
};

function walk(e: Expr, numberOf: (name: string) => number, keep: (x: number) => number): Found {
  const apply = (op: UnaryOp | BinaryOp, parts: readonly Expr[], f: (...xs: number[]) => number): Found => {
    const operands: number[] = [];
    for (const part of parts) {
      const found = walk(part, numberOf, keep);
      if (found.blame) return found;
      operands.push(found.value);
    }
    const value = keep(f(...operands));
    return { value, blame: isSound(value) ? null : { op, value, operands, from: culprits(op, parts) } };
  };
  switch (e.kind) {
    case 'const':
      return { value: e.value, blame: null };
    case 'read': {
      const value = numberOf(e.name);
      return { value, blame: isSound(value) ? null : { op: 'read', value, operands: [value], from: [e.name] } };
    }
    case 'unary':
      return apply(e.op, [e.x], applyUnary[e.op]);
    case 'binary':
      return apply(e.op, [e.x, e.y], applyBinary[e.op]);
    case 'select': {
      const test = walk(e.positive, numberOf, keep);
      return test.blame ? test : walk(test.value > 0 ? e.then : e.otherwise, numberOf, keep);
    }
  }
}

/**
 * Why store `at` of a kernel has no sound number at its element `index` (counted along `out`, whatever its place in
 * the buffer). `numbersOf` gives the buffers as they were before the kernel; null: all is well there.
 */
export function blame(
  kernel: Kernel,
  at: number,
  index: number,
  rows: number,
  numbersOf: (name: string) => Numbers,
  exact: boolean,
): Blame | null {
  const keep = exact ? (x: number): number => x : asFloat32;
  const out = concrete(kernel.out, rows);
  const over = concrete(kernel.fold?.over ?? [], rows);
  const place: number[] = [];
  for (let axis = out.length - 1, rest = index; axis >= 0; axis--) {
    place[axis] = rest % out[axis]!;
    rest = Math.floor(rest / out[axis]!);
  }
  const reads = new Map(
    kernel.reads.map(({ name, strides, offset }) => [
      name,
      {
        strides,
        start: place.reduce((sum, i, axis) => sum + i * strides[axis]!, offset),
        numbers: numbersOf(name),
      },
    ]),
  );
  const ownSample = kernel.out[0] === 'batch' ? place[0]! : null;
  const batchOfFold = kernel.fold?.over.indexOf('batch') ?? -1;
  let acc = kernel.fold?.with === 'max' ? Number.NEGATIVE_INFINITY : 0;
  const counters = new Array<number>(over.length).fill(0);
  const numberOf = (name: string): number => {
    if (name === ACC && kernel.fold) return acc;
    const { strides, start, numbers } = reads.get(name)!;
    let offset = start;
    for (let axis = 0; axis < over.length; axis++) offset += counters[axis]! * strides[out.length + axis]!;
    return numbers[offset]!;
  };
  if (kernel.fold) {
    const { body } = kernel.fold;
    const size = over.reduce((n, length) => n * length, 1);
    const strides = stridesOf(over);
    for (let k = 0; k < size; k++) {
      for (let axis = 0; axis < over.length; axis++) counters[axis] = Math.floor(k / strides[axis]!) % over[axis]!;
      const sample = ownSample ?? (batchOfFold < 0 ? null : counters[batchOfFold]!);
      const found = walk(body, numberOf, keep);
      if (found.blame) return { ...found.blame, sample };
      const next = kernel.fold.with === 'max' ? Math.max(acc, found.value) : keep(acc + found.value);
      if (!isSound(next) && next !== Number.NEGATIVE_INFINITY)
        return { op: 'sum', value: next, operands: [acc, found.value], from: namesIn(body), sample };
      acc = next;
    }
    counters.fill(0);
  }
  const found = walk(kernel.stores[at]!.value, numberOf, keep);
  return found.blame && { ...found.blame, sample: ownSample };
}

/** The first element that a store left without a sound number: which store, and which index along `out`. */
export function firstUnsound(
  kernel: Kernel,
  rows: number,
  numbersOf: (name: string) => Numbers,
): { readonly at: number; readonly index: number } | null {
  const out = concrete(kernel.out, rows);
  const size = out.reduce((n, length) => n * length, 1);
  const own = stridesOf(out);
  for (const [at, { to, place }] of kernel.stores.entries()) {
    const numbers = numbersOf(to);
    for (let index = 0; index < size; index++) {
      let where = index;
      if (place) {
        where = place.offset;
        for (let axis = 0; axis < out.length; axis++)
          where += (Math.floor(index / own[axis]!) % out[axis]!) * place.strides[axis]!;
      }
      if (!isSound(numbers[where]!)) return { at, index };
    }
  }
  return null;
}
