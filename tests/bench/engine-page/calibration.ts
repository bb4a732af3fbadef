/**
 * What this core can do at most: a loop of vector multiply-adds in registers, twelve chains so that none waits
 * for itself. Every efficiency is a share of it, measured in the same moment.
 */
import { Func, I32, V128 } from '../../../src/engine/backends/wasm/assembler';
import { Module } from '../../../src/engine/backends/wasm/module';

const CHAINS = 12;
const UNROLLED = 4;
/** Rounds of one call: some tenths of a millisecond. */
const ROUNDS = 20_000;

function write(fma: boolean): Uint8Array {
  const f = new Func([I32], []);
  const chains = Array.from({ length: CHAINS }, () => f.local(V128));
  const [a, b] = [f.local(V128), f.local(V128)];
  f.vector(0.5).set(a).vector(0.25).set(b);
  f.loop();
  for (let at = 0; at < UNROLLED; at++)
    for (const chain of chains)
      if (fma) f.get(a).get(b).get(chain).v('madd').set(chain);
      else f.get(a).get(chain).v('mul').get(b).v('add').set(chain);
  f.advance(0, -1).get(0).branchIf(0).end();
  // Somebody must want the results.
  for (const chain of chains.slice(1)) f.get(chains[0]!).get(chain).v('add').set(chains[0]!);
  f.i32(0).get(chains[0]!).store();
  const module = new Module([], 1);
  module.add(f, 'run');
  return module.bytes();
}

export class Calibration {
  private constructor(readonly run: (rounds: number) => void) {}

  static async open(fma: boolean): Promise<Calibration> {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { instance } = await WebAssembly.instantiate(write(fma) as Uint8Array<ArrayBuffer>, { host: { memory } });
    const calibration = new Calibration(instance.exports['run'] as (rounds: number) => void);
    for (let warm = 0; warm < 20; warm++) calibration.run(ROUNDS);
    return calibration;
  }

  /** GFLOP/s over about so many milliseconds. */
  measure(ms: number): number {
    const begin = performance.now();
    let calls = 0;
    let took = 0;
    do {
      this.run(ROUNDS);
      calls++;
      took = performance.now() - begin;
    } while (took < ms);
    return (calls * ROUNDS * UNROLLED * CHAINS * 8) / (took * 1e6);
  }
}
