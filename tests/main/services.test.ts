/**
 * The services on a real disk: saving is all or nothing, other windows and other programs are seen, work
 * survives a crash, data is read in slices and given back; and everything that can go wrong with files is
 * a sentence.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Profile } from '../../src/engine/backends/backend';
import { serialiseProject } from '../../src/engine/graph/project-text';
import { emptyProject, type CsvSource, type DataSource, type Project } from '../../src/engine/graph/project';
import type { ClientApi, HostApi, ImportProgress, PickRequest } from '../../src/main/contract';
import { createHost, openHouse, type Host, type House } from '../../src/main/host';
import { Compiler } from '../../src/main/services/compiler';
import { readDataset } from '../../src/main/services/datasets';
import { readWhole, writeWhole } from '../../src/main/services/files';
import { configFolder } from '../../src/main/services/folders';
import { readProjectFile, writeProjectFile } from '../../src/main/services/projects';
import { fileRefusal } from '../../src/main/services/refusal';
import { npy } from '../support/array-files';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const csv: CsvSource = {
  kind: 'csv',
  path: '',
  separator: '',
  decimal: '.',
  header: true,
  features: [],
  targets: ['y'],
  task: 'auto',
  missing: 'drop-row',
  standardise: true,
};
const small: Project = {
  ...emptyProject,
  nodes: { x: { id: 'x', op: 'input', attrs: { shape: [2] } } },
  positions: { x: { x: 0, y: 0 } },
  settings: { ...emptyProject.settings, title: 'Small' },
};

/** Permissions do not stop the superuser, who runs the tests in containers. */
const root = process.getuid?.() === 0;

/** Memory that nobody holds is given back when the engine feels like it, unless it is told to. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

let folder: string;
let config: string;
const houses: House[] = [];

interface Window {
  readonly host: Host;
  readonly house: House;
  answers: (string | null)[];
  readonly asked: PickRequest[];
  readonly progress: ImportProgress[];
}

async function house(): Promise<House> {
  const made = await openHouse(config);
  houses.push(made);
  return made;
}

function window(own: House, name: string): Window {
  const made: { answers: (string | null)[]; asked: PickRequest[]; progress: ImportProgress[] } = {
    answers: [],
    asked: [],
    progress: [],
  };
  const client: ClientApi = {
    pickPath: async () => null,
    importProgress: async (progress) => void made.progress.push(progress),
    runCommand: async () => undefined,
    openFile: async () => undefined,
    confirmClose: async () => true,
  };
  const host = createHost(own, {
    host: 'test',
    window: name,
    client,
    pick: async (request) => {
      made.asked.push(request);
      return made.answers.shift() ?? null;
    },
    openExternal: async () => undefined,
    setDocument: () => undefined,
    setMenu: () => undefined,
  });
  return Object.assign(made, { host, house: own });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chainrule-services-'));
  config = join(folder, 'config');
});
afterEach(async () => {
  for (const own of houses.splice(0)) await own.close();
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true, force: true });
});

describe('saving', () => {
  test('leaves no temporary files, and replaces what was there in one go', async () => {
    const path = join(folder, 'a.chainrule');
    await writeProjectFile(path, small);
    await writeProjectFile(path, { ...small, settings: { ...small.settings, title: 'Second' } });
    expect((await readProjectFile(path)).settings.title).toBe('Second');
    expect((await readdir(folder)).filter((name) => name.startsWith('a.'))).toEqual(['a.chainrule']);
  });

  test('keeps permissions and links, and the last of several writes at once', async () => {
    const path = join(folder, 'a.txt');
    await writeWhole(path, 'first');
    await chmod(path, 0o640);
    await symlink(path, join(folder, 'link.txt'));
    await Promise.all(Array.from({ length: 20 }, (_, i) => writeWhole(join(folder, i % 2 ? 'link.txt' : 'a.txt'), `${i}`)));
    expect(await readFile(path, 'utf8')).toBe('19');
    expect((await lstat(path)).mode & 0o777).toBe(0o640);
    expect((await lstat(join(folder, 'link.txt'))).isSymbolicLink()).toBe(true);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('a project that could not be opened again is not written over one that can', async () => {
    const path = join(folder, 'a.chainrule');
    await writeProjectFile(path, small);
    const before = await readFile(path, 'utf8');
    const broken: Project = { ...small, positions: { x: { x: Number.NaN, y: 0 } } };
    await expect(writeProjectFile(path, broken)).rejects.toThrow(/was not saved.*\n.*nodes\.x\.at/);
    expect(await readFile(path, 'utf8')).toBe(before);
  });

  test('a write-protected file is refused, not replaced', async () => {
    const path = join(folder, 'a.chainrule');
    await writeProjectFile(path, small);
    await chmod(path, 0o444);
    await expect(writeProjectFile(path, small)).rejects.toThrow(/'a\.chainrule' is write-protected.*another name/);
  });

  test.skipIf(root)('so is a write-protected folder', async () => {
    await chmod(folder, 0o555);
    await expect(writeProjectFile(join(folder, 'b.chainrule'), small)).rejects.toThrow(/write-protected/);
  });

  test('a folder that is gone, a folder in place of the file, a name too long', async () => {
    await expect(writeProjectFile(join(folder, 'nowhere', 'a.chainrule'), small)).rejects.toThrow(/its folder does not exist/);
    await mkdir(join(folder, 'b.chainrule'));
    await expect(writeProjectFile(join(folder, 'b.chainrule'), small)).rejects.toThrow(/is a folder/);
    await expect(writeProjectFile(join(folder, `${'x'.repeat(300)}.chainrule`), small)).rejects.toThrow(/too long/);
  });

  test('a full disk leaves the old file as it was, and nothing beside it', async ({ skip }) => {
    // A disk of 64 KB, where the tests may make one.
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const [code] = (await once(
      spawn('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' }).on('error', () => undefined),
      'close',
    ).catch(() => [1])) as [number];
    if (code !== 0) skip('no small disk can be made here (it needs the right to mount)');
    try {
      const path = join(disk, 'a.chainrule');
      await writeProjectFile(path, small);
      const before = await readFile(path, 'utf8');
      const large: Project = { ...small, settings: { ...small.settings, notes: 'x'.repeat(90_000) } };
      await expect(writeProjectFile(path, large)).rejects.toThrow(
        /disk is full, so 'a\.chainrule' was not saved; the file on disk is unchanged/,
      );
      expect(await readFile(path, 'utf8')).toBe(before);
      expect(await readdir(disk)).toEqual(['a.chainrule']);
    } finally {
      await once(spawn('umount', [disk]), 'close');
    }
  });

  test('a full disk is a sentence', () => {
    expect(fileRefusal(Object.assign(new Error(), { code: 'ENOSPC' }), '/d/a.chainrule', 'write').message).toMatch(
      /Free some space, or save in another place/,
    );
  });

  test.skipIf(process.platform !== 'linux')('nothing is put in the place of a device', async () => {
    await once(spawn('mkfifo', [join(folder, 'pipe')]), 'close');
    await expect(writeWhole(join(folder, 'pipe'), 'x')).rejects.toThrow(/not an ordinary file/);
  });

  test('data beside the project is stored by a relative path, and found again after both have moved', async () => {
    const home = join(folder, 'one');
    await mkdir(join(home, 'data'), { recursive: true });
    await writeFile(join(home, 'data', 't.csv'), 'x,y\n1,2\n');
    const project: Project = { ...small, settings: { ...small.settings, data: { ...csv, path: join(home, 'data', 't.csv') } } };
    await writeProjectFile(join(home, 'p.chainrule'), project);
    expect(JSON.parse(await readFile(join(home, 'p.chainrule'), 'utf8'))).toMatchObject({ data: { path: 'data/t.csv' } });
    await rename(home, join(folder, 'two'));
    const moved = await readProjectFile(join(folder, 'two', 'p.chainrule'));
    expect(moved.settings.data).toMatchObject({ path: join(folder, 'two', 'data', 't.csv') });
  });
});

describe('opening', () => {
  test.each([
    ['binary', Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3]), /does not hold text/],
    ['empty', Buffer.alloc(0), /line 1, column 1: the file is empty/],
    ['cut off', Buffer.from('{"format":"chainrule","version":1,"nodes":{'), /line 1, column 44/],
    [
      'with an unknown optimiser',
      Buffer.from('{"format":"chainrule","version":1,"nodes":{},"training":{"optimizer":"adm"}}'),
      /training\.optimizer: 'adm' is not an optimiser.*adam/,
    ],
    [
      'with unknown data',
      Buffer.from('{"format":"chainrule","version":1,"nodes":{},"data":{"kind":"generator","name":"moon"}}'),
      /data\.name: 'moon' is not a toy data set/,
    ],
    ['of another program', Buffer.from('{"nodes":[]}'), /format: must be "chainrule"/],
  ])('a file that is %s is a sentence with its name', async (_name, content, sentence) => {
    const path = join(folder, 'odd.chainrule');
    await writeFile(path, content);
    const error = (await readProjectFile(path).catch((e: unknown) => e)) as Error;
    expect(error.name).toBe('Refusal');
    expect(error.message).toMatch(/'odd\.chainrule'/);
    expect(error.message).toMatch(sentence);
  });

  test('a file that vanished, a folder, a file too large, and things that are no files', async () => {
    await expect(readProjectFile(join(folder, 'gone.chainrule'))).rejects.toThrow(
      /not there any more.*open it from its new place/,
    );
    await expect(readProjectFile(folder)).rejects.toThrow(/is a folder/);
    await writeFile(join(folder, 'large'), '');
    await (await import('node:fs/promises')).truncate(join(folder, 'large'), 70 * 1024 * 1024);
    await expect(readProjectFile(join(folder, 'large'))).rejects.toThrow(/70 MB; at most 64 MB/);
    if (process.platform !== 'linux') return;
    await expect(readWhole('/dev/zero', 1000)).rejects.toThrow(/not an ordinary file/);
    await once(spawn('mkfifo', [join(folder, 'pipe')]), 'close');
    await expect(readWhole(join(folder, 'pipe'), 1000)).rejects.toThrow(/not an ordinary file/);
  });

  test.skipIf(root)('a file that may not be read', async () => {
    await writeProjectFile(join(folder, 'a.chainrule'), small);
    await chmod(join(folder, 'a.chainrule'), 0o000);
    await expect(readProjectFile(join(folder, 'a.chainrule'))).rejects.toThrow(/may not be read by you/);
  });
});

describe('the same file twice', () => {
  test('in two windows of one program, until one of them is closed', async () => {
    const own = await house();
    const path = join(folder, 'a.chainrule');
    await writeProjectFile(path, small);
    const [first, second] = [window(own, 'one'), window(own, 'two')];
    const { token } = own.projects.ref(path);
    expect((await first.host.openProject(token))!.alsoOpen).toBe(false);
    expect((await first.host.openProject(token))!.alsoOpen).toBe(false);
    expect((await second.host.openProject(token))!.alsoOpen).toBe(true);
    await first.host.close();
    expect((await second.host.openProject(token))!.alsoOpen).toBe(false);
  });

  test('by another name of the same file', async () => {
    const own = await house();
    await writeProjectFile(join(folder, 'a.chainrule'), small);
    await symlink(join(folder, 'a.chainrule'), join(folder, 'link.chainrule'));
    await window(own, 'one').host.openProject(own.projects.ref(join(folder, 'a.chainrule')).token);
    expect((await window(own, 'two').host.openProject(own.projects.ref(join(folder, 'link.chainrule')).token))!.alsoOpen).toBe(
      true,
    );
  });

  test('in two programs, until one of them has died', async () => {
    const [here, there] = [await house(), await house()];
    const path = join(folder, 'a.chainrule');
    await writeProjectFile(path, small);
    await window(there, 'one').host.openProject(there.projects.ref(path).token);
    expect((await window(here, 'one').host.openProject(here.projects.ref(path).token))!.alsoOpen).toBe(true);
    await utimes(join(config, 'instances', `${there.instance.id}.alive`), 0, 0);
    expect((await window(here, 'two').host.openProject(here.projects.ref(path).token))!.alsoOpen).toBe(true);
    await window(here, 'one').host.close();
    expect((await window(here, 'two').host.openProject(here.projects.ref(path).token))!.alsoOpen).toBe(false);
  });
});

describe('recent files', () => {
  test('are remembered over runs, latest first, without those that are gone', async () => {
    const first = window(await house(), 'one');
    for (const name of ['a', 'b', 'c']) {
      first.answers = [join(folder, name)];
      await first.host.saveProject(small, null, false);
    }
    await rm(join(folder, 'b.chainrule'));
    const again = window(await house(), 'one');
    const recent = await again.host.recentFiles();
    expect(recent.map((file) => file.name)).toEqual(['c.chainrule', 'a.chainrule']);
    expect((await again.host.openProject(recent[1]!.token))!.project.settings.title).toBe('Small');
    await again.host.forgetRecentFile(recent[0]!.token);
    expect((await again.host.recentFiles()).map((file) => file.name)).toEqual(['a.chainrule']);
  });

  test('a list that was damaged is an empty list', async () => {
    await mkdir(config, { recursive: true });
    for (const damaged of ['{', '[1, {"path": "relative"}, null]', '{}']) {
      await writeFile(join(config, 'recent.json'), damaged);
      expect(await window(await house(), 'one').host.recentFiles()).toEqual([]);
    }
  });
});

describe('recovery', () => {
  test('work is offered when its window is gone, and no more once it was discarded', async () => {
    const own = await house();
    const crashed = window(own, 'crashed');
    const other = window(own, 'other');
    await writeProjectFile(join(folder, 'a.chainrule'), small);
    const file = own.projects.ref(join(folder, 'a.chainrule'));
    await crashed.host.autosave({ ...small, settings: { ...small.settings, title: 'Edited' } }, file.token, true);
    expect(await other.host.recoveries()).toEqual([]);
    await crashed.host.close();
    const [recovery] = await other.host.recoveries();
    expect(recovery).toMatchObject({ file: { path: file.path }, project: { settings: { title: 'Edited' } } });
    await other.host.discardRecovery(recovery!.id);
    expect(await other.host.recoveries()).toEqual([]);
    await expect(other.host.discardRecovery('../../recent')).rejects.toThrow(/no such/);
  });

  test('so is work of a page that was loaded anew, and its new page does not write over it', async () => {
    const own = await house();
    const one = window(own, 'one');
    await one.host.autosave(small, null, true);
    one.host.pageLoaded();
    expect(await one.host.recoveries()).toHaveLength(1);
    await one.host.autosave({ ...small, settings: { ...small.settings, title: 'New' } }, null, true);
    expect((await one.host.recoveries()).map((r) => r.project.settings.title)).toEqual(['Small']);
    await one.host.autosave(small, null, false);
    expect(await one.host.recoveries()).toHaveLength(1);
  });

  test('saving, and an undo back to the saved state, remove the copy', async () => {
    const own = await house();
    const one = window(own, 'one');
    await one.host.autosave(small, null, true);
    one.answers = [join(folder, 'a')];
    await one.host.saveProject(small, null, false);
    await one.host.autosave(small, null, true);
    await one.host.autosave(small, null, false);
    await one.host.close();
    expect(await window(own, 'two').host.recoveries()).toEqual([]);
  });

  test('a copy that was cut off is passed over', async () => {
    const own = await house();
    await mkdir(join(config, 'recovery'), { recursive: true });
    await writeFile(join(config, 'recovery', `${'a'.repeat(32)}.json`), '{"instance":"x","proj');
    await writeFile(
      join(config, 'recovery', `${'b'.repeat(32)}.json`),
      JSON.stringify({ instance: 'x', window: 'y', path: null, savedAt: 1, project: '{' }),
    );
    expect(await window(own, 'one').host.recoveries()).toEqual([]);
  });
});

describe('data', () => {
  const table = (rows: number): string =>
    `a,b,y\n${Array.from({ length: rows }, (_, i) => `${i},${i % 7},${i % 2 ? 'yes' : 'no'}`).join('\n')}\n`;

  test('is read after it was picked, and only then', async () => {
    const own = window(await house(), 'one');
    const path = join(folder, 't.csv');
    await writeFile(path, table(100));
    await expect(own.host.loadDataset({ ...csv, path }, split, 'j')).rejects.toThrow(/not chosen in this session/);
    own.answers = [path];
    const seen = (await own.host.pickData('file'))!;
    expect(seen).toMatchObject({ name: 't.csv', source: { path, separator: ',', header: true }, rowsRead: 100, complete: true });
    expect(seen.columns.map((c) => [c.name, c.kind, c.distinct])).toEqual([
      ['a', 'number', 100],
      ['b', 'number', 7],
      ['y', 'text', 2],
    ]);
    const loaded = await own.host.loadDataset({ ...csv, path }, split, 'j');
    expect(loaded.info).toMatchObject({ rows: 100, task: 'binary', classes: ['no', 'yes'] });
    expect(own.progress.length).toBeGreaterThan(0);
    // Another window did not pick it, and cannot see the loaded numbers.
    const other = window(own.house, 'two');
    await expect(other.host.loadDataset({ ...csv, path }, split, 'j')).rejects.toThrow(/not chosen/);
    await expect(other.host.datasetPart(loaded.id, 'x', 0)).rejects.toThrow(/not in memory/);
  });

  test('named by a project that was opened from the disk is granted; on another computer it is not', async () => {
    const own = window(await house(), 'one');
    await writeFile(join(folder, 't.csv'), table(50));
    const write = (name: string, path: string): Promise<void> =>
      writeFile(join(folder, name), serialiseProject({ ...small, settings: { ...small.settings, data: { ...csv, path } } }));
    await write('p.chainrule', 't.csv');
    own.answers = [join(folder, 'p.chainrule')];
    const opened = (await own.host.openProject(null))!;
    expect((await own.host.loadDataset(opened.project.settings.data, split, 'j')).info.rows).toBe(50);
    await write('q.chainrule', '//server/share/t.csv');
    own.answers = [join(folder, 'q.chainrule')];
    const remote = (await own.host.openProject(null))!;
    await expect(own.host.loadDataset(remote.project.settings.data, split, 'j')).rejects.toThrow(/not chosen/);
  });

  test('a packed file is read up to what it holds, never beyond', async () => {
    const own = window(await house(), 'one');
    const path = join(folder, 't.csv.gz');
    const text = table(1_000_000);
    await writeFile(path, gzipSync(text));
    own.answers = [path];
    await own.host.pickData('file');
    await own.host.loadDataset({ ...csv, path }, split, 'j');
    expect(own.progress.length).toBeGreaterThan(1);
    for (const { bytes, totalBytes } of own.progress) {
      expect(totalBytes).toBe(text.length);
      expect(bytes).toBeLessThanOrEqual(totalBytes);
    }
  });

  test('can be cancelled, and the program answers meanwhile', async () => {
    const own = window(await house(), 'one');
    const path = join(folder, 'large.csv');
    await writeFile(path, table(400_000));
    own.answers = [path];
    await own.host.pickData('file');
    const loading = own.host.loadDataset({ ...csv, path }, split, 'job');
    const outcome = loading.then(
      () => 'loaded',
      (error: Error & { code?: string }) => error.code,
    );
    await vi.waitFor(() => expect(own.progress.length).toBeGreaterThan(1), { interval: 5, timeout: 30_000 });
    expect((await own.host.info()).host).toBe('test');
    await own.host.cancelJob('job');
    expect(await outcome).toBe('cancelled');
    // The name of the job is free again.
    await expect(
      own.host.loadDataset({ ...csv, path: 'dataset:iris.csv', targets: ['species'] }, split, 'job'),
    ).resolves.toBeDefined();
  });

  test('what the window has is not kept a second time', async () => {
    const own = window(await house(), 'one');
    const [path, labels] = [join(folder, 'x.npy'), join(folder, 'y.npy')];
    const rows = 300_000;
    await writeFile(path, npy('<f4', [rows, 40], new Float32Array(rows * 40)));
    await writeFile(
      labels,
      npy(
        '<f4',
        [rows],
        Float32Array.from({ length: rows }, (_, row) => row % 2),
      ),
    );
    own.answers = [path];
    const { source } = (await own.host.pickData('file'))!;
    const data = await own.host.loadDataset({ ...source, targets: ['y'] } as DataSource, split, 'j');
    const held = (): number => process.memoryUsage().arrayBuffers;
    const before = held();
    await own.host.forgetNumbers(data.id);
    await vi.waitFor(
      () => {
        collectGarbage();
        expect(held()).toBeLessThan(before - 40e6);
      },
      { timeout: 30_000 },
    );
    await expect(own.host.datasetPart(data.id, 'x', 0)).rejects.toThrow(/not in memory/);
  });

  test('a window that closes gives its memory back and ends its jobs', async () => {
    const own = window(await house(), 'one');
    const loaded = await own.host.loadDataset({ kind: 'generator', name: 'xor', count: 200, noise: 0, seed: 1 }, split, 'j');
    await own.host.close();
    await expect(own.host.datasetPart(loaded.id, 'x', 0)).rejects.toThrow(/not in memory/);
  });

  test('faults of the data are refusals', async () => {
    await expect(readDataset({ kind: 'none' }, split)).rejects.toThrow(/no data/);
    await expect(readDataset({ kind: 'generator', name: 'moons?', count: 10, noise: 0, seed: 1 }, split)).rejects.toThrow(
      /no toy data set 'moons\?'. Choose one of/,
    );
    await expect(readDataset({ ...csv, path: 'relative.csv' }, split)).rejects.toThrow(/not known/);
    await expect(readDataset({ ...csv, path: join(folder, 'gone.csv') }, split)).rejects.toThrow(/not there any more/);
    await expect(readDataset({ ...csv, path: folder }, split)).rejects.toThrow(/is a folder/);
    await expect(readDataset({ ...csv, path: 'dataset:iris.csv' }, split)).rejects.toThrow(/no column 'y' in iris.csv/);
  });
});

describe('compiling', () => {
  const profile: Profile = { present: [{ backend: 'reference', title: 'reference' }], absent: [] };
  const drawn: Project = {
    ...small,
    nodes: { ...small.nodes, s: { id: 's', op: 'sigmoid', attrs: {} } },
    edges: { 's.x': { id: 's.x', from: 'x', to: 's', port: 'x' } },
  };

  test('an unchanged program is not made again; moving a node does not change it', () => {
    const compiler = new Compiler();
    const first = compiler.compile(drawn, profile, 'auto', 1, null);
    if (!first.ok) throw new Error(JSON.stringify(first.problems));
    const moved: Project = {
      ...drawn,
      positions: { x: { x: 50, y: 50 }, s: { x: 0, y: 0 } },
      settings: { ...drawn.settings, title: 'Other' },
    };
    const second = compiler.compile(moved, profile, 'auto', 2, null);
    expect(compiler.hits).toBe(1);
    expect(second).toEqual({ ok: true, value: { ...first.value, revision: 2 } });
    compiler.compile({ ...drawn, nodes: { ...drawn.nodes, s: { id: 's', op: 'tanh', attrs: {} } } }, profile, 'auto', 3, null);
    compiler.compile(
      { ...drawn, settings: { ...drawn.settings, training: { ...drawn.settings.training, batch: 7 } } },
      profile,
      'auto',
      4,
      null,
    );
    expect(compiler.hits).toBe(1);
  });
});

describe('exporting', () => {
  test('writes, reads back, runs and compares; a cancelled dialog is null', async () => {
    const own = window(await house(), 'one');
    const examples = await own.host.examples();
    const iris = examples.find(
      (e) => e.project.settings.data.kind === 'csv' && e.project.settings.data.path === 'dataset:iris.csv',
    )!.project;
    const data = await own.host.loadDataset(iris.settings.data, iris.settings.split, 'j');
    const plans = await own.host.compile(
      iris,
      { present: [{ backend: 'reference', title: 'reference' }], absent: [] },
      'reference',
      1,
      data.info,
    );
    if (!plans.ok) throw new Error(JSON.stringify(plans.problems));
    const weights = Object.fromEntries(
      plans.value.trace.parameters.map(({ key, shape }, p) => [
        key,
        { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(p + i)) },
      ]),
    );
    await own.host.forgetNumbers(data.id);
    // Programs are run by Python in `python-check.test.ts`; without a path there is none.
    vi.stubEnv('PATH', '');
    for (const format of ['onnx', 'pytorch', 'numpy', 'safetensors', 'npz']) {
      own.answers = [join(folder, `iris-${format}`)];
      const report = (await own.host.exportModel({ format, project: iris, weights, dataset: data.id }))!;
      expect(report.verification).toMatchObject({ passed: true, outputs: 3 });
      expect(report.verification.largestDifference).toBeLessThan(1e-5);
      expect((await readFile(report.file.path)).length).toBe(report.bytes);
    }
    vi.unstubAllEnvs();
    own.answers = [null];
    expect(await own.host.exportModel({ format: 'npz', project: iris, weights, dataset: null })).toBeNull();
    await expect(own.host.exportModel({ format: 'zip', project: iris, weights, dataset: null })).rejects.toThrow(
      /no export format 'zip'/,
    );
    await expect(own.host.exportModel({ format: 'npz', project: iris, weights: {}, dataset: null })).rejects.toThrow();
  });
});

describe('folders', () => {
  test("settings are where each system keeps them, or where the user's variable says", () => {
    expect(configFolder({ CHAINRULE_HOME: '/elsewhere' })).toBe('/elsewhere');
    if (process.platform === 'linux') expect(configFolder({ XDG_CONFIG_HOME: '/xdg' })).toBe('/xdg/chainrule');
  });

  test('are listed for the file dialog: folders first, no hidden files', async () => {
    const own = window(await house(), 'one');
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'b.csv'), 'x');
    await writeFile(join(folder, '.hidden'), 'x');
    await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
    const listing = await (own.host as HostApi).listFolder(folder);
    expect(listing.entries.filter((e) => e.name !== 'config').map((e) => [e.name, e.folder])).toEqual([
      ['sub', true],
      ['b.csv', false],
    ]);
    expect(listing.parent).toBe(tmpdir());
    await expect(own.host.listFolder('relative')).rejects.toThrow(/full path/);
    await expect(own.host.listFolder(join(folder, 'nowhere'))).rejects.toThrow(/not there any more/);
  });
});
