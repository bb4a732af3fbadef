/**
 * Bookmarks in a project's file: moments of training with their weights and the optimizer's memory, read
 * with the care that untrusted text needs; and what follows for kept numbers when parameters get other names.
 */
import { isObject, LIST_LIMIT, Reader, shown } from './file-reader';
import type { Bookmark, Project, StoredTensor } from './project';
import { readWeights } from './stored-weights';

export const BOOKMARK_NAME = 60;
/** Bookmarks of a project, and bytes of their numbers together: a project stays a file that one sends by mail. */
export const BOOKMARK_LIMIT = 100;
export const BOOKMARK_BYTES = 8 * 2 ** 20;

const bytesOf = (tensors: Readonly<Record<string, StoredTensor>> = {}): number =>
  Object.values(tensors).reduce((sum, { shape }) => sum + 4 * shape.reduce((size, axis) => size * axis, 1), 0);

/** Bytes of the numbers that a bookmark holds. */
export const bookmarkBytes = ({ weights, memory }: Bookmark): number => bytesOf(weights) + bytesOf(memory);

export function readBookmarks(file: Reader, key: string): readonly Bookmark[] | null {
  const { faults } = file;
  const list = file.get(key);
  if (list === undefined) return null;
  if (!Array.isArray(list) || list.length > BOOKMARK_LIMIT) {
    faults.add(
      file.at(key),
      Array.isArray(list)
        ? `are ${list.length}, but a project keeps at most ${BOOKMARK_LIMIT}. Remove some.`
        : `must be a list, but is ${shown(list)}.`,
    );
    return null;
  }
  const bookmarks: Bookmark[] = [];
  for (const [index, item] of list.entries()) {
    const place = `${file.at(key)}[${index}]`;
    if (faults.full) break;
    if (!isObject(item)) {
      faults.add(place, `must be an object { … }, but is ${shown(item)}.`);
      continue;
    }
    const reader = new Reader(item, place, faults);
    const name = reader.text('name', undefined, BOOKMARK_NAME);
    const epoch = reader.whole('epoch', undefined, 0, 1e9);
    const step = reader.whole('step', undefined, 0, Number.MAX_SAFE_INTEGER);
    const at = reader.whole('at', 0, 0, 1e9);
    const loss = reader.get('loss') === undefined ? undefined : reader.number('loss', undefined, -1e300, 1e300);
    const losses = lossesIn(reader);
    const weights = readWeights(reader.object('weights'));
    if (!weights && reader.get('weights') === undefined)
      faults.add(reader.at('weights'), 'is missing. Remove this bookmark: without its numbers it leads nowhere.');
    const memory = readWeights(reader.object('memory'));
    reader.end();
    bookmarks.push({
      name,
      epoch,
      step,
      ...(at > 0 ? { at } : {}),
      ...(loss === undefined ? {} : { loss }),
      weights: weights ?? {},
      ...(memory ? { memory } : {}),
      ...(losses ? { losses } : {}),
    });
  }
  const bytes = bookmarks.reduce((sum, bookmark) => sum + bookmarkBytes(bookmark), 0);
  if (bytes > BOOKMARK_BYTES)
    faults.add(
      file.at(key),
      `hold ${Math.ceil(bytes / 2 ** 20)} MB of numbers, but a project keeps at most ${BOOKMARK_BYTES / 2 ** 20} MB. Remove some.`,
    );
  return bookmarks.length > 0 ? bookmarks : null;
}

function lossesIn(reader: Reader): readonly number[] | undefined {
  const losses = reader.get('losses');
  if (losses === undefined) return undefined;
  if (Array.isArray(losses) && losses.length <= LIST_LIMIT && losses.every(Number.isFinite)) return losses as readonly number[];
  reader.faults.add(reader.at('losses'), `must be a list of numbers, but is ${shown(losses)}.`);
  return undefined;
}

/** Kept weights and bookmarks of a project whose parameters have other keys now. */
export function renamedNumbers(
  { weights, bookmarks }: Project,
  keyOf: (key: string) => string,
): Pick<Project, 'weights' | 'bookmarks'> {
  const renamed = (table: Readonly<Record<string, StoredTensor>>, of: (key: string) => string): Record<string, StoredTensor> =>
    Object.fromEntries(Object.entries(table).map(([key, tensor]) => [of(key), tensor]));
  return {
    ...(weights && { weights: renamed(weights, keyOf) }),
    ...(bookmarks && {
      bookmarks: bookmarks.map((bookmark) => {
        // A name of the memory is a parameter's key, and what it is to that parameter.
        const memoryKey = (name: string): string => {
          const cut = name.lastIndexOf('/');
          return cut < 0 ? name : keyOf(name.slice(0, cut)) + name.slice(cut);
        };
        return {
          ...bookmark,
          weights: renamed(bookmark.weights, keyOf),
          ...(bookmark.memory && { memory: renamed(bookmark.memory, memoryKey) }),
        };
      }),
    }),
  };
}
