/** Every operation's gradient against central differences in float64, with broadcasting and with batches. */
import { describe, expect, test } from 'vitest';
import { ops } from '../../src/engine/ops/index';
import { completeAttrs } from '../../src/engine/ops/attrs';
import { drawing, type Rows } from '../support/drawing';
import { open, worstGradientError } from '../support/gradients';

/** Away from kinks and poles: no two are equal, none is near 0, all positive ones first. */
const numbers = (count: number, offset = 0): number[] =>
  Array.from({ length: count }, (_, i) => 0.35 + 0.17 * ((i * 7 + offset * 3) % 11) * (((i + offset) % 3) - 1 || 0.5));

const positive = (count: number): number[] => Array.from({ length: count }, (_, i) => 0.2 + 0.06 * ((i * 5) % 11));

const shapesFor = (name: string): readonly (readonly (readonly number[])[])[] => {
  if (name === 'matmul') return [[[3], [3, 2]], [[2, 3], [3, 4]], [[2, 3], [3]], [[3], [3]], [[2, 2, 3], [3, 2]]];
  if (name === 'softmax') return [[[4]], [[2, 3]]];
  if (name === 'cross-entropy-logits') return [[[4], [4]]];
  if (name === 'dense') return [[[3]], [[2, 3]]];
  if (ops.get(name)!.group === 'loss') return [[[], []], [[3], [3]], [[1], []]];
  return [[[], []], [[3], [3]], [[2, 3], [3]], [[], [2, 2]], [[2, 1], [3]]];
};

describe.each([...ops.values()].filter((op) => op.kind !== 'source').map((op) => [op.name, op] as const))('%s', (name, op) => {
  for (const shapes of shapesFor(name))
    for (const batched of [false, true])
      test(`${shapes.map((s) => `[${s.join()}]`).join(' ')}${batched ? ' in a batch' : ''}`, () => {
        const attrs = completeAttrs(op, op.name === 'dense' ? { units: 3, activation: 'tanh' } : {});
        const rows: Record<string, Rows[string]> = {};
        const inputs: Record<string, string> = {};
        const given: Record<string, number[]> = {};
        op.ports(attrs).forEach((port, i) => {
          const shape = shapes[i % shapes.length]!;
          const count = shape.reduce((n, x) => n * x, 1);
          const all = op.group === 'loss' || name === 'log' ? positive(count * 3) : numbers(count * 3, i);
          // The first input is batched; the others are shared by all rows, as parameters are.
          if (batched && i === 0) {
            rows[port.name] = ['input', {}, { shape }];
            given[port.name] = all;
          } else rows[port.name] = ['parameter', {}, { shape, values: all.slice(0, count) }];
          inputs[port.name] = port.name;
        });
        rows['y'] = [name, inputs, op.name === 'dense' ? { units: 3, activation: 'tanh', initializer: 'constant', scale: 0.3 } : {}];
        let last = 'y';
        if (op.group !== 'loss') {
          // A curved scalar of the result, so that the gradient that arrives is not the same everywhere.
          rows['squared'] = ['power', { x: 'y' }];
          rows['sum'] = ['sum', { x: 'squared' }];
          last = 'sum';
        }
        const opened = open(drawing(rows, { objective: last }), batched ? 3 : 1, given);
        expect(worstGradientError(opened)).toBeLessThan(1e-7);
      });
});
