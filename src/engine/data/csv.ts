/**
 * CSV text → a table of typed columns, read in pieces so that a file of a gigabyte needs little more than
 * its numbers. Rows are never kept as objects: each cell goes straight into its column's builder, which
 * counts at the same time what is missing, what is text, and which values occur. The only file that knows
 * papaparse; its low-level parser is used because it can be fed piece by piece without Node's streams.
 */
import Papa from 'papaparse';
import type { CsvSource } from '../graph/project';

type Separator = ',' | ';' | '\t' | '|';
export type Decimal = '.' | ',';

/** A file's content, which can be read more than once (a wrong guess of the encoding starts again). */
export interface Bytes {
  readonly size: number;
  /** In pieces of any length; the reader stops early by leaving the loop. */
  open(): AsyncIterable<Uint8Array>;
}

/** Something is wrong with the file or with what is asked of it; the message is for people. */
export class DataFault extends Error {
  override readonly name = 'DataFault';
  readonly code = 'bad-data';
}
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  readonly code = 'cancelled';
  constructor() {
    super('Reading the data was cancelled.');
  }
}

export interface ReadHooks {
  /** Bytes read and rows kept so far. Throwing `Cancelled` here ends the reading. */
  progress?(bytes: number, rows: number): void;
  /** Lets other work of this thread go on; called often. */
  breathe?(): Promise<void>;
}

/** Rows are counted as a spreadsheet shows them: the header, if any, is row 1. */
interface CellAt {
  readonly row: number;
  readonly text: string;
}

/** One column of a table. Numbers stand in blocks, so that growing never copies. */
export interface Column {
  readonly name: string;
  /** 'text' when most cells are no numbers. A number column may still hold some text: see `firstText`. */
  readonly kind: 'number' | 'text';
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
  readonly separator: Separator;
}

/** Values that mean "nothing here". */
const MISSING = new Set(['', 'na', 'n/a', 'nan', '#n/a', 'null', 'none', 'nil', '?', '-', '.']);
const INFINITE = /^[+-]?(?:inf(?:inity)?|∞)$/i;

/** Distinct values counted in a column that looks numeric, and in one of text. */
const NUMBER_VALUES = 1000;
const TEXT_VALUES = 10_000;
/** More cells would not fit in memory with their encoded copy. */
const CELL_LIMIT = 220_000_000;
const COLUMN_LIMIT = 100_000;
/** A quoted field that is still open after so many characters was most likely never closed. */
const OPEN_FIELD = 8 * 1024 * 1024;
const BLOCK = 1 << 16;
/** Below this many cells numbers are kept in float64, so that large values keep their last digits. */
const EXACT_CELLS = 20_000_000;

/** A cell as a number; NaN when it is none. Infinity for infinite text and numbers beyond float64. */
export function cellNumber(text: string, decimal: Decimal): number {
  let t = text.trim();
  if (t === '') return Number.NaN;
  if (decimal === ',') {
    if (t.includes('.')) return Number.NaN;
    t = t.replace(',', '.');
  }
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

const isMissing = (text: string): boolean => text.length <= 4 && MISSING.has(text.trim().toLowerCase());
const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

class Builder implements Column {
  missing = 0;
  texts = 0;
  firstText: CellAt | null = null;
  infinite = 0;
  firstInfinite: CellAt | null = null;
  whole = true;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  private numbers: (Float32Array | Float64Array)[] = [];
  /** Null once the values are too many. */
  private codes: Int32Array[] | null = [];
  private dictionary = new Map<string, number>();
  private tally: number[] | null = [];
  private size = 0;

  constructor(
    readonly name: string,
    private readonly decimal: Decimal,
    private readonly exact: boolean,
  ) {}

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
    const at = this.size++;
    const within = at % BLOCK;
    if (within === 0) {
      this.numbers.push(this.exact ? new Float64Array(BLOCK) : new Float32Array(BLOCK));
      this.codes?.push(new Int32Array(BLOCK));
    }
    const numbers = this.numbers[this.numbers.length - 1]!;
    const number = cellNumber(cell, this.decimal);
    let gone = false;
    if (Number.isFinite(number)) {
      numbers[within] = number;
      if (number < this.min) this.min = number;
      if (number > this.max) this.max = number;
      if (this.whole && !Number.isInteger(number)) this.whole = false;
    } else {
      numbers[within] = Number.NaN;
      if (!Number.isNaN(number)) {
        this.infinite++;
        this.firstInfinite ??= { row: rowNumber, text: clip(cell) };
        gone = true;
      } else if (isMissing(cell)) gone = true;
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
    this.codes[this.codes.length - 1]![within] = code;
  }

  private forgetValues(): void {
    this.codes = null;
    this.tally = null;
    this.dictionary = new Map();
  }

  number(row: number): number {
    return this.numbers[Math.floor(row / BLOCK)]![row % BLOCK]!;
  }
  code(row: number): number {
    return this.codes ? this.codes[Math.floor(row / BLOCK)]![row % BLOCK]! : -1;
  }
  release(): void {
    this.numbers = [];
    this.codes = this.codes && [];
  }
}

const ownText = (text: string): string => JSON.parse(JSON.stringify(text)) as string;

// ───────────────────────────────────────── bytes → text ─────────────────────────────────────────

/** What the first bytes say about the encoding. Latin-1 is read as windows-1252, as browsers do. */
export function detectEncoding(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  let [even, odd] = [0, 0];
  for (let at = 0; at < Math.min(head.length, 4096); at++) if (head[at] === 0) at % 2 === 0 ? even++ : odd++;
  const half = Math.min(head.length, 4096) / 2;
  if (odd > half * 0.6 && even < half * 0.1) return 'utf-16le';
  if (even > half * 0.6 && odd < half * 0.1) return 'utf-16be';
  try {
    // `stream`: a character cut off at the end of the sample is no fault.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}

const hasZeros = (head: Uint8Array): boolean => head.subarray(0, 4096).includes(0);

/** Thrown when bytes are no UTF-8 although the beginning of the file was. */
class NotUtf8 extends Error {}

async function* textPieces(bytes: Bytes, encoding: string, count: (bytes: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: encoding === 'utf-8' });
  const decode = (piece?: Uint8Array): string => {
    try {
      return piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
    } catch {
      throw new NotUtf8();
    }
  };
  let held = '';
  for await (const piece of bytes.open()) {
    count(piece.length);
    let text = held + decode(piece);
    // \r\n may be cut in the middle; keep the \r for the next piece.
    held = text.endsWith('\r') ? '\r' : '';
    if (held) text = text.slice(0, -1);
    if (text !== '') yield text.replaceAll('\r\n', '\n');
  }
  const rest = held + decode();
  if (rest !== '') yield rest;
}

async function head(bytes: Bytes, length: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes.open()) {
    pieces.push(piece);
    size += piece.length;
    if (size >= length) break;
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all.subarray(0, length);
}

// ───────────────────────────────────────── text → rows ─────────────────────────────────────────

const parserFor = (separator: Separator, newline: '\n' | '\r'): InstanceType<typeof Papa.Parser> =>
  new Papa.Parser({ delimiter: separator, newline });

interface ParsedRows {
  readonly data: readonly string[][];
  readonly meta: { readonly cursor: number };
}

/** Rows of a text that is complete, or whose last row may be cut (`partial`). */
const rowsOf = (text: string, separator: Separator, newline: '\n' | '\r', partial: boolean): ParsedRows =>
  parserFor(separator, newline).parse(text, 0, partial) as ParsedRows;

const isBlank = (row: readonly string[]): boolean => row.length === 0 || (row.length === 1 && row[0]!.trim() === '');

const DECIMAL_COMMA = /^\s*[+-]?\d+,\d+(?:[eE][+-]?\d+)?\s*$/;

/** The separator under which most rows of the sample have the same, largest number of cells. */
function detectSeparator(sample: string, newline: '\n' | '\r'): Separator {
  let best: Separator = ',';
  let score = 0;
  for (const separator of [',', ';', '\t', '|'] as const) {
    const counts = new Map<number, number>();
    const rows = rowsOf(sample, separator, newline, false)
      .data.slice(0, 200)
      .filter((row) => !isBlank(row));
    for (const row of rows) counts.set(row.length, (counts.get(row.length) ?? 0) + 1);
    const [cells, times] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [1, 0];
    // Agreement between rows counts most; the number of columns decides between separators that agree.
    const agreement = times / rows.length;
    // `1,5⇥2,5`: commas inside numbers would cut more cells, and just as evenly.
    const decimals = separator !== ',' && agreement > 0.9 && rows.some((row) => row.some((cell) => DECIMAL_COMMA.test(cell)));
    const value = cells < 2 ? 0 : agreement ** 2 * (1 + Math.log2(cells)) * (decimals ? 2 : 1);
    if (value > score) {
      score = value;
      best = separator;
    }
  }
  return best;
}

/** Decimal comma: numbers such as `3,14` are met more often than `3.14`. Impossible when commas separate. */
function detectDecimal(rows: readonly (readonly string[])[], separator: Separator): Decimal {
  if (separator === ',') return '.';
  let [commas, points] = [0, 0];
  for (const row of rows)
    for (const cell of row) {
      if (DECIMAL_COMMA.test(cell)) commas++;
      else if (/^\s*[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\s*$/.test(cell)) points++;
    }
  return commas > points ? ',' : '.';
}

/** Whether the first row names the columns: no number in it, and numbers or other texts below it. */
function detectHeader(rows: readonly (readonly string[])[], decimal: Decimal): boolean {
  const first = rows[0];
  if (!first || first.some((cell) => !Number.isNaN(cellNumber(cell, decimal)))) return false;
  if (first.every(isMissing) || new Set(first).size < first.length) return false;
  if (rows.length === 1) return true;
  const body = rows.slice(1, 100);
  const numeric = first.some((_, c) => body.some((row) => !Number.isNaN(cellNumber(row[c] ?? '', decimal))));
  return numeric || first.every((name, c) => body.every((row) => row[c] !== name));
}

/** Names for columns: the header's, made different where two are the same, or `column 1` …. */
function columnNames(header: readonly string[] | null, width: number): string[] {
  const taken = new Set<string>();
  return Array.from({ length: width }, (_, c) => {
    const wanted = header?.[c]?.trim().slice(0, 200) || `column ${c + 1}`;
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = `${wanted} (${n})`;
    taken.add(name);
    return name;
  });
}

// ───────────────────────────────────────── reading ─────────────────────────────────────────

const SAMPLE = 256 * 1024;

interface Manner {
  readonly encoding: string;
  readonly newline: '\n' | '\r';
  readonly separator: Separator;
  /** Rows of the sample, whole ones only. */
  readonly rows: readonly string[][];
  readonly complete: boolean;
}

/** How the file is written, from its beginning. */
async function mannerOf(bytes: Bytes, separator: CsvSource['separator']): Promise<Manner> {
  const sample = await head(bytes, SAMPLE);
  if (sample.length === 0) throw new DataFault('The file is empty. Choose a file with a row for each sample.');
  const encoding = detectEncoding(sample);
  if (!encoding.startsWith('utf-16') && hasZeros(sample))
    throw new DataFault('The file is not text: it holds zero bytes. Save the table as CSV and choose that file.');
  const complete = sample.length >= bytes.size;
  let text = new TextDecoder(encoding).decode(sample, { stream: !complete }).replaceAll('\r\n', '\n');
  const newline = !text.includes('\n') && text.includes('\r') ? '\r' : '\n';
  // The last row of a sample is usually cut; it must not mislead the guesses.
  if (!complete && text.lastIndexOf(newline) > 0) text = text.slice(0, text.lastIndexOf(newline) + 1);
  const found = separator === '' ? detectSeparator(text, newline) : separator;
  const rows = rowsOf(text, found, newline, false).data.filter((row) => !isBlank(row));
  return { encoding, newline, separator: found, rows, complete };
}

export interface Preview {
  readonly separator: Separator;
  readonly decimal: Decimal;
  readonly header: boolean;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  readonly rowsRead: number;
  readonly complete: boolean;
}

/** Looks at the beginning of a file. Fields left out of `known` are guessed. */
export async function previewCsv(
  bytes: Bytes,
  known: { readonly separator?: CsvSource['separator']; readonly decimal?: Decimal; readonly header?: boolean } = {},
): Promise<Preview> {
  const manner = await mannerOf(bytes, known.separator ?? '');
  const { separator, complete } = manner;
  const decimal = known.decimal ?? detectDecimal(manner.rows.slice(0, 500), separator);
  const header = known.header ?? detectHeader(manner.rows, decimal);
  const width = usualWidth(manner.rows);
  const body = (header ? manner.rows.slice(1) : manner.rows).filter((row) => fits(row, width));
  const names = columnNames(header ? manner.rows[0]! : null, width);
  const columns = names.map((name) => new Builder(name, decimal, true));
  for (const [r, row] of body.entries()) for (const [c, column] of columns.entries()) column.add(row[c]!, r + (header ? 2 : 1));
  return {
    separator,
    decimal,
    header,
    columns,
    rows: body.slice(0, 50).map((row) => row.slice(0, width).map((cell) => cell.slice(0, 200))),
    rowsRead: body.length,
    complete,
  };
}

/** Cells of most rows. */
function usualWidth(rows: readonly (readonly string[])[]): number {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(row.length, (counts.get(row.length) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}

/** A separator at the end of a row makes an empty cell too many; that is forgiven. */
const fits = (row: readonly string[], width: number): boolean =>
  row.length === width || (row.length === width + 1 && row[width]!.trim() === '');

/**
 * The columns of a file that are wanted (null: all). Rows with a wrong number of cells are left out and
 * counted; more than half of them is a fault, since then the separator is most likely wrong.
 */
export async function readCsv(
  name: string,
  bytes: Bytes,
  source: Pick<CsvSource, 'separator' | 'decimal' | 'header'>,
  wanted: readonly string[] | null,
  hooks: ReadHooks = {},
): Promise<Table> {
  const manner = await mannerOf(bytes, source.separator);
  try {
    return await readAs(name, bytes, manner, source, wanted, hooks);
  } catch (error) {
    // A stray byte far from the beginning: the file was never UTF-8.
    if (error instanceof NotUtf8)
      return await readAs(name, bytes, { ...manner, encoding: 'windows-1252' }, source, wanted, hooks);
    throw error;
  }
}

async function readAs(
  name: string,
  bytes: Bytes,
  manner: Manner,
  source: Pick<CsvSource, 'decimal' | 'header'>,
  wanted: readonly string[] | null,
  hooks: ReadHooks,
): Promise<Table> {
  const { separator, newline } = manner;
  if (manner.rows.length === 0) throw new DataFault('The file holds no rows. Choose a file with a row for each sample.');
  const width = source.header ? headerWidth(manner.rows) : usualWidth(manner.rows);
  if (width > COLUMN_LIMIT)
    throw new DataFault(`The file has ${width} columns; at most ${COLUMN_LIMIT} can be read. Check the separator.`);
  const names = columnNames(source.header ? manner.rows[0]! : null, width);
  const kept = names.map((_, c) => c).filter((c) => wanted === null || wanted.includes(names[c]!));
  // From the sample's bytes a row, about how many cells are to come.
  const about = (bytes.size / Math.max(1, Math.min(SAMPLE, bytes.size) / manner.rows.length)) * kept.length;
  if (about > CELL_LIMIT * 1.5)
    throw new DataFault(
      `The chosen columns hold about ${Math.round(about / 1e6)} million cells, more than fit in memory (${CELL_LIMIT / 1e6} million). Choose fewer columns.`,
    );
  const columns = kept.map((c) => new Builder(names[c]!, source.decimal, about < EXACT_CELLS));

  let rows = 0;
  let seen = 0;
  let ragged = 0;
  let firstRagged: { row: number; cells: number } | null = null;
  // Numbers of kept rows run on unless one is left out; only the jumps are kept.
  const jumps: { row: number; number: number }[] = [];
  let headerPending = source.header;
  let readBytes = 0;
  let rest = '';

  const take = (data: readonly string[][]): void => {
    for (const row of data) {
      seen++;
      if (isBlank(row)) continue;
      if (headerPending) {
        headerPending = false;
        continue;
      }
      if (!fits(row, width)) {
        ragged++;
        firstRagged ??= { row: seen, cells: row.length };
        continue;
      }
      const last = jumps[jumps.length - 1];
      if (!last || last.number + (rows - last.row) !== seen) jumps.push({ row: rows, number: seen });
      for (let k = 0; k < kept.length; k++) columns[k]!.add(row[kept[k]!]!, seen);
      rows++;
    }
    if (rows * columns.length > CELL_LIMIT)
      throw new DataFault(
        `The chosen columns hold more cells than fit in memory (${CELL_LIMIT / 1e6} million). Choose fewer columns.`,
      );
  };

  for await (const piece of textPieces(bytes, manner.encoding, (n) => (readBytes += n))) {
    // Pieces of files are small, but a caller's may not be: parse at most this much between two breaths.
    for (let from = 0; from < piece.length; from += SAMPLE) {
      const text = rest + piece.slice(from, from + SAMPLE);
      const parsed = rowsOf(text, separator, newline, true);
      take(parsed.data);
      rest = text.slice(parsed.meta.cursor);
      if (rest.length > OPEN_FIELD)
        throw new DataFault(
          `Row ${seen + 1} does not end within ${OPEN_FIELD / 1024 / 1024} million characters; most likely a quotation mark in it is never closed. Correct the row.`,
        );
      hooks.progress?.(Math.min(readBytes, bytes.size), rows);
      await hooks.breathe?.();
    }
  }
  if (rest !== '') take(rowsOf(rest, separator, newline, false).data);
  hooks.progress?.(bytes.size, rows);

  if (ragged > rows)
    throw new DataFault(
      `${ragged} of ${ragged + rows} rows do not have ${width} cells (first: row ${firstRagged!.row} has ${firstRagged!.cells}). Check the separator, or correct the file.`,
    );
  const notes: string[] = [];
  if (ragged > 0)
    notes.push(
      `${ragged} ${ragged === 1 ? 'row was' : 'rows were'} left out because ${ragged === 1 ? 'it does' : 'they do'} not have ${width} cells (first: row ${firstRagged!.row} has ${firstRagged!.cells}).`,
    );
  return {
    name,
    rows,
    columns,
    names,
    notes,
    separator,
    rowNumber: (row) => {
      let [low, high] = [0, jumps.length - 1];
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (jumps[middle]!.row <= row) low = middle;
        else high = middle - 1;
      }
      const jump = jumps[low]!;
      return jump.number + row - jump.row;
    },
  };
}

/** The header decides how many cells a row has, unless a separator ends it that the rows do not have. */
function headerWidth(rows: readonly (readonly string[])[]): number {
  const header = rows[0]!;
  const usual = usualWidth(rows.slice(1));
  return header.length === usual + 1 && header[usual]!.trim() === '' ? usual : header.length;
}
