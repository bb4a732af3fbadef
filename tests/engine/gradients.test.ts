/** Every operation's gradient against central differences in float64, with broadcasting and with batches. */
import { describe, expect, test } from 'vitest';
import { ops } from '../../src/engine/ops/index';
import { completeAttrs } from '../../src/engine/ops/attrs';
import { drawing, type Rows } from '../support/drawing';
import { canBatch, casesOf, numbersFor, ownWeights } from '../support/op-cases';
import { open, worstGradientError } from '../support/gradients';

describe.each([...ops.values()].filter((op) => op.kind !== 'source').map((op) => [op.name, op] as const))('%s', (name, op) => {
  casesOf(op).forEach((one, number) => {
    const { shapes, attrs: given = {} } = one;
    for (const batched of [false, true].filter((wish) => canBatch(op, one, (port) => wish && port === 0)))
      test(`${shapes.map((s) => `[${s.join()}]`).join(' ')} #${number}${batched ? ' in a batch' : ''}`, () => {
        const attrs = completeAttrs(op, { ...given, ...ownWeights(op) });
        const rows: Record<string, Rows[string]> = {};
        const inputs: Record<string, string> = {};
        const numbers: Record<string, number[]> = {};
        op.ports(attrs).forEach((port, i) => {
          const shape = shapes[i % shapes.length]!;
          const count = shape.reduce((n, x) => n * x, 1);
          const all = numbersFor(op, count * 3, i);
          // The first input is batched; the others are shared by all rows, as parameters are.
          if (batched && i === 0) {
            rows[port.name] = ['input', {}, { shape }];
            numbers[port.name] = all;
          } else rows[port.name] = ['parameter', {}, { shape, values: all.slice(0, count) }];
          inputs[port.name] = port.name;
        });
        rows['y'] = [name, inputs, attrs];
        let last = 'y';
        if (op.group !== 'loss' && op.group !== 'penalty') {
          // A curved scalar of the result, so that the gradient that arrives is not the same everywhere.
          rows['squared'] = ['power', { x: 'y' }];
          rows['sum'] = ['sum', { x: 'squared' }];
          last = 'sum';
        }
        const opened = open(drawing(rows, { objective: last }), batched ? 3 : 1, numbers);
        expect(worstGradientError(opened)).toBeLessThan(1e-7);
      });
  });
});
