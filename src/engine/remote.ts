/**
 * A typed interface over a message port. `serve` answers only methods that have a parser, so every
 * argument from outside is parsed before it is used; `connect` returns the interface as promises. Both
 * directions can share a port. Errors cross as data (name, message, code), never as another process's stack.
 */

/** Anything that carries messages: a MessagePort, a WebSocket with `wire.ts`, Electron's ports, a pair in memory. */
export interface Port {
  post(message: unknown, transfer?: readonly unknown[]): void;
  onMessage(listener: (message: unknown) => void): () => void;
  /** Called once when the other side is gone. */
  onClose?(listener: () => void): () => void;
}

type Method = (...args: never[]) => unknown;
/** Every method of an interface returns a promise; events are one-way calls with a void result. */
export type Api<A> = { readonly [M in keyof A]: Method };

/** For every method a function from unknown arguments to its parameters; throws `RefusedCall` for bad ones. */
export type Parsers<A extends Api<A>> = {
  readonly [M in keyof A]: (args: readonly unknown[]) => Parameters<A[M]>;
};

/** An argument did not parse, or the method does not exist. */
export class RefusedCall extends Error {
  override readonly name = 'RefusedCall';
}

/** An error that came over the port. `code` is the thrower's own ('ENOENT', 'not-finite', …). */
export class RemoteFailure extends Error {
  override readonly name = 'RemoteFailure';
  constructor(
    message: string,
    readonly kind: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

type Message =
  | { readonly t: 'call'; readonly id: number; readonly method: string; readonly args: readonly unknown[] }
  | { readonly t: 'done'; readonly id: number; readonly value: unknown }
  | {
      readonly t: 'failed';
      readonly id: number;
      readonly error: { readonly name: string; readonly message: string; readonly code?: string };
    };

const isMessage = (message: unknown): message is Message =>
  typeof message === 'object' && message !== null && 't' in message && 'id' in message;

/** Offers `api` on a port; returns a function that stops. */
export function serve<A extends Api<A>>(api: A, parsers: Parsers<A>, port: Port): () => void {
  return port.onMessage((message) => {
    if (!isMessage(message) || message.t !== 'call') return;
    const { id, method, args } = message;
    const answer = async (): Promise<unknown> => {
      if (!Object.hasOwn(parsers, method)) throw new RefusedCall(`There is no method '${String(method)}'.`);
      const name = method as keyof A;
      const parsed = parsers[name](Array.isArray(args) ? args : []);
      // The parser has just made these arguments out of unknown ones, so their types are the method's own.
      const call = api[name] as unknown as (...a: readonly unknown[]) => unknown;
      return await call.apply(api, parsed);
    };
    answer().then(
      (value) => port.post({ t: 'done', id, value } satisfies Message),
      (error: unknown) => port.post({ t: 'failed', id, error: asData(error) } satisfies Message),
    );
  });
}

function asData(error: unknown): { name: string; message: string; code?: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const code = (error as { code?: unknown }).code;
  return { name: error.name, message: error.message, ...(typeof code === 'string' ? { code } : {}) };
}

/** The other side's interface. Calls that are under way when the port closes are rejected. */
export function connect<A extends Api<A>>(port: Port): A {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 1;
  port.onMessage((message) => {
    if (!isMessage(message) || message.t === 'call') return;
    const call = waiting.get(message.id);
    if (!call) return;
    waiting.delete(message.id);
    if (message.t === 'done') call.resolve(message.value);
    else call.reject(new RemoteFailure(message.error.message, message.error.name, message.error.code));
  });
  port.onClose?.(() => {
    for (const { reject } of waiting.values()) reject(new RemoteFailure('The connection was closed.', 'Closed', 'closed'));
    waiting.clear();
  });
  const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>();
  return new Proxy({} as A, {
    get: (_target, method) => {
      // A proxy that answered `then` would look like a promise to `await`.
      if (typeof method !== 'string' || method === 'then') return undefined;
      let call = methods.get(method);
      if (!call) {
        call = (...args) =>
          new Promise((resolve, reject) => {
            const id = next++;
            waiting.set(id, { resolve, reject });
            port.post({ t: 'call', id, method, args } satisfies Message);
          });
        methods.set(method, call);
      }
      return call;
    },
  });
}
