/**
 * The open document: which file it is, whether it was saved, the spare copy for recovery. Every way in
 * (new, file, example, recovery) and out (save, close) passes here, so that unsaved work is asked for
 * exactly once.
 */
import { emptyProject, type Project } from '../../engine/graph/project';
import type { Example, FileRef, HostApi, OpenedProject, RecentFile, Recovery } from '../../main/contract';

type DocumentHost = Pick<
  HostApi,
  | 'openProject'
  | 'saveProject'
  | 'autosave'
  | 'recentFiles'
  | 'forgetRecentFile'
  | 'recoveries'
  | 'discardRecovery'
  | 'setDocument'
  | 'examples'
>;

/** The editor's side. */
export interface Holder {
  readonly project: Project;
  readonly dirty: boolean;
  load(project: Project): void;
  markSaved(): void;
  markDirty(): void;
}

export interface DocumentLinks {
  readonly host: DocumentHost;
  readonly holder: Holder;
  readonly notify: (notice: { kind: 'error' | 'info' | 'success'; title: string; text?: string }) => void;
  /** Asks what to do with unsaved work. */
  readonly askUnsaved: (title: string) => Promise<'save' | 'discard' | null>;
  /** Another project is in the editor now. */
  readonly onOpened: (project: Project) => void;
  /** Milliseconds after the last edit until a spare copy is made. */
  readonly spareAfter?: number;
}

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class OpenDocument {
  file = $state.raw<FileRef | null>(null);
  recent = $state.raw<readonly RecentFile[]>([]);
  examples = $state.raw<readonly Example[]>([]);
  recoveries = $state.raw<readonly Recovery[]>([]);
  saving = $state(false);
  /** When a spare copy was last made; null while there are newer edits. */
  spareAt = $state<number | null>(null);

  readonly #links: DocumentLinks;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(links: DocumentLinks) {
    this.#links = links;
  }

  /** For the welcome view. What cannot be read is said once; the rest still shows. */
  async refresh(): Promise<void> {
    const { host } = this.#links;
    await Promise.all([
      this.#try('The examples could not be read', async () => {
        if (this.examples.length === 0) this.examples = await host.examples();
      }),
      this.#try('The list of recent files could not be read', async () => {
        this.recent = await host.recentFiles();
      }),
      this.#try('Unsaved work could not be looked for', async () => {
        this.recoveries = await host.recoveries();
      }),
    ]);
  }

  /** True: go on; unsaved work was saved or given up. */
  async leave(): Promise<boolean> {
    if (!this.#links.holder.dirty) return true;
    const answer = await this.#links.askUnsaved(this.#links.holder.project.settings.title);
    if (answer === null) return false;
    if (answer === 'save') return this.save(false);
    await this.#spare(false);
    return true;
  }

  async blank(): Promise<boolean> {
    if (!(await this.leave())) return false;
    this.#enter(emptyProject, null, false);
    return true;
  }

  /** A project that was made for the user and is not in any file. */
  async draft(project: Project): Promise<boolean> {
    if (!(await this.leave())) return false;
    this.#enter(project, null, true);
    return true;
  }

  async example(example: Example): Promise<boolean> {
    if (!(await this.leave())) return false;
    this.#enter(example.project, null, false);
    return true;
  }

  /** The project of a lesson: like an example, it can be had again. */
  async lesson(project: Project): Promise<boolean> {
    if (!(await this.leave())) return false;
    this.#enter(project, null, false);
    return true;
  }

  /** `token` null: a dialog asks. False: nothing was opened. */
  async open(token: string | null): Promise<boolean> {
    let opened: OpenedProject | null = null;
    const fine = await this.#try('The file was not opened', async () => {
      opened = await this.#links.host.openProject(token);
    });
    // Assigned in the closure above, which the compiler cannot follow.
    const result = opened as OpenedProject | null;
    if (!fine || result === null || !(await this.leave())) return false;
    this.#enter(result.project, result.file, false);
    if (result.alsoOpen)
      this.#links.notify({
        kind: 'info',
        title: 'This file is open in another window',
        text: 'Saving here replaces what the other window saves. Use “Save as” to keep both.',
      });
    return true;
  }

  async recover(recovery: Recovery): Promise<boolean> {
    if (!(await this.leave())) return false;
    this.#enter(recovery.project, recovery.file, true);
    await this.discard(recovery, false);
    this.#spareSoon();
    return true;
  }

  async discard(recovery: Recovery, list = true): Promise<void> {
    await this.#try('The spare copy could not be removed', () => this.#links.host.discardRecovery(recovery.id));
    if (list) this.recoveries = this.recoveries.filter(({ id }) => id !== recovery.id);
  }

  async discardAll(): Promise<void> {
    for (const recovery of this.recoveries) await this.discard(recovery);
  }

  async forget(file: RecentFile): Promise<void> {
    await this.#try('The entry could not be removed', () => this.#links.host.forgetRecentFile(file.token));
    this.recent = this.recent.filter(({ token }) => token !== file.token);
  }

  async save(as: boolean): Promise<boolean> {
    const { host, holder, notify } = this.#links;
    const project = holder.project;
    let saved: FileRef | null = null;
    this.saving = true;
    const fine = await this.#try('The project was not saved', async () => {
      saved = await host.saveProject(project, this.file?.token ?? null, as);
    });
    this.saving = false;
    const file = saved as FileRef | null;
    if (!fine || file === null) return false;
    this.file = file;
    // Edits that were made while the file was being written are still unsaved.
    if (holder.project === project) {
      holder.markSaved();
      await this.#spare(false);
    }
    notify({ kind: 'success', title: `Saved ${file.name}` });
    this.changed();
    return true;
  }

  /** After every edit: the title, the closing question, the spare copy. */
  changed(): void {
    const { host, holder } = this.#links;
    host
      .setDocument(this.title, holder.dirty)
      .catch((error: unknown) => this.#complain('The window’s title could not be set', error));
    if (holder.dirty) this.#spareSoon();
  }

  get title(): string {
    return this.#links.holder.project.settings.title || this.file?.name || 'Untitled';
  }

  #enter(project: Project, file: FileRef | null, dirty: boolean): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.file = file;
    this.spareAt = null;
    this.#links.holder.load(project);
    if (dirty) this.#links.holder.markDirty();
    this.#links.onOpened(project);
    this.changed();
  }

  #spareSoon(): void {
    this.spareAt = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#spare(true), this.#links.spareAfter ?? 1500);
  }

  async #spare(dirty: boolean): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { host, holder } = this.#links;
    await this.#try('The spare copy for recovery could not be written', async () => {
      await host.autosave(holder.project, this.file?.token ?? null, dirty && holder.dirty);
      this.spareAt = dirty ? Date.now() : null;
    });
  }

  async #try(title: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#complain(title, error);
      return false;
    }
  }

  #complain(title: string, error: unknown): void {
    this.#links.notify({ kind: 'error', title, text: sentence(error) });
  }
}
