/**
 * Kernels as ONNX operations, for everything that ONNX has no name for. Each read is brought to the axes
 * of the loop nest (a reshape and a transpose where its strides allow, else a gather), the expression is
 * spelled with ONNX's elementwise operations, and the fold becomes a reduction.
 */
import { type Dialect, type Expr, type UnaryOp, type BinaryOp, namesIn, render } from '../ir/expr';
import { ACC, type Kernel, type Read } from '../ir/kernel';
import { type Axis, isBatched, product, sameShape, sampleSize, type Shape } from '../ir/shape';
import { type KernelSequence, OUT } from '../ops/op';
import { NotExportable } from './description';
import type { OnnxModel } from './onnx-model';

const UNARY: Readonly<Record<UnaryOp, string>> = {
  neg: 'Neg',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  abs: 'Abs',
  tanh: 'Tanh',
  sin: 'Sin',
  cos: 'Cos',
};
const BINARY: Readonly<Record<BinaryOp, string>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  pow: 'Pow',
  max: 'Max',
  min: 'Min',
};

/** A named array with its shape. */
export interface Operand {
  readonly name: string;
  readonly shape: Shape;
}

/** A value on the axes of a loop nest; `covers` marks the axes along which it moves. */
interface Spread {
  readonly name: string;
  readonly covers: readonly boolean[];
}

const dialectOf = (model: OnnxModel, rank: number, reads: ReadonlyMap<string, Spread>): Dialect<Spread> => {
  const both = (...terms: readonly Spread[]): boolean[] =>
    Array.from({ length: rank }, (_, axis) => terms.some((term) => term.covers[axis]));
  return {
    constant: (value) => ({ name: model.number(value), covers: both() }),
    read: (name) => reads.get(name)!,
    unary: (op, x) => ({ name: model.node(UNARY[op], [x.name]), covers: x.covers }),
    binary: (op, x, y) => ({ name: model.node(BINARY[op], [x.name, y.name]), covers: both(x, y) }),
    select: (positive, then, otherwise) => ({
      name: model.node('Where', [model.node('Greater', [positive.name, model.number(0)]), then.name, otherwise.name]),
      covers: both(positive, then, otherwise),
    }),
  };
};

/** Brings a buffer to the axes `axes`, with length 1 where it does not move. */
function spread(model: OnnxModel, { name, shape }: Operand, { strides, offset }: Read, axes: Shape): Spread {
  // Along an axis of length 1 any stride is as good as none.
  const moves = axes.map((length, axis) => length !== 1 && strides[axis] !== 0);
  const target = axes.map((length, axis) => (moves[axis] ? length : 1));
  const size = sampleSize(shape);
  const batch = isBatched(shape) ? axes.findIndex((length, axis) => length === 'batch' && moves[axis]) : -1;
  if (isBatched(shape) !== batch >= 0 || (batch >= 0 && strides[batch] !== size))
    throw new NotExportable(
      `An array of shape ${shape.join(' × ')} is read across the samples of a batch, which a file cannot hold.`,
    );
  const own = axes.map((_, axis) => axis).filter((axis) => moves[axis] && axis !== batch);
  const sorted = [...own].sort((a, b) => strides[b]! - strides[a]!);

  let step = 1;
  const rowMajor = [...sorted].reverse().every((axis) => {
    const fits = strides[axis] === step;
    step *= axes[axis] as number;
    return fits;
  });
  const lead = batch >= 0 ? [-1] : [];
  const reshaped = (value: string, to: readonly number[]): string => model.node('Reshape', [value, model.integers(to)]);
  const final = target.map((length) => (length === 'batch' ? -1 : length));

  if (rowMajor && step === size && offset === 0) {
    const loopOrder = [...(batch >= 0 ? [batch] : []), ...own];
    const storedOrder = [...(batch >= 0 ? [batch] : []), ...sorted];
    const transposed = loopOrder.some((axis, i) => axis !== storedOrder[i]);
    let value = name;
    if (transposed) {
      value = reshaped(value, [...lead, ...sorted.map((axis) => axes[axis] as number)]);
      value = model.node('Transpose', [value], { perm: loopOrder.map((axis) => storedOrder.indexOf(axis)) });
    }
    const already = !transposed && shape.length === final.length && shape.every((length, axis) => length === target[axis]);
    return { name: already ? value : reshaped(value, final), covers: moves };
  }

  const lengths = own.map((axis) => axes[axis] as number);
  const positions: number[] = [];
  for (let index = 0; index < product(lengths); index++) {
    let rest = index;
    let at = offset;
    for (let i = own.length - 1; i >= 0; i--) {
      at += (rest % lengths[i]!) * strides[own[i]!]!;
      rest = Math.floor(rest / lengths[i]!);
    }
    positions.push(at);
  }
  const flat = reshaped(name, [...lead, size]);
  const gathered = model.node('Gather', [flat, model.integers(positions)], { axis: lead.length });
  return { name: reshaped(gathered, final), covers: moves };
}

/** Repeats a value along the axes where it is still of length 1. */
function filled(model: OnnxModel, { name, covers }: Spread, axes: Shape): string {
  const missing = axes.map((length, axis) => length !== 1 && !covers[axis]);
  if (axes.length === 0 || (!missing.includes(true) && covers.includes(true))) return name;
  if (axes.length > 0 && missing[0] && axes[0] === 'batch')
    throw new NotExportable('A value that is the same for every sample cannot be given the batch axis in a file.');
  const lengths = axes.map((length) => (length === 'batch' ? 1 : length));
  return model.node('Expand', [name, model.integers(lengths)]);
}

function runKernel(model: OnnxModel, kernel: Kernel, operands: ReadonlyMap<string, Operand>): Map<string, string> {
  const { out, fold } = kernel;
  /** The expression over `axes`, which are the loop's own or those with the fold's behind them. */
  const on = (axes: Shape, expression: Expr, known: ReadonlyMap<string, Spread>): string => {
    const spreads = new Map(known);
    const names = namesIn(expression);
    for (const read of kernel.reads)
      if (names.includes(read.name)) spreads.set(read.name, spread(model, operands.get(read.name)!, read, axes));
    return filled(model, render(expression, dialectOf(model, axes.length, spreads)), axes);
  };
  const known = new Map<string, Spread>();
  if (fold) {
    if (fold.over.includes('batch'))
      throw new NotExportable('An operation that adds up over the samples of a batch cannot be exported.');
    const axes: readonly Axis[] = [...out, ...fold.over];
    const body = on(axes, fold.body, known);
    const folded = fold.over.map((_, i) => out.length + i);
    const acc =
      fold.with === 'sum'
        ? model.node('ReduceSum', [body, model.integers(folded)], { keepdims: 0 })
        : model.node('ReduceMax', [body], { axes: folded, keepdims: 0 });
    known.set(ACC, { name: acc, covers: out.map((length) => length !== 1) });
  }
  if (kernel.stores.some((store) => store.place))
    throw new NotExportable('An array that is put together from parts has no form in this file.');
  const results = new Map<string, string>();
  for (const { to, value } of kernel.stores) results.set(to, on(out, value, known));
  return results;
}

/** A kernel may walk other axes than its array has, as long as the order of the elements is the same. */
const reshaped = (model: OnnxModel, name: string, shape: Shape): string =>
  model.node('Reshape', [name, model.integers(shape.map((length) => (length === 'batch' ? -1 : length)))]);

/** Emits a whole sequence and returns the name of the operation's value. */
export function runKernels(
  model: OnnxModel,
  sequence: KernelSequence,
  inputs: Readonly<Record<string, Operand>>,
  out: Shape,
): string {
  const operands = new Map(Object.entries(inputs));
  for (const kernel of sequence.kernels)
    for (const [to, name] of runKernel(model, kernel, operands)) {
      const shape = to === OUT ? out : sequence.temps![to]!;
      operands.set(to, { name: sameShape(kernel.out, shape) ? name : reshaped(model, name, shape), shape });
    }
  return operands.get(OUT)!.name;
}
