/**
 * Chromium and the bench's pages: bundled by Vite, served on this machine with and without the headers that
 * isolate a page (shared memory and threads need them), all in one browser.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright';
import { build } from 'vite';

const here = import.meta.dirname;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.css': 'text/css',
};
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export async function launch(): Promise<Browser> {
  const executablePath =
    process.env.CHROMIUM ??
    ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
  return chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

export interface Pages {
  readonly browser: Browser;
  /** `engine` or `rivals`, in a tab of its own. */
  open(page: 'engine' | 'rivals', isolated: boolean): Promise<Page>;
  close(): Promise<void>;
}

export async function openPages(withRivals: boolean): Promise<Pages> {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-bench-'));
  const bundle = (page: string, root: string, minify: boolean): Promise<unknown> =>
    build({
      root: join(here, root),
      base: './',
      configFile: false,
      logLevel: 'error',
      worker: { format: 'es' },
      build: { outDir: join(folder, page), emptyOutDir: true, target: 'es2023', minify, chunkSizeWarningLimit: 1e5 },
    });
  await bundle('engine', 'engine-page', true);
  // TensorFlow.js hands the text of a function to its threads: it must mean the same there.
  if (withRivals) await bundle('rivals', 'rivals', false);
  const libraries = join(here, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');

  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url!, 'http://localhost').pathname));
    const [, kind, page = '', ...rest] = path.split('/');
    const file = page === 'tfjs' ? join(libraries, ...rest) : join(folder, page, ...rest);
    const type = TYPES[extname(file)];
    if (!type || path.includes('..') || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'Content-Type': type,
      'Cross-Origin-Resource-Policy': 'same-origin',
      ...(kind === 'isolated' ? ISOLATION : {}),
    });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await launch();
  return {
    browser,
    async open(name, isolated) {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/${isolated ? 'isolated' : 'plain'}/${name}/index.html`);
      await page.waitForFunction((global) => global in globalThis, name === 'engine' ? 'bench' : 'rival');
      return page;
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
