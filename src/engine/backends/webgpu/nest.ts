/**
 * A kernel as plain loops: axis lengths are numbers, axes of length one are gone, and neighbouring axes
 * that every operand walks alike are merged. Most elementwise kernels become one flat loop this way, and
 * a matrix product becomes two axes and a fold, whatever shapes it was drawn with.
 */
import type { Expr } from '../../ir/expr';
import { ACC, type Kernel } from '../../ir/kernel';
import { concrete } from '../../ir/shape';
import { LARGEST, Statements } from './dialect';

export interface LoopAxis {
  readonly length: number;
  /** For each read of the kernel, and then for each store that has a place of its own, how far it moves along this axis. */
  readonly strides: readonly number[];
}

export interface Nest {
  /** Number of elements of the output. */
  readonly size: number;
  /** Number of terms of the fold; 1 without a fold. */
  readonly terms: number;
  readonly out: readonly LoopAxis[];
  readonly over: readonly LoopAxis[];
  /** For each read: it is read at the very place that the kernel writes. */
  readonly inPlace: readonly boolean[];
  readonly kernel: Kernel;
}

function merge(axes: readonly LoopAxis[]): readonly LoopAxis[] {
  const merged: LoopAxis[] = [];
  for (const axis of axes) {
    if (axis.length === 1) continue;
    const last = merged[merged.length - 1];
    if (last?.strides.every((stride, read) => stride === axis.strides[read]! * axis.length))
      merged[merged.length - 1] = { length: last.length * axis.length, strides: axis.strides };
    else merged.push(axis);
  }
  return merged;
}

export function nestOf(kernel: Kernel, batch: number): Nest {
  const lengths = concrete(kernel.out, batch);
  const over = concrete(kernel.fold?.over ?? [], batch);
  const placed = kernel.stores.flatMap(({ place }) => (place ? [place.strides] : []));
  const axis = (length: number, at: number): LoopAxis => ({
    length,
    strides: [...kernel.reads.map((read) => read.strides[at] ?? 0), ...placed.map((strides) => strides[at] ?? 0)],
  });
  const out = merge(lengths.map((length, at) => axis(length, at)));
  const steps = rowMajor(out);
  return {
    size: lengths.reduce((size, length) => size * length, 1),
    terms: over.reduce((size, length) => size * length, 1),
    out,
    over: merge(over.map((length, at) => axis(length, lengths.length + at))),
    inPlace: kernel.reads.map(
      (read, index) =>
        read.offset === 0 &&
        read.strides.slice(lengths.length).every((stride, at) => stride === 0 || over[at] === 1) &&
        out.every((one, at) => one.strides[index] === steps[at]),
    ),
    kernel,
  };
}

/** Row-major steps of loop axes. */
export function rowMajor(axes: readonly LoopAxis[]): readonly number[] {
  const steps = new Array<number>(axes.length);
  let step = 1;
  for (let at = axes.length - 1; at >= 0; at--) {
    steps[at] = step;
    step *= axes[at]!.length;
  }
  return steps;
}

/** A number of the buffer that `name` is bound to, `address` elements from its start. */
export type Access = (name: string, address: string) => string;

/** Addresses wrap around, so a step backwards is a large step forwards. */
const times = (index: string, stride: number): string => (stride === 1 ? index : `${index} * ${stride >>> 0}u`);

/** The address of a read from the indices of some axes, as a sum; '' for 0. */
function walk(axes: readonly LoopAxis[], indices: readonly string[], read: number): string {
  return axes
    .flatMap((axis, at) => {
      const stride = axis.strides[read]!;
      return stride === 0 ? [] : [times(indices[at]!, stride)];
    })
    .join(' + ');
}

/** Names for the indices along each axis of the output, from the flat index `flat`. */
export function indicesOf(axes: readonly LoopAxis[], flat: string, statements: Statements): readonly string[] {
  const steps = rowMajor(axes);
  return axes.map((axis, at) => {
    if (axes.length === 1) return flat;
    const divided = steps[at] === 1 ? flat : `${flat} / ${steps[at]}u`;
    return statements.here(at === 0 ? divided : `(${divided}) % ${axis.length}u`);
  });
}

/** Whether a read moves along the fold. */
const moves = (nest: Nest, read: number): boolean => nest.over.some((axis) => axis.strides[read] !== 0);

/** The address of a read at an output index, without what it moves along the fold. */
function outAddress(nest: Nest, read: number, flat: string, indices: readonly string[]): string {
  const { offset } = nest.kernel.reads[read]!;
  if (nest.inPlace[read]) return flat;
  const walked = walk(nest.out, indices, read);
  if (walked === '') return `${offset}u`;
  return offset === 0 ? walked : `${walked} + ${offset}u`;
}

/** The address of a store at an output index. */
function storeAddress(nest: Nest, store: number, flat: string, indices: readonly string[]): string {
  const { stores, reads } = nest.kernel;
  const { place } = stores[store]!;
  if (!place) return flat;
  const before = stores.slice(0, store).filter((other) => other.place).length;
  const walked = walk(nest.out, indices, reads.length + before);
  return walked === '' ? `${place.offset}u` : `${walked} + ${place.offset}u`;
}

/** What follows each stored value: the place to test it, for instance. */
export type AfterStore = (to: string, value: string) => string;

/** The operands of one kernel, spelled for one place in the code. */
export interface Spelling {
  readonly access: Access;
  readonly after?: AfterStore;
}

/**
 * The statements that compute one element of the output, whose flat index is the name `flat`. All reads
 * and values come before the first store, so a kernel may update a buffer in place.
 */
export function elementText(nest: Nest, flat: string, spelling: Spelling): string {
  const before = new Statements('t');
  const indices = indicesOf(nest.out, flat, before);
  const over = nest.over.map((_, at) => `k${at}`);
  const fold = nest.kernel.fold ? foldText(nest, flat, indices, over, before, spelling.access) : null;
  const last = storesText(nest, flat, indices, before, spelling);
  if (!fold) return [...before.lines, ...last].join('\n');
  return [
    ...before.lines,
    `var acc = ${startOf(nest.kernel.fold!.with)};`,
    ...nest.over.map((axis, at) => `for (var k${at} = 0u; k${at} < ${axis.length}u; k${at}++) {`),
    ...(nest.terms === 0 ? [] : fold),
    ...nest.over.map(() => '}'),
    ...last,
  ].join('\n');
}

/** Where a fold starts: sums at 0, maxima at the least finite number. */
export const startOf = (fold: 'sum' | 'max'): string => (fold === 'sum' ? '0f' : `-${LARGEST}`);

/** The value of a read, where it moves along the fold at the fold indices `over`. */
export function readText(
  nest: Nest,
  name: string,
  flat: string,
  indices: readonly string[],
  over: readonly string[],
  before: Statements,
  inside: Statements,
  access: Access,
): string {
  const index = nest.kernel.reads.findIndex((read) => read.name === name);
  const start = outAddress(nest, index, flat, indices);
  if (!moves(nest, index)) return before.here(access(name, start));
  return inside.here(access(name, `${before.here(start)} + ${walk(nest.over, over, index)}`));
}

/** The statements that join one term to `acc`; what does not move along the fold goes to `before`. */
export function foldText(
  nest: Nest,
  flat: string,
  indices: readonly string[],
  over: readonly string[],
  before: Statements,
  access: Access,
): readonly string[] {
  const { body, with: join } = nest.kernel.fold!;
  const inside = new Statements('u', before);
  const value = (e: Expr): string => inside.value(e, (name) => readText(nest, name, flat, indices, over, before, inside, access));
  let term: string;
  if (join === 'max') term = `acc = larger(acc, ${value(body)});`;
  else if (body.kind === 'binary' && body.op === 'mul') term = `acc = fma(${value(body.x)}, ${value(body.y)}, acc);`;
  else term = `acc += ${value(body)};`;
  return [...inside.lines, term];
}

/** The statements that follow the fold: every value, then every store. */
export function storesText(
  nest: Nest,
  flat: string,
  indices: readonly string[],
  before: Statements,
  { access, after }: Spelling,
): readonly string[] {
  const last = new Statements('v', before);
  const folds = nest.kernel.fold !== undefined;
  if (folds) last.claim(ACC);
  const values = nest.kernel.stores.map((store) =>
    last.value(store.value, (name) =>
      folds && name === ACC ? ACC : readText(nest, name, flat, indices, [], before, before, access),
    ),
  );
  const stores = nest.kernel.stores.map(
    (store, at) =>
      `${access(store.to, storeAddress(nest, at, flat, indices))} = ${values[at]};${after?.(store.to, values[at]!) ?? ''}`,
  );
  return [...last.lines, ...stores];
}
