/** The WebGPU backend against the float64 reference: kernels, batches, training, all three ways. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendProfile, Device } from '../../src/engine/backends/backend';
import { ReferenceDevice } from '../../src/engine/backends/reference';
import { emit } from '../../src/engine/backends/webgpu/emit';
import { type WebgpuBackend, webgpuBackend } from '../../src/engine/backends/webgpu';
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
} from '../../src/engine/ir/expr';
import { ACC, alongOut, type Kernel, type Read } from '../../src/engine/ir/kernel';
import { type Shape, sizeOf } from '../../src/engine/ir/shape';
import {
  type BufferRole,
  type BufferSpec,
  bufferIds,
  type Code,
  type Phase,
  type Plan,
  type Program,
  type Step,
  verify,
} from '../../src/engine/plan';
import { dawn } from './dawn';

const found = await dawn();
if ('absent' in found) console.warn(`WebGPU tests skipped: ${found.absent}.`);
const gpu = 'gpu' in found ? found.gpu : undefined;

/** The ways to run a program; `spilled` is one workgroup with little memory of its own. */
const ways = ['general', 'tiled', 'workgroup', 'spilled'] as const;
type Way = (typeof ways)[number];

/** A small generator, so that a failing case has a number. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const gaussian = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const numbers = (count: number, random: () => number): Float32Array =>
  Float32Array.from({ length: count }, () => gaussian(random));

/** |x − y| over the size of the numbers compared, at least `floor`. */
function worst(actual: ArrayLike<number>, wanted: ArrayLike<number>, floor = 1e-3): number {
  expect(actual.length).toBe(wanted.length);
  let scale = floor;
  for (let i = 0; i < wanted.length; i++) scale = Math.max(scale, Math.abs(wanted[i]!));
  let result = 0;
  for (let i = 0; i < wanted.length; i++) {
    const error = Math.abs(actual[i]! - wanted[i]!) / scale;
    if (!(error <= result)) result = error;
  }
  return result;
}

class Draft {
  readonly buffers: BufferSpec[] = [];
  readonly steps: Step[] = [];

  buffer(id: string, shape: Shape, role: BufferRole, init?: number | readonly number[]): string {
    this.buffers.push(init === undefined ? { id, shape, role } : { id, shape, role, init });
    return id;
  }

  step(phase: Phase, kernel: Kernel, bind: Record<string, string>): void {
    this.steps.push({ phase, node: 'n', kernel, bind });
  }

  program(batch: number, rest: Partial<Program> = {}): Program {
    return verify({
      detail: 'fused',
      batch,
      buffers: this.buffers,
      parameters: [],
      inputs: [],
      steps: this.steps,
      loss: null,
      prediction: null,
      ...rest,
    });
  }
}

/** out[m, n] (+)= Σ_k a[…] b[…] with the strides given as [m, n, k]. */
const productKernel = (
  rows: Shape,
  over: Shape,
  a: readonly number[],
  b: readonly number[],
  stores: Kernel['stores'],
  more: readonly Read[] = [],
): Kernel => ({
  out: rows,
  fold: { with: 'sum', over, body: mul(read('a'), read('b')) },
  reads: [{ name: 'a', strides: a, offset: 0 }, { name: 'b', strides: b, offset: 0 }, ...more],
  stores,
});

/** A fully connected network with tanh units, squared error and SGD, written as kernels by hand. */
function network(sizes: readonly number[], batch: number): Program {
  const draft = new Draft();
  const rate = draft.buffer(bufferIds.hyper('rate'), [], 'hyper', 0.1);
  const weights = draft.buffer(bufferIds.rowWeights, ['batch'], 'rows');
  draft.buffer('v:x', ['batch', sizes[0]!], 'input');
  const last = sizes.length - 1;
  const target = draft.buffer('v:t', ['batch', sizes[last]!], 'input');
  const parameters: Program['parameters'][number][] = [];
  const value = (layer: number): string => (layer === 0 ? 'v:x' : `v:h${layer}`);
  for (let layer = 1; layer <= last; layer++) {
    const [inputs, units] = [sizes[layer - 1]!, sizes[layer]!];
    draft.buffer(`v:w${layer}`, [inputs, units], 'parameter');
    draft.buffer(`v:b${layer}`, [units], 'parameter');
    for (const [key, shape, role] of [
      [`w${layer}`, [inputs, units], 'weight'],
      [`b${layer}`, [units], 'bias'],
    ] as const)
      parameters.push({
        key,
        shape,
        role,
        initializer: 'zeros',
        scale: 1,
        fanIn: inputs,
        fanOut: units,
        value: `v:${key}`,
        gradient: `g:${key}`,
        trainable: true,
      });
    draft.buffer(value(layer), ['batch', units], 'value');
    draft.step(
      'forward',
      productKernel(
        ['batch', units],
        [inputs],
        [inputs, 0, 1],
        [0, 1, units],
        [{ to: 'y', value: layer === last ? add(read(ACC), read('bias')) : tanh(add(read(ACC), read('bias'))) }],
        [{ name: 'bias', strides: [0, 1, 0], offset: 0 }],
      ),
      { a: value(layer - 1), b: `v:w${layer}`, bias: `v:b${layer}`, y: value(layer) },
    );
  }
  const outputs = sizes[last]!;
  draft.buffer('v:loss', ['batch'], 'value');
  draft.step(
    'loss',
    {
      out: ['batch'],
      fold: { with: 'sum', over: [outputs], body: pow(sub(read('y'), read('t')), 2) },
      reads: [
        { name: 'y', strides: [outputs, 1], offset: 0 },
        { name: 't', strides: [outputs, 1], offset: 0 },
      ],
      stores: [{ to: 'l', value: div(read(ACC), outputs) }],
    },
    { y: value(last), t: target, l: 'v:loss' },
  );
  for (let layer = last; layer >= 1; layer--) {
    const [inputs, units] = [sizes[layer - 1]!, sizes[layer]!];
    draft.buffer(`g:z${layer}`, ['batch', units], 'gradient');
    if (layer === last)
      draft.step(
        'backward',
        {
          out: ['batch', units],
          reads: [alongOut('y', ['batch', units]), alongOut('t', ['batch', units]), { name: 'r', strides: [1, 0], offset: 0 }],
          stores: [{ to: 'g', value: mul(mul(div(constant(2), outputs), sub(read('y'), read('t'))), read('r')) }],
        },
        { y: value(last), t: target, r: weights, g: `g:z${layer}` },
      );
    else {
      const next = sizes[layer + 1]!;
      draft.step(
        'backward',
        productKernel(
          ['batch', units],
          [next],
          [next, 0, 1],
          [0, next, 1],
          [{ to: 'g', value: mul(read(ACC), sub(1, mul(read('h'), read('h')))) }],
          [{ name: 'h', strides: [units, 1, 0], offset: 0 }],
        ),
        { a: `g:z${layer + 1}`, b: `v:w${layer + 1}`, h: value(layer), g: `g:z${layer}` },
      );
    }
    draft.buffer(`g:w${layer}`, [inputs, units], 'gradient');
    draft.buffer(`g:b${layer}`, [units], 'gradient');
    draft.step(
      'backward',
      productKernel([inputs, units], ['batch'], [1, 0, inputs], [0, 1, units], [{ to: 'g', value: read(ACC) }]),
      { a: value(layer - 1), b: `g:z${layer}`, g: `g:w${layer}` },
    );
    draft.step(
      'backward',
      {
        out: [units],
        fold: { with: 'sum', over: ['batch'], body: read('z') },
        reads: [{ name: 'z', strides: [1, units], offset: 0 }],
        stores: [{ to: 'g', value: read(ACC) }],
      },
      { z: `g:z${layer}`, g: `g:b${layer}` },
    );
  }
  for (const { shape, value: id, gradient } of parameters)
    draft.step(
      'update',
      {
        out: shape,
        reads: [alongOut('w', shape), alongOut('g', shape), { name: 'rate', strides: shape.map(() => 0), offset: 0 }],
        stores: [{ to: 'w', value: sub(read('w'), mul(read('rate'), read('g'))) }],
      },
      { w: id, g: gradient!, rate },
    );
  return draft.program(batch, {
    parameters,
    inputs: [
      { node: 'x', buffer: 'v:x', from: 'features', columns: Array.from({ length: sizes[0]! }, (_, at) => at) },
      { node: 't', buffer: 'v:t', from: 'targets', columns: Array.from({ length: outputs }, (_, at) => outputs - 1 - at) },
    ],
    loss: 'v:loss',
  });
}

const TRAIN: readonly Phase[] = ['forward', 'loss', 'backward', 'update'];

describe.skipIf(!gpu)('the WebGPU backend', () => {
  let backend: WebgpuBackend;
  let profile: BackendProfile;

  beforeAll(async () => {
    backend = webgpuBackend(() => gpu);
    const detected = await backend.detect();
    if ('absent' in detected) throw new Error(detected.absent);
    profile = detected;
  });
  afterAll(() => backend.release());

  const open = (program: Program, way: Way): Promise<Device> => {
    const plan: Plan = { program, backend: 'webgpu', code: codeFor(program, way) };
    return backend.open(plan);
  };
  const codeFor = (program: Program, way: Way): Code =>
    emit(
      program,
      { ...profile, software: false, limits: way === 'spilled' ? { maxComputeWorkgroupStorageSize: 1200 } : profile.limits! },
      way === 'spilled' ? 'workgroup' : way,
    );

  it('is detected with its title and limits', () => {
    expect(profile.title.length).toBeGreaterThan(3);
    expect(profile.limits?.maxComputeWorkgroupStorageSize).toBeGreaterThanOrEqual(16384);
    if (/swiftshader/i.test(profile.title)) expect(profile.software).toBe(true);
  });

  it('says why it is absent', async () => {
    expect(await webgpuBackend(() => undefined).detect()).toEqual({ absent: expect.stringContaining('WebGPU') });
  });

  /** Runs the forward phase once on both and compares every written buffer. */
  async function compare(
    program: Program,
    way: Way,
    values: Record<string, Float32Array>,
    tolerance: number,
    floor?: number,
  ): Promise<void> {
    const reference = new ReferenceDevice(program);
    const device = await open(program, way);
    try {
      for (const [id, data] of Object.entries(values)) {
        reference.write(id, data);
        device.write(id, data);
      }
      const run = {
        phases: ['forward'] as const,
        rows: Uint32Array.from({ length: program.batch }, (_, at) => at),
        batch: program.batch,
      };
      await reference.run(run);
      await device.run(run);
      const written = [...new Set(program.steps.flatMap((step) => step.kernel.stores.map(({ to }) => step.bind[to]!)))];
      const [actual, wanted] = [await device.read(written), await reference.read(written)];
      for (const [index, id] of written.entries())
        expect(worst(actual[index]!, wanted[index]!, floor), `${way}: ${id}`).toBeLessThan(tolerance);
    } finally {
      device.close();
    }
  }

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
        const device = await open(program, 'general');
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
        await compare(draft.program(batch), way, values, 1e-5, 1);
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
        const device = await open(program, way);
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
      await compare(draft.program(1), way, { x: numbers(rows * 3, random), s: numbers(rows * 3, random) }, 1e-5);
    });

    it('matrix products of every layout', async () => {
      const random = randomFrom(11);
      for (const [m, n, k] of [
        [64, 64, 32],
        [70, 33, 50],
        [9, 130, 65],
      ] as const)
        for (const [ta, tb] of [
          [false, false],
          [true, false],
          [false, true],
          [true, true],
        ] as const) {
          const draft = new Draft();
          draft.buffer('a', [m * k], 'constant');
          draft.buffer('b', [k * n], 'constant');
          draft.buffer('c', [m, n], 'value');
          draft.buffer('e', [n], 'constant');
          draft.step(
            'forward',
            productKernel(
              [m, n],
              [k],
              ta ? [1, 0, m] : [k, 0, 1],
              tb ? [0, k, 1] : [0, 1, n],
              [{ to: 'c', value: tanh(add(read(ACC), read('e'))) }],
              [{ name: 'e', strides: [0, 1, 0], offset: 0 }],
            ),
            { a: 'a', b: 'b', c: 'c', e: 'e' },
          );
          const program = draft.program(1);
          const code = codeFor(program, way);
          if (way === 'tiled' && code.kind === 'wgsl')
            expect(code.modules.some((text) => text.includes('var<workgroup> left'))).toBe(true);
          await compare(program, way, { a: numbers(m * k, random), b: numbers(k * n, random), e: numbers(n, random) }, 1e-5);
        }
    });

    it.each([
      { sizes: [2, 8, 8, 1], batch: 10, rows: 103 },
      { sizes: [5, 40, 34, 3], batch: 32, rows: 100 },
    ])('trains $sizes like the reference, partial batches included', async ({ sizes, batch, rows }) => {
      const random = randomFrom(3);
      const program = network(sizes, batch);
      const [inputs, outputs] = [sizes[0]!, sizes[sizes.length - 1]!];
      const features = numbers(rows * inputs, random);
      const targets = numbers(rows * outputs, random).map((x) => Math.tanh(x));
      const device = await open(program, way);
      try {
        const reference = new ReferenceDevice(program);
        for (const each of [device, reference]) each.setData(features, inputs, targets, outputs);
        for (const { value, shape, fanIn } of program.parameters) {
          const start = numbers(sizeOf(shape, 1), random).map((x) => x / Math.sqrt(fanIn));
          for (const each of [device, reference]) each.write(value, start);
        }
        const order = Uint32Array.from({ length: 3 * rows }, () => Math.floor(random() * rows));
        for (const size of [batch, Math.max(1, batch - 3)]) {
          const run = { phases: TRAIN, rows: order, batch: size };
          const [actual, wanted] = [await device.run(run), await reference.run(run)];
          expect(actual.losses.length).toBe(Math.ceil(order.length / size));
          expect(worst(actual.losses, wanted.losses)).toBeLessThan(2e-5);
        }
        const ids = program.parameters.map(({ value }) => value);
        const [actual, wanted] = [await device.read(ids), await reference.read(ids)];
        for (const [index, id] of ids.entries()) expect(worst(actual[index]!, wanted[index]!), id).toBeLessThan(1e-4);

        const collect = [`v:h${sizes.length - 1}`, 'v:loss'];
        const seen = { phases: ['forward', 'loss'] as const, rows: order.subarray(0, 47), batch, collect };
        const [a, b] = [await device.run(seen), await reference.run(seen)];
        expect(worst(a.losses, b.losses)).toBeLessThan(1e-4);
        for (const index of collect.keys()) expect(worst(a.collected[index]!, b.collected[index]!)).toBeLessThan(1e-4);
      } finally {
        device.close();
      }
    });

    it('reports a loss that is not finite', async () => {
      const program = network([2, 8, 8, 1], 10);
      const device = await open(program, way);
      try {
        const random = randomFrom(5);
        device.setData(numbers(100, random), 2, numbers(50, random), 1);
        for (const { value, shape } of program.parameters) device.write(value, numbers(sizeOf(shape, 1), random));
        device.write(bufferIds.hyper('rate'), [1e12]);
        const rows = Uint32Array.from({ length: 200 }, (_, at) => at % 50);
        const { losses } = await device.run({ phases: TRAIN, rows, batch: 10 });
        expect(Number.isFinite(losses[0])).toBe(true);
        expect(losses[losses.length - 1]).toBeNaN();
        device.write(bufferIds.hyper('rate'), [0.01]);
        for (const { value, shape } of program.parameters) device.write(value, numbers(sizeOf(shape, 1), random));
        const again = await device.run({ phases: TRAIN, rows, batch: 10 });
        expect(again.losses.every(Number.isFinite)).toBe(true);
      } finally {
        device.close();
      }
    });
  });

  it.each([[false], [true]])('large products, transposed: %s', async (transposed) => {
    const random = randomFrom(17);
    const [m, n, k] = [645, 640, 36];
    const a = numbers(m * k, random);
    const b = numbers(k * n, random);
    const draft = new Draft();
    draft.buffer('a', [m * k], 'constant');
    draft.buffer('b', [k * n], 'constant');
    draft.buffer('c', [m, n], 'value');
    draft.step(
      'forward',
      productKernel([m, n], [k], transposed ? [1, 0, m] : [k, 0, 1], transposed ? [0, k, 1] : [0, 1, n], [
        { to: 'c', value: mul(read(ACC), 2) },
      ]),
      { a: 'a', b: 'b', c: 'c' },
    );
    const device = await open(draft.program(1), 'tiled');
    try {
      device.write('a', a);
      device.write('b', b);
      await device.run({ phases: ['forward'], rows: new Uint32Array(1), batch: 1 });
      const [c] = await device.read(['c']);
      const wanted = new Float64Array(m * n);
      for (let i = 0; i < m; i++)
        for (let q = 0; q < k; q++) {
          const left = 2 * a[transposed ? q * m + i : i * k + q]!;
          for (let j = 0; j < n; j++) wanted[i * n + j]! += left * b[transposed ? j * k + q : q * n + j]!;
        }
      expect(worst(c!, wanted)).toBeLessThan(1e-6);
    } finally {
      device.close();
    }
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
    const device = await open(draft.program(1), 'general');
    try {
      await device.run({ phases: ['forward'], rows: new Uint32Array(1), batch: 1 });
      const [y] = await device.read(['y']);
      expect(y!.findIndex((value) => value !== 6)).toBe(-1);
    } finally {
      device.close();
    }
  });

  describe('when something goes wrong', () => {
    /** A backend on a device that the test holds too, optionally one that claims small limits. */
    function watched(limits?: Partial<GPUSupportedLimits>): { readonly backend: WebgpuBackend; readonly devices: GPUDevice[] } {
      const devices: GPUDevice[] = [];
      const fake = {
        requestAdapter: async (options?: GPURequestAdapterOptions) => {
          const adapter = (await gpu!.requestAdapter(options))!;
          return {
            info: adapter.info,
            limits: adapter.limits,
            requestDevice: async (descriptor?: GPUDeviceDescriptor) => {
              const device = await adapter.requestDevice(descriptor);
              if (limits) Object.defineProperty(device, 'limits', { value: limits });
              devices.push(device);
              return device;
            },
          };
        },
      };
      return { backend: webgpuBackend(() => fake as unknown as GPU), devices };
    }

    const planFor = (program: Program): Plan => ({ program, backend: 'webgpu', code: emit(program, profile) });

    it('a device that goes away fails its runs, and the next program gets a new one', async () => {
      const { backend: own, devices } = watched();
      const program = network([2, 8, 8, 1], 10);
      const device = await own.open(planFor(program));
      device.setData(new Float32Array(20), 2, new Float32Array(10), 1);
      const run = { phases: TRAIN, rows: Uint32Array.from({ length: 100_000 }, (_, at) => at % 10), batch: 10 };
      const running = device.run(run);
      const failed = expect(running).rejects.toMatchObject({
        name: 'DeviceFailure',
        reason: 'lost',
        message: expect.stringContaining('went away'),
      });
      await device.read(['v:w1']);
      devices[0]!.destroy();
      await failed;
      await expect(device.run(run)).rejects.toMatchObject({ reason: 'lost' });
      device.close();
      const next = await own.open(planFor(program));
      expect(devices.length).toBe(2);
      next.setData(new Float32Array(20), 2, new Float32Array(10), 1);
      await expect(next.run({ ...run, rows: run.rows.subarray(0, 20) })).resolves.toMatchObject({ collected: [] });
      next.close();
      own.release();
    });

    it('a program closed while it runs ends its run; others go on', async () => {
      const program = network([2, 8, 8, 1], 10);
      const features = new Float32Array(20).fill(0.5);
      const targets = new Float32Array(10);
      const [one, other] = [await backend.open(planFor(program)), await backend.open(planFor(program))];
      for (const each of [one, other]) each.setData(features, 2, targets, 1);
      const run = { phases: TRAIN, rows: Uint32Array.from({ length: 2000 }, (_, at) => at % 10), batch: 10 };
      const running = [one.run(run), other.run(run)];
      one.setData(new Float32Array(features), 2, targets, 1);
      one.close();
      one.write('v:w1', new Float32Array(16));
      await expect(one.run(run)).rejects.toThrow('closed');
      const results = await Promise.all(running);
      expect(results[0]!.losses).toEqual(results[1]!.losses);
      await expect(other.run(run)).resolves.toBeDefined();
      other.close();
    });

    it('rows and batches that do not exist are refused', async () => {
      const device = await backend.open(planFor(network([2, 2, 1], 4)));
      device.setData(new Float32Array(6), 2, new Float32Array(3), 1);
      await expect(device.run({ phases: TRAIN, rows: Uint32Array.of(0, 3), batch: 4 })).rejects.toThrow('row 3');
      await expect(device.run({ phases: TRAIN, rows: Uint32Array.of(0), batch: 5 })).rejects.toThrow('batch of 5');
      device.close();
    });

    it('a program that is too large is refused with its size', async () => {
      const draft = new Draft();
      draft.buffer('x', [40_000, 50_000], 'value');
      draft.buffer('y', [], 'value');
      draft.step('forward', { out: [], reads: [], stores: [{ to: 'y', value: constant(1) }] }, { y: 'y' });
      await expect(backend.open(planFor(draft.program(1)))).rejects.toMatchObject({
        reason: 'out-of-memory',
        message: expect.stringContaining('7629 MiB'),
      });
    });

    it('code that does not compile is reported with the reason', async () => {
      const plan = planFor(network([2, 2, 1], 4));
      const broken = { ...plan, code: { ...plan.code, modules: ['fn nonsense'] } } as Plan;
      await expect(backend.open(broken)).rejects.toMatchObject({
        reason: 'compile',
        message: expect.stringContaining('could not compile'),
      });
      const whole = await backend.open(plan);
      whole.close();
    });

    it('a data set that does not fit is streamed', async () => {
      const { backend: own } = watched({ maxBufferSize: 1 << 20, maxStorageBufferBindingSize: 1 << 18 });
      const random = randomFrom(9);
      const [columns, count, batch] = [700, 100, 300];
      const program = network([columns, 1], batch);
      const reference = new ReferenceDevice(program);
      const device = await own
        .open({ program, backend: 'webgpu', code: emit(program, { ...profile, limits: {} }, 'general') })
        .catch((error: unknown) => error);
      // The arena itself has to fit: it holds one batch of the rows.
      expect(device).toMatchObject({ reason: 'out-of-memory' });
      own.release();

      const roomy = watched({ maxBufferSize: 1 << 30, maxStorageBufferBindingSize: 900_000 });
      const second = await roomy.backend.open({ program, backend: 'webgpu', code: emit(program, profile, 'general') });
      const features = numbers(columns * count * 5, random);
      const targets = numbers(count * 5, random);
      const order = Uint32Array.from({ length: 13_000 }, () => Math.floor(random() * count * 5));
      for (const each of [second, reference]) {
        each.setData(features, columns, targets, 1);
        for (const { value, shape } of program.parameters) each.write(value, new Float32Array(sizeOf(shape, 1)).fill(0.01));
        each.write(bufferIds.hyper('rate'), [0.001]);
      }
      const run = { phases: TRAIN, rows: order, batch };
      const [actual, wanted] = [await second.run(run), await reference.run(run)];
      expect(worst(actual.losses, wanted.losses)).toBeLessThan(2e-5);
      second.close();
      roomy.backend.release();
    });
  });
});
