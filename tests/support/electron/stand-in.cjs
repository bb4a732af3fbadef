/**
 * A stand-in for the `electron` module, as far as our main uses it: it remembers what was called, and the
 * test drives it over the process channel. It decides nothing; whatever main asks of it is answered with
 * what the test has put into `answers`.
 */
const { EventEmitter } = require('node:events');
const { join } = require('node:path');

const calls = [];
const note = (what, ...args) => {
  calls.push([what, ...args.map((a) => (typeof a === 'function' ? '<function>' : a))]);
};
const answers = { lock: process.env.STAND_IN_LOCK !== 'taken', open: { canceled: true, filePaths: [] }, save: { canceled: true }, message: 0, displays: [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }], dark: false };
const userData = process.env.CHAINRULE_HOME ?? '/tmp';

class App extends EventEmitter {
  isPackaged = false;
  name = 'Chainrule';
  paths = {};
  #ready;
  #isReady = new Promise((resolve) => (this.#ready = resolve));
  becomeReady() {
    this.#ready();
    this.emit('ready');
  }
  whenReady() {
    return this.#isReady;
  }
  isReady() {
    return true;
  }
  requestSingleInstanceLock() {
    note('requestSingleInstanceLock');
    return answers.lock;
  }
  setPath(name, path) {
    note('setPath', name, path);
    this.paths[name] = path;
  }
  getPath(name) {
    return this.paths[name] ?? join(userData, name);
  }
  setName(name) {
    this.name = name;
  }
  getName() {
    return this.name;
  }
  getVersion() {
    return '0.0.0';
  }
  getAppPath() {
    return process.cwd();
  }
  setAppUserModelId(id) {
    note('setAppUserModelId', id);
  }
  addRecentDocument(path) {
    note('addRecentDocument', path);
  }
  quit() {
    note('quit');
  }
  exit(code) {
    note('exit', code);
  }
}
const app = new App();

const ipcMain = new EventEmitter();
ipcMain.handle = () => undefined;

class WebContents extends EventEmitter {
  destroyed = false;
  isDestroyed() {
    return this.destroyed;
  }
  send(channel, message) {
    process.send({ kind: 'page', channel, message });
  }
  setWindowOpenHandler(handler) {
    this.windowOpenHandler = handler;
  }
  loadURL(url) {
    note('loadURL', url);
    return Promise.resolve();
  }
  reload() {
    note('reload');
  }
  getURL() {
    return 'chainrule://app/index.html';
  }
}

const windows = [];
class BrowserWindow extends EventEmitter {
  constructor(options) {
    super();
    this.options = options;
    this.webContents = new WebContents();
    this.bounds = { x: options.x ?? 10, y: options.y ?? 20, width: options.width, height: options.height };
    this.state = { maximized: false, minimized: false, title: options.title, edited: false, visible: false, destroyed: false };
    windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  static getAllWindows() {
    return windows.filter((w) => !w.state.destroyed);
  }
  static getFocusedWindow() {
    return windows[0] ?? null;
  }
  maximize() {
    this.state.maximized = true;
  }
  isMaximized() {
    return this.state.maximized;
  }
  isMinimized() {
    return this.state.minimized;
  }
  restore() {
    note('restore');
    this.state.minimized = false;
  }
  show() {
    note('show');
    this.state.visible = true;
  }
  focus() {
    note('focus');
  }
  setTitle(title) {
    this.state.title = title;
  }
  setDocumentEdited(edited) {
    this.state.edited = edited;
  }
  getNormalBounds() {
    return this.bounds;
  }
  isDestroyed() {
    return this.state.destroyed;
  }
  /** As Electron does: an event that may be prevented, then the end. */
  close() {
    note('close');
    let prevented = false;
    this.emit('close', { preventDefault: () => (prevented = true) });
    if (!prevented) this.destroy();
  }
  destroy() {
    if (this.state.destroyed) return;
    this.state.destroyed = true;
    this.webContents.destroyed = true;
    this.emit('closed');
    if (windows.every((w) => w.state.destroyed)) app.emit('window-all-closed');
  }
}

const dialog = {
  showOpenDialog: async (_window, options) => {
    note('showOpenDialog', options);
    return answers.open;
  },
  showSaveDialog: async (_window, options) => {
    note('showSaveDialog', options);
    return answers.save;
  },
  showMessageBoxSync: (...args) => {
    note('showMessageBoxSync', args.at(-1));
    return answers.message;
  },
  showErrorBox: (...args) => note('showErrorBox', ...args),
};

const protocol = {
  handlers: {},
  registerSchemesAsPrivileged: (schemes) => note('registerSchemesAsPrivileged', schemes),
  handle: (scheme, handler) => {
    protocol.handlers[scheme] = handler;
  },
};

const Menu = {
  current: null,
  buildFromTemplate: (template) => ({ template, popup: () => note('popup', JSON.parse(JSON.stringify(template))) }),
  setApplicationMenu: (menu) => {
    Menu.current = menu;
  },
};

const defaultSession = {
  setPermissionRequestHandler: (handler) => (defaultSession.permissionRequest = handler),
  setPermissionCheckHandler: (handler) => (defaultSession.permissionCheck = handler),
  registerPreloadScript: () => undefined,
  getPreloads: () => [],
  setPreloads: () => undefined,
};
const session = { defaultSession };
const nativeTheme = Object.assign(new EventEmitter(), {
  themeSource: 'light',
  get shouldUseDarkColors() {
    return answers.dark;
  },
});
const screen = { getAllDisplays: () => answers.displays };
const shell = { openExternal: async (url) => note('openExternal', url) };

/** The test's words are run here with the stand-in at hand; what they return goes back. */
process.on('message', async ({ id, code, argument }) => {
  try {
    const run = new Function('e', 'argument', `return (async () => { ${code} })()`);
    const value = await run({ app, ipcMain, windows, dialog, protocol, Menu, session, nativeTheme, screen, shell, calls, answers }, argument);
    process.send({ kind: 'answer', id, value });
  } catch (error) {
    process.send({ kind: 'answer', id, error: String(error && error.stack) });
  }
});

module.exports = { app, ipcMain, BrowserWindow, dialog, protocol, Menu, session, nativeTheme, screen, shell };
