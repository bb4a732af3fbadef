/** Saves a table or a figure that the window made, and says where it is. */
import type { HostApi } from '../../main/contract';
import { showNews } from './toast';

export type TextHost = Pick<HostApi, 'saveText'>;
export type FileHost = Pick<HostApi, 'saveText' | 'saveBytes'>;

export const saveText = (host: TextHost, text: string, name: string): Promise<void> =>
  told(name, () => host.saveText(text, name));

/** `make`: what the file holds, or what is thrown because it cannot be made. */
export const saveBytes = (host: FileHost, make: () => Uint8Array | Promise<Uint8Array>, name: string): Promise<void> =>
  told(name, async () => host.saveBytes(await make(), name));

async function told(name: string, save: () => Promise<{ readonly name: string } | null>): Promise<void> {
  try {
    const file = await save();
    if (file !== null) showNews({ kind: 'success', title: `Saved ${file.name}` });
  } catch (error) {
    showNews({
      kind: 'error',
      title: `${name} could not be saved`,
      text: error instanceof Error ? error.message : String(error),
    });
  }
}

/** `My net` and `confusion` → `My net confusion.csv`. */
export const fileFor = (title: string, what: string, extension = 'csv'): string =>
  `${title.replace(/[\\/:*?"<>|]+/g, ' ').trim() || 'Untitled'} ${what}.${extension}`;
