/**
 * A plane through the space of the parameters, on which the loss is looked at as a surface: spanned by two
 * single numbers, by two random directions whose filters are as long as those of the weights (Li et al. 2018,
 * "Visualizing the loss landscape of neural nets"), or by the two main directions of the way that training
 * came. Points of the way are put on it by least squares, with their distance from it.
 */
import { Random } from '../../data/random';
import type { BufferId, ParameterSpec } from '../../plan';
import type { State } from '../session';
import type { NumberAt } from './sample-gradients';

export type PlaneWish =
  | { readonly kind: 'numbers'; readonly across: NumberAt; readonly up: NumberAt }
  | { readonly kind: 'random'; readonly seed: number }
  | { readonly kind: 'way' };

export interface OnPlane {
  readonly across: number;
  readonly up: number;
  /** Distance from the plane, in the space of the parameters. */
  readonly off: number;
}

/** One change of all learned parameters, by buffer. */
export type Direction = ReadonlyMap<BufferId, Float32Array>;

const eachNumber = (a: Direction, b: Direction, visit: (x: number, y: number) => void): void => {
  for (const [id, numbers] of a) {
    const others = b.get(id);
    if (others) for (let k = 0; k < numbers.length; k++) visit(numbers[k]!, others[k]!);
  }
};
export function dot(a: Direction, b: Direction): number {
  let sum = 0;
  eachNumber(a, b, (x, y) => {
    sum += x * y;
  });
  return sum;
}

const minus = (a: State, b: State): Map<BufferId, Float32Array> =>
  new Map([...b].map(([id, numbers]) => [id, Float32Array.from(numbers, (x, k) => (a.get(id)?.[k] ?? x) - x)]));

export class LossPlane {
  readonly #gram: { readonly aa: number; readonly ab: number; readonly bb: number };

  constructor(
    /** The parameters at (0, 0). */
    readonly origin: State,
    readonly across: Direction,
    readonly up: Direction,
  ) {
    this.#gram = { aa: dot(across, across), ab: dot(across, up), bb: dot(up, up) };
  }

  /** The parameters at a place of the plane. */
  at(across: number, up: number): State {
    return new Map(
      [...this.origin].map(([id, numbers]) => {
        const [a, b] = [this.across.get(id), this.up.get(id)];
        return [id, Float32Array.from(numbers, (x, k) => x + across * (a?.[k] ?? 0) + up * (b?.[k] ?? 0))];
      }),
    );
  }

  /** The place of the plane that is nearest to some parameters. */
  nearest(state: State): OnPlane {
    const away = minus(state, this.origin);
    const { aa, ab, bb } = this.#gram;
    const [ca, cb, cc] = [dot(away, this.across), dot(away, this.up), dot(away, away)];
    const determinant = aa * bb - ab * ab;
    if (!(determinant > 0))
      return { across: aa > 0 ? ca / aa : 0, up: 0, off: Math.sqrt(Math.max(0, cc - (aa > 0 ? ca ** 2 / aa : 0))) };
    const [across, up] = [(ca * bb - cb * ab) / determinant, (cb * aa - ca * ab) / determinant];
    return { across, up, off: Math.sqrt(Math.max(0, cc - across * ca - up * cb)) };
  }
}

/** One number changes by 1, all others stay. */
export function alongNumber(origin: State, buffer: BufferId, index: number): Direction {
  const numbers = new Float32Array(origin.get(buffer)?.length ?? 0);
  numbers[index] = 1;
  return new Map([[buffer, numbers]]);
}

/**
 * Random, each filter (the weights that feed one neuron or one channel) as long as that of the origin. Biases and
 * other lists of numbers stay, as in the paper, unless there is nothing else.
 */
export function randomDirection(parameters: readonly ParameterSpec[], origin: State, seed: number, stream: string): Direction {
  const matrices = parameters.filter(({ shape }) => shape.length >= 2);
  return new Map(
    (matrices.length > 0 ? matrices : parameters).map(({ value, shape, key }) => {
      const random = new Random(seed, `${stream}:${key}`);
      const from = origin.get(value)!;
      const numbers = Float32Array.from(from, () => random.gaussian());
      for (const filter of filtersOf(shape, numbers.length)) {
        let [size, own] = [0, 0];
        for (const k of filter) {
          size += numbers[k]! ** 2;
          own += from[k]! ** 2;
        }
        const scale = size > 0 ? Math.sqrt(own / size) : 0;
        for (const k of filter) numbers[k]! *= scale;
      }
      return [value, numbers] as const;
    }),
  );
}

/** Positions of each filter: a column of inputs × neurons, a whole filter of a convolution, all of a list. */
function filtersOf(shape: readonly number[], size: number): readonly (readonly number[])[] {
  const all = Array.from({ length: size }, (_, k) => k);
  if (shape.length < 2) return [all];
  const count = shape.length === 2 ? shape[1]! : shape[0]!;
  const each = size / count;
  return Array.from({ length: count }, (_, filter) =>
    Array.from({ length: each }, (_n, k) => (shape.length === 2 ? k * count + filter : filter * each + k)),
  );
}

/** The two main directions of the moments around the origin, of length 1; the second is random where the way is straight. Null without a way. */
export function mainDirections(
  origin: State,
  moments: readonly State[],
  spare: Direction,
): { readonly across: Direction; readonly up: Direction } | null {
  const ways = moments.map((moment) => minus(moment, origin));
  const gram = ways.map((a) => ways.map((b) => dot(a, b)));
  const first = mainVector(gram, null);
  if (first === null) return null;
  const across = unit(combined(origin, ways, first));
  const second = mainVector(gram, first);
  const rough = second === null ? spare : combined(origin, ways, second);
  const along = dot(rough, across);
  const up = unit(new Map([...rough].map(([id, numbers]) => [id, numbers.map((x, k) => x - along * across.get(id)![k]!)])));
  return { across, up };
}

const combined = (origin: State, ways: readonly Direction[], shares: readonly number[]): Map<BufferId, Float32Array> =>
  new Map(
    [...origin].map(([id, numbers]) => {
      const sum = new Float32Array(numbers.length);
      ways.forEach((way, at) => {
        const own = way.get(id)!;
        for (let k = 0; k < sum.length; k++) sum[k]! += shares[at]! * own[k]!;
      });
      return [id, sum];
    }),
  );

function unit(direction: Direction): Direction {
  const size = Math.sqrt(dot(direction, direction));
  return new Map([...direction].map(([id, numbers]) => [id, numbers.map((x) => (size > 0 ? x / size : 0))]));
}

const ROUNDS = 200;

/** The eigenvector of the largest eigenvalue, at right angles to another; null where that eigenvalue is all but 0. */
function mainVector(matrix: readonly (readonly number[])[], off: readonly number[] | null): readonly number[] | null {
  const trace = matrix.reduce((sum, row, at) => sum + row[at]!, 0);
  const cleared = (v: readonly number[]): readonly number[] => {
    if (off === null) return v;
    const share = v.reduce((sum, x, at) => sum + x * off[at]!, 0);
    return v.map((x, at) => x - share * off[at]!);
  };
  const random = new Random(1, 'main');
  let v = cleared(matrix.map(() => random.gaussian()));
  let value = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const turned = cleared(matrix.map((row) => row.reduce((sum, x, at) => sum + x * v[at]!, 0)));
    const size = Math.sqrt(turned.reduce((sum, x) => sum + x * x, 0));
    if (!(size > 1e-10 * trace)) return null;
    const next = turned.map((x) => x / size);
    const moved = next.reduce((sum, x, at) => sum + (x - v[at]!) ** 2, 0);
    v = next;
    value = size;
    if (moved < 1e-16) break;
  }
  return value > 1e-10 * trace ? v : null;
}
