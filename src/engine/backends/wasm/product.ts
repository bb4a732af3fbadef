/**
 * Recognises matrix products and arranges their operands for the caches. Where the second operand is not
 * contiguous along a row, or its rows lie far apart, it is first copied into scratch: as a whole when it
 * is small, else in groups of panels of eight columns that fill part of the second-level cache and are
 * used at once for all rows of the result; the first operand, where its rows are not contiguous, tile by
 * tile. No op and no compiler pass knows of this; a product is any fold of that form.
 */
import { read } from '../../ir/expr';
import { Dag } from './dag';
import { divide } from './divide';
import { type Access, narrowAxis, type Nest, splitAxis } from './nest';
import { type Arranged, one, type Piece } from './piece';

/** Columns of a panel: two vectors. */
const PANEL = 8;
/** Bytes of the second operand up to which it stays in the first-level cache beside everything else. */
const NEAR = 24 * 1024;
/**
 * Bytes of panels that are packed at a time: half a second-level cache, or a share of the third, which is fast enough.
 * The more columns, the longer the runs in which the operand is read and the result is written.
 */
const GROUP = 1024 * 1024;
/** A first-level cache: sets of lines, and how many lines of a set a tile of the first operand may take. */
const [CACHE_SETS, CACHE_LINE, WAYS] = [64, 64, 8];
/** Rows of the result from which copying pays. */
const FEW_ROWS = 4;

interface Operand {
  readonly name: string;
  readonly access: Access;
}

interface Product {
  /** Moves with the rows of the result. */
  readonly left: Operand;
  /** Moves with the columns. */
  readonly right: Operand;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

const ROW = 0;
const COLUMN = 1;
const DEPTH = 2;

/** Elements from one panel to the next: a line more than it holds, or all panels of a power of two in depth would share a few sets of the cache. */
const panelSize = (depth: number): number => PANEL * depth + CACHE_LINE / 4;

export interface Arrangement {
  /** Address of scratch; everything behind it is scratch too. */
  readonly scratch: number;
  /** Height of the register tile. */
  readonly tileRows: number;
  readonly threads: number;
}

export function arrange(nest: Nest, arrangement: Arrangement): Arranged {
  const { scratch, threads } = arrangement;
  const asIs: Arranged = { pieces: [one(nest)], scratchBytes: 0 };
  const product = productOf(nest);
  if (!product || product.rows < FEW_ROWS) return asIs;
  const { right, columns, depth } = product;
  const contiguous = right.access.strides[COLUMN] === 1;
  const row = Math.abs(right.access.strides[DEPTH]!);
  if (contiguous && (row <= 2 * PANEL || 4 * depth * row <= NEAR)) return asIs;
  const padded = 4 * Math.ceil(columns / 4);
  // Fewer columns than a panel has are copied whole however deep they are: there is nothing to cut.
  if (columns < PANEL || 4 * depth * padded <= NEAR) {
    const { strides } = right.access;
    return {
      pieces: [
        one(copy(right.access, [depth, columns], [strides[DEPTH]!, strides[COLUMN]!], scratch, [padded, 1])),
        one(withOperand(nest, right.name, scratch, [0, 1, padded])),
      ],
      scratchBytes: 4 * depth * padded,
    };
  }
  const panels = inPanels(nest, product, arrangement);
  return threads > 1 ? divide(panels, arrangement) : panels;
}

function inPanels(nest: Nest, product: Product, arrangement: Arrangement): Arranged {
  const { scratch, tileRows, threads } = arrangement;
  const { columns, depth } = product;
  const panels = Math.floor(columns / PANEL);
  const share = Math.max(1, Math.floor(panels / threads));
  const group = groupSize(share, Math.max(1, Math.floor(GROUP / (4 * panelSize(depth)))));
  const pieces: Piece[] = [];
  const tile = scratch + 4 * panelSize(depth) * group;
  for (const [from, count, size] of [
    [0, Math.floor(panels / group), group],
    [panels - (panels % group), 1, panels % group],
  ] as const)
    if (size > 0 && count > 0)
      pieces.push(groupsOf(narrowAxis(nest, COLUMN, from * PANEL, count * size * PANEL), count, size, scratch, tile, tileRows));
  const rest = columns % PANEL;
  // Whole vectors are stored: the last one of a tile whose rows are no multiple of 4 reaches past its end,
  // where another thread's scratch would begin.
  let scratchBytes = 4 * (panelSize(depth) * group + tileRows * depth) + 16;
  if (rest > 0) {
    const last = arrange(narrowAxis(nest, COLUMN, panels * PANEL, rest), { ...arrangement, threads: 1 });
    pieces.push(...last.pieces);
    scratchBytes = Math.max(scratchBytes, last.scratchBytes);
  }
  return { pieces, scratchBytes };
}

/**
 * Rows cut into tiles: full ones, and what is left in two of about equal height, for a tile of few rows takes as long
 * as one of twice as many, whose sums keep the multipliers busy.
 */
function cut(rows: number, height: number): { from: number; count: number; height: number }[] {
  const rest = rows % height;
  const shared = rest > 0 && 2 * rest <= height && rows > height;
  const full = Math.floor(rows / height) - (shared ? 1 : 0);
  const left = rows - full * height;
  const parts = [{ from: 0, count: full, height }];
  if (shared && left % 2 === 0) parts.push({ from: full * height, count: 2, height: left / 2 });
  else if (shared) {
    const more = Math.ceil(left / 2);
    parts.push({ from: full * height, count: 1, height: more }, { from: full * height + more, count: 1, height: left - more });
  } else parts.push({ from: full * height, count: 1, height: left });
  return parts.filter((part) => part.count > 0 && part.height > 0);
}

/** At most `most` panels; the largest divisor of all panels if that is not much less. */
function groupSize(panels: number, most: number): number {
  const limit = Math.min(panels, most);
  for (let size = limit; size > limit / 2; size--) if (panels % size === 0) return size;
  return Math.max(1, limit);
}

/**
 * For each group: pack its panels; for each tile of rows: pack the tile if need be; for each panel: one
 * register tile.
 */
function groupsOf(nest: Nest, groups: number, size: number, scratch: number, tile: number, tileRows: number): Piece {
  const { left, right, rows, depth } = productOf(nest)!;
  const along = right.access.strides[COLUMN]!;
  const down = right.access.strides[DEPTH]!;
  const [wide, high] = [panelSize(depth), PANEL];
  // Read in the order in which memory lies: down the panels when the columns are rows of a transpose.
  const packed =
    along === 1
      ? copy(right.access, [groups, depth, size, PANEL], [size * PANEL, down, PANEL, 1], scratch, [0, high, wide, 1])
      : copy(right.access, [groups, size, depth, PANEL], [size * PANEL * along, PANEL * along, down, along], scratch, [
          0,
          wide,
          high,
          1,
        ]);

  // Columns as groups, panels and columns of a panel: [groups, panels, rows, PANEL, depth].
  const split = splitAxis(splitAxis(nest, COLUMN, groups * size, PANEL), 0, groups, size);
  const used = withOperand(split, right.name, scratch, [0, wide, 0, 1, high]);
  const rowAxis = 2;
  const packsLeft = left.access.strides[DEPTH] !== 1 && size > 3 && waysOf(left.access, depth) > WAYS;
  const tiles = (from: number, count: number, height: number): Piece[] => {
    const part = narrowAxis(used, rowAxis, from, count * height);
    // [tiles, groups, panels, rows of a tile, PANEL, depth] → groups first.
    const tiled = swapFirst(splitAxis(part, rowAxis, count, height));
    const { strides, address } = part.reads.get(left.name)!;
    const [down1, deep] = [strides[rowAxis]!, strides.at(-1)!];
    const body: Piece[] = [];
    if (packsLeft) {
      const source = { ...left.access, address };
      body.push(
        one({
          ...copy(source, [groups, count, depth, height], [0, height * down1, deep, down1], tile, [0, 0, height, 1]),
          outer: 2,
        }),
      );
      body.push(one({ ...withOperand(tiled, left.name, tile, [0, 0, 0, 1, 0, height]), outer: 2 }));
    } else body.push(one({ ...tiled, outer: 2 }));
    return [{ kind: 'loop', times: count, depth: 1, body, divided: false }];
  };
  return {
    kind: 'loop',
    times: groups,
    depth: 0,
    divided: false,
    body: [one({ ...packed, outer: 1 }), ...cut(rows, tileRows).flatMap(({ from, count, height }) => tiles(from, count, height))],
  };
}

/** Ways of a first-level cache that a walk of `depth` steps fills: the longer the power of two in its stride, the more. */
function waysOf({ strides }: Access, depth: number): number {
  const bytes = 4 * Math.abs(strides[DEPTH]!);
  let sets = CACHE_SETS;
  while (sets > 1 && bytes % (CACHE_LINE * (CACHE_SETS / sets) * 2) === 0) sets /= 2;
  return depth / sets;
}

/** rows × columns, summed over depth, of one factor that moves with the row and one with the column. */
function productOf(nest: Nest): Product | null {
  if (nest.combine !== 'sum' || nest.ordered || nest.outRank !== 2 || nest.axes.length !== 3) return null;
  const body = nest.dag.nodes[nest.body]!;
  if (body.op !== 'mul') return null;
  const factors = body.args.flatMap((id): Operand[] => {
    const node = nest.dag.nodes[id]!;
    return node.op === 'read' ? [{ name: node.name, access: nest.reads.get(node.name)! }] : [];
  });
  if (factors.length !== 2) return null;
  const moves = ({ access }: Operand, axis: number): boolean => access.strides[axis] !== 0;
  const left = factors.find((f) => moves(f, ROW) && !moves(f, COLUMN));
  const right = factors.find((f) => moves(f, COLUMN) && !moves(f, ROW));
  if (!left || !right || !moves(left, DEPTH) || !moves(right, DEPTH)) return null;
  const [rows, columns, depth] = nest.axes as [number, number, number];
  return { left, right, rows, columns, depth };
}

const copied = new Dag(null);
const copiedValue = copied.root(read('from'));

/** A nest that copies `from` into scratch. */
function copy(from: Access, axes: readonly number[], strides: readonly number[], to: number, toStrides: readonly number[]): Nest {
  return {
    axes,
    outer: 0,
    outRank: axes.length,
    combine: null,
    dag: copied,
    body: -1,
    reads: new Map([['from', { ...from, strides }]]),
    targets: [{ address: to, strides: toStrides, start: to, end: -1, value: copiedValue, loose: true }],
    ordered: false,
  };
}

const withOperand = (nest: Nest, name: string, address: number, strides: readonly number[]): Nest => ({
  ...nest,
  reads: new Map(nest.reads).set(name, { address, strides, start: address, end: -1 }),
});

/** The first two axes exchanged. */
function swapFirst(nest: Nest): Nest {
  const swap = (list: readonly number[]): readonly number[] => [list[1]!, list[0]!, ...list.slice(2)];
  const swapped = <A extends Access>(a: A): A => ({ ...a, strides: swap(a.strides) });
  return {
    ...nest,
    axes: swap(nest.axes),
    reads: new Map([...nest.reads].map(([name, a]) => [name, swapped(a)])),
    targets: nest.targets.map(swapped),
  };
}
