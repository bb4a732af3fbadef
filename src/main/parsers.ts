/**
 * What may come in from a window, method by method. Every argument is parsed before it is used; a method
 * without a parser does not exist, and one whose parser does not give its parameters does not compile.
 */
import * as v from 'valibot';
import { RefusedCall, type Parsers } from '../engine/remote';
import { ID_LIMIT } from '../engine/graph/file-reader';
import { NODE_LIMIT } from '../engine/graph/project-file';
import { BOOKMARK_LIMIT, BOOKMARK_NAME } from '../engine/graph/stored-bookmarks';
import { PASTED_LIMIT, PICTURE_SIDE, POINTS_LIMIT } from '../engine/graph/data-file';
import {
  ENCODINGS,
  lockHides,
  lockKeeps,
  SEPARATORS,
  type DataSource,
  type Project,
  type Split,
  type TableSource,
} from '../engine/graph/project';
import type { DatasetInfo } from '../engine/data/dataset';
import type { Tensor } from '../engine/ir/shape';
import type { ClientApi, HostApi, RunNews } from './contract';

const text = (limit: number) => v.pipe(v.string(), v.maxLength(limit));
const finite = v.pipe(v.number(), v.finite());
const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

/** Keys that would reach an object's prototype are no names. */
const id = v.pipe(
  text(200),
  v.check((key) => !(key in Object.prototype), 'is not allowed as a name'),
);
const table = <S extends v.GenericSchema>(entry: S, limit = NODE_LIMIT) =>
  v.pipe(
    v.record(id, entry),
    v.check((all) => Object.keys(all).length <= limit, 'has too many entries'),
  );

const attr = v.union([finite, text(100_000), v.boolean(), v.pipe(v.array(finite), v.maxLength(1_000_000))]);
const node = v.object({
  id,
  op: text(120),
  attrs: table(attr, 100),
  label: v.optional(text(1000)),
  group: v.optional(text(1000)),
});
const edge = v.object({ id: text(400), from: id, to: id, port: id });
const share = v.pipe(finite, v.minValue(0), v.maxValue(1));
const seed = whole(0, 2 ** 32 - 1);
const split = v.object({
  train: share,
  validation: share,
  test: share,
  seed,
  folds: v.optional(whole(2, 100)),
  fold: v.optional(whole(1, 100)),
});
const column = text(1000);
const transform = v.variant('kind', [
  v.object({
    kind: v.picklist(['log', 'log1p', 'square', 'sin', 'standardise', 'min-max', 'plain', 'categories']),
    column,
  }),
  v.object({ kind: v.literal('product'), column, by: column }),
]);
const pipeline = {
  transforms: v.optional(v.pipe(v.array(transform), v.maxLength(1000))),
  balance: v.optional(v.literal(true)),
};
const tableChoice = {
  ...pipeline,
  features: v.pipe(v.array(column), v.maxLength(100_000)),
  targets: v.pipe(v.array(column), v.maxLength(1000)),
  task: v.picklist(['auto', 'regression', 'binary', 'multiclass']),
  missing: v.picklist(['drop-row', 'mean']),
  standardise: v.boolean(),
  weights: v.optional(column),
  parts: v.optional(column),
  noise: v.optional(v.pipe(finite, v.minValue(0), v.maxValue(10))),
};
const csv = v.object({
  kind: v.literal('csv'),
  path: text(4096),
  text: v.optional(text(PASTED_LIMIT)),
  separator: v.picklist(SEPARATORS),
  decimal: v.picklist(['.', ',']),
  header: v.boolean(),
  encoding: v.optional(v.picklist(ENCODINGS)),
  ...tableChoice,
});
const arrays = v.object({
  kind: v.literal('arrays'),
  paths: v.pipe(v.array(text(4096)), v.minLength(1), v.maxLength(64)),
  ...tableChoice,
});
const pictures = v.object({
  kind: v.literal('pictures'),
  path: text(4096),
  width: whole(1, PICTURE_SIDE),
  height: whole(1, PICTURE_SIDE),
  colour: v.boolean(),
  ...tableChoice,
});
const made = { ...pipeline, features: v.optional(v.pipe(v.array(column), v.maxLength(100))) };
const generator = v.object({
  kind: v.literal('generator'),
  name: text(100),
  count: whole(1, 10_000_000),
  noise: share,
  seed,
  ...made,
});
const formula = v.object({
  kind: v.literal('formula'),
  formula: text(1000),
  inputs: v.picklist([1, 2]),
  target: v.picklist(['value', 'class']),
  low: finite,
  high: finite,
  count: whole(1, 10_000_000),
  noise: v.pipe(finite, v.minValue(0)),
  seed,
  ...made,
});
const points = v.object({
  kind: v.literal('points'),
  target: v.picklist(['value', 'class']),
  points: v.pipe(v.array(finite), v.maxLength(POINTS_LIMIT)),
  ...made,
});
const tables = v.variant('kind', [csv, arrays, pictures]);
const source = v.variant('kind', [v.object({ kind: v.literal('none') }), generator, formula, points, csv, arrays, pictures]);
/** Optional members that are absent stay absent, as the types ask. */
const dataSource = v.pipe(
  source,
  v.transform((value): DataSource => value as DataSource),
);
const tableSource = v.pipe(
  tables,
  v.transform((value): TableSource => value as TableSource),
);
const givenSplit = v.pipe(
  split,
  v.transform((value): Split => value as Split),
);
const breakpoint = v.object({
  kind: v.picklist(['gradient', 'loss', 'dead', 'sign']),
  limit: v.optional(finite),
  node: v.optional(id),
  off: v.optional(v.boolean()),
});
const training = v.object({
  optimizer: text(100),
  hyper: table(finite, 100),
  batch: whole(1, 1_000_000),
  epochs: whole(1, 10_000_000),
  seed: whole(0, 2 ** 32 - 1),
  objective: v.optional(id),
  schedule: v.optional(v.object({ kind: text(100), settings: table(finite, 100) })),
  clip: v.optional(v.object({ value: v.optional(finite), norm: v.optional(finite) })),
  stop: v.optional(
    v.object({
      patience: v.optional(whole(1, 1e9)),
      change: v.optional(finite),
      plateau: v.optional(whole(1, 1e9)),
      fall: v.optional(finite),
      loss: v.optional(finite),
      accuracy: v.optional(finite),
      seconds: v.optional(finite),
    }),
  ),
  breakpoints: v.optional(v.pipe(v.array(breakpoint), v.maxLength(1000))),
});
const lock = v.object({
  keeps: v.array(v.picklist(lockKeeps)),
  hides: v.array(v.picklist(lockHides)),
  answers: v.boolean(),
  password: v.optional(v.object({ salt: text(200), hash: text(200) })),
});
const storedTensors = table(v.object({ shape: v.pipe(v.array(whole(1, 1e9)), v.maxLength(8)), base64: v.string() }));

const projectSchema = v.object({
  nodes: table(node),
  edges: table(edge, 4 * NODE_LIMIT),
  positions: table(v.object({ x: finite, y: finite })),
  composites: v.optional(
    table(
      v.object({
        name: text(100),
        inputs: v.pipe(v.array(text(ID_LIMIT)), v.maxLength(1000)),
        output: text(ID_LIMIT),
        nodes: table(node),
        edges: table(edge, 4 * NODE_LIMIT),
      }),
    ),
  ),
  settings: v.object({ title: text(1000), notes: text(100_000), data: source, split, training, lock: v.optional(lock) }),
  weights: v.optional(storedTensors),
  bookmarks: v.optional(
    v.pipe(
      v.array(
        v.object({
          name: text(BOOKMARK_NAME),
          epoch: whole(0, 1e9),
          step: whole(0, Number.MAX_SAFE_INTEGER),
          at: v.optional(whole(0, 1e9)),
          loss: v.optional(finite),
          weights: storedTensors,
          memory: v.optional(storedTensors),
          losses: v.optional(v.array(finite)),
        }),
      ),
      v.maxLength(BOOKMARK_LIMIT),
    ),
  ),
});

/** A type with every optional member made required, all the way down. */
type Whole<T> = T extends readonly (infer U)[]
  ? readonly Whole<U>[]
  : T extends object
    ? { readonly [K in keyof T]-?: Whole<NonNullable<T[K]>> }
    : unknown;
/** Does not compile when the schema lacks a member of the project: valibot drops what it does not know. */
type Complete<T, Known extends Whole<T>> = Known extends never ? never : T;

/** Optional members that are absent stay absent, as the project's type asks. */
const project = v.pipe(
  projectSchema,
  v.transform((value) => value as Complete<Project, Whole<v.InferOutput<typeof projectSchema>>>),
);

const backendName = v.picklist(['webgpu', 'wasm', 'reference']);
const profile = v.object({
  present: v.array(
    v.object({
      backend: backendName,
      title: text(500),
      fma: v.optional(v.boolean()),
      software: v.optional(v.boolean()),
      limits: v.optional(v.record(text(100), v.number())),
    }),
  ),
  absent: v.array(v.object({ backend: backendName, reason: text(2000) })),
});
const encodedColumn = v.object({
  name: text(4000),
  source: text(1000),
  mean: finite,
  deviation: finite,
  derivation: v.optional(
    v.object({ kind: v.picklist(['log', 'log1p', 'square', 'sin', 'product']), of: v.pipe(v.array(column), v.maxLength(2)) }),
  ),
});
const datasetInfo = v.object({
  name: text(1000),
  rows: whole(0, 2 ** 32 - 1),
  task: v.picklist(['regression', 'binary', 'multiclass']),
  features: v.array(encodedColumn),
  targets: v.array(encodedColumn),
  classes: v.array(text(1000)),
  notes: v.array(text(10_000)),
  picture: v.optional(
    v.object({ channels: whole(1, 4), height: whole(1, 10_000), width: whole(1, 10_000), low: finite, high: finite }),
  ),
  weighedBy: v.optional(text(1000)),
});
const givenInfo = v.pipe(
  datasetInfo,
  v.transform((value): DatasetInfo => value as DatasetInfo),
);

const numbers = v.custom<Tensor['data']>(
  (value) => value instanceof Float32Array || value instanceof Float64Array,
  'must be numbers',
);
const tensor = v.pipe(
  v.object({ shape: v.pipe(v.array(whole(1, 1e9)), v.maxLength(8)), data: numbers }),
  v.check(
    ({ shape, data }) => shape.reduce((size, axis) => size * axis, 1) === data.length,
    'has another length than its shape says',
  ),
);
const exportRequest = v.object({ format: text(50), project, weights: table(tensor), dataset: v.nullable(text(100)) });

const token = text(100);

/** Losses may be anything a float can be, also what is not a number: of a run that diverged. */
const float = v.union([v.number(), v.nan()]);
const score = v.object({
  loss: float,
  accuracy: v.optional(float),
  rmse: v.optional(float),
  r2: v.optional(float),
});
const count = whole(0, Number.MAX_SAFE_INTEGER);
const point = v.object({ epoch: count, step: count, train: score, validation: v.nullable(score), factor: v.optional(finite) });
const scores = v.object({ train: v.nullable(score), validation: v.nullable(score), test: v.nullable(score) });
const confusion = v.object({
  classes: v.pipe(v.array(text(1000)), v.maxLength(10_000)),
  counts: v.pipe(v.array(count), v.maxLength(1_000_000)),
});
const floats = v.instance(Float32Array);
const best = v.object({ epoch: count, loss: v.number(), weights: table(tensor) });
const slots = v.record(text(400), floats);
const checkpoint = v.object({
  epoch: count,
  step: count,
  at: count,
  loss: v.nullable(float),
  weights: table(tensor),
  slots,
  losses: v.pipe(v.array(float), v.maxLength(10_000_000)),
  seen: v.object({
    best: float,
    bestEpoch: count,
    mark: float,
    waited: count,
    lows: v.optional(v.pipe(v.array(float), v.maxLength(10_000_001))),
  }),
  best: v.optional(best),
  back: v.optional(v.object({ epoch: count, step: count, at: count, loss: v.nullable(float), state: slots })),
  seconds: v.optional(v.pipe(finite, v.minValue(0))),
});
const runStart = v.object({
  name: text(1000),
  origin: v.picklist(['window', 'trial', 'race', 'sweep', 'terminal']),
  changes: v.optional(text(1000)),
  tags: v.optional(v.pipe(v.array(text(60)), v.maxLength(20))),
  project,
  dataset: v.nullable(token),
});
const runNews = v.object({
  epoch: count,
  step: count,
  seconds: v.pipe(finite, v.minValue(0)),
  points: v.pipe(v.array(point), v.maxLength(1_000_000)),
  project: v.optional(project),
  status: v.optional(v.picklist(['queued', 'running', 'done', 'stopped', 'failed', 'interrupted'])),
  message: v.optional(text(10_000)),
  scores: v.optional(scores),
  confusion: v.optional(confusion),
  checkpoint: v.optional(checkpoint),
});
/** Optional members that are absent stay absent, as the contract's types ask. */
const news = v.pipe(
  runNews,
  v.transform((value): RunNews => value as RunNews),
);
const axis = v.object({
  key: text(60),
  values: v.pipe(v.array(v.union([finite, text(200)])), v.maxLength(10_000)),
});
const sweepStart = v.object({
  name: text(1000),
  project,
  dataset: v.nullable(token),
  axes: v.pipe(v.array(axis), v.maxLength(20)),
  random: v.nullable(whole(1, 10_000)),
});
const tags = v.pipe(v.array(v.pipe(text(60), v.minLength(1))), v.maxLength(50));
const runChange = v.pipe(
  v.object({ name: v.optional(v.pipe(text(200), v.minLength(1))), tags: v.optional(tags) }),
  v.transform((value) => value as { readonly name?: string; readonly tags?: readonly string[] }),
);
const menuEntry = v.object({
  id: text(100),
  title: text(200),
  menu: text(60),
  section: whole(0, 100),
  accelerator: v.optional(text(60)),
  enabled: v.boolean(),
  checked: v.optional(v.boolean()),
});

/** A parser of exactly these arguments; missing trailing ones count as undefined. */
function args<const T extends readonly v.GenericSchema[]>(...schemas: T) {
  return (given: readonly unknown[]): { -readonly [K in keyof T]: v.InferOutput<T[K]> } => {
    if (given.length > schemas.length)
      throw new RefusedCall(`${given.length} arguments were given; ${schemas.length} are known.`);
    return schemas.map((schema, at) => {
      const result = v.safeParse(schema, given[at], { abortEarly: true });
      if (result.success) return result.output;
      const [issue] = result.issues;
      const place = v.getDotPath(issue);
      throw new RefusedCall(`Argument ${at + 1}${place ? `, ${place}` : ''}: ${issue.message}`);
    }) as { -readonly [K in keyof T]: v.InferOutput<T[K]> };
  };
}

export const hostParsers: Parsers<HostApi> = {
  info: args(),
  compile: args(
    project,
    profile,
    v.union([backendName, v.picklist(['auto', 'reproducible'])]),
    whole(0, Number.MAX_SAFE_INTEGER),
    v.nullable(givenInfo),
  ),
  examples: args(),
  recentFiles: args(),
  forgetRecentFile: args(token),
  openProject: args(v.nullable(token)),
  saveProject: args(project, v.nullable(token), v.boolean()),
  autosave: args(project, v.nullable(token), v.boolean()),
  recoveries: args(),
  discardRecovery: args(token),
  pickData: args(v.picklist(['file', 'folder'])),
  previewData: args(tableSource, v.boolean()),
  loadDataset: args(dataSource, givenSplit, token),
  datasetPart: args(token, v.picklist(['x', 'y', 'train', 'validation', 'test', 'weights']), whole(0, Number.MAX_SAFE_INTEGER)),
  forgetNumbers: args(token),
  releaseDataset: args(token),
  cancelJob: args(token),
  exportModel: args(exportRequest),
  saveText: args(text(256 * 1024 * 1024), text(200)),
  saveBytes: args(
    v.pipe(
      v.instance(Uint8Array),
      v.check((bytes) => bytes.length <= 256 * 1024 * 1024, 'is too large'),
    ),
    text(200),
  ),
  beginRun: args(runStart),
  reportRun: args(token, news),
  runHistory: args(v.pipe(finite, v.minValue(0))),
  runDetail: args(token),
  runCheckpoint: args(token),
  runBest: args(token),
  continueRun: args(token),
  changeRun: args(token, runChange),
  deleteRuns: args(v.pipe(v.array(token), v.maxLength(100_000))),
  startSweep: args(sweepStart),
  sweeps: args(),
  pauseSweep: args(token),
  continueSweep: args(token),
  cancelSweep: args(token),
  queue: args(),
  moveInQueue: args(token, v.nullable(token)),
  changeQueued: args(token, project),
  dropQueued: args(token),
  limitRuns: args(v.object({ runs: whole(1, 100_000), megabytes: whole(1, 100_000) })),
  openExternal: args(text(4000)),
  setDocument: args(text(1000), v.boolean()),
  setMenu: args(v.pipe(v.array(menuEntry), v.maxLength(500))),
  listFolder: args(v.nullable(text(4096))),
};

/** Answers of the window that main acts on. */
const pickAnswer = v.nullable(text(4096));

/** The window's interface with its answers parsed too: a path is used only when it is a text. */
export function checkedClient(client: ClientApi): ClientApi {
  return {
    pickPath: async (request) => v.parse(pickAnswer, await client.pickPath(request)),
    importProgress: (progress) => client.importProgress(progress),
    runCommand: (command) => client.runCommand(command),
    openFile: (file) => client.openFile(file),
    confirmClose: async () => (await client.confirmClose()) === true,
  };
}
