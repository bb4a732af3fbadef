/**
 * Fewer, larger steps. What one step makes for one other is computed where it is read (`inline`). An
 * elementwise step joins the step before it that made its operand, as one more store of the same loop: a bias
 * and an activation join their product, an update joins the gradient of its parameter. Copies disappear, only the part
 * that is read is computed (`narrow`), and what nobody reads any more is not stored.
 *
 * Fused programs run whole: their update may stand inside a backward step.
 */
import { ACC } from '../ir/kernel';
import { eachRead, type Expr, read, replaceReads } from '../ir/expr';
import { sameShape, sampleSize } from '../ir/shape';
import type { BufferId, BufferSpec, Step } from '../plan';
import { inline } from './inline';
import { narrow } from './narrow';
import { accessName, alongFiner, inParts, isIdentity, type Loose, type LooseRead, loosen, redirect, tighten } from './loose';

/** Beyond this many operations a store is kept as it is: recomputing would cost more than reading. */
const LARGEST_EXPRESSION = 48;
const MOST_READS = 24;

export interface FuseInput {
  readonly steps: readonly Step[];
  readonly buffers: readonly BufferSpec[];
  /** Buffers that must be written although no step reads them. */
  readonly keep: ReadonlySet<BufferId>;
}

export function fuse({ steps, buffers, keep }: FuseInput): { steps: Step[]; buffers: BufferSpec[] } {
  const specs = new Map(buffers.map((b) => [b.id, b]));
  const loose = dropCopies(steps.map(loosen), specs, keep);
  const stays = (buffer: BufferId): boolean => keep.has(buffer) || isMutable(specs.get(buffer)!);
  const joined = join(narrow(inline(loose, stays, MOST_READS), stays), specs);
  const alive = dropDead(joined, specs, keep);
  const used = new Set<BufferId>(keep);
  for (const s of alive) {
    for (const r of s.reads.values()) used.add(r.buffer);
    for (const store of s.stores) used.add(store.buffer);
  }
  const persistent = (b: BufferSpec): boolean =>
    b.role === 'parameter' || b.role === 'input' || b.role === 'hyper' || b.role === 'rows';
  return { steps: tighten(alive), buffers: buffers.filter((b) => used.has(b.id) || persistent(b)) };
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

  const followers = countFollowers(steps);
  for (const step of steps) {
    // A part of an array is no operand yet: its step stays alone.
    if (step.fold || inParts(step)) {
      place(step);
      continue;
    }
    let host = -1;
    for (const r of step.reads.values()) {
      const at = maker.get(r.buffer);
      // An update joins its gradient, not the counters that it also reads.
      if (at !== undefined && at > host && !isMutable(specs.get(r.buffer)!)) host = at;
    }
    const p = host >= 0 ? out[host]! : null;
    const s = (p && alongFiner(step, p.out)) ?? step;
    const may = p && !inParts(p) && sameGroup(p, s) && sameShape(p.out, s.out) && !isSibling(p, s, followers);
    const merged = may ? merge(p, s) : null;
    if (!merged) {
      place(step);
      continue;
    }
    if (s.phase === 'update' && p!.phase !== 'update') {
      // The update must stay behind every reader of the weights: the gradient's step moves down to it,
      // unless somebody has read what that step makes in the meantime.
      const readSince = p!.stores.some((store) => (lastReader.get(store.buffer) ?? -1) > host);
      // Nor may it move behind the update of another parameter that it reads.
      const changedSince = [...p!.reads.values()].some((r) => (maker.get(r.buffer) ?? -1) > host);
      if (readSince || changedSince) {
        place(step);
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

/** Forward and loss run together, and an update may swallow the gradient that it uses. */
const sameGroup = (p: Loose, s: Loose): boolean =>
  p.phase === s.phase || (p.phase === 'forward' && s.phase === 'loss') || (p.phase === 'backward' && s.phase === 'update');

/** How many steps of its own phase read a buffer. */
function countFollowers(steps: readonly Loose[]): ReadonlyMap<BufferId, number> {
  const phases = new Map<BufferId, string>();
  const followers = new Map<BufferId, number>();
  for (const s of steps) {
    for (const { buffer } of s.reads.values())
      if (phases.get(buffer) === s.phase) followers.set(buffer, (followers.get(buffer) ?? 0) + 1);
    for (const { buffer } of s.stores) phases.set(buffer, s.phase);
  }
  return followers;
}

/**
 * Whether a step on single numbers is one of several that follow the same step, as the neurons of a layer
 * follow an input: these stay apart, alike, so that a backend can run them as one loop.
 */
function isSibling(p: Loose, s: Loose, followers: ReadonlyMap<BufferId, number>): boolean {
  if (p.fold || p.phase !== s.phase || sampleSize(s.out) > 1) return false;
  return p.stores.some((store) => (followers.get(store.buffer) ?? 0) > 1);
}

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
      const full: LooseRead = {
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
    eachRead(store.value, (name) => {
      if (replace.get(name)!.kind !== 'read') grown += made.get(s.reads.get(name)!.buffer)!.size - 1;
    });
    if (grown > LARGEST_EXPRESSION && store.size !== grown) return null;
    stores.push({
      buffer: store.buffer,
      value: replaceReads(store.value, (name) => replace.get(name)!),
      size: grown,
      place: undefined,
    });
  }
  const { origin: _changed, ...rest } = p;
  return { ...rest, node: s.node, reads, stores };
}

/** Drops stores that nobody reads, and steps without stores, from the last to the first. */
function dropDead(steps: readonly Loose[], specs: ReadonlyMap<BufferId, BufferSpec>, keep: ReadonlySet<BufferId>): Loose[] {
  const needed = new Set<BufferId>(keep);
  for (const b of specs.values()) if (isMutable(b)) needed.add(b.id);
  const out: Loose[] = [];
  for (const s of [...steps].reverse()) {
    // A step of the program itself has no more reads than it needs.
    if (s.origin && s.stores.every((store) => needed.has(store.buffer))) {
      for (const r of s.reads.values()) needed.add(r.buffer);
      out.push(s);
      continue;
    }
    const stores = s.stores.filter((store) => needed.has(store.buffer));
    if (stores.length === 0) continue;
    const names = new Set<string>();
    const note = (name: string): void => void names.add(name);
    for (const store of stores) eachRead(store.value, note);
    const folds = s.fold !== undefined && names.has(ACC);
    if (folds) eachRead(s.fold!.body, note);
    const reads = new Map([...s.reads].filter(([name]) => names.has(name)));
    const { origin: _changed, ...rest } = s;
    const shorter: Loose = folds
      ? { ...rest, reads, stores }
      : {
          ...rest,
          fold: undefined,
          reads: new Map([...reads].map(([name, r]) => [name, { ...r, strides: r.strides.slice(0, s.out.length) }])),
          stores,
        };
    for (const r of shorter.reads.values()) needed.add(r.buffer);
    out.push(shorter);
  }
  return out.reverse();
}
