/** The history of runs as the window shows it: the list, kept fresh while someone looks, and what is done to it. */
import type { Weights } from '../../engine/api';
import type { Project } from '../../engine/graph/project';
import type { HostApi, RunDetail, RunHistory, RunLimits, RunRecord, SweepStart, SweepState } from '../../main/contract';

export type HistoryHost = Pick<
  HostApi,
  | 'runHistory'
  | 'runDetail'
  | 'runCheckpoint'
  | 'changeRun'
  | 'deleteRuns'
  | 'limitRuns'
  | 'sweeps'
  | 'startSweep'
  | 'pauseSweep'
  | 'continueSweep'
  | 'cancelSweep'
  | 'queue'
  | 'moveInQueue'
  | 'changeQueued'
  | 'dropQueued'
>;

/** Between two readings while a run is under way, in ms. */
const EVERY = 1500;

export class History {
  #read = $state.raw<RunHistory | null>(null);
  /** Newest first. */
  sweeps = $state.raw<readonly SweepState[]>([]);
  /** Newest first. */
  runs = $state.raw<readonly RunRecord[]>([]);
  #queue = $state.raw<readonly string[]>([]);
  /** Moves in the queue that are under way, and how many there ever were: what was read beside one may be the order before. */
  #moving = 0;
  #moves = 0;
  /** Those that wait for their turn, the next one first. */
  readonly waiting = $derived(
    this.#queue.flatMap((id) => this.runs.find((run) => run.id === id && run.status === 'queued') ?? []),
  );
  readonly limits = $derived<RunLimits | null>(this.#read?.limits ?? null);
  readonly bytes = $derived(this.#read?.bytes ?? 0);
  readonly notice = $derived(this.#read?.notice ?? null);
  readonly loaded = $derived(this.#read !== null);

  readonly #host: HistoryHost;
  readonly #complain: (title: string, error: unknown) => void;
  #watchers = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HistoryHost, complain: (title: string, error: unknown) => void) {
    this.#host = host;
    this.#complain = complain;
  }

  /** Keeps the list fresh until the function that it returns is called. */
  watch(): () => void {
    this.#watchers++;
    if (this.#watchers === 1) void this.#tick();
    return () => {
      this.#watchers--;
      if (this.#watchers === 0) clearTimeout(this.#timer);
    };
  }

  async #tick(): Promise<void> {
    clearTimeout(this.#timer);
    const fine = await this.refresh();
    // After a failure it is not asked again by itself: the sentence was said once.
    if (this.#watchers > 0 && fine) this.#timer = setTimeout(() => void this.#tick(), EVERY);
  }

  refresh(): Promise<boolean> {
    return this.#try('The history of runs could not be read', async () => {
      const moves = this.#moves;
      const [read, sweeps, queue] = await Promise.all([
        this.#host.runHistory(this.#read?.stamp ?? 0),
        this.#host.sweeps(),
        this.#host.queue(),
      ]);
      this.#merge(read);
      this.sweeps = sweeps;
      if (this.#moving === 0 && this.#moves === moves) this.#queue = queue;
    });
  }

  #merge(read: RunHistory): void {
    const known = new Map(this.runs.map((run) => [run.id, run]));
    for (const run of read.runs) known.set(run.id, run);
    const changed = read.runs.length > 0 || read.ids.length !== this.runs.length;
    this.#read = read;
    // Of an answer that was overtaken by another, something may be missing: the next one is whole again.
    const found = read.ids.flatMap((id) => known.get(id) ?? []);
    if (found.length < read.ids.length) this.#read = { ...read, stamp: 0 };
    if (changed) this.runs = found;
  }

  /** Null when it cannot be read, which was said. */
  async details(ids: readonly string[]): Promise<readonly RunDetail[] | null> {
    let found: readonly RunDetail[] | null = null;
    await this.#try('The run could not be read', async () => {
      found = await Promise.all(ids.map((id) => this.#host.runDetail(id)));
    });
    return found;
  }

  /** As the run stood last; null when they were not kept, or cannot be read, which was said. */
  async weights(id: string): Promise<Weights | null> {
    let found: Weights | null = null;
    await this.#try('The weights of the run could not be read', async () => {
      found = (await this.#host.runCheckpoint(id))?.weights ?? null;
    });
    return found;
  }

  async change(id: string, change: { readonly name?: string; readonly tags?: readonly string[] }): Promise<void> {
    await this.#try('The run was not changed', () => this.#host.changeRun(id, change));
    await this.refresh();
  }

  async delete(ids: readonly string[]): Promise<void> {
    await this.#try('The runs were not deleted', () => this.#host.deleteRuns(ids));
    await this.refresh();
  }

  async startSweep(start: SweepStart): Promise<boolean> {
    const fine = await this.#try('The sweep was not started', async () => void (await this.#host.startSweep(start)));
    await this.refresh();
    return fine;
  }

  async steer(how: 'pause' | 'continue' | 'cancel', id: string): Promise<void> {
    const call = { pause: 'pauseSweep', continue: 'continueSweep', cancel: 'cancelSweep' } as const;
    await this.#try('The sweep was not changed', () => this.#host[call[how]](id));
    await this.refresh();
  }

  /** To the place before another run that waits; null: to the end. */
  async moveInQueue(id: string, before: string | null): Promise<void> {
    // Shown at once, so that keys in a row go on from there.
    const rest = this.#queue.filter((other) => other !== id);
    this.#queue = rest.toSpliced(before === null ? rest.length : Math.max(0, rest.indexOf(before)), 0, id);
    this.#moving++;
    this.#moves++;
    await this.#try('The queue was not changed', () => this.#host.moveInQueue(id, before));
    this.#moving--;
    await this.refresh();
  }

  async changeQueued(id: string, project: Project): Promise<boolean> {
    const fine = await this.#try('The run was not changed', () => this.#host.changeQueued(id, project));
    await this.refresh();
    return fine;
  }

  async dropQueued(id: string): Promise<void> {
    await this.#try('The run was not taken out', () => this.#host.dropQueued(id));
    await this.refresh();
  }

  async limit(limits: RunLimits): Promise<void> {
    await this.#try('The bounds were not set', () => this.#host.limitRuns(limits));
    await this.refresh();
  }

  async #try(title: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#complain(title, error);
      return false;
    }
  }
}
