/**
 * What the beginning of a file of data shows: what kind of file it is, how it would be read, its columns and
 * first rows. Everything that is guessed is in the source that comes back, so that it can be seen and changed.
 */
import { basename } from 'node:path';
import { previewCsv } from '../../engine/data/csv';
import { DataFault } from '../../engine/data/fault';
import type { Column, Table } from '../../engine/data/table';
import type { Bytes } from '../../engine/data/text';
import { csvDefaults, tableDefaults, type CsvSource, type TableChoice, type TableSource } from '../../engine/graph/project';
import type { DataColumn, DataPreview } from '../contract';
import { filesTogether, headOf, isArrays, readArrays } from './array-files';
import { bytesOf, dataPath, entryBytes, firstBytes, isZip, sizeOf, zipEntries } from './data-files';
import { isFolder, LABEL_COLUMN, pictureFiles, pictureManner, readPictures } from './picture-files';
import { isBundled } from './projects';
import { Refusal } from './refusal';

/** Rows of text in a preview, and pictures. */
const SHOWN_ROWS = 50;
const SHOWN_PICTURES = 40;

/** What a file that was just chosen holds, and how it would be read. */
export async function previewFile(path: string): Promise<DataPreview> {
  const file = dataPath(path);
  if (await isFolder(file)) return previewTable(await picturesIn(file), true);
  if (isZip(await firstBytes(file, 4))) {
    const entries = await zipEntries(file);
    if (entries.some(({ name }) => /\.npy$/i.test(name)))
      return previewTable({ kind: 'arrays', paths: [file], ...tableDefaults }, true);
    if (entries.some(({ name }) => /\.(png|jpe?g)$/i.test(name))) return previewTable(await picturesIn(file), true);
    if (entries.some(({ name }) => name === 'xl/workbook.xml'))
      throw new DataFault(
        `'${basename(file)}' is an Excel workbook. Save its sheet as CSV there, or copy the cells and paste them here.`,
      );
  } else {
    const head = await headOf(await bytesOf(file), 400);
    if (isArrays(head)) return previewTable({ kind: 'arrays', paths: await filesTogether(file), ...tableDefaults }, true);
    const other = foreign(head);
    if (other) throw new DataFault(`'${basename(file)}' is ${other}.`);
  }
  return previewTable({ ...csvDefaults, path: isBundled(path) ? path : file }, true);
}

async function picturesIn(path: string): Promise<TableSource> {
  return { kind: 'pictures', path, ...(await pictureManner((await pictureFiles(path)).files)), ...tableDefaults };
}

/** Files that people try, and what to do with them instead. */
function foreign(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head);
  if (text.startsWith('PAR1'))
    return 'a Parquet file. Save the table as CSV, for example with pandas: table.to_csv("table.csv", index=False)';
  if (text.startsWith('\x89HDF')) return 'an HDF5 file. Save its arrays with numpy.savez and choose that file';
  if (text.startsWith('%PDF')) return 'a PDF. Copy the table in it and paste it here';
  if (text.startsWith('\x89PNG') || text.startsWith('\xff\xd8'))
    return 'a single picture. Choose the folder that holds a folder of pictures for each class';
  if (text.startsWith('\xd0\xcf\x11\xe0'))
    return 'an old Excel workbook. Save its sheet as CSV there, or copy the cells and paste them here';
  if (/^\s*(<!doctype html|<html)/i.test(text))
    return 'a web page, not a table. Download the file itself: look there for a link that says "raw" or "download"';
  if (text.startsWith('version https://git-lfs.github.com/spec/'))
    return 'only the address of a file that is kept elsewhere (Git LFS). Download the file itself, for example with "git lfs pull"';
  if (/^\s*\{\s*"format":\s*"chainrule"/.test(text)) return 'a drawing, not data. Open it with File › Open';
  if (/^\s*[{[]\s*["{[]/.test(text))
    return 'JSON. Save the table as CSV, for example with pandas: pandas.read_json("file.json").to_csv("table.csv", index=False)';
  return null;
}

/** The beginning of a source. With `guess`, settings of a text are found out; else they are as the source says. */
export async function previewTable(source: TableSource, guess: boolean): Promise<DataPreview> {
  switch (source.kind) {
    case 'csv': {
      const bytes = await csvBytes(source);
      const known = guess ? {} : source;
      const seen = await previewCsv(bytes, known);
      const { separator, decimal, header, encoding } = seen;
      return {
        source: guess ? { ...source, separator, decimal, header } : source,
        name: csvName(source),
        bytes: bytes.size,
        columns: seen.columns.map(columnSummary),
        rows: seen.rows,
        rowsRead: seen.rowsRead,
        complete: seen.complete,
        found: { separator, encoding },
        parted: false,
      };
    }
    case 'arrays': {
      const sizes = await Promise.all(source.paths.map((path) => sizeOf(dataPath(path))));
      const table = await readArrays(source.paths, {});
      return tablePreview(source, table, { bytes: sizes.reduce((a, b) => a + b, 0), complete: true, guess });
    }
    case 'pictures': {
      const table = await readPictures(source.path, source, {}, 10 * SHOWN_PICTURES);
      const { files } = await pictureFiles(source.path);
      const path = dataPath(source.path);
      const bytes = (await isFolder(path)) ? 0 : await sizeOf(path);
      return tablePreview(source, table, { bytes, complete: files.length === table.rows, guess });
    }
  }
}

function tablePreview(
  source: TableSource,
  table: Table,
  { bytes, complete, guess }: { readonly bytes: number; readonly complete: boolean; readonly guess: boolean },
): DataPreview {
  const columns = table.columns.map(columnSummary);
  // Rows from all over the table, by the golden section: pictures come class by class.
  const spread = Array.from({ length: Math.min(table.rows, SHOWN_ROWS) }, (_, k) =>
    Math.floor(((k * 0.618034) % 1) * table.rows),
  );
  const rows = table.columns.some(({ block }) => block) ? [...new Set(spread)] : spread.map((_, k) => k);
  const cells = rows.map((row) =>
    table.columns.map((c) => (c.block ? '' : c.kind === 'text' ? (c.values?.[c.code(row)] ?? '') : numberText(c.number(row)))),
  );
  const pictured = table.columns.find(({ block }) => block);
  const choice: Partial<TableChoice> = guess && pictured ? classesOf(columns) : {};
  return {
    source: { ...source, ...choice },
    name: table.name,
    bytes,
    columns,
    rows: cells,
    rowsRead: table.rows,
    complete,
    ...(pictured ? { pictures: picturesOf(pictured, rows.slice(0, SHOWN_PICTURES)) } : {}),
    parted: table.parts !== undefined,
  };
}

/** Labels of pictures are classes, even when there are a hundred of them and they are numbers. */
function classesOf(columns: readonly DataColumn[]): Partial<TableChoice> {
  const label = columns.find(({ name }) => name === LABEL_COLUMN || /^(y|labels?|class(es)?|targets?)$/i.test(name));
  if (!label || !(label.kind === 'text' || label.whole)) return {};
  return { targets: [label.name], task: label.distinct === 2 ? 'binary' : 'multiclass' };
}

const numberText = (value: number): string => (Number.isNaN(value) ? '' : String(Number(value.toPrecision(7))));

function picturesOf(column: Column, rows: readonly number[]): NonNullable<DataPreview['pictures']> {
  const block = column.block!;
  const [channels, height, width] = block.shape;
  const size = channels * height * width;
  const pixels = new Float32Array(size * rows.length);
  rows.forEach((row, at) => void block.write(row, pixels, at * size));
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const pixel of pixels) {
    low = Math.min(low, pixel);
    high = Math.max(high, pixel);
  }
  const range = high > low ? high - low : 1;
  for (let k = 0; k < pixels.length; k++) pixels[k] = (pixels[k]! - low) / range;
  return { column: column.name, channels, height, width, pixels };
}

export const csvName = ({ text, path }: CsvSource): string =>
  text === undefined ? basename(path.replace(/^dataset:/, '')) : 'Pasted table';

/** The text of a table: pasted, in a file, in a gzip, or the table in a zip. */
export async function csvBytes(source: CsvSource): Promise<Bytes> {
  if (source.text !== undefined) {
    const content = new TextEncoder().encode(source.text);
    return {
      size: content.length,
      async *open() {
        yield content;
      },
    };
  }
  const path = dataPath(source.path);
  if (!isZip(await firstBytes(path, 4))) return bytesOf(path);
  const tables = (await zipEntries(path)).filter(({ name }) => /\.(csv|tsv|tab|txt|data)$/i.test(name));
  const [largest] = [...tables].sort((a, b) => b.size - a.size);
  if (!largest)
    throw new Refusal(
      `'${basename(path)}' holds neither a table, nor arrays, nor pictures. Unpack it and choose what you need from it.`,
      'bad-data',
    );
  return entryBytes(path, largest);
}

function columnSummary(column: Column): DataColumn {
  const values = column.values ?? [];
  const counts = column.counts ?? [];
  const frequent = values.map((value, at) => ({ value, count: counts[at]! })).sort((a, b) => b.count - a.count);
  return {
    name: column.name,
    kind: column.kind,
    ...(column.block ? { shape: column.block.shape } : {}),
    missing: column.missing,
    distinct: column.values ? Math.min(1000, values.length) : 1000,
    examples: frequent.slice(0, 12).map(({ value }) => value.slice(0, 80)),
    whole: column.kind === 'number' && column.whole,
    ...(column.kind === 'number' && column.min <= column.max ? { min: column.min, max: column.max } : {}),
  };
}
