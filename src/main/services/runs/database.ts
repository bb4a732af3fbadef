/**
 * The SQLite file in the user's folder, and the only place that knows the library. Every piece of work is
 * one transaction under our own lock, so two programs can share the file, and a program that is killed in
 * the middle leaves either all of it or nothing.
 */
import { createRequire } from 'node:module';
import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database as SqliteDatabase } from 'node-sqlite3-wasm';
import { fileRefusal, Refusal } from '../refusal';
import { FileLock } from './file-lock';

export type Value = number | string | Uint8Array | null;
export type Row = Readonly<Record<string, Value>>;

export interface Transaction {
  run(sql: string, values?: readonly Value[]): number;
  all(sql: string, values?: readonly Value[]): readonly Row[];
  get(sql: string, values?: readonly Value[]): Row | null;
}

export interface Schema {
  readonly version: number;
  /** Makes an empty file ready. */
  readonly create: string;
}

/** The library is a CommonJS module that reads its program from beside itself, 1.3 MB: loaded when it is first needed. */
const load = createRequire(import.meta.url);
const fs = load('node:fs') as { accessSync(path: string, mode?: number): void };

export class RunDatabase {
  readonly #lock: FileLock;
  #open: SqliteDatabase | null = null;
  #closed = false;
  /** Set when a damaged file was put aside: where it is now. */
  putAside: string | null = null;

  constructor(
    readonly path: string,
    readonly schema: Schema,
  ) {
    this.#lock = new FileLock(`${path}.use`);
  }

  async transaction<T>(work: (transaction: Transaction) => T): Promise<T> {
    if (this.#closed) throw new Refusal('The history of runs is closed.', 'closed');
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw fileRefusal(error, this.path, 'write');
    }
    return this.#lock.hold(() => this.#alone(() => this.#perform(work)));
  }

  /**
   * The library asks the file system whether somebody holds its lock, and finds its own folder there; so it
   * takes the journal of a killed program for one in use and would never roll it back. Under our lock nobody
   * else can hold it: a folder is a leftover, and the true answer is no.
   */
  #alone<T>(work: () => T): T {
    const own = `${this.path}.lock`;
    const { accessSync } = fs;
    try {
      rmdirSync(own);
    } catch {
      // Usually there is none.
    }
    fs.accessSync = (path, mode) => {
      if (path === own) throw Object.assign(new Error(), { code: 'ENOENT' });
      accessSync(path, mode);
    };
    try {
      return work();
    } finally {
      fs.accessSync = accessSync;
    }
  }

  #perform<T>(work: (transaction: Transaction) => T): T {
    const database = this.#ready();
    try {
      database.exec('BEGIN IMMEDIATE');
      const result = work({
        run: (sql, values = []) => database.run(sql, [...values]).changes,
        all: (sql, values = []) => database.all(sql, [...values]) as Row[],
        get: (sql, values = []) => database.get(sql, [...values]) as Row | null,
      });
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      throw asRefusal(error, this.path);
    }
  }

  #ready(): SqliteDatabase {
    if (this.#open) return this.#open;
    try {
      this.#open = this.#prepared();
    } catch (error) {
      if (!isDamage(error)) throw asRefusal(error, this.path);
      // Better a new history than none at all; the old file stays for whoever can mend it.
      this.putAside = `${this.path}.damaged-${Date.now()}`;
      renameSync(this.path, this.putAside);
      this.#open = this.#prepared();
    }
    return this.#open;
  }

  #prepared(): SqliteDatabase {
    const { Database } = load('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');
    const database = new Database(this.path);
    try {
      const found = Number((database.get('PRAGMA user_version') as Row)['user_version']);
      if (found > this.schema.version)
        throw new Refusal(
          `The history of runs was written by a newer Chainrule. Update this program to see it. (${this.path})`,
          'newer',
        );
      if (found === 0) {
        database.exec('PRAGMA auto_vacuum = INCREMENTAL');
        database.exec(`BEGIN IMMEDIATE; ${this.schema.create}; PRAGMA user_version = ${this.schema.version}; COMMIT`);
      } else database.get('SELECT count(*) FROM sqlite_schema');
      database.exec('PRAGMA foreign_keys = ON');
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Gives the room of what was deleted back to the disk. */
  async shrink(): Promise<void> {
    await this.#lock.hold(() => this.#alone(() => this.#ready().exec('PRAGMA incremental_vacuum')));
  }

  /** Waits for work under way. */
  async close(): Promise<void> {
    this.#closed = true;
    const shut = (): void => {
      const open = this.#open;
      this.#open = null;
      open?.close();
    };
    // On a full disk not even the lock can be written, and the program must be able to end.
    await this.#lock.hold(shut).catch(shut);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isDamage = (error: unknown): boolean =>
  /not a database|malformed|disk image|unsupported file format|encrypted/i.test(messageOf(error));

function asRefusal(error: unknown, path: string): unknown {
  if (error instanceof Refusal || !(error instanceof Error)) return error;
  const message = messageOf(error);
  if (/database or disk is full/i.test(message))
    return new Refusal(`The disk is full, so the history of runs was not written. Free some space. (${path})`, 'ENOSPC');
  if (/readonly|unable to open|disk I\/O/i.test(message))
    return new Refusal(`The history of runs cannot be written: ${message}. Check the folder's permissions. (${path})`, 'io');
  return error;
}
