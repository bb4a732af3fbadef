/**
 * Fewer, larger steps. An elementwise step joins the step before it that made its operand, as one more
 * store of the same loop: a bias and an activation join their product, an update joins the gradient of its
 * parameter. Copies disappear, and what nobody reads any more is not stored.
 *
 * Fused programs run whole: their update may stand inside a backward step.
 */
import { ACC, type Kernel, kernelFault, type Read, type Store } from '../ir/kernel';
import { type Expr, namesIn, read, render, substitute } from '../ir/expr';
import { sameShape, type Shape, stridesOf } from '../ir/shape';
import type { BufferId, BufferSpec, Phase, Step } from '../plan';

/** Beyond this many operations a store is kept as it is: recomputing would cost more than reading. */
const LARGEST_EXPRESSION = 48;
const MOST_READS = 24;

const size = (e: Expr): number =>
  render<number>(e, {
    constant: () => 1,
    read: () => 1,
    unary: (_op, x) => x + 1,
    binary: (_op, x, y) => x + y + 1,
    select: (p, t, o) => p + t + o + 1,
  });

/** A step whose reads and stores go by the names of the buffers themselves, with one read per access. */
interface Loose {
  readonly phase: Phase;
  readonly node: string;
  readonly edge?: string;
  readonly out: Shape;
  readonly fold: Kernel['fold'];
  readonly reads: Map<string, Read & { readonly buffer: BufferId }>;
  readonly stores: { readonly buffer: BufferId; readonly value: Expr; readonly size: number; readonly place: Store['place'] }[];
}

const isIdentity = (r: Read, out: Shape): boolean => {
  const own = stridesOf(out);
  return (
    r.offset === 0 &&
    own.every((stride, axis) => r.strides[axis] === stride || out[axis] === 1) &&
    r.strides.slice(out.length).every((s) => s === 0)
  );
};

export interface FuseInput {
  readonly steps: readonly Step[];
  readonly buffers: readonly BufferSpec[];
  /** Buffers that must be written although no step reads them. */
  readonly keep: ReadonlySet<BufferId>;
}

export function fuse({ steps, buffers, keep }: FuseInput): { steps: Step[]; buffers: BufferSpec[] } {
  const specs = new Map(buffers.map((b) => [b.id, b]));
  const loose = dropCopies(steps.map(loosen), specs, keep);
  const joined = join(loose, specs);
  const alive = dropDead(joined, specs, keep);
  const used = new Set<BufferId>(keep);
  for (const s of alive) {
    for (const r of s.reads.values()) used.add(r.buffer);
    for (const store of s.stores) used.add(store.buffer);
  }
  const persistent = (b: BufferSpec): boolean =>
    b.role === 'parameter' || b.role === 'input' || b.role === 'hyper' || b.role === 'rows';
  return { steps: alive.map(tighten), buffers: buffers.filter((b) => used.has(b.id) || persistent(b)) };
}

/** One name per way of reading a buffer, so that kernels can be merged without clashes. */
const accessName = (buffer: BufferId, r: Read): string => `${buffer}|${r.strides.join()}|${r.offset}`;

function loosen(step: Step): Loose {
  const { kernel } = step;
  const reads = new Map<string, Read & { buffer: BufferId }>();
  const rename = new Map<string, string>();
  for (const r of kernel.reads) {
    const buffer = step.bind[r.name]!;
    const name = accessName(buffer, r);
    rename.set(r.name, name);
    reads.set(name, { ...r, name, buffer });
  }
  const renamed = (e: Expr): Expr => substitute(e, (name) => read(name === ACC && kernel.fold ? ACC : rename.get(name)!));
  return {
    phase: step.phase,
    node: step.node,
    ...(step.edge === undefined ? {} : { edge: step.edge }),
    out: kernel.out,
    fold: kernel.fold && { ...kernel.fold, body: renamed(kernel.fold.body) },
    reads,
    stores: kernel.stores.map(({ to, value, place }) => {
      const e = renamed(value);
      return { buffer: step.bind[to]!, value: e, size: size(e), place };
    }),
  };
}

function tighten(s: Loose): Step {
  const short = new Map<string, string>();
  const bind: Record<string, BufferId> = {};
  const reads: Read[] = [];
  for (const r of s.reads.values()) {
    const name = `r${reads.length}`;
    short.set(r.name, name);
    bind[name] = r.buffer;
    reads.push({ name, strides: r.strides, offset: r.offset });
  }
  const renamed = (e: Expr): Expr => substitute(e, (name) => read(name === ACC ? ACC : short.get(name)!));
  const stores: Store[] = s.stores.map((store, i) => {
    bind[`s${i}`] = store.buffer;
    return { to: `s${i}`, value: renamed(store.value), ...(store.place ? { place: store.place } : {}) };
  });
  const kernel: Kernel = {
    out: s.out,
    ...(s.fold ? { fold: { ...s.fold, body: renamed(s.fold.body) } } : {}),
    reads,
    stores,
  };
  const fault = kernelFault(kernel);
  if (fault) throw new Error(`fusing made an illegal kernel for '${s.node}': ${fault}`);
  return { phase: s.phase, node: s.node, ...(s.edge === undefined ? {} : { edge: s.edge }), kernel, bind };
}

/** A step that only copies a buffer (a sum's gradient, an identity) is replaced by reading its source. */
function dropCopies(steps: readonly Loose[], specs: ReadonlyMap<BufferId, BufferSpec>, keep: ReadonlySet<BufferId>): Loose[] {
  const same = new Map<BufferId, BufferId>();
  const out: Loose[] = [];
  for (const step of steps) {
    const s = redirect(step, same);
    const [store] = s.stores;
    if (!s.fold && s.stores.length === 1 && store!.value.kind === 'read' && !store!.place) {
      const r = s.reads.get(store!.value.name)!;
      const source = specs.get(r.buffer)!;
      if (isIdentity(r, s.out) && sameShape(source.shape, s.out) && !isMutable(source) && !keep.has(store!.buffer)) {
        same.set(store!.buffer, r.buffer);
        continue;
      }
    }
    out.push(s);
  }
  return out;
}

const isMutable = (b: BufferSpec): boolean => b.role === 'parameter' || b.role === 'slot';

function redirect(s: Loose, same: ReadonlyMap<BufferId, BufferId>): Loose {
  if (![...s.reads.values()].some((r) => same.has(r.buffer))) return s;
  const rename = new Map<string, string>();
  const reads = new Map<string, Read & { buffer: BufferId }>();
  for (const r of s.reads.values()) {
    const buffer = same.get(r.buffer) ?? r.buffer;
    const name = accessName(buffer, r);
    rename.set(r.name, name);
    reads.set(name, { ...r, name, buffer });
  }
  const renamed = (e: Expr): Expr => substitute(e, (name) => read(rename.get(name) ?? name));
  return {
    ...s,
    fold: s.fold && { ...s.fold, body: renamed(s.fold.body) },
    reads,
    stores: s.stores.map((store) => ({ ...store, value: renamed(store.value) })),
  };
}

/** Joins elementwise steps to the step that made their newest operand of the same shape. */
function join(steps: readonly Loose[], specs: ReadonlyMap<BufferId, BufferSpec>): Loose[] {
  const out: (Loose | null)[] = [];
  const maker = new Map<BufferId, number>();
  const lastReader = new Map<BufferId, number>();
  const place = (s: Loose): void => {
    const at = out.length;
    out.push(s);
    note(s, at);
  };
  const note = (s: Loose, at: number): void => {
    for (const r of s.reads.values()) lastReader.set(r.buffer, Math.max(at, lastReader.get(r.buffer) ?? 0));
    for (const store of s.stores) maker.set(store.buffer, at);
  };

  for (const s of steps) {
    // A part of an array is no operand yet: its step stays alone.
    if (s.fold || inParts(s)) {
      place(s);
      continue;
    }
    let host = -1;
    for (const r of s.reads.values()) {
      const at = maker.get(r.buffer);
      // An update joins its gradient, not the counters that it also reads.
      if (at !== undefined && at > host && !isMutable(specs.get(r.buffer)!)) host = at;
    }
    const p = host >= 0 ? out[host]! : null;
    const merged = p && !inParts(p) && sameGroup(p, s) && sameShape(p.out, s.out) ? merge(p, s) : null;
    if (!merged) {
      place(s);
      continue;
    }
    if (s.phase === 'update' && p!.phase !== 'update') {
      // The update must stay behind every reader of the weights: the gradient's step moves down to it,
      // unless somebody has read what that step makes in the meantime.
      const readSince = p!.stores.some((store) => (lastReader.get(store.buffer) ?? -1) > host);
      // Nor may it move behind the update of another parameter that it reads.
      const changedSince = [...p!.reads.values()].some((r) => (maker.get(r.buffer) ?? -1) > host);
      if (readSince || changedSince) {
        place(s);
        continue;
      }
      out[host] = null;
      place({ ...merged, phase: 'update' });
    } else {
      out[host] = merged;
      note(merged, host);
    }
  }
  return out.filter((s) => s !== null);
}

const inParts = (s: Loose): boolean => s.stores.some((store) => store.place);

/** Forward and loss run together, and an update may swallow the gradient that it uses. */
const sameGroup = (p: Loose, s: Loose): boolean =>
  p.phase === s.phase || (p.phase === 'forward' && s.phase === 'loss') || (p.phase === 'backward' && s.phase === 'update');

function merge(p: Loose, s: Loose): Loose | null {
  const made = new Map(p.stores.map((store) => [store.buffer, store]));
  const reads = new Map(p.reads);
  const replace = new Map<string, Expr>();
  for (const r of s.reads.values()) {
    const store = made.get(r.buffer);
    if (store) {
      // Another element of what the same step makes is not there yet.
      if (!isIdentity(r, s.out)) return null;
      replace.set(r.name, store.value);
    } else {
      const full: Read & { buffer: BufferId } = {
        ...r,
        strides: [...r.strides, ...(p.fold?.over ?? []).map(() => 0)],
      };
      const name = accessName(r.buffer, full);
      reads.set(name, { ...full, name });
      replace.set(r.name, read(name));
    }
  }
  if (reads.size > MOST_READS) return null;
  const stores = [...p.stores];
  for (const store of s.stores) {
    let grown = store.size;
    for (const name of occurrences(store.value)) {
      const by = replace.get(name)!;
      if (by.kind !== 'read') grown += made.get(s.reads.get(name)!.buffer)!.size - 1;
    }
    if (grown > LARGEST_EXPRESSION && store.size !== grown) return null;
    stores.push({
      buffer: store.buffer,
      value: substitute(store.value, (name) => replace.get(name)!),
      size: grown,
      place: undefined,
    });
  }
  return { ...p, node: s.node, reads, stores };
}

/** Every read of an expression, as often as it occurs. */
const occurrences = (e: Expr): readonly string[] => {
  const names: string[] = [];
  substitute(e, (name) => {
    names.push(name);
    return read(name);
  });
  return names;
};

/** Drops stores that nobody reads, and steps without stores, from the last to the first. */
function dropDead(steps: readonly Loose[], specs: ReadonlyMap<BufferId, BufferSpec>, keep: ReadonlySet<BufferId>): Loose[] {
  const needed = new Set<BufferId>(keep);
  for (const b of specs.values()) if (isMutable(b)) needed.add(b.id);
  const out: Loose[] = [];
  for (const s of [...steps].reverse()) {
    const stores = s.stores.filter((store) => needed.has(store.buffer));
    if (stores.length === 0) continue;
    const names = new Set(stores.flatMap((store) => namesIn(store.value)));
    const folds = s.fold !== undefined && names.has(ACC);
    if (folds) for (const name of namesIn(s.fold!.body)) names.add(name);
    const reads = new Map([...s.reads].filter(([name]) => names.has(name)));
    const shorter: Loose = folds
      ? { ...s, reads, stores }
      : {
          ...s,
          fold: undefined,
          reads: new Map([...reads].map(([name, r]) => [name, { ...r, strides: r.strides.slice(0, s.out.length) }])),
          stores,
        };
    for (const r of shorter.reads.values()) needed.add(r.buffer);
    out.push(shorter);
  }
  return out.reverse();
}
