/**
 * A folder or a zip of pictures → a table of pictures and their labels. The folder that a picture lies in is
 * its label; folders called train and test say which part it belongs to. One picture is decoded at a time and
 * only its pixels of the wanted size are kept.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ArrayColumn } from '../../engine/data/array-table';
import { DataFault, type ReadHooks } from '../../engine/data/fault';
import { decodePicture, isColourful, PictureFault, pictureSize, writePixels } from '../../engine/data/picture';
import { Builder, FREE, type Table, TEST, VALIDATION } from '../../engine/data/table';
import type { Bytes } from '../../engine/data/text';
import { dataPath, entryBytes, pieces, sizeOf, whole, zipEntries } from './data-files';
import { fileRefusal, Refusal } from './refusal';

const PICTURE = /\.(png|jpe?g)$/i;
const OTHER_PICTURE = /\.(gif|bmp|webp|tiff?|svg|heic|avif)$/i;
const PICTURE_LIMIT = 200_000;
const FOLDER_DEPTH = 8;
const PIXEL_LIMIT = 220_000_000;
/** A packed picture with more bytes is none that one trains on. */
const FILE_LIMIT = 100 * 1024 * 1024;

export const PICTURE_COLUMN = 'picture';
export const LABEL_COLUMN = 'label';

export interface PictureFile {
  /** With its folders, below the one that was chosen. */
  readonly name: string;
  readonly label: string;
  /** As `Table.parts` has it; null: no folder says. */
  readonly part: number | null;
  /** A list says how large it is; else the disk has to be asked. */
  readonly isListed: boolean;
  bytes(): Promise<Bytes>;
}

const PARTS: Readonly<Record<string, number>> = {
  train: FREE,
  training: FREE,
  val: VALIDATION,
  valid: VALIDATION,
  validation: VALIDATION,
  test: TEST,
  testing: TEST,
};

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw fileRefusal(error, path, 'read');
  }
}

/** All labelled pictures, in the order of their names. */
export async function pictureFiles(
  given: string,
): Promise<{ readonly files: readonly PictureFile[]; readonly notes: readonly string[] }> {
  const path = dataPath(given);
  const found: { name: string; bytes: () => Promise<Bytes> }[] = [];
  let others = 0;
  const take = (name: string, bytes: () => Promise<Bytes>): void => {
    if (PICTURE.test(name)) found.push({ name, bytes });
    else if (OTHER_PICTURE.test(name)) others++;
    if (found.length > PICTURE_LIMIT)
      throw new Refusal(`'${basename(path)}' holds more than ${PICTURE_LIMIT} pictures. Choose a smaller folder.`);
  };
  const isListed = !(await isFolder(path));
  if (!isListed) await walk(path, '', take);
  else for (const entry of await zipEntries(path)) take(entry.name, async () => entryBytes(path, entry));
  if (found.length === 0)
    throw new DataFault(
      `'${basename(path)}' holds no PNG or JPEG pictures${others > 0 ? `, but ${others} of other kinds, which cannot be read. Convert them to PNG` : ''}. Choose a folder or a zip with a folder of pictures for each class.`,
    );
  const files = found
    .map(({ name, bytes }): PictureFile | null => {
      const folders = name.split(/[/\\]/).slice(0, -1);
      const part = folders.map((folder) => PARTS[folder.toLowerCase()]).findLast((code) => code !== undefined) ?? null;
      const label = folders.filter((folder) => !(folder.toLowerCase() in PARTS)).at(-1);
      return label === undefined ? null : { name, label, part, isListed, bytes };
    })
    .filter((file) => file !== null)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (new Set(files.map(({ label }) => label)).size < 2)
    throw new DataFault(
      `The pictures in '${basename(path)}' are not labelled: put those of each class into a folder of its own, named after the class. Then choose the folder that holds these.`,
    );
  const notes: string[] = [];
  if (others > 0)
    notes.push(
      `${others} ${others === 1 ? 'picture is' : 'pictures are'} neither PNG nor JPEG and ${others === 1 ? 'was' : 'were'} left out.`,
    );
  if (files.length < found.length) notes.push(`${found.length - files.length} pictures outside the class folders were left out.`);
  return { files, notes };
}

async function walk(
  root: string,
  inside: string,
  take: (name: string, bytes: () => Promise<Bytes>) => void,
  depth = 0,
): Promise<void> {
  if (depth > FOLDER_DEPTH) return;
  const folder = join(root, inside);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw fileRefusal(error, folder, 'read');
  });
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
    const name = inside === '' ? entry.name : `${inside}/${entry.name}`;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await walk(root, name, take, depth + 1);
    // Links are followed only to files, so that a circle of folders has an end.
    else if (entry.isFile() || entry.isSymbolicLink())
      take(name, async () => ({ size: await sizeOf(path), open: () => pieces(path) }));
  }
}

/** Asking a folder for the size of more files takes longer than it is worth; a zip lists them. */
const SIZES_LIMIT = 20_000;

async function tellTotal(files: readonly PictureFile[], { total }: ReadHooks): Promise<void> {
  if (!total || (files.length > SIZES_LIMIT && files.some(({ isListed }) => !isListed))) return;
  let sum = 0;
  for (const file of files) sum += (await file.bytes()).size;
  total(sum);
}

async function load(file: PictureFile): Promise<Uint8Array> {
  const bytes = await file.bytes();
  if (bytes.size > FILE_LIMIT) throw new PictureFault('has more than 100 MB');
  return whole(bytes, file.name, {});
}

export interface PictureManner {
  readonly width: number;
  readonly height: number;
  readonly colour: boolean;
}

/** Pictures up to this side keep their size. */
const KEPT_SIDE = 64;
const USUAL_SIDE = 32;
const LOOKED_AT = 12;

/** What suits most of them: their own size when it is small, colour when some are colourful. */
export async function pictureManner(files: readonly PictureFile[]): Promise<PictureManner> {
  const sizes = new Map<string, number>();
  let colour = false;
  const stride = Math.max(1, Math.floor(files.length / LOOKED_AT));
  for (let at = 0; at < files.length; at += stride) {
    try {
      const bytes = await load(files[at]!);
      const { width, height } = pictureSize(bytes);
      sizes.set(`${width}×${height}`, (sizes.get(`${width}×${height}`) ?? 0) + 1);
      colour ||= isColourful(decodePicture(bytes));
    } catch (error) {
      if (!(error instanceof PictureFault)) throw error;
    }
  }
  const [usual] = [...sizes].sort((a, b) => b[1] - a[1])[0] ?? [`${USUAL_SIDE}×${USUAL_SIDE}`];
  const [width, height] = usual.split('×').map(Number) as [number, number];
  return Math.max(width, height) <= KEPT_SIDE ? { width, height, colour } : { width: USUAL_SIDE, height: USUAL_SIDE, colour };
}

/** Decodes pictures one by one. With `most`, so many of them, taken evenly from all. */
export async function readPictures(
  given: string,
  { width, height, colour }: PictureManner,
  hooks: ReadHooks,
  most = Number.POSITIVE_INFINITY,
): Promise<Table> {
  const { files: all, notes } = await pictureFiles(given);
  const stride = Math.max(1, Math.ceil(all.length / most));
  const files = all.filter((_, at) => at % stride === 0);
  const size = width * height * (colour ? 3 : 1);
  if (size * files.length > PIXEL_LIMIT)
    throw new DataFault(
      `${files.length} pictures of ${width} × ${height} pixels${colour ? ' in colour' : ''} do not fit in memory (at most ${PIXEL_LIMIT / 1e6} million numbers). Choose a smaller size${colour ? ', or grey' : ''}.`,
    );
  await tellTotal(files, hooks);
  const pixels = new Uint8Array(size * files.length);
  const labels = new Builder(LABEL_COLUMN, '.', true, true);
  const parts: number[] = [];
  const kept: string[] = [];
  const broken: string[] = [];
  let read = 0;
  for (const file of files) {
    try {
      const bytes = await load(file);
      read += bytes.length;
      writePixels(decodePicture(bytes), { width, height }, colour, pixels, size * kept.length);
      kept.push(file.name);
      labels.add(file.label, kept.length);
      parts.push(file.part ?? FREE);
    } catch (error) {
      if (!(error instanceof PictureFault)) throw error;
      broken.push(`'${file.name}' ${error.message}`);
    }
    hooks.progress?.(read, kept.length);
    await hooks.breathe?.();
  }
  if (broken.length > kept.length)
    throw new DataFault(
      `${broken.length} of ${files.length} pictures cannot be read (first: ${broken[0]}). Choose another folder.`,
    );
  const block = {
    shape: [colour ? 3 : 1, height, width] as const,
    write: (row: number, out: Float32Array, at: number): void => {
      for (let k = 0; k < size; k++) out[at + k] = pixels[row * size + k]!;
    },
  };
  return {
    name: basename(given),
    rows: kept.length,
    columns: [new ArrayColumn(PICTURE_COLUMN, block), labels],
    names: [PICTURE_COLUMN, LABEL_COLUMN],
    notes:
      broken.length === 0
        ? notes
        : [
            ...notes,
            `${broken.length} ${broken.length === 1 ? 'picture was' : 'pictures were'} left out because ${broken.length === 1 ? 'it' : 'they'} cannot be read (first: ${broken[0]}).`,
          ],
    rowNumber: (row) => row + 1,
    ...(parts.some((part) => part !== FREE) ? { parts: Uint8Array.from(parts) } : {}),
  };
}
