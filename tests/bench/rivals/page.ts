/** One rival in a page of its own: sets a workload up, proves that it does the same work, and runs for some time. */
import { dataOf, firstLoss, parametersOf, workloads } from '../workloads';
import { brainRival } from './brain';
import { jaxRival } from './jax';
import { perObjectRival } from './per-object';
import type { Chunk, Rival, RivalNet } from './rival';
import { tensorflowRival } from './tensorflow';

const rivals = {
  'per-object': perObjectRival,
  brain: brainRival,
  'tensorflow-cpu': tensorflowRival('cpu', 1),
  'tensorflow-wasm': tensorflowRival('wasm', 1),
  'tensorflow-wasm-2': tensorflowRival('wasm', 2),
  // With isolation it starts a worker a core by itself.
  jax: jaxRival,
  'jax-2': jaxRival,
} satisfies Record<string, Rival>;

export type RivalName = keyof typeof rivals;

export interface RivalPage {
  /** Loss of the first batch after the check steps; null: it cannot start from our weights. */
  prepare(name: RivalName, workload: string): Promise<{ readonly loss: number | null; readonly rows: number }>;
  chunk(ms: number): Promise<Chunk>;
}

/** Milliseconds of a call, so that waiting for the device costs little. */
const CALL = 40;

let net: RivalNet | null = null;
let perCall = 1;

const page: RivalPage = {
  async prepare(name, workload) {
    const w = workloads[workload]!;
    net = await rivals[name](w, dataOf(w), parametersOf(w));
    perCall = 1;
    await net.run(net.parameters ? w.checkSteps : 1);
    return { loss: net.parameters ? firstLoss(w, await net.parameters()) : null, rows: net.rows };
  },
  async chunk(ms) {
    const begin = performance.now();
    let steps = 0;
    for (let now = begin; now - begin < ms; ) {
      await net!.run(perCall);
      steps += perCall;
      const end = performance.now();
      if (end - now < CALL / 2) perCall = Math.min(perCall * 2, 2 ** 20);
      else if (end - now > CALL * 2) perCall = Math.max(1, perCall >> 1);
      now = end;
    }
    return { steps, ms: performance.now() - begin };
  },
};

declare global {
  var rival: RivalPage;
}
globalThis.rival = page;
