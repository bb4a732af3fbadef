/**
 * The way to main: the bridge of the desktop's preload where there is one, else a WebSocket to the browser-mode
 * server. The only file that knows which of the two it is. A lost socket is opened again; calls that were
 * under way are rejected, calls made meanwhile wait.
 */
import { connect, serve, type Parsers, type Port } from '../engine/remote';
import { decode, encode } from '../engine/wire';
import type { ClientApi, DesktopBridge, HostApi, SocketPath } from '../main/contract';

/** Main's calls come from our own program, already parsed on its side; their number of arguments is checked. */
const parsers: Parsers<ClientApi> = {
  pickPath: (args) => one(args),
  importProgress: (args) => one(args),
  runCommand: (args) => one(args),
  openFile: (args) => one(args),
  confirmClose: () => [],
};

function one<A>(args: readonly unknown[]): [A] {
  if (args.length < 1) throw new Error('An argument is missing.');
  return [args[0] as A];
}

export interface Connection {
  /** Offers the window's side and returns main's. */
  readonly open: (client: ClientApi) => HostApi;
  /** Told when the connection is lost and when it is back. */
  readonly onState: (listener: (connected: boolean) => void) => void;
}

export async function connectHost(): Promise<Connection> {
  const states = new Set<(connected: boolean) => void>();
  const tell = (connected: boolean): void => {
    for (const listener of states) listener(connected);
  };
  const port = desktopPort() ?? (await socketPort(tell));
  return {
    open: (client) => {
      serve(client, parsers, port);
      return connect<HostApi>(port);
    },
    onState: (listener) => void states.add(listener),
  };
}

/** The desktop's preload puts its bridge into the page before any script of ours runs. */
function desktopPort(): Port | null {
  const bridge = (window as { readonly chainrule?: DesktopBridge }).chainrule;
  return bridge ? { post: (message) => bridge.post(message), onMessage: (listener) => bridge.onMessage(listener) } : null;
}

/** One id for this tab, so that a reload finds its data sets again. */
function windowId(): string {
  const known = sessionStorage.getItem('chainrule.window');
  if (known !== null) return known;
  const made = crypto.randomUUID();
  sessionStorage.setItem('chainrule.window', made);
  return made;
}

const PATH: SocketPath = '/socket';
const FIRST_WAIT = 300;
const LONGEST_WAIT = 5000;

function socketPort(tell: (connected: boolean) => void): Promise<Port> {
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${PATH}?window=${encodeURIComponent(windowId())}`;
  const listeners = new Set<(message: unknown) => void>();
  const closing = new Set<() => void>();
  const waiting: Uint8Array[] = [];
  let socket: WebSocket | null = null;
  let wait = FIRST_WAIT;

  const port: Port = {
    post: (message) => {
      const bytes = encode(message);
      if (socket?.readyState === WebSocket.OPEN) socket.send(bytes as Uint8Array<ArrayBuffer>);
      else waiting.push(bytes);
    },
    onMessage: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onClose: (listener) => {
      closing.add(listener);
      return () => closing.delete(listener);
    },
  };

  return new Promise((resolve, reject) => {
    let opened = false;
    const open = (): void => {
      const next = new WebSocket(address);
      next.binaryType = 'arraybuffer';
      next.addEventListener('open', () => {
        socket = next;
        wait = FIRST_WAIT;
        for (const bytes of waiting.splice(0)) next.send(bytes as Uint8Array<ArrayBuffer>);
        if (opened) tell(true);
        opened = true;
        resolve(port);
      });
      next.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (!(event.data instanceof ArrayBuffer)) return;
        const message = decode(new Uint8Array(event.data));
        for (const listener of listeners) listener(message);
      });
      next.addEventListener('close', () => {
        if (!opened) {
          reject(
            new Error(
              'the program behind this page does not answer. Start Chainrule again, and open the address that it prints.',
            ),
          );
          return;
        }
        if (socket === next) {
          socket = null;
          waiting.length = 0;
          for (const close of closing) close();
          tell(false);
        }
        setTimeout(open, wait);
        wait = Math.min(wait * 2, LONGEST_WAIT);
      });
    };
    open();
  });
}
