/** What is to be predicted: the task that follows from the target column, its classes, and how it is written as numbers. */
import type { TableChoice } from '../graph/project';
import type { EncodedColumn, Task } from './dataset';
import { DataFault } from './fault';
import { fitScale, inReach, type Writer } from './scale';
import type { Column, Table } from './table';
import { list } from './words';

const CLASS_LIMIT = 1000;
/** Whole numbers are taken for classes when there are at most so many values … */
const WHOLE_CLASSES = 20;
/** … and each stands, on average, in so many rows. */
const ROWS_PER_CLASS = 5;

/** What kind of target a column is: text, or few whole numbers, are classes. */
export function recogniseTask(column: Pick<Column, 'kind' | 'whole' | 'values'>, rows: number): Task {
  const classes = column.values?.length ?? Number.POSITIVE_INFINITY;
  if (column.kind === 'text') return classes === 2 ? 'binary' : 'multiclass';
  if (!column.whole) return 'regression';
  if (classes === 2) return 'binary';
  return classes <= WHOLE_CLASSES && classes * ROWS_PER_CLASS <= rows ? 'multiclass' : 'regression';
}

export function taskOf(targets: readonly Column[], choice: TableChoice['task'], rows: number): Task {
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

/** Names in the order people expect: numbers by size, texts by their letters. */
export function sorted(values: readonly string[]): string[] {
  const numeric = values.every((v) => v.trim() !== '' && Number.isFinite(Number(v.replace(',', '.'))));
  return [...values].sort(
    numeric ? (a, b) => Number(a.replace(',', '.')) - Number(b.replace(',', '.')) : (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  );
}

export function targetScale(column: Column, train: Uint32Array, standardise: boolean, table: Table): Writer {
  const fit = fitScale(column.name, (row) => column.number(row), train);
  if (fit.deviation === 0 && train.length > 1)
    throw new DataFault(
      `The target column '${column.name}' has the same value (${fit.mean}) in all training rows of ${table.name}, so there is nothing to learn. Choose another target.`,
    );
  const mean = standardise ? fit.mean : 0;
  const deviation = standardise && fit.deviation > 0 ? fit.deviation : 1;
  return {
    from: [column],
    columns: [{ name: column.name, source: column.name, mean, deviation }],
    write: (row, out, at) => {
      out[at] = inReach((column.number(row) - mean) / deviation, column.name, column.number(row), table, row);
    },
  };
}

/** Class names of all kept rows: one that only the test rows have would otherwise have no name. */
export function classesOf(column: Column, kept: Uint32Array): string[] {
  const codes = new Set<number>();
  for (const row of kept) codes.add(column.code(row));
  const classes = sorted([...codes].map((code) => column.values![code]!));
  if (classes.length < 2)
    throw new DataFault(
      `The target column '${column.name}' has one class only ('${classes[0]}') in the rows that can be used. Fill missing cells with the mean, or choose another target.`,
    );
  return classes;
}

export function absentClasses(column: Column, classes: readonly string[], train: Uint32Array, notes: string[]): void {
  const present = new Set<string>();
  for (const row of train) present.add(column.values![column.code(row)]!);
  const absent = classes.filter((name) => !present.has(name));
  if (absent.length > 0)
    notes.push(
      `No training row has the ${absent.length === 1 ? 'class' : 'classes'} ${list(absent.slice(0, 8))}, so ${absent.length === 1 ? 'it' : 'they'} cannot be learned. Use another seed or more training rows.`,
    );
}

export function classWriter(column: Column, classes: readonly string[], task: Task): Writer {
  const position = new Map(classes.map((name, at) => [name, at]));
  const place = column.values!.map((value) => position.get(value) ?? -1);
  const encoded = (name: string): EncodedColumn => ({ name, source: column.name, mean: 0, deviation: 1 });
  return task === 'binary'
    ? {
        from: [column],
        columns: [encoded(`${column.name}=${classes[1]}`)],
        write: (row, out, at) => {
          out[at] = place[column.code(row)]!;
        },
      }
    : {
        from: [column],
        columns: classes.map((name) => encoded(`${column.name}=${name}`)),
        write: (row, out, at) => {
          out[at + place[column.code(row)]!] = 1;
        },
      };
}
