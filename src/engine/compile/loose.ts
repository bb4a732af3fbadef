/**
 * Steps while they are being fused. Their reads go by the buffer and the way it is walked, so that two steps
 * can be put together without clashes of names; `tighten` gives short names again, and equal kernels become
 * one object.
 */
import { ACC, type Kernel, kernelFault, type Read, type Store } from '../ir/kernel';
import { type Dialect, type Expr, read, render, replaceReads } from '../ir/expr';
import { sameShape, type Shape, stridesOf } from '../ir/shape';
import type { BufferId, Phase, Step } from '../plan';

export interface LooseRead extends Read {
  readonly buffer: BufferId;
}

export interface LooseStore {
  readonly buffer: BufferId;
  readonly value: Expr;
  /** Operations and operands of the value. */
  readonly size: number;
  readonly place: Store['place'];
}

export interface Loose {
  readonly phase: Phase;
  readonly node: string;
  readonly edge?: string;
  readonly out: Shape;
  readonly fold: Kernel['fold'];
  readonly reads: ReadonlyMap<string, LooseRead>;
  readonly stores: readonly LooseStore[];
  /** The step of the program that this still is; absent once it was changed. */
  readonly origin?: Step;
}

/** One name per way of reading a buffer, so that kernels can be merged without clashes. */
export const accessName = (buffer: BufferId, r: Read): string => `${buffer}|${r.strides.join()}|${r.offset}`;

/** Whether a read finds the element of the output's own index. */
export function isIdentity(r: Read, out: Shape): boolean {
  if (r.offset !== 0) return false;
  const own = stridesOf(out);
  for (let axis = 0; axis < own.length; axis++) if (r.strides[axis] !== own[axis] && out[axis] !== 1) return false;
  for (let axis = own.length; axis < r.strides.length; axis++) if (r.strides[axis] !== 0) return false;
  return true;
}

/** Whether a step stores to parts of arrays. */
export const inParts = (s: Loose): boolean => s.stores.some((store) => store.place);

const sizes: Dialect<number> = {
  constant: () => 1,
  read: () => 1,
  unary: (_op, x) => x + 1,
  binary: (_op, x, y) => x + y + 1,
  select: (p, t, o) => p + t + o + 1,
};
const sizeOf = (e: Expr): number => render(e, sizes);

const sizesOf = new WeakMap<Kernel, readonly number[]>();
function storeSizes(kernel: Kernel): readonly number[] {
  let known = sizesOf.get(kernel);
  if (!known) sizesOf.set(kernel, (known = kernel.stores.map(({ value }) => sizeOf(value))));
  return known;
}

export function loosen(step: Step): Loose {
  const { kernel } = step;
  const reads = new Map<string, LooseRead>();
  const renamed = new Map<string, Expr>();
  for (const r of kernel.reads) {
    const buffer = step.bind[r.name]!;
    const name = accessName(buffer, r);
    renamed.set(r.name, read(name));
    reads.set(name, { name, strides: r.strides, offset: r.offset, buffer });
  }
  if (kernel.fold) renamed.set(ACC, read(ACC));
  const rename = (e: Expr): Expr => replaceReads(e, (name) => renamed.get(name)!);
  const known = storeSizes(kernel);
  return {
    phase: step.phase,
    node: step.node,
    ...(step.edge === undefined ? {} : { edge: step.edge }),
    out: kernel.out,
    fold: kernel.fold && { ...kernel.fold, body: rename(kernel.fold.body) },
    reads,
    stores: kernel.stores.map(({ to, value, place }, at) => ({
      buffer: step.bind[to]!,
      value: rename(value),
      size: known[at]!,
      place,
    })),
    origin: step,
  };
}

/** Steps with short names. What differs in nothing but its buffers shares a kernel. */
export function tighten(steps: readonly Loose[]): Step[] {
  const kernels = new Map<string, Kernel>();
  return steps.map((s) => {
    if (s.origin) return s.origin;
    const short = new Map<string, string>([[ACC, ACC]]);
    const bind: Record<string, BufferId> = {};
    let key = `${s.out.join()};${s.fold ? `${s.fold.with} ${s.fold.over.join()}` : ''}`;
    let count = 0;
    for (const r of s.reads.values()) {
      const name = `r${count++}`;
      short.set(r.name, name);
      bind[name] = r.buffer;
      key += `;${r.strides.join()}+${r.offset}`;
    }
    s.stores.forEach((store, i) => {
      bind[`s${i}`] = store.buffer;
    });
    const text = textIn(short);
    if (s.fold) key += `;${render(s.fold.body, text)}`;
    for (const { value, place } of s.stores)
      key += `;${render(value, text)}${place ? `@${place.strides.join()}+${place.offset}` : ''}`;
    let kernel = kernels.get(key);
    if (!kernel) kernels.set(key, (kernel = kernelOf(s, short)));
    return { phase: s.phase, node: s.node, ...(s.edge === undefined ? {} : { edge: s.edge }), kernel, bind };
  });
}

/** A text that tells expressions apart. */
const textIn = (short: ReadonlyMap<string, string>): Dialect<string> => ({
  constant: (value) => (Object.is(value, -0) ? '-0' : String(value)),
  read: (name) => short.get(name)!,
  unary: (op, x) => `${op}(${x})`,
  binary: (op, x, y) => `${op}(${x},${y})`,
  select: (p, t, o) => `if(${p},${t},${o})`,
});

function kernelOf(s: Loose, short: ReadonlyMap<string, string>): Kernel {
  const reads = new Map([...short.values()].map((name) => [name, read(name)]));
  const rename = (e: Expr): Expr => replaceReads(e, (name) => reads.get(short.get(name)!)!);
  const kernel: Kernel = {
    out: s.out,
    ...(s.fold ? { fold: { ...s.fold, body: rename(s.fold.body) } } : {}),
    reads: [...s.reads.values()].map(({ name, strides, offset }) => ({ name: short.get(name)!, strides, offset })),
    stores: s.stores.map(({ value, place }, i) => ({ to: `s${i}`, value: rename(value), ...(place ? { place } : {}) })),
  };
  const fault = kernelFault(kernel);
  if (fault) throw new Error(`fusing made an illegal kernel for '${s.node}': ${fault}`);
  return kernel;
}

/** The step with other buffers in the place of some that it reads. */
export function redirect(s: Loose, same: ReadonlyMap<BufferId, BufferId>): Loose {
  let touched = false;
  for (const r of s.reads.values()) touched ||= same.has(r.buffer);
  return touched ? withReads(s, (r) => ({ ...r, buffer: same.get(r.buffer) ?? r.buffer })) : s;
}

/** The step with each read changed. */
export function withReads(s: Loose, change: (r: LooseRead) => LooseRead): Loose {
  const renamed = new Map<string, Expr>();
  const reads = new Map<string, LooseRead>();
  for (const r of s.reads.values()) {
    const changed = change(r);
    const name = accessName(changed.buffer, changed);
    renamed.set(r.name, read(name));
    reads.set(name, { ...changed, name });
  }
  const rename = (e: Expr): Expr => replaceReads(e, (name) => renamed.get(name) ?? read(name));
  const { origin: _changed, ...rest } = s;
  return {
    ...rest,
    fold: s.fold && { ...s.fold, body: rename(s.fold.body) },
    reads,
    stores: s.stores.map((store) => ({ ...store, value: rename(store.value) })),
  };
}

/**
 * An elementwise step walked along finer axes: the windows of a pooling and the places in them, say, instead of the
 * rows and columns of its image. Null where its axes are no groups of these.
 */
export function alongFiner(s: Loose, out: Shape): Loose | null {
  if (sameShape(s.out, out)) return s;
  if (s.fold || inParts(s)) return null;
  /** For each finer axis the coarser one that it is a part of, and how many of its elements it steps over. */
  const parts: { readonly axis: number; readonly step: number }[] = [];
  let at = out.length;
  for (let axis = s.out.length - 1; axis >= 0; axis--) {
    const length = s.out[axis]!;
    if (length === 'batch') {
      if (at !== 1 || out[0] !== 'batch') return null;
      parts.unshift({ axis, step: 1 });
      at = 0;
      continue;
    }
    let step = 1;
    while (step < length) {
      const finer = out[--at];
      if (finer === undefined || finer === 'batch' || finer === 0) return null;
      parts.unshift({ axis, step });
      step *= finer;
    }
    if (step !== length) return null;
  }
  if (at !== 0) return null;
  return { ...withReads(s, (r) => ({ ...r, strides: parts.map(({ axis, step }) => r.strides[axis]! * step) })), out };
}
