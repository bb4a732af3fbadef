/** Entry of the engine's worker: serves `EngineApi` to the page that started it, and posts its events. */
import type { EngineApi, EngineEvents } from './api';
import { backends } from './backends/index';
import { Engine } from './engine';
import { type Parsers, type Port, serve } from './remote';

const scope = self as unknown as DedicatedWorkerGlobalScope;

const port: Port = {
  post: (message, transfer = []) => scope.postMessage(message, transfer as Transferable[]),
  onMessage: (listener) => {
    const receive = (event: MessageEvent): void => listener(event.data);
    scope.addEventListener('message', receive);
    return () => scope.removeEventListener('message', receive);
  },
};

const event =
  (name: keyof EngineEvents) =>
  (payload: unknown): void =>
    scope.postMessage({ t: 'event', name, payload }, payload instanceof ArrayBuffer ? [payload] : []);

/** A task of its own, without the 4 ms that nested timers wait. */
const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();
const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });

const engine = new Engine({
  backends,
  events: {
    progress: event('progress'),
    trouble: event('trouble'),
    stopped: event('stopped'),
    proof: event('proof'),
    raced: event('raced'),
    rates: event('rates'),
    frame: event('frame'),
  },
  now: () => performance.now(),
  breathe,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  sharedMemory: scope.crossOriginIsolated && typeof SharedArrayBuffer === 'function',
});

/** The page and its own worker are one program: arguments were made by typed code of the same build. */
const trusted = new Proxy({} as Parsers<EngineApi>, {
  get: () => (args: readonly unknown[]) => args,
  getOwnPropertyDescriptor: (_target, method) =>
    typeof method === 'string' && method in Engine.prototype && method !== 'constructor'
      ? { configurable: true, enumerable: true }
      : undefined,
});

serve<EngineApi>(engine, trusted, port);
