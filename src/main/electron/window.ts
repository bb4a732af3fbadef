/**
 * One window: its options, its guards, its side of the contract, and the question before it closes.
 */
import { app, BrowserWindow, dialog, ipcMain, nativeTheme, screen, type IpcMainEvent, type WebContents } from 'electron';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { connect, serve, type Port } from '../../engine/remote';
import type { ClientApi, MenuEntry } from '../contract';
import { createHost, type House } from '../host';
import { checkedClient, hostParsers } from '../parsers';
import { resources } from '../services/folders';
import { setMenu, showFieldMenu } from './menu';
import { CHANNEL, isOwnPage, PAGE, webPreferences } from './options';
import { desktopPlatform } from './platform';
import { readWindowState, SMALLEST, writeWindowState } from './window-state';

interface WindowHooks {
  log(message: string): void;
  /** Closing was asked for, and the user decided to stay. */
  stays(): void;
}

export interface DesktopWindow {
  readonly browserWindow: BrowserWindow;
  openFile(path: string): void;
}

/** The page's messages as a port. Only the page's own top frame is heard. */
function pagePort(contents: WebContents): Port & { close(): void } {
  const closers = new Set<() => void>();
  return {
    post: (message) => {
      if (!contents.isDestroyed()) contents.send(CHANNEL, message);
    },
    onMessage: (listener) => {
      const receive = (event: IpcMainEvent, message: unknown): void => {
        if (event.sender !== contents) return;
        const frame = event.senderFrame;
        if (!frame || frame.parent !== null || !isOwnPage(frame.url)) return;
        listener(message);
      };
      ipcMain.on(CHANNEL, receive);
      return () => ipcMain.removeListener(CHANNEL, receive);
    },
    onClose: (listener) => {
      closers.add(listener);
      return () => closers.delete(listener);
    },
    close: () => {
      for (const listener of closers) listener();
      closers.clear();
    },
  };
}

export function openWindow(house: House, config: string, { log, stays }: WindowHooks): DesktopWindow {
  const state = readWindowState(
    config,
    screen.getAllDisplays().map((d) => d.workArea),
  );
  const { maximized, ...bounds } = state;
  const window = new BrowserWindow({
    ...bounds,
    minWidth: SMALLEST.width,
    minHeight: SMALLEST.height,
    show: false,
    title: 'Chainrule',
    icon: join(resources, 'icon.png'),
    // The page's own background, so that nothing flashes while it loads.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#111116' : '#f4f4f6',
    webPreferences: webPreferences(join(import.meta.dirname, '..', 'preload', 'preload.cjs')),
  });
  const contents = window.webContents;
  if (maximized) window.maximize();
  window.once('ready-to-show', () => window.show());

  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.on('context-menu', (_event, { isEditable, selectionText }) =>
    showFieldMenu({ isEditable, hasSelection: selectionText !== '' }),
  );

  const keepState = (): void => {
    if (window.isDestroyed() || window.isMinimized()) return;
    void writeWindowState(config, { ...window.getNormalBounds(), maximized: window.isMaximized() });
  };
  let later: NodeJS.Timeout | null = null;
  const keepStateSoon = (): void => {
    if (later) clearTimeout(later);
    later = setTimeout(keepState, 500);
  };
  for (const event of ['resize', 'move', 'maximize', 'unmaximize'] as const) window.on(event as 'resize', keepStateSoon);

  let dirty = false;
  let title = 'Chainrule';
  let mayClose = false;
  let asking = false;
  let pageReady = false;
  const waitingFiles: string[] = [];

  // ── the contract ──
  const port = pagePort(contents);
  const client = checkedClient(connect<ClientApi>(port));
  const news = (call: Promise<void>): void => void call.catch((error: unknown) => log(String(error)));
  const run = (id: string): void => news(client.runCommand(id));
  const host = createHost(
    house,
    desktopPlatform(window, randomUUID(), client, {
      setDocument: (newTitle, isDirty) => {
        dirty = isDirty;
        title = newTitle || 'Chainrule';
        window.setTitle(title);
        window.setDocumentEdited(isDirty);
      },
      setMenu: (entries: readonly MenuEntry[]) => setMenu(entries, run),
      ready: () => {
        pageReady = true;
        for (const path of waitingFiles.splice(0)) openFile(path);
      },
    }),
  );
  const stop = serve(host, hostParsers, port);

  const openFile = (path: string): void => {
    if (!pageReady) return void waitingFiles.push(path);
    news(client.openFile(house.projects.ref(path)));
  };

  // ── the end of a page ──
  contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    // A reload: what was asked of the old page will not be answered.
    if (isMainFrame && !isSameDocument && pageReady) {
      pageReady = false;
      port.close();
      host.pageLoaded();
    }
  });
  contents.on('render-process-gone', (_event, details) => {
    if (details.reason === 'clean-exit') return;
    log(`The window's process ended: ${details.reason} (${details.exitCode}).`);
    pageReady = false;
    port.close();
    host.pageLoaded();
    const choice = dialog.showMessageBoxSync({
      type: 'error',
      message: 'The window stopped working.',
      detail: 'Your work is kept in a recovery copy and is offered when the window is open again.',
      buttons: ['Open again', 'Quit'],
      defaultId: 0,
      cancelId: 1,
    });
    if (choice === 0) contents.reload();
    else {
      mayClose = true;
      window.destroy();
    }
  });
  window.on('unresponsive', () => {
    log('The window does not respond.');
    if (!asking) return;
    const choice = dialog.showMessageBoxSync(window, {
      type: 'warning',
      message: 'The window does not respond.',
      detail: 'If you close it now, the recovery copy of your work is offered at the next start.',
      buttons: ['Wait', 'Close'],
      defaultId: 0,
      cancelId: 0,
    });
    if (choice === 0) return;
    mayClose = true;
    window.destroy();
  });

  window.on('close', (event) => {
    keepState();
    if (mayClose || !dirty || !pageReady) return;
    event.preventDefault();
    if (asking) return;
    asking = true;
    client.confirmClose().then(
      async (goOn) => {
        asking = false;
        if (!goOn) return stays();
        // What was neither saved nor wanted is not offered again.
        await host.forgetRecovery();
        mayClose = true;
        window.close();
      },
      (error: unknown) => {
        // A page that cannot be asked any more must not keep the window open; its recovery copy stays.
        log(String(error));
        asking = false;
        mayClose = true;
        window.close();
      },
    );
  });
  window.on('closed', () => {
    if (later) clearTimeout(later);
    stop();
    port.close();
    void host.close();
  });

  void contents.loadURL(PAGE).catch((error: unknown) => {
    log(String(error));
    dialog.showErrorBox(
      'Chainrule could not start',
      `The window's page could not be loaded: ${error instanceof Error ? error.message : String(error)}`,
    );
    app.exit(1);
  });
  return { browserWindow: window, openFile };
}
