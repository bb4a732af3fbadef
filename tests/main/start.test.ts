/**
 * The launcher, as `npm start` runs it, where the desktop cannot open: it says why in one line and opens
 * browser mode, soon.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ensureBuilt, root } from '../support/built';

let home: string;
let child: ChildProcess | null = null;

/** What a process and the children that it has waited for have worked, however busy the machine was meanwhile. */
function processorSeconds(pid: number): number {
  if (process.platform !== 'linux') return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // utime, stime, cutime and cstime in ticks of a hundredth.
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
}

/** Starts the launcher and waits for its address, or for its end. */
async function start(
  env: Readonly<Record<string, string>>,
  words: readonly string[] = [],
): Promise<{ url: string | null; err: string; code: number | null; seconds: number; work: number }> {
  const began = performance.now();
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ELECTRON_OVERRIDE_DIST_PATH: _dist, ...rest } = process.env;
  const own = spawn(process.execPath, [join(root, 'out/main/start.js'), '--no-open', ...words], {
    cwd: root,
    env: { ...rest, CHAINRULE_HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = own;
  let [out, err] = ['', ''];
  return new Promise((resolve) => {
    const done = (code: number | null, work = 0): void =>
      resolve({
        url: /http:\S+/.exec(out)?.[0] ?? null,
        err,
        code,
        seconds: (performance.now() - began) / 1000,
        work,
      });
    // What it said first may be read last: these are two pipes.
    const look = (): void => {
      if (out.includes('Ctrl+C') && err.includes('in your browser.\n')) done(null, processorSeconds(own.pid!));
    };
    own.stdout.on('data', (data: Buffer) => {
      out += data.toString();
      look();
    });
    own.stderr.on('data', (data: Buffer) => {
      err += data.toString();
      look();
    });
    own.on('exit', (code) => done(code));
  });
}

/** Electron's runtime may have been fetched on this machine; then these are not the tests to run. */
const electronFolder = dirname(createRequire(join(root, 'package.json')).resolve('electron/package.json'));
const hasRuntime = existsSync(join(electronFolder, 'dist'));

beforeAll(() => ensureBuilt(true), 180_000);
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'chainrule-start-'));
});
afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child!.once('exit', resolve));
    child.kill('SIGINT');
    await gone;
  }
  child = null;
  await rm(home, { recursive: true, force: true });
});

describe('the launcher', () => {
  test.skipIf(process.platform !== 'linux')('opens browser mode where there is no display, and says so in one line', async () => {
    // Nothing is fetched that could not be shown: a mirror that would keep it waiting is never asked.
    let asked = 0;
    const server = createServer(() => void asked++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const mirror = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
    const { url, err, work } = await start({ ELECTRON_MIRROR: mirror, npm_config_electron_mirror: mirror });
    server.close();
    expect(err.trim()).toBe('There is no display for a desktop window, so Chainrule opens in your browser.');
    expect(asked).toBe(0);
    expect(work).toBeLessThan(3);
    const page = await fetch(url!, { redirect: 'manual' });
    expect(page.status).toBe(303);
    const cookie = page.headers.get('set-cookie')!.split(';')[0]!;
    expect(await (await fetch(new URL('/', url!), { headers: { cookie } })).text()).toMatch(/<title>Chainrule<\/title>/);
  });

  test.skipIf(hasRuntime)("opens browser mode where Electron's runtime must not be fetched", async () => {
    const { url, err } = await start({ DISPLAY: ':99', ELECTRON_SKIP_BINARY_DOWNLOAD: '1' });
    expect(err.trim()).toBe("Electron's runtime is not on this machine, so Chainrule opens in your browser.");
    expect(url).not.toBeNull();
  });

  test.skipIf(hasRuntime)('does not wait long for a runtime that cannot be fetched', async () => {
    // A port on which nobody answers.
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    server.close();
    const mirror = `http://127.0.0.1:${port}/`;
    const { url, err, seconds } = await start({
      DISPLAY: ':99',
      ELECTRON_MIRROR: mirror,
      npm_config_electron_mirror: mirror,
      ELECTRON_SKIP_BINARY_DOWNLOAD: '',
      HTTPS_PROXY: '',
      https_proxy: '',
      npm_config_https_proxy: '',
    });
    expect(err).toMatch(/could not be fetched \(.+\), so Chainrule opens in your browser\.$/m);
    expect(url).not.toBeNull();
    expect(seconds).toBeLessThan(20);
  });

  test.skipIf(hasRuntime)('gives up on a runtime that never arrives', async () => {
    // A server that takes the request and never answers it.
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const mirror = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
    const { url, err, seconds } = await start({
      DISPLAY: ':99',
      ELECTRON_MIRROR: mirror,
      npm_config_electron_mirror: mirror,
      ELECTRON_SKIP_BINARY_DOWNLOAD: '',
      HTTPS_PROXY: '',
      https_proxy: '',
      npm_config_https_proxy: '',
      CHAINRULE_FETCH_SECONDS: '3',
    });
    server.close();
    expect(err).toMatch(/could not be fetched \(it took too long\)/);
    expect(url).not.toBeNull();
    expect(seconds).toBeLessThan(15);
  });

  test.skipIf(process.platform !== 'linux')(
    'falls back when the desktop dies at once, and lets it have its own end otherwise',
    async () => {
      const dist = join(home, 'dist');
      const { mkdir } = await import('node:fs/promises');
      await mkdir(dist);
      await writeFile(join(dist, 'electron'), '#!/bin/sh\necho "no such library" >&2\nexit 127\n', { mode: 0o755 });
      const broken = await start({ DISPLAY: ':99', ELECTRON_OVERRIDE_DIST_PATH: dist });
      expect(broken.err).toMatch(/could not be started here, so Chainrule opens in your browser/);
      expect(broken.url).not.toBeNull();
      child!.kill('SIGINT');
      await writeFile(join(dist, 'electron'), '#!/bin/sh\necho "$@" > "$CHAINRULE_HOME/words"\nexit 0\n', { mode: 0o755 });
      const fine = await start({ DISPLAY: ':99', ELECTRON_OVERRIDE_DIST_PATH: dist }, ['a.chainrule']);
      expect(fine).toMatchObject({ url: null, code: 0 });
      const { readFile } = await import('node:fs/promises');
      expect((await readFile(join(home, 'words'), 'utf8')).trim()).toBe(`${root} --no-open a.chainrule`);
    },
  );
});
