/**
 * Reading and writing whole files. Writing is all or nothing: a temporary file beside the target, flushed,
 * then renamed over it; what was there before stays until the new content is safe. It is ours, because the
 * library for this, write-file-atomic 7, takes a short write on a full disk for a whole one and renames the
 * stump over the good file.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileRefusal, Refusal } from './refusal';

/** A regular file's content. Devices and pipes, which may never end, are refused. */
export async function readWhole(path: string, limit: number): Promise<Uint8Array> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const about = await handle.stat();
      if (about.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      if (!about.isFile()) throw new Refusal(`'${path}' is not an ordinary file. Choose a file.`);
      if (about.size > limit)
        throw new Refusal(
          `'${path}' has ${(about.size / 1024 / 1024).toFixed(0)} MB; at most ${limit / 1024 / 1024} MB can be read here. Check that it is the right file.`,
        );
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileRefusal(error, path, 'read');
  }
}

export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await replace(path, content, () => modeBefore(path));
  } catch (error) {
    throw fileRefusal(error, path, 'write');
  }
}

/** The mode of the file that is to be replaced, if there is one. Refuses what may not be. */
async function modeBefore(path: string): Promise<number | undefined> {
  // Renaming would replace a write-protected file without a word.
  const before = await stat(path).catch(() => null);
  if (!before) return undefined;
  if (before.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  // Renaming would put a file in the place of a device.
  if (!before.isFile()) throw new Refusal(`'${path}' is not an ordinary file. Choose another name.`);
  if ((before.mode & 0o222) === 0) throw Object.assign(new Error(), { code: 'EACCES' });
  await access(path, constants.W_OK);
  return before.mode & 0o777;
}

/** The program's own small files: the folder is made when it is missing, and only the user may look inside. */
export async function writeOwn(path: string, content: string): Promise<void> {
  await replace(path, content, async () => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return 0o600;
  });
}

/** Work with the same key, one after the other in the order in which it was asked for. */
class InTurn {
  readonly #last = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work, work);
    this.#last.set(key, turn);
    const done = (): void => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    };
    turn.then(done, done);
    return turn;
  }
}

/**
 * Writes to the same file wait for each other, so that the last one asked for is the one that stays. Which file it
 * is, the disk has to be asked first; these questions keep the order of their folder, or a slow answer would let a
 * later write overtake.
 */
const questions = new InTurn();
const writes = new InTurn();

async function replace(path: string, content: string | Uint8Array, modeOf: () => Promise<number | undefined>): Promise<void> {
  const { turn } = await questions.run(dirname(path), async () => {
    const mode = await modeOf();
    // A link stays a link: what it leads to is replaced.
    const target = await realpath(path).catch(() => path);
    return { turn: writes.run(target, () => replaceNow(target, content, mode)) };
  });
  await turn;
}

async function replaceNow(target: string, content: string | Uint8Array, mode: number | undefined): Promise<void> {
  const temporary = `${target}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(content);
      // The mode of `open` is cut by the user's mask; the file that was there had its own.
      if (mode !== undefined) await handle.chmod(mode).catch(() => undefined);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameOver(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  // The name itself must be on the disk too; Windows has no such call.
  const folder = await open(dirname(target), 'r').catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** On Windows a virus scanner or an indexer may hold a file for a moment. */
async function renameOver(from: string, to: string): Promise<void> {
  for (let wait = 20; ; wait *= 2) {
    try {
      return await rename(from, to);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (process.platform !== 'win32' || wait > 1000 || (code !== 'EPERM' && code !== 'EACCES' && code !== 'EBUSY')) throw error;
      await setTimeout(wait);
    }
  }
}
