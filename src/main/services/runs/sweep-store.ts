/**
 * Sweeps in the database. A sweep belongs to the program that does it; its runs are queued, running or
 * finished. Whatever moment a program is killed at, the next one finds runs that say they are running and
 * puts them back into the queue, each with its last checkpoint.
 */
import { randomUUID } from 'node:crypto';
import type { Project } from '../../../engine/graph/project';
import type { SweepState } from '../../contract';
import { Refusal } from '../refusal';
import type { Row, Transaction } from './database';
import { nextIn } from './queue';
import type { NewRun, RunStore } from './run-store';

type Status = 'running' | 'paused' | 'done' | 'cancelled';

export interface Claimed {
  readonly sweep: string;
  readonly run: string;
  readonly project: Project;
  readonly seconds: number;
  /** It trained before. */
  readonly begun: boolean;
}

const LOSS = `coalesce(json_extract(scores, '$.validation.loss'), json_extract(scores, '$.train.loss'))`;

export class SweepStore {
  constructor(readonly runs: RunStore) {}

  get #me(): string {
    return this.runs.instance.id;
  }

  /** `fingerprint`: the same for the same request, so that it can be found again after a crash. */
  add(
    name: string,
    fingerprint: string,
    runs: readonly Omit<NewRun, 'origin' | 'sweep' | 'place' | 'status'>[],
  ): Promise<string> {
    const id = randomUUID();
    return this.runs.database.transaction((transaction) => {
      transaction.run('INSERT INTO sweep (id, name, status, owner, started, threads, fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?)', [
        id,
        name,
        'running',
        this.#me,
        Date.now(),
        0,
        fingerprint,
      ]);
      for (const [place, run] of runs.entries())
        this.runs.insert(transaction, { ...run, origin: 'sweep', status: 'queued', sweep: id, place });
      return id;
    });
  }

  async list(): Promise<readonly SweepState[]> {
    const rows = await this.runs.database.transaction((transaction) =>
      transaction.all('SELECT * FROM sweep ORDER BY started DESC').map((row) => this.#state(transaction, row)),
    );
    const states: SweepState[] = [];
    for (const { owner, ...state } of rows) {
      const elsewhere = state.status === 'running' && owner !== this.#me && (await this.runs.instance.isAlive(owner));
      states.push(elsewhere ? { ...state, status: 'elsewhere' } : state);
    }
    return states;
  }

  #state(transaction: Transaction, row: Row): SweepState & { readonly owner: string } {
    const id = String(row['id']);
    const counts = new Map(
      transaction
        .all('SELECT status, count(*) AS count FROM run WHERE sweep = ? GROUP BY status', [id])
        .map(({ status, count }) => [String(status), Number(count)]),
    );
    const best = transaction.get(
      `SELECT id, changes, ${LOSS} AS loss FROM run WHERE sweep = ? AND status = 'done' AND ${LOSS} IS NOT NULL ORDER BY loss LIMIT 1`,
      [id],
    );
    return {
      id,
      name: String(row['name']),
      status: String(row['status']) as Status,
      owner: String(row['owner']),
      startedAt: Number(row['started']),
      total: [...counts.values()].reduce((a, b) => a + b, 0),
      done: counts.get('done') ?? 0,
      failed: counts.get('failed') ?? 0,
      running: counts.get('running') ?? 0,
      best: best === null ? null : { run: String(best['id']), changes: String(best['changes']), loss: Number(best['loss']) },
    };
  }

  /** The next run that waits; null: none does. */
  claim(): Promise<Claimed | null> {
    return this.runs.database.transaction((transaction) => {
      const row = nextIn(transaction, this.#me);
      if (row === null) return null;
      const run = String(row['id']);
      transaction.run("UPDATE run SET status = 'running', owner = ? WHERE id = ?", [this.#me, run]);
      return {
        run,
        sweep: String(row['sweep']),
        project: JSON.parse(String(row['project'])) as Project,
        seconds: Number(row['seconds']),
        begun: Number(row['seconds']) > 0,
      };
    });
  }

  /** Sweeps whose runs are all over are done; what a cancelled one was at stays as far as it came. */
  async settle(): Promise<void> {
    await this.runs.database.transaction((transaction) => {
      transaction.run(
        `UPDATE run SET status = 'stopped', message = 'The sweep was cancelled.'
         WHERE status = 'queued' AND sweep IN (SELECT id FROM sweep WHERE status = 'cancelled')`,
      );
      transaction.run(
        `UPDATE sweep SET status = 'done' WHERE status = 'running' AND owner = ?
         AND NOT EXISTS (SELECT 1 FROM run WHERE sweep = sweep.id AND status IN ('queued', 'running'))`,
        [this.#me],
      );
    });
  }

  /** A run whose thread died, or that is to be done again. */
  async requeue(run: string): Promise<void> {
    await this.runs.database.transaction((transaction) =>
      transaction.run("UPDATE run SET status = 'queued' WHERE id = ? AND status = 'running'", [run]),
    );
  }

  async setStatus(id: string, status: Exclude<Status, 'done'>): Promise<void> {
    const owner = await this.runs.database.transaction((transaction) => {
      const row = transaction.get('SELECT owner, status FROM sweep WHERE id = ?', [id]);
      if (row === null) throw new Refusal('This sweep is not in the history any more.', 'unknown-sweep');
      return row['status'] === 'running' && row['owner'] !== this.#me ? String(row['owner']) : null;
    });
    if (owner !== null && (await this.runs.instance.isAlive(owner)))
      throw new Refusal('Another Chainrule program does this sweep. Pause or cancel it there.', 'busy');
    await this.runs.database.transaction((transaction) => {
      transaction.run("UPDATE sweep SET status = ?, owner = ? WHERE id = ? AND status IN ('running', 'paused')", [
        status,
        this.#me,
        id,
      ]);
      if (status === 'cancelled') transaction.run("DELETE FROM run WHERE sweep = ? AND status = 'queued'", [id]);
    });
  }

  /** Of a program that is gone: its sweeps are ours now, its runs wait again. Returns how many sweeps. */
  async takeOver(): Promise<number> {
    const owners = await this.runs.database.transaction((transaction) =>
      transaction.all("SELECT DISTINCT owner FROM sweep WHERE status IN ('running', 'paused')").map(({ owner }) => String(owner)),
    );
    let taken = 0;
    for (const owner of owners) {
      if (owner === this.#me || (await this.runs.instance.isAlive(owner))) continue;
      taken += await this.runs.database.transaction((transaction) => {
        transaction.run(
          `UPDATE run SET status = 'queued' WHERE status = 'running'
           AND sweep IN (SELECT id FROM sweep WHERE owner = ? AND status IN ('running', 'paused'))`,
          [owner],
        );
        return transaction.run("UPDATE sweep SET owner = ? WHERE owner = ? AND status IN ('running', 'paused')", [
          this.#me,
          owner,
        ]);
      });
    }
    return taken;
  }

  /** An unfinished sweep of this program that was asked for in the same words. */
  async same(fingerprint: string): Promise<string | null> {
    const row = await this.runs.database.transaction((transaction) =>
      transaction.get(
        "SELECT id FROM sweep WHERE fingerprint = ? AND owner = ? AND status IN ('running', 'paused') ORDER BY started DESC LIMIT 1",
        [fingerprint, this.#me],
      ),
    );
    return row === null ? null : String(row['id']);
  }
}
