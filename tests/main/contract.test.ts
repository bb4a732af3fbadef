/**
 * The contract over each way that messages can travel: in memory, over a WebSocket with the wire format,
 * and over a port that clones as Electron's do. One table of calls; each must be answered alike.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Profile } from '../../src/engine/backends/backend';
import { emptyProject, type CsvSource, type Project } from '../../src/engine/graph/project';
import { connect, serve, type Port } from '../../src/engine/remote';
import { decode, encode } from '../../src/engine/wire';
import { startBrowserHost, type BrowserHost } from '../../src/main/browser/index';
import type { ClientApi, HostApi, PickRequest } from '../../src/main/contract';
import { createHost, openHouse, type Host, type House } from '../../src/main/host';
import { checkedClient, hostParsers } from '../../src/main/parsers';

const profile: Profile = { present: [{ backend: 'reference', title: 'reference' }], absent: [] };
const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const iris: CsvSource = {
  kind: 'csv',
  path: 'dataset:iris.csv',
  separator: '',
  decimal: '.',
  header: true,
  features: [],
  targets: ['species'],
  task: 'auto',
  missing: 'drop-row',
  standardise: true,
};

/** The window's side: answers dialogs with what the test has put there. */
class Page implements ClientApi {
  answers: (string | null)[] = [];
  asked: PickRequest[] = [];
  opened: string[] = [];
  async pickPath(request: PickRequest) {
    this.asked.push(request);
    return this.answers.shift() ?? null;
  }
  async importProgress() {}
  async runCommand() {}
  async openFile(file: { path: string }) {
    this.opened.push(file.path);
  }
  async confirmClose() {
    return true;
  }
}
const pageParsers = {
  pickPath: (args: readonly unknown[]) => args as [PickRequest],
  importProgress: (args: readonly unknown[]) => args as never,
  runCommand: (args: readonly unknown[]) => args as never,
  openFile: (args: readonly unknown[]) => args as never,
  confirmClose: (args: readonly unknown[]) => args as [],
};

interface Link {
  readonly host: HostApi;
  readonly page: Page;
  close(): Promise<void>;
}

/** Two ends; what one posts the other hears, after `carry`. */
function pair(carry: (message: unknown) => unknown): [Port, Port] {
  const ears: [Set<(m: unknown) => void>, Set<(m: unknown) => void>] = [new Set(), new Set()];
  const end = (own: 0 | 1): Port => ({
    post: (message) => {
      const carried = carry(message);
      queueMicrotask(() => {
        for (const listener of ears[own === 0 ? 1 : 0]) listener(carried);
      });
    },
    onMessage: (listener) => {
      ears[own].add(listener);
      return () => ears[own].delete(listener);
    },
  });
  return [end(0), end(1)];
}

let config: string;
let folder: string;

async function overPorts(carry: (message: unknown) => unknown): Promise<Link> {
  const house: House = await openHouse(config);
  const [mainEnd, pageEnd] = pair(carry);
  const page = new Page();
  const client = checkedClient(connect<ClientApi>(mainEnd));
  const host: Host = createHost(house, {
    host: 'test',
    window: 'window-1',
    client,
    pick: (request) => client.pickPath(request),
    openExternal: async () => undefined,
    setDocument: () => undefined,
    setMenu: () => undefined,
  });
  serve(host, hostParsers, mainEnd);
  serve<ClientApi>(page, pageParsers, pageEnd);
  return {
    host: connect<HostApi>(pageEnd),
    page,
    close: async () => {
      await host.close();
      await house.close();
    },
  };
}

async function overSocket(): Promise<Link> {
  const renderer = await mkdtemp(join(tmpdir(), 'chainrule-page-'));
  await writeFile(join(renderer, 'index.html'), '<!doctype html><title>page</title>');
  const server: BrowserHost = await startBrowserHost({ config, renderer });
  const entry = await fetch(server.url, { redirect: 'manual' });
  const cookie = entry.headers.get('set-cookie')!.split(';')[0]!;
  const origin = `http://127.0.0.1:${server.port}`;
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/socket?window=test-window`, { headers: { cookie, origin } });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const port: Port = {
    post: (message) => socket.send(encode(message)),
    onMessage: (listener) => {
      const receive = (data: Buffer): void => listener(decode(data));
      socket.on('message', receive);
      return () => socket.off('message', receive);
    },
    onClose: (listener) => {
      socket.on('close', listener);
      return () => socket.off('close', listener);
    },
  };
  const page = new Page();
  serve<ClientApi>(page, pageParsers, port);
  return {
    host: connect<HostApi>(port),
    page,
    close: async () => {
      socket.close();
      await server.close();
      await rm(renderer, { recursive: true });
    },
  };
}

beforeAll(async () => {
  config = await mkdtemp(join(tmpdir(), 'chainrule-config-'));
  folder = await mkdtemp(join(tmpdir(), 'chainrule-files-'));
});
afterAll(async () => {
  await rm(config, { recursive: true });
  await rm(folder, { recursive: true });
});

const small: Project = {
  ...emptyProject,
  nodes: {
    x: { id: 'x', op: 'input', attrs: { shape: [4] } },
    hidden: { id: 'hidden', op: 'dense', attrs: { units: 3 }, label: 'Hidden' },
  },
  edges: { 'hidden.x': { id: 'hidden.x', from: 'x', to: 'hidden', port: 'x' } },
  positions: { x: { x: 0, y: 0 }, hidden: { x: 200, y: 0 } },
  settings: { ...emptyProject.settings, title: 'Small', data: iris },
};

describe.each([
  ['in memory', () => overPorts((message) => message)],
  ['over a WebSocket', overSocket],
  ["over a port that clones as Electron's do", () => overPorts((message) => structuredClone(message))],
  ['over the wire format alone', () => overPorts((message) => decode(encode(message)))],
] as const)('the contract %s', (way, open) => {
  let link: Link;
  beforeAll(async () => {
    link = await open();
  });
  afterAll(() => link.close());

  test('says what host it is', async () => {
    const info = await link.host.info();
    expect(info.host).toBe(way === 'over a WebSocket' ? 'browser' : 'test');
    expect(info.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('saves a project where the dialog says, opens it again, and remembers it', async () => {
    const path = join(folder, `${way.replace(/\W+/g, '-')}`);
    link.page.answers = [path];
    const file = await link.host.saveProject(small, null, false);
    expect(link.page.asked.at(-1)).toMatchObject({ mode: 'save', suggestedName: 'Small.chainrule' });
    expect(file!.path).toBe(`${path}.chainrule`);
    expect(JSON.parse(await readFile(file!.path, 'utf8'))).toMatchObject({
      format: 'chainrule',
      nodes: { hidden: { op: 'dense' } },
    });
    const opened = await link.host.openProject(file!.token);
    expect(opened!.project).toEqual({
      ...small,
      nodes: { ...small.nodes, x: { id: 'x', op: 'input', attrs: expect.anything() } },
    });
    expect(opened!.alsoOpen).toBe(false);
    const recent = await link.host.recentFiles();
    expect(recent[0]).toMatchObject({ path: file!.path });
  });

  test('every setting of training arrives and comes back', async () => {
    const training: Project['settings']['training'] = {
      ...small.settings.training,
      hyper: { rate: 0.02 },
      schedule: { kind: 'step', settings: { every: 4, factor: 0.5 } },
      clip: { norm: 1 },
      stop: { patience: 3, change: 0.01, loss: 0.1, accuracy: 0.9, seconds: 20 },
      breakpoints: [{ kind: 'gradient', limit: 5, node: 'hidden', off: true }],
    };
    const project: Project = { ...small, settings: { ...small.settings, training } };
    link.page.answers = [join(folder, `training-${way.replace(/\W+/g, '-')}`)];
    const file = await link.host.saveProject(project, null, false);
    expect((await link.host.openProject(file!.token))!.project.settings.training).toEqual(training);
    const plans = await link.host.compile(project, profile, 'auto', 9, null);
    if (!plans.ok) throw new Error(JSON.stringify(plans.problems));
    expect(plans.value.schedule).toEqual(training.schedule);
  });

  test('a run that diverged is kept, with losses that are no numbers', async () => {
    const { host } = link;
    const id = await host.beginRun({ name: 'Diverged', origin: 'window', project: small, dataset: null });
    const nan = { loss: Number.NaN, r2: Number.NaN };
    const scores = { train: nan, validation: null, test: { loss: Number.POSITIVE_INFINITY } };
    await host.reportRun(id, { epoch: 1, step: 2, seconds: 0.1, points: [], status: 'failed', message: 'Diverged.', scores });
    const kept = await host.runDetail(id);
    expect(kept).toMatchObject({ status: 'failed', message: 'Diverged.' });
    expect(kept.scores.train!.loss).toBeNaN();
    await host.deleteRuns([id]);
  });

  test('a dialog that is cancelled is null', async () => {
    link.page.answers = [null, null, null];
    expect(await link.host.openProject(null)).toBeNull();
    expect(await link.host.saveProject(small, null, false)).toBeNull();
    expect(await link.host.pickData('file')).toBeNull();
  });

  test('loads a data set and hands its numbers out', async () => {
    const loaded = await link.host.loadDataset(iris, split, 'job-1');
    expect(loaded.info).toMatchObject({ rows: 150, task: 'multiclass', classes: ['setosa', 'versicolor', 'virginica'] });
    expect(loaded.trainRows + loaded.validationRows + loaded.testRows).toBe(150);
    const x = await link.host.datasetPart(loaded.id, 'x', 0);
    expect(x).toBeInstanceOf(Float32Array);
    expect(x.length).toBe(600);
    const tail = await link.host.datasetPart(loaded.id, 'x', 598);
    expect([...tail]).toEqual([...x.slice(598)]);
    const train = await link.host.datasetPart(loaded.id, 'train', 0);
    expect(train).toBeInstanceOf(Uint32Array);
    // The window has the numbers: an export is still checked on rows of theirs.
    await link.host.forgetNumbers(loaded.id);
    await expect(link.host.datasetPart(loaded.id, 'x', 0)).rejects.toThrow(/not in memory any more/);
    await link.host.releaseDataset(loaded.id);
    await expect(link.host.datasetPart(loaded.id, 'x', 0)).rejects.toThrow(/not in memory any more/);
  });

  test('compiles, and answers problems as values', async () => {
    const plans = await link.host.compile(small, profile, 'auto', 7, null);
    if (!plans.ok) throw new Error(JSON.stringify(plans.problems));
    expect(plans.value.revision).toBe(7);
    const broken = await link.host.compile(
      { ...small, nodes: { ...small.nodes, odd: { id: 'odd', op: 'no-such-op', attrs: {} } } },
      profile,
      'auto',
      8,
      null,
    );
    expect(broken.ok).toBe(false);
  });

  test('refuses arguments that are none', async () => {
    const bad = link.host as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const refused = (call: Promise<unknown>): Promise<void> => expect(call).rejects.toMatchObject({ kind: 'RefusedCall' });
    await refused(bad.compile!({}, profile, 'auto', 1, null));
    await refused(bad.compile!(small, profile, 'cuda', 1, null));
    await refused(bad.saveProject!(small, 42, false));
    await refused(bad.openProject!(['x']));
    await refused(bad.datasetPart!('id', 'constructor', 0));
    await refused(bad.datasetPart!('id', 'x', -1));
    await refused(bad.loadDataset!({ kind: 'csv', path: 'x' }, split, 'job'));
    await refused(bad.info!('one too many'));
    await refused(bad.constructor!());
    await refused(bad.close!());
    await refused(bad['toString' as string]!());
  });

  test('files are known by tokens only, and data files by having been chosen', async () => {
    await expect(link.host.openProject('/etc/passwd')).rejects.toThrow(/not known to the program/);
    await expect(link.host.loadDataset({ ...iris, path: '/etc/passwd' }, split, 'job-2')).rejects.toThrow(
      /was not chosen in this session/,
    );
    await expect(link.host.previewData({ ...iris, path: '/etc/passwd' }, false)).rejects.toMatchObject({ code: 'not-granted' });
    await expect(link.host.loadDataset({ ...iris, path: 'dataset:../../package.json' }, split, 'job-3')).rejects.toThrow(
      /no bundled data set/,
    );
    await expect(link.host.openExternal('file:///etc/passwd')).rejects.toThrow(/https/);
  });

  test('errors cross as sentences, never as stacks', async () => {
    const error = await link.host.openProject('nothing').catch((e: unknown) => e);
    expect(JSON.stringify(error)).not.toMatch(/\.ts:|\bat \w+ \(/);
  });
});
