/** The program in browser mode, one server and one empty settings folder for each test file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';

interface Server {
  readonly url: string;
  readonly folder: string;
}

async function start(folder: string): Promise<{ url: string; process: ChildProcess }> {
  const process_ = spawn(process.execPath, ['out/main/cli.js', 'serve', '--port', '0', '--no-open'], {
    env: { ...process.env, CHAINRULE_HOME: join(folder, 'settings'), HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let seen = '';
    const look = (data: Buffer): void => {
      seen += data.toString();
      const found = /http:\/\/\S+/.exec(seen);
      if (found) resolve(found[0]);
    };
    process_.stdout!.on('data', look);
    process_.stderr!.on('data', look);
    process_.on('exit', (code) => reject(new Error(`The server ended with ${code}: ${seen}`)));
  });
  return { url, process: process_ };
}

export const test = base.extend<{ server: Server; app: Page }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a function asks for from its pattern.
  server: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'chainrule-e2e-'));
    const { url, process: server } = await start(folder);
    await use({ url, folder });
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  },
  app: async ({ page, server }, use) => {
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await page.goto(server.url);
    await use(page);
    expect(faults, 'errors in the console').toEqual([]);
  },
});

export { expect };
