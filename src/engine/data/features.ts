/**
 * The pipeline from columns to features: text becomes one-hot columns, numbers are scaled as fitted on the
 * training rows, functions of columns stand beside them or in their place, pictures are written whole with
 * one scale for all their pixels.
 */
import type { DerivedKind, ScaleKind, TableChoice, Transform } from '../graph/project';
import { log, log1p, sin } from '../ir/elementary';
import type { Derivation } from './dataset';
import { DataFault } from './fault';
import { affine, fitScale, inReach, type Writer } from './scale';
import type { Column, Table } from './table';
import { sorted } from './targets';
import { list, plural } from './words';

/** One-hot columns that one column may make. */
export const CATEGORY_LIMIT = 100;

type DerivedTransform = Extract<Transform, { kind: DerivedKind }>;
type FeatureOptions = Pick<TableChoice, 'transforms' | 'standardise'>;

interface Rows {
  readonly table: Table;
  readonly train: Uint32Array;
  readonly kept: Uint32Array;
  readonly notes: string[];
}

/** What `derive` makes of numbers, and how the result is called. */
export const derivations: Readonly<
  Record<DerivedKind, { readonly title: string; name(of: readonly string[]): string; value(x: number, y: number): number }>
> = {
  log: { title: 'Logarithm', name: ([x]) => `log ${x}`, value: log },
  log1p: { title: 'Logarithm of 1 + x', name: ([x]) => `log(1 + ${x})`, value: log1p },
  square: { title: 'Square', name: ([x]) => `${x}²`, value: (x) => x * x },
  sin: { title: 'Sine', name: ([x]) => `sin ${x}`, value: sin },
  product: { title: 'Product', name: ([x, y]) => `${x}·${y}`, value: (x, y) => x * y },
};

/** One feature that is a number, before it is scaled. */
interface NumberFeature {
  readonly name: string;
  readonly source: string;
  readonly derivation: Derivation | null;
  readonly from: readonly Column[];
  value(row: number): number;
}

export function featureWriters(features: readonly Column[], options: FeatureOptions, rows: Rows): Writer[] {
  const { transforms = [] } = options;
  const constants: string[] = [];
  const usual: ScaleKind = options.standardise ? 'standardise' : 'plain';
  const scaleFor = (source: string): ScaleKind =>
    transforms.findLast(
      (t): t is Extract<Transform, { kind: ScaleKind }> => isScale(t) && (t.column === source || t.column === ''),
    )?.kind ?? usual;
  const writers = features.map((column): Writer => {
    if (column.block) return blockWriter(column, scaleFor(column.name), rows);
    const own = transforms.filter((t) => t.column === column.name);
    if (column.kind === 'text' || own.some((t) => t.kind === 'categories')) return oneHot(column, rows, constants);
    const log = own.find((t): t is Extract<DerivedTransform, { kind: 'log' }> => t.kind === 'log' || t.kind === 'log1p');
    const feature = log ? derived(log, rows.table) : plainNumber(column);
    return scaled(feature, scaleFor(column.name), rows, constants);
  });
  for (const transform of transforms) {
    if (isScale(transform) || transform.kind === 'categories') continue;
    const replaces = transform.kind === 'log' || transform.kind === 'log1p';
    if (replaces && features.some(({ name }) => name === transform.column)) continue;
    writers.push(scaled(derived(transform, rows.table), scaleFor(transform.column), rows, constants));
  }
  const names = writers.flatMap((writer) => writer.columns.map(({ name }) => name));
  const twice = names.find((name, at) => names.length <= 2000 && names.indexOf(name) !== at);
  if (twice !== undefined) throw new DataFault(`The feature '${twice}' is made twice. Take one of its transforms out.`);
  if (constants.length > 0 && rows.train.length > 1)
    rows.notes.push(
      constants.length === 1
        ? `'${constants[0]}' has the same value in all training rows, so nothing can be learned from it.`
        : `${constants.length} columns have the same value in all training rows, so nothing can be learned from them: ${list(constants.slice(0, 8))}${constants.length > 8 ? ', …' : ''}.`,
    );
  return writers;
}

export const isScale = (t: Transform): t is Extract<Transform, { kind: ScaleKind }> =>
  t.kind === 'standardise' || t.kind === 'min-max' || t.kind === 'plain';

/** Columns of the table that a list of transforms reads. */
export const transformColumns = (transforms: readonly Transform[]): readonly string[] =>
  transforms.flatMap((t) => (t.kind === 'product' ? [t.column, t.by] : isScale(t) ? [] : [t.column]));

/** What a transform asks of its columns, as a sentence when they do not have it. */
export function transformFault(table: Pick<Table, 'name' | 'names' | 'columns'>, transform: Transform): string | null {
  for (const name of transform.kind === 'product' ? [transform.column, transform.by] : [transform.column]) {
    if (name === '' && isScale(transform)) continue;
    const column = table.columns.find((c) => c.name === name);
    if (!column)
      return `A transform ('${transform.kind}') names the column '${name}', which is not in ${table.name}. Its columns are: ${list(table.names.slice(0, 12))}${table.names.length > 12 ? ', …' : ''}.`;
    if (isScale(transform)) continue;
    if (transform.kind === 'categories') {
      const count = column.values?.length ?? Number.POSITIVE_INFINITY;
      if (column.block || count > CATEGORY_LIMIT)
        return `The column '${name}' has ${column.values ? count : 'too many'} different values; at most ${CATEGORY_LIMIT} can become columns. Take the transform out.`;
    } else if (column.kind !== 'number')
      return `A transform ('${transform.kind}') needs numbers, but '${name}' holds ${column.block ? 'pictures' : 'text'}. Take the transform out.`;
  }
  return null;
}

const plainNumber = (column: Column): NumberFeature => ({
  name: column.name,
  source: column.name,
  derivation: null,
  from: [column],
  value: (row) => column.number(row),
});

function derived(transform: DerivedTransform, table: Table): NumberFeature {
  const of = transform.kind === 'product' ? [transform.column, transform.by] : [transform.column];
  const from = of.map((name) => table.columns.find((c) => c.name === name)!);
  const rule = derivations[transform.kind];
  const [x, y] = [from[0]!, from.at(-1)!];
  return {
    name: rule.name(of),
    source: transform.column,
    derivation: { kind: transform.kind, of },
    from,
    value: (row) => {
      const [a, b] = [x.number(row), y.number(row)];
      const result = rule.value(a, b);
      if (Number.isFinite(result) || Number.isNaN(a) || Number.isNaN(b)) return result;
      throw new DataFault(
        transform.kind === 'log' || transform.kind === 'log1p'
          ? `Row ${table.rowNumber(row)} of '${x.name}' holds ${a}, and the logarithm takes only numbers above ${transform.kind === 'log' ? '0. Use the logarithm of 1 + x, or take the transform out.' : '−1. Take the transform out.'}`
          : `Row ${table.rowNumber(row)} of '${rule.name(of)}' is too large to be learned from. Take the transform out.`,
      );
    },
  };
}

function scaled(feature: NumberFeature, kind: ScaleKind, { table, train }: Rows, constants: string[]): Writer {
  const { name, source, derivation, from } = feature;
  const fit = fitScale(name, (row) => feature.value(row), train);
  if (fit.deviation === 0) constants.push(name);
  const { shift, factor } = affine(kind, fit);
  return {
    from,
    columns: [{ name, source, mean: shift, deviation: factor, ...(derivation === null ? {} : { derivation }) }],
    spread: fit.deviation / factor,
    write: (row, out, at) => {
      const value = feature.value(row);
      out[at] = inReach(((Number.isNaN(value) ? fit.mean : value) - shift) / factor, name, value, table, row);
    },
  };
}

/** Rows of pictures between two looks when their common scale is fitted. */
const PICTURES_FITTED = 5000;

/** All pixels share one scale: a pixel at the margin, which hardly ever changes, would else be blown up. */
function blockWriter(column: Column, kind: ScaleKind, { table, train }: Rows): Writer {
  const block = column.block!;
  const [channels, height, width] = block.shape;
  const size = channels * height * width;
  const numbers = new Float32Array(size);
  const stride = Math.max(1, Math.floor(train.length / PICTURES_FITTED));
  let [sum, squares, count, low, high] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < train.length; at += stride) {
    block.write(train[at]!, numbers, 0);
    for (const number of numbers) {
      sum += number;
      squares += number * number;
      if (number < low) low = number;
      if (number > high) high = number;
    }
    count += size;
  }
  const mean = sum / Math.max(1, count);
  const deviation = Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean));
  const { shift, factor } = affine(kind, { mean, deviation, low, high });
  const cell = (k: number): string => {
    const [c, r, w] = [Math.floor(k / (height * width)), Math.floor(k / width) % height, k % width];
    return `${column.name}[${channels > 1 ? `${c},` : ''}${height > 1 ? `${r},` : ''}${w}]`;
  };
  return {
    from: [column],
    columns: Array.from({ length: size }, (_, k) => ({ name: cell(k), source: column.name, mean: shift, deviation: factor })),
    spread: deviation / factor,
    write: (row, out, at) => {
      block.write(row, out, at);
      for (let k = at; k < at + size; k++) {
        const encoded = (out[k]! - shift) / factor;
        if (!(Math.abs(encoded) < 1e18))
          throw new DataFault(
            `Row ${table.rowNumber(row)} of '${cell(k - at)}' holds ${out[k]}, which cannot be learned from. Correct the file.`,
          );
        out[k] = encoded;
      }
    },
  };
}

/** A column for each category of the training rows; others, and missing cells, have 0 in all of them. */
function oneHot(column: Column, { train, kept, notes }: Rows, constants: string[]): Writer {
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
    from: [column],
    columns: categories.map((category) => ({ name: `${column.name}=${category}`, source: column.name, mean: 0, deviation: 1 })),
    write: (row, out, at) => {
      const code = column.code(row);
      const offset = code < 0 ? -1 : place[code]!;
      if (offset >= 0) out[at + offset] = 1;
    },
  };
}
