/**
 * What expressions and kernels mean, in float64 and in the plainest way: the definition that every backend
 * is tested against. It is meant to be obviously right, not fast.
 */
import { applyBinary, applyUnary, type Expr } from './expr';
import { ACC, type Kernel } from './kernel';
import { concrete, stridesOf } from './shape';

type Thunk = () => number;

/** An expression as a function that reads its operands from `registers`. Only the taken branch runs. */
function prepare(e: Expr, register: (name: string) => number, registers: Float64Array): Thunk {
  switch (e.kind) {
    case 'const': {
      const { value } = e;
      return () => value;
    }
    case 'read': {
      const at = register(e.name);
      return () => registers[at]!;
    }
    case 'unary': {
      const f = applyUnary[e.op];
      const x = prepare(e.x, register, registers);
      return () => f(x());
    }
    case 'binary': {
      const x = prepare(e.x, register, registers);
      const y = prepare(e.y, register, registers);
      // The commonest operations without an indirect call.
      if (e.op === 'add') return () => x() + y();
      if (e.op === 'sub') return () => x() - y();
      if (e.op === 'mul') return () => x() * y();
      const f = applyBinary[e.op];
      return () => f(x(), y());
    }
    case 'select': {
      const positive = prepare(e.positive, register, registers);
      const then = prepare(e.then, register, registers);
      const otherwise = prepare(e.otherwise, register, registers);
      return () => (positive() > 0 ? then() : otherwise());
    }
  }
}

/** Expressions as functions over registers of these names, for whoever walks a kernel's loops in another way. */
export function evaluator(names: readonly string[]): {
  readonly registers: Float64Array;
  prepare(e: Expr): () => number;
} {
  const registers = new Float64Array(names.length);
  return { registers, prepare: (e) => prepare(e, (name) => names.indexOf(name), registers) };
}

type Numbers = Float64Array | Float32Array;

/** A kernel made ready to run many times over the same buffers, for any number of rows up to their size. */
export function prepareKernel(kernel: Kernel, buffer: (name: string) => Numbers): (rows: number) => void {
  const names = [...kernel.reads.map((r) => r.name), ACC];
  const registers = new Float64Array(names.length);
  const register = (name: string): number => names.indexOf(name);
  const acc = names.length - 1;
  const sources = kernel.reads.map((r) => buffer(r.name));
  const targets = kernel.stores.map((s) => buffer(s.to));
  const values = kernel.stores.map((s) => prepare(s.value, register, registers));
  const results = new Float64Array(values.length);
  const body = kernel.fold ? prepare(kernel.fold.body, register, registers) : null;
  const isSum = kernel.fold?.with === 'sum';
  const outRank = kernel.out.length;

  return (rows) => {
    const extents = [...concrete(kernel.out, rows), ...concrete(kernel.fold?.over ?? [], rows)];
    const outSize = extents.slice(0, outRank).reduce((n, x) => n * x, 1);
    const foldSize = extents.slice(outRank).reduce((n, x) => n * x, 1);
    const offsets = kernel.reads.map((r) => r.offset);
    const places = kernel.stores.map((s) => s.place?.offset ?? 0);
    const steps = kernel.stores.map((s) => s.place?.strides ?? stridesOf(kernel.out));
    const counters = new Array<number>(extents.length).fill(0);
    /** Moves to the next index of the axes [first, last), in row-major order; wraps to the start. */
    const advance = (first: number, last: number): void => {
      for (let axis = last - 1; axis >= first; axis--) {
        counters[axis]!++;
        for (let r = 0; r < offsets.length; r++) offsets[r]! += kernel.reads[r]!.strides[axis]!;
        if (axis < outRank) for (let s = 0; s < places.length; s++) places[s]! += steps[s]![axis]!;
        if (counters[axis]! < extents[axis]!) return;
        for (let r = 0; r < offsets.length; r++) offsets[r]! -= kernel.reads[r]!.strides[axis]! * extents[axis]!;
        if (axis < outRank) for (let s = 0; s < places.length; s++) places[s]! -= steps[s]![axis]! * extents[axis]!;
        counters[axis] = 0;
      }
    };
    const load = (): void => {
      for (let r = 0; r < offsets.length; r++) registers[r] = sources[r]![offsets[r]!]!;
    };
    for (let index = 0; index < outSize; index++) {
      if (body) {
        let total = isSum ? 0 : -Infinity;
        for (let k = 0; k < foldSize; k++) {
          load();
          const x = body();
          // NaN must win, which Math.max does and a comparison would not.
          total = isSum ? total + x : Math.max(total, x);
          advance(outRank, extents.length);
        }
        load();
        registers[acc] = total;
      } else load();
      for (let s = 0; s < values.length; s++) results[s] = values[s]!();
      for (let s = 0; s < values.length; s++) targets[s]![places[s]!] = results[s]!;
      advance(0, outRank);
    }
  };
}
