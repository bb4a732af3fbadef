/**
 * First choices for a table that was just picked, and the words for its columns. The user changes them
 * afterwards; the guess is made so that most tables need no change.
 */
import type { CsvSource } from '../../engine/graph/project';
import type { Task } from '../../engine/data/dataset';
import type { CsvColumn, CsvPreview, HostApi } from '../../main/contract';

const LIKELY_TARGET =
  /^(target|label|class|classes|species|y|output|outcome|result|diagnosis|survived|quality|price|progression|digit)$/i;

/** A column that looks like what is asked for: by its name, else the last one. */
const guessTarget = (columns: readonly CsvColumn[]): string =>
  (columns.find((column) => LIKELY_TARGET.test(column.name)) ?? columns.at(-1))?.name ?? '';

/** Numbers whose every value differs and which count rows say nothing about a row. */
const isRowNumber = (column: CsvColumn): boolean => /^(id|index|row|nr|no|unnamed.*)$/i.test(column.name) && column.whole;

export const featuresFor = (columns: readonly CsvColumn[], target: string): readonly string[] =>
  columns.filter((column) => column.name !== target && !isRowNumber(column)).map((column) => column.name);

/** An empty list of features stands for all columns but the targets. */
export const featuresOf = (source: CsvSource, columns: readonly CsvColumn[]): readonly string[] =>
  source.features.length > 0
    ? source.features
    : columns.map((column) => column.name).filter((name) => !source.targets.includes(name));

/** How a file is called for people: without folders, and without the mark of bundled sets. */
export const fileName = (path: string): string =>
  path
    .replace(/^dataset:/, '')
    .split(/[/\\]/)
    .at(-1) ?? path;

export function csvFrom(preview: CsvPreview): CsvSource {
  const target = guessTarget(preview.columns);
  return {
    kind: 'csv',
    path: preview.path,
    separator: preview.separator,
    decimal: preview.decimal,
    header: preview.header,
    features: featuresFor(preview.columns, target),
    targets: target === '' ? [] : [target],
    task: 'auto',
    missing: 'drop-row',
    standardise: true,
  };
}

/** The same file cut into columns in another way; choices that still make sense stay. */
export async function reread(
  host: Pick<HostApi, 'previewData'>,
  source: CsvSource,
  how: Pick<CsvSource, 'separator' | 'decimal' | 'header'>,
): Promise<{ readonly source: CsvSource; readonly preview: CsvPreview }> {
  const { separator, decimal, header } = how;
  const preview = await host.previewData({ ...source, separator, decimal, header });
  const names = new Set(preview.columns.map((column) => column.name));
  const kept = source.targets.length > 0 && source.targets.every((name) => names.has(name));
  const features = source.features.filter((name) => names.has(name));
  const fresh = csvFrom(preview);
  return {
    preview,
    source: {
      ...source,
      separator,
      decimal,
      header,
      targets: kept ? source.targets : fresh.targets,
      features: kept && features.length > 0 ? features : fresh.features,
      task: kept ? source.task : 'auto',
    },
  };
}

/** What a target column most likely asks for; main decides in the end, on all rows. */
export function likelyTask(column: CsvColumn | undefined): Task {
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
