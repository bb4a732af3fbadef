/**
 * The derivative of a matrix by a matrix as the four-axis array (m, n, p, q) of section 3.6.16: one m × n
 * block for each element of the result. Small enough to look at; it shows why nobody builds it.
 */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: readonly number[];
}

export const matrix = (rows: readonly (readonly number[])[]): Matrix => ({
  rows: rows.length,
  columns: rows[0]!.length,
  data: rows.flat(),
});
const entry = (a: Matrix, i: number, j: number): number => a.data[i * a.columns + j]!;
const build = (rows: number, columns: number, f: (i: number, j: number) => number): Matrix => ({
  rows,
  columns,
  data: Array.from({ length: rows * columns }, (_, k) => f(Math.floor(k / columns), k % columns)),
});

export const transpose = (a: Matrix): Matrix => build(a.columns, a.rows, (i, j) => entry(a, j, i));
export const multiply = (a: Matrix, b: Matrix): Matrix =>
  build(a.rows, b.columns, (i, j) => {
    let sum = 0;
    for (let k = 0; k < a.columns; k++) sum += entry(a, i, k) * entry(b, k, j);
    return sum;
  });
export const hadamard = (a: Matrix, b: Matrix): Matrix => build(a.rows, a.columns, (i, j) => entry(a, i, j) * entry(b, i, j));
export const mapMatrix = (a: Matrix, f: (x: number) => number): Matrix => ({ ...a, data: a.data.map(f) });

/** One block for each element of the result, in row-major order. */
export interface BlockJacobian {
  readonly by: { readonly rows: number; readonly columns: number };
  readonly of: { readonly rows: number; readonly columns: number };
  readonly blocks: readonly Matrix[];
}

/** ∂Y/∂X of Y = g(X): every block has at most one entry that is not zero. */
export const activationJacobian = (x: Matrix, derivative: (x: number) => number): BlockJacobian => ({
  by: x,
  of: x,
  blocks: x.data.map((_, k) => build(x.rows, x.columns, (i, j) => (i * x.columns + j === k ? derivative(x.data[k]!) : 0))),
});

/** ∂T/∂X of T = XY: the block of Tᵢⱼ holds column j of Y in row i. */
export const leftJacobian = (x: Matrix, y: Matrix): BlockJacobian => ({
  by: x,
  of: { rows: x.rows, columns: y.columns },
  blocks: Array.from({ length: x.rows * y.columns }, (_, k) => {
    const [i, j] = [Math.floor(k / y.columns), k % y.columns];
    return build(x.rows, x.columns, (r, c) => (r === i ? entry(y, c, j) : 0));
  }),
});

/** ∂T/∂Y of T = XY: the block of Tᵢⱼ holds row i of X in column j. */
export const rightJacobian = (x: Matrix, y: Matrix): BlockJacobian => ({
  by: y,
  of: { rows: x.rows, columns: y.columns },
  blocks: Array.from({ length: x.rows * y.columns }, (_, k) => {
    const [i, j] = [Math.floor(k / y.columns), k % y.columns];
    return build(y.rows, y.columns, (r, c) => (c === j ? entry(x, i, r) : 0));
  }),
});

/** ∂L/∂X = Σ over the elements of the result of ∂L/∂element times its block. */
export function contract(upstream: Matrix, jacobian: BlockJacobian): Matrix {
  return build(jacobian.by.rows, jacobian.by.columns, (i, j) =>
    upstream.data.reduce((s, u, k) => s + u * entry(jacobian.blocks[k]!, i, j), 0),
  );
}

/** Numbers in the full array, and those of them that are not zero by structure. */
export const jacobianSize = (m: number, n: number, p: number, q: number): number => m * n * p * q;
