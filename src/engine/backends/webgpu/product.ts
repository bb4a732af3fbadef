/**
 * The recogniser of matrix products, and their tiled form: a workgroup computes a square of results from
 * slices of both factors in workgroup memory, each invocation 4 × 4 of them, and runs the kernel's stores
 * (bias, activation, its derivative, the optimizer's update) on its own results at the end. Factors may be
 * any expressions of reads, so a gradient is multiplied by a mask while its slice is loaded.
 */
import { type Expr, namesIn } from '../../ir/expr';
import type { Step } from '../../plan';
import { entryText, moduleText } from './bindings';
import { Statements } from './dialect';
import { type Dispatch, throughBases } from './general';
import { type AfterStore, type Nest, readText, type Spelling, storesText } from './nest';

/** Depth of a slice. */
const DEPTH = 16;
/** Tiles smaller than this many would leave much of a large GPU idle; then they are of half the side. */
const ENOUGH_TILES = 96;

/** Sizes of one kind of tile. A lane handles four neighbours at a time, as a vec4f: a quad. */
interface Tile {
  readonly side: number;
  /** Quads along a side; each lane has one quad of rows and one of columns. */
  readonly quads: number;
  readonly lanes: number;
  /** A row of a slice in workgroup memory, in quads; one more than needed, against bank conflicts. */
  readonly row: number;
  /** Quads of each factor that a lane loads for a slice. */
  readonly loads: readonly number[];
}

function tileFor({ rows, columns }: Product): Tile {
  const side = Math.ceil(rows / 64) * Math.ceil(columns / 64) >= ENOUGH_TILES ? 64 : 32;
  const quads = side / 4;
  const lanes = quads * quads;
  return { side, quads, lanes, row: quads + 1, loads: Array.from({ length: (quads * DEPTH) / lanes }, (_, at) => at) };
}

/** Below this many multiply-adds, or with fewer rows or columns than this, tiles are mostly empty. */
const LEAST_WORK = 32 * 32 * 32;
const LEAST_SIDE = 8;

interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** The factor that moves along the rows of the result, and the one that moves along its columns. */
  readonly left: readonly Expr[];
  readonly right: readonly Expr[];
}

const factors = (e: Expr): readonly Expr[] => (e.kind === 'binary' && e.op === 'mul' ? [...factors(e.x), ...factors(e.y)] : [e]);

/** The matrix product that a kernel is, or null. */
export function productOf(nest: Nest): Product | null {
  const { fold, reads } = nest.kernel;
  if (fold?.with !== 'sum' || nest.out.length !== 2 || nest.over.length !== 1) return null;
  const [row, column] = [nest.out[0]!, nest.out[1]!];
  if (Math.min(row.length, column.length) < LEAST_SIDE || nest.size * nest.terms < LEAST_WORK) return null;
  const left: Expr[] = [];
  const right: Expr[] = [];
  for (const factor of factors(fold.body)) {
    const indices = namesIn(factor).map((name) => reads.findIndex((read) => read.name === name));
    const alongRows = indices.some((index) => row.strides[index] !== 0);
    const alongColumns = indices.some((index) => column.strides[index] !== 0);
    if (alongRows && alongColumns) return null;
    (alongColumns ? right : left).push(factor);
  }
  if (left.length === 0 || right.length === 0) return null;
  return { rows: row.length, columns: column.length, depth: nest.terms, left, right };
}

type Side = 'left' | 'right';

/** A function that gives one number of a factor at a row or column `s` and a depth `k`; 0 outside. */
function factorText(nest: Nest, spelling: Spelling, side: Side, product: Product, tile: Tile): string {
  const length = side === 'left' ? product.rows : product.columns;
  const statements = new Statements('t');
  const indices = side === 'left' ? ['s', '0u'] : ['0u', 's'];
  const read = (name: string): string => readText(nest, name, 'noFlat', indices, ['k'], statements, statements, spelling.access);
  const values = product[side].map((part) => statements.value(part, read));
  const value = values.reduce((x, y) => statements.name(`${x} * ${y}`, [x, y]));
  const bounds = [
    ...(length % tile.side === 0 ? [] : [`s >= ${length}u`]),
    ...(product.depth % DEPTH === 0 ? [] : [`k >= ${product.depth}u`]),
  ];
  return `fn ${side}Number(s: u32, k: u32) -> f32 {
${bounds.length === 0 ? '' : `if (${bounds.join(' || ')}) { return 0f; }\n`}${statements.lines.join('\n')}
return ${value};
}
fn ${side}Quad(s: u32, k: u32) -> vec4f {
return vec4f(${[0, 1, 2, 3].map((i) => `${side}Number(s + ${i}u, k)`).join(', ')});
}
`;
}

/** Which quads of a slice a lane loads: neighbouring lanes take neighbours in memory. */
function laneText(nest: Nest, side: Side, product: Product, tile: Tile): string {
  const axis = nest.out[side === 'left' ? 0 : 1]!;
  const names = new Set(product[side].flatMap(namesIn));
  const moving = nest.kernel.reads.findIndex(({ name }, at) => names.has(name) && axis.strides[at] !== 0);
  const alongDepth = nest.over[0]!.strides[moving] === 1 && axis.strides[moving] !== 1;
  return tile.loads
    .map((load) => {
      const at = load === 0 ? 'lane' : `(lane + ${load * tile.lanes}u)`;
      const [quad, depth] = alongDepth
        ? [`${at} / ${DEPTH}u`, `${at} % ${DEPTH}u`]
        : [`${at} % ${tile.quads}u`, `${at} / ${tile.quads}u`];
      return `let ${side}S${load} = ${side === 'left' ? 'm' : 'n'}0 + ${quad} * 4u; let ${side}K${load} = ${depth}; let ${side}At${load} = (${depth}) * ${tile.row}u + ${quad};`;
    })
    .join('\n');
}

const four = [0, 1, 2, 3] as const;

/**
 * Two slices in turn: while one is multiplied, the next is on its way from memory in registers, and the
 * lanes meet once a slice.
 */
export function productDispatch(nest: Nest, product: Product, step: Step, blocks: number, after: AfterStore): Dispatch {
  const spelling = throughBases(step, after);
  const { rows, columns, depth } = product;
  const tile = tileFor(product);
  const before = new Statements('t');
  const last = storesText(nest, 'i', ['m', 'n'], before, spelling);
  const slice = tile.row * DEPTH;
  const sides = ['left', 'right'] as const;
  const each = (text: (side: Side, load: number) => string): string =>
    sides.flatMap((side) => tile.loads.map((load) => text(side, load))).join('\n');
  const code = `var<workgroup> left: array<vec4f, ${2 * slice}>;
var<workgroup> right: array<vec4f, ${2 * slice}>;
${sides.map((side) => factorText(nest, spelling, side, product, tile)).join('')}fn finish(m: u32, n: u32, acc: f32) {
if (m >= ${rows}u || n >= ${columns}u) { return; }
let i = m * ${columns}u + n;
${[...before.lines, ...last].join('\n')}
}
${entryText(tile.lanes)}let m0 = group.y * ${tile.side}u; let n0 = group.x * ${tile.side}u;
${sides.map((side) => laneText(nest, side, product, tile)).join('\n')}
let x = lane % ${tile.quads}u; let y = lane / ${tile.quads}u;
${four.map((i) => `var c${i} = vec4f();`).join(' ')}
${each((side, load) => `var ${side}Next${load} = ${side}Quad(${side}S${load}, ${side}K${load});`)}
var half = 0u;
for (var k0 = 0u; k0 < ${depth}u; k0 += ${DEPTH}u) {
${each((side, load) => `${side}[half + ${side}At${load}] = ${side}Next${load};`)}
workgroupBarrier();
if (k0 + ${DEPTH}u < ${depth}u) {
${each((side, load) => `${side}Next${load} = ${side}Quad(${side}S${load}, k0 + ${DEPTH}u + ${side}K${load});`)}
}
for (var d = 0u; d < ${DEPTH}u; d++) {
let l = left[half + d * ${tile.row}u + y];
let r = right[half + d * ${tile.row}u + x];
${four.map((i) => `c${i} = fma(vec4f(l[${i}]), r, c${i});`).join(' ')}
}
half = ${slice}u - half;
}
let m = m0 + y * 4u; let n = n0 + x * 4u;
${four.map((i) => four.map((j) => `finish(m + ${i}u, n + ${j}u, c${i}[${j}]);`).join(' ')).join('\n')}
}
`;
  return {
    code: moduleText(code, { blocks }),
    workgroups: [Math.ceil(columns / tile.side), Math.ceil(rows / tile.side), 1],
  };
}
