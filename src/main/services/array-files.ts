/** NumPy and IDX files that belong together, found beside the one that was chosen, and read into a table. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isIdx, isNpy, readIdx, readNpy } from '../../engine/data/array-file';
import { type NamedArray, roleOf, tableOfArrays } from '../../engine/data/array-table';
import { DataFault, type ReadHooks } from '../../engine/data/fault';
import type { Table } from '../../engine/data/table';
import type { Bytes } from '../../engine/data/text';
import { bytesOf, dataPath, DATA_LIMIT, entryBytes, firstBytes, isZip, whole, zipEntries } from './data-files';
import { Refusal } from './refusal';

/** The first bytes of a content, unpacked. */
export async function headOf(bytes: Bytes, length = 16): Promise<Uint8Array> {
  for await (const piece of bytes.open()) return piece.subarray(0, length);
  return new Uint8Array();
}

export const isArrays = (head: Uint8Array): boolean => isNpy(head) || isIdx(head);

/** The chosen file and those beside it that name the other halves of the same data: labels to images, test to training rows. */
export async function filesTogether(path: string): Promise<readonly string[]> {
  const chosen = roleOf(basename(path));
  if (!chosen.known || /\.npz$/i.test(path)) return [path];
  const packed = /\.gz$/i.test(path);
  const idx = isIdx(await headOf(await bytesOf(path)));
  const found = [path];
  const names = await readdir(dirname(path)).catch(() => []);
  for (const name of names.sort()) {
    const other = join(dirname(path), name);
    const role = roleOf(name);
    if (other === path || !role.known || role.family !== chosen.family || /\.gz$/i.test(name) !== packed) continue;
    if (found.some((one) => roleOf(basename(one)).base === role.base && roleOf(basename(one)).part === role.part)) continue;
    const head = await bytesOf(other)
      .then((bytes) => headOf(bytes))
      .catch(() => new Uint8Array());
    if (idx ? isIdx(head) : isNpy(head)) found.push(other);
  }
  return completeParts(found);
}

/** Only parts that are complete: images without labels beside them are no use. */
function completeParts(files: readonly string[]): readonly string[] {
  const bases = new Set(files.map((file) => roleOf(basename(file)).base));
  const partOf = (file: string): string => String(roleOf(basename(file)).part);
  return files.filter(
    (file) => files.filter((other) => partOf(other) === partOf(file)).length === bases.size || file === files[0],
  );
}

export async function readArrays(paths: readonly string[], hooks: ReadHooks): Promise<Table> {
  const arrays: NamedArray[] = [];
  let before = 0;
  const contents = (await Promise.all(paths.map((path) => contentsOf(dataPath(path))))).flat();
  hooks.total?.(contents.reduce((sum, { bytes }) => sum + bytes.size, 0));
  for (const { name, bytes } of contents) {
    if (before + bytes.size > DATA_LIMIT)
      throw new Refusal('The arrays together have more than 1 GB, which is the most that can be read. Choose smaller files.');
    const content = await whole(bytes, name, hooks, before);
    before += content.length;
    if (!isArrays(content)) throw new DataFault(`'${name}' is neither a NumPy nor an IDX file. Choose .npy, .npz or IDX files.`);
    arrays.push({ name, array: isNpy(content) ? readNpy(name, content) : readIdx(name, content) });
  }
  const name = paths.length === 1 ? basename(paths[0]!) : `${basename(paths[0]!)} and ${paths.length - 1} more`;
  return tableOfArrays(name, arrays);
}

async function contentsOf(path: string): Promise<readonly { readonly name: string; readonly bytes: Bytes }[]> {
  if (!isZip(await firstBytes(path, 4))) return [{ name: basename(path), bytes: await bytesOf(path) }];
  const entries = (await zipEntries(path)).filter(({ name }) => /\.npy$/i.test(name));
  if (entries.length === 0)
    throw new DataFault(`'${basename(path)}' holds no arrays. Choose a file that numpy.savez has written.`);
  return entries.map((entry) => ({ name: entry.name, bytes: entryBytes(path, entry) }));
}
