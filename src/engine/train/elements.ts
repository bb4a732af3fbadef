/**
 * One element of an array as the sum of products that makes it: a kernel read off at a single index, with
 * the numbers that it takes and the places they come from.
 */
import { evaluate, type Expr, namesIn, read } from '../ir/expr';
import { ACC, allIndices, indexStoring, type Kernel } from '../ir/kernel';
import { concrete, stridesOf } from '../ir/shape';

/** A number that an element is made from: an element of another array. */
export interface Source {
  /** The kernel's name for the array, and the position in it. */
  readonly name: string;
  readonly at: number;
  readonly value: number;
}

export interface Term {
  readonly sources: readonly Source[];
  readonly value: number;
}

export interface Element {
  /** How the terms are gathered; null where there is one term and nothing to gather. */
  readonly fold: 'sum' | 'max' | null;
  /** One term as an expression of the names. */
  readonly body: Expr;
  /** The largest terms in their order, and how many there are in all. */
  readonly terms: readonly Term[];
  readonly count: number;
  /** What the terms that are left out add up to. */
  readonly rest: number;
  readonly gathered: number;
  /** What becomes of the gathered number; `acc` where it stays as it is. */
  readonly finish: Expr;
  readonly finishSources: readonly Source[];
  readonly value: number;
}

/**
 * `to` is the name of what the kernel stores, `at` the element in row-major order, `rows` the length of the
 * batch axis. At most `most` terms are listed. Null: this kernel fills another part of the array.
 */
export function elementOf(
  kernel: Kernel,
  numbers: (name: string) => ArrayLike<number>,
  to: string,
  at: number,
  rows: number,
  most = 12,
): Element | null {
  const out = concrete(kernel.out, rows);
  const over = concrete(kernel.fold?.over ?? [], rows);
  const store = kernel.stores.find((s) => s.to === to)!;
  const index = indexStoring(store.place ?? { strides: stridesOf(kernel.out), offset: 0 }, out, at);
  if (index === null) return null;
  const offset = (strides: readonly number[], from: number): number =>
    index.reduce((sum, i, axis) => sum + i * strides[axis]!, from);
  const reads = new Map(kernel.reads.map((r) => [r.name, { ...r, start: offset(r.strides, r.offset) }]));
  const sourcesOf = (names: readonly string[], fold: readonly number[]): Source[] =>
    names.map((name) => {
      const r = reads.get(name)!;
      const place = fold.reduce((sum, i, axis) => sum + i * r.strides[out.length + axis]!, r.start);
      return { name, at: place, value: numbers(name)[place]! };
    });
  const termOf = (body: Expr, names: readonly string[], fold: readonly number[]): Term => {
    const sources = sourcesOf(names, fold);
    const known = new Map(sources.map(({ name, value }) => [name, value]));
    return { sources, value: evaluate(body, (name) => known.get(name)!) };
  };

  if (!kernel.fold) {
    const names = namesIn(store.value);
    const term = termOf(store.value, names, []);
    return {
      fold: null,
      body: store.value,
      terms: [term],
      count: 1,
      rest: 0,
      gathered: term.value,
      finish: read(ACC),
      finishSources: [],
      value: term.value,
    };
  }
  const { body } = kernel.fold;
  const names = namesIn(body);
  const all = allIndices(over).map((fold, i) => ({ i, ...termOf(body, names, fold) }));
  const gathered =
    kernel.fold.with === 'sum' ? all.reduce((sum, { value }) => sum + value, 0) : Math.max(...all.map(({ value }) => value));
  const shown = all
    .toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, most)
    .toSorted((a, b) => a.i - b.i);
  const listed = new Set(shown.map(({ i }) => i));
  const finishSources = sourcesOf(
    namesIn(store.value).filter((name) => name !== ACC),
    [],
  );
  const known = new Map(finishSources.map(({ name, value }) => [name, value]));
  return {
    fold: kernel.fold.with,
    body,
    terms: shown.map(({ sources, value }) => ({ sources, value })),
    count: all.length,
    rest: all.filter(({ i }) => !listed.has(i)).reduce((sum, { value }) => sum + value, 0),
    gathered,
    finish: store.value,
    finishSources,
    value: evaluate(store.value, (name) => (name === ACC ? gathered : known.get(name)!)),
  };
}
