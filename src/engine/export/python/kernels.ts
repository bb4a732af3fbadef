/**
 * Kernels as statements of Python. Each read is brought to the axes of the loop nest, the expression is
 * spelled with the library's elementwise functions, and the fold becomes a sum or a maximum over axes; a sum
 * of products is a matrix product where its axes allow it, else an einsum. Values, gradients and training
 * forms are kernels alike, so all of an operation's Python follows from its definition.
 */
import { type Expr, namesIn, read as readOf, render } from '../../ir/expr';
import { ACC, type Kernel, type Read } from '../../ir/kernel';
import { product, sameShape, type Shape } from '../../ir/shape';
import type { KernelSequence } from '../../ops/op';
import { indexText, linesUp, type Operand, placeText, viewOf } from './access';
import type { Library } from './library';
import { shared } from './shared';
import { atom, matrixProduct, type Python, times, uses } from './text';

/** A value along the axes of a loop nest: its last `rank` axes are the nest's; `covers` marks where it moves. */
interface Spread {
  readonly text: Python;
  readonly rank: number;
  readonly covers: readonly boolean[];
}

export interface Statement {
  /** What is assigned to: a name, or a part of an array that exists. */
  readonly to: Python;
  readonly text: Python;
}

/** Lengths as Python writes them; `batch` is the text of the number of rows. */
const lengthsText = (shape: Shape, batch: Python): (string | number)[] =>
  shape.map((length) => (length === 'batch' ? batch : length));

export const reshaped = (text: Python, shape: Shape): Python =>
  `${atom(text)}.reshape(${shape.length === 0 ? '()' : shape.map((length) => (length === 'batch' ? -1 : length)).join(', ')})`;

/** All ways to put the folded axes among the others, keeping the order of both; the usual one, behind them, comes first. */
function ordersOf(outs: number, folds: number): number[][] {
  const orders: number[][] = [];
  const go = (order: number[], out: number, fold: number): void => {
    if (out === outs && fold === folds) orders.push(order);
    if (out < outs) go([...order, out], out + 1, fold);
    if (fold < folds) go([...order, outs + fold], out, fold + 1);
  };
  go([], 0, 0);
  return orders;
}

const inOrder = (read: Read, order: readonly number[]): Read => ({
  ...read,
  strides: order.map((axis) => read.strides[axis]!),
});

type Fold = NonNullable<Kernel['fold']>;

/** Whether a factor is 1 over the number of terms. */
const isShare = (factor: Expr, over: Shape): boolean =>
  factor.kind === 'const' &&
  !over.includes('batch') &&
  factor.value === 1 / product(over as readonly number[]) &&
  factor.value !== 1;

/** A sum of shares of its terms is their mean: the fold over the terms themselves. */
function meanBody(fold: Fold): Fold {
  const { body, over } = fold;
  const shares = fold.with === 'sum' && body.kind === 'binary' && body.op === 'mul' && isShare(body.x, over);
  return shares ? { ...fold, body: body.y } : fold;
}

/** Whether a store takes the mean: the sum times 1 over the number of terms. */
const takesMean = ({ fold, stores }: Kernel): boolean =>
  fold?.with === 'sum' &&
  stores.every(
    ({ value: v }) => v.kind === 'binary' && v.op === 'mul' && isShare(v.x, fold.over) && v.y.kind === 'read' && v.y.name === ACC,
  );

class KernelWriter {
  readonly #library: Library;
  readonly #kernel: Kernel;
  readonly #operands: ReadonlyMap<string, Operand>;
  readonly #batch: Python;

  constructor(library: Library, kernel: Kernel, operands: ReadonlyMap<string, Operand>, batch: Python) {
    this.#library = library;
    this.#kernel = kernel;
    this.#operands = operands;
    this.#batch = batch;
  }

  /** The value of a store, with all axes of `out`. */
  value(expression: Expr, known: ReadonlyMap<string, Spread>): Python {
    const { out } = this.#kernel;
    const axes = out.map((_, axis) => axis);
    return this.#whole(this.#on(out, axes, expression, known), out);
  }

  /** The result of the fold over the axes of `out`; `mean` divides a sum by the number of its terms. */
  fold(mean = false): Spread {
    const whole = this.#kernel.out;
    const reads = this.#kernel.reads;
    // Axes of length 1 are put in afterwards.
    const solid = whole.map((_, axis) => axis).filter((axis) => whole[axis] !== 1);
    if (solid.length < whole.length) {
      const folds = (this.#kernel.fold?.over ?? []).map((_, i) => whole.length + i);
      const slim = new KernelWriter(
        this.#library,
        {
          ...this.#kernel,
          out: solid.map((axis) => whole[axis]!),
          reads: reads.map((r) => inOrder(r, [...solid, ...folds])),
        },
        this.#operands,
        this.#batch,
      ).fold(mean);
      const covered = whole.map((_, axis) => solid.includes(axis) && slim.covers[solid.indexOf(axis)]!);
      const first = slim.rank === 0 ? whole.length : solid[solid.length - slim.rank]!;
      const index = Array.from({ length: whole.length - first }, (_, i) => (solid.includes(first + i) ? ':' : 'None'));
      return {
        text: index.includes('None') ? atom(slim.text) + indexText(index) : slim.text,
        rank: whole.length - first,
        covers: covered,
      };
    }
    const out = whole;
    const fold = mean ? this.#kernel.fold : meanBody(this.#kernel.fold!);
    if (!fold) throw new Error('there is nothing to fold');
    const how = mean || fold !== this.#kernel.fold ? 'mean' : fold.with;
    const all: Shape = [...out, ...fold.over];
    const matrix = how === 'sum' ? this.#product(all) : null;
    if (matrix) return matrix;
    const used = namesIn(fold.body);
    const mine = reads.filter(({ name }) => used.includes(name));
    const views = mine.map((r) => viewOf(this.#library, this.#operands.get(r.name)!, r, all).axes);
    /** Arrays that can stand as they are, and those whose axes need not be exchanged. */
    const easy = (order: readonly number[]): number =>
      mine.reduce((score, r, i) => {
        const lengths = order.map((axis) => all[axis]!);
        if (linesUp(this.#operands.get(r.name)!, inOrder(r, order), lengths)) return score + 2;
        const places = views[i]!.map((axis) => order.indexOf(axis));
        return score + (places.every((at, k) => k === 0 || at > places[k - 1]!) ? 1 : 0);
      }, 0);
    let order = ordersOf(out.length, fold.over.length)[0]!;
    if (out.length * fold.over.length < 30) {
      const orders = ordersOf(out.length, fold.over.length);
      order = orders.reduce((best, next) => (easy(next) > easy(best) ? next : best));
    }
    const lengths = order.map((axis) => all[axis]!);
    const body = this.#on(lengths, order, fold.body, new Map());
    const first = lengths.length - body.rank;
    const folded = order.map((axis, at) => (axis >= out.length ? at : -1)).filter((at) => at >= 0);
    const present = folded.filter((at) => at >= first);
    let text =
      present.length === 0
        ? body.text
        : this.#library.fold(
            how,
            body.text,
            present.map((at) => at - first),
          );
    if (how === 'sum')
      for (const at of folded)
        if (!body.covers[at] && lengths[at] !== 1)
          text = times(text, lengths[at] === 'batch' ? this.#batch : String(lengths[at]));
    return {
      text,
      rank: body.rank - present.length,
      covers: out.map((_, axis) => body.covers[order.indexOf(axis)]!),
    };
  }

  /** An expression over the axes of a nest, which are `order` of the kernel's own. */
  #on(lengths: Shape, order: readonly number[], expression: Expr, known: ReadonlyMap<string, Spread>): Spread {
    const names = namesIn(expression);
    const spreads = new Map(known);
    for (const read of this.#kernel.reads)
      if (names.includes(read.name) && !spreads.has(read.name))
        spreads.set(read.name, this.#spread(inOrder(read, order), lengths));
    const text = render(
      expression,
      this.#library.dialect((name) => spreads.get(name)!.text),
    );
    const used = names.map((name) => spreads.get(name)!);
    return {
      text,
      rank: Math.max(0, ...used.map((s) => s.rank)),
      covers: lengths.map((_, axis) => used.some((s) => s.covers[axis])),
    };
  }

  #spread(read: Read, lengths: Shape): Spread {
    const operand = this.#operands.get(read.name)!;
    const covers = lengths.map((length, axis) => length !== 1 && read.strides[axis] !== 0);
    if (linesUp(operand, read, lengths)) return { text: operand.text, rank: operand.shape.length, covers };
    const view = viewOf(this.#library, operand, read, lengths);
    const sorted = [...view.axes].sort((a, b) => a - b);
    let text = view.text;
    if (sorted.join() !== view.axes.join())
      text = this.#library.transposed(
        text,
        sorted.map((axis) => view.axes.indexOf(axis)),
      );
    const first = sorted[0] ?? lengths.length;
    const rank = lengths.length - first;
    if (sorted.length < rank)
      text = atom(text) + indexText(Array.from({ length: rank }, (_, i) => (sorted.includes(first + i) ? ':' : 'None')));
    return { text, rank, covers };
  }

  /** The value repeated where it does not move, so that it has the whole shape. */
  #whole({ text, rank, covers }: Spread, shape: Shape): Python {
    const lacks = shape.some((length, axis) => length !== 1 && !covers[axis]) || rank < shape.length;
    if (!lacks) return text;
    if (rank === 0 && !/[a-z]\w*/i.test(text.replace(/float\('\w+'\)/, '')))
      return this.#library.full(lengthsText(shape, this.#batch), Number(text), this.#someText());
    return shape.length === 0 ? text : this.#library.expanded(text, lengthsText(shape, this.#batch));
  }

  #someText = (): Python => [...this.#operands.values()][0]?.text ?? '';

  /** A matrix product or an einsum, where the fold adds up products of two reads. */
  #product(all: Shape): Spread | null {
    const { out, fold, reads } = this.#kernel;
    const { body } = fold!;
    if (body.kind !== 'binary' || body.op !== 'mul' || body.x.kind !== 'read' || body.y.kind !== 'read') return null;
    if (body.x.name === body.y.name) return null;
    const [left, right] = [body.x.name, body.y.name].map((name) => {
      const read = reads.find((r) => r.name === name)!;
      return viewOf(this.#library, this.#operands.get(name)!, read, all);
    }) as [{ text: Python; axes: readonly number[] }, { text: Python; axes: readonly number[] }];
    const outs = out.map((_, axis) => axis);
    const folded = fold!.over.map((_, i) => out.length + i);
    const both = new Set([...left.axes, ...right.axes]);
    if (folded.some((axis) => !both.has(axis) && all[axis] !== 1)) return null;
    const kept = outs.filter((axis) => both.has(axis));
    const spread = (text: Python): Spread => {
      const first = kept[0] ?? out.length;
      const missing = Array.from({ length: out.length - first }, (_, i) => (kept.includes(first + i) ? ':' : 'None'));
      return {
        text: missing.includes('None') ? atom(text) + indexText(missing) : text,
        rank: out.length - first,
        covers: out.map((length, axis) => length !== 1 && both.has(axis)),
      };
    };
    for (const [a, b] of [
      [left, right],
      [right, left],
    ] as const) {
      const found = this.#matrixProduct(a, b, kept, folded);
      if (found) return spread(found);
    }
    // Where one factor moves along all axes, a product and a sum say it more plainly.
    const long = all.map((_, axis) => axis).filter((axis) => all[axis] !== 1);
    if ([left, right].some(({ axes }) => long.every((axis) => axes.includes(axis)))) return null;
    const others = all.map((_, axis) => axis).filter((axis) => all[axis] !== 'batch');
    const letter = (axis: number): string => (all[axis] === 'batch' ? 'n' : LETTERS[others.indexOf(axis)]!);
    const letters = (axes: readonly number[]): string => axes.map(letter).join('');
    return spread(this.#library.einsum(`${letters(left.axes)},${letters(right.axes)}->${letters(kept)}`, left.text, right.text));
  }

  #matrixProduct(
    a: { text: Python; axes: readonly number[] },
    b: { text: Python; axes: readonly number[] },
    kept: readonly number[],
    folded: readonly number[],
  ): Python | null {
    const common = a.axes.filter((axis) => b.axes.includes(axis));
    const [k] = common;
    const over = folded.filter((axis) => a.axes.includes(axis) || b.axes.includes(axis));
    if (common.length !== 1 || over.length !== 1 || k !== over[0]) return null;
    if (b.axes.length > 2 || a.axes.length === 0) return null;
    const turned = (text: Python): Python => this.#library.transposed(text, [1, 0]);
    const rest = [...a.axes.filter((axis) => axis !== k), ...b.axes.filter((axis) => axis !== k)];
    if (rest.join() !== kept.join()) return null;
    if (a.axes.at(-1) !== k && a.axes.length !== 2) return null;
    const left = a.axes.at(-1) === k ? a.text : turned(a.text);
    const right = b.axes[0] === k ? b.text : turned(b.text);
    return matrixProduct(left, right);
  }
}

const readAcc = readOf(ACC);
const LETTERS = 'abcdefghijklmopqrstuvw';

/**
 * The statements of a sequence. `operands` are the texts of what it reads; `out` is the name of its result
 * with its shape; other names are its temporaries.
 */
export function statementsOf(
  library: Library,
  sequence: KernelSequence,
  operands: Readonly<Record<string, Operand>>,
  result: { readonly name: string; readonly shape: Shape; readonly text?: Python },
  batch: Python,
  local: (name: string) => Python = (name) => name,
): Statement[] {
  const known = new Map(Object.entries(operands));
  const statements: Statement[] = [];
  const shapeOf = (name: string): Shape | undefined => (name === result.name ? result.shape : sequence.temps?.[name]);
  for (const kernel of sequence.kernels) {
    const writer = new KernelWriter(library, kernel, known, batch);
    const spreads = new Map<string, Spread>();
    const mean = takesMean(kernel);
    if (kernel.fold) {
      let acc = writer.fold(mean);
      const several = kernel.stores.length > 1;
      if (several) {
        const name = local('total');
        statements.push({ to: name, text: acc.text });
        acc = { ...acc, text: name };
      }
      spreads.set(ACC, acc);
    }
    for (const { to, value, place } of kernel.stores) {
      const whole = shapeOf(to) ?? known.get(to)?.shape;
      if (!whole) throw new Error(`'${to}' is stored to, but nobody says its shape`);
      const text = writer.value(mean ? readAcc : value, spreads);
      const name = to === result.name ? (result.text ?? result.name) : local(to);
      if (!place) {
        statements.push({ to: name, text: sameShape(kernel.out, whole) ? text : reshaped(text, whole) });
        known.set(to, { text: name, shape: whole });
        continue;
      }
      if (!known.has(to)) {
        const like = Object.values(operands)[0]!.text;
        statements.push({ to: name, text: library.full(lengthsText(whole, batch), 0, like) });
        known.set(to, { text: name, shape: whole });
      }
      statements.push({ to: name + placeText(whole, place, kernel.out), text });
    }
  }
  // A gradient may need only some of what the value's kernels made.
  return statements.filter(
    ({ to }, i) =>
      !/^\w+$/.test(to) || to === (result.text ?? result.name) || statements.slice(i + 1).some(({ text }) => uses(text, to) > 0),
  );
}

/** Statements as the body of a function: repeated parts of a long expression get a name, the last value is returned. */
export function bodyLines(statements: readonly Statement[], result: Python): string[] {
  const lines: string[] = [];
  statements.forEach(({ to, text }, i) => {
    const { named, text: short } = shared(text);
    for (const part of named) lines.push(`${part.name} = ${part.text}`);
    lines.push(i === statements.length - 1 && to === result ? `return ${short}` : `${to} = ${short}`);
  });
  if (statements.at(-1)?.to !== result) lines.push(`return ${result}`);
  return lines;
}
