/**
 * This running program among others of the same user. Lock files and recovery copies name the instance
 * that wrote them; whether it still lives is read off a file that each instance touches, because process
 * numbers are used again. One whose process is gone is known to be dead at once: who starts the program
 * again after a crash finds the unsaved work.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeOwn } from './files';

const BEAT = 5_000;
/** A computer under load may be late. */
const DEAD = 40_000;

export interface Instance {
  readonly id: string;
  isAlive(id: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Homes are shared between machines; only a process of this one can be asked for. */
const here = (): string => `${process.pid} ${hostname()}`;

function isGone(written: string): boolean {
  const [, pid, host] = /^(\d+) (.*)$/s.exec(written) ?? [];
  if (pid === undefined || host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

export async function startInstance(config: string): Promise<Instance> {
  const id = randomUUID();
  const fileOf = (instance: string): string => join(config, 'instances', `${instance}.alive`);
  // A home that cannot be written costs recovery and locks, not the program.
  await writeOwn(fileOf(id), here()).catch(() => undefined);
  const timer = setInterval(() => {
    const now = new Date();
    utimes(fileOf(id), now, now).catch(() => undefined);
  }, BEAT);
  timer.unref();
  return {
    id,
    isAlive: async (other) => {
      if (other === id) return true;
      if (!/^[0-9a-f-]{36}$/.test(other)) return false;
      const about = await stat(fileOf(other)).catch(() => null);
      if (about === null || Date.now() - about.mtimeMs >= DEAD) return false;
      return !isGone(await readFile(fileOf(other), 'utf8').catch(() => ''));
    },
    close: async () => {
      clearInterval(timer);
      await rm(fileOf(id), { force: true }).catch(() => undefined);
    },
  };
}
