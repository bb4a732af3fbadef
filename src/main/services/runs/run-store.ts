/**
 * The history of runs: what was trained, how, on what, and what came of it. Runs name the program that
 * trains them; when that one is gone, they are interrupted, and whoever reads the history sees it.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Best, Checkpoint, CurvePoint, Score } from '../../../engine/api';
import type { Project } from '../../../engine/graph/project';
import { decode, encode } from '../../../engine/wire';
import type {
  RunConfusion,
  RunDetail,
  RunHistory,
  RunLimits,
  RunNews,
  RunOrigin,
  RunRecord,
  RunScores,
  RunStatus,
} from '../../contract';
import type { Instance } from '../instance';
import { Refusal } from '../refusal';
import { RunDatabase, type Row, type Transaction } from './database';
import { schema } from './schema';
import { drawingLine, rateOf } from './summary';
import { thinned } from './thin';

const DEFAULT_LIMITS: RunLimits = { runs: 500, megabytes: 500 };
/** Points that a finished run's curve keeps. */
const POINTS = 2000;

export interface NewRun {
  readonly name: string;
  readonly origin: RunOrigin;
  readonly project: Project;
  readonly data: RunRecord['data'];
  readonly status?: RunStatus;
  readonly sweep?: string;
  readonly place?: number;
  readonly changes?: string;
  readonly tags?: readonly string[];
}

const pack = (value: unknown): Uint8Array => deflateRawSync(encode(value), { level: 1 });
const unpack = (bytes: unknown): unknown => decode(inflateRawSync(bytes as Uint8Array));

const ROOM = `
  (SELECT coalesce(sum(length(points)), 0) FROM curve WHERE run = run.id)
  + (SELECT coalesce(sum(length(numbers)), 0) FROM kept WHERE run = run.id) + length(project)`;
const RECORD = `
  run.*, ${ROOM} AS bytes,
  (SELECT epoch FROM kept WHERE run = run.id AND what = 'best') AS best_epoch,
  EXISTS (SELECT 1 FROM kept WHERE run = run.id AND what = 'last') AS resumable`;

/** What changes with every change of a run. */
const MARK = `json_array(status, epoch, step, seconds, name, tags, message, scores)`;

interface Looked {
  readonly mark: string;
  readonly record: RunRecord;
  readonly stamp: number;
}

/** JSON knows no NaN: a metric that had no value is absent, a loss without one is not a number. */
function scoresOf(text: string): RunScores {
  const stored = JSON.parse(text) as Partial<Record<keyof RunScores, Readonly<Record<string, number | null>> | null>>;
  const score = (part: keyof RunScores): Score | null => {
    const found = stored[part];
    if (!found) return null;
    const { loss, ...metrics } = found;
    return { loss: loss ?? Number.NaN, ...Object.fromEntries(Object.entries(metrics).filter(([, value]) => value !== null)) };
  };
  return { train: score('train'), validation: score('validation'), test: score('test') };
}

function recordOf(row: Row): RunRecord {
  const project = JSON.parse(String(row['project'])) as Project;
  const { training } = project.settings;
  const text = (name: string): string => String(row[name] ?? '');
  return {
    id: text('id'),
    name: text('name'),
    origin: text('origin') as RunOrigin,
    status: text('status') as RunStatus,
    startedAt: Number(row['started']),
    seconds: Number(row['seconds']),
    epoch: Number(row['epoch']),
    step: Number(row['step']),
    epochs: training.epochs,
    drawing: drawingLine(project),
    optimizer: training.optimizer,
    rate: rateOf(training),
    batch: training.batch,
    seed: training.seed,
    data: row['data'] === null ? null : (JSON.parse(text('data')) as RunRecord['data']),
    scores: scoresOf(text('scores')),
    tags: JSON.parse(text('tags')) as string[],
    sweep: row['sweep'] === null ? null : text('sweep'),
    changes: text('changes'),
    message: text('message'),
    resumable: Number(row['resumable']) === 1,
    bestEpoch: row['best_epoch'] === null ? null : Number(row['best_epoch']),
    bytes: Number(row['bytes']),
  };
}

const pointsOf = (transaction: Transaction, id: string): CurvePoint[] =>
  transaction
    .all('SELECT points FROM curve WHERE run = ? ORDER BY piece', [id])
    .flatMap(({ points }) => unpack(points) as CurvePoint[])
    // A rule that goes back to the best epoch may have that one scored after later ones.
    .sort((a, b) => a.step - b.step);

const finished = (status: RunStatus | undefined): boolean => status !== undefined && status !== 'running' && status !== 'queued';

export class RunStore {
  readonly database: RunDatabase;
  /** What the last look found. */
  #looked: ReadonlyMap<string, Looked> = new Map();
  /** Larger than those of programs before this one. */
  #stamp = Date.now();

  constructor(
    config: string,
    readonly instance: Instance,
  ) {
    this.database = new RunDatabase(join(config, 'runs.db'), schema);
  }

  async begin(run: NewRun): Promise<string> {
    const [id] = await this.add([run]);
    await this.keepWithin();
    return id!;
  }

  /** Several at once: all or none. */
  add(runs: readonly NewRun[]): Promise<string[]> {
    return this.database.transaction((transaction) => runs.map((run) => this.insert(transaction, run)));
  }

  insert(transaction: Transaction, run: NewRun): string {
    const id = randomUUID();
    transaction.run(
      `INSERT INTO run (id, name, origin, status, owner, started, project, data, sweep, place, changes, tags)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        id,
        run.name,
        run.origin,
        run.status ?? 'running',
        this.instance.id,
        Date.now(),
        JSON.stringify(withoutWeights(run.project)),
        run.data === null ? null : JSON.stringify(run.data),
        run.sweep ?? null,
        run.place ?? 0,
        run.changes ?? '',
        JSON.stringify(run.tags ?? []),
      ],
    );
    return id;
  }

  async report(id: string, news: RunNews): Promise<void> {
    // Outside the lock: packing large numbers takes longer than writing them.
    const { best: bestWeights, ...last } = news.checkpoint ?? {};
    const checkpoint = news.checkpoint && { epoch: news.checkpoint.epoch, numbers: pack(last) };
    const best = bestWeights && { epoch: bestWeights.epoch, numbers: pack(bestWeights) };
    const points = news.points.length > 0 ? pack(news.points) : null;
    await this.database.transaction((transaction) => {
      const changed = transaction.run(
        `UPDATE run SET epoch = ?, step = ?, seconds = ?, owner = ?,
           status = coalesce(?, status), message = coalesce(?, message), project = coalesce(?, project),
           scores = coalesce(?, scores), confusion = coalesce(?, confusion)
         WHERE id = ?`,
        [
          news.epoch,
          news.step,
          news.seconds,
          this.instance.id,
          news.status ?? null,
          news.message ?? null,
          news.project ? JSON.stringify(withoutWeights(news.project)) : null,
          news.scores ? JSON.stringify(news.scores) : null,
          news.confusion ? JSON.stringify(news.confusion) : null,
          id,
        ],
      );
      // It was deleted while it trained: there is nothing to add to.
      if (changed === 0) return;
      if (points)
        transaction.run(
          'INSERT INTO curve (run, piece, points) VALUES (?, (SELECT coalesce(max(piece), 0) + 1 FROM curve WHERE run = ?), ?)',
          [id, id, points],
        );
      if (checkpoint) keep(transaction, id, 'last', checkpoint);
      if (best) keep(transaction, id, 'best', best);
      if (finished(news.status)) gather(transaction, id);
    });
  }

  /** Runs that say they are being trained, by a program that is gone. */
  async #findInterrupted(): Promise<void> {
    const owners = await this.database.transaction((transaction) =>
      transaction
        .all("SELECT DISTINCT owner FROM run WHERE status = 'running' AND sweep IS NULL")
        .map(({ owner }) => String(owner)),
    );
    for (const owner of owners) {
      if (await this.instance.isAlive(owner)) continue;
      await this.database.transaction((transaction) =>
        transaction.run(
          `UPDATE run SET status = 'interrupted', message = 'The program ended while it trained.'
           WHERE status = 'running' AND sweep IS NULL AND owner = ?`,
          [owner],
        ),
      );
    }
  }

  /** Newest first. A run whose marks are the same is not read again: a project and its numbers are large. */
  #look(transaction: Transaction): ReadonlyMap<string, Looked> {
    const before = this.#looked;
    const now = new Map<string, Looked>();
    for (const { id, mark } of transaction.all(`SELECT id, ${MARK} AS mark FROM run ORDER BY started DESC, place DESC`)) {
      const [key, marks] = [String(id), String(mark)];
      const same = before.get(key);
      now.set(
        key,
        same?.mark === marks ? same : { mark: marks, record: recordOf(this.#row(transaction, key)), stamp: ++this.#stamp },
      );
    }
    this.#looked = now;
    return now;
  }

  /** Something that its mark does not show has changed. */
  readAgain(id: string): void {
    this.#looked = new Map([...this.#looked].filter(([key]) => key !== id));
  }

  /** Whoever looks again says since when: only runs that changed are read and sent. */
  async history(since = 0): Promise<RunHistory> {
    await this.#findInterrupted();
    return this.database.transaction((transaction) => {
      const known = this.#look(transaction);
      const { putAside } = this.database;
      const runs = [...known.values()].map(({ record }) => record);
      // A stamp of another program says nothing here.
      const from = since <= this.#stamp ? since : 0;
      return {
        ids: [...known.keys()],
        stamp: this.#stamp,
        runs: [...known.values()].flatMap(({ record, stamp }) => (stamp > from ? [record] : [])),
        limits: limitsIn(transaction),
        bytes: runs.reduce((sum, { bytes }) => sum + bytes, 0),
        notice:
          putAside === null
            ? null
            : `The history of runs was damaged, and a new one was begun. The old file was kept: ${putAside}`,
      };
    });
  }

  async detail(id: string): Promise<RunDetail> {
    return this.database.transaction((transaction) => {
      const row = this.#row(transaction, id);
      return {
        ...recordOf(row),
        project: JSON.parse(String(row['project'])) as Project,
        points: pointsOf(transaction, id),
        confusion: row['confusion'] === null ? null : (JSON.parse(String(row['confusion'])) as RunConfusion),
      };
    });
  }

  #row(transaction: Transaction, id: string): Row {
    const row = transaction.get(`SELECT ${RECORD} FROM run WHERE id = ?`, [id]);
    if (row === null) throw new Refusal('This run is not in the history any more.', 'unknown-run');
    return row;
  }

  /** Where it stood last, with its best weights, which are kept apart: people want them back alone as well. */
  async checkpoint(id: string): Promise<Checkpoint | null> {
    const last = (await this.#kept(id, 'last')) as Checkpoint | null;
    const best = last && (await this.best(id));
    return best ? { ...last, best } : last;
  }

  async best(id: string): Promise<Best | null> {
    return (await this.#kept(id, 'best')) as Best | null;
  }

  async #kept(id: string, what: 'last' | 'best'): Promise<unknown> {
    const row = await this.database.transaction((transaction) => {
      this.#row(transaction, id);
      return transaction.get('SELECT numbers FROM kept WHERE run = ? AND what = ?', [id, what]);
    });
    return row === null ? null : unpack(row['numbers']);
  }

  /** Training goes on from its last checkpoint, so points after that will come again. */
  async rewind(id: string): Promise<void> {
    const checkpoint = await this.checkpoint(id);
    await this.database.transaction((transaction) => {
      const points = pointsOf(transaction, id).filter(({ step }) => checkpoint !== null && step <= checkpoint.step);
      replaceCurve(transaction, id, points);
    });
  }

  /** A run goes on in this program. */
  async resume(id: string): Promise<void> {
    await this.rewind(id);
    await this.database.transaction((transaction) => {
      const row = this.#row(transaction, id);
      if (row['status'] === 'running' && row['owner'] !== this.instance.id)
        throw new Refusal('This run is being trained in another program.', 'busy');
      transaction.run("UPDATE run SET status = 'running', owner = ?, message = '' WHERE id = ?", [this.instance.id, id]);
    });
  }

  /** The window that trained them is gone. */
  async interrupt(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.database.transaction((transaction) => {
      for (const id of ids)
        transaction.run(
          "UPDATE run SET status = 'interrupted', message = 'The window was closed while it trained.' WHERE id = ? AND status = 'running'",
          [id],
        );
    });
  }

  async change(id: string, { name, tags }: { readonly name?: string; readonly tags?: readonly string[] }): Promise<void> {
    await this.database.transaction((transaction) => {
      this.#row(transaction, id);
      if (name !== undefined) transaction.run('UPDATE run SET name = ? WHERE id = ?', [name, id]);
      if (tags !== undefined) transaction.run('UPDATE run SET tags = ? WHERE id = ?', [JSON.stringify(tags), id]);
    });
  }

  async delete(ids: readonly string[]): Promise<void> {
    await this.database.transaction((transaction) => {
      for (const id of ids) transaction.run('DELETE FROM run WHERE id = ?', [id]);
    });
    await this.database.shrink();
  }

  async limit(limits: RunLimits): Promise<void> {
    await this.database.transaction((transaction) =>
      transaction.run("INSERT OR REPLACE INTO setting (name, value) VALUES ('limits', ?)", [JSON.stringify(limits)]),
    );
    await this.keepWithin();
  }

  /** The oldest runs go when there are too many; those with tags last, those under way never. */
  async keepWithin(): Promise<void> {
    const dropped = await this.database.transaction((transaction) => {
      const limits = limitsIn(transaction);
      const rows = transaction.all(`SELECT id, status, tags, ${ROOM} AS bytes FROM run ORDER BY (tags = '[]') DESC, started`);
      let bytes = rows.reduce((sum, row) => sum + Number(row['bytes']), 0);
      let count = rows.length;
      let dropped = 0;
      for (const row of rows) {
        if (count <= limits.runs && bytes <= limits.megabytes * 1e6) break;
        if (!finished(String(row['status']) as RunStatus)) continue;
        transaction.run('DELETE FROM run WHERE id = ?', [row['id']!]);
        bytes -= Number(row['bytes']);
        count--;
        dropped++;
      }
      return dropped;
    });
    if (dropped > 0) await this.database.shrink();
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

function keep(
  transaction: Transaction,
  id: string,
  what: 'last' | 'best',
  { epoch, numbers }: { readonly epoch: number; readonly numbers: Uint8Array },
): void {
  transaction.run('INSERT OR REPLACE INTO kept (run, what, epoch, numbers) VALUES (?, ?, ?, ?)', [id, what, epoch, numbers]);
}

/** The pieces of a finished curve become one, of bounded length. */
function gather(transaction: Transaction, id: string): void {
  replaceCurve(transaction, id, thinned(pointsOf(transaction, id), POINTS));
}

function replaceCurve(transaction: Transaction, id: string, points: readonly CurvePoint[]): void {
  transaction.run('DELETE FROM curve WHERE run = ?', [id]);
  if (points.length === 0) return;
  transaction.run('INSERT INTO curve (run, piece, points) VALUES (?, 1, ?)', [id, pack(points)]);
}

function limitsIn(transaction: Transaction): RunLimits {
  const row = transaction.get("SELECT value FROM setting WHERE name = 'limits'");
  return { ...DEFAULT_LIMITS, ...(row ? (JSON.parse(String(row['value'])) as Partial<RunLimits>) : {}) };
}

/** Weights that the project file keeps are not the run's own; those are in `kept`. */
function withoutWeights({ weights: _weights, ...project }: Project): Project {
  return project;
}
