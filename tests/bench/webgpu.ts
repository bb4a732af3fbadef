/**
 * Steps per second of the WebGPU backend on the standard workloads, compiled by the ordinary compiler and
 * trained through the ordinary path. Before a number is printed, the losses of the first steps are compared
 * with those of the WebAssembly backend. In Node, on the machine's own driver:
 *
 *     npx rolldown tests/bench/webgpu.ts --platform node --format esm --external webgpu --file out/bench-webgpu.mjs
 *     CHAINRULE_GPU=real node out/bench-webgpu.mjs [W1 W1b W2 W3 W4]
 */
import type { Device } from '../../src/engine/backends/backend';
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import { emit, type Lowering } from '../../src/engine/backends/webgpu/emit';
import type { WgslLayout } from '../../src/engine/backends/webgpu/layout';
import { webgpuBackend } from '../../src/engine/backends/webgpu/index';
import { initialNumbers } from '../../src/engine/train/session';
import { dawn } from '../support/dawn';
import { programFor } from './wasm';
import { dataOf, flopsOf, inputsOf, workloads } from './workloads';

const PHASES = ['forward', 'loss', 'backward', 'update'] as const;
/** Time of one measured call, as the trainer would ask for it; and how many are measured. */
const CALL_MS = 200;
const CALLS = 7;

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

export async function bench(
  gpu: GPU,
  names: readonly string[],
  say: (line: string) => void,
  lowering: Lowering = 'auto',
): Promise<void> {
  const backend = webgpuBackend(() => gpu);
  const profile = await backend.detect();
  if ('absent' in profile) throw new Error(profile.absent);
  say(`${profile.title}${profile.software ? ' (software)' : ''}`);
  for (const name of names) {
    const w = workloads[name]!;
    const program = programFor(w);
    const [inputs, outputs] = [inputsOf(w), w.dims.at(-1)!];
    const count = w.batch * w.batches;
    const { x, y } = dataOf(w);
    const rowsOf = (steps: number): Uint32Array => Uint32Array.from({ length: steps * w.batch }, (_, at) => at % count);
    const prepare = (device: Device): void => {
      device.setData(x, inputs, y, outputs);
      for (const p of program.parameters) device.write(p.value, initialNumbers(p, 1));
    };

    let start = performance.now();
    const code = emit(program, profile, lowering);
    const emitMs = performance.now() - start;
    start = performance.now();
    const device = await backend.open({ program, backend: 'webgpu', code });
    const openMs = performance.now() - start;
    const wasmProfile = { backend: 'wasm', title: '', fma: hasFma() } as const;
    const cpu = await wasm.open({ program, backend: 'wasm', code: wasm.emit(program, wasmProfile) });
    for (const each of [device, cpu]) prepare(each);
    const check = { phases: PHASES, rows: rowsOf(w.checkSteps), batch: w.batch };
    const [actual, wanted] = [await device.run(check), await cpu.run(check)];
    cpu.close();
    const error = Math.max(...Array.from(actual.losses, (loss, at) => Math.abs(loss / wanted.losses[at]! - 1)));
    if (!(error < 1e-4)) throw new Error(`${name}: not the same work, losses are off by ${error}`);

    let steps = 1;
    const time = async (): Promise<number> => {
      const rows = rowsOf(steps);
      const begin = performance.now();
      await device.run({ phases: PHASES, rows, batch: w.batch });
      return performance.now() - begin;
    };
    for (let took = await time(); took < CALL_MS / 2; took = await time())
      steps = Math.ceil(steps * Math.min(8, CALL_MS / Math.max(took, 1)));
    const rates: number[] = [];
    for (let call = 0; call < CALLS; call++) rates.push((1000 * steps) / (await time()));
    device.close();
    const rate = median(rates);
    const { run } = (code as { readonly layout: WgslLayout }).layout;
    const way = run.by === 'workgroup' ? 'one workgroup' : `${run.passes.length} dispatches`;
    say(
      `${name.padEnd(4)} ${way.padEnd(14)} ${Math.round(rate).toLocaleString('en').padStart(11)} steps/s ${((rate * flopsOf(w)) / 1e9).toFixed(1).padStart(9)} GFLOP/s` +
        `   error ${error.toExponential(1)}   emit ${emitMs.toFixed(1)} ms, open ${openMs.toFixed(0)} ms`,
    );
  }
  backend.release();
}

if (typeof process === 'object' && process.argv[1]?.includes('bench-webgpu')) {
  const found = await dawn();
  if ('absent' in found) console.log(`Not measured: ${found.absent}.`);
  else {
    const named = process.argv.slice(2);
    // Large products take minutes on a software adapter and say nothing about WebGPU.
    const fitting = process.env.CHAINRULE_GPU === 'real' ? Object.keys(workloads) : ['W1', 'W1b', 'W2'];
    await bench(found.gpu, named.length > 0 ? named : fitting, console.log);
  }
}
