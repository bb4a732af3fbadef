/**
 * Browser mode: the same window in the user's own browser, served on the loopback address only. Static
 * files over HTTP, the contract over one WebSocket a window. The desktop shell is the model; the one
 * difference is that the page itself shows the file dialog.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAbsolute } from 'node:path';
import openInBrowser from 'open';
import { WebSocketServer, type WebSocket } from 'ws';
import { connect, serve } from '../../engine/remote';
import type { ClientApi } from '../contract';
import { createHost, openHouse, type Host, type House } from '../host';
import { checkedClient, hostParsers } from '../parsers';
import { configFolder, rendererFolder } from '../services/folders';
import { Refusal } from '../services/refusal';
import { securityHeaders, staticFile } from '../services/static-files';
import { Access } from './access';
import { socketPort } from './socket-port';

export interface BrowserOptions {
  /** 0: any free port. */
  readonly port?: number;
  /** Open the user's browser. */
  readonly open?: boolean;
  /** A project file to open in the first window. */
  readonly file?: string;
  /** For tests. */
  readonly config?: string;
  readonly renderer?: string;
}

export interface BrowserHost {
  /** With a token that works once. */
  readonly url: string;
  readonly port: number;
  /** Another address with a token of its own. */
  newUrl(): string;
  close(): Promise<void>;
}

/** Exports carry weights, so messages may be large; beyond this a client is broken. */
const MESSAGE_LIMIT = 1024 * 1024 * 1024;
/** A window that was cut off keeps its data sets for so long. */
const GRACE = 60_000;
const PING = 15_000;
const RELOAD = 400;
/** A page that does not answer for so long, and does not go either, is taken for one that is there. */
const SILENCE = 3000;

interface Window {
  readonly host: Host;
  socket: WebSocket | null;
  client: ClientApi | null;
  leaving: NodeJS.Timeout | null;
}

export async function startBrowserHost(options: BrowserOptions = {}): Promise<BrowserHost> {
  const renderer = options.renderer ?? rendererFolder;
  if (!(await staticFile(renderer, '/')))
    throw new Refusal(`The window has not been built yet (${renderer} is missing). Run 'npm run build' first.`, 'not-built');
  const server = createServer();
  const port = await listen(server, options.port ?? 0);
  const house = await openHouse(options.config ?? configFolder());
  const access = new Access(port);
  const windows = new Map<string, Window>();
  let pendingFile = options.file ?? null;
  const headers = securityHeaders(`ws://127.0.0.1:${port} ws://localhost:${port}`);

  server.on('request', (request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) refuse(response, 500, 'The page could not be read. Start Chainrule again.');
      else response.destroy();
    });
  });

  const refuse = (response: ServerResponse, status: number, sentence: string): void => {
    response.writeHead(status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`${sentence}\n`);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!access.hasOwnHost(request)) return refuse(response, 421, 'This address is not served here.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'Only reading is possible here.');
    const { path, query } = addressOf(request);
    const token = query.get('token');
    if (token !== null && path === '/') {
      if (!access.hasSession(request) && !access.redeem(token))
        return refuse(
          response,
          403,
          'This address was used before. Start Chainrule again, or run `chainrule serve`, for a new one.',
        );
      response.writeHead(303, { ...headers, Location: '/', 'Set-Cookie': access.cookie, 'Cache-Control': 'no-store' });
      return void response.end();
    }
    if (!access.hasSession(request))
      return refuse(
        response,
        403,
        'This page belongs to another session. Open the address that Chainrule printed when it started.',
      );
    const file = await staticFile(renderer, path);
    if (!file) return refuse(response, 404, 'There is no such page.');
    response.writeHead(200, {
      ...headers,
      'Content-Type': file.type,
      'Content-Length': file.content.length,
      'Cache-Control': file.lasting ? 'private, max-age=31536000, immutable' : 'no-cache',
    });
    response.end(request.method === 'HEAD' ? undefined : file.content);
  };

  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT, perMessageDeflate: false });
  server.on('upgrade', (request, socket, head) => {
    const { path, query } = addressOf(request);
    const id = query.get('window') ?? '';
    const allowed = access.hasOwnOrigin(request) && access.hasSession(request) && path === '/socket' && /^[\w-]{8,64}$/.test(id);
    if (!allowed) return void socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    socket.on('error', () => socket.destroy());
    void freeName(id).then((name) => {
      if (!socket.destroyed) sockets.handleUpgrade(request, socket, head, (ws) => attach(name, ws));
    });
  });

  /** A page that was reloaded gets its window again; a duplicated tab, whose twin is still there, one of its own. */
  const freeName = async (id: string): Promise<string> => {
    for (let twin = 1; ; twin++) {
      const name = twin === 1 ? id : `${id}~${twin}`;
      // Looked at again after each wait: another page may have waited for the same one to go.
      for (;;) {
        const socket = windows.get(name)?.socket;
        if (!socket) return name;
        if (!(await closesSoon(socket))) break;
      }
    }
  };

  const attach = (id: string, socket: WebSocket): void => {
    let window = windows.get(id);
    if (!window) {
      window = createWindow(house, id, () => windows.get(id)?.client ?? null, openPending);
      windows.set(id, window);
    }
    const own = window;
    if (own.leaving) clearTimeout(own.leaving);
    own.leaving = null;
    const wire = socketPort(socket);
    const client = checkedClient(connect<ClientApi>(wire));
    own.socket = socket;
    own.client = client;
    own.host.pageLoaded();
    serve(own.host, hostParsers, wire);
    let answered = true;
    socket.on('pong', () => (answered = true));
    const ping = setInterval(() => {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    }, PING);
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearInterval(ping);
      if (own.socket !== socket) return;
      own.socket = null;
      own.client = null;
      own.leaving = setTimeout(() => {
        windows.delete(id);
        void own.host.close();
      }, GRACE);
      own.leaving.unref();
    });
  };

  /** The file that the program was started with goes to the first window. */
  const openPending = (client: ClientApi): void => {
    if (pendingFile === null) return;
    const file = house.projects.ref(pendingFile);
    pendingFile = null;
    void client.openFile(file).catch(() => undefined);
  };

  const newUrl = (): string => `http://127.0.0.1:${port}/?token=${access.issue()}`;
  const url = newUrl();
  if (options.open) await openInBrowser(url).catch(() => undefined);

  return {
    url,
    port,
    newUrl,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      for (const window of windows.values()) {
        if (window.leaving) clearTimeout(window.leaving);
        await window.host.close();
      }
      windows.clear();
      sockets.close();
      await house.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Cut as text: a URL parser would take `//x` for a host and tidy `..` up. */
function addressOf(request: IncomingMessage): { readonly path: string; readonly query: URLSearchParams } {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  return { path, query: new URLSearchParams(query) };
}

/**
 * The old page's socket may close a moment after the new page asks. On a busy machine a moment may be long, so
 * after it the old page is asked: one that still answers is there.
 */
function closesSoon(socket: WebSocket): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (closed: boolean): void => {
      clearTimeout(limit);
      socket.off('close', gone).off('pong', here);
      resolve(closed);
    };
    // After the listener that frees the window.
    const gone = (): void => void setImmediate(settle, true);
    const here = (): void => settle(false);
    socket.once('close', gone);
    let limit = setTimeout(() => {
      socket.once('pong', here);
      socket.ping();
      limit = setTimeout(here, SILENCE);
    }, RELOAD);
  });
}

function createWindow(house: House, id: string, clientNow: () => ClientApi | null, ready: (client: ClientApi) => void): Window {
  const present = (): ClientApi => {
    const client = clientNow();
    if (!client) throw new Refusal('The window is not connected.', 'closed');
    return client;
  };
  const client: ClientApi = {
    pickPath: async (request) => present().pickPath(request),
    importProgress: async (progress) => present().importProgress(progress),
    runCommand: async (command) => present().runCommand(command),
    openFile: async (file) => present().openFile(file),
    confirmClose: async () => present().confirmClose(),
  };
  const host = createHost(house, {
    host: 'browser',
    window: id,
    client,
    ready: () => ready(client),
    pick: async (request) => {
      const path = await client.pickPath(request);
      if (path !== null && !isAbsolute(path)) throw new Refusal(`'${path}' is not a full path. Choose the file again.`);
      return path;
    },
    // A link opens in the browser that shows the window; the window's own anchors do the same.
    openExternal: async (link) => void (await openInBrowser(link)),
    // The page sets its own title and asks before it is closed; there is no menu bar.
    setDocument: () => undefined,
    setMenu: () => undefined,
  });
  return { host, socket: null, client: null, leaving: null };
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE')
        reject(new Refusal(`Port ${port} is in use by another program. Choose another with --port.`, 'EADDRINUSE'));
      else if (error.code === 'EACCES')
        reject(new Refusal(`Port ${port} may not be used by you. Choose one above 1023.`, 'EACCES'));
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
