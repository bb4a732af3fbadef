/**
 * What main offers to the window, and what it asks of it: the only file of main that the window may
 * import, as types. The same interface is served over Electron's ports, a WebSocket, and in memory.
 */
import type { Profile } from '../engine/backends/backend';
import type { Result } from '../engine/graph/diagnostics';
import type { DataSource, Encoding, Project, Split, TableSource } from '../engine/graph/project';
import type { Verification } from '../engine/export/exporter';
import type { BackendWish, Plans } from '../engine/plan';
import type { DatasetInfo } from '../engine/data/dataset';
import type { Best, Checkpoint, CurvePoint, Score, Weights } from '../engine/api';

/** A file that main has let the window use. `token` is main's own; `name` and `path` are for people. */
export interface FileRef {
  readonly token: string;
  readonly name: string;
  readonly path: string;
}

export interface OpenedProject {
  readonly project: Project;
  /** Null for examples and recovered work that was never saved. */
  readonly file: FileRef | null;
  /** Set when another window has the same file open. */
  readonly alsoOpen: boolean;
}

/** An example of the welcome view. */
export interface Example {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  /** For the small picture: the whole project. */
  readonly project: Project;
}

export interface RecentFile extends FileRef {
  /** Milliseconds since 1970. */
  readonly openedAt: number;
}

/** What the beginning of a table shows, before it is read whole. */
export interface DataPreview {
  /** How it is read: as asked for, and as guessed where nothing was asked for. Its columns are still to be chosen. */
  readonly source: TableSource;
  readonly name: string;
  readonly bytes: number;
  readonly columns: readonly DataColumn[];
  /** At most 50 rows of text. A picture's cell is empty. */
  readonly rows: readonly (readonly string[])[];
  /** Rows that were looked at for types (a prefix of the file, or a sample of the pictures). */
  readonly rowsRead: number;
  readonly complete: boolean;
  /** What was found out about a text. */
  readonly found?: { readonly separator: ',' | ';' | '\t' | '|'; readonly encoding: Encoding };
  /** Pixels of the first rows, between 0 and 1, channel after channel, one picture after the other. */
  readonly pictures?: {
    readonly column: string;
    readonly channels: number;
    readonly height: number;
    readonly width: number;
    readonly pixels: Float32Array;
  };
  /** The files themselves say which rows are for testing or validation. */
  readonly parted: boolean;
}

export interface DataColumn {
  readonly name: string;
  readonly kind: 'number' | 'text' | 'array';
  /** Channels, height and width of a picture. */
  readonly shape?: readonly [number, number, number];
  readonly missing: number;
  /** At most 1,000 are counted. */
  readonly distinct: number;
  readonly min?: number;
  readonly max?: number;
  /** The most frequent values, at most 12. */
  readonly examples: readonly string[];
  /** Numbers that are all whole. */
  readonly whole: boolean;
}

/** A data set in main's memory; its numbers are fetched in pieces. */
export interface LoadedDataset {
  readonly id: string;
  readonly info: DatasetInfo;
  readonly trainRows: number;
  readonly validationRows: number;
  readonly testRows: number;
  /** Its rows have weights. */
  readonly weighed: boolean;
}

export type DatasetPart = 'x' | 'y' | 'train' | 'validation' | 'test' | 'weights';

export interface ImportProgress {
  readonly id: string;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly rows: number;
}

export interface ExportRequest {
  readonly format: string;
  readonly project: Project;
  readonly weights: Weights;
  /** Dataset whose rows are run for the check; null: rows are drawn from a seeded Gaussian. */
  readonly dataset: string | null;
}

export interface ExportReport {
  readonly file: FileRef;
  readonly bytes: number;
  readonly verification: Verification;
}

/** Work that was not saved when the program ended. */
export interface Recovery {
  readonly id: string;
  readonly project: Project;
  readonly file: FileRef | null;
  readonly savedAt: number;
}

/** Trained by hand, beside another run, with others at once, as one of many, or in a terminal. */
export type RunOrigin = 'window' | 'trial' | 'race' | 'sweep' | 'terminal';

/**
 * `queued` waits for its turn; `done` reached its last epoch or a rule ended it; `stopped` was paused;
 * `failed` diverged or could not be made to run; `interrupted`: its program ended meanwhile.
 */
export type RunStatus = 'queued' | 'running' | 'done' | 'stopped' | 'failed' | 'interrupted';

export interface RunScores {
  readonly train: Score | null;
  readonly validation: Score | null;
  readonly test: Score | null;
}

/** A run of training in the history, without its curve. */
export interface RunRecord {
  readonly id: string;
  readonly name: string;
  readonly origin: RunOrigin;
  readonly status: RunStatus;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** How long it trained. */
  readonly seconds: number;
  readonly epoch: number;
  readonly step: number;
  /** Epochs that were planned. */
  readonly epochs: number;
  /** The drawing in a line: `dense 8-8-1, tanh`. */
  readonly drawing: string;
  readonly optimizer: string;
  readonly rate: number | null;
  readonly batch: number;
  readonly seed: number;
  /** Null: it needs none. `fingerprint` is the same exactly for the same numbers in the same split. */
  readonly data: { readonly name: string; readonly rows: number; readonly fingerprint: string } | null;
  readonly scores: RunScores;
  readonly tags: readonly string[];
  /** The sweep that it belongs to, and what it changes: `rate 0.1, seed 3`. */
  readonly sweep: string | null;
  readonly changes: string;
  /** Why it stopped, for people. */
  readonly message: string;
  /** Training can go on from where it stood. */
  readonly resumable: boolean;
  /** Epoch of the best weights, where they are kept. */
  readonly bestEpoch: number | null;
  /** Room that it takes in the history. */
  readonly bytes: number;
}

/** Classes by their names; counts row by row: true classes down, predictions across. */
export interface RunConfusion {
  readonly classes: readonly string[];
  readonly counts: readonly number[];
}

export interface RunDetail extends RunRecord {
  readonly project: Project;
  readonly points: readonly CurvePoint[];
  /** On the test rows. */
  readonly confusion: RunConfusion | null;
}

export interface RunStart {
  readonly name: string;
  readonly origin: RunOrigin;
  readonly project: Project;
  /** Main's name of the data set; null: none. */
  readonly dataset: string | null;
  /** What is different about it, where it is one of several. */
  readonly changes?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** What happened since the last news of a run; members that are absent stay as they are. */
export interface RunNews {
  readonly epoch: number;
  readonly step: number;
  readonly seconds: number;
  /** New points of the curve. */
  readonly points: readonly CurvePoint[];
  /** The settings were changed while it trained. */
  readonly project?: Project | undefined;
  readonly status?: RunStatus | undefined;
  readonly message?: string | undefined;
  readonly scores?: RunScores | undefined;
  readonly confusion?: RunConfusion | undefined;
  /** The best weights come with it. */
  readonly checkpoint?: Checkpoint | undefined;
}

export interface RunLimits {
  readonly runs: number;
  readonly megabytes: number;
}

export interface RunHistory {
  /** All that there are, newest first. */
  readonly ids: readonly string[];
  /** For the next question. */
  readonly stamp: number;
  /** Newest first. */
  readonly runs: readonly RunRecord[];
  readonly limits: RunLimits;
  readonly bytes: number;
  /** Something that people should know of the history as a whole, such as a damaged file. */
  readonly notice: string | null;
}

export interface SweepStart {
  readonly name: string;
  readonly project: Project;
  /** Main's name of the data set; null: none. */
  readonly dataset: string | null;
  /** Settings and the values that each takes; none: the project alone waits for its turn. */
  readonly axes: readonly { readonly key: string; readonly values: readonly (number | string)[] }[];
  /** So many at random; null: every combination. */
  readonly random: number | null;
}

/** Many runs, trained one after the other on as many cores as there are. */
export interface SweepState {
  readonly id: string;
  readonly name: string;
  /** `elsewhere`: another running program does it. */
  readonly status: 'running' | 'paused' | 'done' | 'cancelled' | 'elsewhere';
  readonly startedAt: number;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  /** Its best run so far, by the loss on the validation rows, or on the training rows where there are none. */
  readonly best: { readonly run: string; readonly changes: string; readonly loss: number } | null;
}

export interface HostInfo {
  readonly host: 'electron' | 'browser' | 'test';
  readonly version: string;
  readonly platform: 'linux' | 'darwin' | 'win32' | 'other';
  /** Folder that file dialogs start in. */
  readonly home: string;
}

export interface FolderListing {
  readonly folder: string;
  readonly parent: string | null;
  readonly entries: readonly {
    readonly name: string;
    readonly folder: boolean;
    readonly bytes: number;
    readonly modifiedAt: number;
  }[];
}

export interface HostApi {
  info(): Promise<HostInfo>;
  /** Plans for the backend asked for, or the best present ('auto'). */
  compile(
    project: Project,
    profile: Profile,
    backend: BackendWish,
    revision: number,
    data: DatasetInfo | null,
  ): Promise<Result<Plans>>;

  examples(): Promise<readonly Example[]>;
  recentFiles(): Promise<readonly RecentFile[]>;
  forgetRecentFile(token: string): Promise<void>;
  /** Null: the user cancelled. Without a token a dialog asks. Throws with a sentence for people. */
  openProject(token: string | null): Promise<OpenedProject | null>;
  /** `token` null, or `as` true: a dialog asks where. */
  saveProject(project: Project, token: string | null, as: boolean): Promise<FileRef | null>;
  /** A copy beside the user's settings, for recovery; `dirty` false removes it. */
  autosave(project: Project, token: string | null, dirty: boolean): Promise<void>;
  recoveries(): Promise<readonly Recovery[]>;
  discardRecovery(id: string): Promise<void>;

  /** Asks for a file of data, or for a folder of pictures, and looks at its beginning. */
  pickData(what: 'file' | 'folder'): Promise<DataPreview | null>;
  /** Looks at a source's beginning. A pasted table need not be granted: it is the window's own. */
  previewData(source: TableSource, guess: boolean): Promise<DataPreview>;
  /** `jobId` names the job in progress events and for `cancelJob`. */
  loadDataset(source: DataSource, split: Split, jobId: string): Promise<LoadedDataset>;
  /** Numbers from element `from`, at most four million at a time. */
  datasetPart(id: string, part: DatasetPart, from: number): Promise<Float32Array | Uint32Array>;
  /** The window has all of them: from now on only what exports and the history need is kept here. */
  forgetNumbers(id: string): Promise<void>;
  releaseDataset(id: string): Promise<void>;
  cancelJob(jobId: string): Promise<void>;

  /** Asks where, writes, reads back, runs, compares. Null: the user cancelled. */
  exportModel(request: ExportRequest): Promise<ExportReport | null>;
  /** Text that the window made (a table, a figure), to a file that a dialog asks for. */
  saveText(text: string, suggestedName: string): Promise<FileRef | null>;
  /** The same of a picture. */
  saveBytes(bytes: Uint8Array, suggestedName: string): Promise<FileRef | null>;

  /** Puts a new run into the history and returns its id. */
  beginRun(start: RunStart): Promise<string>;
  reportRun(id: string, news: RunNews): Promise<void>;
  /** `since`: the stamp of an earlier answer; runs that have not changed since are left out. 0: all of them. */
  runHistory(since: number): Promise<RunHistory>;
  runDetail(id: string): Promise<RunDetail>;
  /** Where training stood last; null when nothing was kept. */
  runCheckpoint(id: string): Promise<Checkpoint | null>;
  runBest(id: string): Promise<Best | null>;
  /** A run that stopped goes on in this window: news of it are taken again. */
  continueRun(id: string): Promise<void>;
  changeRun(id: string, change: { readonly name?: string; readonly tags?: readonly string[] }): Promise<void>;
  deleteRuns(ids: readonly string[]): Promise<void>;
  limitRuns(limits: RunLimits): Promise<void>;
  /** Returns the sweep's id; its runs are in the history from now on. */
  startSweep(start: SweepStart): Promise<string>;
  /** Newest first. */
  sweeps(): Promise<readonly SweepState[]>;
  /** Runs under way stop at a checkpoint, and go on from there. */
  pauseSweep(id: string): Promise<void>;
  continueSweep(id: string): Promise<void>;
  /** Finished runs stay; those that wait are gone. */
  cancelSweep(id: string): Promise<void>;
  /** Runs that wait for their turn, the next one first. */
  queue(): Promise<readonly string[]>;
  /** To the place before another run that waits; null: to the end. */
  moveInQueue(run: string, before: string | null): Promise<void>;
  /** Takes its settings of training for a run that waits and has not begun. */
  changeQueued(run: string, project: Project): Promise<void>;
  /** A run that waits is not to be trained after all. */
  dropQueued(run: string): Promise<void>;

  openExternal(url: string): Promise<void>;
  /** The window's title and whether closing should ask. */
  setDocument(title: string, dirty: boolean): Promise<void>;
  /** The menu bar, whole, whenever an entry's state changes. Browser mode has no menu bar and ignores it. */
  setMenu(entries: readonly MenuEntry[]): Promise<void>;
  /** Browser mode only: what the file dialog lists. Refused elsewhere. */
  listFolder(folder: string | null): Promise<FolderListing>;
}

/** What main asks of the window, and its news. */
export interface ClientApi {
  /** Browser mode: the window's own file dialog. Answers with a full path, or null. */
  pickPath(request: PickRequest): Promise<string | null>;
  importProgress(progress: ImportProgress): Promise<void>;
  /** A menu entry was chosen; ids are those of `renderer/commands`. */
  runCommand(id: string): Promise<void>;
  /** A file was opened from outside (double click, drop on the icon). */
  openFile(file: FileRef): Promise<void>;
  /** Closing was asked for while there is unsaved work. True: go on and close. */
  confirmClose(): Promise<boolean>;
}

export interface PickRequest {
  readonly mode: 'open' | 'folder' | 'save';
  readonly title: string;
  readonly filters: readonly { readonly name: string; readonly extensions: readonly string[] }[];
  readonly suggestedName: string;
}

/** One command in the desktop's menu bar. A line stands between the sections of a menu. */
export interface MenuEntry {
  /** Id of the command; comes back through `ClientApi.runCommand`. */
  readonly id: string;
  readonly title: string;
  /** Title of the menu; menus stand in the order in which they are first named. */
  readonly menu: string;
  readonly section: number;
  /** As Electron writes them: `CmdOrCtrl+S`. Shown, not registered: the window's own key handler acts. */
  readonly accelerator?: string;
  readonly enabled: boolean;
  readonly checked?: boolean;
}

/**
 * How the window reaches main. On the desktop the preload puts this bridge at `globalThis.chainrule`;
 * elsewhere the window opens a WebSocket at `socketPath`, whose messages are `wire.ts`'s, and opens it again
 * with the same `window` parameter (any string of its own) when it was cut.
 */
export interface DesktopBridge {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): () => void;
}
/** `/socket?window=…` */
export type SocketPath = '/socket';
