/**
 * `npm start`: the desktop program where it can run, else browser mode, with one line that says why. The
 * desktop needs Electron's runtime, which its package fetches on first use, and a display. Fetching is
 * tried for a bounded time, so that a machine without a network still gets its window.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { startBrowserHost } from './browser/index';
import { Refusal } from './services/refusal';

/** Time for fetching Electron's runtime (about 100 MB); without a network the attempt fails much sooner. */
const FETCH_LIMIT = Number(process.env.CHAINRULE_FETCH_SECONDS ?? 180) * 1000;
/** A fetch that has not begun to write after so long most likely has no network. */
const CONNECT_LIMIT = 15_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const arguments_ = process.argv.slice(2);
const file = arguments_.find((argument) => !argument.startsWith('-'));
const wantsBrowser = arguments_.includes('--browser') || process.env.CHAINRULE_MODE === 'browser';
const noOpen = arguments_.includes('--no-open');

async function main(): Promise<void> {
  const desktop = wantsBrowser ? { reason: null } : await desktopProgram();
  if ('path' in desktop) {
    const code = await runDesktop(desktop.path);
    if (code !== null) {
      process.exitCode = code;
      return;
    }
    say('The desktop window could not be started here, so Chainrule opens in your browser.');
  } else if (desktop.reason) say(`${desktop.reason}, so Chainrule opens in your browser.`);
  const host = await startBrowserHost({ open: !noOpen && hasDisplay(), ...(file ? { file: resolve(file) } : {}) });
  const end = (): void => void host.close().finally(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  process.stdout.write(`Chainrule is at ${host.url}\nPress Ctrl+C to end it.\n`);
}

const hasDisplay = (): boolean => process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

async function desktopProgram(): Promise<{ readonly path: string } | { readonly reason: string }> {
  if (!hasDisplay()) return { reason: 'There is no display for a desktop window' };
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    return { reason: "Electron is not installed (run 'npm install' with development packages for the desktop window)" };
  }
  const present = installed(folder);
  if (present) return { path: present };
  if (process.env.ELECTRON_SKIP_BINARY_DOWNLOAD) return { reason: "Electron's runtime is not on this machine" };
  say("Fetching Electron's runtime (once, about 100 MB) …");
  const fault = await fetchRuntime(folder);
  const path = installed(folder);
  return path ? { path } : { reason: `Electron's runtime is not on this machine and could not be fetched (${fault})` };
}

/** Electron's own package writes the name of the executable into `path.txt` once it is unpacked. */
function installed(folder: string): string | null {
  const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist');
  const named = join(folder, 'path.txt');
  const executable = join(
    dist,
    existsSync(named) ? readFileSync(named, 'utf8').trim() : process.platform === 'win32' ? 'electron.exe' : 'electron',
  );
  return existsSync(executable) ? executable : null;
}

function fetchRuntime(folder: string): Promise<string> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(folder, 'install.js')], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    let fault: string | null = null;
    child.stderr.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-4000)));
    const stop = (reason: string): void => {
      fault = reason;
      child.kill('SIGKILL');
    };
    const limit = setTimeout(() => stop('it took too long'), FETCH_LIMIT);
    const probe = reachable().then((there) => {
      if (!there) stop('no network');
    });
    child.on('error', (error) => finish(error.message));
    child.on('close', (code) => finish(fault ?? (code === 0 ? 'nothing was unpacked' : lastLine(errors))));
    const finish = (reason: string): void => {
      clearTimeout(limit);
      void probe;
      done(reason);
    };
  });
}

/** Whether the place where Electron is published, or its mirror, answers at all. */
async function reachable(): Promise<boolean> {
  const mirror = process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror ?? 'https://github.com';
  try {
    await fetch(mirror, { method: 'HEAD', signal: AbortSignal.timeout(CONNECT_LIMIT), redirect: 'manual' });
    return true;
  } catch {
    // A proxy that only Electron's own downloader knows may still let it through.
    return Boolean(process.env.HTTPS_PROXY ?? process.env.https_proxy ?? process.env.npm_config_https_proxy);
  }
}

const lastLine = (text: string): string =>
  text
    .trim()
    .split('\n')
    .findLast((line) => /error/i.test(line))
    ?.trim()
    .slice(0, 200) ?? 'the download failed';

/** The exit status, or null when the window died before it was up: a missing system library, a broken display. */
function runDesktop(path: string): Promise<number | null> {
  const started = Date.now();
  return new Promise((done) => {
    const program = resolve(import.meta.dirname, '..', '..');
    const child = spawn(path, [program, ...arguments_], { stdio: 'inherit' });
    child.on('error', () => done(null));
    child.on('close', (code) => done(code !== 0 && Date.now() - started < 5000 ? null : (code ?? 1)));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  });
}

main().catch((error: unknown) => {
  say(
    error instanceof Refusal
      ? error.message
      : `Chainrule could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  process.exitCode = error instanceof Refusal ? 2 : 1;
});
