/** What is known of the table behind a source: looked at again whenever its reading changes; late answers are dropped. */
import type { TableSource } from '../../../engine/graph/project';
import type { DataPreview, HostApi } from '../../../main/contract';
import { reread } from './source-choice';

/** What a source says about reading its files, without what is chosen from their columns. */
function readingOf(source: TableSource): string {
  const {
    features: _f,
    targets: _t,
    task: _k,
    missing: _m,
    standardise: _s,
    weights: _w,
    parts: _p,
    noise: _n,
    transforms: _x,
    ...reading
  } = source;
  return JSON.stringify(reading);
}

export class TableLook {
  preview = $state.raw<DataPreview | null>(null);
  #seen: string | null = null;
  #asked = 0;

  constructor(
    private readonly host: Pick<HostApi, 'previewData'>,
    private readonly onFault: (error: unknown) => void,
  ) {}

  follow(source: TableSource | null): void {
    const reading = source === null ? null : readingOf(source);
    if (reading === this.#seen) return;
    this.#seen = reading;
    const asked = ++this.#asked;
    if (source === null) {
      this.preview = null;
      return;
    }
    this.host.previewData(source, false).then(
      (found) => {
        if (asked === this.#asked) this.preview = found;
      },
      (error: unknown) => {
        if (asked === this.#asked) this.onFault(error);
      },
    );
  }

  /** The source as it is after its files were read in another way; null when they could not be. */
  async reread(source: TableSource): Promise<TableSource | null> {
    try {
      const read = await reread(this.host, source);
      this.preview = read.preview;
      return read.source;
    } catch (error) {
      this.onFault(error);
      return null;
    }
  }
}
