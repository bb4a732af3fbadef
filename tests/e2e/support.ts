/**
 * The program in browser mode: one server with a home and settings of its own for each test, and a page on
 * it that must not report errors. Tests that break things on purpose take `page` and `server` themselves.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';

/** Where the built program is; another place than here when this folder is being built meanwhile. */
const program = process.env.CHAINRULE_PROGRAM ?? '.';

export interface Served {
  /** With a token that works once; a browser that used it may come back without. */
  readonly url: string;
  readonly origin: string;
  readonly process: ChildProcess;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export async function serve(folder: string, port = 0): Promise<Served> {
  const child = spawn(process.execPath, [join(program, 'out/main/cli.js'), 'serve', '--port', String(port), '--no-open'], {
    env: { ...process.env, CHAINRULE_HOME: join(folder, 'settings'), HOME: join(folder, 'home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let seen = '';
    const look = (data: Buffer): void => {
      seen += data.toString();
      const found = /http:\/\/\S+/.exec(seen);
      if (found) resolve(found[0]);
    };
    child.stdout!.on('data', look);
    child.stderr!.on('data', look);
    void ended.then((code) => reject(new Error(`The server ended with ${code}: ${seen}`)));
  });
  return {
    url,
    origin: new URL(url).origin,
    process: child,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

interface Server extends Served {
  /** A folder of this test's own. */
  readonly folder: string;
  /** Inside it; the file dialog starts here. */
  readonly home: string;
}

/** Collects what goes wrong in a page without the program knowing. */
export function watch(page: Page): readonly string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  return faults;
}

export const test = base.extend<{ server: Server; app: Page }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a function asks for from its pattern.
  server: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'chainrule-e2e-'));
    const home = join(folder, 'home');
    mkdirSync(home);
    const served = await serve(folder);
    await use({ ...served, folder, home });
    await served.stop();
    rmSync(folder, { recursive: true, force: true });
  },
  app: async ({ page, server }, use) => {
    const faults = watch(page);
    await page.goto(server.url);
    await use(page);
    expect(faults, 'errors in the console').toEqual([]);
  },
});

export { expect };
