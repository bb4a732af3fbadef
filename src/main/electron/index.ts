/**
 * The desktop program's entry: one instance, its scheme and permissions, files from the command line and
 * from the system, one window. What a project is, it does not know.
 */
import { app, nativeTheme, session, type BrowserWindow } from 'electron';
import log from 'electron-log/main';
import { existsSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { openHouse, type House } from '../host';
import { configFolder, rendererFolder } from '../services/folders';
import { PROJECT_EXTENSION } from '../services/projects';
import { isPermitted } from './options';
import { handleScheme, registerScheme } from './protocol';
import { openWindow, type DesktopWindow } from './window';

const config = configFolder();
log.transports.file.resolvePathFn = () => join(config, 'logs', 'main.log');
log.transports.file.maxSize = 1024 * 1024;
log.transports.console.level = app.isPackaged ? false : 'info';
log.errorHandler.startCatching({ showDialog: false });
// The browser's own storage beside ours, so that CHAINRULE_HOME moves everything.
app.setPath('userData', join(config, 'window'));
app.setName('Chainrule');
if (process.platform === 'win32') app.setAppUserModelId('io.chainrule.app');

let house: House | null = null;
let current: DesktopWindow | null = null;
/** The user asked for the end of the program, not only of a window; the question about unsaved work may end it. */
let quitting = false;
/** Files that were asked for before there was a window. */
const waiting: string[] = [];

/** Project files among the words of a command line. */
export function filesIn(words: readonly string[], folder: string): string[] {
  return words
    .filter((word) => !word.startsWith('-') && extname(word) === PROJECT_EXTENSION)
    .map((word) => resolve(folder, word))
    .filter((path) => existsSync(path) && statSync(path).isFile());
}

function openFile(path: string): void {
  if (current) current.openFile(path);
  else waiting.push(path);
}

function show(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

function newWindow(): void {
  current = openWindow(house!, config, {
    log: (message) => log.warn(message),
    stays: () => {
      quitting = false;
    },
  });
  const own = current;
  own.browserWindow.on('closed', () => {
    if (current === own) current = null;
  });
  for (const path of waiting.splice(0)) own.openFile(path);
}

if (app.requestSingleInstanceLock()) {
  registerScheme();
  waiting.push(...filesIn(process.argv.slice(1), process.cwd()));
  app.on('second-instance', (_event, words, folder) => {
    const files = filesIn(words.slice(1), folder);
    if (!current && house) newWindow();
    for (const path of files) openFile(path);
    if (current) show(current.browserWindow);
  });
  // macOS: a double click in the Finder, also before the program is ready.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    if (!current && house) newWindow();
    openFile(path);
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin' || quitting) app.quit();
  });
  app.on('activate', () => {
    if (house && !current) newWindow();
  });
  app.on('before-quit', () => {
    quitting = true;
  });
  app.on('will-quit', () => void house?.close());
  // No page but ours is ever shown; this holds for windows that nobody has thought of yet.
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
  app
    .whenReady()
    .then(async () => {
      nativeTheme.themeSource = 'system';
      handleScheme(rendererFolder);
      session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(isPermitted(permission)));
      session.defaultSession.setPermissionCheckHandler((_contents, permission) => isPermitted(permission));
      house = await openHouse(config);
      newWindow();
    })
    .catch((error: unknown) => {
      log.error(error);
      app.exit(1);
    });
} else app.quit();
