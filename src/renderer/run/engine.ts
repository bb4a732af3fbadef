/**
 * Starts the engine's worker and speaks to it: calls over the remote protocol, news as event messages.
 * The rest of the window sees an `EngineApi` and never a worker.
 */
import type { EngineApi, EngineEvents, Proof, RateStep, Stopped } from '../../engine/api';
import { connect, type Port } from '../../engine/remote';

export interface Engine {
  readonly api: EngineApi;
  /** Ends the worker; calls under way are rejected. */
  stop(): void;
}

interface EventMessage {
  readonly t: 'event';
  readonly name: string;
  readonly payload: unknown;
}
const isEvent = (message: unknown): message is EventMessage =>
  typeof message === 'object' && message !== null && 't' in message && message.t === 'event' && 'name' in message;

export function startEngine(events: EngineEvents, onCrash: (message: string) => void): Engine {
  const worker = new Worker(new URL('../../engine/worker.ts', import.meta.url), { type: 'module', name: 'engine' });
  const closing = new Set<() => void>();
  const port: Port = {
    post: (message, transfer) => worker.postMessage(message, { transfer: [...(transfer ?? [])] as Transferable[] }),
    onMessage(listener) {
      const receive = (event: MessageEvent<unknown>): void => listener(event.data);
      worker.addEventListener('message', receive);
      return () => worker.removeEventListener('message', receive);
    },
    onClose(listener) {
      closing.add(listener);
      return () => closing.delete(listener);
    },
  };
  worker.addEventListener('message', (event: MessageEvent<unknown>) => {
    const message = event.data;
    if (!isEvent(message) || !Object.hasOwn(listeners, message.name)) return;
    listeners[message.name as keyof typeof listeners](message.payload);
  });
  // Our own worker sends these payloads; the names are checked above, the types by the worker's compiler.
  const listeners: { readonly [E in keyof EngineEvents]-?: (payload: unknown) => void } = {
    progress: (payload) => events.progress(payload as Parameters<EngineEvents['progress']>[0]),
    trouble: (payload) => events.trouble(payload as Parameters<EngineEvents['trouble']>[0]),
    stopped: (payload) => events.stopped?.(payload as Stopped),
    proof: (payload) => events.proof?.(payload as Proof | null),
    raced: (payload) => events.raced?.(payload as Parameters<NonNullable<EngineEvents['raced']>>[0]),
    rates: (payload) => events.rates?.(payload as readonly RateStep[]),
    frame: (payload) => events.frame(payload as ArrayBuffer),
  };
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    for (const close of closing) close();
    onCrash(event.message || 'The engine stopped.');
  });
  return {
    api: connect<EngineApi>(port),
    stop() {
      worker.terminate();
      for (const close of closing) close();
    },
  };
}
