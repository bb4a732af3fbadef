/**
 * Disks that refuse: a small one that can be filled, one that cannot be written, a file that nobody may
 * change. Real ones of the system, so only its administrator can make them; elsewhere the reason is told.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Disk {
  readonly path: string;
  release(): void;
}

const tell = (command: string, ...args: string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const folder = (): string => mkdtempSync(join(tmpdir(), 'chainrule-disk-'));

function mounted(...options: readonly ((path: string) => string)[]): Disk | null {
  const path = folder();
  if (!tell('mount', ...options.map((option) => option(path)))) {
    rmSync(path, { recursive: true });
    return null;
  }
  return {
    path,
    release: () => {
      tell('umount', '-l', path);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A disk of so many bytes, in memory. */
export const smallDisk = (bytes: number): Disk | null =>
  mounted(
    () => '-t',
    () => 'tmpfs',
    () => '-o',
    () => `size=${bytes}`,
    () => 'tmpfs',
    (path) => path,
  );

/** A folder's content once more, read-only. */
export function readOnlyDisk(content: string): Disk | null {
  const disk = mounted(
    () => '--bind',
    () => content,
    (path) => path,
  );
  if (disk && !tell('mount', '-o', 'remount,ro,bind', disk.path)) {
    disk.release();
    return null;
  }
  return disk;
}

/** Until the file is released, not even the administrator changes it. */
export function immutable(path: string): Disk | null {
  return tell('chattr', '+i', path) ? { path, release: () => void tell('chattr', '-i', path) } : null;
}

/** Takes all the room that is left; returns the file to delete for getting it back. */
export function fill(disk: Disk): string {
  const path = join(disk.path, 'full');
  for (let bytes = 2 ** 20, rest = Buffer.alloc(0); bytes >= 1; ) {
    try {
      rest = Buffer.concat([rest, Buffer.alloc(bytes)]);
      writeFileSync(path, rest);
    } catch {
      rest = rest.subarray(0, rest.length - bytes);
      writeFileSync(path, rest);
      bytes = Math.floor(bytes / 2);
    }
  }
  return path;
}

export const ONLY_ROOT = 'only the system’s administrator can make such a disk';
