/**
 * A table → a data set of numbers. Text columns become one-hot columns, the task follows from the target
 * column, and scales are fitted on the training rows only, so that nothing of the other rows leaks into
 * training. Whatever is left out or filled in is noted for people; whatever cannot be used is a sentence.
 */
import type { CsvSource, Split } from '../graph/project';
import { DataFault, type Column, type ReadHooks, type Table } from './csv';
import type { Dataset, EncodedColumn, Task } from './dataset';
import { splitRows } from './split';

export type EncodeOptions = Pick<CsvSource, 'features' | 'targets' | 'task' | 'missing' | 'standardise'>;

/** One-hot columns that one text column may make. */
const CATEGORY_LIMIT = 100;
const CLASS_LIMIT = 1000;
/** Whole numbers are taken for classes when there are at most so many values … */
const WHOLE_CLASSES = 20;
/** … and each stands, on average, in so many rows. */
const ROWS_PER_CLASS = 5;
const ENCODED_LIMIT = 220_000_000;
/** Rows between two breaths. */
const SLICE = 50_000;

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

/** Columns of the file that a source needs; null when it takes all of them. */
export const columnsNeeded = (options: Pick<EncodeOptions, 'features' | 'targets'>): readonly string[] | null =>
  options.features.length === 0 ? null : [...options.features, ...options.targets];

function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((c) => c.name === name);
  if (column) return column;
  const close = table.names.find((n) => n.trim().toLowerCase() === name.trim().toLowerCase());
  throw new DataFault(
    `There is no column '${name}' in ${table.name}. ${close ? `Did you mean '${close}'?` : `Its columns are: ${list(table.names.slice(0, 12))}${table.names.length > 12 ? ', …' : ''}.`}`,
  );
}

/** What kind of target a column is: text, or few whole numbers, are classes. */
export function recogniseTask(column: Pick<Column, 'kind' | 'whole' | 'values'>, rows: number): Task {
  const classes = column.values?.length ?? Number.POSITIVE_INFINITY;
  if (column.kind === 'text') return classes === 2 ? 'binary' : 'multiclass';
  if (!column.whole) return 'regression';
  if (classes === 2) return 'binary';
  return classes <= WHOLE_CLASSES && classes * ROWS_PER_CLASS <= rows ? 'multiclass' : 'regression';
}

/** Names in the order people expect: numbers by size, texts by their letters. */
function sorted(values: readonly string[]): string[] {
  const numeric = values.every((v) => v.trim() !== '' && Number.isFinite(Number(v.replace(',', '.'))));
  return [...values].sort(
    numeric ? (a, b) => Number(a.replace(',', '.')) - Number(b.replace(',', '.')) : (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  );
}

/** How one column of the table is written into the rows of the data set. */
interface Writer {
  readonly columns: readonly EncodedColumn[];
  /** Called for each kept row, with where its part of the row starts. */
  write(row: number, out: Float32Array, at: number): void;
  readonly from: Column;
}

export async function encodeTable(table: Table, options: EncodeOptions, split: Split, hooks: ReadHooks = {}): Promise<Dataset> {
  const notes = [...table.notes];
  if (table.rows === 0) throw new DataFault(`${table.name} holds no rows of data. Choose a file with a row for each sample.`);
  if (options.targets.length === 0)
    throw new DataFault('No target column is chosen. Choose the column that the network should learn to predict.');
  const targets = options.targets.map((name) => columnOf(table, name));
  const chosen = options.features.length > 0;
  let features = (chosen ? options.features : table.names.filter((name) => !options.targets.includes(name))).map((name) =>
    columnOf(table, name),
  );
  const both = features.find((f) => targets.includes(f));
  if (both) throw new DataFault(`The column '${both.name}' is chosen both as a feature and as a target. Choose it once.`);
  const twice = features.find((f, at) => features.indexOf(f) !== at) ?? targets.find((t, at) => targets.indexOf(t) !== at);
  if (twice) throw new DataFault(`The column '${twice.name}' is chosen twice. Choose it once.`);

  features = features.filter((column) => {
    if (column.kind === 'number') {
      if (column.missing < table.rows || column.texts > 0) return true;
      return leftOut(column, 'has no values', chosen, notes);
    }
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

  const task = taskOf(targets, options.task, table.rows);
  const kept = keptRows(table, features, targets, options.missing, notes);
  const first = targets[0]!;
  const parts = splitRows(kept.length, split, (i) => (task === 'regression' ? first.number(kept[i]!) : first.code(kept[i]!)));
  const partRows = (rows: Uint32Array): Uint32Array => rows.map((row) => kept[row]!);
  // In the file's order, so that columns are read from front to back.
  const train = partRows(parts.train).sort();

  for (const column of [...features, ...targets])
    if (column.infinite > 0)
      notes.push(
        `${plural(column.infinite, 'infinite value')} in '${column.name}' (first: row ${column.firstInfinite!.row}) ${column.infinite === 1 ? 'was' : 'were'} treated as missing.`,
      );

  const featureWriters: Writer[] = [];
  const constants: string[] = [];
  for (const column of features) {
    featureWriters.push(
      column.kind === 'text'
        ? oneHot(column, train, kept, notes, constants)
        : scaled(column, train, options.standardise, constants, table),
    );
    await hooks.breathe?.();
  }
  if (constants.length > 0)
    notes.push(
      constants.length === 1
        ? `'${constants[0]}' has the same value in all training rows, so nothing can be learned from it.`
        : `${constants.length} columns have the same value in all training rows, so nothing can be learned from them: ${list(constants.slice(0, 8))}${constants.length > 8 ? ', …' : ''}.`,
    );
  const classes = task === 'regression' ? [] : classesOf(targets[0]!, kept);
  const targetWriters =
    task === 'regression'
      ? targets.map((column) => targetScale(column, train, options.standardise, table))
      : [classWriter(targets[0]!, classes, task)];
  if (classes.length > 0) absentClasses(targets[0]!, classes, train, notes);

  const width = featureWriters.reduce((sum, w) => sum + w.columns.length, 0);
  if (width * kept.length > ENCODED_LIMIT)
    throw new DataFault(
      `${kept.length} rows of ${width} encoded columns do not fit in memory (at most ${ENCODED_LIMIT / 1e6} million numbers). Choose fewer columns.`,
    );
  const x = await fill(featureWriters, kept, hooks);
  const y = await fill(targetWriters, kept, hooks);
  return {
    name: table.name,
    rows: kept.length,
    task,
    features: featureWriters.flatMap((w) => w.columns),
    targets: targetWriters.flatMap((w) => w.columns),
    classes,
    notes,
    x,
    y,
    split: parts,
  };
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

function taskOf(targets: readonly Column[], choice: EncodeOptions['task'], rows: number): Task {
  const first = targets[0]!;
  const text = targets.find((t) => t.kind === 'text');
  if (targets.length > 1) {
    if (choice === 'binary' || choice === 'multiclass')
      throw new DataFault(`A classification has one target column, but ${targets.length} are chosen. Choose one.`);
    if (text) throw notNumeric(text);
    return 'regression';
  }
  const task = choice === 'auto' ? recogniseTask(first, rows) : choice;
  if (task === 'regression') {
    if (text) throw notNumeric(text);
    return task;
  }
  const classes = first.values?.length ?? Number.POSITIVE_INFINITY;
  if (classes === 0) throw new DataFault(`The target column '${first.name}' has no values. Choose another target.`);
  if (classes === 1)
    throw new DataFault(
      `The target column '${first.name}' has one class only ('${first.values![0]}'), so there is nothing to tell apart. Choose another target or add rows.`,
    );
  if (classes > CLASS_LIMIT)
    throw new DataFault(
      `The target column '${first.name}' has ${first.values ? classes : 'too many'} different values; at most ${CLASS_LIMIT} classes are possible. Choose another target${first.kind === 'number' ? ', or regression' : ''}.`,
    );
  if (task === 'binary' && classes !== 2)
    throw new DataFault(
      `Two classes were asked for, but the target column '${first.name}' has ${classes}: ${list(first.values!.slice(0, 8))}${classes > 8 ? ', …' : ''}. Choose 'multiclass'.`,
    );
  return task;
}

const notNumeric = (column: Column): DataFault =>
  new DataFault(
    `The target column '${column.name}' cannot be predicted as a number: it holds text (first: row ${column.firstText!.row}, '${column.firstText!.text}'). Choose another target, or a classification.`,
  );

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
  if (count < 2) throw new DataFault('Only one row can be used; at least two are needed to train. Choose a larger file.');
  return kept.slice(0, count);
}

/** Mean and standard deviation over the training rows, in two passes for accuracy. */
function scaleOf(column: Column, train: Uint32Array): { mean: number; deviation: number; present: number } {
  let sum = 0;
  let present = 0;
  for (const row of train) {
    const value = column.number(row);
    if (!Number.isNaN(value)) {
      sum += value;
      present++;
    }
  }
  const mean = present > 0 ? sum / present : 0;
  let squares = 0;
  for (const row of train) {
    const value = column.number(row);
    if (!Number.isNaN(value)) squares += (value - mean) ** 2;
  }
  const deviation = present > 0 ? Math.sqrt(squares / present) : 0;
  if (!Number.isFinite(deviation))
    throw new DataFault(
      `The column '${column.name}' holds numbers up to ${Math.max(Math.abs(column.min), Math.abs(column.max))}, which are too large to be learned from. Correct them or leave the column out.`,
    );
  // Rounding leaves a constant column with a tiny deviation; dividing by that would blow it up.
  return { mean, deviation: deviation > 1e-9 * Math.max(1e-30, Math.abs(mean)) ? deviation : 0, present };
}

/** Beyond this a square, as every loss takes one, is infinite in float32. */
const REACH = 1e18;

function inReach(encoded: number, column: Column, table: Table, row: number): number {
  if (Math.abs(encoded) < REACH) return encoded;
  throw new DataFault(
    `Row ${table.rowNumber(row)} of '${column.name}' holds ${column.number(row)}, which is too far from the other values to be learned from. Correct the row or leave it out.`,
  );
}

function scaled(column: Column, train: Uint32Array, standardise: boolean, constants: string[], table: Table): Writer {
  const fit = scaleOf(column, train);
  if (fit.deviation === 0) constants.push(column.name);
  const mean = standardise ? fit.mean : 0;
  const deviation = standardise && fit.deviation > 0 ? fit.deviation : 1;
  return {
    from: column,
    columns: [{ name: column.name, source: column.name, mean, deviation }],
    write: (row, out, at) => {
      const value = column.number(row);
      out[at] = inReach(((Number.isNaN(value) ? fit.mean : value) - mean) / deviation, column, table, row);
    },
  };
}

function targetScale(column: Column, train: Uint32Array, standardise: boolean, table: Table): Writer {
  const fit = scaleOf(column, train);
  if (fit.deviation === 0)
    throw new DataFault(
      `The target column '${column.name}' has the same value (${fit.mean}) in all training rows of ${table.name}, so there is nothing to learn. Choose another target.`,
    );
  const mean = standardise ? fit.mean : 0;
  const deviation = standardise ? fit.deviation : 1;
  return {
    from: column,
    columns: [{ name: column.name, source: column.name, mean, deviation }],
    write: (row, out, at) => {
      out[at] = inReach((column.number(row) - mean) / deviation, column, table, row);
    },
  };
}

/** A column for each category of the training rows; others, and missing cells, have 0 in all of them. */
function oneHot(column: Column, train: Uint32Array, kept: Uint32Array, notes: string[], constants: string[]): Writer {
  const values = column.values!;
  const inTraining = new Set<number>();
  for (const row of train) inTraining.add(column.code(row));
  inTraining.delete(-1);
  const categories = sorted([...inTraining].map((code) => values[code]!));
  if (categories.length < 2) constants.push(column.name);
  const unseen = new Set<number>();
  for (const row of kept) if (!inTraining.has(column.code(row))) unseen.add(column.code(row));
  unseen.delete(-1);
  if (unseen.size > 0)
    notes.push(
      `'${column.name}' has ${plural(unseen.size, 'value')} that ${unseen.size === 1 ? 'occurs' : 'occur'} in no training row (${list([...unseen].slice(0, 4).map((c) => values[c]!))}); ${unseen.size === 1 ? 'it is' : 'they are'} encoded as none of the known ones.`,
    );
  const position = new Map(categories.map((category, at) => [category, at]));
  const place = values.map((value) => position.get(value) ?? -1);
  return {
    from: column,
    columns: categories.map((category) => ({ name: `${column.name}=${category}`, source: column.name, mean: 0, deviation: 1 })),
    write: (row, out, at) => {
      const code = column.code(row);
      const offset = code < 0 ? -1 : place[code]!;
      if (offset >= 0) out[at + offset] = 1;
    },
  };
}

/** Class names of all kept rows: one that only the test rows have would otherwise have no name. */
function classesOf(column: Column, kept: Uint32Array): string[] {
  const codes = new Set<number>();
  for (const row of kept) codes.add(column.code(row));
  const classes = sorted([...codes].map((code) => column.values![code]!));
  if (classes.length < 2)
    throw new DataFault(
      `The target column '${column.name}' has one class only ('${classes[0]}') in the rows that can be used. Fill missing cells with the mean, or choose another target.`,
    );
  return classes;
}

function absentClasses(column: Column, classes: readonly string[], train: Uint32Array, notes: string[]): void {
  const present = new Set<string>();
  for (const row of train) present.add(column.values![column.code(row)]!);
  const absent = classes.filter((name) => !present.has(name));
  if (absent.length > 0)
    notes.push(
      `No training row has the ${absent.length === 1 ? 'class' : 'classes'} ${list(absent.slice(0, 8))}, so ${absent.length === 1 ? 'it' : 'they'} cannot be learned. Use another seed or more training rows.`,
    );
}

function classWriter(column: Column, classes: readonly string[], task: Task): Writer {
  const position = new Map(classes.map((name, at) => [name, at]));
  const place = column.values!.map((value) => position.get(value) ?? -1);
  const encoded = (name: string): EncodedColumn => ({ name, source: column.name, mean: 0, deviation: 1 });
  return task === 'binary'
    ? {
        from: column,
        columns: [encoded(`${column.name}=${classes[1]}`)],
        write: (row, out, at) => {
          out[at] = place[column.code(row)]!;
        },
      }
    : {
        from: column,
        columns: classes.map((name) => encoded(`${column.name}=${name}`)),
        write: (row, out, at) => {
          out[at + place[column.code(row)]!] = 1;
        },
      };
}

/** Column by column, so that the table's memory is given back while the data set grows. */
async function fill(writers: readonly Writer[], kept: Uint32Array, hooks: ReadHooks): Promise<Float32Array> {
  const width = writers.reduce((sum, w) => sum + w.columns.length, 0);
  const out = new Float32Array(width * kept.length);
  let offset = 0;
  for (const writer of writers) {
    for (let from = 0; from < kept.length; from += SLICE) {
      const end = Math.min(kept.length, from + SLICE);
      for (let row = from; row < end; row++) writer.write(kept[row]!, out, row * width + offset);
      if (end < kept.length || writers.length > 100) await hooks.breathe?.();
    }
    writer.from.release();
    offset += writer.columns.length;
  }
  return out;
}
