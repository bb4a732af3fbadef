/**
 * The queue: runs that wait for their turn, of all sweeps of this program. They come by the age of their sweep and
 * their place in it, unless somebody put them in another order, which is kept beside the runs: so it outlives the
 * program, and a program of an older version just does not know it.
 */
import { setTraining } from '../../../engine/graph/edits';
import { lockRefusal } from '../../../engine/graph/lock';
import type { Project } from '../../../engine/graph/project';
import { optimizerOf } from '../../../engine/optimizers/index';
import { Refusal } from '../refusal';
import type { Row, Transaction } from './database';
import type { RunStore } from './run-store';

const PUT = "(SELECT value FROM setting WHERE name = 'queue')";

/** Of the runs that wait, those of one program in their order; more conditions may stand between. */
const waiting = (columns: string, more: string): string =>
  `SELECT ${columns} FROM run JOIN sweep ON sweep.id = run.sweep
   LEFT JOIN json_each(coalesce(${PUT}, '[]')) AS put ON put.value = run.id
   WHERE run.status = 'queued' AND sweep.owner = ? ${more}
   ORDER BY put.key IS NULL, put.key, sweep.started, run.place`;

/** The next that may begin: those of a paused sweep let others go first. */
export const nextIn = (transaction: Transaction, owner: string): Row | null =>
  transaction.get(`${waiting('run.id, run.sweep, run.project, run.seconds', "AND sweep.status = 'running'")} LIMIT 1`, [owner]);

export class RunQueue {
  constructor(readonly runs: RunStore) {}

  /** Ids, the next one first. */
  list(): Promise<readonly string[]> {
    return this.runs.database.transaction((transaction) => this.#ids(transaction));
  }

  #ids(transaction: Transaction): string[] {
    return transaction
      .all(waiting('run.id', "AND sweep.status IN ('running', 'paused')"), [this.runs.instance.id])
      .map(({ id }) => String(id));
  }

  /** To the place before another run; null: to the end. */
  async move(id: string, before: string | null): Promise<void> {
    await this.runs.database.transaction((transaction) => {
      const all = this.#ids(transaction);
      if (!all.includes(id)) throw begun();
      const rest = all.filter((other) => other !== id);
      // What it was to stand before may have begun meanwhile: then it is the next.
      const at = before === null ? rest.length : Math.max(0, rest.indexOf(before));
      transaction.run("INSERT OR REPLACE INTO setting (name, value) VALUES ('queue', ?)", [
        JSON.stringify(rest.toSpliced(at, 0, id)),
      ]);
    });
  }

  /** Other settings of training. The drawing and the data are those that were put into the queue. */
  async change(id: string, { settings: { training } }: Project): Promise<void> {
    await this.runs.database.transaction((transaction) => {
      const row = transaction.get('SELECT project, changes, seconds FROM run WHERE id = ?', [id]);
      // What has trained for a while goes on from where it stood, and cannot become another run.
      if (row === null || Number(row['seconds']) > 0 || !this.#ids(transaction).includes(id)) throw begun();
      const before = JSON.parse(String(row['project'])) as Project;
      const after = setTraining(training)(before);
      const refusal = lockRefusal(before, after);
      if (refusal !== null) throw new Refusal(refusal, 'locked');
      transaction.run('UPDATE run SET project = ?, changes = ? WHERE id = ?', [
        JSON.stringify(after),
        named(String(row['changes']), after),
        id,
      ]);
    });
    this.runs.readAgain(id);
  }

  /** It is not to be trained after all. */
  async remove(id: string): Promise<void> {
    await this.runs.database.transaction((transaction) => {
      if (!this.#ids(transaction).includes(id)) throw begun();
      // What it trained so far is kept.
      const kept = transaction.run(
        "UPDATE run SET status = 'stopped', message = 'It was taken out of the queue.' WHERE id = ? AND seconds > 0",
        [id],
      );
      if (kept === 0) transaction.run('DELETE FROM run WHERE id = ?', [id]);
    });
  }
}

const begun = (): Refusal =>
  new Refusal('This run does not wait in the queue any more: it has begun, or it was taken out.', 'not-queued');

/** `rate 0.1, seed 3` as it is after the change, so that a run's name still says what it is. */
function named(changes: string, { settings: { training } }: Project): string {
  const { optimizer, batch, epochs, seed, hyper } = training;
  const defaults = Object.fromEntries(
    Object.entries(optimizerOf(optimizer)?.hyper ?? {}).map(([key, spec]) => [key, spec.default]),
  );
  const now: Readonly<Record<string, number | string>> = { ...defaults, ...hyper, optimizer, batch, epochs, seed };
  return changes
    .split(', ')
    .map((part) => {
      const key = part.slice(0, part.indexOf(' '));
      return key in now ? `${key} ${now[key]}` : part;
    })
    .join(', ');
}
