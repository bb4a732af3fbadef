/** What the desktop brings to the host: native dialogs, the system's browser, the title bar, the menu. */
import { app, dialog, shell, type BrowserWindow } from 'electron';
import { dirname, join } from 'node:path';
import type { ClientApi, MenuEntry, PickRequest } from '../contract';
import type { Platform } from '../host';

export interface DesktopHooks {
  setDocument(title: string, dirty: boolean): void;
  setMenu(entries: readonly MenuEntry[]): void;
  ready(): void;
}

export function desktopPlatform(window: BrowserWindow, name: string, client: ClientApi, hooks: DesktopHooks): Platform {
  /** Where the last dialog ended is where the next one starts. */
  let folder: string | null = null;
  return {
    host: 'electron',
    window: name,
    client,
    pick: async (request) => {
      const path = await pick(window, request, folder ?? app.getPath('documents'));
      if (path !== null) folder = dirname(path);
      return path;
    },
    openExternal: (url) => shell.openExternal(url),
    setDocument: hooks.setDocument,
    setMenu: hooks.setMenu,
    ready: hooks.ready,
    noteRecent: (path) => app.addRecentDocument(path),
  };
}

async function pick(
  window: BrowserWindow,
  { mode, title, filters, suggestedName }: PickRequest,
  folder: string,
): Promise<string | null> {
  if (mode === 'folder') {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      title,
      defaultPath: folder,
      properties: ['openDirectory'],
    });
    return canceled ? null : (filePaths[0] ?? null);
  }
  const shared = { title, filters: filters.map(({ name, extensions }) => ({ name, extensions: [...extensions] })) };
  if (mode === 'open') {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      ...shared,
      defaultPath: folder,
      properties: ['openFile'],
    });
    return canceled ? null : (filePaths[0] ?? null);
  }
  const { canceled, filePath } = await dialog.showSaveDialog(window, {
    ...shared,
    defaultPath: join(folder, suggestedName),
    properties: ['showOverwriteConfirmation', 'createDirectory'],
  });
  return canceled || !filePath ? null : filePath;
}
