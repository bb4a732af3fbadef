/**
 * Disks that are full or may not be written, through the command line and through the window's host: the
 * answer is a sentence, what was there stays whole, nothing half-written is left, and later it works.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { ClientApi, HostApi } from '../../src/main/contract';
import { runCli } from '../../src/main/cli/run';
import { createHost, openHouse } from '../../src/main/host';
import { resources } from '../../src/main/services/folders';
import { readProjectFile } from '../../src/main/services/projects';
import { type Disk, fill, immutable, ONLY_ROOT, readOnlyDisk, smallDisk } from '../support/disks';

const plain = mkdtempSync(join(tmpdir(), 'chainrule-plain-'));
afterAll(() => rmSync(plain, { recursive: true, force: true }));

const open: { release(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.release();
});
/** For the length of a test; skips it where the system does not let us. */
function held<T extends Disk>(disk: T | null, skip: (note: string) => never): T {
  if (disk === null) return skip(ONLY_ROOT);
  open.push(disk);
  return disk;
}

const example = (name: string): string => join(resources, 'examples', `${name}.chainrule`);

async function cli(...argv: string[]): Promise<{ status: number; err: string }> {
  const err: string[] = [];
  const status = await runCli(argv, {
    out: () => {},
    err: (line) => void err.push(line),
    terminal: null,
    interrupted: new Promise(() => {}),
    folder: plain,
  });
  return { status, err: err.join('\n') };
}

/** A window's host whose settings are in `config`; `answers`: the paths that its user chooses. */
async function host(config: string, answers: string[]): Promise<HostApi> {
  const house = await openHouse(config);
  const client: ClientApi = {
    pickPath: async () => answers.shift() ?? null,
    importProgress: async () => {},
    runCommand: async () => {},
    openFile: async () => {},
    confirmClose: async () => true,
  };
  const made = createHost(house, {
    host: 'test',
    window: 'window-1',
    client,
    pick: (request) => client.pickPath(request),
    openExternal: async () => {},
    setDocument: () => {},
    setMenu: () => {},
  });
  open.push({ release: () => made.close().then(() => house.close()) });
  return made;
}

const content = (disk: Disk): string[] => readdirSync(disk.path).filter((name) => name !== 'full');
const FULL = /^The disk is full, so 'kept\.[a-z]+' was not saved; the file on disk is unchanged\. Free some space/;

describe('a full disk', () => {
  test('keeps what was there: training and saving, exporting, drawing a new network', async ({ skip }) => {
    const disk = held(smallDisk(2 ** 20), skip);
    const [project, exported] = [join(disk.path, 'kept.chainrule'), join(disk.path, 'kept.onnx')];
    expect((await cli('train', example('03-circles'), '--epochs', '1', '--save', project)).status).toBe(0);
    expect((await cli('export', project, '--format', 'onnx', '--out', exported)).status).toBe(0);
    const before = [readFileSync(project), readFileSync(exported)];
    const full = fill(disk);

    for (const argv of [
      ['train', example('07-digits'), '--epochs', '1', '--save', project],
      ['export', project, '--format', 'onnx', '--out', exported],
      ['new', '--data', join(resources, 'datasets', 'iris.csv'), '--target', 'species', '--out', project],
    ]) {
      const ran = await cli(...argv);
      expect([argv[0], ran.status]).toEqual([argv[0], 2]);
      expect(ran.err).toMatch(new RegExp(FULL.source, 'm'));
      expect(ran.err).toContain(disk.path);
    }
    expect([readFileSync(project), readFileSync(exported)]).toEqual(before);
    expect(content(disk).sort()).toEqual(['kept.chainrule', 'kept.onnx']);

    rmSync(full);
    expect((await cli('train', example('07-digits'), '--epochs', '1', '--save', project)).status).toBe(0);
    expect((await readProjectFile(project)).settings.title).toContain('digits');
  }, 60_000);

  test('in the window: saving says so, and works again when there is room', async ({ skip }) => {
    const disk = held(smallDisk(2 ** 19), skip);
    const path = join(disk.path, 'kept.chainrule');
    const window = await host(join(plain, 'settings'), [path]);
    const small = await readProjectFile(example('04-xor'));
    const file = (await window.saveProject(small, null, false))!;
    const before = readFileSync(path);
    const full = fill(disk);
    const large = { ...small, settings: { ...small.settings, notes: 'long '.repeat(10_000) } };
    await expect(window.saveProject(large, file.token, false)).rejects.toThrow(FULL);
    expect(readFileSync(path)).toEqual(before);
    expect(content(disk)).toEqual(['kept.chainrule']);
    rmSync(full);
    await window.saveProject(large, file.token, false);
    expect((await readProjectFile(path)).settings.notes).toBe(large.settings.notes);
  });

  test('of the user’s settings costs recovery and the recent files, not the work', async ({ skip }) => {
    const disk = held(smallDisk(2 ** 20), skip);
    fill(disk);
    const path = join(plain, 'elsewhere.chainrule');
    const window = await host(disk.path, [path]);
    const project = await readProjectFile(example('04-xor'));
    await expect(window.autosave(project, null, true)).rejects.toThrow(
      'The copy for recovery could not be written: the disk is full. Save your project to a file.',
    );
    expect((await window.saveProject(project, null, false))!.path).toBe(path);
    expect((await readProjectFile(path)).settings.title).toBe(project.settings.title);
    expect(content(disk).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a file that may not be written', () => {
  test('on a read-only disk is named as such, and stays', async ({ skip }) => {
    const inside = mkdtempSync(join(plain, 'inside-'));
    writeFileSync(join(inside, 'kept.chainrule'), readFileSync(example('04-xor')));
    const disk = held(readOnlyDisk(inside), skip);
    const before = readFileSync(join(inside, 'kept.chainrule'));
    for (const name of ['kept.chainrule', 'new.chainrule']) {
      const ran = await cli('train', example('04-xor'), '--epochs', '1', '--save', join(disk.path, name));
      expect(ran.status).toBe(2);
      expect(ran.err).toContain(`'${name}' is on a medium that cannot be written. Save in another place.`);
    }
    expect(readFileSync(join(inside, 'kept.chainrule'))).toEqual(before);
    expect(readdirSync(inside)).toEqual(['kept.chainrule']);
    // Reading from it is no problem.
    expect((await cli('inspect', join(disk.path, 'kept.chainrule'))).status).toBe(0);
  });

  test('not even by the administrator is named as such, and stays', async ({ skip }) => {
    const path = join(mkdtempSync(join(plain, 'locked-')), 'kept.chainrule');
    writeFileSync(path, readFileSync(example('04-xor')));
    const before = readFileSync(path);
    held(immutable(path), skip);
    const window = await host(join(plain, 'settings-2'), [path]);
    await expect(window.saveProject(await readProjectFile(path), null, false)).rejects.toThrow(
      /^'kept\.chainrule' is write-protected, or its folder is\. Save under another name or in another place\./,
    );
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(join(path, '..'))).toEqual(['kept.chainrule']);
  });
});
