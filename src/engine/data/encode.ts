/**
 * A table → a data set of numbers. The task follows from the target column, features go through their
 * pipeline, and scales are fitted on the training rows only, so that nothing of the other rows leaks into
 * training. Whatever is left out or filled in is noted for people; whatever cannot be used is a sentence.
 */
import type { Split, TableChoice } from '../graph/project';
import type { Dataset, Picture } from './dataset';
import { DataFault, type ReadHooks } from './fault';
import { CATEGORY_LIMIT, featureWriters, transformColumns, transformFault } from './features';
import { Random } from './random';
import type { Writer } from './scale';
import { splitRows } from './split';
import { type Column, FREE, type Table, TEST, VALIDATION } from './table';
import { absentClasses, classesOf, classWriter, targetScale, taskOf } from './targets';
import { meantAsNumbers } from './text-that-counts';
import { list, plural } from './words';

export type EncodeOptions = Omit<TableChoice, 'kind'>;

const ENCODED_LIMIT = 220_000_000;
/** Numbers written between two breaths. */
const SLICE = 100_000;

/** Columns of the file that a source needs; null when it takes all of them. */
export function columnsNeeded({ features, targets, weights, parts, transforms = [] }: EncodeOptions): readonly string[] | null {
  if (features.length === 0) return null;
  const roles = [weights, parts].filter((name) => name !== undefined);
  return [...new Set([...features, ...targets, ...roles, ...transformColumns(transforms)])];
}

function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((c) => c.name === name);
  if (column) return column;
  const close = table.names.find((n) => n.trim().toLowerCase() === name.trim().toLowerCase());
  throw new DataFault(
    `There is no column '${name}' in ${table.name}. ${close ? `Did you mean '${close}'?` : `Its columns are: ${list(table.names.slice(0, 12))}${table.names.length > 12 ? ', …' : ''}.`}`,
  );
}

export async function encodeTable(table: Table, options: EncodeOptions, split: Split, hooks: ReadHooks = {}): Promise<Dataset> {
  const notes = [...table.notes];
  if (table.rows === 0) throw new DataFault(`${table.name} holds no rows of data. Choose a file with a row for each sample.`);
  if (options.targets.length === 0)
    throw new DataFault('No target column is chosen. Choose the column that the network should learn to predict.');
  const targets = options.targets.map((name) => columnOf(table, name));
  const chosen = options.features.length > 0;
  const roles = [options.weights, options.parts].filter((name) => name !== undefined);
  const weights = options.weights === undefined ? null : weightColumn(table, options.weights);
  const partColumn = options.parts === undefined ? null : columnOf(table, options.parts);
  let features = (
    chosen ? options.features : table.names.filter((name) => !options.targets.includes(name) && !roles.includes(name))
  ).map((name) => columnOf(table, name));
  const both = features.find((f) => targets.includes(f));
  if (both) throw new DataFault(`The column '${both.name}' is chosen both as a feature and as a target. Choose it once.`);
  const twice = features.find((f, at) => features.indexOf(f) !== at) ?? targets.find((t, at) => targets.indexOf(t) !== at);
  if (twice) throw new DataFault(`The column '${twice.name}' is chosen twice. Choose it once.`);
  const role = [...features, ...targets].find(({ name }) => roles.includes(name));
  if (role)
    throw new DataFault(
      `The column '${role.name}' is chosen for the ${role.name === options.weights ? 'weights of the rows' : 'split'} and also as a ${targets.includes(role) ? 'target' : 'feature'}. Choose it once.`,
    );
  const pictures = targets.find(({ block }) => block);
  if (pictures)
    throw new DataFault(`The target column '${pictures.name}' holds pictures, which cannot be predicted. Choose another target.`);

  features = features.filter((column) => {
    if (column.kind === 'number') {
      if (column.missing < table.rows || column.texts > 0) return true;
      return leftOut(column, 'has no values', chosen, notes);
    }
    if (column.block) return true;
    const categories = column.values?.length ?? Number.POSITIVE_INFINITY;
    if (categories <= CATEGORY_LIMIT) return true;
    const many = column.values ? String(categories) : 'more than ten thousand';
    return leftOut(
      column,
      `holds text with ${many} different values, more than the ${CATEGORY_LIMIT} that can become columns`,
      chosen,
      notes,
    );
  });
  if (features.length === 0)
    throw new DataFault('No feature column is left. Choose at least one column that the network may look at.');
  for (const column of [...features, ...targets]) textFault(column, table.rows);

  for (const transform of options.transforms ?? []) {
    const fault = transformFault(table, transform);
    if (fault !== null) throw new DataFault(fault);
  }

  const task = taskOf(targets, options.task, table.rows);
  const made = transformColumns(options.transforms ?? []).map((name) => columnOf(table, name));
  const gappy = [...new Set([...features, ...made])].filter(({ block }) => !block);
  for (const column of made) textFault(column, table.rows);
  const kept = keptRows(table, gappy, weights ? [...targets, weights] : targets, options.missing, notes);
  const first = targets[0]!;
  const known = partColumn ? partsOf(partColumn, table) : table.parts;
  const parts = splitRows(
    kept.length,
    split,
    (i) => (task === 'regression' ? first.number(kept[i]!) : first.code(kept[i]!)),
    known && ((i) => known[kept[i]!]!),
  );
  const partRows = (rows: Uint32Array): Uint32Array => rows.map((row) => kept[row]!);
  // In the file's order, so that columns are read from front to back.
  const train = partRows(parts.train).sort();

  for (const column of [...features, ...targets])
    if (column.infinite > 0)
      notes.push(
        `${plural(column.infinite, 'infinite value')} in '${column.name}' (first: row ${column.firstInfinite!.row}) ${column.infinite === 1 ? 'was' : 'were'} treated as missing.`,
      );

  for (const column of [...features, ...targets]) {
    const note = meantAsNumbers(column);
    if (note !== null) notes.push(note);
  }

  const featuresOut = featureWriters(features, options, { table, train, kept, notes });
  await hooks.breathe?.();
  const classes = task === 'regression' ? [] : classesOf(targets[0]!, kept);
  const targetWriters =
    task === 'regression'
      ? targets.map((column) => targetScale(column, train, options.standardise, table))
      : [classWriter(targets[0]!, classes, task)];
  if (classes.length > 0) absentClasses(targets[0]!, classes, train, notes);

  const width = featuresOut.reduce((sum, w) => sum + w.columns.length, 0);
  if (width * kept.length > ENCODED_LIMIT)
    throw new DataFault(
      `${kept.length} rows of ${width} encoded columns do not fit in memory (at most ${ENCODED_LIMIT / 1e6} million numbers). Choose fewer columns.`,
    );
  const rowWeights = weights && weightsOf(weights, kept, train, table);
  // A column may be read for several features; its memory is given back after the last of them.
  const readers = new Map<Column, number>();
  for (const { from } of [...featuresOut, ...targetWriters])
    for (const column of from) readers.set(column, (readers.get(column) ?? 0) + 1);
  const done = (writer: Writer): void => {
    for (const column of writer.from) {
      readers.set(column, readers.get(column)! - 1);
      if (readers.get(column) === 0) column.release();
    }
  };
  const x = await fill(featuresOut, kept, done, hooks);
  const y = await fill(targetWriters, kept, done, hooks);
  if (options.noise) addNoise(x, featuresOut, parts.train, options.noise, split.seed);
  const picture = pictureOf(features, featuresOut, x);
  return {
    name: table.name,
    rows: kept.length,
    task,
    features: featuresOut.flatMap((w) => w.columns),
    targets: targetWriters.flatMap((w) => w.columns),
    classes,
    notes,
    ...(picture === null ? {} : { picture }),
    ...(weights === null ? {} : { weighedBy: weights.name }),
    x,
    y,
    split: parts,
    ...(rowWeights === null ? {} : { weights: rowWeights }),
  };
}

function weightColumn(table: Table, name: string): Column {
  const column = columnOf(table, name);
  if (column.kind !== 'number')
    throw new DataFault(`The column '${name}' is to say how much rows count, but it holds no numbers. Choose another one.`);
  textFault(column, table.rows);
  return column;
}

/** The column's numbers, divided by their mean over the training rows, so that the learning rate keeps its meaning. */
function weightsOf(column: Column, kept: Uint32Array, train: Uint32Array, table: Table): Float32Array {
  for (const row of kept)
    if (column.number(row) < 0)
      throw new DataFault(
        `Row ${table.rowNumber(row)} of '${column.name}' holds ${column.number(row)}, but a row cannot count less than 0. Correct the row.`,
      );
  let sum = 0;
  for (const row of train) sum += column.number(row);
  if (!(sum > 0))
    throw new DataFault(
      `All training rows have the weight 0 in '${column.name}', so there is nothing to learn. Choose another column.`,
    );
  const mean = sum / train.length;
  return Float32Array.from(kept, (row) => column.number(row) / mean);
}

const PART_NAMES: Readonly<Record<string, number>> = {
  train: FREE,
  training: FREE,
  validation: VALIDATION,
  valid: VALIDATION,
  val: VALIDATION,
  dev: VALIDATION,
  test: TEST,
  testing: TEST,
  holdout: TEST,
};

/** Which part the split column puts each row of the table in. */
function partsOf(column: Column, table: Table): Uint8Array {
  const { values } = column;
  const about = `The column '${column.name}' is to say which part a row belongs to`;
  if (!values) throw new DataFault(`${about}, but has too many different values. Choose another column.`);
  const codes = values.map((value) => PART_NAMES[value.trim().toLowerCase()] ?? -1);
  if (!codes.includes(FREE)) throw new DataFault(`${about}, but no row of it says 'train'. Choose another column.`);
  return Uint8Array.from({ length: table.rows }, (_, row) => {
    const code = column.code(row);
    if (code >= 0 && codes[code]! >= 0) return codes[code]!;
    throw new DataFault(
      `${about}, but row ${table.rowNumber(row)} ${code < 0 ? 'is empty' : `says '${values[code]!.slice(0, 40)}'`}. Write train, validation or test.`,
    );
  });
}

/** Noise measured in each feature's own deviation; categories stay what they are. */
function addNoise(x: Float32Array, writers: readonly Writer[], train: Uint32Array, noise: number, seed: number): void {
  const spreads = writers.flatMap((w) => w.columns.map(() => (w.spread ?? 0) * noise));
  const random = new Random(seed, 'noise');
  for (const row of train)
    for (let k = 0; k < spreads.length; k++) if (spreads[k]! > 0) x[row * spreads.length + k]! += random.gaussian() * spreads[k]!;
}

/** Smaller ones are no pictures, and a row of numbers is none. */
const LEAST_SIDE = 4;

function pictureOf(features: readonly Column[], writers: readonly Writer[], x: Float32Array): Picture | null {
  const block = features[0]?.block;
  if (!block || features.length > 1 || writers.length > 1) return null;
  const [channels, height, width] = block.shape;
  if (Math.min(height, width) < LEAST_SIDE || ![1, 3, 4].includes(channels)) return null;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < Math.min(x.length, 4_000_000); at++) {
    if (x[at]! < low) low = x[at]!;
    if (x[at]! > high) high = x[at]!;
  }
  const { mean, deviation } = writers[0]!.columns[0]!;
  return { channels, height, width, low: low * deviation + mean, high: high * deviation + mean };
}

/** A column that nobody chose by name may be passed over with a note; a chosen one may not. */
function leftOut(column: Column, reason: string, chosen: boolean, notes: string[]): false {
  if (chosen) throw new DataFault(`The column '${column.name}' ${reason}. Take it out of the features.`);
  notes.push(`The column '${column.name}' was left out: it ${reason}.`);
  return false;
}

/** A column of numbers in which some cells are text. */
function textFault(column: Column, rows: number): void {
  if (column.kind === 'number' && column.texts > 0)
    throw new DataFault(
      `The column '${column.name}' holds numbers, but text in ${column.texts} of ${rows} rows (first: row ${column.firstText!.row}, '${column.firstText!.text}'). Correct ${column.texts === 1 ? 'it' : 'them'}, empty the ${column.texts === 1 ? 'cell' : 'cells'}, or leave the column out.`,
    );
}

const isGone = (column: Column, row: number): boolean =>
  column.kind === 'number' ? Number.isNaN(column.number(row)) : column.code(row) < 0;

/** Rows of the table that stay, in order. */
function keptRows(
  table: Table,
  features: readonly Column[],
  targets: readonly Column[],
  missing: EncodeOptions['missing'],
  notes: string[],
): Uint32Array {
  const gappyTargets = targets.filter((c) => c.missing > 0);
  const gappyFeatures = features.filter((c) => c.missing > 0);
  let withoutTarget = 0;
  let withGap = 0;
  let firstGap = -1;
  const kept = new Uint32Array(table.rows);
  let count = 0;
  for (let row = 0; row < table.rows; row++) {
    if (gappyTargets.some((c) => isGone(c, row))) {
      withoutTarget++;
      continue;
    }
    if (missing === 'drop-row' && gappyFeatures.some((c) => isGone(c, row))) {
      if (withGap++ === 0) firstGap = row;
      continue;
    }
    kept[count++] = row;
  }
  if (withoutTarget > 0)
    notes.push(`${plural(withoutTarget, 'row')} without a target ${withoutTarget === 1 ? 'was' : 'were'} left out.`);
  if (withGap > 0)
    notes.push(
      `${plural(withGap, 'row')} with missing cells ${withGap === 1 ? 'was' : 'were'} left out (first: row ${table.rowNumber(firstGap)}).`,
    );
  if (missing === 'mean')
    for (const column of gappyFeatures)
      notes.push(
        column.kind === 'number'
          ? `${plural(column.missing, 'missing cell')} in '${column.name}' ${column.missing === 1 ? 'was' : 'were'} filled with the mean.`
          : `${plural(column.missing, 'missing cell')} in '${column.name}' ${column.missing === 1 ? 'belongs' : 'belong'} to no category.`,
      );
  if (count === 0) {
    const worst = [...gappyTargets, ...gappyFeatures].sort((a, b) => b.missing - a.missing)[0];
    throw new DataFault(
      `No row is complete${worst ? ` ('${worst.name}' is missing in ${worst.missing} of ${table.rows} rows)` : ''}. ${gappyFeatures.length > 0 ? 'Fill missing cells with the mean, or leave out columns with gaps.' : 'Choose another target.'}`,
    );
  }
  // A table of one row is meant so: it can be stepped through.
  if (count < 2 && table.rows > 1)
    throw new DataFault('Only one row can be used; at least two are needed to train. Choose a larger file.');
  return kept.slice(0, count);
}

/** Column by column, so that the table's memory is given back while the data set grows. */
async function fill(
  writers: readonly Writer[],
  kept: Uint32Array,
  done: (writer: Writer) => void,
  hooks: ReadHooks,
): Promise<Float32Array> {
  const width = writers.reduce((sum, w) => sum + w.columns.length, 0);
  const out = new Float32Array(width * kept.length);
  let offset = 0;
  for (const writer of writers) {
    const slice = Math.max(1, Math.floor(SLICE / writer.columns.length));
    for (let from = 0; from < kept.length; from += slice) {
      const end = Math.min(kept.length, from + slice);
      for (let row = from; row < end; row++) writer.write(kept[row]!, out, row * width + offset);
      if (end < kept.length || writers.length > 100) await hooks.breathe?.();
    }
    done(writer);
    offset += writer.columns.length;
  }
  return out;
}
