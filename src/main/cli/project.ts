/** What commands start from: a project file, its data, its kept weights; and what they leave behind. */
import { basename, resolve } from 'node:path';
import { check, type Checked } from '../../engine/compile/check';
import type { Weights } from '../../engine/api';
import { lockRefusal } from '../../engine/graph/lock';
import { isTable, type DataSource, type Project, type StoredTensor } from '../../engine/graph/project';
import { product, type Tensor } from '../../engine/ir/shape';
import type { ParameterSpec } from '../../engine/plan';
import { type Dataset, type DatasetInfo, emptyRow } from '../../engine/data/dataset';
import { initialNumbers } from '../../engine/train/session';
import { asRefusal, readDataset } from '../services/datasets';
import { readProjectFile } from '../services/projects';
import { Refusal } from '../services/refusal';
import { givenData } from './data';
import { type Io, plural } from './io';

export const readProject = (io: Io, file: string): Promise<Project> => readProjectFile(resolve(io.folder, file));

/** What a teacher's lock forbids is forbidden here too: settings given on the command line are edits like any other. */
export function heedLock(before: Project, after: Project): Project {
  const reason = lockRefusal(before, after);
  if (reason !== null) throw new Refusal(reason, 'locked');
  return after;
}

/** Commands that tell numbers of the drawing refuse where a teacher hides them. */
export function showsAnswers({ settings: { lock } }: Project): void {
  if (lock?.answers)
    throw new Refusal('The teacher has hidden the answers of this project. Step through it in the window.', 'locked');
}

/**
 * The project with other data. Where both are tables of a kind, the project keeps its choice of columns; for
 * other tables the drawing's targets name them, or the last column is the target.
 */
export async function withData(io: Io, project: Project, given: string): Promise<Project> {
  const { data } = project.settings;
  const { source, columns } = await givenData(io, given);
  const use = (next: DataSource): Project => ({ ...project, settings: { ...project.settings, data: next } });
  if (!isTable(source)) return use(source);
  if (isTable(data) && data.targets.every((name) => columns.includes(name))) {
    const { features, targets, task, missing, standardise, weights, parts, noise, transforms } = data;
    const optional = Object.fromEntries(
      Object.entries({ weights, parts, noise, transforms }).filter(([, value]) => value !== undefined),
    );
    return use({ ...source, features, targets, task, missing, standardise, ...optional });
  }
  const named = Object.values(project.nodes)
    .filter((node) => node.op === 'target')
    .flatMap((node) => String(node.attrs['columns'] ?? '').split(','))
    .map((name) => name.trim())
    .filter((name) => columns.includes(name));
  const targets = named.length > 0 ? named : source.targets.length > 0 ? source.targets : columns.slice(-1);
  io.err(`Target: ${targets.join(', ')} (of ${basename(given)}).`);
  return use({ ...source, targets });
}

/** Between two looks at a growing file, in ms; short files never show. */
const READING_EVERY = 250;

/** "Reading the data: 120 MB, 400,000 rows", renewed in place on a terminal; null elsewhere. */
function readingLine({ terminal }: Io): { show(bytes: number, rows: number): void; clear(): void } | null {
  if (!terminal) return null;
  let next = performance.now() + READING_EVERY;
  let shown = false;
  const line = (text: string): void => {
    terminal.clearLine(0);
    terminal.cursorTo(0);
    terminal.write(text);
  };
  return {
    show: (bytes, rows) => {
      const now = performance.now();
      if (now < next) return;
      next = now + READING_EVERY;
      shown = true;
      line(`Reading the data: ${(bytes / 1e6).toFixed(0)} MB, ${plural(rows, 'row')}`);
    },
    clear: () => {
      if (shown) line('');
    },
  };
}

export async function readData(io: Io, project: Project, quiet = false): Promise<Dataset> {
  const { data, split } = project.settings;
  const reading = quiet ? null : readingLine(io);
  const dataset = await readDataset(data, split, reading ? { progress: reading.show } : {})
    .finally(() => reading?.clear())
    .catch((error: unknown) => {
      throw asRefusal(error);
    });
  if (!quiet) for (const note of dataset.notes) io.err(note);
  return dataset;
}

const takesData = ({ nodes }: Project): boolean => Object.values(nodes).some(({ op }) => op === 'input' || op === 'target');

/** The rows to train on. */
export const trainingData = (io: Io, project: Project): Promise<Dataset> =>
  project.settings.data.kind === 'none' && !takesData(project) ? Promise.resolve(emptyRow) : readData(io, project);

/** The project's data, or null where it has none. */
export const readDataIfAny = (io: Io, project: Project, quiet = false): Promise<Dataset | null> =>
  project.settings.data.kind === 'none' ? Promise.resolve(null) : readData(io, project, quiet);

/** Checks a drawing for commands that need a sound one: its errors become a refusal. */
export function soundDrawing(project: Project, data: DatasetInfo | null, doing: string): Checked {
  const checked = check(project, data);
  const errors = checked.problems.filter((p) => p.severity === 'error');
  if (errors.length > 0)
    throw new Refusal(
      [`The drawing has problems, so it cannot be ${doing} yet:`, ...errors.map((p) => `  ${p.message}`)].join('\n'),
      'bad-drawing',
    );
  return checked;
}

/** A row to step through or check without data: standard normal features, and the first of the answers. */
export function inventedRows(
  inputs: readonly { from: 'features' | 'targets'; columns: readonly number[] }[],
  rows: number,
  gaussian: () => number,
) {
  const width = (from: 'features' | 'targets'): number =>
    1 + Math.max(-1, ...inputs.filter((i) => i.from === from).flatMap((i) => i.columns));
  const [featureCount, targetCount] = [width('features'), width('targets')];
  return {
    features: Float32Array.from({ length: rows * featureCount }, gaussian),
    featureCount,
    targets: Float32Array.from({ length: rows * targetCount }, (_, i) => (i % targetCount === 0 ? 1 : 0)),
    targetCount,
  };
}

// ── weights ──

export function keptWeights({ weights = {} }: Project): Weights {
  return Object.fromEntries(
    Object.entries(weights).map(([key, { shape, base64 }]): [string, Tensor] => {
      const bytes = Buffer.from(base64, 'base64');
      const data = Float32Array.from({ length: product(shape) }, (_, i) => bytes.readFloatLE(4 * i));
      return [key, { shape, data }];
    }),
  );
}

function stored({ shape, data }: Tensor): StoredTensor {
  const bytes = Buffer.alloc(4 * data.length);
  for (let i = 0; i < data.length; i++) bytes.writeFloatLE(data[i]!, 4 * i);
  return { shape, base64: bytes.toString('base64') };
}

export const keepWeights = (project: Project, weights: Weights): Project => ({
  ...project,
  weights: Object.fromEntries(Object.entries(weights).map(([key, tensor]) => [key, stored(tensor)])),
});

const fits = (p: ParameterSpec, tensor: Tensor | undefined): boolean => tensor?.shape.join() === p.shape.join();

/** For every parameter its kept numbers where they fit, else those it starts from; and the keys of the latter. */
export function presentWeights(
  project: Project,
  parameters: readonly ParameterSpec[],
): { weights: Weights; fresh: readonly string[] } {
  const kept = keptWeights(project);
  const weights: Record<string, Tensor> = {};
  const fresh: string[] = [];
  for (const p of parameters) {
    if (fits(p, kept[p.key])) weights[p.key] = kept[p.key]!;
    else {
      weights[p.key] = { shape: p.shape, data: initialNumbers(p, project.settings.training.seed) };
      if (!p.given) fresh.push(p.key);
    }
  }
  return { weights, fresh };
}
