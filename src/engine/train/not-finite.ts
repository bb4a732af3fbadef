/**
 * Where a number stopped being finite: the batch is replayed on the float64 reference with the weights
 * from before it, and the first step that makes an infinity or a NaN, or one too large for float32, is
 * named with the row of the data it came from and a cure.
 */
import { ReferenceDevice } from '../backends/reference/index';
import { isBatched, sampleSize } from '../ir/shape';
import type { Program, Step, Weights } from '../plan';
import type { Dataset } from '../data/dataset';

const LARGEST_FLOAT32 = 3.4028235e38;

export interface Cause {
  readonly message: string;
  readonly node?: string;
  readonly row?: number;
}

const isBad = (x: number): boolean => !(Math.abs(x) <= LARGEST_FLOAT32);

export function findNotFinite(trace: Program, weights: Weights, data: Dataset, rows: Uint32Array): Cause {
  const device = new ReferenceDevice(trace);
  device.setData(data.x, data.features.length, data.y, data.targets.length, data.weights);
  for (const p of trace.parameters) if (weights[p.key]) device.write(p.value, weights[p.key]!.data);
  const specs = new Map(trace.buffers.map((b) => [b.id, b]));

  for (const row of rows)
    for (const [values, columns, what] of [
      [data.x, data.features, 'feature'],
      [data.y, data.targets, 'target'],
    ] as const)
      for (let k = 0; k < columns.length; k++)
        if (isBad(values[row * columns.length + k]!))
          return {
            row,
            message: `The ${what} '${columns[k]!.name}' of row ${row + 1} is not a finite number. Remove that row, or fill its missing cells, in the Data panel.`,
          };

  for (let from = 0; from < rows.length; from += trace.batch) {
    const part = rows.subarray(from, from + trace.batch);
    device.gather(part);
    let found: { step: Step; sample: number | null; value: number } | null = null;
    device.runPhases(['forward', 'loss', 'backward', 'update'], part.length, (step) => {
      if (found) return;
      for (const { to } of step.kernel.stores) {
        const id = step.bind[to]!;
        const spec = specs.get(id)!;
        const size = sampleSize(spec.shape);
        const numbers = device.numbers(id);
        const count = isBatched(spec.shape) ? size * part.length : size;
        for (let i = 0; i < count; i++)
          if (isBad(numbers[i]!)) {
            found = { step, sample: isBatched(spec.shape) ? Math.floor(i / size) : null, value: numbers[i]! };
            return;
          }
      }
    });
    if (found) return causeOf(found, part);
  }
  return {
    message:
      'The loss grew beyond what 32-bit numbers can hold, although the same batch is finite in 64 bits. Lower the learning rate and reset the weights.',
  };
}

function causeOf({ step, sample, value }: { step: Step; sample: number | null; value: number }, rows: Uint32Array): Cause {
  const what = Number.isNaN(value) ? 'not a number (NaN)' : Number.isFinite(value) ? 'too large for 32-bit numbers' : 'infinite';
  const row = sample === null ? undefined : rows[sample];
  const where = row === undefined ? '' : `, at row ${row + 1} of the data`;
  const cure =
    step.phase === 'forward' || step.phase === 'loss'
      ? 'Either the weights have grown too large (lower the learning rate and reset), or this operation got a number it is not defined for, such as the logarithm of 0.'
      : 'The gradient exploded: lower the learning rate, or scale the data.';
  const phase = { forward: 'The value', loss: 'The loss', backward: 'The gradient', update: 'The updated weight' }[step.phase];
  return {
    node: step.node,
    ...(row === undefined ? {} : { row }),
    message: `${phase} at '${step.node}' became ${what}${where}. ${cure}`,
  };
}
