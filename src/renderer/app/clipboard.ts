/**
 * Copy, cut and paste by menu and by keys. What is pasted may be nodes of another window, or cells of a
 * spreadsheet, which become the data of this project or the beginning of another.
 */
import { codeOfDrawing } from '../../engine/export/python/code';
import type { Library } from '../../engine/export/python/library';
import { setSettings } from '../../engine/graph/edits';
import { csvDefaults } from '../../engine/graph/project';
import { chosen, looksLikeTable } from '../panels/data/source-choice';
import type { Parts } from './parts';
import { sentence } from './sentence';

export class Clipboard {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  copy = async (cut: boolean): Promise<void> => {
    // Cutting removes nothing before the clipboard has taken it.
    const text = this.#parts.editor.copy();
    if (text === '' || !(await this.#give(text))) return;
    if (cut) this.#parts.editor.cut();
    this.#parts.workspace.announce(cut ? 'Cut.' : 'Copied.');
  };

  copyCode = async (library: Library): Promise<void> => {
    const { editor } = this.#parts;
    const written = codeOfDrawing(editor.checked.problems, editor.project, library);
    if ('fault' in written) this.#parts.notify({ kind: 'error', title: 'Nothing was copied', text: written.fault });
    else if (await this.#give(written.code))
      this.#parts.notify({ kind: 'success', title: `Copied the drawing as ${library.title}.` });
  };

  /** Whether the clipboard took it; where not, that is said. */
  async #give(text: string): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (error) {
      this.#parts.notify({
        kind: 'error',
        title: 'The clipboard took nothing',
        text: `${sentence(error)} Allow this page to use the clipboard, then copy again.`,
      });
      return false;
    }
  }

  paste = async (): Promise<void> => {
    try {
      this.take(await navigator.clipboard.readText());
    } catch (error) {
      this.#parts.notify({
        kind: 'error',
        title: 'The clipboard could not be read',
        text: `${sentence(error)} Allow this page to use the clipboard, then paste again.`,
      });
    }
  };

  /** Decides what a text from the clipboard is, by keys and by menu alike. False: the window has no place for it. */
  take = (text: string): boolean => {
    if (!this.#parts.workspace.welcome && this.#parts.editor.paste(text)) return true;
    if (looksLikeTable(text)) void this.#takeTable(text);
    else if (this.#parts.workspace.welcome) return false;
    else
      this.#parts.notify({
        kind: 'info',
        title: 'The clipboard holds neither nodes nor a table',
        text: 'Copy nodes in a Chainrule window, or cells in a spreadsheet.',
      });
    return true;
  };

  /** A table from the clipboard is the beginning of a network, or new data for the drawing that is open. */
  async #takeTable(text: string): Promise<void> {
    try {
      const preview = await this.#parts.host.previewData({ ...csvDefaults, path: 'pasted table', text }, true);
      const answer = this.#parts.workspace.welcome
        ? 'new'
        : await this.#parts.workspace.ask({
            title: 'The clipboard holds a table',
            text: `It has ${preview.rowsRead} rows and ${preview.columns.length} columns. Its rows can become the data of this project, or of a new network that fits them.`,
            choices: [
              { value: 'cancel', title: 'Cancel' },
              { value: 'new', title: 'New from data…' },
              { value: 'use', title: 'Use in this project', kind: 'primary' },
            ],
          });
      if (answer === 'new') this.#parts.workspace.push({ kind: 'wizard', start: preview });
      if (answer !== 'use') return;
      this.#parts.editor.edit('Use a pasted table', setSettings({ data: chosen(preview) }));
      this.#parts.workspace.show('data');
    } catch (error) {
      this.#parts.notify({ kind: 'error', title: 'The table could not be read', text: sentence(error) });
    }
  }
}
