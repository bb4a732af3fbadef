/**
 * The WebAssembly backend against float64: random kernels of every form, the elementary functions,
 * products of every size, batches, the gather; with and without fused multiply-add.
 */
import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { BackendProfile, Run } from '../../src/engine/backends/backend';
import { open } from '../../src/engine/backends/wasm/device';
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import type { Layout } from '../../src/engine/backends/wasm/layout';
import type { Spawn } from '../../src/engine/backends/wasm/threads';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { prepare, programOf } from '../../src/engine/compile/program';
import {
  abs,
  add,
  constant,
  cos,
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
} from '../../src/engine/ir/expr';
import { prepareKernel } from '../../src/engine/ir/interpret';
import { ACC, type Kernel } from '../../src/engine/ir/kernel';
import { concrete, sizeOf } from '../../src/engine/ir/shape';
import { drawing, type Rows } from '../support/drawing';
import { endThreads, idler, spawn } from '../support/threads';
import { type BufferSpec, bufferIds, type Program, type Step } from '../../src/engine/plan';

// Node 20 hides relaxed SIMD behind a flag; newer versions have it and ignore this.
setFlagsFromString('--experimental-wasm-relaxed-simd');

const profiles: readonly BackendProfile[] = [
  { backend: 'wasm', title: 'plain', fma: false },
  { backend: 'wasm', title: 'fused multiply-add', fma: true },
];
/** Without the instruction in this engine, its code can only be emitted. */
const runnable = (profile: BackendProfile): boolean => !profile.fma || hasFma();

const program = (
  batch: number,
  buffers: readonly BufferSpec[],
  steps: readonly Step[],
  rest: Partial<Program> = {},
): Program => ({
  detail: 'fused',
  batch,
  buffers,
  steps,
  parameters: [],
  inputs: [],
  loss: null,
  prediction: null,
  ...rest,
});

const stepOf = (kernel: Kernel, bind: Record<string, string>, phase: Step['phase'] = 'forward'): Step => ({
  phase,
  node: 'n',
  kernel,
  bind,
});

/** Runs one kernel over named numbers; gives the named results. */
async function runKernel(
  kernel: Kernel,
  batch: number,
  given: Readonly<Record<string, ArrayLike<number>>>,
  bind: Readonly<Record<string, string>>,
  wanted: readonly string[],
  profile: BackendProfile,
): Promise<Float32Array[]> {
  const buffers = Object.entries(given).map(([id, numbers]): BufferSpec => ({ id, shape: [numbers.length], role: 'value' }));
  // Not of training, where the smallest numbers count as 0: see subnormal.test.ts.
  const p = program(batch, buffers, [stepOf(kernel, bind)], { detail: 'forward' });
  const device = await wasm.open({ program: p, backend: 'wasm', code: wasm.emit(p, profile) });
  for (const [id, numbers] of Object.entries(given)) device.write(id, numbers);
  await device.run({ phases: ['forward'], rows: new Uint32Array(batch), batch });
  const result = await device.read(wanted);
  device.close();
  return result;
}

/** The same in float64. */
function interpretKernel(
  kernel: Kernel,
  batch: number,
  given: Readonly<Record<string, ArrayLike<number>>>,
  bind: Readonly<Record<string, string>>,
  wanted: readonly string[],
): Float64Array[] {
  const memory = new Map(Object.entries(given).map(([id, numbers]) => [id, Float64Array.from(numbers)]));
  prepareKernel(kernel, (name) => memory.get(bind[name]!)!)(batch);
  return wanted.map((id) => memory.get(id)!);
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 2e-5): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Number.isNaN(e) ? !Number.isNaN(a) : !(a === e || Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e))))
      throw new Error(`at ${i}: ${a}, but ${e} is right (${actual.length} numbers)`);
  }
}

/** Deterministic numbers in (−2, 2). */
const numbers = (count: number, seed = 1): Float32Array => {
  let state = seed * 2654435761;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 4 - 2;
  });
};

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

for (const profile of profiles)
  describe.skipIf(!runnable(profile))(`training, ${profile.title}`, () => {
    const features = numbers(23 * 6, 21);
    const targets = Float32Array.from({ length: 23 * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));
    const net = (loss: string, activation: string, units: number): Rows => ({
      x: ['input', {}, { shape: [6] }],
      t: ['target', {}, { shape: [3] }],
      one: ['dense', { x: 'x' }, { units, activation }],
      two: ['dense', { x: 'one' }, { units: 5, activation: 'tanh' }],
      three: ['dense', { x: 'two' }, { units: 3, activation: 'identity' }],
      loss: [loss, { prediction: 'three', target: 't' }],
    });
    const cover: readonly [string, string, string, number][] = [
      ['sgd', 'mean-squared-error', 'tanh', 8],
      ['momentum', 'cross-entropy-logits', 'sigmoid', 9],
      ['rmsprop', 'binary-cross-entropy-logits', 'silu', 12],
      ['adam', 'cross-entropy-logits', 'softmax', 7],
      ['adam', 'mean-squared-error', 'sine', 130],
    ];
    it.each(cover)('%s with %s over %s, %i neurons: every batch as in float64', async (optimizer, loss, activation, units) => {
      const p = programOf(prepare(drawing(net(loss, activation, units), { optimizer, batch: 8 }), null), 'fused', 8);
      const exact = new ReferenceDevice(p);
      const device = await wasm.open({ program: p, backend: 'wasm', code: wasm.emit(p, profile) });
      for (const d of [exact, device]) {
        d.setData(features, 6, targets, 3);
        p.parameters.forEach((parameter, at) => {
          const size = parameter.shape.reduce((a, b) => a * b, 1);
          d.write(
            parameter.value,
            numbers(size, at + 5).map((v) => v / 4),
          );
        });
      }
      // Five epochs of 8 + 8 + 7 rows.
      const rows = Uint32Array.from({ length: 23 * 5 }, (_, i) => (i * 7) % 23);
      for (let epoch = 0; epoch < 5; epoch++) {
        const run: Run = {
          phases: ['forward', 'loss', 'backward', 'update'],
          rows: rows.subarray(23 * epoch, 23 * epoch + 23),
          batch: 8,
        };
        const [wanted, actual] = [await exact.run(run), await device.run(run)];
        expectClose(actual.losses, wanted.losses, 1e-4);
      }
      const ids = p.parameters.map((parameter) => parameter.value);
      const actual = await device.read(ids);
      for (const [at, id] of ids.entries()) expectClose(actual[at]!, exact.numbers(id), 1e-3);
    });
  });

afterAll(endThreads);

for (const profile of profiles)
  describe.skipIf(!runnable(profile))(`drawings of single neurons, ${profile.title}`, () => {
    const features = numbers(23 * 3, 41);
    const targets = numbers(23, 42);
    /** Three layers of `width`, `width` and 1 neurons. */
    const net = (width: number): Rows => {
      const rows: Record<string, Rows[string]> = { t: ['target', {}, { shape: [] }] };
      let before = ['x0', 'x1', 'x2'];
      for (const x of before) rows[x] = ['input', {}, { shape: [] }];
      for (const [layer, count] of [width, width, 1].entries())
        before = Array.from({ length: count }, (_, i) => {
          const inputs = Object.fromEntries(before.map((from, at) => [`x${at + 1}`, from]));
          rows[`n${layer}.${i}`] = ['neuron', inputs, { inputs: before.length, activation: layer === 1 ? 'relu' : 'tanh' }];
          return `n${layer}.${i}`;
        });
      rows.loss = ['squared-error', { prediction: before[0]!, target: 't' }];
      return rows;
    };
    it.each([
      [3, 'sgd', 8],
      [5, 'adam', 8],
      [8, 'momentum', 10],
      [9, 'sgd', 1],
      // Ends of one and of two lanes, which neighbouring rows share; an odd number of rows.
      [4, 'sgd', 5],
      [7, 'momentum', 6],
      [5, 'sgd', 9],
    ])('%i a layer, %s, batches of %i: as in float64', async (width, optimizer, batch) => {
      // Gentle steps: longer ones on single rows amplify rounding from epoch to epoch.
      const p = programOf(prepare(drawing(net(width), { optimizer, batch, hyper: { rate: 0.02 } }), null), 'fused', batch);
      const exact = new ReferenceDevice(p);
      const device = await wasm.open({ program: p, backend: 'wasm', code: wasm.emit(p, profile) });
      for (const d of [exact, device]) {
        d.setData(features, 3, targets, 1);
        for (const [at, parameter] of p.parameters.entries()) d.write(parameter.value, numbers(1, at + 5));
      }
      const rows = Uint32Array.from({ length: 23 }, (_, i) => (i * 7) % 23);
      for (let epoch = 0; epoch < 5; epoch++) {
        const run: Run = { phases: ['forward', 'loss', 'backward', 'update'], rows, batch };
        expectClose((await device.run(run)).losses, (await exact.run(run)).losses, 1e-5);
      }
      const ids = p.parameters.map((parameter) => parameter.value);
      const actual = await device.read(ids);
      for (const [at, id] of ids.entries()) expectClose(actual[at]!, exact.numbers(id), 1e-4);
    });
  });

for (const { title, fma } of profiles)
  describe.skipIf(!runnable({ backend: 'wasm', title, fma: fma ?? false }))(`threads, ${title}`, () => {
    const features = numbers(70 * 100, 31);
    const targets = numbers(70 * 40, 32);
    const rows: Rows = {
      x: ['input', {}, { shape: [100] }],
      t: ['target', {}, { shape: [40] }],
      one: ['dense', { x: 'x' }, { units: 300, activation: 'tanh' }],
      two: ['dense', { x: 'one' }, { units: 203, activation: 'relu' }],
      three: ['dense', { x: 'two' }, { units: 40, activation: 'identity' }],
      loss: ['mean-squared-error', { prediction: 'three', target: 't' }],
    };
    const trained = async (threads: number, spawned: Spawn | null): Promise<Float32Array[]> => {
      const p = programOf(prepare(drawing(rows, { optimizer: 'adam', batch: 32 }), null), 'fused', 32);
      const code = wasm.emit(p, {
        backend: 'wasm',
        title: '',
        fma: fma ?? false,
        ...(threads > 1 ? { limits: { threads } } : {}),
      });
      if (code.kind === 'wasm') expect((code.layout as Layout).threads).toBe(threads);
      const device = await open({ program: p, backend: 'wasm', code }, spawned);
      device.setData(features, 100, targets, 40);
      p.parameters.forEach((parameter, at) => {
        device.write(
          parameter.value,
          numbers(
            parameter.shape.reduce((a, b) => a * b, 1),
            at + 5,
          ).map((v) => v / 20),
        );
      });
      const order = Uint32Array.from({ length: 70 }, (_, i) => (i * 11) % 70);
      const losses: number[] = [];
      for (let epoch = 0; epoch < 8; epoch++)
        losses.push(...(await device.run({ phases: ['forward', 'loss', 'backward', 'update'], rows: order, batch: 32 })).losses);
      const numbersHere = await device.read(p.parameters.map((parameter) => parameter.value));
      device.close();
      return [Float32Array.from(losses), ...numbersHere];
    };

    it.each([2, 3])('%i of them give the same bits as one', async (threads) => {
      const alone = await trained(1, null);
      expect(await trained(threads, spawn)).toEqual(alone);
      // The helpers serve the next device too; and without helpers the same code runs alone.
      expect(await trained(threads, spawn)).toEqual(alone);
      expect(await trained(threads, null)).toEqual(alone);
    });

    it('a thread that does not come is not waited for for ever: the device is lost', async () => {
      const p = programOf(prepare(drawing(rows, { optimizer: 'sgd', batch: 32 }), null), 'fused', 32);
      const code = wasm.emit(p, { backend: 'wasm', title: '', fma: fma ?? false, limits: { threads: 2 } });
      const device = await open({ program: p, backend: 'wasm', code }, idler, 20);
      device.setData(features, 100, targets, 40);
      const run: Run = { phases: ['forward', 'loss', 'backward', 'update'], rows: new Uint32Array(32), batch: 32 };
      await expect(device.run(run)).rejects.toMatchObject({ name: 'DeviceFailure', reason: 'lost' });
      await expect(device.read([])).rejects.toMatchObject({ reason: 'lost' });
      device.close();
    });

    it('helpers that do not answer are not used', async () => {
      const mute: Spawn = () => ({ ...idler(), answer: () => Promise.reject(new Error('no answer')) });
      expect(await trained(2, mute)).toEqual(await trained(1, null));
    });
  });

describe('batches', () => {
  const features = numbers(7 * 5, 11);
  const targets = numbers(7 * 2, 12);
  // Sum over the batch of weight · feature · target: padding must not count.
  const p = program(
    4,
    [
      { id: 'x', shape: ['batch', 3], role: 'input' },
      { id: 't', shape: ['batch'], role: 'input' },
      { id: bufferIds.rowWeights, shape: ['batch'], role: 'rows' },
      { id: 'g', shape: [3], role: 'gradient' },
      { id: 'loss', shape: ['batch'], role: 'value' },
      { id: 'w', shape: [3], role: 'parameter', init: 0.5 },
      { id: 'doubled', shape: ['batch', 3], role: 'value' },
    ],
    [
      stepOf(
        {
          out: ['batch', 3],
          reads: [{ name: 'x', strides: [3, 1], offset: 0 }],
          stores: [{ to: 'd', value: mul(2, read('x')) }],
        },
        { x: 'x', d: 'doubled' },
      ),
      stepOf(
        {
          out: ['batch'],
          reads: [{ name: 't', strides: [1], offset: 0 }],
          stores: [{ to: 'loss', value: mul(read('t'), read('t')) }],
        },
        { t: 't', loss: 'loss' },
        'loss',
      ),
      stepOf(
        {
          out: [3],
          fold: { with: 'sum', over: ['batch'], body: mul(mul(read('r'), read('t')), read('x')) },
          reads: [
            { name: 'r', strides: [0, 1], offset: 0 },
            { name: 't', strides: [0, 1], offset: 0 },
            { name: 'x', strides: [1, 3], offset: 0 },
            { name: 'w', strides: [1, 0], offset: 0 },
          ],
          stores: [
            { to: 'g', value: read(ACC) },
            { to: 'w', value: sub(read('w'), read(ACC)) },
          ],
        },
        { r: bufferIds.rowWeights, t: 't', x: 'x', g: 'g', w: 'w' },
        'update',
      ),
    ],
    {
      inputs: [
        { node: 'x', buffer: 'x', from: 'features', columns: [4, 0, 1] },
        { node: 't', buffer: 't', from: 'targets', columns: [1] },
      ],
      loss: 'loss',
    },
  );
  const open = async () => {
    const device = await wasm.open({ program: p, backend: 'wasm', code: wasm.emit(p, profiles[0]!) });
    device.setData(features, 5, targets, 2);
    return device;
  };
  const x = (row: number): number[] => [4, 0, 1].map((column) => features[row * 5 + column]!);
  const t = (row: number): number => targets[row * 2 + 1]!;

  it('gathers columns, pads the last batch, weighs rows, collects real rows, counts losses', async () => {
    const device = await open();
    const rows = Uint32Array.of(6, 2, 2, 0, 5, 1);
    const run: Run = { phases: ['forward', 'loss', 'update'], rows, batch: 4, collect: ['doubled', 'loss'] };
    const { losses, collected } = await device.run(run);
    const batches = [
      [6, 2, 2, 0],
      [5, 1],
    ];
    expectClose(
      losses,
      batches.map((batch) => batch.reduce((sum, row) => sum + t(row) ** 2, 0) / batch.length),
    );
    expectClose(
      collected[0]!,
      [...rows].flatMap((row) => x(row).map((v) => 2 * v)),
    );
    expectClose(
      collected[1]!,
      [...rows].map((row) => t(row) ** 2),
    );
    const gradient = (batch: readonly number[]): number[] =>
      [0, 1, 2].map((i) => batch.reduce((sum, row) => sum + t(row) * x(row)[i]!, 0) / batch.length);
    const [g, w, weights, gathered] = await device.read(['g', 'w', bufferIds.rowWeights, 'x']);
    expectClose(g!, gradient(batches[1]!));
    expectClose(
      w!,
      [0, 1, 2].map((i) => 0.5 - gradient(batches[0]!)[i]! - gradient(batches[1]!)[i]!),
    );
    expectClose(weights!, [0.5, 0.5, 0, 0]);
    expectClose(gathered!, [5, 1, 5, 5].flatMap(x));
  });

  it('leaves parameters alone when the update is not asked for', async () => {
    const device = await open();
    const { losses } = await device.run({ phases: ['forward'], rows: Uint32Array.of(1, 2), batch: 2 });
    expect(losses.length).toBe(0);
    expectClose((await device.read(['w']))[0]!, [0.5, 0.5, 0.5]);
  });

  it('runs more rows than fit one slice', async () => {
    const device = await open();
    const rows = Uint32Array.from({ length: 40_001 }, (_, i) => i % 7);
    const { losses, collected } = await device.run({ phases: ['forward', 'loss'], rows, batch: 3, collect: ['loss'] });
    expect(losses.length).toBe(Math.ceil(rows.length / 3));
    expectClose(
      collected[0]!,
      [...rows].map((row) => t(row) ** 2),
    );
    expectClose([losses.at(-1)!], [(t(rows[39_999]!) ** 2 + t(rows[40_000]!) ** 2) / 2]);
  });

  it('takes a new, larger data set and keeps the weights', async () => {
    const device = await open();
    device.write('w', [1, 2, 3]);
    const many = numbers(5 * 100_000, 3);
    device.setData(many, 5, numbers(2 * 100_000, 4), 2);
    await device.run({ phases: ['forward'], rows: Uint32Array.of(99_999), batch: 1 });
    const [w, gathered] = await device.read(['w', 'x']);
    expectClose(w!, [1, 2, 3]);
    expectClose(
      gathered!.subarray(0, 3),
      [4, 0, 1].map((column) => many[99_999 * 5 + column]!),
    );
  });

  it('refuses rows and batches that do not exist', async () => {
    const device = await open();
    await expect(device.run({ phases: ['forward'], rows: Uint32Array.of(7), batch: 1 })).rejects.toThrow('row 7');
    await expect(device.run({ phases: ['forward'], rows: Uint32Array.of(0), batch: 5 })).rejects.toThrow('batch of 5');
  });

  it('emits the same bytes twice', () => {
    const [a, b] = [wasm.emit(p, profiles[1]!), wasm.emit(p, profiles[1]!)];
    expect(a).toEqual(b);
  });
});
