/**
 * Browser mode's windows: a page that was reloaded finds its things again, a duplicated tab has its own,
 * a file from the command line reaches the first window, and many windows live side by side.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { serialiseProject } from '../../src/engine/graph/project-text';
import { emptyProject } from '../../src/engine/graph/project';
import { connect, serve, type Port } from '../../src/engine/remote';
import { decode, encode } from '../../src/engine/wire';
import { type BrowserHost, startBrowserHost } from '../../src/main/browser/index';
import type { ClientApi, HostApi } from '../../src/main/contract';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const xor = { kind: 'generator', name: 'xor', count: 100, noise: 0, seed: 1 } as const;

let folder: string;
let server: BrowserHost;

interface Tab {
  readonly host: HostApi;
  readonly opened: string[];
  close(): Promise<void>;
}

/** A page with a cookie of its own, and its socket. */
async function tab(window: string): Promise<Tab> {
  const entry = await fetch(server.newUrl(), { redirect: 'manual' });
  const cookie = entry.headers.get('set-cookie')!.split(';')[0]!;
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/socket?window=${window}`, {
    headers: { cookie, origin: `http://127.0.0.1:${server.port}` },
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const port: Port = {
    post: (message) => socket.send(encode(message)),
    onMessage: (listener) => {
      const receive = (data: Buffer): void => listener(decode(data));
      socket.on('message', receive);
      return () => socket.off('message', receive);
    },
    onClose: (listener) => {
      socket.on('close', listener);
      return () => socket.off('close', listener);
    },
  };
  const opened: string[] = [];
  const client: ClientApi = {
    pickPath: () => new Promise(() => undefined),
    importProgress: async () => undefined,
    runCommand: async () => undefined,
    openFile: async (file) => void opened.push(file.path),
    confirmClose: async () => true,
  };
  const pass = (args: readonly unknown[]): never => args as never;
  serve(client, { pickPath: pass, importProgress: pass, runCommand: pass, openFile: pass, confirmClose: pass }, port);
  return {
    host: connect<HostApi>(port),
    opened,
    close: async () => {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.close();
      await closed;
    },
  };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chainrule-browser-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(folder, 'mine.chainrule'), serialiseProject(emptyProject));
  server = await startBrowserHost({ config: join(folder, 'config'), renderer: folder, file: join(folder, 'mine.chainrule') });
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

test('a page that was reloaded finds its data again', async () => {
  const before = await tab('window-one');
  const { id } = await before.host.loadDataset(xor, split, 'job');
  await before.close();
  const after = await tab('window-one');
  expect((await after.host.datasetPart(id, 'x', 0)).length).toBe(200);
});

test('also when the old socket closes only after the new page has asked', async () => {
  const before = await tab('window-one');
  const { id } = await before.host.loadDataset(xor, split, 'job');
  setTimeout(() => void before.close(), 100);
  const after = await tab('window-one');
  expect((await after.host.datasetPart(id, 'x', 0)).length).toBe(200);
});

test('of two pages that come while the old one goes, one gets its window and the other one of its own', async () => {
  const before = await tab('window-one');
  const { id } = await before.host.loadDataset(xor, split, 'job');
  const both = Promise.all([tab('window-one'), tab('window-one')]);
  setTimeout(() => void before.close(), 50);
  const found = await Promise.allSettled((await both).map(({ host }) => host.datasetPart(id, 'x', 0)));
  expect(found.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('a duplicated tab is a window of its own, and both go on', async () => {
  const first = await tab('window-one');
  const { id } = await first.host.loadDataset(xor, split, 'job');
  const second = await tab('window-one');
  await expect(second.host.datasetPart(id, 'x', 0)).rejects.toThrow(/not in memory/);
  expect((await first.host.datasetPart(id, 'x', 0)).length).toBe(200);
  expect((await second.host.info()).host).toBe('browser');
});

test('the file that the program was started with goes to the first window, once', async () => {
  const first = await tab('window-one');
  await first.host.info();
  await expect.poll(() => first.opened).toEqual([join(folder, 'mine.chainrule')]);
  const second = await tab('window-two');
  await second.host.info();
  await second.host.examples();
  expect(second.opened).toEqual([]);
});

test('work that a page left unsaved is offered to it when it is loaded anew', async () => {
  const before = await tab('window-one');
  await before.host.autosave({ ...emptyProject, settings: { ...emptyProject.settings, title: 'Left' } }, null, true);
  await before.close();
  const after = await tab('window-one');
  expect((await after.host.recoveries()).map((r) => r.project.settings.title)).toEqual(['Left']);
});

test('calls that are under way when the program ends are rejected', async () => {
  const first = await tab('window-one');
  // The answer to this one waits for a dialog that nobody answers.
  const picking = first.host.pickData('file').then(
    () => 'answered',
    (error: Error) => error.message,
  );
  await first.close();
  expect(await picking).toBe('The connection was closed.');
});

test('a port that is taken is a sentence', async () => {
  await expect(startBrowserHost({ config: join(folder, 'config'), renderer: folder, port: server.port })).rejects.toThrow(
    /Port \d+ is in use by another program. Choose another with --port/,
  );
});

test('so is a window that has not been built', async () => {
  await expect(startBrowserHost({ config: join(folder, 'config'), renderer: join(folder, 'nowhere') })).rejects.toThrow(
    /npm run build/,
  );
});
