/**
 * Reading and writing whole files. Writing is all or nothing: a temporary file beside the target, flushed,
 * then renamed over it; what was there before stays until the new content is safe.
 */
import { constants } from 'node:fs';
import { access, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
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
        throw new Refusal(`'${path}' has ${(about.size / 1024 / 1024).toFixed(0)} MB; at most ${limit / 1024 / 1024} MB can be read here. Check that it is the right file.`);
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
    // Renaming would replace a write-protected file without a word.
    const before = await stat(path).catch(() => null);
    if (before) {
      if (before.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      if ((before.mode & 0o222) === 0) throw Object.assign(new Error(), { code: 'EACCES' });
      await access(path, constants.W_OK);
    }
    await writeFileAtomic(path, typeof content === 'string' ? content : Buffer.from(content.buffer, content.byteOffset, content.byteLength));
  } catch (error) {
    throw fileRefusal(error, path, 'write');
  }
}

/** The program's own small files: the folder is made when it is missing, and only the user may look inside. */
export async function writeOwn(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileAtomic(path, content, { mode: 0o600 });
}
