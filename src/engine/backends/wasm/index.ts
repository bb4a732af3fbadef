/**
 * The CPU backend: programs become WebAssembly SIMD generated for the network at hand. Emission is pure
 * and works anywhere; opening needs an engine with 128-bit SIMD.
 */
import type { Backend } from '../backend';
import { Func } from './assembler';
import { Module } from './module';
import { open } from './device';
import { emit } from './emit';
import { threadsHere } from './threads';

/** Whether this JavaScript engine accepts a module with these instructions. */
function accepts(write: (f: Func) => void): boolean {
  const f = new Func([]);
  write(f);
  const module = new Module([], 1);
  module.add(f);
  return typeof WebAssembly === 'object' && WebAssembly.validate(module.bytes() as Uint8Array<ArrayBuffer>);
}

const hasSimd = (): boolean => accepts((f) => f.vector(1).op('drop'));
export const hasFma = (): boolean => accepts((f) => f.vector(1).vector(1).vector(1).v('madd').op('drop'));

export const wasm: Backend = {
  name: 'wasm',
  async detect() {
    if (!hasSimd()) return { absent: 'This browser runs no WebAssembly with SIMD.' };
    const fma = hasFma();
    const { hardwareConcurrency: cores = 1 } = globalThis.navigator ?? {};
    const threads = threadsHere();
    return {
      backend: 'wasm',
      title: `${cores} ${cores === 1 ? 'core' : 'cores'}, SIMD${fma ? ' with FMA' : ''}`,
      fma,
      ...(threads > 1 ? { limits: { threads } } : {}),
    };
  },
  emit,
  open: (plan) => open(plan),
};
