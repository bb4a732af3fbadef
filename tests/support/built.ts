/** The built program, for tests that run what is shipped. Built when it is missing or older than its sources. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

export const root = resolve(import.meta.dirname, '..', '..');

function newest(folder: string): number {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) time = Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return time;
}

/** Several test files may find the build old at once; one of them builds, the others wait for it. */
const lock = join(root, 'out', '.building');

async function locked(work: () => Promise<void>): Promise<void> {
  mkdirSync(join(root, 'out'), { recursive: true });
  for (const end = Date.now() + 300_000; ; ) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      // A lock that nobody will open any more: its test run was killed.
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > 240_000) rmSync(lock, { recursive: true, force: true });
      if (Date.now() > end) throw new Error('Another build did not end.');
      await setTimeout(200);
    }
  }
  try {
    await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Main and preload; the window too where it is asked for. */
export async function ensureBuilt(withWindow = false): Promise<void> {
  const outputs = [
    'out/main/electron.js',
    'out/main/start.js',
    'out/preload/preload.cjs',
    ...(withWindow ? ['out/renderer/index.html'] : []),
  ].map((path) => join(root, path));
  const folders = ['src/main', 'src/engine', ...(withWindow ? ['src/renderer'] : [])];
  const sources = Math.max(...folders.map((folder) => newest(join(root, folder))));
  const fresh = (): boolean => outputs.every((path) => existsSync(path) && statSync(path).mtimeMs >= sources);
  if (fresh()) return;
  await locked(async () => {
    if (fresh()) return;
    const tool = join(root, 'node_modules/electron-vite/bin/electron-vite.js');
    await promisify(execFile)(process.execPath, [tool, 'build'], { cwd: root }).catch((error: unknown) => {
      // The window is built last; a test of main does not need it.
      if (!fresh()) throw error;
    });
  });
}

/** A copy of the built main and preload, which a build that runs meanwhile does not take away. */
export async function copyBuilt(): Promise<string> {
  const folder = join(root, 'node_modules', '.cache', `chainrule-built-${process.pid}`);
  await ensureBuilt();
  await locked(async () => {
    for (const part of ['main', 'preload']) cpSync(join(root, 'out', part), join(folder, part), { recursive: true });
  });
  // As the program in it will see it, where node_modules is a link.
  return realpathSync(folder);
}
