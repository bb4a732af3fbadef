/**
 * Drawings of single neurons give many steps that differ only in where their operands lie. Those that do not
 * depend on each other and whose addresses advance evenly become one nest with one more axis, and such nests
 * again: what was drawn number by number runs in the loops and vectors of a layer, and the code does not grow
 * with the drawing.
 */
import { type Access, collapse, type Nest } from './nest';

/** Steps from which rolling them up pays. */
const FEWEST = 3;
/** Steps that are tried as the second one of an even row. */
const TRIED = 3;

export interface Rollable {
  readonly nest: Nest;
  /** Equal for nests that differ in nothing but addresses. */
  readonly like: string;
}

export interface Rolled {
  readonly nest: Nest;
  /** Index of its first step. */
  readonly first: number;
}

interface Item extends Rolled {
  readonly like: string;
  /** Address of each operand, reads first. */
  readonly at: readonly number[];
  /** The addresses as a text, to be found by. */
  readonly key: string;
}

/** `sameGroup` says whether the step may run together with the one before it. */
export function roll(steps: readonly Rollable[], sameGroup: (index: number) => boolean): readonly Rolled[] {
  const rolled: Rolled[] = [];
  for (let from = 0; from < steps.length; ) {
    let to = from + 1;
    while (to < steps.length && sameGroup(to)) to++;
    rolled.push(...rollGroup(steps.slice(from, to), from));
    from = to;
  }
  return rolled;
}

function rollGroup(steps: readonly Rollable[], from: number): readonly Rolled[] {
  if (steps.length < FEWEST) return steps.map(({ nest }, at) => ({ nest, first: from + at }));
  const levels = levelsOf(steps.map(({ nest }) => nest));
  // By level and kind; steps of one level do not depend on each other, so their order is free.
  const alike = new Map<string, Item[]>();
  steps.forEach(({ nest, like }, at) => {
    const key = `${levels[at]} ${nest.ordered ? `alone ${at}` : like}`;
    const item = itemOf(nest, from + at, like);
    const list = alike.get(key);
    if (list) list.push(item);
    else alike.set(key, [item]);
  });
  if (![...alike.values()].some(({ length }) => length >= FEWEST))
    return steps.map(({ nest }, at) => ({ nest, first: from + at }));
  const order = [...alike].sort(([, [a]], [, [b]]) => levels[a!.first - from]! - levels[b!.first - from]!);
  return order.flatMap(([, items]) => rollAlike(items));
}

/** Steps with the same number can run in any order; each stands behind all that it depends on. */
function levelsOf(nests: readonly Nest[]): readonly number[] {
  const written = new Map<number, number>();
  const read = new Map<number, number>();
  return nests.map((nest) => {
    let level = 0;
    for (const { start } of nest.reads.values()) level = Math.max(level, (written.get(start) ?? -1) + 1);
    for (const { start } of nest.targets) level = Math.max(level, (written.get(start) ?? -1) + 1, (read.get(start) ?? -1) + 1);
    for (const { start } of nest.reads.values()) read.set(start, Math.max(level, read.get(start) ?? -1));
    for (const { start } of nest.targets) written.set(start, level);
    return level;
  });
}

function itemOf(nest: Nest, first: number, like: string): Item {
  const at: number[] = [];
  for (const { address } of nest.reads.values()) at.push(address);
  for (const { address } of nest.targets) at.push(address);
  return { nest, first, like, at, key: at.join() };
}

/** Independent steps of one kind as fewer nests: rows of them, rows of such rows, and what is left over. */
function rollAlike(items: readonly Item[]): readonly Item[] {
  if (items.length < FEWEST) return items;
  const places = new Map(items.map((item) => [item.key, item]));
  const out: Item[] = [];
  let shorter = false;
  for (const [index, item] of items.entries()) {
    if (!places.has(item.key)) continue;
    let best: readonly Item[] = [item];
    let tried = 0;
    for (let next = index + 1; next < items.length && tried < TRIED; next++) {
      if (!places.has(items[next]!.key)) continue;
      tried++;
      const row = rowFrom(item, items[next]!, places);
      if (row.length > best.length) best = row;
    }
    const row = best.length >= FEWEST ? best : [item];
    for (const each of row) places.delete(each.key);
    out.push(row.length > 1 ? rollUp(row) : item);
    shorter ||= row.length > 1;
  }
  if (!shorter) return out;
  const kinds = new Map<string, Item[]>();
  for (const item of out) {
    const list = kinds.get(item.like);
    if (list) list.push(item);
    else kinds.set(item.like, [item]);
  }
  return [...kinds.values()].flatMap(rollAlike);
}

/** Steps at even distances, as far as they go. */
function rowFrom(first: Item, second: Item, places: ReadonlyMap<string, Item>): readonly Item[] {
  const step = second.at.map((address, at) => address - first.at[at]!);
  const row = [first];
  for (let next: Item | undefined = second; next; ) {
    row.push(next);
    next = places.get(next.at.map((address, at) => address + step[at]!).join());
  }
  return row;
}

/** One nest for a row of steps, walked so that the place of the result goes up. */
function rollUp(row: readonly Item[]): Item {
  const up = row[1]!.at.at(-1)! >= row[0]!.at.at(-1)!;
  const [first, second] = up ? [row[0]!, row[1]!] : [row.at(-1)!, row.at(-2)!];
  const distances = second.at.map((address, at) => address - first.at[at]!);
  const { nest } = first;
  const widened = <A extends Access>(access: A, at: number): A => ({
    ...access,
    strides: [distances[at]! / 4, ...access.strides],
    // Another step's buffer may follow.
    end: -1,
  });
  const rolled = collapse({
    ...nest,
    axes: [row.length, ...nest.axes],
    outRank: nest.outRank + 1,
    reads: new Map([...nest.reads].map(([name, access], at) => [name, widened(access, at)])),
    targets: nest.targets.map((target, at) => ({
      ...widened(target, nest.reads.size + at),
      // A list that fills its buffer ends in the padding of its own.
      loose:
        target.loose === true ||
        (nest.outRank === 1 && target.strides[0] === 1 && target.end - target.address === 4 * nest.axes[0]!),
    })),
  });
  return itemOf(rolled, row[0]!.first, `${first.like}×${row.length}:${distances.join()}`);
}
