/**
 * Shapes and tensors. A shape is a list of axis lengths; the one symbolic axis is `'batch'`, and it can
 * only stand first. Broadcasting follows NumPy on the axes after the batch axis, so that a value per
 * sample (`['batch']`) never lines up with a feature axis by accident.
 */
export type Axis = number | 'batch';
export type Shape = readonly Axis[];

/** Numbers in row-major order with their shape; the batch axis, if any, has become a number. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

export const isBatched = (shape: Shape): boolean => shape[0] === 'batch';

/** The axes of one sample: the shape without its batch axis. */
export const sampleShape = (shape: Shape): readonly number[] => (isBatched(shape) ? shape.slice(1) : shape) as readonly number[];

export const product = (axes: readonly number[]): number => axes.reduce((size, axis) => size * axis, 1);

/** Number of elements of one sample. */
export const sampleSize = (shape: Shape): number => product(sampleShape(shape));

/** Number of elements when the batch axis has length `batch`. */
export const sizeOf = (shape: Shape, batch: number): number => sampleSize(shape) * (isBatched(shape) ? batch : 1);

/** The shape with its batch axis replaced by a length. */
export const concrete = (shape: Shape, batch: number): readonly number[] =>
  shape.map((axis) => (axis === 'batch' ? batch : axis));

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((axis, index) => axis === b[index]);

/** Row-major strides, in elements. The batch stride is the size of one sample. */
export function stridesOf(shape: Shape): readonly number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    const length = shape[axis]!;
    if (length !== 'batch') step *= length;
  }
  return strides;
}

/** The common shape of two operands, or null when they cannot meet. */
export function broadcast(a: Shape, b: Shape): Shape | null {
  const [left, right] = [sampleShape(a), sampleShape(b)];
  const rank = Math.max(left.length, right.length);
  const out: Axis[] = isBatched(a) || isBatched(b) ? ['batch'] : [];
  for (let axis = 0; axis < rank; axis++) {
    const x = left[axis - rank + left.length] ?? 1;
    const y = right[axis - rank + right.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return null;
    out.push(x === 1 ? y : x);
  }
  return out;
}

/**
 * For each axis of `out` (a broadcast result), the stride of an operand of shape `shape` along it:
 * 0 where the operand is repeated.
 */
export function broadcastStrides(shape: Shape, out: Shape): readonly number[] {
  const own = stridesOf(shape);
  const operand = sampleShape(shape);
  const result = sampleShape(out);
  const strides: number[] = [];
  if (isBatched(out)) strides.push(isBatched(shape) ? own[0]! : 0);
  const ownOffset = isBatched(shape) ? 1 : 0;
  for (let axis = 0; axis < result.length; axis++) {
    const at = axis - result.length + operand.length;
    strides.push(at < 0 || (operand[at] === 1 && result[axis] !== 1) ? 0 : own[at + ownOffset]!);
  }
  return strides;
}

/** `n × 64`, `8 × 3`, or `scalar`; `n` is the batch axis. */
export const shapeText = (shape: Shape): string =>
  shape.length === 0 ? 'scalar' : shape.map((axis) => (axis === 'batch' ? 'n' : axis)).join(' × ');
