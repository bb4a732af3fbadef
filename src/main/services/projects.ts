/**
 * Project files: reading, writing, the recent ones, the examples, the copies that survive a crash, and who
 * else has a file open. Windows know files by tokens; only this service knows which path a token means.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { faultText, FILE_LIMIT, parseProject } from '../../engine/graph/project-file';
import { serialiseProject } from '../../engine/graph/project-text';
import type { FileFault } from '../../engine/graph/file-reader';
import { withFiles, type Project } from '../../engine/graph/project';
import { generatorOf, generators } from '../../engine/data/generators';
import { opOf } from '../../engine/ops/index';
import { optimizerOf, optimizers } from '../../engine/optimizers/index';
import { scheduleOf, schedules } from '../../engine/train/schedules';
import type { Example, FileRef, RecentFile, Recovery } from '../contract';
import { readWhole, writeOwn, writeWhole } from './files';
import type { Instance } from './instance';
import { reasonOf, Refusal } from './refusal';

export const PROJECT_EXTENSION = '.chainrule';
const RECENT_LIMIT = 12;

/** The project in a file, with its data file's path made absolute. Throws a refusal for people. */
export async function readProjectFile(path: string): Promise<Project> {
  const bytes = await readWhole(path, FILE_LIMIT);
  const name = basename(path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal(
      `'${name}' is not a Chainrule project: it does not hold text (UTF-8). Choose a ${PROJECT_EXTENSION} file.`,
      'bad-project',
    );
  }
  const parsed = parseProject(text, opOf);
  if (!parsed.ok) throw new Refusal(`'${name}' cannot be opened.\n${faultText(parsed.faults)}`, 'bad-project');
  const unknown = unknownName(parsed.value);
  if (unknown) throw new Refusal(`'${name}' cannot be opened.\n${faultText([unknown])}`, 'bad-project');
  return withDataPath(parsed.value, (path_) => absoluteData(path_, dirname(resolve(path))));
}

/** Names of things that floors above the file format list. */
function unknownName({ settings: { data, training } }: Project): FileFault | null {
  const choose = (names: readonly string[]): string => `Choose one of: ${names.join(', ')}.`;
  if (!optimizerOf(training.optimizer))
    return {
      place: 'training.optimizer',
      message: `'${training.optimizer}' is not an optimiser that this program knows. ${choose(optimizers.map((o) => o.name))}`,
    };
  const { schedule } = training;
  const rule = schedule && scheduleOf(schedule.kind);
  if (schedule && !rule)
    return {
      place: 'training.schedule.kind',
      message: `'${schedule.kind}' is not a learning-rate schedule that this program knows. ${choose(schedules.map((s) => s.kind))}`,
    };
  for (const [name, value] of Object.entries(schedule?.settings ?? {})) {
    const spec = rule!.settings[name];
    if (!spec || !(value >= spec.min && value <= spec.max))
      return {
        place: `training.schedule.${name}`,
        message: spec
          ? `must be a number from ${spec.min} to ${spec.max}, but is ${value}.`
          : `is not a setting of the schedule '${schedule!.kind}'. ${Object.keys(rule!.settings).length > 0 ? choose(Object.keys(rule!.settings)) : 'It has none.'}`,
      };
  }
  if (data.kind === 'generator' && !generatorOf(data.name))
    return {
      place: 'data.name',
      message: `'${data.name}' is not a toy data set that this program knows. ${choose(generators.map((g) => g.name))}`,
    };
  return null;
}

/** All or nothing; what is written has been read back from its own text first. */
export async function writeProjectFile(path: string, project: Project): Promise<void> {
  const folder = dirname(resolve(path));
  const text = serialiseProject(
    withDataPath(project, (data) => portableData(data, folder)),
    opOf,
  );
  const parsed = parseProject(text, opOf);
  if (!parsed.ok)
    throw new Refusal(
      `'${basename(path)}' was not saved, since it could not be opened again; the file on disk is unchanged.\n${faultText(parsed.faults)}`,
      'bad-project',
    );
  await writeWhole(path, text);
}

function withDataPath(project: Project, change: (path: string) => string): Project {
  const data = withFiles(project.settings.data, change);
  return data === project.settings.data ? project : { ...project, settings: { ...project.settings, data } };
}

export const isBundled = (path: string): boolean => path.startsWith('dataset:');
const absoluteData = (path: string, folder: string): string =>
  isBundled(path) || isAbsolute(path) ? path : resolve(folder, path);

/** Data beside or below the project travels with it: such a path is stored relative, with forward slashes. */
function portableData(path: string, folder: string): string {
  if (isBundled(path) || !isAbsolute(path)) return path;
  const within = relative(folder, path);
  return within.startsWith('..') || isAbsolute(within) ? path : within.split(sep).join('/');
}

interface StoredRecovery {
  readonly instance: string;
  readonly window: string;
  readonly path: string | null;
  readonly savedAt: number;
  /** The text of a project file. */
  readonly project: string;
}

interface Lock {
  readonly instance: string;
  readonly window: string;
}

export class Projects {
  private readonly tokens = new Map<string, string>();
  private readonly paths = new Map<string, string>();
  /** Windows of this program that have a file open. */
  private readonly openHere = new Map<string, Set<string>>();
  private readonly windows = new Set<string>();

  constructor(
    private readonly config: string,
    private readonly resources: string,
    private readonly instance: Instance,
  ) {}

  /** The token by which windows know a path. */
  ref(path: string): FileRef {
    const full = resolve(path);
    let token = this.paths.get(full);
    if (!token) {
      token = randomBytes(16).toString('hex');
      this.paths.set(full, token);
      this.tokens.set(token, full);
    }
    return { token, name: basename(full), path: full };
  }

  pathOf(token: string): string {
    const path = this.tokens.get(token);
    if (!path) throw new Refusal('This file is not known to the program any more. Open it again.', 'unknown-token');
    return path;
  }

  // ── windows and locks ──

  openWindow(window: string): void {
    this.windows.add(window);
  }

  async closeWindow(window: string): Promise<void> {
    this.windows.delete(window);
    await this.leave(window);
  }

  private lockFolder(path: string): string {
    return join(this.config, 'locks', createHash('sha256').update(path).digest('hex').slice(0, 32));
  }

  /** Notes that a window has a file open; true when another window, of any instance, has it too. */
  async enter(window: string, path: string): Promise<boolean> {
    await this.leave(window);
    const real = await realpath(path).catch(() => resolve(path));
    const here = this.openHere.get(real) ?? new Set();
    this.openHere.set(real, here);
    let also = here.size > 0;
    here.add(window);
    const folder = this.lockFolder(real);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const name of await readdir(folder)) {
        const lock = parseLock(await readFile(join(folder, name), 'utf8').catch(() => ''));
        if (lock?.instance === this.instance.id) continue;
        if (lock && (await this.instance.isAlive(lock.instance))) also = true;
        else await rm(join(folder, name), { force: true });
      }
      await writeOwn(
        join(folder, `${lockName(this.instance.id, window)}.json`),
        JSON.stringify({ instance: this.instance.id, window } satisfies Lock),
      );
    } catch {
      // Without a writable settings folder only this program's own windows are told apart.
    }
    return also;
  }

  private async leave(window: string): Promise<void> {
    for (const [path, windows] of this.openHere)
      if (windows.delete(window)) {
        if (windows.size === 0) this.openHere.delete(path);
        const folder = this.lockFolder(path);
        await rm(join(folder, `${lockName(this.instance.id, window)}.json`), { force: true }).catch(() => undefined);
        // Only when it was the last.
        await rmdir(folder).catch(() => undefined);
      }
  }

  // ── recent files ──

  private get recentPath(): string {
    return join(this.config, 'recent.json');
  }

  private async recentList(): Promise<{ path: string; openedAt: number }[]> {
    try {
      const list: unknown = JSON.parse(await readFile(this.recentPath, 'utf8'));
      if (!Array.isArray(list)) return [];
      return list.filter((item): item is { path: string; openedAt: number } => {
        const { path, openedAt } = (item ?? {}) as Record<string, unknown>;
        return typeof path === 'string' && isAbsolute(path) && typeof openedAt === 'number';
      });
    } catch {
      return [];
    }
  }

  async recent(): Promise<readonly RecentFile[]> {
    const files: RecentFile[] = [];
    for (const { path, openedAt } of await this.recentList())
      if (await stat(path).catch(() => null)) files.push({ ...this.ref(path), openedAt });
    return files;
  }

  async remember(path: string): Promise<void> {
    const full = resolve(path);
    const list = (await this.recentList()).filter((file) => file.path !== full);
    list.unshift({ path: full, openedAt: Date.now() });
    // A list of recent files that cannot be kept is no reason to fail at saving.
    await writeOwn(this.recentPath, JSON.stringify(list.slice(0, RECENT_LIMIT), null, 2)).catch(() => undefined);
  }

  async forget(token: string): Promise<void> {
    const path = this.pathOf(token);
    const list = (await this.recentList()).filter((file) => file.path !== path);
    await writeOwn(this.recentPath, JSON.stringify(list, null, 2)).catch(() => undefined);
  }

  // ── examples ──

  async examples(): Promise<readonly Example[]> {
    const folder = join(this.resources, 'examples');
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(PROJECT_EXTENSION)).sort();
    const examples: Example[] = [];
    for (const file of names) {
      const parsed = parseProject(await readFile(join(folder, file), 'utf8'), opOf);
      // Examples are part of the program; the tests read each of them.
      if (!parsed.ok) throw new Error(`The example ${file} is broken: ${faultText(parsed.faults)}`);
      const project = parsed.value;
      examples.push({
        name: file.slice(0, -PROJECT_EXTENSION.length),
        title: project.settings.title,
        about: project.settings.notes,
        project,
      });
    }
    return examples;
  }

  // ── recovery ──

  private recoveryPath(id: string): string {
    return join(this.config, 'recovery', `${id}.json`);
  }

  async autosave(window: string, project: Project, path: string | null, dirty: boolean): Promise<void> {
    if (!dirty) return this.forgetAutosave(window);
    const id = lockName(this.instance.id, window);
    const text = serialiseProject(project, opOf);
    await writeOwn(
      this.recoveryPath(id),
      JSON.stringify({ instance: this.instance.id, window, path, savedAt: Date.now(), project: text }),
    ).catch((error: unknown) => {
      throw new Refusal(
        `The copy for recovery could not be written: ${reasonOf(error)}. Save your project to a file.`,
        'autosave',
      );
    });
  }

  async forgetAutosave(window: string): Promise<void> {
    await rm(this.recoveryPath(lockName(this.instance.id, window)), { force: true }).catch(() => undefined);
  }

  /**
   * The window's page was loaded anew: what the old page left is no longer this window's present work, and
   * gets a name of its own, so that the new page's autosave does not take its place.
   */
  async leaveBehind(window: string): Promise<void> {
    const own = this.recoveryPath(lockName(this.instance.id, window));
    try {
      const stored = JSON.parse(await readFile(own, 'utf8')) as StoredRecovery;
      await writeOwn(
        this.recoveryPath(randomBytes(16).toString('hex')),
        JSON.stringify({ ...stored, window: '' } satisfies StoredRecovery),
      );
      await rm(own, { force: true });
    } catch {
      // There was none.
    }
  }

  /** Work of windows that are gone. What cannot be read is left alone. */
  async recoveries(): Promise<readonly Recovery[]> {
    const found: Recovery[] = [];
    for (const name of await readdir(join(this.config, 'recovery')).catch(() => [])) {
      const id = name.replace(/\.json$/, '');
      if (!isRecoveryId(id)) continue;
      try {
        const stored = JSON.parse(await readFile(this.recoveryPath(id), 'utf8')) as StoredRecovery;
        const open =
          stored.instance === this.instance.id ? this.windows.has(stored.window) : await this.instance.isAlive(stored.instance);
        if (open) continue;
        const parsed = parseProject(stored.project, opOf);
        if (parsed.ok)
          found.push({
            id,
            project: parsed.value,
            file: typeof stored.path === 'string' ? this.ref(stored.path) : null,
            savedAt: Number(stored.savedAt),
          });
      } catch {
        // Half a copy is no copy.
      }
    }
    return found.sort((a, b) => b.savedAt - a.savedAt);
  }

  async discardRecovery(id: string): Promise<void> {
    if (!isRecoveryId(id)) throw new Refusal('There is no such recovered project.');
    await rm(this.recoveryPath(id), { force: true });
  }
}

const lockName = (instance: string, window: string): string =>
  createHash('sha256').update(`${instance}/${window}`).digest('hex').slice(0, 32);
const isRecoveryId = (id: string): boolean => /^[0-9a-f]{32}$/.test(id);

function parseLock(text: string): Lock | null {
  try {
    const { instance, window } = JSON.parse(text) as Record<string, unknown>;
    return typeof instance === 'string' && typeof window === 'string' ? { instance, window } : null;
  } catch {
    return null;
  }
}

/** A path with the project's extension, where the dialog let the user leave it out. */
export const withExtension = (path: string, extension: string): string => (extname(path) === '' ? path + extension : path);
