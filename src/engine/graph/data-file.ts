/**
 * Where a project's data come from and how their rows are split, as its file says it, read member by member.
 * Which toy sets there are is not known on this floor and is asked where the file is opened.
 */
import { isObject, Reader, shown } from './file-reader';
import type { JsonValue } from './json';
import {
  csvDefaults,
  defaultSettings,
  ENCODINGS,
  filesOf,
  SEPARATORS,
  tableDefaults,
  type DataSource,
  type Pipeline,
  type Split,
  type TableChoice,
  type Transform,
} from './project';

const SEEDS = 2 ** 32 - 1;
const COLUMN_NAME = 1000;
const TRANSFORM_LIMIT = 1000;
/** Numbers of painted points: three for each. */
export const POINTS_LIMIT = 3 * 20_000;
/** Characters of a pasted table. */
export const PASTED_LIMIT = 16 * 1024 * 1024;
export const PICTURE_SIDE = 512;

const TRANSFORMS = ['log', 'log1p', 'square', 'sin', 'product', 'standardise', 'min-max', 'plain', 'categories'] as const;
const KINDS = ['none', 'generator', 'formula', 'points', 'csv', 'arrays', 'pictures'] as const;

export function readData(reader: Reader | null): DataSource {
  if (!reader) return defaultSettings.data;
  const data = sourceOf(reader);
  if (filesOf(data).some((path) => path.includes('\u0000')))
    reader.faults.add(reader.at(data.kind === 'arrays' ? 'paths' : 'path'), 'holds a character that no path may have.');
  reader.end();
  return data;
}

function sourceOf(reader: Reader): DataSource {
  const kind = reader.choice('kind', undefined, KINDS);
  switch (kind) {
    case 'none':
      return { kind };
    case 'generator':
      return {
        kind,
        name: reader.text('name', undefined, 100),
        count: reader.whole('count', 500, 1, 10_000_000),
        noise: reader.number('noise', 0, 0, 1),
        seed: reader.whole('seed', 1, 0, SEEDS),
        ...readMade(reader),
      };
    case 'formula': {
      const [low, high] = [reader.number('low', -3, -1e6, 1e6), reader.number('high', 3, -1e6, 1e6)];
      if (!(low < high)) reader.faults.add(reader.at('high'), `must be more than 'low', which is ${low}.`);
      return {
        kind,
        formula: reader.text('formula', undefined, 1000),
        inputs: reader.whole('inputs', 1, 1, 2) === 2 ? 2 : 1,
        target: reader.choice('target', 'value', ['value', 'class'] as const),
        low,
        high,
        count: reader.whole('count', 300, 1, 10_000_000),
        noise: reader.number('noise', 0, 0, 1e6),
        seed: reader.whole('seed', 1, 0, SEEDS),
        ...readMade(reader),
      };
    }
    case 'points':
      return {
        kind,
        target: reader.choice('target', 'class', ['value', 'class'] as const),
        points: readPoints(reader),
        ...readMade(reader),
      };
    case 'csv': {
      const text = reader.get('text') === undefined ? undefined : reader.text('text', undefined, PASTED_LIMIT);
      return {
        kind,
        path: reader.text('path', text === undefined ? undefined : 'pasted table', 4096),
        ...(text === undefined ? {} : { text }),
        separator: reader.choice('separator', csvDefaults.separator, SEPARATORS),
        decimal: reader.choice('decimal', csvDefaults.decimal, ['.', ','] as const),
        header: reader.flag('header', csvDefaults.header),
        ...(reader.get('encoding') === undefined ? {} : { encoding: reader.choice('encoding', undefined, ENCODINGS) }),
        ...readChoice(reader),
      };
    }
    case 'arrays': {
      const paths = reader.texts('paths', []);
      if (paths.length === 0 || paths.length > 64 || paths.some((path) => path === '' || path.length > 4096))
        reader.faults.add(reader.at('paths'), 'must be a list of 1 to 64 paths of NumPy or IDX files.');
      return { kind, paths, ...readChoice(reader) };
    }
    case 'pictures':
      return {
        kind,
        path: reader.text('path', undefined, 4096),
        width: reader.whole('width', 32, 1, PICTURE_SIDE),
        height: reader.whole('height', 32, 1, PICTURE_SIDE),
        colour: reader.flag('colour', false),
        ...readChoice(reader),
      };
  }
}

function readChoice(reader: Reader): TableChoice {
  const d = tableDefaults;
  const column = (name: 'weights' | 'parts'): object =>
    reader.get(name) === undefined ? {} : { [name]: reader.text(name, undefined, COLUMN_NAME) };
  return {
    features: reader.texts('features', d.features),
    targets: reader.texts('targets', d.targets),
    task: reader.choice('task', d.task, ['auto', 'regression', 'binary', 'multiclass'] as const),
    missing: reader.choice('missing', d.missing, ['drop-row', 'mean'] as const),
    standardise: reader.flag('standardise', d.standardise),
    ...column('weights'),
    ...column('parts'),
    ...(reader.get('noise') === undefined ? {} : { noise: reader.number('noise', undefined, 0, 10) }),
    ...readPipeline(reader),
  };
}

function readMade(reader: Reader): Pipeline & { readonly features?: readonly string[] } {
  return {
    ...(reader.get('features') === undefined ? {} : { features: reader.texts('features', []) }),
    ...readPipeline(reader),
  };
}

const readPipeline = (reader: Reader): Pipeline => ({
  ...readTransforms(reader),
  ...(reader.flag('balance', false) ? { balance: true } : {}),
});

function readTransforms(data: Reader): Pipeline {
  const list = data.get('transforms');
  if (list === undefined) return {};
  const place = data.at('transforms');
  if (!Array.isArray(list) || list.length > TRANSFORM_LIMIT) {
    data.faults.add(place, `must be a list of at most ${TRANSFORM_LIMIT} transforms.`);
    return {};
  }
  const transforms = list.flatMap((item: JsonValue, index): Transform[] => {
    if (!isObject(item)) {
      data.faults.add(`${place}.${index}`, `must be an object, but is ${shown(item)}.`);
      return [];
    }
    const reader = new Reader(item, `${place}.${index}`, data.faults);
    const kind = reader.choice('kind', undefined, TRANSFORMS);
    const column = reader.text('column', undefined, COLUMN_NAME);
    const transform: Transform =
      kind === 'product' ? { kind, column, by: reader.text('by', undefined, COLUMN_NAME) } : { kind, column };
    reader.end();
    return [transform];
  });
  return { transforms };
}

function readPoints(reader: Reader): readonly number[] {
  const points = reader.get('points');
  if (
    Array.isArray(points) &&
    points.length % 3 === 0 &&
    points.length <= POINTS_LIMIT &&
    points.every((n) => typeof n === 'number' && Math.abs(n) <= 1e6)
  )
    return points as number[];
  reader.faults.add(
    reader.at('points'),
    `must be a list of numbers, three for each point (x, y, class or value), at most ${POINTS_LIMIT / 3} points.`,
  );
  return [];
}

export function readSplit(reader: Reader | null): Split {
  const d = defaultSettings.split;
  if (!reader) return d;
  const folds = reader.get('folds') === undefined ? undefined : reader.whole('folds', undefined, 2, 100);
  const split: Split = {
    train: reader.number('train', d.train, 0, 1),
    validation: reader.number('validation', d.validation, 0, 1),
    test: reader.number('test', d.test, 0, 1),
    seed: reader.whole('seed', d.seed, 0, SEEDS),
    ...(folds === undefined ? {} : { folds, fold: reader.whole('fold', 1, 1, folds) }),
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
