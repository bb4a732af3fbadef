/** Single kernels and random programs on WebGPU, in each way of running them, against the float64 reference. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReferenceDevice } from '../../../src/engine/backends/reference';
import {
  add,
  constant,
  cos,
  div,
  exp,
  type Expr,
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
  tanh,
  abs,
} from '../../../src/engine/ir/expr';
import { ACC, alongOut, type Read } from '../../../src/engine/ir/kernel';
import type { Shape } from '../../../src/engine/ir/shape';
import type { Phase } from '../../../src/engine/plan';
import { ways, randomFrom, numbers, worst, Draft, gpu, Opened, compare } from '../../support/webgpu';

describe.skipIf(!gpu)('kernels on WebGPU', () => {
  let here: Opened;
  beforeAll(async () => {
    here = await Opened.here();
  });
  afterAll(() => here.backend.release());

  describe('scalar functions', () => {
    const x = read('x');
    const y = read('y');
    const cases: Record<string, { readonly value: Expr; readonly points: readonly number[]; readonly tolerance?: number }> = {
      exp: { value: exp(x), points: [-80, -20, -1.5, -1e-4, 0, 1e-4, 0.7, 10, 60] },
      log: { value: log(x), points: [1e-30, 1e-6, 0.3, 0.999, 1, 1.0001, 1.5, 2, 1e20] },
      tanh: { value: tanh(x), points: [-1000, -20, -3, -0.7, -0.6, -1e-5, 0, 1e-6, 0.3, 0.62, 0.63, 5, 1000] },
      sin: { value: sin(x), points: [-100, -3.14, -1, -1e-4, 0, 0.5, 1.571, 3, 50, 1000] },
      cos: { value: cos(x), points: [-100, -3.14, -1, 0, 0.5, 1.57, 3, 50, 1000] },
      sqrt: { value: sqrt(x), points: [0, 1e-10, 0.5, 4, 1e20] },
      abs: { value: abs(x), points: [-3, 0, 4] },
      'x³': { value: pow(x, 3), points: [-2, 0, 1.5] },
      'x⁻²': { value: pow(x, -2), points: [-2, 0.5, 1.5] },
      'x^2.5': { value: pow(x, 2.5), points: [0, 0.1, 1.5, 30] },
      '|x|^y': { value: pow(abs(x), y), points: [0, 0.1, 1.5, 30] },
      sigmoid: { value: div(1, add(1, exp(neg(x)))), points: [-1000, -50, -1, 0, 2, 50, 1000] },
      softplus: { value: add(max(x, 0), log(add(1, exp(neg(abs(x)))))), points: [-1000, -10, -1, 0, 1, 10, 1000] },
      relu: { value: select(x, x, 0), points: [-1000, -1, 0, 1, 1000] },
      'min and max': { value: min(max(x, -1), 1), points: [-1000, -1, 0, 0.5, 1000] },
    };
    for (const [name, { value, points, tolerance = 2e-6 }] of Object.entries(cases))
      it(name, async () => {
        const draft = new Draft();
        const shape = [points.length];
        draft.buffer('x', shape, 'constant', points);
        draft.buffer('y', shape, 'constant', 1.7);
        draft.buffer('z', shape, 'value');
        draft.step(
          'forward',
          { out: shape, reads: [alongOut('x', shape), alongOut('y', shape)], stores: [{ to: 'z', value }] },
          { x: 'x', y: 'y', z: 'z' },
        );
        const program = draft.program(1);
        const device = await here.open(program, 'general');
        try {
          await device.run({ phases: ['forward'], rows: new Uint32Array(1), batch: 1 });
          const [z] = await device.read(['z']);
          const reference = new ReferenceDevice(program);
          reference.write('x', Float32Array.from(points));
          reference.write('y', new Float32Array(points.length).fill(1.7));
          await reference.run({ phases: ['forward'], rows: new Uint32Array(1), batch: 1 });
          points.forEach((point, at) => {
            const wanted = reference.numbers('z')[at]!;
            expect(
              Math.abs(z![at]! - wanted) / Math.max(name === 'softplus' ? 1 : 1e-30, Math.abs(wanted)),
              `${name}(${point}) = ${z![at]} for ${wanted}`,
            ).toBeLessThan(wanted === 0 || Math.abs(wanted) < 1e-37 ? 1e-6 : tolerance);
          });
        } finally {
          device.close();
        }
      });
  });

  describe.each(ways)('%s', (way) => {
    it('random kernels', async () => {
      for (let seed = 1; seed <= 40; seed++) {
        const random = randomFrom(seed);
        const whole = (most: number): number => 1 + Math.floor(random() * most);
        const batch = whole(6);
        const out: Shape = [
          ...(random() < 0.5 ? ['batch' as const] : []),
          ...Array.from({ length: whole(3) - 1 }, () => whole(5)),
        ];
        const over: Shape = random() < 0.6 ? Array.from({ length: whole(2) }, () => whole(4)) : [];
        const lengths = [...out, ...over].map((axis) => (axis === 'batch' ? batch : axis));
        const draft = new Draft();
        const values: Record<string, Float32Array> = {};
        const reads = Array.from({ length: whole(3) }, (_, at): Read => {
          // Strides of a random permutation of a random subset of the axes.
          const strides = lengths.map(() => 0);
          let size = 1;
          const axes = lengths.map((_, axis) => axis).sort(() => random() - 0.5);
          for (const axis of axes)
            if (random() < 0.7) {
              strides[axis] = size;
              size *= lengths[axis]!;
            }
          const offset = Math.floor(random() * 3);
          draft.buffer(`x${at}`, [size + offset], 'constant');
          values[`x${at}`] = numbers(size + offset, random);
          return { name: `x${at}`, strides, offset };
        });
        const still = reads
          .filter(({ strides }) => strides.slice(out.length).every((stride) => stride === 0))
          .map(({ name }) => name);
        const pick = (names: readonly string[]): Expr =>
          names.length === 0 ? constant(0.5) : read(names[Math.floor(random() * names.length)]!);
        const tree = (depth: number, names: readonly string[]): Expr => {
          if (depth === 0) return random() < 0.2 ? constant(Math.round(random() * 8) / 4 - 1) : pick(names);
          const a = tree(depth - 1, names);
          const b = tree(depth - 1, names);
          const forms = [
            add(a, b),
            sub(a, b),
            mul(a, b),
            tanh(a),
            max(a, b),
            select(a, a, b),
            exp(neg(abs(a))),
            pow(a, 2),
            sin(a),
            div(a, add(1, mul(b, b))),
          ];
          return forms[Math.floor(random() * forms.length)]!;
        };
        const all = reads.map(({ name }) => name);
        const fold =
          over.length > 0
            ? {
                fold: {
                  with: random() < 0.7 ? ('sum' as const) : ('max' as const),
                  over,
                  body: random() < 0.4 ? mul(pick(all), pick(all)) : tree(2, all),
                },
              }
            : {};
        const result = over.length > 0 ? [...still, ACC] : still;
        draft.buffer('y', out, 'value');
        draft.buffer('z', out, 'value');
        draft.step(
          'forward',
          {
            out,
            ...fold,
            reads,
            stores: [
              { to: 'y', value: over.length > 0 ? add(read(ACC), tree(1, result)) : tree(2, result) },
              { to: 'z', value: tree(2, result) },
            ],
          },
          { ...Object.fromEntries(all.map((name) => [name, name])), y: 'y', z: 'z' },
        );
        await compare(here, draft.program(batch), way, values, 1e-5, 1);
      }
    });

    it('random programs, whose steps depend on each other in every way', async () => {
      // One workgroup takes a software adapter long to compile.
      for (let seed = 1; seed <= (way === 'general' || way === 'tiled' ? 25 : 8); seed++) {
        const random = randomFrom(1000 + seed);
        const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
        const draft = new Draft();
        // All buffers have 72 numbers: read as they lie, transposed, or one row or column for all.
        const ids = Array.from({ length: 7 }, (_, at) => draft.buffer(`b${at}`, [8, 9], 'constant'));
        const small = draft.buffer('s', [], 'constant');
        const phases: readonly Phase[] = ['forward', 'loss', 'backward', 'update'];
        for (let at = 0; at < 24; at++) {
          const target = pick(ids);
          const [x, y] = [pick(ids), pick(ids)];
          const strides = (id: string): readonly number[] =>
            id === target
              ? [9, 1]
              : pick([
                  [9, 1],
                  [9, 1],
                  [1, 8],
                  [0, 1],
                  [1, 0],
                ]);
          const phase = phases[Math.floor(at / 6)]!;
          const form = random();
          if (form < 0.15)
            // Transposed into another buffer: the place of each store is not its index.
            draft.step(
              phase,
              {
                out: [9, 8],
                reads: [{ name: 'x', strides: [1, 9], offset: 0 }],
                stores: [
                  { to: 'y', value: neg(read('x')), place: { strides: [8, 1], offset: 0 } },
                  { to: 'z', value: read('x'), place: { strides: [1, 9], offset: 0 } },
                ],
              },
              { x: 'b6', y: 'b5', z: target === 'b6' || target === 'b5' ? 'b4' : target },
            );
          else if (form < 0.6)
            draft.step(
              phase,
              {
                out: [8, 9],
                reads: [
                  { name: 'x', strides: strides(x), offset: 0 },
                  { name: 'y', strides: strides(y), offset: 0 },
                  { name: 's', strides: [0, 0], offset: 0 },
                ],
                stores: [{ to: 'z', value: tanh(add(add(mul(read('x'), 0.7), read('y')), read('s'))) }],
              },
              { x, y, s: small, z: target },
            );
          else if (form < 0.85) {
            // A product may not write what it reads.
            const to = target === 'b0' || target === 'b1' ? 'b2' : target;
            draft.step(
              phase,
              {
                out: [8, 9],
                fold: { with: 'sum', over: [8], body: mul(read('x'), read('y')) },
                reads: [
                  { name: 'x', strides: [9, 0, 1], offset: 0 },
                  { name: 'y', strides: [0, 1, 9], offset: 0 },
                ],
                stores: [{ to: 'z', value: tanh(read(ACC)) }],
              },
              { x: x === to ? 'b0' : x, y: y === to ? 'b1' : y, z: to },
            );
          } else
            draft.step(
              phase,
              {
                out: [],
                fold: { with: 'sum', over: [72], body: read('x') },
                reads: [{ name: 'x', strides: [1], offset: 0 }],
                stores: [{ to: 'z', value: tanh(read(ACC)) }],
              },
              { x, z: small },
            );
        }
        const program = draft.program(1, { detail: seed % 2 === 0 ? 'fused' : 'every-edge' });
        const values = Object.fromEntries(ids.map((id) => [id, numbers(72, random)]));
        const reference = new ReferenceDevice(program);
        const device = await here.open(program, way);
        try {
          for (const [id, data] of Object.entries(values)) for (const each of [device, reference]) each.write(id, data);
          const run = { phases, rows: new Uint32Array(1), batch: 1 };
          await reference.run(run);
          await device.run(run);
          const [actual, wanted] = [await device.read([...ids, small]), await reference.read([...ids, small])];
          for (const [index, id] of ids.entries())
            expect(worst(actual[index]!, wanted[index]!, 1), `seed ${seed}: ${id}`).toBeLessThan(1e-4);
        } finally {
          device.close();
        }
      }
    });

    it('long folds, wide outputs and updates in place', async () => {
      const random = randomFrom(7);
      const draft = new Draft();
      const rows = 1500;
      draft.buffer('x', [rows, 3], 'constant');
      draft.buffer('p', [3], 'value');
      draft.buffer('m', [], 'value');
      draft.buffer('s', [3, rows], 'parameter');
      draft.step(
        'forward',
        {
          out: [3],
          fold: { with: 'sum', over: [rows], body: mul(read('x'), read('x')) },
          reads: [{ name: 'x', strides: [1, 3], offset: 0 }],
          stores: [{ to: 'p', value: sqrt(read(ACC)) }],
        },
        { x: 'x', p: 'p' },
      );
      draft.step(
        'forward',
        {
          out: [],
          fold: { with: 'max', over: [rows, 3], body: read('x') },
          reads: [{ name: 'x', strides: [3, 1], offset: 0 }],
          stores: [{ to: 'm', value: read(ACC) }],
        },
        { x: 'x', m: 'm' },
      );
      draft.step(
        'forward',
        {
          out: [3, rows],
          reads: [alongOut('s', [3, rows]), { name: 'x', strides: [1, 3], offset: 0 }, { name: 'p', strides: [1, 0], offset: 0 }],
          stores: [{ to: 's', value: add(read('s'), div(read('x'), read('p'))) }],
        },
        { s: 's', x: 'x', p: 'p' },
      );
      await compare(here, draft.program(1), way, { x: numbers(rows * 3, random), s: numbers(rows * 3, random) }, 1e-5);
    });
  });

  it('covers more elements than one row of workgroups', async () => {
    const draft = new Draft();
    const shape = [4_300_000];
    draft.buffer('x', shape, 'constant', 3);
    draft.buffer('y', shape, 'value');
    draft.step(
      'forward',
      { out: shape, reads: [alongOut('x', shape)], stores: [{ to: 'y', value: mul(read('x'), 2) }] },
      { x: 'x', y: 'y' },
    );
    const device = await here.open(draft.program(1), 'general');
    try {
      await device.run({ phases: ['forward'], rows: new Uint32Array(1), batch: 1 });
      const [y] = await device.read(['y']);
      expect(y!.findIndex((value) => value !== 6)).toBe(-1);
    } finally {
      device.close();
    }
  });
});
