/**
 * Data sets: reading CSV files and toy data into numbers, keeping them for the window that asked, and
 * handing the numbers out in pieces. Reading runs in short slices of the main thread, so that other calls
 * are answered meanwhile, and can be cancelled between any two of them.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { CsvSource, DataSource, Split } from '../../engine/graph/project';
import { Cancelled, DataFault, previewCsv, readCsv, type Bytes, type Column, type ReadHooks } from '../../engine/data/csv';
import type { Dataset, DatasetInfo } from '../../engine/data/dataset';
import { columnsNeeded, encodeTable } from '../../engine/data/encode';
import { generateDataset, generatorOf, generators } from '../../engine/data/generators';
import type { CsvPreview, DatasetPart, ImportProgress, LoadedDataset } from '../contract';
import { resources } from './folders';
import { isBundled } from './projects';
import { fileRefusal, Refusal } from './refusal';

/** 1 GB, and a little more for those who count in binary. */
const CSV_LIMIT = 1.1 * 1024 ** 3;
const PIECE = 256 * 1024;
/** Numbers in one answer of `part`. */
const PART_LIMIT = 4_000_000;
/** Between two progress events, in milliseconds. */
const PROGRESS_EVERY = 100;

/** The file that a source's path means. Relative paths are refused: whoever read the project made them absolute. */
export function dataPath(path: string): string {
  if (isBundled(path)) {
    const name = path.slice('dataset:'.length);
    if (!/^[\w-]+\.csv$/.test(name)) throw new Refusal(`There is no bundled data set '${name}'.`);
    return join(resources, 'datasets', name);
  }
  if (!isAbsolute(path))
    throw new Refusal(`The place of the data file '${path}' is not known. Choose the file again in the Data panel.`);
  return resolve(path);
}

async function bytesOf(path: string): Promise<Bytes> {
  try {
    const about = await stat(path);
    if (about.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!about.isFile()) throw new Refusal(`'${basename(path)}' is not an ordinary file. Choose a CSV file. (${path})`);
    if (about.size > CSV_LIMIT)
      throw new Refusal(
        `'${basename(path)}' has ${(about.size / 1024 ** 3).toFixed(1)} GB; at most 1 GB can be read. Choose a smaller file.`,
      );
    return { size: about.size, open: () => pieces(path) };
  } catch (error) {
    throw fileRefusal(error, path, 'read');
  }
}

async function* pieces(path: string): AsyncGenerator<Uint8Array> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const buffer = new Uint8Array(PIECE);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, PIECE, null);
        if (bytesRead === 0) return;
        // A copy: the reader may keep a piece while the next one is read.
        yield buffer.slice(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileRefusal(error, path, 'read');
  }
}

/** Reads a source whole. For the command line too, which passes no window. */
export async function readDataset(source: DataSource, split: Split, hooks: ReadHooks = {}): Promise<Dataset> {
  switch (source.kind) {
    case 'none':
      throw new Refusal('The project has no data. Choose a data set in the Data panel.', 'no-data');
    case 'generator':
      if (!generatorOf(source.name))
        throw new Refusal(
          `There is no toy data set '${source.name}'. Choose one of: ${generators.map((g) => g.name).join(', ')}.`,
          'no-data',
        );
      return generateDataset(source, split);
    case 'csv': {
      const path = dataPath(source.path);
      const bytes = await bytesOf(path);
      const table = await readCsv(basename(path), bytes, source, columnsNeeded(source), hooks);
      return encodeTable(table, source, split, hooks);
    }
  }
}

/** The beginning of a CSV file. Settings that are not given are guessed. */
export async function previewData(
  path: string,
  known: Partial<Pick<CsvSource, 'separator' | 'decimal' | 'header'>> = {},
): Promise<CsvPreview> {
  const file = dataPath(path);
  const bytes = await bytesOf(file);
  const seen = await previewCsv(bytes, known);
  return {
    path: isBundled(path) ? path : file,
    name: basename(file),
    bytes: bytes.size,
    separator: seen.separator,
    decimal: seen.decimal,
    header: seen.header,
    columns: seen.columns.map(columnSummary),
    rows: seen.rows,
    rowsRead: seen.rowsRead,
    complete: seen.complete,
  };
}

function columnSummary(column: Column): CsvPreview['columns'][number] {
  const values = column.values ?? [];
  const counts = column.counts ?? [];
  const frequent = values.map((value, at) => ({ value, count: counts[at]! })).sort((a, b) => b.count - a.count);
  return {
    name: column.name,
    kind: column.kind,
    missing: column.missing,
    distinct: column.values ? Math.min(1000, values.length) : 1000,
    examples: frequent.slice(0, 12).map(({ value }) => value.slice(0, 80)),
    whole: column.kind === 'number' && column.whole,
    ...(column.kind === 'number' && column.min <= column.max ? { min: column.min, max: column.max } : {}),
  };
}

interface Job {
  readonly window: string;
  cancelled: boolean;
}

export class Datasets {
  private readonly kept = new Map<string, { readonly window: string; readonly dataset: Dataset }>();
  private readonly jobs = new Map<string, Job>();

  /** `tell` is called at most ten times a second. */
  async load(
    window: string,
    source: DataSource,
    split: Split,
    jobId: string,
    tell: (progress: ImportProgress) => void,
  ): Promise<LoadedDataset> {
    const key = `${window}/${jobId}`;
    if (this.jobs.has(key)) throw new Refusal('A job of this name is under way.');
    const job: Job = { window, cancelled: false };
    this.jobs.set(key, job);
    const totalBytes = source.kind === 'csv' ? ((await stat(dataPath(source.path)).catch(() => null))?.size ?? 0) : 0;
    let told = 0;
    try {
      const dataset = await readDataset(source, split, {
        progress: (bytes, rows) => {
          if (job.cancelled) throw new Cancelled();
          const now = Date.now();
          if (now - told < PROGRESS_EVERY) return;
          told = now;
          tell({ id: jobId, bytes, totalBytes, rows });
        },
        breathe: async () => {
          await setImmediate();
          if (job.cancelled) throw new Cancelled();
        },
      });
      const id = randomUUID();
      this.kept.set(id, { window, dataset });
      const { train, validation, test } = dataset.split;
      return { id, info: infoOf(dataset), trainRows: train.length, validationRows: validation.length, testRows: test.length };
    } catch (error) {
      throw asRefusal(error);
    } finally {
      this.jobs.delete(key);
    }
  }

  cancel(window: string, jobId: string): void {
    const job = this.jobs.get(`${window}/${jobId}`);
    if (job) job.cancelled = true;
  }

  get(window: string, id: string): Dataset {
    const found = this.kept.get(id);
    if (!found || found.window !== window)
      throw new Refusal('This data set is not in memory any more. Load it again.', 'unknown-dataset');
    return found.dataset;
  }

  part(window: string, id: string, part: DatasetPart, from: number): Float32Array | Uint32Array {
    const dataset = this.get(window, id);
    const whole = part === 'x' ? dataset.x : part === 'y' ? dataset.y : dataset.split[part];
    return whole.slice(from, from + PART_LIMIT);
  }

  release(window: string, id: string): void {
    if (this.kept.get(id)?.window === window) this.kept.delete(id);
  }

  closeWindow(window: string): void {
    for (const job of this.jobs.values()) if (job.window === window) job.cancelled = true;
    for (const [id, kept] of this.kept) if (kept.window === window) this.kept.delete(id);
  }
}

/** Faults of the data are for people; they cross ports like every refusal. */
export function asRefusal(error: unknown): unknown {
  return error instanceof DataFault || error instanceof Cancelled ? new Refusal(error.message, error.code) : error;
}

function infoOf(dataset: Dataset): DatasetInfo {
  const { name, rows, task, features, targets, classes, notes } = dataset;
  return { name, rows, task, features, targets, classes, notes };
}
