/** Puts a picture on the clipboard and says so, or says why it is not there. */
import { showNews } from './toast';

/** `make`: the picture as PNG, or what is thrown because it cannot be made. */
export async function copyPng(title: string, make: () => Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([make()], { type: 'image/png' }) })]);
    showNews({ kind: 'success', title: `Copied the picture of “${title}”` });
  } catch (error) {
    showNews({
      kind: 'error',
      title: 'The clipboard took nothing',
      text: `${error instanceof Error ? error.message : String(error)} Allow this page to use the clipboard, then copy again.`,
    });
  }
}
