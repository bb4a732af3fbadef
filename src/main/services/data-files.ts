/**
 * Files of data as streams of bytes, whatever holds them: a plain file, a gzip of it, or an entry of a zip
 * archive. Nothing is kept whole here, and nothing that unpacks to more than is allowed is read to its end.
 */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip, createInflateRaw } from 'node:zlib';
import type { ReadHooks } from '../../engine/data/fault';
import type { Bytes } from '../../engine/data/text';
import { resources } from './folders';
import { isBundled } from './projects';
import { fileRefusal, Refusal } from './refusal';

/** 1 GB, and a little more for those who count in binary. */
export const DATA_LIMIT = 1.1 * 1024 ** 3;
const PIECE = 256 * 1024;

/** The file that a source's path means. Relative paths are refused: whoever read the project made them absolute. */
export function dataPath(path: string): string {
  if (isBundled(path)) {
    const name = path.slice('dataset:'.length);
    if (!/^[\w-]+\.csv$/.test(name)) throw new Refusal(`There is no bundled data set '${name}'.`);
    return join(resources, 'datasets', name);
  }
  if (!isAbsolute(path))
    throw new Refusal(`The place of the data file '${path}' is not known. Choose the file again in the Data panel.`);
  return resolve(path);
}

/** Bytes of a file of data, which must be an ordinary one of a size that can be read. */
export async function sizeOf(path: string): Promise<number> {
  try {
    const about = await stat(path);
    if (about.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!about.isFile()) throw new Refusal(`'${basename(path)}' is not an ordinary file. Choose a file of data. (${path})`);
    if (about.size > DATA_LIMIT)
      throw new Refusal(
        `'${basename(path)}' has ${(about.size / 1024 ** 3).toFixed(1)} GB; at most 1 GB can be read. Choose a smaller file.`,
      );
    return about.size;
  } catch (error) {
    throw fileRefusal(error, path, 'read');
  }
}

/** A stretch of a file, in pieces. */
export async function* pieces(path: string, from = 0, length = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const buffer = new Uint8Array(PIECE);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await handle.read(buffer, 0, Math.min(PIECE, length - at), from + at);
        if (bytesRead === 0) return;
        at += bytesRead;
        // A copy: the reader may keep a piece while the next one is read.
        yield buffer.slice(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileRefusal(error, path, 'read');
  }
}

export async function firstBytes(path: string, length: number): Promise<Uint8Array> {
  for await (const piece of pieces(path, 0, length)) return piece;
  return new Uint8Array();
}

export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;
export const isZip = (head: Uint8Array): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6));

/** What comes out of packed pieces; `what` names the file when they are damaged. */
async function* unpacked(packed: AsyncIterable<Uint8Array>, raw: boolean, what: string): AsyncGenerator<Uint8Array> {
  const source = Readable.from(packed, { objectMode: false });
  const unpacker = raw ? createInflateRaw({ chunkSize: PIECE }) : createGunzip({ chunkSize: PIECE });
  // A pipe does not hand on what goes wrong at its beginning.
  source.on('error', (error) => unpacker.destroy(error));
  source.pipe(unpacker);
  let size = 0;
  try {
    for await (const piece of unpacker as AsyncIterable<Uint8Array>) {
      size += piece.length;
      if (size > DATA_LIMIT)
        throw new Refusal(`'${what}' unpacks to more than 1 GB, which is the most that can be read. Choose a smaller file.`);
      yield piece;
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const code = String((error as { code?: unknown }).code ?? '');
    if (code.startsWith('Z_'))
      throw new Refusal(`'${what}' is damaged: it cannot be unpacked. Copy or download it again.`, 'bad-data');
    throw error;
  } finally {
    source.destroy();
    unpacker.destroy();
  }
}

/** The content of a file, unpacked if it is a gzip. */
export async function bytesOf(path: string): Promise<Bytes> {
  const size = await sizeOf(path);
  if (!isGzip(await firstBytes(path, 4))) return { size, open: () => pieces(path) };
  return { size: await unpackedSize(path, size), open: () => unpacked(pieces(path), false, basename(path)) };
}

/** A gzip ends with the size of its content; what is concatenated says too little, so it never counts as less than the file. */
async function unpackedSize(path: string, size: number): Promise<number> {
  const tail: number[] = [];
  for await (const piece of pieces(path, Math.max(0, size - 4), 4)) tail.push(...piece);
  const [a = 0, b = 0, c = 0, d = 0] = tail;
  return Math.max(size, a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24);
}

/** The content of a zip's entry. */
export const entryBytes = (zip: string, entry: ZipEntry): Bytes => ({
  size: entry.size,
  async *open() {
    const from = await entryStart(zip, entry);
    const packed = pieces(zip, from, entry.packed);
    if (entry.stored) yield* packed;
    else yield* unpacked(packed, true, entry.name);
  },
});

/** A content in memory, as one. `watch` is told the bytes so far. */
export async function whole(bytes: Bytes, what: string, hooks: ReadHooks, before = 0): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes.open()) {
    parts.push(piece);
    size += piece.length;
    if (size > DATA_LIMIT)
      throw new Refusal(`'${what}' holds more than 1 GB, which is the most that can be read. Choose a smaller file.`);
    hooks.progress?.(before + size, 0);
    await hooks.breathe?.();
  }
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// ── zip archives, by their central directory ──

export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  readonly packed: number;
  readonly stored: boolean;
  /** Where its own header begins. */
  readonly at: number;
}

const ENTRY_LIMIT = 300_000;
/** The end of the directory, and the longest comment that may follow it. */
const END = 22 + 65_535;

/** The files in a zip archive, without folders and what macOS adds. */
export async function zipEntries(path: string): Promise<readonly ZipEntry[]> {
  const size = await sizeOf(path);
  const read = async (from: number, length: number): Promise<DataView> => {
    const bytes = await whole({ size: length, open: () => pieces(path, from, length) }, basename(path), {});
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const damaged = (): Refusal =>
    new Refusal(`'${basename(path)}' is no whole zip archive. Copy or download it again.`, 'bad-data');
  const tail = await read(Math.max(0, size - END), Math.min(size, END));
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw damaged();
  const [count, length, start] = [tail.getUint16(end + 10, true), tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  if (start === 0xffffffff || count === 0xffff)
    throw new Refusal(
      `'${basename(path)}' is a zip64 archive, which cannot be read. Unpack it and choose the folder.`,
      'bad-data',
    );
  if (start + length > size || count > ENTRY_LIMIT) throw damaged();
  const directory = await read(start, length);
  const entries: ZipEntry[] = [];
  for (let at = 0, n = 0; n < count; n++) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== 0x02014b50) throw damaged();
    const [flags, method] = [directory.getUint16(at + 8, true), directory.getUint16(at + 10, true)];
    const nameLength = directory.getUint16(at + 28, true);
    const rest = directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
    if (at + 46 + nameLength > directory.byteLength) throw damaged();
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameLength));
    if ((flags & 1) !== 0)
      throw new Refusal(`'${basename(path)}' is protected by a password. Unpack it and choose what it holds.`, 'bad-data');
    if (!name.endsWith('/') && !/(^|\/)(__MACOSX|\.[^/]*)(\/|$)/.test(name)) {
      if (method !== 0 && method !== 8)
        throw new Refusal(
          `'${name}' in '${basename(path)}' is packed in a way that cannot be read. Pack it as an ordinary zip.`,
          'bad-data',
        );
      entries.push({
        name,
        packed: directory.getUint32(at + 20, true),
        size: directory.getUint32(at + 24, true),
        stored: method === 0,
        at: directory.getUint32(at + 42, true),
      });
    }
    at += 46 + nameLength + rest;
  }
  return entries;
}

/** An entry's content follows its own header, whose length only it knows. */
async function entryStart(path: string, { at, name }: ZipEntry): Promise<number> {
  const bytes = await whole({ size: 30, open: () => pieces(path, at, 30) }, name, {});
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 30 || view.getUint32(0, true) !== 0x04034b50)
    throw new Refusal(`'${name}' in '${basename(path)}' is damaged. Copy or download the archive again.`, 'bad-data');
  return at + 30 + view.getUint16(26, true) + view.getUint16(28, true);
}
