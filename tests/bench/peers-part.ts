/**
 * The engine's steps in somebody else's harness: an adapter with `create(workload, data, parameters)` that gives
 * `run(steps)` and `params()`. The harness makes the data, checks the work and measures; we only train.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { wasm } from '../../src/engine/backends/wasm/index';
import { prepare, programOf } from '../../src/engine/compile/program';
import { bufferIds } from '../../src/engine/plan';
import { drawn, inputsOf, learnedIn, type Numbers, type Workload, workloads } from './workloads';

const PHASES = ['forward', 'loss', 'backward', 'update'] as const;

interface Net {
  run(steps: number): Promise<void>;
  /** Weight, bias, weight, bias … */
  params(): Promise<Float32Array[]>;
  dispose(): void;
}
interface Adapter {
  create(workload: unknown, data: Numbers, parameters: readonly Float32Array[]): Promise<Net>;
}
/** What harnesses of this kind offer. */
interface Harness {
  measure(adapter: Adapter, workload: string, options: { readonly reference: unknown }): Promise<unknown>;
}

/** The batches in their order, over and over, as the harness's check expects. */
const adapterFor = (w: Workload): Adapter => ({
  async create(_workload, { x, y }, parameters) {
    const found = await wasm.detect();
    if ('absent' in found) throw new Error(found.absent);
    const program = programOf(prepare(drawn(w), null), 'fused', w.batch);
    const device = await wasm.open({ program, backend: 'wasm', code: wasm.emit(program, found) });
    device.setData(x, inputsOf(w), y, w.dims.at(-1)!);
    const buffers = learnedIn(w).map(({ key }) => bufferIds.value(key));
    for (const [at, numbers] of parameters.entries()) device.write(buffers[at]!, numbers);
    const all = w.batch * w.batches;
    let next = 0;
    return {
      async run(steps) {
        // In pieces: a list of all rows of millions of steps would be the benchmark.
        for (let left = steps; left > 0; ) {
          const now = Math.min(left, Math.max(1, Math.floor(16_384 / w.batch)));
          const rows = new Uint32Array(now * w.batch);
          for (let at = 0; at < rows.length; at++) rows[at] = (next + at) % all;
          await device.run({ phases: PHASES, rows, batch: w.batch });
          next = (next + rows.length) % all;
          left -= now;
        }
      },
      params: () => device.read(buffers),
      dispose: () => device.close(),
    };
  },
});

/** One line of JSON a workload, as the harness reports it. */
export async function peersPart(
  folder: string,
  names: readonly string[],
  load: (url: string) => Promise<unknown>,
): Promise<number> {
  const at = resolve(folder);
  const harness = (await load(pathToFileURL(join(at, 'src/harness.mjs')).href)) as Harness;
  const reference: unknown = JSON.parse(readFileSync(join(at, 'reference.json'), 'utf8'));
  for (const name of names)
    console.log(
      JSON.stringify({
        peer: 'chainrule@node',
        ...((await harness.measure(adapterFor(workloads[name]!), name, { reference })) as object),
      }),
    );
  return 0;
}
