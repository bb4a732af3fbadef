/**
 * Data sets: reading whatever a source names into numbers, keeping them for the window that asked, and
 * handing the numbers out in pieces. Reading runs in short slices of the main thread, so that other calls
 * are answered meanwhile, and can be cancelled between any two of them.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { balanced } from '../../engine/data/balance';
import { readCsv } from '../../engine/data/csv';
import type { Dataset, DatasetInfo } from '../../engine/data/dataset';
import { columnsNeeded, encodeTable } from '../../engine/data/encode';
import { Cancelled, DataFault, type ReadHooks } from '../../engine/data/fault';
import { generateDataset, generatorOf, generators, MAX_GENERATED_ROWS } from '../../engine/data/generators';
import { formulaDataset, pointsDataset, withPipeline } from '../../engine/data/made';
import type { Table } from '../../engine/data/table';
import type { DataSource, Split, TableSource } from '../../engine/graph/project';
import type { DatasetPart, ImportProgress, LoadedDataset } from '../contract';
import { readArrays } from './array-files';
import { collectSoon } from './collect';
import { sampleRows, type SampleRows } from './exports';
import { readPictures } from './picture-files';
import { csvBytes, csvName } from './previews';
import { Refusal } from './refusal';
import { type Fingerprint, fingerprintOf } from './runs/summary';

/** Numbers in one answer of `part`. */
const PART_LIMIT = 4_000_000;
/** Bytes of numbers; collecting takes some tens of milliseconds. */
const WORTH_COLLECTING = 32 * 1024 ** 2;
/** Between two progress events, in milliseconds. */
const PROGRESS_EVERY = 100;

/** Reads a source whole. For the command line too, which passes no window. */
export async function readDataset(source: DataSource, split: Split, hooks: ReadHooks = {}): Promise<Dataset> {
  const dataset = await readRows(source, split, hooks);
  return source.kind !== 'none' && source.balance ? balanced(dataset) : dataset;
}

async function readRows(source: DataSource, split: Split, hooks: ReadHooks): Promise<Dataset> {
  switch (source.kind) {
    case 'none':
      throw new Refusal('The project has no data. Choose a data set in the Data panel.', 'no-data');
    case 'generator':
      if (!generatorOf(source.name))
        throw new Refusal(
          `There is no toy data set '${source.name}'. Choose one of: ${generators.map((g) => g.name).join(', ')}.`,
          'no-data',
        );
      return withPipeline(generateDataset(source, split), source, split);
    case 'formula':
      return withPipeline(formulaDataset(source, split, MAX_GENERATED_ROWS), source, split);
    case 'points':
      return withPipeline(pointsDataset(source, split), source, split);
    case 'csv':
    case 'arrays':
    case 'pictures':
      return encodeTable(await readTable(source, hooks), source, split, hooks);
  }
}

async function readTable(source: TableSource, hooks: ReadHooks): Promise<Table> {
  switch (source.kind) {
    case 'csv':
      return readCsv(csvName(source), await csvBytes(source), source, columnsNeeded(source), hooks);
    case 'arrays':
      return readArrays(source.paths, hooks);
    case 'pictures':
      return readPictures(source.path, source, hooks);
  }
}

/** What main has to say about a data set when its numbers are only in the window any more. */
export interface KnownDataset {
  readonly info: DatasetInfo;
  readonly fingerprint: Fingerprint;
  /** On which exports are checked. */
  readonly sample: SampleRows;
}

interface Kept {
  readonly window: string;
  dataset: Dataset | null;
  known: KnownDataset | null;
}

interface Job {
  readonly window: string;
  cancelled: boolean;
}

export class Datasets {
  private readonly kept = new Map<string, Kept>();
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
    let totalBytes = 0;
    let told = 0;
    try {
      const dataset = await readDataset(source, split, {
        total: (bytes) => {
          totalBytes = bytes;
        },
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
      this.kept.set(id, { window, dataset, known: null });
      // The table that was read is not needed any more.
      if (isLarge(dataset)) collectSoon();
      const { train, validation, test } = dataset.split;
      return {
        id,
        info: infoOf(dataset),
        trainRows: train.length,
        validationRows: validation.length,
        testRows: test.length,
        weighed: dataset.weights !== undefined,
      };
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

  #get(window: string, id: string): Kept {
    const found = this.kept.get(id);
    if (!found || found.window !== window) throw notInMemory();
    return found;
  }

  about(window: string, id: string): KnownDataset {
    const kept = this.#get(window, id);
    kept.known ??= knownOf(kept.dataset!);
    return kept.known;
  }

  /** The numbers, which may be several hundred megabytes, are given back. */
  forgetNumbers(window: string, id: string): void {
    this.about(window, id);
    const kept = this.#get(window, id);
    const large = kept.dataset !== null && isLarge(kept.dataset);
    kept.dataset = null;
    if (large) collectSoon();
  }

  part(window: string, id: string, part: DatasetPart, from: number): Float32Array | Uint32Array {
    const { dataset } = this.#get(window, id);
    if (dataset === null) throw notInMemory();
    const whole =
      part === 'x'
        ? dataset.x
        : part === 'y'
          ? dataset.y
          : part === 'weights'
            ? (dataset.weights ?? new Float32Array())
            : dataset.split[part];
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

const isLarge = ({ x, y }: Dataset): boolean => x.byteLength + y.byteLength > WORTH_COLLECTING;

const notInMemory = (): Refusal => new Refusal('This data set is not in memory any more. Load it again.', 'unknown-dataset');

const knownOf = (dataset: Dataset): KnownDataset => ({
  info: infoOf(dataset),
  fingerprint: fingerprintOf(dataset),
  sample: sampleRows(dataset),
});

function infoOf({ x: _x, y: _y, split: _split, weights: _weights, ...info }: Dataset): DatasetInfo {
  return info;
}
