/**
 * Recognises matrix products and arranges their second operand. Wherever the walk along a row of that
 * operand is not contiguous, or its rows lie so far apart that they crowd the cache, it is first copied
 * into scratch: as a whole when it is small, else in panels of eight columns, each used at once for all
 * rows of the result. No op and no compiler pass knows of this; a product is any fold of that form.
 */
import { read } from '../../ir/expr';
import { Dag } from './dag';
import { type Access, narrowAxis, type Nest, splitAxis } from './nest';

/** Columns of a panel: two vectors. */
const PANEL = 8;
/** Bytes of the second operand up to which it stays in the first-level cache beside everything else. */
const NEAR = 24 * 1024;
/** Rows of the result from which copying pays. */
const FEW_ROWS = 4;

/** One nest after the other, `times` times along their outer axis. */
export interface Piece {
  readonly nests: readonly Nest[];
  readonly times: number;
}

export interface Arranged {
  readonly pieces: readonly Piece[];
  readonly scratchBytes: number;
}

interface Product {
  /** Name of the operand that moves with the columns. */
  readonly name: string;
  readonly operand: Access;
  readonly columns: number;
  readonly depth: number;
}

const ROW = 0;
const COLUMN = 1;
const DEPTH = 2;

export function arrange(nest: Nest, scratch: number): Arranged {
  const asIs: Arranged = { pieces: [{ nests: [nest], times: 1 }], scratchBytes: 0 };
  const product = productOf(nest);
  if (!product || nest.axes[ROW]! < FEW_ROWS) return asIs;
  const { operand, columns, depth } = product;
  const contiguous = operand.strides[COLUMN] === 1;
  if (contiguous && 4 * depth * Math.abs(operand.strides[DEPTH]!) <= NEAR) return asIs;
  const padded = 4 * Math.ceil(columns / 4);
  if (4 * depth * padded <= NEAR)
    return {
      pieces: [{ nests: [copyOf(product, scratch, padded), withOperand(nest, product, scratch, padded)], times: 1 }],
      scratchBytes: 4 * depth * padded,
    };
  const panels = Math.floor(columns / PANEL);
  const rest = columns % PANEL;
  const pieces: Piece[] = [];
  if (panels > 0) {
    const copy = splitAxis(copyOf({ ...product, columns: panels * PANEL }, scratch, PANEL), 1, panels, PANEL);
    const used = splitAxis(withOperand(narrowAxis(nest, COLUMN, 0, panels * PANEL), product, scratch, PANEL), COLUMN, panels, PANEL);
    pieces.push({ nests: [inPlace(copy, scratch), inPlace(used, scratch)], times: panels });
  }
  if (rest > 0) pieces.push(...arrange(narrowAxis(nest, COLUMN, panels * PANEL, rest), scratch).pieces);
  return { pieces, scratchBytes: 4 * depth * PANEL };
}

/** rows × columns, summed over depth, of one factor that moves with the row and one with the column. */
function productOf(nest: Nest): Product | null {
  if (nest.combine !== 'sum' || nest.ordered || nest.outRank !== 2 || nest.axes.length !== 3) return null;
  const body = nest.dag.nodes[nest.body]!;
  if (body.op !== 'mul') return null;
  const factors = body.args.map((id) => nest.dag.nodes[id]!);
  const named = factors.flatMap((node) => (node.op === 'read' ? [{ name: node.name, access: nest.reads.get(node.name)! }] : []));
  if (named.length !== 2) return null;
  const moves = ({ access }: { access: Access }, axis: number): boolean => access.strides[axis] !== 0;
  const left = named.find((f) => moves(f, ROW) && !moves(f, COLUMN));
  const right = named.find((f) => moves(f, COLUMN) && !moves(f, ROW));
  if (!left || !right || !moves(left, DEPTH) || !moves(right, DEPTH)) return null;
  return { name: right.name, operand: right.access, columns: nest.axes[COLUMN]!, depth: nest.axes[DEPTH]! };
}

/** scratch[depth][width] ← the operand. */
function copyOf({ operand, columns, depth }: Product, scratch: number, width: number): Nest {
  const dag = new Dag(null);
  const value = dag.root(read('from'));
  const end = scratch + 4 * depth * width;
  return {
    axes: [depth, columns],
    outer: 0,
    outRank: 2,
    combine: null,
    dag,
    body: -1,
    reads: new Map([['from', { ...operand, strides: [operand.strides[DEPTH]!, operand.strides[COLUMN]!] }]]),
    targets: [{ address: scratch, strides: [width, 1], start: scratch, end, value }],
    ordered: false,
  };
}

function withOperand(nest: Nest, { name, depth }: Product, scratch: number, width: number): Nest {
  const access: Access = { address: scratch, strides: [0, 1, width], start: scratch, end: scratch + 4 * depth * width };
  return { ...nest, reads: new Map(nest.reads).set(name, access) };
}

/** Scratch is the same for every panel: what lies there does not move with the panel's number. */
function inPlace(nest: Nest, scratch: number): Nest {
  const still = <A extends Access>(a: A): A => (a.start === scratch ? { ...a, strides: [0, ...a.strides.slice(1)] } : a);
  return {
    ...nest,
    outer: 1,
    reads: new Map([...nest.reads].map(([name, a]) => [name, still(a)])),
    targets: nest.targets.map(still),
  };
}
