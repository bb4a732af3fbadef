/**
 * The data of the project: read by main, fetched piece by piece, handed to the engine. Only what was asked
 * for last arrives; reading that nobody waits for any more is stopped.
 */
import type { Dataset } from '../../engine/data/dataset';
import type { DataSource, Split } from '../../engine/graph/project';
import type { HostApi, ImportProgress, LoadedDataset } from '../../main/contract';
import { fetchDataset, Superseded } from './dataset';
import { same } from './follow';

export type FeedHost = Pick<HostApi, 'loadDataset' | 'datasetPart' | 'forgetNumbers' | 'releaseDataset' | 'cancelJob'>;

export class Feed {
  dataset = $state.raw<Dataset | null>(null);
  /** Main's name for it, for exports. */
  datasetId = $state<string | null>(null);
  importing = $state.raw<(ImportProgress & { readonly name: string }) | null>(null);
  fault = $state<string | null>(null);

  readonly #host: FeedHost;
  readonly #complain: (title: string, error: unknown) => void;
  #ask = 0;
  #job: string | null = null;
  #adopted: { readonly source: DataSource; readonly split: Split; readonly loaded: LoadedDataset } | null = null;

  constructor(host: FeedHost, complain: (title: string, error: unknown) => void) {
    this.#host = host;
    this.#complain = complain;
  }

  /** Other data are wanted from now on. */
  expect(): void {
    this.#ask++;
    this.cancel();
  }

  /** Data that were loaded while a project was being made: the next `load` of the same source uses them. */
  adopt(source: DataSource, split: Split, loaded: LoadedDataset): void {
    this.#adopted = { source, split, loaded };
  }

  cancel(): void {
    const job = this.#job;
    if (job !== null) this.#host.cancelJob(job).catch((error: unknown) => this.#complain('Reading could not be stopped', error));
  }

  progress(progress: ImportProgress): void {
    if (this.importing !== null && progress.id === this.#job) this.importing = { ...progress, name: this.importing.name };
  }

  /** `give` hands the numbers on before they count as loaded; it answers whether they were taken. */
  async load(source: DataSource, split: Split, give: (dataset: Dataset | null) => Promise<boolean>): Promise<void> {
    const previous = this.datasetId;
    this.fault = null;
    if (source.kind === 'none') await this.#take(null, null, give);
    else await this.#import(source, split, give);
    if (previous !== null && previous !== this.datasetId)
      this.#host.releaseDataset(previous).catch((error: unknown) => this.#complain('Old data could not be released', error));
  }

  async #import(
    source: Exclude<DataSource, { kind: 'none' }>,
    split: Split,
    give: (dataset: Dataset | null) => Promise<boolean>,
  ): Promise<void> {
    const asked = this.#ask;
    const wanted = (): boolean => asked === this.#ask;
    const job = `import-${asked}-${Date.now()}`;
    this.#job = job;
    this.importing = { id: job, bytes: 0, totalBytes: 0, rows: 0, name: nameOf(source) };
    try {
      const ready = this.#adopted;
      this.#adopted = null;
      const fits = ready !== null && same(ready.source, source) && same(ready.split, split);
      const loaded = fits ? ready.loaded : await this.#host.loadDataset(source, split, job);
      if (!wanted()) throw new Superseded();
      const dataset = await fetchDataset(this.#host, loaded, wanted);
      await this.#host.forgetNumbers(loaded.id);
      await this.#take(dataset, loaded.id, give);
    } catch (error) {
      // Reading that was stopped for other data has nothing to say.
      if (error instanceof Superseded || !wanted()) return;
      this.fault = error instanceof Error ? error.message : String(error);
      this.#complain('The data could not be loaded', error);
      await this.#take(null, null, give);
    } finally {
      if (this.#job === job) {
        this.#job = null;
        this.importing = null;
      }
    }
  }

  async #take(dataset: Dataset | null, id: string | null, give: (dataset: Dataset | null) => Promise<boolean>): Promise<void> {
    if (!(await give(dataset))) return;
    this.dataset = dataset;
    this.datasetId = id;
  }
}

const nameOf = (source: Exclude<DataSource, { kind: 'none' }>): string => {
  if (source.kind === 'generator') return source.name;
  if (source.kind === 'formula') return source.formula;
  if (source.kind === 'points') return 'painted points';
  const path = source.kind === 'arrays' ? (source.paths[0] ?? '') : source.path;
  return (
    path
      .replace(/^dataset:/, '')
      .split(/[/\\]/)
      .at(-1) ?? path
  );
};
