/** Products of matrices of every size and layout on the WebAssembly backend against float64. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { add, mul, read, sub } from '../../../src/engine/ir/expr';
import { ACC, type Kernel } from '../../../src/engine/ir/kernel';
import { profiles, runnable, numbers, runKernel, interpretKernel, expectClose } from '../../support/wasm-kernels';

/** C = A·B with any of the operands transposed, and the epilogue of a training step. */
function productKernel(m: number, n: number, k: number, transposeA: boolean, transposeB: boolean): Kernel {
  return {
    out: [m, n],
    fold: { with: 'sum', over: [k], body: mul(read('a'), read('b')) },
    reads: [
      { name: 'a', strides: transposeA ? [1, 0, m] : [k, 0, 1], offset: 0 },
      { name: 'b', strides: transposeB ? [0, k, 1] : [0, 1, n], offset: 0 },
      { name: 'bias', strides: [0, 1, 0], offset: 0 },
      { name: 'w', strides: [n, 1, 0], offset: 0 },
    ],
    stores: [
      { to: 'c', value: add(read(ACC), read('bias')) },
      { to: 'w', value: sub(read('w'), mul(0.1, read(ACC))) },
    ],
  };
}

for (const profile of profiles)
  describe.skipIf(!runnable(profile))(`products, ${profile.title}`, () => {
    const sizes: readonly [number, number, number][] = [
      [1, 1, 1],
      [1, 8, 8],
      [8, 1, 8],
      [2, 3, 4],
      [10, 8, 8],
      [5, 6, 7],
      [6, 8, 4],
      [32, 10, 32],
      [33, 17, 65],
      [64, 64, 64],
      [7, 130, 300],
      [70, 75, 520],
      // Rests of one, two and three rows, and what a power of two does to the caches.
      [19, 16, 512],
      [20, 128, 128],
      [21, 256, 64],
      [128, 40, 784],
    ];
    it('random sizes and strides', async () => {
      const size = fc.integer({ min: 1, max: 90 });
      await fc.assert(
        fc.asyncProperty(
          size,
          size,
          fc.integer({ min: 1, max: 400 }),
          fc.boolean(),
          fc.boolean(),
          fc.integer({ min: 1, max: 3 }),
          async (m, n, k, transposeA, transposeB, gap) => {
            const plain = productKernel(m, n, k, transposeA, transposeB);
            // Every gap-th number only, with rows as far apart as that makes them.
            const kernel: Kernel = {
              ...plain,
              reads: plain.reads.map((r) =>
                r.name === 'b' ? { ...r, strides: r.strides.map((x) => x * gap), offset: gap - 1 } : r,
              ),
            };
            const given = {
              a: numbers(m * k, 1),
              b: numbers(k * n * gap, 2),
              bias: numbers(n, 3),
              w: numbers(m * n, 4),
              c: new Float32Array(m * n),
            };
            const bind = { a: 'a', b: 'b', bias: 'bias', w: 'w', c: 'c' };
            const actual = await runKernel(kernel, 1, given, bind, ['c', 'w', 'a', 'b'], profile);
            const expected = interpretKernel(kernel, 1, given, bind, ['c', 'w', 'a', 'b']);
            for (const [at, numbersHere] of actual.entries()) expectClose(numbersHere, expected[at]!, 1e-4);
          },
        ),
        { numRuns: 40 },
      );
    });

    for (const [m, n, k] of sizes)
      it(`${m}×${k} · ${k}×${n}, each way round`, async () => {
        for (const transposeA of [false, true])
          for (const transposeB of [false, true]) {
            const kernel = productKernel(m, n, k, transposeA, transposeB);
            const given = {
              a: numbers(m * k, 1),
              b: numbers(k * n, 2),
              bias: numbers(n, 3),
              w: numbers(m * n, 4),
              c: new Float32Array(m * n),
            };
            const bind = { a: 'a', b: 'b', bias: 'bias', w: 'w', c: 'c' };
            const actual = await runKernel(kernel, 1, given, bind, ['c', 'w'], profile);
            const expected = interpretKernel(kernel, 1, given, bind, ['c', 'w']);
            for (const [at, numbersHere] of actual.entries()) expectClose(numbersHere, expected[at]!, 1e-4);
          }
      });
  });
