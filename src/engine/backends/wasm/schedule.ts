/**
 * How a nest is walked: which axis lies across the four lanes of a vector, how many rows and vectors
 * make one register tile, and whether everything is written out without loops.
 */
import { type Access, foldAxes, type Nest, outAxes } from './nest';

export interface Schedule {
  /** The axis across the lanes; −1: one element at a time. */
  readonly lanes: number;
  /** Vectors of a tile along that axis. */
  readonly vectors: number;
  /** A second axis of the tile, whose rows share loads; −1: none. */
  readonly rows: number;
  readonly rowCount: number;
  /** The lanes lie along the fold and are added up at the end; `rows` are then the lanes of the result. */
  readonly dot: boolean;
  /** In a dot product a second axis of the result in the tile, of which `vectors` counts the indices; −1: none. */
  readonly columns: number;
  /** The last vectors of two rows, half empty each, become one. */
  readonly pairs: boolean;
  /** The two rows of a tile alternate in memory, as the places of a pooling window do. */
  readonly woven: boolean;
  readonly unrolled: boolean;
}

/** Vector registers that the engine can count on. */
const REGISTERS = 15;
/** Rows of the tile that keeps those registers full beside two vectors of columns. */
export const tileRows = (fma: boolean): number => (fma ? 6 : 4);
/** Numbers that are the same for all lanes, from which more vectors side by side pay. */
const MANY_WEIGHTS = 3;
/** Vectors of a row up to which sharing the last one is worth the trouble. */
const MOST_BEFORE_PAIRS = 4;
/** Instructions of one nest up to which writing everything out pays. */
const UNROLL_LIMIT = 150;

/** The schedule with or without loops, as `budget` instructions allow. */
export const unrolledWithin = (schedule: Schedule, size: number, budget: number): Schedule => ({
  ...schedule,
  unrolled: size <= Math.min(UNROLL_LIMIT, budget),
});

export function scheduleOf(nest: Nest, fma: boolean): Schedule {
  const none: Schedule = {
    lanes: -1,
    vectors: 1,
    rows: -1,
    rowCount: 1,
    columns: -1,
    dot: false,
    pairs: false,
    woven: false,
    unrolled: false,
  };
  if (nest.ordered) return none;
  const length = (axis: number): number => nest.axes[axis]!;
  const candidates = [
    ...outAxes(nest).map((axis) => ({ axis, dot: false })),
    ...(nest.combine ? foldAxes(nest).map((axis) => ({ axis, dot: true })) : []),
  ].filter(({ axis }) => length(axis) > 1);
  if (candidates.length === 0) return none;
  const best = candidates.length === 1 ? candidates[0]! : cheapest(nest, candidates);
  if (best.dot) return { ...none, lanes: best.axis, dot: true, ...dotTile(nest) };
  const lanes = best.axis;
  const vectorsThere = Math.ceil(length(lanes) / 4);
  const others = outAxes(nest).filter((axis) => axis !== lanes && length(axis) > 1);
  const heavy = nest.targets.some((t) => nest.dag.cost(t.value) > 20);
  const tail = length(lanes) % 4;
  const pairs = heavy && (tail === 1 || tail === 2) && vectorsThere <= MOST_BEFORE_PAIRS;

  if (!nest.combine) {
    const woven = others.find((axis) => length(axis) === 2 && nest.targets.some((target) => isWoven(target, lanes, axis)));
    if (woven !== undefined)
      return { ...none, lanes, vectors: Math.min(heavy ? 1 : 2, vectorsThere), rows: woven, rowCount: 2, woven: true };
    // A read that is contiguous along another axis comes in as transposed blocks of 4 × 4.
    const rows = others.find(
      (axis) =>
        length(axis) >= 4 && [...nest.reads.values()].some((a) => a.strides[axis] === 1 && Math.abs(a.strides[lanes]!) > 1),
    );
    // Neurons drawn one by one: every weight is loaded once for all vectors beside each other.
    const weighted = [...nest.reads.values()].filter(({ strides }) => strides[lanes] === 0).length;
    const vectors = Math.min(weighted >= MANY_WEIGHTS ? 3 : heavy ? 1 : 2, vectorsThere);
    if (rows !== undefined) return { ...none, lanes, vectors, rows, rowCount: 4, pairs };
    const paired = pairs ? others.at(-1) : undefined;
    return paired === undefined ? { ...none, lanes, vectors } : { ...none, lanes, vectors, rows: paired, rowCount: 2, pairs };
  }

  const simple = nest.dag.cost(nest.body) <= 3;
  const bodyReads = [...nest.dag.names(nest.body)].map((name) => nest.reads.get(name)!);
  const shared = others.filter((axis) => bodyReads.some((a) => a.strides[axis] === 0 && a.strides[lanes] !== 0));
  const rows = shared.reduce((a, b) => (a < 0 || length(b) > length(a) ? b : a), -1);
  if (rows < 0) return { ...none, lanes, vectors: Math.min(simple ? 4 : 2, vectorsThere) };
  const vectors = vectorsThere === 3 && simple ? 3 : Math.min(2, vectorsThere);
  const spare = REGISTERS - vectors - (fma ? 1 : 2);
  const most = simple ? Math.min(tileRows(fma), Math.max(1, Math.floor(spare / vectors))) : 2;
  const rowCount = bestRows(length(rows), vectors === 1 && simple ? 8 : most, vectors);
  // As many rows as registers allow, in pairs: without FMA products need one for themselves.
  return { ...none, lanes, vectors, rows, rowCount: pairs ? Math.min(fma ? 4 : 2, length(rows)) : rowCount, pairs };
}

/** Whether an operand's two rows alternate along the lanes. */
export const isWoven = ({ strides }: Access, lanes: number, rows: number): boolean => strides[lanes] === 2 && strides[rows] === 1;

/** Rows and columns of dot products that share what they load, as many as registers allow. */
const DOT_TILES = [
  [3, 3],
  [4, 2],
  [2, 4],
] as const;

/**
 * The tile of the result whose dot products are made side by side: rows along its last axis, and columns along an
 * axis whose operand is another, as filters and places of a window have it where a convolution's weights learn.
 */
function dotTile(nest: Nest): Pick<Schedule, 'rows' | 'rowCount' | 'columns' | 'vectors'> {
  const rows = outAxes(nest).findLast((axis) => nest.axes[axis]! > 1) ?? -1;
  if (rows < 0) return { rows, rowCount: 1, columns: -1, vectors: 1 };
  const high = nest.axes[rows]!;
  const plain = { rows, rowCount: Math.min(4, high), columns: -1, vectors: 1 };
  const reads = [...nest.dag.names(nest.body)].map((name) => nest.reads.get(name)!);
  const apart = (axis: number): boolean => reads.every(({ strides }) => strides[axis] === 0 || strides[rows] === 0);
  const columns = outAxes(nest)
    .filter((axis) => axis !== rows && nest.axes[axis]! > 1 && apart(axis) && reads.some(({ strides }) => strides[axis] !== 0))
    .reduce((a, b) => (a >= 0 && nest.axes[a]! >= nest.axes[b]! ? a : b), -1);
  if (columns < 0 || nest.dag.cost(nest.body) > 3 || reads.every(({ strides }) => strides[rows] === 0)) return plain;
  const wide = nest.axes[columns]!;
  const time = (r: number, c: number): number => (r === 0 || c === 0 ? 0 : Math.max(r * c, r + c) + 1);
  const total = (r: number, c: number): number => {
    const [downs, down, acrosses, across] = [Math.floor(high / r), high % r, Math.floor(wide / c), wide % c];
    return downs * (acrosses * time(r, c) + time(r, across)) + acrosses * time(down, c) + time(down, across);
  };
  let best = { time: Infinity, rowCount: 1, vectors: 1 };
  for (const [r, c] of DOT_TILES) {
    const [rowCount, vectors] = [Math.min(r, high), Math.min(c, wide)];
    const time = total(rowCount, vectors);
    if (time < best.time) best = { time, rowCount, vectors };
  }
  return { rows, rowCount: best.rowCount, columns, vectors: best.vectors };
}

interface Candidate {
  readonly axis: number;
  readonly dot: boolean;
}

/** The last of equals: inner axes are stored in sequence. */
const cheapest = (nest: Nest, candidates: readonly Candidate[]): Candidate =>
  candidates.map((c) => ({ ...c, cost: costAlong(nest, c.axis, c.dot) })).reduce((a, b) => (b.cost <= a.cost ? b : a));

/** Rows of a tile: the count whose full tiles and remainder take the least time. */
function bestRows(length: number, most: number, vectors: number): number {
  const time = (rows: number): number => (rows === 0 ? 0 : rows * vectors + 0.5 * (rows + vectors) + 1);
  let best = 1;
  let bestTime = Infinity;
  for (let rows = Math.min(most, length); rows >= 1; rows--) {
    const total = Math.floor(length / rows) * time(rows) + time(length % rows);
    if (total < bestTime) [best, bestTime] = [rows, total];
  }
  return best;
}

/** Relative time of the whole nest with this axis across the lanes. */
function costAlong(nest: Nest, axis: number, dot: boolean): number {
  const { axes, dag } = nest;
  const load = (stride: number): number => (stride === 0 || stride === 1 ? 1 : stride === 2 ? 2 : 4);
  const alternates = (target: Access): boolean =>
    nest.combine === null && outAxes(nest).some((other) => axes[other] === 2 && isWoven(target, axis, other));
  const store = (target: Access): number =>
    alternates(target) ? 1 : target.strides[axis] === 1 || target.strides[axis] === 0 ? 1 : 4;
  const namesOf = (ids: readonly number[]): Set<string> => {
    const names = new Set<string>();
    for (const id of ids) dag.names(id, names);
    return names;
  };
  const along = (names: Set<string>): number =>
    [...nest.reads].reduce((sum, [name, a]) => (names.has(name) ? sum + load(a.strides[axis]!) : sum), 0);
  const product = (list: readonly number[]): number => list.reduce((p, at) => p * axes[at]!, 1);
  const outs = product(outAxes(nest));
  const folds = product(foldAxes(nest));
  const waste = (4 * Math.ceil(axes[axis]! / 4)) / axes[axis]!;
  const body = nest.body < 0 ? 0 : 1 + along(namesOf([nest.body])) + 0.5 * dag.cost(nest.body);
  const values = nest.targets.reduce((sum, t) => sum + 0.5 * dag.cost(t.value), 0);
  if (dot) return (outs * folds * body * waste) / 4 + outs * (2 + values / 4 + nest.targets.length / 4);
  const finish = values + along(namesOf(nest.targets.map((t) => t.value))) + nest.targets.reduce((sum, t) => sum + store(t), 0);
  return ((outs * waste) / 4) * ((nest.combine ? folds : 1) * body + finish);
}

/** How often a schedule writes out an elementary function. */
export function written(nest: Nest, { unrolled, vectors, rowCount, lanes }: Schedule): number {
  const { dag, body, axes } = nest;
  const below = new Set<number>();
  const collect = (id: number): void => {
    if (below.has(id)) return;
    below.add(id);
    dag.nodes[id]!.args.forEach(collect);
  };
  const count = (ids: ReadonlySet<number>): number =>
    [...ids].filter((id) => ['exp', 'log', 'tanh'].includes(dag.nodes[id]!.op)).length;
  if (body >= 0) collect(body);
  const inBody = count(below);
  for (const { value } of nest.targets) collect(value);
  const inValues = count(below) - inBody;
  if (!unrolled) return (inBody + inValues) * vectors * rowCount;
  const times = (list: readonly number[]): number =>
    list.reduce((p, axis) => p * Math.ceil(axes[axis]! / (axis === lanes ? 4 : 1)), 1);
  return times(outAxes(nest)) * (inValues + inBody * times(foldAxes(nest)));
}

/** Rough number of instructions when nothing is a loop. */
export function estimate(nest: Nest, schedule: Schedule): number {
  const { axes, dag } = nest;
  const vectorsAlong = (axis: number): number => Math.ceil(axes[axis]! / (axis === schedule.lanes ? 4 : 1));
  const outs = outAxes(nest).reduce((p, axis) => p * vectorsAlong(axis), 1);
  const folds = foldAxes(nest).reduce((p, axis) => p * vectorsAlong(axis), 1);
  const body = nest.body < 0 ? 0 : 1 + dag.cost(nest.body) * 0.8;
  const finish = nest.targets.reduce((sum, t) => sum + 2 + dag.cost(t.value), 0);
  return outs * (folds * body + (schedule.dot ? finish / Math.min(4, schedule.rowCount) + 2 : finish));
}
