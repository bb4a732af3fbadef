/**
 * Dropout (Srivastava et al., 2014): in training each number is set to 0 with probability p and the others
 * are divided by 1 − p; in use nothing happens. Which ones are dropped comes from two small congruential
 * generators an element, whose whole numbers stay below 2²⁴, so that float32 and float64 drop the same.
 */
import { add, type Expr, floor, mul, read, select, sub } from '../ir/expr';
import { alongOut, type Kernel } from '../ir/kernel';
import { applied } from '../ir/latex';
import { isBatched, type Shape, sizeOf } from '../ir/shape';
import { GRADIENT, OUT, type Primitive, RESULT } from './op';

/** s ← multiplier · s mod prime; each multiplier generates all numbers from 1 to prime − 1. */
const GENERATORS = {
  first: { prime: 65537, multiplier: 231 },
  second: { prime: 65521, multiplier: 233 },
} as const;

/** x mod p for whole x from 0 below 2²⁴, also where a division is off by its last digit. */
function modulo(x: Expr, prime: number): Expr {
  const rest = sub(x, mul(prime, floor(mul(x, 1 / prime))));
  const down = select(sub(rest, prime - 0.5), sub(rest, prime), rest);
  return select(sub(-0.5, rest), add(rest, prime), down);
}

const next = (name: keyof typeof GENERATORS): Expr => {
  const { prime, multiplier } = GENERATORS[name];
  return modulo(mul(multiplier, read(name)), prime);
};

/** 0 where an element is dropped, else 1 / (1 − p). Both generators together are even and free of patterns. */
function mask(rate: number): Expr {
  const { prime } = GENERATORS.first;
  const sum = add(read('first'), read('second'));
  const number = select(sub(sum, prime - 0.5), sub(sum, prime), sum);
  return select(sub(number, Math.round(rate * prime) - 0.5), 1 / (1 - rate), 0);
}

const pointwise = (to: string, shape: Shape, names: readonly string[], value: Expr): Kernel => ({
  out: shape,
  reads: names.map((name) => alongOut(name, shape)),
  stores: [{ to, value }],
});

/** Starting points, spread over the generators' cycles (a hash by Wang). */
function starts(count: number, seed: number, prime: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i + 1, 0x9e3779b1) ^ seed) >>> 0;
    h = Math.imul(h ^ 61 ^ (h >>> 16), 9);
    h = Math.imul(h ^ (h >>> 4), 0x27d4eb2d);
    h = (h ^ (h >>> 15)) >>> 0;
    return 1 + (h % (prime - 1));
  });
}

export const dropout: Primitive = {
  kind: 'primitive',
  name: 'dropout',
  title: 'Dropout',
  about:
    'In training, sets a random share of the numbers to 0, so that the network does not rely on single ones; in use it passes everything on.',
  glyph: '⨯p',
  group: 'layer',
  linearity: () => 'linear',
  keywords: ['drop', 'regularisation', 'regularization', 'random', 'mask'],
  ports: () => [{ name: 'x', about: 'values' }],
  attrs: {
    rate: {
      kind: 'number',
      title: 'Share dropped',
      about: 'Probability p with which a number is set to 0.',
      default: 0.5,
      min: 0,
      max: 0.99,
    },
  },
  infer: ({ x }) => ({ shape: x! }),
  formula: ({ x }) => applied('\\operatorname{dropout}', x!),
  value: ({ out }) => ({ kernels: [pointwise(OUT, out, ['x'], read('x'))] }),
  gradient: ({ out }) => ({ kernels: [pointwise(RESULT, out, [GRADIENT], read(GRADIENT))] }),
  derivativeFormula: () => '1',
  training: {
    value: ({ out, attrs }) => ({
      kernels: [pointwise(OUT, out, ['x', 'first', 'second'], mul(read('x'), mask(attrs['rate'] as number)))],
    }),
    gradient: ({ out, attrs }) => ({
      kernels: [pointwise(RESULT, out, [GRADIENT, 'first', 'second'], mul(read(GRADIENT), mask(attrs['rate'] as number)))],
    }),
    update: ({ out }) => ({
      kernels: [pointwise('first', out, ['first'], next('first')), pointwise('second', out, ['second'], next('second'))],
    }),
    state: ({ out }, batch, seed) => {
      const count = sizeOf(out, isBatched(out) ? batch : 1);
      return {
        first: { shape: out, init: starts(count, seed, GENERATORS.first.prime) },
        second: { shape: out, init: starts(count, ~seed >>> 0, GENERATORS.second.prime) },
      };
    },
    drawn: {
      numbers: {
        mask: (shape, { attrs }) => {
          const rate = attrs['rate'] as number;
          return `(rng.random(${shape}) >= ${rate}) / ${Number((1 - rate).toPrecision(15))}`;
        },
      },
      value: ({ out }) => ({ kernels: [pointwise(OUT, out, ['x', 'mask'], mul(read('x'), read('mask')))] }),
      gradient: ({ out }) => ({ kernels: [pointwise(RESULT, out, [GRADIENT, 'mask'], mul(read(GRADIENT), read('mask')))] }),
    },
  },
  onnx: { type: 'Identity' },
  torch: {
    text: ({ x }, { attrs }, training) => (training === 'False' ? x! : `F.dropout(${x}, ${String(attrs['rate'])}, ${training})`),
  },
};
