/**
 * The recogniser of matrix products, and their tiled form: a workgroup computes 64 × 64 results from
 * slices of both factors in workgroup memory, each invocation 4 × 4 of them, and runs the kernel's stores
 * (bias, activation, its derivative, the optimizer's update) on its own results at the end. Factors may be
 * any expressions of reads, so a gradient is multiplied by a mask while its slice is loaded.
 */
import { type Expr, namesIn } from '../../ir/expr';
import type { Step } from '../../plan';
import { entryText, moduleText } from './bindings';
import { Statements } from './dialect';
import { type Dispatch, throughBases } from './general';
import { type Nest, readText, type Spelling, storesText } from './nest';

/** Sides of the tile, depth of a slice, and lanes of the workgroup. */
const TILE = 64;
const DEPTH = 16;
const LANES_OF_TILE = 256;
/** A row of a slice in workgroup memory; four more than the tile, against bank conflicts. */
const ROW = TILE + 4;
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

const factors = (e: Expr): readonly Expr[] =>
  e.kind === 'binary' && e.op === 'mul' ? [...factors(e.x), ...factors(e.y)] : [e];

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

/** The code that loads one slice: `count` numbers a lane, neighbours in memory by neighbouring lanes. */
function sliceText(nest: Nest, spelling: Spelling, slice: 'left' | 'right', product: Product): string {
  const side = slice === 'left' ? 'm' : 'n';
  const length = slice === 'left' ? product.rows : product.columns;
  const axis = nest.out[slice === 'left' ? 0 : 1]!;
  const parts = product[slice];
  const names = [...new Set(parts.flatMap(namesIn))];
  const moving = nest.kernel.reads.findIndex(({ name }, at) => names.includes(name) && axis.strides[at] !== 0);
  const alongDepth = nest.over[0]!.strides[moving] === 1 && axis.strides[moving] !== 1;
  const statements = new Statements('t');
  const indices = slice === 'left' ? ['m', '0u'] : ['0u', 'n'];
  const read = (name: string): string => readText(nest, name, 'noFlat', indices, ['k'], statements, statements, spelling.access);
  const values = parts.map((part) => statements.value(part, read));
  const value = values.reduce((x, y) => statements.name(`${x} * ${y}`, [x, y]));
  const whole = length % TILE === 0 && product.depth % DEPTH === 0;
  const at = alongDepth ? `let s = e / ${DEPTH}u; let d = e % ${DEPTH}u;` : `let s = e % ${TILE}u; let d = e / ${TILE}u;`;
  return `for (var e = lane; e < ${TILE * DEPTH}u; e += ${LANES_OF_TILE}u) {
${at}
let ${side} = ${side}0 + s; let k = k0 + d;
var value = 0f;
${whole ? '{' : `if (${side} < ${length}u && k < ${product.depth}u) {`}
${statements.lines.join('\n')}
value = ${value};
}
${slice}[d * ${ROW}u + s] = value;
}`;
}

const four = [0, 1, 2, 3] as const;
const sixteen = four.flatMap((i) => four.map((j) => [i, j] as const));

export function productDispatch(
  nest: Nest,
  product: Product,
  step: Step,
  blocks: number,
  watched: (buffer: string) => boolean,
): Dispatch {
  const spelling = throughBases(step, watched);
  const { rows, columns, depth } = product;
  const before = new Statements('t');
  const last = storesText(nest, 'i', ['m', 'n'], before, spelling);
  const code = `var<workgroup> left: array<f32, ${ROW * DEPTH}>;
var<workgroup> right: array<f32, ${ROW * DEPTH}>;
fn finish(m: u32, n: u32, acc: f32) {
if (m >= ${rows}u || n >= ${columns}u) { return; }
let i = m * ${columns}u + n;
${[...before.lines, ...last].join('\n')}
}
${entryText(LANES_OF_TILE)}let m0 = group.y * ${TILE}u; let n0 = group.x * ${TILE}u;
let x = lane % 16u; let y = (lane / 16u) * 4u;
${sixteen.map(([i, j]) => `var c${i}${j} = 0f;`).join(' ')}
for (var k0 = 0u; k0 < ${depth}u; k0 += ${DEPTH}u) {
${sliceText(nest, spelling, 'left', product)}
${sliceText(nest, spelling, 'right', product)}
workgroupBarrier();
for (var d = 0u; d < ${DEPTH}u; d++) {
let l = d * ${ROW}u + y; let r = d * ${ROW}u + x;
${four.map((i) => `let l${i} = left[l + ${i}u]; let r${i} = right[r + ${i * 16}u];`).join(' ')}
${sixteen.map(([i, j]) => `c${i}${j} = fma(l${i}, r${j}, c${i}${j});`).join(' ')}
}
workgroupBarrier();
}
${sixteen.map(([i, j]) => `finish(m0 + y + ${i}u, n0 + x + ${j * 16}u, c${i}${j});`).join('\n')}
}
`;
  return {
    code: moduleText(code, { blocks }),
    workgroups: [Math.ceil(columns / TILE), Math.ceil(rows / TILE), 1],
  };
}
