/**
 * The gradient of each of some rows by itself, from the present weights: the every-edge program on a device of
 * its own, one row at a time, so that neither training nor the live view is in the way. What would not fit
 * into a bounded memory is thinned evenly, parameter by parameter.
 */
import type { Device } from '../../backends/backend';
import type { Dataset } from '../../data/dataset';
import { Random } from '../../data/random';
import type { NodeId } from '../../graph/graph';
import { product } from '../../ir/shape';
import type { BufferId, ParameterSpec, Plans } from '../../plan';
import type { Session } from '../session';
import type { SampleGradients } from './gradient-noise';

export const MOST_SAMPLES = 256;
export const FEWEST_SAMPLES = 64;
/** Samples between two rests. */
const PIECE = 8;
/** Numbers that are held in all. */
const MOST_NUMBERS = 2 ** 22;

/** One number of a parameter. */
export interface NumberAt {
  readonly parameter: NodeId;
  readonly index: number;
}

export interface Taken {
  /** Of the data, one for each sample. */
  readonly rows: Uint32Array;
  readonly gradients: SampleGradients;
  /** Every so many-th number of a gradient was taken. */
  readonly every: number;
  /** Numbers that a whole gradient has. */
  readonly parameters: number;
  /** The numbers that were asked for, a column each. */
  readonly own: SampleGradients;
}

type Learned = ParameterSpec & { readonly gradient: BufferId };

/** What training changes. */
export const learned = ({ live }: Plans): readonly Learned[] =>
  live.program.parameters.flatMap((p) => (p.trainable && p.gradient !== null ? [{ ...p, gradient: p.gradient }] : []));

/** So many of some rows, drawn evenly and without order; the same ones for the same rows. */
export const sampleOf = (rows: Uint32Array, most: number): Uint32Array =>
  rows.length <= most ? rows.slice() : new Random(1, 'sample').shuffle(rows.slice()).subarray(0, most);

/** Null where there is nothing to learn, or fewer than two rows. */
export async function sampleGradients(
  session: Session,
  device: Device,
  data: Dataset,
  wanted: readonly NumberAt[],
  rest: () => Promise<void>,
  most = MOST_SAMPLES,
): Promise<Taken | null> {
  const parameters = learned(session.plans);
  const total = parameters.reduce((sum, { shape }) => sum + product(shape), 0);
  const fitting = Math.floor(MOST_NUMBERS / Math.max(1, total));
  const rows = sampleOf(data.split.train, Math.max(FEWEST_SAMPLES, Math.min(most, fitting)));
  if (total === 0 || rows.length < 2) return null;
  const every = Math.ceil((total * rows.length) / MOST_NUMBERS);
  const width = Math.floor((total - 1) / every) + 1;
  const gradients = new Float32Array(rows.length * width);
  const own = new Float32Array(rows.length * wanted.length);
  const places = wanted.map(({ parameter, index }) => ({ which: parameters.findIndex(({ key }) => key === parameter), index }));
  const ids = parameters.map(({ gradient }) => gradient);
  await session.refresh(device);
  device.setData(
    rowsOf(data.x, data.features.length, rows),
    data.features.length,
    rowsOf(data.y, data.targets.length, rows),
    data.targets.length,
    data.weights && rowsOf(data.weights, 1, rows),
  );
  for (let row = 0; row < rows.length; row++) {
    await device.run({ phases: ['forward', 'loss', 'backward'], rows: Uint32Array.of(row), batch: 1 });
    const numbers = await device.read(ids);
    let [from, to] = [0, row * width];
    for (const one of numbers) {
      let k = from;
      for (; k < one.length; k += every) gradients[to++] = one[k]!;
      from = k - one.length;
    }
    places.forEach(({ which, index }, at) => {
      own[row * wanted.length + at] = numbers[which]?.[index] ?? 0;
    });
    if (row % PIECE === PIECE - 1) await rest();
  }
  return {
    rows,
    gradients: { samples: rows.length, width, data: gradients },
    every,
    parameters: total,
    own: { samples: rows.length, width: wanted.length, data: own },
  };
}

/** Some rows of a row-major table, one after the other. */
export function rowsOf(numbers: Float32Array, width: number, rows: Uint32Array): Float32Array {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, at) => {
    out.set(numbers.subarray(row * width, (row + 1) * width), at * width);
  });
  return out;
}

/** `hidden/weight[3, 2]`: counted from 1, as people do. */
export function numberTitle(plans: Plans, { parameter, index }: NumberAt): string {
  const shape = plans.live.program.parameters.find((p) => p.key === parameter)?.shape ?? [];
  const at: number[] = [];
  let rest = index;
  for (const axis of shape.toReversed()) {
    at.unshift((rest % axis) + 1);
    rest = Math.floor(rest / axis);
  }
  return at.length === 0 ? parameter : `${parameter}[${at.join(', ')}]`;
}
