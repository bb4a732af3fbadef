/**
 * One process at a time, for moments: a file beside the database that names who holds it. It is ours,
 * because the database library's own lock is a folder that a killed program leaves behind for good; this
 * one is known to be free when its process is gone, or when it is older than any of our transactions.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileRefusal, Refusal } from '../refusal';

/** No transaction takes nearly as long, in ms. */
const OLD = 60_000;
/** Removing a stale lock takes microseconds; who was killed in it left a folder. */
const STEALING = 2_000;
const PATIENCE = 15_000;

const code = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;
const me = (): string => `${process.pid} ${hostname()}`;

function isGone(written: string): boolean {
  const [, pid, host] = /^(\d+) (.*)$/s.exec(written) ?? [];
  if (pid === undefined || host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return code(error) === 'ESRCH';
  }
}

export class FileLock {
  /** Work of this process that waits for its turn. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(readonly path: string) {}

  /** Runs `work` while nobody else does. It must not wait for anything. */
  hold<T>(work: () => T): Promise<T> {
    const turn = this.#turn.then(async () => {
      await this.#acquire();
      try {
        return work();
      } finally {
        rmSync(this.path, { force: true });
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #acquire(): Promise<void> {
    const until = Date.now() + PATIENCE;
    for (let wait = 1; !this.#take(); wait = Math.min(wait * 2, 25)) {
      if (this.#isStale()) this.#remove();
      else if (Date.now() > until)
        throw new Refusal(
          `Another program holds the history of runs. Close other Chainrule windows, or delete '${this.path}' if there are none.`,
          'busy',
        );
      else await setTimeout(wait);
    }
  }

  #take(): boolean {
    try {
      const file = openSync(this.path, 'wx', 0o600);
      writeSync(file, me());
      closeSync(file);
      return true;
    } catch (error) {
      if (code(error) === 'EEXIST') return false;
      throw fileRefusal(error, this.path, 'write');
    }
  }

  #isStale(): boolean {
    try {
      const written = readFileSync(this.path, 'utf8');
      // Between its making and its writing a lock is empty.
      return (written !== '' && isGone(written)) || Date.now() - statSync(this.path).mtimeMs > (written === '' ? STEALING : OLD);
    } catch {
      return false;
    }
  }

  /** Only one may look and remove: else the second would remove the lock that the first has taken meanwhile. */
  #remove(): void {
    const gate = `${this.path}.stale`;
    try {
      mkdirSync(gate);
    } catch {
      const age = Date.now() - (statSync(gate, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > STEALING) rmdirSync(gate);
      return;
    }
    try {
      if (this.#isStale()) rmSync(this.path, { force: true });
    } finally {
      rmdirSync(gate);
    }
  }
}
