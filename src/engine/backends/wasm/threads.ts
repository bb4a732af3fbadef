/**
 * Helper threads of a device. They are kept when a device closes and serve the next one, because starting
 * one takes longer than compiling a network. Where there can be none, a device runs alone.
 */
import type { ThreadsReport } from '../backend';

export type RunBatches = (rows: number, batch: number, phases: number, thread: number) => void;

export type ThreadMessage =
  | { readonly kind: 'open'; readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory }
  | { readonly kind: 'close' }
  | { readonly kind: 'run'; readonly rows: number; readonly batch: number; readonly phases: number; readonly thread: number };

/** A worker that runs `thread.ts`, however it came to be. */
export interface Helper {
  post(message: ThreadMessage): void;
  /** Settles with the next message that it sends; rejects if it breaks. */
  answer(): Promise<void>;
  /** Ends it, whatever it is doing. */
  end(): void;
}

export type Spawn = () => Helper;

/** Milliseconds after which a helper that does not answer is given up. */
const PATIENCE = 3000;
/** Helpers of closed devices, and how each helper came to be. */
const idle: Helper[] = [];
const origin = new WeakMap<Helper, Spawn>();

function helperBy(spawn: Spawn): Helper {
  const at = idle.findLastIndex((helper) => origin.get(helper) === spawn);
  if (at >= 0) return idle.splice(at, 1)[0]!;
  const helper = spawn();
  origin.set(helper, spawn);
  return helper;
}

function spawnWorker(): Helper {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { type: 'module', name: 'engine thread' });
  return {
    post: (message) => worker.postMessage(message),
    end: () => worker.terminate(),
    answer: () =>
      new Promise((resolve, reject) => {
        worker.onmessage = () => resolve();
        worker.onerror = (event) => reject(new Error(event.message));
        setTimeout(() => reject(new Error('the helper thread does not answer')), PATIENCE);
      }),
  };
}

/** How many threads a device can use here: waiting for each other needs shared memory and a worker. */
export function threadsHere(): number {
  const scope = globalThis as { crossOriginIsolated?: boolean; document?: unknown };
  if (!scope.crossOriginIsolated || scope.document !== undefined || typeof Worker !== 'function') return 1;
  return Math.min(MOST_THREADS, navigator.hardwareConcurrency);
}
const MOST_THREADS = 4;

/** The helpers of one device, ready to run; none if they cannot be had. */
export async function enlist(
  count: number,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  spawn: Spawn | null = threadsHere() > 1 ? spawnWorker : null,
): Promise<readonly Helper[]> {
  if (count === 0 || !spawn) return [];
  const helpers = Array.from({ length: count }, () => helperBy(spawn));
  try {
    await Promise.all(
      helpers.map((helper) => {
        const ready = helper.answer();
        helper.post({ kind: 'open', module, memory });
        return ready;
      }),
    );
    return helpers;
  } catch {
    abandon(helpers);
    return [];
  }
}

/** They are stuck, or not to be trusted. */
export const abandon = (helpers: readonly Helper[]): void => {
  for (const helper of helpers) helper.end();
};

export const dismiss = (helpers: readonly Helper[]): void => {
  for (const helper of helpers) helper.post({ kind: 'close' });
  idle.push(...helpers);
};

/** Chooses by the clock between one thread and all of them; asks again now and then. */
export class ThreadChoice {
  #all = new Timing();
  #one = new Timing();
  /** Runs since the last one that was made the other way, and after how many the next is. */
  #since = 0;
  #retry = SOON;
  #chosen = 0;

  constructor(readonly most: number) {}

  next(): number {
    if (this.most === 1) return 1;
    if (this.#all.samples < WARM) return this.most;
    if (this.#one.samples < WARM) return 1;
    const best = this.#best;
    // A choice that is new may be a mistake: it is looked at again soon, then more and more rarely.
    if (best !== this.#chosen) [this.#chosen, this.#since, this.#retry] = [best, 0, SOON];
    if (++this.#since < this.#retry) return best;
    [this.#since, this.#retry] = [0, Math.min(2 * this.#retry, RARELY)];
    return this.most + 1 - best;
  }

  get #best(): number {
    return this.#all.time <= this.#one.time ? this.most : 1;
  }

  /** What the clock says; null while it has not said enough. */
  get report(): ThreadsReport | null {
    const [all, one] = [this.#all, this.#one];
    if (this.most === 1 || all.samples < WARM || one.samples < WARM) return null;
    return all.time <= one.time ? { count: this.most, faster: one.time / all.time } : { count: 1, faster: all.time / one.time };
  }

  took(threads: number, millisecondsPerRow: number): void {
    (threads === 1 ? this.#one : this.#all).add(millisecondsPerRow);
  }
}
const WARM = 3;
const SOON = 8;
const RARELY = 128;

/** The middle one of the last three: a single run that something else held up says nothing. */
class Timing {
  samples = 0;
  readonly #last: number[] = [];

  get time(): number {
    return [...this.#last].sort((a, b) => a - b)[this.#last.length >> 1]!;
  }

  add(sample: number): void {
    this.#last.push(sample);
    if (this.#last.length > 3) this.#last.shift();
    this.samples++;
  }
}
