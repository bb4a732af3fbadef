/** Random kernels of every form on the WebAssembly backend against float64. */
import fc from 'fast-check';
import { concrete, sizeOf } from '../../../src/engine/ir/shape';
import { describe, expect, it } from 'vitest';
import { wasm } from '../../../src/engine/backends/wasm/index';
import {
  abs,
  add,
  constant,
  div,
  type Expr,
  exp,
  log,
  max,
  min,
  mul,
  neg,
  pow,
  read,
  select,
  sin,
  sqrt,
  sub,
  substitute,
  tanh,
} from '../../../src/engine/ir/expr';
import { ACC, type Kernel } from '../../../src/engine/ir/kernel';
import type { BufferSpec } from '../../../src/engine/plan';
import {
  profiles,
  runnable,
  program,
  stepOf,
  numbers,
  runKernel,
  interpretKernel,
  expectClose,
} from '../../support/wasm-kernels';

const names = ['a', 'b', 'c'];

const expressions = (leaves: readonly string[]): fc.Arbitrary<Expr> =>
  fc.letrec<{ e: Expr }>((tie) => ({
    e: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.oneof(fc.constantFrom(...leaves).map(read), fc.constantFrom(-1.5, 0, 0.5, 1, 2).map(constant)),
      fc.tuple(tie('e'), tie('e')).map(([x, y]) => add(x, y)),
      fc.tuple(tie('e'), tie('e')).map(([x, y]) => sub(x, y)),
      fc.tuple(tie('e'), tie('e')).map(([x, y]) => mul(tanh(x), y)),
      fc.tuple(tie('e'), tie('e')).map(([x, y]) => div(x, add(1, abs(y)))),
      fc.tuple(tie('e'), tie('e')).map(([x, y]) => max(x, y)),
      fc.tuple(tie('e'), tie('e')).map(([x, y]) => min(x, y)),
      // The choice hangs on a number that is exact in float32, so that rounding cannot turn it.
      fc
        .tuple(fc.constantFrom(...leaves.filter((name) => name !== ACC), 1), tie('e'), tie('e'))
        .map(([p, x, y]) => select(typeof p === 'string' ? read(p) : p, x, y)),
      tie('e').map(neg),
      tie('e').map((x) => tanh(x)),
      tie('e').map((x) => exp(neg(abs(x)))),
      tie('e').map((x) => log(add(1, mul(x, x)))),
      tie('e').map((x) => sqrt(add(1, abs(x)))),
      tie('e').map((x) => sin(tanh(x))),
      tie('e').map((x) => pow(x, 2)),
    ),
  })).e;

interface Case {
  readonly kernel: Kernel;
  readonly batch: number;
  readonly sizes: readonly number[];
}

/** Any legal kernel: strides 0, row-major, swapped, sparse; folds or not; several stores, one in place. */
const cases = (longest: number): fc.Arbitrary<Case> =>
  fc
    .record({
      batched: fc.boolean(),
      batch: fc.integer({ min: 1, max: longest + 2 }),
      out: fc.array(fc.integer({ min: 1, max: longest }), { maxLength: 2 }),
      fold: fc.option(
        fc.record({
          with: fc.constantFrom('sum' as const, 'max' as const),
          over: fc.array(fc.integer({ min: 1, max: longest }), { minLength: 1, maxLength: 2 }),
        }),
        { nil: undefined },
      ),
      count: fc.integer({ min: 1, max: 3 }),
      inPlace: fc.boolean(),
    })
    .chain((shape) => {
      const out = shape.batched ? (['batch', ...shape.out] as const) : shape.out;
      const extents = [...concrete(out, shape.batch), ...(shape.fold?.over ?? [])];
      const reads = names.slice(0, shape.count).map((_, at) =>
        fc.record({
          used: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: extents.length, maxLength: extents.length }),
          order: fc.shuffledSubarray(
            extents.map((_, axis) => axis),
            { minLength: extents.length },
          ),
          gap: fc.constantFrom(1, 1, 1, 2, 3),
          offset: fc.constantFrom(0, 0, 1, 5),
          still: fc.constant(at === 0 && shape.fold !== undefined),
        }),
      );
      return fc.tuple(fc.tuple(...reads), fc.constant(shape)).chain(([walks, s]) => {
        const built = walks.map(({ used, order, gap, offset, still }, at) => {
          const strides = extents.map(() => 0);
          let step = gap;
          let last = 0;
          for (const axis of order) {
            if (used[axis] === 0 || (still && axis >= out.length)) continue;
            strides[axis] = step;
            last += step * (extents[axis]! - 1);
            step *= extents[axis]!;
          }
          return { read: { name: names[at]!, strides, offset }, size: offset + last + 1 };
        });
        const all = names.slice(0, s.count);
        const still = built
          .filter(({ read: r }) => r.strides.slice(out.length).every((x) => x === 0))
          .map(({ read: r }) => r.name);
        const leaves = [...still, ...(s.fold ? [ACC] : [])];
        return fc
          .record({
            body: expressions(all),
            value: leaves.length > 0 ? expressions(leaves) : fc.constant(constant(1)),
            second: leaves.length > 0 ? expressions([...leaves, ...(s.inPlace ? ['own'] : [])]) : fc.constant(constant(2)),
            // A kernel without a fold may fill a part of a larger array, in any order of its axes.
            order: fc.shuffledSubarray(
              out.map((_, axis) => axis),
              { minLength: out.length },
            ),
            gap: s.fold ? fc.constant(0) : fc.constantFrom(0, 1, 2),
          })
          .map(({ body, order, gap, ...stored }): Case => {
            const size = sizeOf(out, s.batch);
            // As a mean the fold's result is about 1, so that later differences do not magnify its rounding.
            const terms = (s.fold?.over ?? []).reduce((product, length) => product * length, 1);
            const tame = (e: Expr): Expr => substitute(e, (name) => (name === ACC ? div(read(ACC), terms) : read(name)));
            const [value, second] = [tame(stored.value), tame(stored.second)];
            const own = {
              name: 'own',
              strides: extents.map((_, axis) =>
                axis < out.length ? extents.slice(axis + 1, out.length).reduce((p, n) => p * n, 1) : 0,
              ),
              offset: 0,
            };
            const strides = out.map(() => 0);
            let step = gap;
            for (const axis of order) {
              strides[axis] = step;
              step *= extents[axis]!;
            }
            const place = gap > 0 ? { place: { strides, offset: 3 } } : {};
            return {
              kernel: {
                out,
                ...(s.fold ? { fold: { with: s.fold.with, over: s.fold.over, body } } : {}),
                reads: [...built.map((b) => b.read), ...(s.inPlace ? [own] : [])],
                stores: [
                  { to: 'first', value, ...place },
                  { to: s.inPlace ? 'own' : 'second', value: second },
                ],
              },
              batch: s.batch,
              sizes: [...built.map((b) => b.size), Math.max(1, gap) * size + 5, size],
            };
          });
      });
    });

for (const profile of profiles)
  describe(`kernels, ${profile.title}`, () => {
    it.skipIf(!runnable(profile)).each([
      ['small, written out', 9, 400],
      ['larger, in loops', 30, 150],
    ])('random ones agree with float64: %s', async (_, longest, numRuns) => {
      await fc.assert(
        fc.asyncProperty(cases(longest), async ({ kernel, batch, sizes }) => {
          const count = sizes.length - 2;
          const given: Record<string, Float32Array> = {};
          for (const [at, name] of names.slice(0, count).entries()) given[name] = numbers(sizes[at]!, at + 1);
          given.first = numbers(sizes[count]!, 7);
          given.second = numbers(sizes[count + 1]!, 8);
          const bind = { a: 'a', b: 'b', c: 'c', own: 'second', first: 'first', second: 'second' };
          const wanted = ['first', 'second', ...names.slice(0, count)];
          const actual = await runKernel(kernel, batch, given, bind, wanted, profile);
          const expected = interpretKernel(kernel, batch, given, bind, wanted);
          for (const [at, a] of actual.entries()) expectClose(a, expected[at]!, 1e-4);
        }),
        { numRuns },
      );
    });

    it('random ones are valid code', () => {
      fc.assert(
        fc.property(cases(20), ({ kernel, batch, sizes }) => {
          const ids = [...names.slice(0, sizes.length - 2), 'first', 'second'];
          const buffers = ids.map((id, at): BufferSpec => ({ id, shape: [sizes[at]!], role: 'value' }));
          const bind = { a: 'a', b: 'b', c: 'c', own: 'second', first: 'first', second: 'second' };
          const code = wasm.emit(program(batch, buffers, [stepOf(kernel, bind)]), profile);
          expect(code.kind).toBe('wasm');
          if (code.kind === 'wasm' && runnable(profile))
            expect(WebAssembly.validate(code.bytes as Uint8Array<ArrayBuffer>)).toBe(true);
        }),
        { numRuns: 100 },
      );
    });
  });
