/**
 * The project: what a `.chainrule` file holds and what every edit changes. A plain value; reading and
 * writing its file form is `project-file.ts`.
 */
import type { Graph, Node, NodeId, Edge, EdgeId, Table } from './graph';
import type { OwnOperations } from './own-operation';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Split {
  /** Shares of the rows; they add up to 1. */
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
  /** Cross-validation: what the test share leaves is cut into so many folds, and `fold` (from 1) is the validation part. */
  readonly folds?: number;
  readonly fold?: number;
}

export type MissingCells = 'drop-row' | 'mean';
export type TaskChoice = 'auto' | 'regression' | 'binary' | 'multiclass';

/** Functions of columns that become features of their own. */
export type DerivedKind = 'log' | 'log1p' | 'square' | 'sin' | 'product';
/** How the numbers of a column are brought to a common size. */
export type ScaleKind = 'standardise' | 'min-max' | 'plain';

/** A step of the pipeline from columns to features; what it needs to know of the numbers is fitted on the training rows. */
export type Transform =
  /** `log` and `log1p` take the column's place, the others stand beside it. */
  | { readonly kind: Exclude<DerivedKind, 'product'>; readonly column: string }
  | { readonly kind: 'product'; readonly column: string; readonly by: string }
  /** Another scale than the source's own. */
  | { readonly kind: ScaleKind; readonly column: string }
  /** Its numbers are names: one column for each. */
  | { readonly kind: 'categories'; readonly column: string };

/** What every source may do with its columns on their way to features, and with its rows. */
export interface Pipeline {
  readonly transforms?: readonly Transform[];
  /** Rows of rare classes count more in the loss, so that all classes count the same. */
  readonly balance?: true;
}

/** What is chosen from a table, whatever it was read from. */
export interface TableChoice extends Pipeline {
  /** Empty: all columns but the targets. */
  readonly features: readonly string[];
  readonly targets: readonly string[];
  readonly task: TaskChoice;
  readonly missing: MissingCells;
  readonly standardise: boolean;
  /** Column that says how much a row counts in the loss. */
  readonly weights?: string;
  /** Column that says which part a row belongs to: train, validation or test. */
  readonly parts?: string;
  /** Gaussian noise on the scaled numbers of the training rows: its deviation. */
  readonly noise?: number;
}

export const SEPARATORS = ['', ',', ';', '\t', '|'] as const;
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface CsvSource extends TableChoice {
  readonly kind: 'csv';
  /** Path as stored in the file: absolute, relative to the project, or `dataset:name.csv` for a bundled one. */
  readonly path: string;
  /** The table itself, when it was pasted; `path` is its name then. */
  readonly text?: string;
  /** '' lets the reader find out. */
  readonly separator: (typeof SEPARATORS)[number];
  readonly decimal: '.' | ',';
  readonly header: boolean;
  /** Absent: found from the bytes. */
  readonly encoding?: Encoding;
}

/** NumPy and IDX files, read together: their first axes are the rows. */
export interface ArraysSource extends TableChoice {
  readonly kind: 'arrays';
  readonly paths: readonly string[];
}

/** A folder or zip of pictures, whose folders are their labels. */
export interface PicturesSource extends TableChoice {
  readonly kind: 'pictures';
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly colour: boolean;
}

export type TableSource = CsvSource | ArraysSource | PicturesSource;

/** What a table source is where its file form is silent. */
export const tableDefaults: TableChoice = {
  features: [],
  targets: [],
  task: 'auto',
  missing: 'drop-row',
  standardise: true,
};

export const csvDefaults: CsvSource = {
  kind: 'csv',
  path: '',
  separator: '',
  decimal: '.',
  header: true,
  ...tableDefaults,
};

/** Sources that make their rows themselves; `features` names those of their columns that are used (absent: all). */
interface MadeSource extends Pipeline {
  readonly features?: readonly string[];
}

export interface GeneratorSource extends MadeSource {
  readonly kind: 'generator';
  readonly name: string;
  readonly count: number;
  /** 0 … 1 (shown as per cent). */
  readonly noise: number;
  readonly seed: number;
}

/** Rows drawn from a formula in x, or in x and y; its value is the target, or its sign the class. */
export interface FormulaSource extends MadeSource {
  readonly kind: 'formula';
  readonly formula: string;
  readonly inputs: 1 | 2;
  readonly target: 'value' | 'class';
  /** The inputs lie between these. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Deviation of Gaussian noise on the value. */
  readonly noise: number;
  readonly seed: number;
}

/** Points of the plane that someone painted, as x, y and class (0, 1, …) or value, one after the other. */
export interface PointsSource extends MadeSource {
  readonly kind: 'points';
  readonly target: 'value' | 'class';
  readonly points: readonly number[];
}

export type DataSource = { readonly kind: 'none' } | GeneratorSource | FormulaSource | PointsSource | TableSource;

export const isTable = (source: DataSource): source is TableSource =>
  source.kind === 'csv' || source.kind === 'arrays' || source.kind === 'pictures';

/** The files that a source reads, as it names them. */
export const filesOf = (source: DataSource): readonly string[] =>
  source.kind === 'csv'
    ? source.text === undefined
      ? [source.path]
      : []
    : source.kind === 'arrays'
      ? source.paths
      : source.kind === 'pictures'
        ? [source.path]
        : [];

/** The same source with its files elsewhere. */
export function withFiles<S extends DataSource>(source: S, change: (path: string) => string): S {
  if (source.kind === 'arrays') return { ...source, paths: source.paths.map(change) };
  return source.kind === 'pictures' || (source.kind === 'csv' && source.text === undefined)
    ? { ...source, path: change(source.path) }
    : source;
}

export interface Training {
  readonly optimizer: string;
  /** Values of the optimizer's own hyperparameters; missing ones take its defaults. */
  readonly hyper: Readonly<Record<string, number>>;
  readonly batch: number;
  readonly epochs: number;
  readonly seed: number;
  /** Node to minimise; absent: found from the drawing. */
  readonly objective?: NodeId;
  /** How the learning rate changes from epoch to epoch; absent: it does not. */
  readonly schedule?: Schedule;
  /** Limits on the gradients before each update; absent: none. */
  readonly clip?: Clip;
  /** When training stops by itself before its epochs are done; absent: it does not. */
  readonly stop?: Stop;
  /** What pauses training, so that one can look at it; absent: nothing. */
  readonly breakpoints?: readonly Breakpoint[];
}

/** A rule of `train/schedules.ts` and its settings; those that are missing have their defaults. */
export interface Schedule {
  readonly kind: string;
  readonly settings: Readonly<Record<string, number>>;
}

export interface Clip {
  /** Every component of every gradient stays between −value and value. */
  readonly value?: number;
  /** The length of all gradients together, as one vector, stays at most this. */
  readonly norm?: number;
}

/** Rules that are missing do not count. */
export interface Stop {
  /** So many epochs without a better loss, of the validation rows or, where there are none, of the training rows … */
  readonly patience?: number;
  /** … where better means smaller by more than this. */
  readonly change?: number;
  /** So many epochs in which the training loss has hardly fallen … */
  readonly plateau?: number;
  /** … by no more than this share of itself. */
  readonly fall?: number;
  /** That loss is small enough. */
  readonly loss?: number;
  /** That accuracy, 0 … 1, is high enough. */
  readonly accuracy?: number;
  /** Training may take so long. */
  readonly seconds?: number;
}

export type BreakpointKind = 'gradient' | 'loss' | 'dead' | 'sign';

export interface Breakpoint {
  readonly kind: BreakpointKind;
  /** Size of the gradient, share by which the loss rises, or batches in which a unit gives 0. */
  readonly limit?: number;
  /** Only there; absent: anywhere in the drawing. */
  readonly node?: NodeId;
  /** Kept, but not heeded. */
  readonly off?: boolean;
}

/** What may not be changed under a lock. Positions, the title and the notes always may. */
export const lockKeeps = ['drawing', 'data', 'training', 'seeds'] as const;
export type LockKeep = (typeof lockKeeps)[number];
/** What the window puts away under a lock. */
export const lockHides = ['palette', 'inspect', 'data', 'train', 'results', 'export'] as const;
export type LockHide = (typeof lockHides)[number];

/** A teacher's lock: manners for a classroom, no secret. Whoever opens the file in a text editor can take it out. */
export interface Lock {
  readonly keeps: readonly LockKeep[];
  readonly hides: readonly LockHide[];
  /** Numbers of the drawing are shown only once they were found, and solutions are not shown. */
  readonly answers: boolean;
  /** Asked for before the lock is opened; absent: anybody may open it. */
  readonly password?: { readonly salt: string; readonly hash: string };
}

export interface Settings {
  readonly title: string;
  readonly notes: string;
  readonly data: DataSource;
  readonly split: Split;
  readonly training: Training;
  /** Absent: nothing is locked. */
  readonly lock?: Lock;
}

/** Little-endian float32 numbers as base64, as stored in project files. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly base64: string;
}

/** A moment of training with a name, kept with the project: all that training needs to go on from there. */
export interface Bookmark {
  readonly name: string;
  readonly epoch: number;
  readonly step: number;
  /** Rows of the epoch that were done; absent: none. */
  readonly at?: number;
  /** Loss of the batch before; absent: there was none. */
  readonly loss?: number;
  /** By parameter key, as kept weights are. */
  readonly weights: Table<string, StoredTensor>;
  /** The optimizer's memory, by the parameter that it belongs to and its name there (`hidden/weight/m`). */
  readonly memory?: Table<string, StoredTensor>;
  /** Loss at the end of each epoch, for learning-rate schedules that watch it. */
  readonly losses?: readonly number[];
}

export interface Project extends Graph {
  readonly nodes: Table<NodeId, Node>;
  readonly edges: Table<EdgeId, Edge>;
  readonly positions: Table<NodeId, Point>;
  readonly settings: Settings;
  /** Operations of one's own, by the names that nodes use; absent when there are none. */
  readonly composites?: OwnOperations;
  /** Trained numbers that were kept with the project, by parameter key; absent when none were kept. */
  readonly weights?: Table<string, StoredTensor>;
  /** In the order of their steps; absent when there are none. */
  readonly bookmarks?: readonly Bookmark[];
}

export const defaultSettings: Settings = {
  title: 'Untitled',
  notes: '',
  data: { kind: 'none' },
  split: { train: 0.7, validation: 0.15, test: 0.15, seed: 1 },
  training: { optimizer: 'adam', hyper: {}, batch: 32, epochs: 100, seed: 1 },
};

export const emptyProject: Project = { nodes: {}, edges: {}, positions: {}, settings: defaultSettings };
