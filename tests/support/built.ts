/** The built program, for tests that run what is shipped. Built when it is missing or older than its sources. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const root = resolve(import.meta.dirname, '..', '..');

function newest(folder: string): number {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) time = Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return time;
}

/** Main and preload; the window too where it is asked for. */
export async function ensureBuilt(withWindow = false): Promise<void> {
  const outputs = [
    'out/main/electron.js',
    'out/main/start.js',
    'out/preload/preload.cjs',
    ...(withWindow ? ['out/renderer/index.html'] : []),
  ].map((p) => join(root, p));
  const sources = Math.max(
    newest(join(root, 'src/main')),
    newest(join(root, 'src/engine')),
    withWindow ? newest(join(root, 'src/renderer')) : 0,
  );
  if (outputs.every((path) => existsSync(path) && statSync(path).mtimeMs >= sources)) return;
  const built = promisify(execFile)(process.execPath, [join(root, 'node_modules/electron-vite/bin/electron-vite.js'), 'build'], {
    cwd: root,
  });
  await built.catch((error: unknown) => {
    // The window is built last; a test of main does not need it.
    if (withWindow || outputs.some((path) => !existsSync(path) || statSync(path).mtimeMs < sources)) throw error;
  });
}
