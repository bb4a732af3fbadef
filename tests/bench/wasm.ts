/**
 * Steps per second of the WebAssembly backend on the standard workloads, drawn as ordinary projects and
 * compiled by the ordinary compiler. Before a number is printed the same steps are made in float64 and
 * the losses compared. Runs in Node and, bundled, in a page; `bench(['W1', 'W3'])`.
 */
import { hasFma, wasm } from '../../src/engine/backends/wasm/index';
import { prepare, programOf } from '../../src/engine/compile/program';
import { bufferIds, type Program } from '../../src/engine/plan';
import { dataOf, drawn, flopsOf, inputsOf, learnedIn, losses64, parametersOf, type Workload, workloads } from './workloads';

/** Float64 steps of the largest network take longer than the whole measurement. */
const CHECKED_FLOPS = 1e9;

export const programFor = (w: Workload): Program => programOf(prepare(drawn(w), null), 'fused', w.batch);

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

export interface Measured {
  readonly workload: string;
  readonly fma: boolean;
  readonly stepsPerSecond: number;
  /** The fastest run: what a quiet machine would give. */
  readonly best: number;
  readonly error: number;
  readonly bytes: number;
  readonly emitMs: number;
}

export async function measure(name: string, fma: boolean, seconds = 0.2, runs = 12): Promise<Measured> {
  const w = workloads[name]!;
  const program = programFor(w);
  const profile = { backend: 'wasm', title: '', fma } as const;
  wasm.emit(program, profile);
  const before = performance.now();
  const code = wasm.emit(program, profile);
  const emitMs = performance.now() - before;
  const device = await wasm.open({ program, backend: 'wasm', code });
  const { x, y } = dataOf(w);
  device.setData(x, inputsOf(w), y, w.dims.at(-1)!);
  const given = parametersOf(w);
  for (const [at, { key }] of learnedIn(w).entries()) device.write(bufferIds.value(key), given[at]!);
  const rows = (steps: number): Uint32Array => Uint32Array.from({ length: steps * w.batch }, (_, i) => i % (w.batch * w.batches));
  const phases = ['forward', 'loss', 'backward', 'update'] as const;
  let error = 0;
  if (flopsOf(w) < CHECKED_FLOPS) {
    const { losses } = await device.run({ phases, rows: rows(w.checkSteps), batch: w.batch });
    const right = losses64(w, w.checkSteps);
    for (const [i, loss] of right.entries()) error = Math.max(error, Math.abs(losses[i]! - loss) / Math.abs(loss));
    if (!(error < 1e-5))
      throw new Error(
        `${name}: not the same work, losses are off by ${error}: ${losses.slice(0, 4)} instead of ${right.slice(0, 4)}`,
      );
  }
  // As in the product: many steps a call, here about 20 ms.
  let steps = 1;
  let took = 0;
  const time = async (): Promise<number> => {
    const list = rows(steps);
    const start = performance.now();
    await device.run({ phases, rows: list, batch: w.batch });
    return performance.now() - start;
  };
  for (let warm = 0; warm < 400 && took < 20; warm++) {
    took = await time();
    if (took < 20) steps = Math.min(Math.ceil(steps * Math.min(4, 25 / Math.max(took, 0.5))), Math.floor(16_384 / w.batch) * 4);
    if (warm > 60 && steps * w.batch >= 16_384) break;
  }
  const rates: number[] = [];
  const list = rows(steps);
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    let done = 0;
    while (performance.now() - start < 1000 * seconds) {
      await device.run({ phases, rows: list, batch: w.batch });
      done += steps;
    }
    rates.push((1000 * done) / (performance.now() - start));
  }
  device.close();
  return {
    workload: name,
    fma,
    stepsPerSecond: median(rates),
    best: Math.max(...rates),
    error,
    bytes: code.kind === 'wasm' ? code.bytes.length : 0,
    emitMs,
  };
}

export async function bench(
  names: readonly string[] = Object.keys(workloads),
  say: (line: string) => void = console.log,
): Promise<void> {
  for (const name of names)
    for (const fma of hasFma() ? [true, false] : [false]) {
      const m = await measure(name, fma);
      say(
        `${name.padEnd(4)} ${fma ? 'FMA  ' : 'plain'} ${Math.round(m.stepsPerSecond).toLocaleString('en').padStart(12)} steps/s, best ${Math.round(m.best).toLocaleString('en').padStart(11)}   error ${m.error.toExponential(1)}   ${(m.bytes / 1000).toFixed(1)} kB in ${m.emitMs.toFixed(1)} ms`,
      );
    }
}

if (typeof process === 'object' && process.argv[1]?.includes('wasm'))
  void bench(process.argv.slice(2).length > 0 ? process.argv.slice(2) : undefined);
