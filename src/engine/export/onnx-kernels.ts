/**
 * Kernels as ONNX operations, for everything that ONNX has no name for. Each read is brought to the axes
 * of the loop nest (a reshape and a transpose where its strides allow, else a gather), the expression is
 * spelled with ONNX's elementwise operations, and the fold becomes a reduction.
 */
import { type Dialect, type Expr, type UnaryOp, type BinaryOp, namesIn, render } from '../ir/expr';
import { ACC, type Kernel, type Read, type Store } from '../ir/kernel';
import { type Axis, isBatched, product, sameShape, sampleShape, sampleSize, type Shape } from '../ir/shape';
import { type KernelSequence, OUT } from '../ops/op';
import { NotExportable } from './description';
import type { OnnxModel } from './onnx-model';

const UNARY: Readonly<Record<UnaryOp, string>> = {
  neg: 'Neg',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  abs: 'Abs',
  floor: 'Floor',
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
  const shaped = (value: string, to: readonly number[]): string => model.node('Reshape', [value, model.integers(to)]);
  const final = target.map((length) => (length === 'batch' ? -1 : length));

  if (rowMajor && step === size && offset === 0) {
    const loopOrder = [...(batch >= 0 ? [batch] : []), ...own];
    const storedOrder = [...(batch >= 0 ? [batch] : []), ...sorted];
    const transposed = loopOrder.some((axis, i) => axis !== storedOrder[i]);
    let value = name;
    if (transposed) {
      value = shaped(value, [...lead, ...sorted.map((axis) => axes[axis] as number)]);
      value = model.node('Transpose', [value], { perm: loopOrder.map((axis) => storedOrder.indexOf(axis)) });
    }
    const already = !transposed && shape.length === final.length && shape.every((length, axis) => length === target[axis]);
    return { name: already ? value : shaped(value, final), covers: moves };
  }

  const lengths = own.map((axis) => axes[axis] as number);
  const flat = shaped(name, [...lead, size]);
  const gathered = model.node(
    'Gather',
    [
      flat,
      model.integers(
        positions(
          lengths,
          own.map((axis) => strides[axis]!),
          offset,
        ),
      ),
    ],
    { axis: lead.length },
  );
  return { name: shaped(gathered, final), covers: moves };
}

/** Repeats a value along the axes where it is still of length 1; the batch's length is that of `batched`. */
function filled(model: OnnxModel, { name, covers }: Spread, axes: Shape, batched: string | null): string {
  const missing = axes.map((length, axis) => length !== 1 && !covers[axis]);
  if (axes.length === 0 || (!missing.includes(true) && covers.includes(true))) return name;
  const lengths = axes.map((length) => (length === 'batch' ? 1 : length));
  if (!missing[0] || axes[0] !== 'batch') return model.node('Expand', [name, model.integers(lengths)]);
  if (batched === null)
    throw new NotExportable('A value that is the same for every sample cannot be given the batch axis in a file.');
  const count = model.node('Shape', [batched], { start: 0, end: 1 });
  const shape = lengths.length === 1 ? count : model.node('Concat', [count, model.integers(lengths.slice(1))], { axis: 0 });
  return model.node('Expand', [name, shape]);
}

/** `written`, walked over `out`, put into its places of an array; the rest stays as it was. */
function placed(
  model: OnnxModel,
  written: string,
  out: Shape,
  { strides, offset }: NonNullable<Store['place']>,
  before: string | undefined,
  whole: Shape,
): string {
  const size = sampleSize(whole);
  const batch = isBatched(whole) ? [-1] : [];
  if (isBatched(out) !== isBatched(whole) || (isBatched(out) && strides[0] !== size))
    throw new NotExportable('An array that is put together across the samples of a batch has no form in this file.');
  const lengths = sampleShape(out);
  const own = isBatched(out) ? strides.slice(1) : strides;
  const flat = (name: string, length: number): string => model.node('Reshape', [name, model.integers([...batch, length])]);
  const count = product(lengths);
  const pieces = before === undefined ? [] : [flat(before, size)];
  // Elements that nothing was written to yet are taken from anywhere: a later part overwrites them.
  const from = Array.from({ length: size }, (_, at) => (before === undefined ? 0 : at));
  for (const [index, at] of positions(lengths, own, offset).entries()) from[at] = (before === undefined ? 0 : size) + index;
  pieces.push(flat(written, count));
  const all = pieces.length === 1 ? pieces[0]! : model.node('Concat', pieces, { axis: batch.length });
  const gathered = model.node('Gather', [all, model.integers(from)], { axis: batch.length });
  return reshaped(model, gathered, whole);
}

/** Where the elements of a loop nest are, in row-major order of its axes. */
function positions(lengths: readonly number[], strides: readonly number[], offset: number): number[] {
  return Array.from({ length: product(lengths) }, (_, index) => {
    let rest = index;
    let at = offset;
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      at += (rest % lengths[axis]!) * strides[axis]!;
      rest = Math.floor(rest / lengths[axis]!);
    }
    return at;
  });
}

function runKernel(
  model: OnnxModel,
  kernel: Kernel,
  operands: ReadonlyMap<string, Operand>,
  shapeOf: (name: string) => Shape,
  batched: string | null,
): Map<string, string> {
  const { out, fold } = kernel;
  /** The expression over `axes`, which are the loop's own or those with the fold's behind them. */
  const on = (axes: Shape, expression: Expr, known: ReadonlyMap<string, Spread>): string => {
    const spreads = new Map(known);
    const names = namesIn(expression);
    for (const read of kernel.reads)
      if (names.includes(read.name)) spreads.set(read.name, spread(model, operands.get(read.name)!, read, axes));
    return filled(model, render(expression, dialectOf(model, axes.length, spreads)), axes, batched);
  };
  const known = new Map<string, Spread>();
  if (fold) {
    if (fold.over.includes('batch'))
      throw new NotExportable('An operation that adds up over the samples of a batch cannot be exported.');
    const axes: readonly Axis[] = [...out, ...fold.over];
    const body = on(axes, fold.body, known);
    const folded = fold.over.map((_, i) => out.length + i);
    const acc =
      folded.length === 0
        ? body
        : fold.with === 'sum'
          ? model.node('ReduceSum', [body, model.integers(folded)], { keepdims: 0 })
          : model.node('ReduceMax', [body], { axes: folded, keepdims: 0 });
    known.set(ACC, { name: acc, covers: out.map((length) => length !== 1) });
  }
  const results = new Map<string, string>();
  for (const { to, value, place } of kernel.stores) {
    const written = on(out, value, known);
    const whole = shapeOf(to);
    if (place) results.set(to, placed(model, written, out, place, operands.get(to)?.name, whole));
    else results.set(to, sameShape(out, whole) ? written : reshaped(model, written, whole));
  }
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
  const batched = Object.values(inputs).find(({ shape }) => isBatched(shape))?.name ?? null;
  const shapeOf = (name: string): Shape => (name === OUT ? out : sequence.temps![name]!);
  for (const kernel of sequence.kernels)
    for (const [to, name] of runKernel(model, kernel, operands, shapeOf, batched)) operands.set(to, { name, shape: shapeOf(to) });
  return operands.get(OUT)!.name;
}
