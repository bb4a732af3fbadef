/**
 * The built desktop program against a stand-in for Electron's module: the real `out/main/electron.js` and
 * `out/preload/preload.cjs`, run in a process of their own, driven as the system and the page would.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script, createContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serialiseProject } from '../../src/engine/graph/project-text';
import { emptyProject, type Project } from '../../src/engine/graph/project';
import { connect, serve, type Port } from '../../src/engine/remote';
import type { ClientApi, FileRef, HostApi, MenuEntry } from '../../src/main/contract';
import { copyBuilt, root } from '../support/built';

const CHANNEL = 'chainrule:message';
const OWN_FRAME = { url: 'chainrule://app/index.html', parent: null };

class Desktop {
  private readonly child: ChildProcess;
  private next = 1;
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly page = new Set<(message: unknown) => void>();
  log = '';

  constructor(home: string, words: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    this.child = fork(join(built, 'main/electron.js'), words, {
      cwd: root,
      execArgv: ['--require', join(root, 'tests/support/electron/register.cjs')],
      env: { ...process.env, CHAINRULE_HOME: home, ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child.stdout!.on('data', (data: Buffer) => (this.log += data.toString()));
    this.child.stderr!.on('data', (data: Buffer) => (this.log += data.toString()));
    this.child.on('exit', (code) => {
      for (const { reject } of this.waiting.values()) reject(new Error(`The program ended with ${code}.\n${this.log}`));
      this.waiting.clear();
    });
    this.child.on('message', (incoming: { kind: string; id?: number; value?: unknown; error?: string; message?: unknown }) => {
      if (incoming.kind === 'page') {
        for (const listener of this.page) listener(incoming.message);
      } else {
        const call = this.waiting.get(incoming.id!);
        this.waiting.delete(incoming.id!);
        if (incoming.error) call?.reject(new Error(incoming.error));
        else call?.resolve(incoming.value);
      }
    });
  }

  /** Runs words in the program's process, with the stand-in as `e`. */
  run<T>(code: string, argument?: unknown): Promise<T> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.child.send({ id, code, argument }, (error) => {
        if (error) reject(new Error(`${error.message}\n${this.log}`));
      });
    });
  }
  /** Asks until the answer is there. */
  async until<T>(code: string): Promise<T> {
    for (let tries = 0; tries < 400; tries++) {
      const value = await this.run<T>(code);
      if (value) return value;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`Never true: ${code}\n${this.log}`);
  }
  /** A message from a frame of the page. */
  post(message: unknown, frame: unknown = OWN_FRAME): void {
    void this.run(
      `e.ipcMain.emit('${CHANNEL}', { sender: e.windows.at(-1).webContents, senderFrame: argument.frame }, argument.message)`,
      { message, frame },
    ).catch(() => undefined);
  }
  async start(): Promise<void> {
    await this.until(`return e.app.listenerCount('second-instance') > 0 || e.calls.some(([c]) => c === 'quit')`);
    await this.run('e.app.becomeReady()');
    await this.until('return e.windows.length > 0');
  }
  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.child.exitCode !== null) return resolve();
      this.child.once('exit', () => resolve());
      this.child.kill('SIGKILL');
    });
  }
}

/** The page: its side of the contract over the bridge. */
function pageOf(
  desktop: Desktop,
  answers: { close: boolean },
): { host: HostApi; commands: string[]; files: FileRef[]; asked: () => number } {
  const commands: string[] = [];
  const files: FileRef[] = [];
  let asked = 0;
  const port: Port = {
    post: (message) => desktop.post(message),
    onMessage: (listener) => {
      desktop.page.add(listener);
      return () => desktop.page.delete(listener);
    },
  };
  const client: ClientApi = {
    pickPath: async () => null,
    importProgress: async () => undefined,
    runCommand: async (id) => void commands.push(id),
    openFile: async (file) => void files.push(file),
    confirmClose: async () => {
      asked++;
      return answers.close;
    },
  };
  const pass = (args: readonly unknown[]): never => args as never;
  serve(client, { pickPath: pass, importProgress: pass, runCommand: pass, openFile: pass, confirmClose: pass }, port);
  return { host: connect<HostApi>(port), commands, files, asked: () => asked };
}

/** Folder of the built program. */
let built: string;
let home: string;
let desktop: Desktop | null = null;

const small: Project = {
  ...emptyProject,
  nodes: { x: { id: 'x', op: 'input', attrs: {} } },
  positions: { x: { x: 0, y: 0 } },
  settings: { ...emptyProject.settings, title: 'Small' },
};

async function open(words: readonly string[] = []): Promise<Desktop> {
  desktop = new Desktop(home, words);
  await desktop.start();
  return desktop;
}

beforeAll(async () => {
  built = await copyBuilt();
}, 180_000);
afterAll(() => rm(built, { recursive: true, force: true }));
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'chainrule-desktop-'));
});
afterEach(async () => {
  await desktop?.end();
  desktop = null;
  await rm(home, { recursive: true, force: true });
});

describe('the window', () => {
  test('has the secure options, the built preload, and loads its own page', async () => {
    const d = await open();
    const options = await d.run<Record<string, unknown>>('return JSON.parse(JSON.stringify(e.windows[0].options))');
    expect(options).toMatchObject({
      show: false,
      minWidth: 900,
      minHeight: 600,
      webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true, webviewTag: false },
    });
    const preload = (options.webPreferences as { preload: string }).preload;
    expect(preload).toBe(join(built, 'preload/preload.cjs'));
    await stat(preload);
    await stat(options.icon as string);
    expect(await d.run('return e.calls.filter(([c]) => c === "loadURL")')).toEqual([['loadURL', 'chainrule://app/index.html']]);
    await d.run('e.windows[0].emit("ready-to-show")');
    expect(await d.run('return e.windows[0].state.visible')).toBe(true);
    expect(await d.run('return e.nativeTheme.themeSource')).toBe('system');
  });

  test('goes nowhere else and opens no other window', async () => {
    const d = await open();
    const verdicts = await d.run<unknown>(`
      const contents = e.windows[0].webContents;
      const prevented = {};
      for (const event of ['will-navigate', 'will-redirect', 'will-attach-webview']) {
        prevented[event] = false;
        contents.emit(event, { preventDefault: () => (prevented[event] = true) }, 'https://evil.example');
      }
      return { prevented, open: contents.windowOpenHandler({ url: 'https://evil.example' }) };`);
    expect(verdicts).toEqual({
      prevented: { 'will-navigate': true, 'will-redirect': true, 'will-attach-webview': true },
      open: { action: 'deny' },
    });
  });

  test('grants the permissions of its table and no others', async () => {
    const d = await open();
    const verdicts = await d.run<Record<string, boolean[]>>(`
      const { permissionRequest, permissionCheck } = e.session.defaultSession;
      const out = {};
      for (const permission of ['clipboard-sanitized-write', 'media', 'geolocation', 'fileSystem']) {
        let asked; permissionRequest(null, permission, (yes) => (asked = yes));
        out[permission] = [asked, permissionCheck(null, permission)];
      }
      return out;`);
    expect(verdicts).toEqual({
      'clipboard-sanitized-write': [true, true],
      media: [false, false],
      geolocation: [false, false],
      fileSystem: [false, false],
    });
  });

  test('serves its page over its own scheme, with the isolation headers, and nothing beside it', async () => {
    const d = await open();
    expect(await d.run('return e.calls.find(([c]) => c === "registerSchemesAsPrivileged")[1]')).toMatchObject([
      { scheme: 'chainrule', privileges: { standard: true, secure: true } },
    ]);
    const fetched = await d.run<Record<string, { status: number; policy: string; coop: string; coep: string }>>(`
      const out = {};
      for (const url of ['chainrule://app/index.html', 'chainrule://app/../../package.json', 'chainrule://app/%2e%2e/%2e%2e/package.json', 'chainrule://evil/index.html', 'chainrule://app/nothing.js']) {
        const response = await e.protocol.handlers.chainrule({ url, method: 'GET' });
        out[url] = { status: response.status, policy: response.headers.get('content-security-policy'), coop: response.headers.get('cross-origin-opener-policy'), coep: response.headers.get('cross-origin-embedder-policy') };
      }
      return out;`);
    for (const [url, answer] of Object.entries(fetched)) {
      // The page itself is there when the window was built too.
      if (url !== 'chainrule://app/index.html') expect(answer.status, url).toBe(404);
      expect(answer).toMatchObject({ coop: 'same-origin', coep: 'require-corp' });
      expect(answer.policy).toMatch(/default-src 'none'/);
    }
  });

  test('stands where it stood, unless no screen is there any more', async () => {
    await writeFile(join(home, 'window.json'), JSON.stringify({ x: 100, y: 50, width: 1000, height: 700, maximized: true }));
    let d = await open();
    expect(await d.run('return e.windows[0].options')).toMatchObject({ x: 100, y: 50, width: 1000, height: 700 });
    expect(await d.run('return e.windows[0].state.maximized')).toBe(true);
    await d.run(
      'e.windows[0].state.maximized = false; e.windows[0].bounds = { x: 5000, y: 0, width: 1100, height: 720 }; e.windows[0].close()',
    );
    await d.until('return e.windows[0].state.destroyed');
    await expect
      .poll(async () => JSON.parse(await readFile(join(home, 'window.json'), 'utf8')) as unknown)
      .toMatchObject({ x: 5000, width: 1100, maximized: false });
    await d.end();
    d = await open();
    const options = await d.run<Record<string, unknown>>('return e.windows[0].options');
    expect(options).toMatchObject({ width: 1100, height: 720 });
    expect(options).not.toHaveProperty('x');
  });
});

describe('the contract', () => {
  test('is answered over the bridge, with native dialogs and recent documents', async () => {
    const d = await open();
    const { host } = pageOf(d, { close: true });
    expect(await host.info()).toMatchObject({ host: 'electron' });
    const path = join(home, 'files', 'mine.chainrule');
    await mkdir(join(home, 'files'));
    await d.run('e.answers.save = { canceled: false, filePath: argument }', path);
    const file = await host.saveProject(small, null, false);
    expect(file!.path).toBe(path);
    const saves = await d.run<unknown[][]>('return e.calls.filter(([c]) => c === "showSaveDialog")');
    expect(saves[0]![1]).toMatchObject({
      title: 'Save the project',
      filters: [{ name: 'Chainrule project', extensions: ['chainrule'] }],
      defaultPath: expect.stringMatching(/Small\.chainrule$/),
    });
    expect(await d.run('return e.calls.filter(([c]) => c === "addRecentDocument")')).toEqual([['addRecentDocument', path]]);
    await d.run('e.answers.open = { canceled: false, filePaths: [argument] }', path);
    expect((await host.openProject(null))!.project.nodes).toHaveProperty('x');
    const opens = await d.run<unknown[][]>('return e.calls.filter(([c]) => c === "showOpenDialog")');
    expect(opens[0]![1]).toMatchObject({ properties: ['openFile'], defaultPath: join(home, 'files') });
    expect(await host.pickData('file').catch((error: Error) => error.message)).toMatch(/'mine.chainrule' is a drawing, not data/);
    await expect(host.listFolder(null)).rejects.toThrow(/browser mode/);
    await host.openExternal('https://example.org/');
    await expect(host.openExternal('file:///etc/passwd')).rejects.toThrow(/https/);
    expect(await d.run('return e.calls.filter(([c]) => c === "openExternal")')).toEqual([
      ['openExternal', 'https://example.org/'],
    ]);
  });

  test('hears its own top frame only', async () => {
    const d = await open();
    const heard: unknown[] = [];
    d.page.add((message) => heard.push(message));
    const call = { t: 'call', id: 1, method: 'info', args: [] };
    d.post(call, { url: 'https://evil.example/', parent: null });
    d.post(call, { url: 'chainrule://evil/index.html', parent: null });
    d.post(call, { url: 'chainrule://app/frame.html', parent: { url: 'chainrule://app/index.html' } });
    d.post(call, null);
    d.post({ ...call, id: 2 });
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    expect(heard.map((message) => (message as { id: number }).id)).toEqual([2]);
  });

  test('shows titles and the mark of unsaved work', async () => {
    const d = await open();
    const { host } = pageOf(d, { close: true });
    await host.setDocument('Spiral', true);
    expect(await d.run('return e.windows[0].state')).toMatchObject({ title: 'Spiral', edited: true });
  });
});

describe('the menu', () => {
  const entries: MenuEntry[] = [
    { id: 'file.new', title: 'New', menu: 'File', section: 0, accelerator: 'CmdOrCtrl+N', enabled: true },
    { id: 'file.save', title: 'Save', menu: 'File', section: 1, accelerator: 'CmdOrCtrl+S', enabled: false },
    { id: 'edit.undo', title: 'Undo & redo', menu: 'Edit', section: 0, accelerator: 'CmdOrCtrl+Z', enabled: true },
    { id: 'view.grid', title: 'Grid', menu: 'View', section: 0, enabled: true, checked: true },
    { id: 'help.about', title: 'About', menu: 'Help', section: 0, enabled: true },
  ];

  test("is built from the window's commands and runs them there", async () => {
    const d = await open();
    const page = pageOf(d, { close: true });
    await page.host.setMenu(entries);
    const template = await d.run<{ label: string; submenu: Record<string, unknown>[] }[]>(
      'return JSON.parse(JSON.stringify(e.Menu.current.template))',
    );
    const own = template.filter((menu) => menu.label !== 'Chainrule' && menu.label !== 'Window');
    expect(own.map((menu) => menu.label)).toEqual(['File', 'Edit', 'View', 'Help']);
    expect(own[0]!.submenu.slice(0, 3)).toMatchObject([
      { id: 'file.new', label: 'New', accelerator: 'CmdOrCtrl+N', registerAccelerator: false, enabled: true },
      { type: 'separator' },
      { id: 'file.save', enabled: false },
    ]);
    expect(own[1]!.submenu[0]).toMatchObject({ label: 'Undo && redo' });
    expect(own[2]!.submenu[0]).toMatchObject({ type: 'checkbox', checked: true });
    await d.run('e.Menu.current.template.find((m) => m.label === "File").submenu[0].click()');
    await expect.poll(() => page.commands).toEqual(['file.new']);
  });

  test('offers cut, copy and paste in text fields', async () => {
    const d = await open();
    await d.run('e.windows[0].webContents.emit("context-menu", {}, { isEditable: true, selectionText: "" })');
    const popups = await d.run<unknown[][]>('return e.calls.filter(([c]) => c === "popup")');
    expect(popups[0]![1]).toEqual(expect.arrayContaining([{ role: 'paste' }]));
  });
});

describe('closing', () => {
  test('asks about unsaved work, and stays when told so', async () => {
    const d = await open();
    const answers = { close: false };
    const page = pageOf(d, answers);
    await page.host.info();
    await page.host.setDocument('Small', true);
    await page.host.autosave(small, null, true);
    await d.run('e.windows[0].close()');
    await expect.poll(page.asked).toBe(1);
    // One more way there and back: the answer has been heard.
    await d.run('return 0');
    expect(await d.run('return e.windows[0].state.destroyed')).toBe(false);
    answers.close = true;
    await d.run('e.windows[0].close()');
    await d.until('return e.windows[0].state.destroyed');
    expect(page.asked()).toBe(2);
    expect(await d.run('return e.calls.some(([c]) => c === "quit")')).toBe(process.platform !== 'darwin');
    // The user let the work go, so it does not come back.
    await d.end();
    const again = await open();
    expect(await pageOf(again, answers).host.recoveries()).toEqual([]);
  });

  test('a quit that was asked about goes on to the end, one that was taken back does not', async () => {
    const d = await open();
    const answers = { close: false };
    const page = pageOf(d, answers);
    await page.host.info();
    await page.host.setDocument('Small', true);
    const ended = (): Promise<boolean> => d.run<boolean>('return e.calls.some(([c]) => c === "quit")');
    // As on macOS, where closing a window is not the end of the program.
    await d.run(
      'Object.defineProperty(process, "platform", { value: "darwin" }); e.app.emit("before-quit"); e.windows[0].close()',
    );
    await expect.poll(page.asked).toBe(1);
    // One more way there and back: the answer has been heard.
    await d.run('return 0');
    answers.close = true;
    await d.run('e.windows[0].close()');
    await d.until('return e.windows[0].state.destroyed');
    expect(await ended()).toBe(false);
    await d.run('e.app.emit("activate")');
    await d.until('return e.windows.length === 2');
    await d.run('e.app.emit("before-quit"); e.windows[1].close()');
    await d.until('return e.windows[1].state.destroyed');
    expect(await ended()).toBe(true);
  });

  test('does not ask when nothing is unsaved', async () => {
    const d = await open();
    const page = pageOf(d, { close: false });
    await page.host.info();
    await d.run('e.windows[0].close()');
    await d.until('return e.windows[0].state.destroyed');
    expect(page.asked()).toBe(0);
  });

  test('work of a program that died is offered at the next start', async () => {
    const d = await open();
    const page = pageOf(d, { close: true });
    await page.host.info();
    await page.host.autosave(small, null, true);
    await d.end();
    // As after the time in which a living program would have given a sign.
    const { readdir, utimes } = await import('node:fs/promises');
    for (const name of await readdir(join(home, 'instances'))) await utimes(join(home, 'instances', name), 0, 0);
    const again = await open();
    const recovered = await pageOf(again, { close: true }).host.recoveries();
    expect(recovered).toHaveLength(1);
    expect(recovered[0]!.project).toEqual({ ...small, nodes: { x: { id: 'x', op: 'input', attrs: {} } } });
  });

  test('a page that crashed is opened again on request', async () => {
    const d = await open();
    await d.run(
      'e.answers.message = 0; e.windows[0].webContents.emit("render-process-gone", {}, { reason: "crashed", exitCode: 11 })',
    );
    expect(await d.run('return e.calls.some(([c]) => c === "reload")')).toBe(true);
    await d.run(
      'e.answers.message = 1; e.windows[0].webContents.emit("render-process-gone", {}, { reason: "oom", exitCode: 1 })',
    );
    expect(await d.run('return e.windows[0].state.destroyed')).toBe(true);
  });
});

describe('files from outside', () => {
  test('come from the command line, from a second start, and from the system', async () => {
    const paths = ['a', 'b', 'c'].map((name) => join(home, `${name}.chainrule`));
    for (const path of paths) await writeFile(path, serialiseProject(small));
    const d = await open([paths[0]!]);
    const page = pageOf(d, { close: true });
    await page.host.info();
    await expect.poll(() => page.files.map((f) => f.path)).toEqual([paths[0]]);
    expect((await page.host.openProject(page.files[0]!.token))!.project.settings.title).toBe('Small');
    await d.run(
      'e.windows[0].state.minimized = true; e.app.emit("second-instance", {}, ["electron", "--flag", argument, "/not/there.chainrule"], "/")',
      paths[1],
    );
    await expect.poll(() => page.files.map((f) => f.path)).toEqual([paths[0], paths[1]]);
    expect(await d.run('return e.calls.some(([c]) => c === "restore")')).toBe(true);
    await d.run('e.app.emit("open-file", { preventDefault() {} }, argument)', paths[2]);
    await expect.poll(() => page.files.map((f) => f.path)).toEqual(paths);
  });

  test('a second instance ends at once', async () => {
    desktop = new Desktop(home, [], { STAND_IN_LOCK: 'taken' });
    await desktop.until('return e.calls.some(([c]) => c === "quit")');
    await desktop.run('e.app.becomeReady()');
    expect(await desktop.run('return [e.windows.length, Object.keys(e.protocol.handlers).length]')).toEqual([0, 0]);
  });
});

describe('the preload', () => {
  test('hands the page a bridge of two functions and nothing of Electron', async () => {
    const source = await readFile(join(built, 'preload/preload.cjs'), 'utf8');
    const sent: unknown[] = [];
    const listeners = new Set<(...args: unknown[]) => void>();
    const exposed: Record<string, Record<string, (...args: never[]) => unknown>> = {};
    const electron = {
      contextBridge: { exposeInMainWorld: (name: string, api: never) => void (exposed[name] = api) },
      ipcRenderer: {
        send: (channel: string, message: unknown) => sent.push([channel, message]),
        on: (channel: string, listener: (...args: unknown[]) => void) =>
          channel === CHANNEL ? listeners.add(listener) : undefined,
        removeListener: (_channel: string, listener: (...args: unknown[]) => void) => listeners.delete(listener),
      },
    };
    const asked: string[] = [];
    const require = (name: string): unknown => {
      asked.push(name);
      return name === 'electron' ? electron : createRequire(import.meta.url)(name);
    };
    new Script(`(function (require, module, exports) { ${source}\n})`).runInContext(createContext({ console }))(
      require,
      { exports: {} },
      {},
    );
    expect(asked).toEqual(['electron']);
    expect(Object.keys(exposed)).toEqual(['chainrule']);
    const bridge = exposed.chainrule as unknown as { post(m: unknown): void; onMessage(l: (m: unknown) => void): () => void };
    expect(Object.keys(bridge).sort()).toEqual(['onMessage', 'post']);
    bridge.post({ t: 'call' });
    expect(sent).toEqual([[CHANNEL, { t: 'call' }]]);
    const heard: unknown[] = [];
    const stop = bridge.onMessage((...args: unknown[]) => heard.push(...args));
    for (const listener of listeners) listener({ secret: 'ports of Electron' }, 'news');
    expect(heard).toEqual(['news']);
    stop();
    expect(listeners.size).toBe(0);
  });
});
