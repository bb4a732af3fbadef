/** Python for tests that run what was written for it; tests that need a library are skipped plainly where it is missing. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Python on the path that has this library, or null. */
export function pythonWith(library: 'numpy' | 'torch'): string | null {
  const found = ['python3', '/usr/bin/python3', 'python'].find((name) => {
    try {
      execFileSync(name, ['-c', `import ${library}`], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  if (!found) console.warn(`Skipped: what is written for Python was not run, because no Python here has ${library}.`);
  return found ?? null;
}

/** Runs a script that reads JSON from its first argument and writes JSON to its second. */
export function runScript<T>(python: string, script: string, asked: unknown): T {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-python-'));
  try {
    writeFileSync(join(folder, 'script.py'), script);
    writeFileSync(join(folder, 'asked.json'), JSON.stringify(asked));
    execFileSync(python, [join(folder, 'script.py'), join(folder, 'asked.json'), join(folder, 'answer.json')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, OMP_NUM_THREADS: '1' },
    });
    return JSON.parse(readFileSync(join(folder, 'answer.json'), 'utf8')) as T;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
