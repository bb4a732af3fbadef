/**
 * Single kernels on the WebAssembly backend and in float64, with and without fused multiply-add, and numbers to run
 * them on. Shared by the tests of that backend.
 */
import { setFlagsFromString } from 'node:v8';
import { expect } from 'vitest';
import type { BackendProfile } from '../../src/engine/backends/backend';
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import { prepareKernel } from '../../src/engine/ir/interpret';
import type { Kernel } from '../../src/engine/ir/kernel';
import type { BufferSpec, Program, Step } from '../../src/engine/plan';

// Node 20 hides relaxed SIMD behind a flag; newer versions have it and ignore this.
setFlagsFromString('--experimental-wasm-relaxed-simd');

export const profiles: readonly BackendProfile[] = [
  { backend: 'wasm', title: 'plain', fma: false },
  { backend: 'wasm', title: 'fused multiply-add', fma: true },
];
/** Without the instruction in this engine, its code can only be emitted. */
export const runnable = (profile: BackendProfile): boolean => !profile.fma || hasFma();

export const program = (
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

export const stepOf = (kernel: Kernel, bind: Record<string, string>, phase: Step['phase'] = 'forward'): Step => ({
  phase,
  node: 'n',
  kernel,
  bind,
});

/** Runs one kernel over named numbers; gives the named results. */
export async function runKernel(
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
export function interpretKernel(
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

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 2e-5): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Number.isNaN(e) ? !Number.isNaN(a) : !(a === e || Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e))))
      throw new Error(`at ${i}: ${a}, but ${e} is right (${actual.length} numbers)`);
  }
}

/** Deterministic numbers in (−2, 2). */
export const numbers = (count: number, seed = 1): Float32Array => {
  let state = seed * 2654435761;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 4 - 2;
  });
};
