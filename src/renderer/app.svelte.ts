/**
 * The composition root: makes the parts of the window and wires them by direct calls. An edit travels
 * editor → run (compile, load) and editor → document (title, spare copy); nothing else listens.
 */
import { tick } from 'svelte';
import { blanksOf } from '../engine/compile/row-by-hand';
import type { Project } from '../engine/graph/project';
import * as edits from '../engine/graph/edits';
import type { TraceWish } from '../engine/train/record-rows';
import type { ClientApi, DataPreview, HostApi, HostInfo, ImportProgress } from '../main/contract';
import { bringBack } from './app/bring-back';
import { Clipboard } from './app/clipboard';
import type { Camera, Parts } from './app/parts';
import { Selected } from './app/selected';
import { sentence } from './app/sentence';
import type { Connection } from './connect';
import { commandsOf, type Command, type CommandTarget } from './commands/index';
import { Editor } from './editor/editor.svelte';
import { Course, lessonInHash } from './learn/course.svelte';
import type { FigureSpec } from './learn/lesson';
import { type Holder, OpenDocument } from './run/document.svelte';
import { Beside } from './run/beside.svelte';
import { startEngine } from './run/engine';
import { History } from './run/history.svelte';
import { Run } from './run/run.svelte';
import { storedWeights } from './run/weights';
import { type MadeSource, newFormula, newPoints, newToySet } from './panels/data/source-choice';
import { sideTabs, type SideTab, Workspace } from './panels/workspace.svelte';
import { bindClipboard, bindKeys } from './ui/keys';
import { clearNews, showNews, type News } from './ui/toast';

export class App implements CommandTarget, Parts {
  readonly host: HostApi;
  readonly editor = new Editor();
  readonly workspace = new Workspace();
  readonly course = new Course();
  readonly run: Run;
  readonly document: OpenDocument;
  readonly history: History;
  readonly beside: Beside;
  readonly clipboard = new Clipboard(this);
  readonly selected = new Selected(this);
  readonly commands: readonly Command[];
  info = $state.raw<HostInfo | null>(null);
  /** False while browser mode's server cannot be reached; editing and training go on. */
  connected = $state(true);
  camera = $state.raw<Camera | null>(null);
  imports = $state.raw<ImportProgress | null>(null);
  /** Set to ask the inspector for its name field. */
  renaming = $state(0);
  /** Set by the window: panes that are folded away by the keyboard. */
  togglePane: (pane: 'left' | 'right' | 'bottom') => void = () => {};

  constructor(connection: Connection) {
    this.host = connection.open(this.#client());
    connection.onState((connected) => {
      this.connected = connected;
      this.workspace.announce(connected ? 'The connection is back.' : 'The connection to the program was lost.');
    });
    this.run = new Run({
      host: this.host,
      start: startEngine,
      notify: (notice) => this.notify(notice),
      history: this.host,
      bookmarks: {
        all: () => this.editor.project.bookmarks ?? [],
        keep: (bookmark) => this.editor.edit(`Bookmark ${bookmark.name}`, edits.keepBookmark(bookmark)),
        drop: (bookmark) => this.editor.edit('Remove the bookmark', edits.dropBookmark(bookmark)),
        rename: (bookmark, name) => this.editor.edit('Rename the bookmark', edits.nameBookmark(bookmark, name)),
        onTooLarge: (text) => this.notify({ kind: 'info', title: 'The bookmark is not kept with the project', text }),
      },
      onData: (data) => {
        this.editor.data = data;
      },
      onStopped: ({ kind, node }) => {
        if (kind === 'breakpoint' && node !== undefined) this.editor.reveal({ node });
      },
    });
    this.history = new History(this.host, (title, error) => this.fault(title, error));
    this.beside = new Beside({
      host: this.host,
      start: startEngine,
      history: this.host,
      run: this.run,
      project: () => this.editor.project,
      adopt: (title, project) => this.editor.edit(`Keep ${title}`, edits.exchange(project)),
      notify: (title, error) => this.fault(title, error),
    });
    this.document = new OpenDocument({
      host: this.host,
      holder: this.#holder(),
      notify: (notice) => this.notify(notice),
      askUnsaved: async (title) => {
        const answer = await this.workspace.ask({
          title: `Save the changes to “${title}”?`,
          text: 'Without saving, the changes since the last save are lost.',
          choices: [
            { value: 'discard', title: 'Don’t save', kind: 'danger' },
            { value: 'cancel', title: 'Cancel' },
            { value: 'save', title: 'Save', kind: 'primary' },
          ],
        });
        return answer === 'save' || answer === 'discard' ? answer : null;
      },
      onOpened: (project) => this.#opened(project),
    });
    this.editor.onRefused = (reason) => this.#refused(reason);
    this.editor.onChange((diff, project) => {
      this.run.stepper.shut(project.settings.lock?.answers ?? false);
      if (this.#opening) return;
      this.run.follow(project, diff.numbers);
      this.document.changed();
    });
    this.commands = commandsOf(this);
  }

  #opening = false;

  /** Loading is not an edit of the project before: `onOpened` tells the engine of it. */
  #holder(): Holder {
    const { editor } = this;
    return {
      get project() {
        return editor.project;
      },
      get dirty() {
        return editor.dirty;
      },
      load: (project) => {
        this.#opening = true;
        try {
          editor.load(project);
        } finally {
          this.#opening = false;
        }
      },
      markSaved: () => editor.markSaved(),
      markDirty: () => editor.markDirty(),
    };
  }

  /** Keys, the host's facts, the welcome view's lists. Returns the way back. */
  start(): () => void {
    const unbind = bindKeys(
      this.commands.flatMap((command) =>
        (command.clipboard ? [] : command.keys).map((keys) => ({
          keys,
          whileTyping: command.whileTyping,
          run: () => {
            if (!command.enabled()) return false;
            command.run();
            return true;
          },
        })),
      ),
    );
    const guard = (event: BeforeUnloadEvent): void => {
      if (this.editor.dirty && this.info?.host === 'browser') event.preventDefault();
    };
    addEventListener('beforeunload', guard);
    addEventListener('hashchange', this.#followHash);
    this.#followHash();
    const unclip = bindClipboard({
      copy: () => (this.workspace.welcome ? '' : this.editor.copy()),
      cut: () => (this.workspace.welcome ? '' : this.editor.cut()),
      paste: this.clipboard.take,
    });
    void this.document.refresh();
    this.host.info().then(
      (info) => {
        this.info = info;
      },
      (error: unknown) =>
        this.notify({ kind: 'error', title: 'The program behind the window does not answer', text: sentence(error) }),
    );
    return () => {
      unbind();
      unclip();
      removeEventListener('beforeunload', guard);
      removeEventListener('hashchange', this.#followHash);
      this.run.stop();
    };
  }

  act = (id: string): void => {
    const command = this.commands.find((one) => one.id === id);
    if (command?.enabled()) command.run();
  };

  tell = (sentence: string): void => this.notify({ kind: 'success', title: sentence });
  fault = (title: string, error: unknown): void => this.notify({ kind: 'error', title, text: sentence(error) });

  /** How far the reading of a table is; null when no news came of that job. */
  progressOf = (job: string): ImportProgress | null => (this.imports?.id === job ? this.imports : null);

  notify(news: News): void {
    showNews(news);
    this.workspace.announce(news.text === undefined ? news.title : `${news.title}. ${news.text}`);
  }

  #lastRefusal = Number.NEGATIVE_INFINITY;
  /** A gesture asks many times; it is answered once. */
  #refused(reason: string): void {
    const now = performance.now();
    if (now - this.#lastRefusal > 1500) this.notify({ kind: 'info', title: reason });
    this.#lastRefusal = now;
  }

  #opened(project: Project): void {
    clearNews();
    this.workspace.welcome = false;
    const { data, lock } = project.settings;
    const wished: SideTab = data.kind === 'none' ? 'inspect' : 'results';
    this.workspace.side =
      sideTabs.find((tab) => tab === wished && !lock?.hides.includes(tab)) ??
      sideTabs.find((tab) => !lock?.hides.includes(tab)) ??
      wished;
    // Of the project before.
    void this.beside.drop();
    void this.beside.end();
    this.run.open(project);
    this.workspace.announce(`Opened ${project.settings.title}.`);
    // The canvas draws first, then fits what it drew.
    setTimeout(() => this.camera?.fit(), 60);
  }

  get empty(): boolean {
    return Object.keys(this.editor.project.nodes).length === 0;
  }
  get hasKeptWeights(): boolean {
    return this.editor.project.weights !== undefined;
  }
  newProject = async (): Promise<void> => void (await this.document.blank());
  open = async (): Promise<void> => void (await this.document.open(null));
  save = (as: boolean): Promise<boolean> => this.document.save(as);

  startPage = async (): Promise<void> => {
    if (!(await this.document.leave())) return;
    if (this.run.running) await this.run.pause();
    this.workspace.welcome = true;
    await this.document.refresh();
  };

  /** The course, at a page of it or where it was left; also the way back from a lesson's project. */
  learn = (page?: string, figure?: FigureSpec['figure']): void => {
    if (this.run.running) void this.run.pause();
    if (page !== undefined) this.course.go(page, figure);
    this.workspace.learn = 'page';
  };

  /** `#learn/3.6.7` in the window's address opens that page: links to pages can be given away. */
  #followHash = (): void => {
    const page = lessonInHash(location.hash);
    if (page !== null) this.learn(page);
  };

  /** A lesson's project: the course steps aside until it is asked for again. */
  openLesson = async (project: Project): Promise<void> => {
    if (await this.document.lesson(project)) this.workspace.learn = 'aside';
  };

  /** Back to the drawing that is still open. */
  resume = (): void => {
    this.workspace.welcome = false;
  };

  newFromData = (): void => this.workspace.push({ kind: 'source' });

  /** The first question of "New from data" is answered. */
  newFrom = async (origin: 'file' | 'folder' | 'paste' | MadeSource['kind']): Promise<void> => {
    const begin = (start: DataPreview | MadeSource): void => this.workspace.push({ kind: 'wizard', start });
    if (origin === 'paste') this.workspace.push({ kind: 'paste', onTable: begin });
    else if (origin === 'generator') begin(newToySet);
    else if (origin === 'formula') begin(newFormula);
    else if (origin === 'points') begin(newPoints);
    else
      try {
        const preview = await this.host.pickData(origin);
        if (preview !== null) begin(preview);
      } catch (error) {
        this.notify({ kind: 'error', title: 'The table could not be read', text: sentence(error) });
      }
  };

  keepWeights = async (): Promise<void> => {
    try {
      const weights = await this.run.readWeights();
      this.editor.edit('Keep trained weights', edits.keepWeights(storedWeights(weights)));
      this.notify({
        kind: 'success',
        title: 'The weights are part of the project now',
        text: 'Save the project to write them to its file.',
      });
    } catch (error) {
      this.notify({ kind: 'error', title: 'The weights could not be read', text: sentence(error) });
    }
  };

  /** The project as it is now waits for its turn, and is trained by the program while the window does something else. */
  queue = async (): Promise<void> => {
    const { project } = this.editor;
    const fine = await this.history.startSweep({
      name: project.settings.title,
      project,
      dataset: this.run.feed.datasetId,
      axes: [],
      random: null,
    });
    if (!fine) return;
    this.workspace.showBottom('runs');
    this.workspace.announce('The project is in the queue.');
  };

  bringBack = (id: string, where: 'here' | 'new', which: 'last' | 'best' = 'last'): Promise<void> =>
    bringBack(this, id, where, which);

  dropWeights = (): void => void this.editor.edit('Remove kept weights', edits.keepWeights(null));

  reset = async (seed: 'same' | 'new'): Promise<void> => {
    clearNews();
    if (seed === 'new') {
      if (this.editor.lock?.keeps.includes('seeds')) return;
      const next = this.editor.project.settings.training.seed + 1;
      this.editor.edit('Change the seed', edits.setTraining({ seed: next }));
      await this.run.reset(next);
    } else await this.run.reset(this.editor.project.settings.training.seed);
    this.workspace.announce('The weights were reset.');
  };

  /** A row of numbers can be typed: the drawing stands, and takes no more of them than people type. */
  get canTypeRow(): boolean {
    return this.run.backend !== null && this.editor.lock === null && blanksOf(this.editor.project) !== null;
  }

  stepThrough = async (): Promise<void> => {
    if (this.run.running) await this.run.pause();
    const { look } = this.run.live;
    const row = look === 'batch' ? (this.run.dataset?.split.train[0] ?? 0) : look.row;
    await this.#stepInPanel(row, {});
  };

  /** The panel comes with the first step, all at once; by itself only where recording takes a while. */
  async #stepInPanel(row: number, wish: TraceWish): Promise<void> {
    const opening = this.openTrace(row, wish);
    await Promise.race([opening, new Promise((resolve) => setTimeout(resolve, 150))]);
    this.workspace.showBottom('stepper');
    await opening;
    // So that Space plays, and does not press again what opened it.
    await tick();
    document.querySelector<HTMLElement>('#step-in-focus')?.focus({ preventScroll: true });
  }

  /** The selected node in place of the loss; of an array the sum. */
  deriveSelected = async (): Promise<void> => {
    const drawn = this.editor.selectedNodes.at(-1);
    const node = drawn === undefined ? undefined : this.editor.checked.expansion.output.get(drawn);
    if (node === undefined) return;
    if (this.run.running) await this.run.pause();
    const row = this.run.stepper.trace?.row ?? this.run.dataset?.split.train[0] ?? 0;
    await this.#stepInPanel(row, { ...this.run.stepper.wish, target: { node, element: 'sum' } });
  };

  openTrace = async (row: number, wish?: TraceWish): Promise<void> => {
    try {
      await this.run.stepper.open(row, wish);
    } catch (error) {
      this.notify({ kind: 'error', title: 'The iteration could not be recorded', text: sentence(error) });
    }
  };

  present = (): void => this.workspace.present(!this.workspace.presenting);

  rename = (): void => {
    this.workspace.show('inspect');
    this.renaming++;
  };

  /** The selected node's name, or the number of the selected part, is to be changed. */
  inspect = (): void => {
    if (this.editor.selectedPart === null) {
      this.rename();
      return;
    }
    this.workspace.show('inspect');
    setTimeout(() => document.querySelector<HTMLElement>('#part-value')?.focus(), 60);
  };

  #client(): ClientApi {
    return {
      pickPath: (request) => this.workspace.pick(request),
      importProgress: async (progress) => {
        this.imports = progress;
        this.run.feed.progress(progress);
      },
      runCommand: async (id) => this.act(id),
      openFile: async (file) => void (await this.document.open(file.token)),
      confirmClose: () => this.document.leave(),
    };
  }
}
