/** Elementary functions on the WebAssembly backend, over all sizes of numbers, and what they make of no number. */
import { describe, expect, it } from 'vitest';
import {
  add,
  cos,
  div,
  type Expr,
  exp,
  log,
  max,
  min,
  neg,
  pow,
  read,
  select,
  sin,
  sqrt,
  tanh,
} from '../../../src/engine/ir/expr';
import type { Kernel } from '../../../src/engine/ir/kernel';
import { profiles, runnable, runKernel, interpretKernel, expectClose } from '../../support/wasm-kernels';

const f32 = Math.fround;
const special = [
  0,
  -0,
  1,
  -1,
  1000,
  -1000,
  Infinity,
  -Infinity,
  Number.NaN,
  88.7,
  -87.5,
  89,
  -103,
  -104,
  3e-39,
  1e-30,
  0.25,
  7.99,
  -7.99,
  9,
  f32(3.4e38),
];
const sweep = Float32Array.from([
  ...special,
  ...Array.from({ length: 4000 }, (_, i) => (i - 2000) / 20),
  ...Array.from({ length: 2000 }, (_, i) => 10 ** ((i - 1000) / 27)),
  ...Array.from({ length: 2000 }, (_, i) => (i - 1000) / 1000),
]);

for (const profile of profiles)
  describe.skipIf(!runnable(profile))(`functions, ${profile.title}`, () => {
    const cover: readonly [string, Expr, (x: number) => number][] = [
      ['exp', exp(read('a')), Math.exp],
      ['log', log(read('a')), Math.log],
      ['tanh', tanh(read('a')), Math.tanh],
      ['sqrt', sqrt(read('a')), Math.sqrt],
      ['sin', sin(read('a')), Math.sin],
      ['cos', cos(read('a')), Math.cos],
      ['power 2', pow(read('a'), 2), (x) => x * x],
      ['power 1.75', pow(read('a'), 1.75), (x) => x ** 1.75],
      ['reciprocal', pow(read('a'), -1), (x) => 1 / x],
      ['sigmoid', div(1, add(1, exp(neg(read('a'))))), (x) => 1 / (1 + Math.exp(-x))],
    ];
    it.each(cover)('%s within 1e-6', async (_, value, right) => {
      const kernel: Kernel = {
        out: [sweep.length],
        reads: [{ name: 'a', strides: [1], offset: 0 }],
        stores: [{ to: 'y', value }],
      };
      const [y] = await runKernel(kernel, 1, { a: sweep, y: new Float32Array(sweep.length) }, { a: 'a', y: 'y' }, ['y'], profile);
      let worst = 0;
      sweep.forEach((x, at) => {
        const expected = right(x);
        const rounded = f32(expected);
        const actual = y![at]!;
        if (Object.is(rounded, actual) || rounded === actual) return;
        // Near the smallest normal number only the absolute size counts.
        const error = Math.abs(actual - expected) / Math.max(Math.abs(expected), 1e-32);
        if (!(error <= 1e-6)) throw new Error(`f(${x}) = ${actual}, but ${expected} is right`);
        worst = Math.max(worst, error);
      });
      expect(worst).toBeLessThanOrEqual(1e-6);
    });

    it('maxima, minima and choices let NaN through as float64 does', async () => {
      const a = Float32Array.of(Number.NaN, 1, -1, Number.NaN, 0);
      const b = Float32Array.of(1, Number.NaN, 2, Number.NaN, -0.5);
      const cover = [
        max(read('a'), read('b')),
        min(read('a'), read('b')),
        max(read('a'), 0),
        min(1, read('a')),
        select(read('a'), read('b'), 3),
        select(read('a'), read('b'), 0),
      ];
      for (const value of cover) {
        const kernel: Kernel = {
          out: [5],
          reads: [
            { name: 'a', strides: [1], offset: 0 },
            { name: 'b', strides: [1], offset: 0 },
          ],
          stores: [{ to: 'y', value }],
        };
        const given = { a, b, y: new Float32Array(5) };
        const bind = { a: 'a', b: 'b', y: 'y' };
        const [y] = await runKernel(kernel, 1, given, bind, ['y'], profile);
        expectClose(y!, interpretKernel(kernel, 1, given, bind, ['y'])[0]!);
      }
    });
  });
