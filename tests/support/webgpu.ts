/**
 * The WebGPU backend in tests: the adapter of this machine, the ways to run a program, programs and numbers to run,
 * and the comparison with the float64 reference.
 */
import { expect } from 'vitest';
import type { BackendProfile, Device } from '../../src/engine/backends/backend';
import { ReferenceDevice } from '../../src/engine/backends/reference';
import { emit } from '../../src/engine/backends/webgpu/emit';
import { type WebgpuBackend, webgpuBackend } from '../../src/engine/backends/webgpu';
import { add, constant, div, mul, pow, read, sub, tanh } from '../../src/engine/ir/expr';
import { ACC, alongOut, type Kernel, type Read } from '../../src/engine/ir/kernel';
import type { Shape } from '../../src/engine/ir/shape';
import {
  type BufferRole,
  type BufferSpec,
  bufferIds,
  type Code,
  type Phase,
  type Program,
  type Step,
  verify,
} from '../../src/engine/plan';
import { dawn } from './dawn';

/** The ways to run a program; `spilled` is one workgroup with little memory of its own. */
export const ways = ['general', 'tiled', 'workgroup', 'spilled'] as const;
export type Way = (typeof ways)[number];

/** A small generator, so that a failing case has a number. */
export function randomFrom(seed: number): () => number {
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
export const numbers = (count: number, random: () => number): Float32Array =>
  Float32Array.from({ length: count }, () => gaussian(random));

/** |x − y| over the size of the numbers compared, at least `floor`. */
export function worst(actual: ArrayLike<number>, wanted: ArrayLike<number>, floor = 1e-3): number {
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

export class Draft {
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
export const productKernel = (
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
export function network(sizes: readonly number[], batch: number): Program {
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

export const TRAIN: readonly Phase[] = ['forward', 'loss', 'backward', 'update'];

const found = await dawn();
if ('absent' in found) console.warn(`WebGPU tests skipped: ${found.absent}.`);
export const gpu = 'gpu' in found ? found.gpu : undefined;

/** The backend on this machine's adapter. */
export class Opened {
  private constructor(
    readonly backend: WebgpuBackend,
    readonly profile: BackendProfile,
  ) {}

  static async here(): Promise<Opened> {
    const backend = webgpuBackend(() => gpu);
    const detected = await backend.detect();
    if ('absent' in detected) throw new Error(detected.absent);
    return new Opened(backend, detected);
  }

  readonly open = (program: Program, way: Way): Promise<Device> =>
    this.backend.open({ program, backend: 'webgpu', code: this.codeFor(program, way) });

  codeFor(program: Program, way: Way): Code {
    const limits = way === 'spilled' ? { maxComputeWorkgroupStorageSize: 1200 } : this.profile.limits!;
    return emit(program, { ...this.profile, software: false, limits }, way === 'spilled' ? 'workgroup' : way);
  }
}

/** Runs the forward phase once on both and compares every written buffer. */
export async function compare(
  { open }: Opened,
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
