/**
 * The one implementation of `HostApi`. A shell (desktop, browser mode, a test) brings a `Platform`: how to
 * ask for a path, open a link, set a title. All decisions are here or in the services, so that the shells
 * have none to make differently.
 */
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path';
import type { ClientApi, FileRef, HostApi, HostInfo, MenuEntry, OpenedProject, PickRequest } from './contract';
import { Compiler } from './services/compiler';
import { asRefusal, Datasets } from './services/datasets';
import { dataPath } from './services/data-files';
import { previewFile, previewTable } from './services/previews';
import { filesOf, type DataSource, type Project } from '../engine/graph/project';
import { exportBytes, exporterOf, modelOf, writeExport } from './services/exports';
import { writeWhole } from './services/files';
import { configFolder, resources, version } from './services/folders';
import { startInstance, type Instance } from './services/instance';
import { RunStore } from './services/runs/run-store';
import { startThread } from './services/runs/thread';
import { Sweeps } from './services/runs/sweeps';
import { isBundled, PROJECT_EXTENSION, Projects, readProjectFile, withExtension, writeProjectFile } from './services/projects';
import { fileRefusal, Refusal } from './services/refusal';

/** What a shell brings, for one window. */
export interface Platform {
  readonly host: HostInfo['host'];
  /** Names the window; the same again when it reconnects. */
  readonly window: string;
  readonly client: ClientApi;
  /** A full path, or null when the user cancelled. */
  pick(request: PickRequest): Promise<string | null>;
  openExternal(url: string): Promise<void>;
  setDocument(title: string, dirty: boolean): void;
  setMenu(entries: readonly MenuEntry[]): void;
  /** The window has made its first call, so it can be called. */
  ready?(): void;
  /** Where the operating system keeps recent documents, tell it. */
  noteRecent?(path: string): void;
}

/** What all windows of one running program share. */
export interface House {
  readonly projects: Projects;
  readonly datasets: Datasets;
  readonly compiler: Compiler;
  readonly runs: RunStore;
  readonly sweeps: Sweeps;
  readonly instance: Instance;
  /** Files are closed and locks are given back. */
  close(): Promise<void>;
}

/** After the start, in ms. */
const TAKE_OVER = 3000;

export async function openHouse(config = configFolder()): Promise<House> {
  const instance = await startInstance(config);
  const runs = new RunStore(config, instance);
  const sweeps = new Sweeps(runs, startThread);
  // What a killed program left goes on, once the window had its first moments.
  const afterwards = setTimeout(() => void sweeps.takeOver().catch(() => undefined), TAKE_OVER);
  afterwards.unref();
  return {
    projects: new Projects(config, resources, instance),
    datasets: new Datasets(),
    compiler: new Compiler(),
    runs,
    sweeps,
    instance,
    close: async () => {
      clearTimeout(afterwards);
      await sweeps.close();
      await runs.close();
      await instance.close();
    },
  };
}

/** A window's host; `close` when the window is gone for good. */
export interface Host extends HostApi {
  /** The window shows its page for the first time, or anew: unsaved work of the page before is put aside. */
  pageLoaded(): void;
  /** The user closed the window and did not want its work kept. */
  forgetRecovery(): Promise<void>;
  close(): Promise<void>;
}

const PROJECT_FILTER = { name: 'Chainrule project', extensions: [PROJECT_EXTENSION.slice(1)] };
const DATA_FILTER = {
  name: 'Tables, arrays, pictures',
  extensions: ['csv', 'tsv', 'tab', 'txt', 'data', 'npy', 'npz', 'gz', 'zip', 'idx', 'ubyte'],
};
const ALL_FILES = { name: 'All files', extensions: ['*'] };

const systems = { linux: 'linux', darwin: 'darwin', win32: 'win32' } as const;

/** Paths of other computers: naming one in a project must not make this one log in there. */
const isNetworkPath = (path: string): boolean => /^(\\\\|\/\/)/.test(path);

/** A name that any file system takes. */
const fileName = (title: string): string =>
  title
    .replace(/[\\/:*?"<>|\p{Cc}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\.+$/, '')
    .slice(0, 100) || 'Untitled';

export function createHost(house: House, platform: Platform): Host {
  const { projects, datasets, compiler, runs, sweeps } = house;
  const { window, client } = platform;
  projects.openWindow(window);
  /** Data files this window may read: picked in a dialog, or named by a project that it opened. */
  const granted = new Set<string>();
  /** Done when what an earlier page left is put aside. */
  let arrival: Promise<void> = Promise.resolve();

  /** Runs that this window trains. */
  const training = new Set<string>();
  const interrupt = (): Promise<void> => {
    const ids = [...training];
    training.clear();
    return runs.interrupt(ids);
  };

  const grant = (project: Project): void => {
    for (const path of filesOf(project.settings.data))
      if (!isBundled(path) && isAbsolute(path) && !isNetworkPath(path)) granted.add(resolve(path));
  };
  const requireGrant = (source: DataSource): void => {
    for (const path of filesOf(source)) {
      const file = dataPath(path);
      if (!isBundled(path) && !granted.has(file))
        throw new Refusal(
          `'${basename(path)}' was not chosen in this session. Choose the file again in the Data panel.`,
          'not-granted',
        );
    }
  };

  const open = async (path: string): Promise<OpenedProject> => {
    const project = await readProjectFile(path);
    grant(project);
    const alsoOpen = await projects.enter(window, path);
    await projects.remember(path);
    platform.noteRecent?.(path);
    return { project, file: projects.ref(path), alsoOpen };
  };

  const refuseFolderListing = (): never => {
    throw new Refusal('Folders are listed in browser mode only.');
  };

  const saveFile = async (content: string | Uint8Array, suggestedName: string): Promise<FileRef | null> => {
    const extension = extname(suggestedName);
    const picked = await platform.pick({
      mode: 'save',
      title: 'Save',
      filters: extension === '' ? [ALL_FILES] : [{ name: extension.slice(1).toUpperCase(), extensions: [extension.slice(1)] }],
      suggestedName: fileName(suggestedName),
    });
    if (picked === null) return null;
    const path = withExtension(picked, extension);
    await writeWhole(path, content);
    return projects.ref(path);
  };

  return {
    info: async () => {
      platform.ready?.();
      return {
        host: platform.host,
        version,
        platform: systems[process.platform as keyof typeof systems] ?? 'other',
        home: homedir(),
      };
    },

    compile: (project, profile, backend, revision, data) =>
      Promise.resolve(compiler.compile(project, profile, backend, revision, data)),

    examples: () => projects.examples(),
    recentFiles: () => projects.recent(),
    forgetRecentFile: (token) => projects.forget(token),

    openProject: async (token) => {
      const path =
        token === null
          ? await platform.pick({
              mode: 'open',
              title: 'Open a project',
              filters: [PROJECT_FILTER, ALL_FILES],
              suggestedName: '',
            })
          : projects.pathOf(token);
      return path === null ? null : open(path);
    },

    saveProject: async (project, token, as) => {
      let path = token === null ? null : projects.pathOf(token);
      if (path === null || as) {
        const picked = await platform.pick({
          mode: 'save',
          title: 'Save the project',
          filters: [PROJECT_FILTER],
          suggestedName: path ? basename(path) : `${fileName(project.settings.title)}${PROJECT_EXTENSION}`,
        });
        if (picked === null) return null;
        path = withExtension(picked, PROJECT_EXTENSION);
      }
      await writeProjectFile(path, project);
      await projects.enter(window, path);
      await projects.remember(path);
      platform.noteRecent?.(path);
      await projects.forgetAutosave(window);
      return projects.ref(path);
    },

    autosave: (project, token, dirty) =>
      projects.autosave(window, project, token === null ? null : projects.pathOf(token), dirty),

    recoveries: async () => {
      await arrival;
      const found = await projects.recoveries();
      for (const { project } of found) grant(project);
      return found;
    },
    discardRecovery: (id) => projects.discardRecovery(id),

    pickData: async (what) => {
      const path = await platform.pick({
        mode: what === 'folder' ? 'folder' : 'open',
        title: what === 'folder' ? 'Choose a folder of pictures' : 'Choose a file of data',
        filters: what === 'folder' ? [] : [DATA_FILTER, ALL_FILES],
        suggestedName: '',
      });
      if (path === null) return null;
      const preview = await refusing(previewFile(resolve(path)));
      // Files that belong to the chosen one are meant by it.
      for (const file of filesOf(preview.source)) granted.add(dataPath(file));
      return preview;
    },
    previewData: async (source, guess) => {
      requireGrant(source);
      return refusing(previewTable(source, guess));
    },

    loadDataset: async (source, split, jobId) => {
      requireGrant(source);
      return datasets.load(
        window,
        source,
        split,
        jobId,
        (progress) => void client.importProgress(progress).catch(() => undefined),
      );
    },
    datasetPart: async (id, part, from) => datasets.part(window, id, part, from),
    forgetNumbers: async (id) => datasets.forgetNumbers(window, id),
    releaseDataset: async (id) => datasets.release(window, id),
    cancelJob: async (jobId) => datasets.cancel(window, jobId),

    exportModel: async ({ format, project, weights, dataset }) => {
      const exporter = exporterOf(format);
      const data = dataset === null ? null : datasets.about(window, dataset);
      const model = modelOf(project, weights, data?.info ?? null);
      const { bytes, verification } = await exportBytes(exporter, model, data?.sample ?? null);
      const picked = await platform.pick({
        mode: 'save',
        title: `Export as ${exporter.title}`,
        filters: [{ name: exporter.title, extensions: [exporter.extension.replace(/^\./, '')] }],
        suggestedName: `${fileName(project.settings.title)}.${exporter.extension.replace(/^\./, '')}`,
      });
      if (picked === null) return null;
      const path = withExtension(picked, `.${exporter.extension.replace(/^\./, '')}`);
      await writeExport(path, bytes);
      return { file: projects.ref(path), bytes: bytes.length, verification };
    },

    saveText: saveFile,
    saveBytes: saveFile,

    beginRun: async ({ name, origin, project, dataset, changes = '', tags = [] }) => {
      // What is opened from the history may be read again, so nothing may come in that could not be read now.
      requireGrant(project.settings.data);
      const data = dataset === null ? null : datasets.about(window, dataset).fingerprint;
      const id = await runs.begin({ name, origin, project, data, changes, tags });
      training.add(id);
      return id;
    },
    reportRun: (id, news) => {
      if (news.project) requireGrant(news.project.settings.data);
      if (news.status === 'running') training.add(id);
      else if (news.status !== undefined) training.delete(id);
      return runs.report(id, news);
    },
    runHistory: (since) => runs.history(since),
    runDetail: async (id) => {
      const detail = await runs.detail(id);
      grant(detail.project);
      return detail;
    },
    runCheckpoint: (id) => runs.checkpoint(id),
    runBest: (id) => runs.best(id),
    continueRun: async (id) => {
      await runs.resume(id);
      training.add(id);
    },
    changeRun: (id, change) => runs.change(id, change),
    deleteRuns: (ids) => runs.delete(ids),
    limitRuns: (limits) => runs.limit(limits),
    startSweep: async ({ name, project, dataset, axes, random }) => {
      requireGrant(project.settings.data);
      const data = dataset === null ? null : datasets.about(window, dataset).fingerprint;
      return sweeps.start({ name, project, data, axes, random });
    },
    sweeps: () => sweeps.list(),
    pauseSweep: (id) => sweeps.pause(id),
    continueSweep: (id) => sweeps.continue(id),
    cancelSweep: (id) => sweeps.cancel(id),
    queue: () => sweeps.queue.list(),
    moveInQueue: (run, before) => sweeps.queue.move(run, before),
    changeQueued: (run, project) => sweeps.queue.change(run, project),
    dropQueued: (run) => sweeps.drop(run),

    openExternal: async (url) => {
      if (!isSafeLink(url)) throw new Refusal('Only https links are opened.');
      await platform.openExternal(url);
    },
    setDocument: async (title, dirty) => platform.setDocument(title, dirty),
    setMenu: async (entries) => platform.setMenu(entries),

    listFolder: async (folder) => (platform.host === 'electron' ? refuseFolderListing() : listFolder(folder ?? homedir())),

    pageLoaded: () => {
      arrival = projects.leaveBehind(window);
      // A page that only lost its connection goes on with its news, and says so.
      void interrupt().catch(() => undefined);
    },
    forgetRecovery: () => projects.forgetAutosave(window),
    close: async () => {
      datasets.closeWindow(window);
      await interrupt().catch(() => undefined);
      await projects.closeWindow(window);
    },
  };
}

/** What is wrong with data is told to the user like every refusal. */
const refusing = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw asRefusal(error);
  });

export function isSafeLink(url: string): boolean {
  try {
    const { protocol, username, password } = new URL(url);
    return protocol === 'https:' && username === '' && password === '';
  } catch {
    return false;
  }
}

const LISTED = 5000;

async function listFolder(folder: string): Promise<Awaited<ReturnType<HostApi['listFolder']>>> {
  if (!isAbsolute(folder)) throw new Refusal(`'${folder}' is not a full path. Write one that starts at the root.`);
  const full = resolve(folder);
  try {
    const names = (await readdir(full, { withFileTypes: true })).filter((entry) => !entry.name.startsWith('.')).slice(0, LISTED);
    const entries = await Promise.all(
      names.map(async (entry) => {
        // Links that lead nowhere, and files that vanish meanwhile, are not shown.
        const about = await stat(join(full, entry.name)).catch(() => null);
        return about && (about.isDirectory() || about.isFile())
          ? [
              {
                name: entry.name,
                folder: about.isDirectory(),
                bytes: about.isDirectory() ? 0 : about.size,
                modifiedAt: about.mtimeMs,
              },
            ]
          : [];
      }),
    );
    const sorted = entries.flat().sort((a, b) => Number(b.folder) - Number(a.folder) || a.name.localeCompare(b.name));
    return { folder: full, parent: dirname(full) === full ? null : dirname(full), entries: sorted };
  } catch (error) {
    throw fileRefusal(error, full, 'read');
  }
}
