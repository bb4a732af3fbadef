/**
 * A table of typed columns, whatever it was read from. Cells go straight into their column's builder, which
 * counts at the same time what is missing, what is text, and which values occur, so that a file of a
 * gigabyte needs little more than its numbers.
 */
import { Growing } from './growing';

/** Rows are counted as a spreadsheet shows them: the header, if any, is row 1. */
interface CellAt {
  readonly row: number;
  readonly text: string;
}

/** The numbers of a column that holds an array in each row: a picture. */
export interface Block {
  /** Channels, height, width. */
  readonly shape: readonly [number, number, number];
  /** The row's numbers, channel after channel, to `out` from `at`. */
  write(row: number, out: Float32Array, at: number): void;
}

/** One column of a table. */
export interface Column {
  readonly name: string;
  /** 'text' when most cells are no numbers. A number column may still hold some text: see `firstText`. An array column has a `block` in each row. */
  readonly kind: 'number' | 'text' | 'array';
  readonly block?: Block;
  readonly missing: number;
  /** Cells that are neither missing nor finite numbers; for number columns these are faults. */
  readonly texts: number;
  readonly firstText: CellAt | null;
  readonly infinite: number;
  readonly firstInfinite: CellAt | null;
  /** All numbers are whole. */
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
  /** Distinct values in the order of their first row, while they were few enough to count. */
  readonly values: readonly string[] | null;
  /** How often each of `values` occurs. */
  readonly counts: readonly number[] | null;
  /** NaN for missing cells and for text. */
  number(row: number): number;
  /** Position in `values`, or −1 for a missing cell. Only while `values` is known. */
  code(row: number): number;
  /** The row as people count it. */
  release(): void;
}

export interface Table {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Names of all columns of the file, whether kept or not. */
  readonly names: readonly string[];
  /** The spreadsheet's number of a kept row. */
  rowNumber(row: number): number;
  readonly notes: readonly string[];
  /** The part that the source itself says a row belongs to: 0 where it may be any of those that nobody claims. */
  readonly parts?: Uint8Array;
}

/** Codes of `Table.parts`. */
export const FREE = 0;
export const VALIDATION = 1;
export const TEST = 2;

export type Decimal = '.' | ',';

/** Values that mean "nothing here". */
const MISSING = new Set([
  ...['', 'na', 'n/a', 'nan', '#n/a', 'null', 'none', 'nil', '?', '-', '.'],
  // What spreadsheets write where a formula failed.
  ...['#div/0!', '#ref!', '#value!', '#name?', '#num!', '#null!'],
]);
const LONGEST_MISSING = Math.max(...[...MISSING].map((text) => text.length));
const INFINITE = /^[+-]?(?:inf(?:inity)?|∞)$/i;

/** Distinct values counted in a column that looks numeric, and in one of text. */
const NUMBER_VALUES = 1000;
const TEXT_VALUES = 10_000;

/** `1,234,567.8` and `1.234.567,8`. */
const GROUPED_BY_COMMAS = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;
const GROUPED_BY_POINTS = /^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$/;

/** A cell as a number; NaN when it is none. Infinity for infinite text and numbers beyond float64. */
export function cellNumber(text: string, decimal: Decimal): number {
  let t = text.trim();
  if (t === '') return Number.NaN;
  if (decimal === ',') {
    if (t.includes('.')) {
      if (!GROUPED_BY_POINTS.test(t)) return Number.NaN;
      t = t.replaceAll('.', '');
    }
    t = t.replace(',', '.');
  } else if (t.includes(',') && GROUPED_BY_COMMAS.test(t)) t = t.replaceAll(',', '');
  const c = t.charCodeAt(0);
  // A digit, a sign or a point; and none of JavaScript's other notations (0x1F).
  if ((c >= 48 && c <= 57) || c === 43 || c === 45 || c === 46) {
    const number = Number(t);
    if (!Number.isNaN(number)) {
      const second = t.charCodeAt(1) | 32;
      return second === 120 || second === 98 || second === 111 ? Number.NaN : number;
    }
    return INFINITE.test(t) ? (c === 45 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : Number.NaN;
  }
  return INFINITE.test(t) ? Number.POSITIVE_INFINITY : Number.NaN;
}

export const isMissing = (text: string): boolean => text.length <= LONGEST_MISSING && MISSING.has(text.trim().toLowerCase());
const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

export class Builder implements Column {
  missing = 0;
  texts = 0;
  firstText: CellAt | null = null;
  infinite = 0;
  firstInfinite: CellAt | null = null;
  whole = true;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  private numbers: Growing<Float32Array> | Growing<Float64Array> | null;
  /** Null once the values are too many. */
  private codes: Growing<Int32Array> | null;
  private dictionary = new Map<string, number>();
  private tally: number[] | null = [];
  private size = 0;

  constructor(
    readonly name: string,
    private readonly decimal: Decimal,
    /** In float64. */
    exact: boolean,
    /** Cells are names, whatever they look like: a class may be called 7, or none. */
    private readonly named = false,
    /** About how many rows are to come. */
    expected = 0,
  ) {
    this.numbers = exact ? new Growing(Float64Array, expected) : new Growing(Float32Array, expected);
    this.codes = new Growing(Int32Array, expected);
  }

  get kind(): 'number' | 'text' {
    const numeric = this.size - this.missing - this.texts;
    return this.texts > 0 && (this.texts * 5 > numeric || numeric === 0) ? 'text' : 'number';
  }
  get values(): readonly string[] | null {
    return this.tally && [...this.dictionary.keys()];
  }
  get counts(): readonly number[] | null {
    return this.tally;
  }

  add(cell: string, rowNumber: number): void {
    this.put(cell, this.named ? Number.NaN : cellNumber(cell, this.decimal), rowNumber);
  }

  addNumber(number: number, rowNumber: number): void {
    this.put(Number.isNaN(number) ? '' : String(number), number, rowNumber);
  }

  private put(cell: string, number: number, rowNumber: number): void {
    this.size++;
    let gone = false;
    const finite = Number.isFinite(number);
    this.numbers!.push(finite ? number : Number.NaN);
    if (finite) {
      if (number < this.min) this.min = number;
      if (number > this.max) this.max = number;
      if (this.whole && !Number.isInteger(number)) this.whole = false;
    } else {
      if (!Number.isNaN(number)) {
        this.infinite++;
        this.firstInfinite ??= { row: rowNumber, text: clip(cell) };
        gone = true;
      } else if (!this.named && isMissing(cell)) gone = true;
      else {
        this.texts++;
        this.firstText ??= { row: rowNumber, text: clip(cell) };
      }
      if (gone) this.missing++;
    }
    if (!this.codes || !this.tally) return;
    let code = -1;
    if (!gone) {
      const key = cell.length > 200 ? cell.slice(0, 200) : cell.trim();
      code = this.dictionary.get(key) ?? -1;
      if (code < 0) {
        code = this.dictionary.size;
        if (code >= (this.texts > 0 ? TEXT_VALUES : NUMBER_VALUES)) {
          this.forgetValues();
          return;
        }
        // Cells are slices of the file's text and would keep it alive; a copy of its own does not.
        this.dictionary.set(ownText(key), code);
        this.tally.push(0);
      }
      this.tally[code]!++;
    }
    this.codes.push(code);
  }

  private forgetValues(): void {
    this.codes = null;
    this.tally = null;
    this.dictionary = new Map();
  }

  number(row: number): number {
    return this.numbers!.at(row);
  }
  code(row: number): number {
    return this.codes ? this.codes.at(row) : -1;
  }
  release(): void {
    this.numbers = null;
    this.codes = null;
  }
}

const ownText = (text: string): string => JSON.parse(JSON.stringify(text)) as string;
