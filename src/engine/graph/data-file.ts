/**
 * Where a project's data come from and how their rows are split, as its file says it, read member by member.
 * Which toy sets there are is not known on this floor and is asked where the file is opened.
 */
import type { Reader } from './file-reader';
import { csvDefaults, defaultSettings, type DataSource, type Split } from './project';

const SEPARATORS = ['', ',', ';', '\t', '|'] as const;

export function readData(reader: Reader | null): DataSource {
  if (!reader) return defaultSettings.data;
  const kind = reader.choice('kind', undefined, ['none', 'generator', 'csv'] as const);
  let data: DataSource = { kind: 'none' };
  if (kind === 'generator')
    data = {
      kind,
      name: reader.text('name', undefined, 100),
      count: reader.whole('count', 500, 1, 10_000_000),
      noise: reader.number('noise', 0, 0, 1),
      seed: reader.whole('seed', 1, 0, 2 ** 32 - 1),
    };
  else if (kind === 'csv') {
    const d = csvDefaults;
    data = {
      kind,
      path: reader.text('path', undefined, 4096),
      separator: reader.choice('separator', d.separator, SEPARATORS),
      decimal: reader.choice('decimal', d.decimal, ['.', ','] as const),
      header: reader.flag('header', d.header),
      features: reader.texts('features', d.features),
      targets: reader.texts('targets', d.targets),
      task: reader.choice('task', d.task, ['auto', 'regression', 'binary', 'multiclass'] as const),
      missing: reader.choice('missing', d.missing, ['drop-row', 'mean'] as const),
      standardise: reader.flag('standardise', d.standardise),
    };
    if (data.path.includes('\u0000')) reader.faults.add(reader.at('path'), 'holds a character that no path may have.');
  }
  reader.end();
  return data;
}

export function readSplit(reader: Reader | null): Split {
  const d = defaultSettings.split;
  if (!reader) return d;
  const split: Split = {
    train: reader.number('train', d.train, 0, 1),
    validation: reader.number('validation', d.validation, 0, 1),
    test: reader.number('test', d.test, 0, 1),
    seed: reader.whole('seed', d.seed, 0, 2 ** 32 - 1),
  };
  const sum = split.train + split.validation + split.test;
  if (Math.abs(sum - 1) > 1e-6)
    reader.faults.add(
      reader.place,
      `has shares that add up to ${Number(sum.toFixed(6))}; train, validation and test must add up to 1.`,
    );
  else if (split.train <= 0)
    reader.faults.add(reader.at('train'), 'must be more than 0: without training rows there is nothing to learn from.');
  reader.end();
  return split;
}
