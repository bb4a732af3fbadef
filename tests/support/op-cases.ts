/**
 * What to call each operation with, for the tests that go over all of them: shapes for its ports,
 * attributes, and numbers away from kinks and poles. Operations that need nothing special get the shapes
 * of elementwise ones, so a new activation is tested without a line here.
 */
import type { Attrs } from '../../src/engine/graph/graph';
import type { Op } from '../../src/engine/ops/op';
import type { Shape } from '../../src/engine/ir/shape';
import { completeAttrs } from '../../src/engine/ops/attrs';

type Lengths = readonly number[];

export interface OpCase {
  /** One shape for each port, without the batch axis; repeated when there are more ports. */
  readonly shapes: readonly Lengths[];
  readonly attrs?: Attrs;
}

const ELEMENTWISE: readonly OpCase[] = [
  { shapes: [[], []] },
  { shapes: [[3], [3]] },
  { shapes: [[2, 3], [3]] },
  { shapes: [[], [2, 2]] },
  { shapes: [[2, 1], [3]] },
  { shapes: [[7], [1]] },
];
const LOSSES: readonly OpCase[] = [
  { shapes: [[], []] },
  { shapes: [[3], [3]] },
  { shapes: [[1], []] },
  {
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
];
const REDUCTIONS: readonly OpCase[] = [
  { shapes: [[]] },
  { shapes: [[5]] },
  { shapes: [[2, 3]] },
  { shapes: [[2, 3]], attrs: { axes: '0' } },
  { shapes: [[2, 3]], attrs: { axes: '1' } },
  { shapes: [[2, 3, 2]], attrs: { axes: '1' } },
  { shapes: [[2, 2, 3]], attrs: { axes: '2' } },
  { shapes: [[2, 3, 2]], attrs: { axes: '0,2' } },
  { shapes: [[2, 3, 2, 2]], attrs: { axes: '1,2,3' } },
  { shapes: [[2, 1, 2, 3]], attrs: { axes: '0,3' } },
];
const ROWS: readonly OpCase[] = [{ shapes: [[4]] }, { shapes: [[2, 3]] }, { shapes: [[1]] }, { shapes: [[2, 2, 3]] }];

const special: Readonly<Record<string, readonly OpCase[]>> = {
  add: [...ELEMENTWISE, { shapes: [[3], [], [2, 3], [1]], attrs: { inputs: 4 } }],
  matmul: [
    { shapes: [[3], [3, 2]] },
    {
      shapes: [
        [2, 3],
        [3, 4],
      ],
    },
    { shapes: [[2, 3], [3]] },
    { shapes: [[3], [3]] },
    {
      shapes: [
        [2, 2, 3],
        [3, 2],
      ],
    },
    { shapes: [[9], [9, 5]] },
  ],
  'leaky-relu': [...ELEMENTWISE, { shapes: [[7]], attrs: { slope: 0.3 } }, { shapes: [[7]], attrs: { slope: 0 } }],
  'l1-penalty': [...ELEMENTWISE.slice(0, 3), { shapes: [[5]], attrs: { strength: 0.7 } }],
  'l2-penalty': [...ELEMENTWISE.slice(0, 3), { shapes: [[5]], attrs: { strength: 0.7 } }],
  'elastic-penalty': [
    ...ELEMENTWISE.slice(0, 3),
    { shapes: [[5]], attrs: { strength: 0.7, mix: 0.2 } },
    { shapes: [[2, 2]], attrs: { mix: 1 } },
  ],
  power: [...ELEMENTWISE, ...[3, 0.5, -1, 1, 0, -2.5].map((exponent) => ({ shapes: [[4]], attrs: { exponent } }))],
  softmax: ROWS,
  'log-softmax': ROWS,
  normalise: [{ shapes: [[4]] }, { shapes: [[4]], attrs: { epsilon: 0.2 } }, { shapes: [[2, 3]] }, { shapes: [[2, 2, 5]] }],
  'layer-normalisation': [{ shapes: [[4]] }, { shapes: [[4]], attrs: { epsilon: 0.2 } }, { shapes: [[2, 3]] }],
  max: REDUCTIONS,
  clamp: [{ shapes: [[7]] }, { shapes: [[2, 3]], attrs: { low: -0.2, high: 0.41 } }],
  'squared-error': [...LOSSES, { shapes: [[3], [3]], attrs: { half: true } }],
  'mean-squared-error': [...LOSSES, { shapes: [[3], [3]], attrs: { half: true } }],
  huber: [...LOSSES, { shapes: [[5], [5]], attrs: { delta: 0.15 } }],
  reshape: [
    { shapes: [[6]], attrs: { shape: [2, 3] } },
    { shapes: [[2, 3]], attrs: { shape: [3, 1, 2] } },
    { shapes: [[]], attrs: { shape: [1] } },
    { shapes: [[1]], attrs: { shape: [] } },
  ],
  flatten: [{ shapes: [[2, 3]] }, { shapes: [[]] }, { shapes: [[2, 2, 2]] }],
  transpose: [{ shapes: [[2, 3]] }, { shapes: [[2, 3, 4]] }, { shapes: [[1, 5]] }],
  concatenate: [
    { shapes: [[2], [3]] },
    {
      shapes: [
        [2, 3],
        [1, 3],
      ],
    },
    {
      shapes: [
        [2, 3],
        [2, 2],
      ],
      attrs: { axis: 1 },
    },
    {
      shapes: [
        [2, 1, 2],
        [2, 3, 2],
        [2, 2, 2],
      ],
      attrs: { inputs: 3, axis: 1 },
    },
  ],
  slice: [
    { shapes: [[5]], attrs: { from: 1, count: 3 } },
    { shapes: [[3, 4]], attrs: { from: 1, count: 2 } },
    { shapes: [[3, 4]], attrs: { axis: 1, from: 0, count: 3 } },
    { shapes: [[2, 5, 2]], attrs: { axis: 1, from: 4, count: 1 } },
  ],
  pad: [
    { shapes: [[3]], attrs: { axes: '1', size: 2 } },
    { shapes: [[2, 3]], attrs: { size: 1 } },
    { shapes: [[2, 2, 3]], attrs: { size: 2 } },
    { shapes: [[2, 3]], attrs: { axes: '1', size: 1 } },
    { shapes: [[2, 3]], attrs: { size: 0 } },
  ],
  standardise: [
    { shapes: [[3], [3], [3]] },
    { shapes: [[3], [3], [3]], attrs: { epsilon: 0.2 } },
    {
      shapes: [
        [2, 2, 3],
        [2, 1, 1],
        [2, 1, 1],
      ],
    },
  ],
  'batch-normalisation': [{ shapes: [[3]] }, { shapes: [[3]], attrs: { epsilon: 0.2 } }, { shapes: [[2, 3, 2]] }],
  'convolve-1d': [
    {
      shapes: [
        [1, 5],
        [1, 1, 3],
      ],
    },
    {
      shapes: [
        [2, 7],
        [3, 2, 3],
      ],
      attrs: { stride: 2 },
    },
    {
      shapes: [
        [2, 6],
        [2, 2, 3],
      ],
      attrs: { stride: 2 },
    },
    {
      shapes: [
        [1, 3],
        [2, 1, 3],
      ],
    },
  ],
  'convolve-2d': [
    {
      shapes: [
        [1, 4, 4],
        [1, 1, 3, 3],
      ],
    },
    {
      shapes: [
        [2, 5, 4],
        [3, 2, 2, 3],
      ],
    },
    {
      shapes: [
        [2, 6, 5],
        [2, 2, 3, 2],
      ],
      attrs: { stride: 2 },
    },
  ],
  'convolution-1d': [
    { shapes: [[2, 6]], attrs: { filters: 3, padding: 'same', activation: 'tanh' } },
    { shapes: [[1, 9]], attrs: { filters: 2, size: 4, stride: 3, bias: false, activation: 'identity' } },
  ],
  'convolution-2d': [
    { shapes: [[1, 4, 5]], attrs: { filters: 2, padding: 'same', activation: 'tanh', stride: 2 } },
    { shapes: [[2, 3, 3]], attrs: { filters: 3, size: 2, bias: false, activation: 'identity' } },
  ],
  'max-pooling': [
    { shapes: [[6]], attrs: { axes: '1' } },
    { shapes: [[4, 4]] },
    { shapes: [[2, 4, 6]] },
    { shapes: [[3, 6]], attrs: { axes: '1', size: 3 } },
  ],
  'average-pooling': [{ shapes: [[6]], attrs: { axes: '1' } }, { shapes: [[2, 4, 6]] }, { shapes: [[3, 6]], attrs: { size: 3 } }],
  broadcast: [
    { shapes: [[]], attrs: { shape: [3] } },
    { shapes: [[3]], attrs: { shape: [2, 3] } },
    { shapes: [[2, 1]], attrs: { shape: [2, 4] } },
  ],
  'mcculloch-pitts': [
    { shapes: [[], []] },
    { shapes: [[], [3], []], attrs: { inhibitory: 1, threshold: 1 } },
    { shapes: [[], []], attrs: { excitatory: 1, inhibitory: 1, threshold: 0 } },
  ],
  sum: REDUCTIONS,
  mean: REDUCTIONS,
  'cross-entropy-logits': [{ shapes: [[4], [4]] }, { shapes: [[1], [1]] }, { shapes: [[10], [10]] }],
  dense: [
    { shapes: [[3]], attrs: { units: 3, activation: 'tanh' } },
    { shapes: [[2, 3]], attrs: { units: 2, activation: 'sigmoid' } },
    { shapes: [[5]], attrs: { units: 4, activation: 'identity', bias: false } },
  ],
  neuron: [{ shapes: [[], []] }, { shapes: [[], [], []], attrs: { inputs: 3, activation: 'tanh' } }],
};

export const casesOf = (op: Op): readonly OpCase[] =>
  special[op.name] ?? (op.group === 'loss' ? LOSSES : op.ports(completeAttrs(op, {})).length === 0 ? [] : ELEMENTWISE);

/** Operations that are defined for positive numbers only. */
const POSITIVE = new Set(['log', 'sqrt', 'power', 'standardise']);

/** Whether a case can be drawn with some of its inputs batched: a penalty takes none, batch normalisation needs one. */
export function canBatch(op: Op, one: OpCase, batched: (port: number) => boolean): boolean {
  const attrs = completeAttrs(op, one.attrs ?? {});
  const shapes = op.ports(attrs).map(({ name }, i): [string, Shape] => {
    const shape = one.shapes[i % one.shapes.length]!;
    return [name, batched(i) ? ['batch', ...shape] : shape];
  });
  return 'shape' in op.infer(Object.fromEntries(shapes), attrs);
}

/** Numbers for a port: no two equal, none near 0 or another kink; between 0 and 1 for losses. */
export function numbersFor(op: Op, count: number, port: number): number[] {
  if (op.group === 'loss') return Array.from({ length: count }, (_, i) => 0.2 + 0.06 * ((i * 5 + port * 4) % 11));
  if (POSITIVE.has(op.name)) return Array.from({ length: count }, (_, i) => 0.2 + 0.11 * ((i * 5 + port) % 13));
  return Array.from(
    { length: count },
    (_, i) => 0.35 + 0.0037 * i + 0.17 * ((i * 7 + port * 3) % 11) * (((i + port) % 3) - 1 || 0.5),
  );
}

export const sizeOfLengths = (lengths: Lengths): number => lengths.reduce((n, length) => n * length, 1);

/** Composites draw weights of their own; in tests these are the same number everywhere. */
export const ownWeights = (op: Op): Attrs =>
  op.kind === 'composite' && op.attrs['initializer'] ? { initializer: 'constant', scale: 0.3 } : {};
