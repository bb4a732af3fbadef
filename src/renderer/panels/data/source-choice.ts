/**
 * First choices for data that were just picked, and the words for their columns. The user changes them
 * afterwards; the guess is made so that most tables need no change.
 */
import type { DatasetInfo, EncodedColumn, Task } from '../../../engine/data/dataset';
import { derivations, isScale } from '../../../engine/data/features';
import { generatorOf } from '../../../engine/data/generators';
import {
  isTable,
  type CsvSource,
  type DataSource,
  type FormulaSource,
  type GeneratorSource,
  type PointsSource,
  type TableSource,
} from '../../../engine/graph/project';
import type { DataColumn, DataPreview, HostApi } from '../../../main/contract';

/** Sources whose rows the program makes itself. */
export type MadeSource = GeneratorSource | FormulaSource | PointsSource;
export type AnySource = MadeSource | TableSource;

const LIKELY_TARGET =
  /^(target|labels?|class|classes|species|y|output|outcome|result|diagnosis|survived|quality|price|progression|digit)$/i;
const PARTS = /^(split|part|subset|fold_?type|set)$/i;

/** A column that looks like what is asked for: by its name, else the last one. */
const guessTarget = (columns: readonly DataColumn[]): string => {
  const possible = columns.filter(({ kind }) => kind !== 'array');
  return (possible.find((column) => LIKELY_TARGET.test(column.name)) ?? possible.at(-1))?.name ?? '';
};

/** Numbers whose every value differs and which count rows say nothing about a row. */
const isRowNumber = (column: DataColumn): boolean => /^(id|index|row|nr|no|unnamed.*)$/i.test(column.name) && column.whole;

/** A column that says train or test in each of its rows. */
const isParts = (column: DataColumn): boolean =>
  column.kind === 'text' &&
  PARTS.test(column.name) &&
  column.examples.every((value) => /^(train(ing)?|val(id(ation)?)?|dev|test(ing)?|holdout)$/i.test(value));

export const featuresFor = (
  columns: readonly DataColumn[],
  target: string,
  not: readonly (string | undefined)[] = [],
): readonly string[] =>
  columns
    .filter((column) => column.name !== target && !not.includes(column.name) && !isRowNumber(column))
    .map((column) => column.name);

/** An empty list of features stands for all columns but those with another role. */
export const featuresOf = (source: TableSource, columns: readonly DataColumn[]): readonly string[] =>
  source.features.length > 0
    ? source.features
    : columns
        .map((column) => column.name)
        .filter((name) => !source.targets.includes(name) && name !== source.weights && name !== source.parts);

/** Classes that count the same in the loss, or rows that do. */
export function withBalance<S extends AnySource>(source: S, on: boolean): S {
  const { balance: _old, ...rest } = source;
  return (on ? { ...rest, balance: true } : rest) as S;
}

/** How a file is called for people: without folders, and without the mark of bundled sets. */
export const fileName = (path: string): string =>
  path
    .replace(/^dataset:/, '')
    .split(/[/\\]/)
    .at(-1) ?? path;

/** What a source is called where it is shown. */
export function sourceName(source: DataSource): string {
  switch (source.kind) {
    case 'none':
      return 'no data';
    case 'generator':
      return generatorOf(source.name)?.title ?? source.name;
    case 'formula':
      return source.formula;
    case 'points':
      return 'Painted points';
    case 'csv':
      return source.text === undefined ? fileName(source.path) : source.path.charAt(0).toUpperCase() + source.path.slice(1);
    case 'arrays':
      return fileName(source.paths[0] ?? '');
    case 'pictures':
      return fileName(source.path);
  }
}

/** What a project made from these data is called; `name`: of the file. */
export function titleFor(source: AnySource, name: string): string {
  if (!isTable(source)) return sourceName(source);
  const isPasted = source.kind === 'csv' && source.text !== undefined;
  const file = name.replace(/\.(gz|zip)$/i, '').replace(/\.[^.]+$/, '');
  return `${source.targets[0] ?? 'Target'} from ${isPasted ? 'a pasted table' : file}`;
}

/** The source of a preview, with columns chosen. */
export function chosen({ source, columns }: DataPreview): TableSource {
  const target = source.targets[0] ?? guessTarget(columns);
  const parts = columns.find(isParts)?.name;
  const features = featuresFor(columns, target, [parts]);
  // Where all are taken, new columns of the file will be taken too.
  const everything = features.length === columns.length - 1 - (parts === undefined ? 0 : 1);
  return {
    ...source,
    features: everything && columns.length > 100 ? [] : features,
    targets: target === '' ? [] : [target],
    ...(parts === undefined ? {} : { parts }),
  };
}

/** The same data read in another way; choices that still make sense stay. */
export async function reread(
  host: Pick<HostApi, 'previewData'>,
  source: TableSource,
): Promise<{ readonly source: TableSource; readonly preview: DataPreview }> {
  const preview = await host.previewData(source, false);
  const names = new Set(preview.columns.map((column) => column.name));
  const kept = source.targets.length > 0 && source.targets.every((name) => names.has(name));
  const features = source.features.filter((name) => names.has(name));
  const fresh = chosen({ ...preview, source: { ...preview.source, targets: [] } });
  const { weights, parts, transforms, ...rest } = source;
  const made = (transforms ?? []).filter((t) => names.has(t.column) && (t.kind !== 'product' || names.has(t.by)));
  return {
    preview,
    source: {
      ...rest,
      ...(weights !== undefined && names.has(weights) ? { weights } : {}),
      ...(parts !== undefined && names.has(parts) ? { parts } : {}),
      ...(made.length > 0 ? { transforms: made } : {}),
      targets: kept ? source.targets : fresh.targets,
      features: kept && (features.length > 0 || source.features.length === 0) ? features : fresh.features,
      task: kept ? source.task : 'auto',
    },
  };
}

/** What a target column most likely asks for; main decides in the end, on all rows. */
export function likelyTask(column: DataColumn | undefined): Task {
  if (!column) return 'regression';
  if (column.distinct === 2) return 'binary';
  if (column.kind === 'text' || (column.whole && column.distinct <= 20)) return 'multiclass';
  return 'regression';
}

export const taskTitles: Readonly<Record<Task, string>> = {
  regression: 'Regression: predict a number',
  binary: 'Two classes: predict yes or no',
  multiclass: 'Several classes: predict which',
};

/** Columns of a source that makes its rows itself. */
export const madeColumns = (source: MadeSource): readonly string[] =>
  source.kind === 'points'
    ? ['x', 'y']
    : source.kind === 'formula'
      ? source.inputs === 1
        ? ['x']
        : ['x', 'y']
      : (generatorOf(source.name)?.features ?? ['x', 'y']);

/** What painting and formulas start from. */
export const newFormula: FormulaSource = {
  kind: 'formula',
  formula: 'sin(2x)',
  inputs: 1,
  target: 'value',
  low: -3,
  high: 3,
  count: 300,
  noise: 0.05,
  seed: 1,
};
export const newPoints: PointsSource = { kind: 'points', target: 'class', points: [] };
export const newToySet: GeneratorSource = { kind: 'generator', name: 'moons', count: 500, noise: 0.05, seed: 1 };

function madeTask(source: MadeSource): { readonly task: Task; readonly outs: number } {
  if (source.kind === 'generator') return { task: generatorOf(source.name)?.task ?? 'binary', outs: 1 };
  if (source.target === 'value') return { task: 'regression', outs: 1 };
  const classes = source.kind === 'points' ? Math.max(2, ...source.points.filter((_, k) => k % 3 === 2).map((k) => k + 1)) : 2;
  return classes > 2 ? { task: 'multiclass', outs: classes } : { task: 'binary', outs: 1 };
}

/** How wide the encoded data will be, before they are read: for the sketch of a network. */
export function sketchInfo(source: AnySource, preview: DataPreview | null): DatasetInfo {
  const encoded = (count: number, name: string): EncodedColumn[] =>
    Array.from({ length: count }, () => ({ name, source: name, mean: 0, deviation: 1 }));
  const derived = (source.transforms ?? []).flatMap((t) =>
    isScale(t) || t.kind === 'categories' || t.kind === 'log' || t.kind === 'log1p'
      ? []
      : encoded(1, derivations[t.kind].name(t.kind === 'product' ? [t.column, t.by] : [t.column])),
  );
  if (!isTable(source)) {
    const { task, outs } = madeTask(source);
    const rows = source.kind === 'points' ? source.points.length / 3 : source.count;
    const features = [...(source.features ?? madeColumns(source)).flatMap((name) => encoded(1, name)), ...derived];
    return { name: sourceName(source), rows, task, features, targets: encoded(outs, 'target'), classes: [], notes: [] };
  }
  const columns = preview?.columns ?? [];
  const width = (name: string): number => {
    const column = columns.find((one) => one.name === name);
    if (column?.shape) return column.shape.reduce((a, b) => a * b, 1);
    const named = column?.kind === 'text' || (source.transforms ?? []).some((t) => t.kind === 'categories' && t.column === name);
    return named ? (column?.distinct ?? 1) : 1;
  };
  const target = columns.find((column) => column.name === source.targets[0]);
  const task = source.task === 'auto' ? likelyTask(target) : source.task;
  const outs = task === 'multiclass' ? Math.max(2, target?.distinct ?? 2) : Math.max(1, source.targets.length);
  return {
    name: preview?.name ?? '',
    rows: preview?.rowsRead ?? 0,
    task,
    features: [...featuresOf(source, columns).flatMap((name) => encoded(width(name), name)), ...derived],
    targets: encoded(outs, source.targets[0] ?? ''),
    classes: [],
    notes: [],
    ...pictureOf(featuresOf(source, columns).map((name) => columns.find((one) => one.name === name))),
  };
}

/** Pixels of one picture and nothing else; main says whether they are. Its range matters only for showing. */
function pictureOf(features: readonly (DataColumn | undefined)[]): Pick<DatasetInfo, 'picture'> {
  const [only] = features;
  if (features.length !== 1 || !only?.shape) return {};
  const [channels, height, width] = only.shape;
  return { picture: { channels, height, width, low: 0, high: 1 } };
}

/** How the beginning of a text was understood, for people. */
export const separatorTitles: Readonly<Record<Exclude<CsvSource['separator'], ''>, string>> = {
  ',': 'Comma ,',
  ';': 'Semicolon ;',
  '\t': 'Tab',
  '|': 'Bar |',
};
export const encodingTitles = {
  'utf-8': 'UTF-8',
  'utf-16le': 'UTF-16, little-endian',
  'utf-16be': 'UTF-16, big-endian',
  'windows-1252': 'Windows-1252 (Latin-1)',
} as const;

/** At least three lines with the same number of cells, two or more: what a spreadsheet's clipboard holds, and no prose. */
export function looksLikeTable(text: string): boolean {
  const lines = text
    .slice(0, 20_000)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, 50);
  // The last line of a long text may be cut.
  if (text.length > 20_000) lines.pop();
  if (lines.length < 3 || /^\s*[{[<]/.test(text)) return false;
  return ['\t', ';', ','].some((separator) => {
    const cells = lines.map((line) => line.split(separator).length);
    const same = cells.filter((count) => count === cells[0]).length;
    return cells[0]! > 1 && same >= 0.9 * cells.length;
  });
}
