/**
 * CSV text → a table of typed columns, read in pieces so that a file of a gigabyte needs little more than
 * its numbers. The only file that knows papaparse; its low-level parser is used because it can be fed piece
 * by piece without Node's streams.
 */
import Papa from 'papaparse';
import type { CsvSource, Encoding } from '../graph/project';
import { DataFault, type ReadHooks } from './fault';
import { Builder, cellNumber, isMissing, type Column, type Decimal, type Table } from './table';
import { detectEncoding, hasZeros, head, NotUtf8, textPieces, type Bytes } from './text';

type Separator = ',' | ';' | '\t' | '|';

/** More cells would not fit in memory with their encoded copy. */
const CELL_LIMIT = 220_000_000;
const COLUMN_LIMIT = 100_000;
/** A quoted field that is still open after so many characters was most likely never closed. */
const OPEN_FIELD = 8 * 1024 * 1024;
/** Below this many cells numbers are kept in float64, so that large values keep their last digits. */
const EXACT_CELLS = 20_000_000;

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
  if (first.every(isMissing)) return false;
  if (rows.length === 1) return true;
  const body = rows.slice(1, 100);
  // Text over numbers names them, even where two names are the same.
  if (first.some((_, c) => body.some((row) => !Number.isNaN(cellNumber(row[c] ?? '', decimal))))) return true;
  return new Set(first).size === first.length && first.every((name, c) => body.every((row) => row[c] !== name));
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

const SAMPLE = 256 * 1024;

interface Manner {
  readonly encoding: Encoding;
  readonly newline: '\n' | '\r';
  readonly separator: Separator;
  /** Rows before the table, blank ones not counted. */
  readonly lead: number;
  /** Rows of the sample from the table's first on, whole ones only. */
  readonly rows: readonly string[][];
  readonly complete: boolean;
}

/** How the file is written, from its beginning. */
async function mannerOf(bytes: Bytes, separator: CsvSource['separator'], asked?: Encoding): Promise<Manner> {
  const sample = await head(bytes, SAMPLE);
  if (sample.length === 0) throw new DataFault('The file is empty. Choose a file with a row for each sample.');
  const encoding = asked ?? detectEncoding(sample);
  if (!encoding.startsWith('utf-16') && hasZeros(sample))
    throw new DataFault('The file is not text: it holds zero bytes. Save the table as CSV and choose that file.');
  const complete = sample.length >= bytes.size;
  let text = new TextDecoder(encoding).decode(sample, { stream: !complete }).replaceAll('\r\n', '\n');
  const newline = !text.includes('\n') && text.includes('\r') ? '\r' : '\n';
  // The last row of a sample is usually cut; it must not mislead the guesses.
  if (!complete && text.lastIndexOf(newline) > 0) text = text.slice(0, text.lastIndexOf(newline) + 1);
  const found = separator === '' ? detectSeparator(text, newline) : separator;
  const all = rowsOf(text, found, newline, false).data.filter((row) => !isBlank(row));
  const lead = leadOf(all);
  return { encoding, newline, separator: found, lead, rows: all.slice(lead), complete };
}

/** Lines that may stand before a table: titles, sources, dates. */
const LEAD_LIMIT = 30;

/** How many rows with other numbers of cells stand before the table. A header that only lacks the row names' own name is none. */
function leadOf(rows: readonly (readonly string[])[]): number {
  const width = usualWidth(rows);
  const [head, second] = rows;
  const named = head && second && head.length > 1 && head.length === width - 1 && fits(second, width);
  if (width < 2 || !head || named || head.length >= width) return 0;
  const first = rows.findIndex((row) => fits(row, width));
  return first > 0 && first <= LEAD_LIMIT && rows.slice(first).filter((row) => fits(row, width)).length > 2 * first ? first : 0;
}

export interface Preview {
  readonly separator: Separator;
  readonly encoding: Encoding;
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
  known: Partial<Pick<CsvSource, 'separator' | 'decimal' | 'header' | 'encoding'>> = {},
): Promise<Preview> {
  const manner = await mannerOf(bytes, known.separator ?? '', known.encoding);
  const { separator, encoding, complete } = manner;
  const decimal = known.decimal ?? detectDecimal(manner.rows.slice(0, 500), separator);
  const header = known.header ?? detectHeader(manner.rows, decimal);
  const width = header && manner.rows.length > 1 ? headerWidth(manner.rows) : usualWidth(manner.rows);
  const body = (header ? manner.rows.slice(1) : manner.rows).filter((row) => fits(row, width));
  const names = columnNames(header ? headerOf(manner.rows, width) : null, width);
  const columns = names.map((name) => new Builder(name, decimal, true));
  for (const [r, row] of body.entries()) for (const [c, column] of columns.entries()) column.add(row[c]!, r + (header ? 2 : 1));
  return {
    separator,
    encoding,
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
  source: Pick<CsvSource, 'separator' | 'decimal' | 'header' | 'encoding'>,
  wanted: readonly string[] | null,
  hooks: ReadHooks = {},
): Promise<Table> {
  hooks.total?.(bytes.size);
  const manner = await mannerOf(bytes, source.separator, source.encoding);
  try {
    return await readAs(name, bytes, manner, source, wanted, hooks);
  } catch (error) {
    // A stray byte far from the beginning: the file was never UTF-8.
    if (error instanceof NotUtf8 && source.encoding === undefined)
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
  const names = columnNames(source.header ? headerOf(manner.rows, width) : null, width);
  const kept = names.map((_, c) => c).filter((c) => wanted === null || wanted.includes(names[c]!));
  // From the sample's bytes a row, about how many cells are to come.
  const about = (bytes.size / Math.max(1, Math.min(SAMPLE, bytes.size) / manner.rows.length)) * kept.length;
  if (about > CELL_LIMIT * 1.5)
    throw new DataFault(
      `The chosen columns hold about ${Math.round(about / 1e6)} million cells, more than fit in memory (${CELL_LIMIT / 1e6} million). Choose fewer columns.`,
    );
  const columns = kept.map(
    (c) => new Builder(names[c]!, source.decimal, about < EXACT_CELLS, false, (1.02 * about) / kept.length),
  );

  let rows = 0;
  let seen = 0;
  let ragged = 0;
  let firstRagged: { row: number; cells: number } | null = null;
  // Numbers of kept rows run on unless one is left out; only the jumps are kept.
  const jumps: { row: number; number: number }[] = [];
  let headerPending = source.header;
  let { lead } = manner;
  let readBytes = 0;
  let rest = '';

  const take = (data: readonly string[][]): void => {
    for (const row of data) {
      seen++;
      if (isBlank(row)) continue;
      if (lead > 0) {
        lead--;
        continue;
      }
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
  if (manner.lead > 0)
    notes.push(
      `${manner.lead} ${manner.lead === 1 ? 'line' : 'lines'} before the table ${manner.lead === 1 ? 'was' : 'were'} passed over.`,
    );
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

/** The header decides how many cells a row has, unless a separator ends it that the rows do not have, or row names have none of their own. */
function headerWidth(rows: readonly (readonly string[])[]): number {
  const header = rows[0]!;
  const usual = usualWidth(rows.slice(1));
  if (header.length === usual + 1 && header[usual]!.trim() === '') return usual;
  const unnamed =
    header.length === usual - 1 && rows.some((row, at) => at > 0 && row.length === usual && row[usual - 1]!.trim() !== '');
  return unnamed ? usual : header.length;
}

/** R writes row names without a name over them. */
const headerOf = (rows: readonly (readonly string[])[], width: number): readonly string[] =>
  rows[0]!.length === width - 1 ? ['row', ...rows[0]!] : rows[0]!;
