/**
 * A refusal: something the user asked for cannot be done, and why, as a sentence for people. It crosses
 * ports as data; every other error is our own mistake. Errors of the file system become refusals here.
 */
import { basename } from 'node:path';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    message: string,
    readonly code = 'refused',
  ) {
    super(message);
  }
}

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
};

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  EROFS: 'the disk cannot be written',
  EACCES: 'its folder is write-protected',
  EPERM: 'its folder is write-protected',
};

/** Why a file of the program's own could not be written, as a part of a sentence. */
export const reasonOf = (error: unknown): string =>
  reasons[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));

/** What went wrong with a file, what it means, what to do. */
export function fileRefusal(error: unknown, path: string, doing: 'read' | 'write'): Refusal {
  if (error instanceof Refusal) return error;
  const name = basename(path) || path;
  const code = codeOf(error);
  const say = (message: string): Refusal => new Refusal(message, code || 'io');
  switch (code) {
    case 'ENOENT':
      return say(
        doing === 'read'
          ? `'${name}' is not there any more. It may have been moved, renamed or deleted; open it from its new place. (${path})`
          : `'${name}' cannot be written: its folder does not exist. Choose another place. (${path})`,
      );
    case 'EACCES':
    case 'EPERM':
      return say(
        doing === 'read'
          ? `'${name}' may not be read by you. Change its permissions or choose another file. (${path})`
          : `'${name}' is write-protected, or its folder is. Save under another name or in another place. (${path})`,
      );
    case 'EROFS':
      return say(`'${name}' is on a medium that cannot be written. Save in another place. (${path})`);
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return say(
        `The disk is full, so '${name}' was not saved; the file on disk is unchanged. Free some space, or save in another place. (${path})`,
      );
    case 'EISDIR':
      return say(`'${name}' is a folder, not a file. Choose a file. (${path})`);
    case 'ENOTDIR':
      return say(`A part of the path of '${name}' is not a folder. Choose another place. (${path})`);
    case 'ENAMETOOLONG':
      return say(`The name '${name.slice(0, 40)}…' is too long. Choose a shorter one.`);
    case 'EMFILE':
    case 'ENFILE':
      return say('Too many files are open on this computer. Close some programs and try again.');
    case 'EBUSY':
    case 'ETXTBSY':
      return say(`'${name}' is in use by another program. Close it there and try again. (${path})`);
    default: {
      const reason = error instanceof Error ? error.message : String(error);
      return say(`'${name}' could not be ${doing === 'read' ? 'read' : 'written'}: ${reason}`);
    }
  }
}
