/** Saves a table or a figure that the window made, and says where it is. */
import type { HostApi } from '../../../main/contract';
import { showNews } from '../../ui/toast';

export type TextHost = Pick<HostApi, 'saveText'>;

export async function saveText(host: TextHost, text: string, name: string): Promise<void> {
  try {
    const file = await host.saveText(text, name);
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
