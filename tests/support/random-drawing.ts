/**
 * Random drawings from a seed: inputs and parameters of several shapes, a dozen operations, one loss.
 * The numbers stay moderate, so that float32 and float64 can be compared.
 */
import { infer } from '../../src/engine/compile/infer';
import { Random } from '../../src/engine/data/random';
import type { Attrs } from '../../src/engine/graph/graph';
import type { Project } from '../../src/engine/graph/project';
import { sampleShape } from '../../src/engine/ir/shape';
import { drawing, type Rows } from './drawing';

export interface RandomDrawing {
  readonly seed: number;
  readonly project: Project;
  readonly rows: Rows;
  /** Data: row-major features and targets of `count` samples. */
  readonly count: number;
  readonly features: Float32Array;
  readonly width: number;
  readonly targets: Float32Array;
}

const FUNCTIONS = [
  'tanh',
  'sigmoid',
  'softplus',
  'silu',
  'sine',
  'elu',
  'leaky-relu',
  'relu',
  'identity',
  'negate',
  'selu',
  'gelu',
  'softsign',
  'sin',
  'cos',
  'abs',
  'clamp',
];
const LOSSES = ['squared-error', 'mean-squared-error', 'mean-absolute-error', 'huber', 'hinge', 'binary-cross-entropy-logits'];

export function randomDrawing(seed: number, optimizer = 'sgd'): RandomDrawing {
  const random = new Random(seed, 'drawing');
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const numbers = (count: number): number[] => Array.from({ length: count }, () => Math.fround(random.between(-1.2, 1.2)));
  const rows: Record<string, Rows[string]> = {};
  const open = new Set<string>();
  let next = 0;

  const put = (op: string, inputs: Record<string, string> = {}, attrs: Attrs = {}): string => {
    const id = `n${next++}`;
    rows[id] = [op, inputs, attrs];
    for (const from of Object.values(inputs)) open.delete(from);
    open.add(id);
    return id;
  };
  const parameter = (shape: readonly number[]): string =>
    put(
      'parameter',
      {},
      { shape, values: numbers(shape.reduce((n, x) => n * x, 1)), role: shape.length > 1 ? 'weight' : 'bias' },
    );
  const shapeOf = (id: string): readonly number[] => sampleShape(infer(drawing(rows)).shapes.get(id)!);
  const matching = (id: string): string => {
    const shape = shapeOf(id);
    const fitting = Object.keys(rows).filter((other) => {
      const own = shapeOf(other);
      return own.length === 0 || own.join() === shape.join();
    });
    return pick(fitting);
  };

  const features = [pick([[], [3], [2, 3]]), pick([[], [3]])];
  for (const shape of features) put('input', {}, { shape });
  parameter([]);
  const steps = 4 + random.integer(9);
  for (let step = 0; step < steps; step++) {
    const x = pick(Object.keys(rows));
    const shape = shapeOf(x);
    const vector = shape.length > 0;
    const kind = random.integer(vector ? 18 : 7);
    if (kind < 2) put(pick(FUNCTIONS), { x });
    else if (kind === 2) put('add', { a: x, b: matching(x) });
    else if (kind === 3) put('subtract', { a: matching(x), b: x });
    // A product of products would grow beyond every bound.
    else if (kind === 4) put('tanh', { x: put('multiply', { a: x, b: matching(x) }) });
    else if (kind === 5) {
      const positive = put('add', { a: put('softplus', { x }), b: put('constant', {}, { shape: [], values: [0.5] }) });
      put('divide', { a: matching(x), b: positive });
    } else if (kind === 6) put(pick(['minimum', 'maximum']), { a: x, b: matching(x) });
    else if (kind === 7) put('matmul', { a: x, b: parameter([shape.at(-1)!, pick([1, 2, 4])]) });
    else if (kind < 10)
      put(pick(['sum', 'mean', 'max']), { x }, { axes: pick(['all', ...shape.map((_, axis) => String(axis))]) });
    else if (kind === 10) put(pick(['softmax', 'log-softmax']), { x });
    // Almost equal numbers would magnify rounding without a bound.
    else if (kind === 11) put('normalise', { x }, { epsilon: 0.1 });
    else if (kind === 12) put(shape.length === 2 ? 'transpose' : 'flatten', { x });
    else if (kind === 13) put('concatenate', { a: x, b: pick([x, parameter(shape)]) }, { axis: random.integer(shape.length) });
    else if (kind === 14) {
      const axis = random.integer(shape.length);
      const from = random.integer(shape[axis]!);
      put('slice', { x }, { axis, from, count: 1 + random.integer(shape[axis]! - from) });
    } else if (kind === 15) put('pad', { x }, { axes: '1', size: 1 + random.integer(2) });
    else if (kind === 16) put('reshape', { x }, { shape: [shape.reduce((n, length) => n * length, 1), 1] });
    else put('add', { a: x, b: parameter([shape.at(-1)!]) });
  }
  const scalars = [...open].map((id) => (shapeOf(id).length === 0 ? id : put('mean', { x: id })));
  const total = scalars.slice(0, 16).reduce((sum, id) => put('add', { a: sum, b: id }), parameter([]));
  const target = put('target', {}, { shape: [] });
  put(pick(LOSSES), { prediction: put('tanh', { x: total }), target });

  const count = 3 + random.integer(4);
  const width = features.reduce((n, shape) => n + shape.reduce((m, x) => m * x, 1), 0);
  return {
    seed,
    rows,
    project: drawing(rows, { objective: `n${next - 1}`, optimizer, batch: count }),
    count,
    features: Float32Array.from(numbers(count * width)),
    width,
    targets: Float32Array.from(numbers(count)),
  };
}
