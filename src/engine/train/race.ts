/**
 * Which backend trains this network fastest, here and now: each makes steps of the real network on the real rows
 * for some milliseconds, and everything is as before afterwards. The winner takes over the session.
 */
import type { Backend, Device } from '../backends/backend';
import type { Dataset } from '../data/dataset';
import type { BackendName, Plan, Program } from '../plan';
import { RowOrder } from './order';
import type { Session } from './session';

/** Milliseconds of steps that each gets. */
const TURN = 25;
/** A backend that is not ready in this time is not waited for. */
const PATIENCE = 3000;
const MOST_STEPS = 2 ** 16;
const PHASES = ['forward', 'loss', 'backward', 'update'] as const;

export interface Standing {
  readonly backend: BackendName;
  readonly stepsPerSecond: number;
}

/** What a race found: the fastest first. */
export interface Raced {
  readonly standings: readonly Standing[];
}

export interface Race {
  readonly session: Session;
  readonly data: Dataset;
  readonly batch: number;
  readonly seed: number;
  readonly backends: ReadonlyMap<BackendName, Backend>;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The session's own device against the `rivals`; null when none of them could be opened. */
export async function race(setting: Race, rivals: readonly Plan[]): Promise<Raced | null> {
  const { session, data } = setting;
  const own = session.train;
  if (!own) return null;
  const standings: Standing[] = [];
  // One after the other: side by side they would disturb each other.
  let best: { readonly plan: Plan; readonly device: Device; readonly rate: number } | null = null;
  for (const plan of rivals) {
    const device = await open(plan, setting);
    if (!device) continue;
    try {
      device.setData(data.x, data.features.length, data.y, data.targets.length, data.weights);
      session.lendTo(device, await session.state());
      const rate = await speedOf(device, setting);
      standings.push({ backend: plan.backend, stepsPerSecond: rate });
      if (best && best.rate >= rate) device.close();
      else {
        best?.device.close();
        best = { plan, device, rate };
      }
    } catch {
      device.close();
    }
  }
  if (!best) return null;
  const state = await session.state();
  const rate = await speedOf(own, setting);
  session.setState(state);
  standings.push({ backend: own.backend, stepsPerSecond: rate });
  if (best.rate > rate) await session.moveTo(best.plan, best.device);
  else best.device.close();
  return { standings: standings.sort((a, b) => b.stepsPerSecond - a.stepsPerSecond) };
}

/** Null when it fails or takes too long; a device that comes too late is closed. */
async function open(plan: Plan, { backends, sleep }: Race): Promise<Device | null> {
  const opening = backends
    .get(plan.backend)!
    .open(plan)
    .catch(() => null);
  const opened = await Promise.race([opening, sleep(PATIENCE).then(() => 'late' as const)]);
  if (opened !== 'late') return opened;
  void opening.then((device) => device?.close());
  return null;
}

/** Steps a second: runs grow until one of them fills a quarter of the time; the fastest counts. */
async function speedOf(device: Device, { data, batch, seed, now }: Race): Promise<number> {
  const order = new RowOrder(data.split.train, seed, batch);
  const run = async (most: number): Promise<{ ms: number; rate: number }> => {
    const { rows, epochs } = order.take(most, () => true);
    const from = now();
    const { losses } = await device.run({ phases: PHASES, rows, batch, epochs });
    const ms = Math.max(now() - from, 1e-3);
    return { ms, rate: (1000 * losses.length) / ms };
  };
  // The first step also does what is done once; if it takes that long, one step says enough.
  const first = await run(1);
  if (first.ms > TURN) return (await run(1)).rate;
  let best = 0;
  for (let begin = now(), steps = 1; now() - begin < TURN; ) {
    const { ms, rate } = await run(steps);
    best = Math.max(best, rate);
    if (ms < TURN / 4) steps = Math.min(steps * 2, MOST_STEPS);
  }
  return best;
}

/**
 * What two programs must share for the same backend to be the fastest: everything but numbers. A hash, for many
 * are remembered.
 */
export function shapeOf({ batch, buffers, steps }: Program): string {
  const text = JSON.stringify([batch, buffers.map(({ role, shape }) => [role, shape]), steps.map(({ kernel }) => kernel)]);
  let [a, b] = [0x811c9dc5, 0x1000193];
  for (let at = 0; at < text.length; at++) {
    a = Math.imul(a ^ text.charCodeAt(at), 16777619);
    b = Math.imul(b ^ text.charCodeAt(at), 2246822519);
  }
  return `${text.length} ${a} ${b}`;
}
