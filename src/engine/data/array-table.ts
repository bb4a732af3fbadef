/**
 * Arrays that belong together → a table: their first axes are the rows, names such as `x_train` and
 * `t10k-labels` say which part rows belong to, and what is wider than a table's columns (a picture) stays one
 * column with an array in each row.
 */
import type { AnyArray, NumberArray } from './array-file';
import { DataFault } from './fault';
import { type Block, Builder, type Column, FREE, type Table, TEST, VALIDATION } from './table';

export interface NamedArray {
  readonly name: string;
  readonly array: AnyArray;
}

/** A matrix with more columns is kept as one column of arrays. */
const MOST_COLUMNS = 128;
/** Below this many numbers columns are kept in float64. */
const EXACT_NUMBERS = 20_000_000;

const PART = /(^|[_\-. ])(train(?:ing)?|test(?:ing)?|t10k|val(?:id(?:ation)?)?|dev)(?=$|[_\-. ])/i;

/** Words by which files of one data set are told apart from each other; what stands before is the set's own name. */
const ROLE = /^(.*?)[_\-. ]?(x|y|features?|targets?|labels?|images?|pictures?|data|inputs?|outputs?)$/i;

export interface Role {
  /** Name of the data set, where the file has one. */
  readonly family: string;
  readonly base: string;
  readonly part: 'train' | 'validation' | 'test' | null;
  /** The name says that it is one of several files. */
  readonly known: boolean;
}

/** `train-images-idx3-ubyte.gz` is `images` of the training rows; `X_test` is `X` of the test rows. */
export function roleOf(file: string): Role {
  const plain = file
    .replace(/\.(gz|npy|npz|idx|bin)$/i, '')
    .replace(/\.(npy|idx)$/i, '')
    .replace(/[_\-.]?idx\d?[_\-.]?(ubyte)?$/i, '')
    .replace(/[_\-.]ubyte$/i, '');
  const word = PART.exec(plain)?.[2]?.toLowerCase();
  const base = plain.replace(PART, '').replace(/^[_\-. ]+|[_\-. ]+$/g, '');
  const part = word === undefined ? null : word.startsWith('train') ? 'train' : /^(test|t10k)/.test(word) ? 'test' : 'validation';
  const [, family, role] = ROLE.exec(base) ?? [];
  return role === undefined
    ? { family: '', base: base === '' ? plain : base, part, known: false }
    : { family: family!, base: role, part, known: true };
}

export function tableOfArrays(name: string, given: readonly NamedArray[]): Table {
  const notes: string[] = [];
  const arrays = ofAllParts(belongTogether(given, notes), notes);
  const bases = [...new Set(arrays.map(({ base }) => base))];
  const parts = [...new Set(arrays.map(({ part }) => part))];
  const counts = parts.map((part) => {
    const [first, ...others] = arrays.filter((one) => one.part === part);
    const rows = first!.array.shape[0]!;
    for (const other of others)
      if (other.array.shape[0] !== rows)
        throw new DataFault(
          `'${first!.name}' has ${rows} rows but '${other.name}' has ${other.array.shape[0]}. Choose files that belong together.`,
        );
    return rows;
  });
  const rows = counts.reduce((sum, count) => sum + count, 0);
  if (rows === 0) throw new DataFault(`${name} holds no rows of data. Choose a file with a row for each sample.`);
  const exact = arrays.reduce((sum, { array }) => sum + array.shape.reduce((a, b) => a * b, 1), 0) < EXACT_NUMBERS;
  const columns = bases.flatMap((base) => {
    const pieces = parts.map((part) => {
      const found = arrays.find((one) => one.base === base && one.part === part);
      if (!found)
        throw new DataFault(
          `'${base}' is there for some parts of the data but not for the ${part ?? 'other'} rows. Choose all files that belong together.`,
        );
      return found;
    });
    const [first] = pieces;
    for (const piece of pieces)
      if (piece.array.shape.slice(1).join() !== first!.array.shape.slice(1).join())
        throw new DataFault(
          `The rows of '${first!.name}' have the shape (${first!.array.shape.slice(1).join(', ')}), those of '${piece.name}' (${piece.array.shape.slice(1).join(', ')}). Choose files that belong together.`,
        );
    return columnsOf(
      base,
      pieces.map(({ array }) => array),
      exact,
    );
  });
  const names = new Set<string>();
  for (const column of columns) {
    if (names.has(column.name)) throw new DataFault(`Two arrays would make a column '${column.name}'. Rename one of them.`);
    names.add(column.name);
  }
  return {
    name,
    rows,
    columns,
    names: [...names],
    notes,
    rowNumber: (row) => row + 1,
    ...(parts.length > 1 && parts.some((part) => part === 'test' || part === 'validation')
      ? { parts: partRows(parts, counts) }
      : {}),
  };
}

interface Placed extends NamedArray {
  readonly base: string;
  readonly part: 'train' | 'validation' | 'test' | null;
}

/** Arrays without rows, and those whose rows nothing else has, are left out with a note. */
function belongTogether(given: readonly NamedArray[], notes: string[]): readonly Placed[] {
  const placed = given.map((one): Placed => ({ ...one, ...roleOf(one.name) }));
  const lengths = new Map<string, Map<number, number>>();
  for (const { array, part } of placed) {
    const rows = array.shape[0] ?? 0;
    const counts = lengths.get(String(part)) ?? new Map<number, number>();
    lengths.set(String(part), counts.set(rows, (counts.get(rows) ?? 0) + 1));
  }
  const kept = placed.filter(({ array, part }) => {
    const rows = array.shape[0] ?? 0;
    const counts = lengths.get(String(part))!;
    return rows > 0 && (given.length < 3 || counts.size === 1 || counts.get(rows)! >= Math.max(...counts.values()));
  });
  const gone = placed.filter((one) => !kept.includes(one));
  if (kept.length === 0) throw new DataFault('None of the arrays has rows. Choose a file whose first axis counts the samples.');
  if (gone.length > 0)
    notes.push(
      `${gone.map(({ name }) => `'${name}'`).join(', ')} ${gone.length === 1 ? 'was' : 'were'} left out: the first axis does not count the same rows as the others.`,
    );
  return kept;
}

/**
 * What only some parts of the data have is left out with a note: arrays that name no part beside those that do, such as
 * names of classes, and arrays that one part lacks, as long as two are left that all have.
 */
function ofAllParts(arrays: readonly Placed[], notes: string[]): readonly Placed[] {
  const named = arrays.some(({ part }) => part === 'train') ? arrays.filter(({ part }) => part !== null) : arrays;
  const parts = [...new Set(named.map(({ part }) => part))];
  const everywhere = (base: string): boolean =>
    parts.every((part) => named.some((one) => one.base === base && one.part === part));
  const shared = named.filter(({ base }) => everywhere(base));
  const kept = new Set(shared.map(({ base }) => base)).size >= 2 ? shared : named;
  const gone = arrays.filter((one) => !kept.includes(one));
  if (gone.length > 0)
    notes.push(
      `${gone.map(({ name }) => `'${name}'`).join(', ')} ${gone.length === 1 ? 'was' : 'were'} left out: not every part of the data has ${gone.length === 1 ? 'it' : 'them'}.`,
    );
  return kept;
}

const partRows = (parts: readonly (string | null)[], counts: readonly number[]): Uint8Array => {
  const all = new Uint8Array(counts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  parts.forEach((part, p) => {
    all.fill(part === 'test' ? TEST : part === 'validation' ? VALIDATION : FREE, at, at + counts[p]!);
    at += counts[p]!;
  });
  return all;
};

function columnsOf(base: string, pieces: readonly AnyArray[], exact: boolean): Column[] {
  const [, ...inner] = pieces[0]!.shape;
  const width = inner.reduce((product, axis) => product * axis, 1);
  const build = (name: string): Builder => new Builder(name, '.', exact);
  if (width === 0) throw new DataFault(`The rows of '${base}' hold no numbers. Choose another file.`);
  const numeric = pieces.filter((piece): piece is NumberArray => 'numbers' in piece);
  if (numeric.length < pieces.length) {
    if (width > 1) throw new DataFault(`'${base}' holds several texts in a row; one is expected. Choose another file.`);
    const column = build(base);
    let row = 0;
    for (const piece of pieces) if ('texts' in piece) for (const text of piece.texts) column.add(text, ++row);
    return [column];
  }
  if (inner.length > 1 || width > MOST_COLUMNS) return [new ArrayColumn(base, blockOf(inner, numeric))];
  const labels = width > 1 && /^(y|labels?|targets?|classes?)$/i.test(base) && numeric.every((piece) => isOneHot(piece, width));
  const columns =
    labels || width === 1
      ? [build(base)]
      : inner.flatMap((axis) => Array.from({ length: axis }, (_, k) => build(`${base} ${k + 1}`)));
  let row = 0;
  for (const { numbers, shape } of numeric)
    for (let from = 0; from < shape[0]! * width; from += width) {
      row++;
      if (labels) columns[0]!.addNumber(numbers.subarray(from, from + width).indexOf(1), row);
      else for (let k = 0; k < width; k++) columns[k]!.addNumber(numbers[from + k]!, row);
    }
  return columns;
}

/** Exactly one 1 in each row, else 0. */
function isOneHot({ numbers, shape }: NumberArray, width: number): boolean {
  for (let row = 0; row < shape[0]!; row++) {
    let ones = 0;
    for (let k = 0; k < width; k++) {
      const number = numbers[row * width + k]!;
      if (number === 1) ones++;
      else if (number !== 0) return false;
    }
    if (ones !== 1) return false;
  }
  return true;
}

/** Height × width, with channels first or last where there are some; a flat row of a square number is a square. */
function blockOf(inner: readonly number[], pieces: readonly NumberArray[]): Block {
  const width = inner.reduce((product, axis) => product * axis, 1);
  const side = Math.round(Math.sqrt(width));
  const [a = 1, b = 1, c = 1] = inner;
  const last = inner.length === 3 && c <= 4 && a > 4;
  const shape: Block['shape'] =
    inner.length === 1
      ? side * side === width
        ? [1, side, side]
        : [1, 1, width]
      : inner.length === 2
        ? [1, a, b]
        : last
          ? [c, a, b]
          : [a, b, width / (a * b)];
  const starts: number[] = [];
  let rows = 0;
  for (const piece of pieces) {
    starts.push(rows);
    rows += piece.shape[0]!;
  }
  return {
    shape,
    write: (row, out, at) => {
      let p = pieces.length - 1;
      while (row < starts[p]!) p--;
      const { numbers } = pieces[p]!;
      const from = (row - starts[p]!) * width;
      if (!last) for (let k = 0; k < width; k++) out[at + k] = numbers[from + k]!;
      else
        for (let channel = 0, to = at; channel < c; channel++)
          for (let pixel = channel; pixel < width; pixel += c) out[to++] = numbers[from + pixel]!;
    },
  };
}

/** A column with an array in each row; the numbers lie in `block`, and there are no single cells. */
export class ArrayColumn implements Column {
  readonly kind = 'array';
  readonly missing = 0;
  readonly texts = 0;
  readonly firstText = null;
  readonly infinite = 0;
  readonly firstInfinite = null;
  readonly whole = false;
  readonly min = Number.NaN;
  readonly max = Number.NaN;
  readonly values = null;
  readonly counts = null;

  constructor(
    readonly name: string,
    readonly block: Block,
  ) {}

  number(): number {
    return Number.NaN;
  }
  code(): number {
    return -1;
  }
  release(): void {
    // The arrays are the file's own memory and go with it.
  }
}
