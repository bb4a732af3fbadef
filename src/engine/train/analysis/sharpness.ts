/**
 * The sharpness of the loss where training stands: the largest eigenvalue λ of its Hessian over some rows, by
 * power iteration. A Hessian times a vector is a difference of two gradients, so any network that can be
 * trained can be asked. Gradient descent is only stable below a rate of 2/λ: above it, steps along the sharpest
 * direction overshoot by more than they descend.
 */
import type { Device } from '../../backends/backend';
import type { Dataset } from '../../data/dataset';
import { Random } from '../../data/random';
import type { Session } from '../session';
import { learned, rowsOf, sampleOf } from './sample-gradients';

export interface Sharpness {
  /** λ; 0 or less where no direction curves upward. */
  readonly largest: number;
  readonly rows: number;
  readonly step: number;
}

/** Steps of the power iteration at most; it ends sooner when λ stands still to a hundredth. */
const MOST_STEPS = 40;
const STILL = 0.01;
/** How far the gradient is taken to either side, as a share of the size of the parameters. */
const REACH = 2e-3;

/** Null where nothing is learned, or a gradient is not finite. */
export async function sharpnessOf(
  session: Session,
  device: Device,
  data: Dataset,
  rest: () => Promise<void>,
): Promise<Omit<Sharpness, 'step'> | null> {
  const parameters = learned(session.plans);
  if (parameters.length === 0) return null;
  const rows = sampleOf(data.split.train, session.plans.live.program.batch);
  if (rows.length === 0) return null;
  await session.refresh(device);
  device.setData(
    rowsOf(data.x, data.features.length, rows),
    data.features.length,
    rowsOf(data.y, data.targets.length, rows),
    data.targets.length,
    data.weights && rowsOf(data.weights, 1, rows),
  );
  const order = Uint32Array.from(rows, (_, at) => at);
  const origin = (await device.read(parameters.map(({ value }) => value))).map((numbers) => numbers.slice());
  const gradientAt = async (shift: number, along: readonly Float64Array[]): Promise<readonly Float32Array[]> => {
    parameters.forEach(({ value }, p) => {
      device.write(
        value,
        origin[p]!.map((x, k) => x + shift * along[p]![k]!),
      );
    });
    await device.run({ phases: ['forward', 'loss', 'backward'], rows: order, batch: rows.length });
    return (await device.read(parameters.map(({ gradient }) => gradient))).map((numbers) => numbers.slice());
  };
  try {
    const random = new Random(1, 'sharpness');
    let along = normalised(origin.map((numbers) => Float64Array.from(numbers, () => random.uniform() - 0.5)));
    const reach = REACH * Math.max(1, lengthOf(origin));
    let largest = 0;
    for (let step = 0; step < MOST_STEPS; step++) {
      const [up, down] = [await gradientAt(reach, along), await gradientAt(-reach, along)];
      const image = up.map((numbers, p) => Float64Array.from(numbers, (x, k) => (x - down[p]![k]!) / (2 * reach)));
      const found = along.reduce((sum, numbers, p) => numbers.reduce((all, x, k) => all + x * image[p]![k]!, sum), 0);
      if (!Number.isFinite(found)) return null;
      const size = lengthOf(image);
      if (size === 0) return { largest: 0, rows: rows.length };
      const still = Math.abs(found - largest) <= STILL * Math.abs(found);
      largest = found;
      if (still && step > 3) break;
      along = normalised(image);
      await rest();
    }
    return { largest, rows: rows.length };
  } finally {
    parameters.forEach(({ value }, p) => {
      device.write(value, origin[p]!);
    });
  }
}

const lengthOf = (arrays: readonly ArrayLike<number>[]): number => {
  let squares = 0;
  for (const numbers of arrays) for (let k = 0; k < numbers.length; k++) squares += numbers[k]! ** 2;
  return Math.sqrt(squares);
};
const normalised = (arrays: readonly Float64Array[]): readonly Float64Array[] => {
  const length = lengthOf(arrays);
  return arrays.map((numbers) => numbers.map((x) => x / length));
};

/** The largest stable rate of rules that are gradient descent with or without momentum; null: the rule has no such bound. */
export function safeRate(optimizer: string, momentum: number, { largest }: Pick<Sharpness, 'largest'>): number | null {
  if (!(largest > 0)) return null;
  switch (optimizer) {
    case 'sgd':
      return 2 / largest;
    case 'momentum':
      return (2 * (1 + momentum)) / largest;
    case 'nesterov':
      return (2 * (1 + momentum)) / ((1 + 2 * momentum) * largest);
    default:
      return null;
  }
}
