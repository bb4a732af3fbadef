/**
 * Runs in the sandboxed page before it: passes messages on, and knows nothing of what they say. The page
 * never sees Electron's own objects.
 */
import { contextBridge, ipcRenderer } from 'electron';
import type { DesktopBridge } from '../contract';

/** As in `options.ts`; a sandboxed preload is one file and imports nothing but Electron. */
const CHANNEL = 'chainrule:message';

const bridge: DesktopBridge = {
  post: (message) => ipcRenderer.send(CHANNEL, message),
  onMessage: (listener) => {
    const receive = (_event: unknown, message: unknown): void => listener(message);
    ipcRenderer.on(CHANNEL, receive);
    return () => void ipcRenderer.removeListener(CHANNEL, receive);
  },
};
contextBridge.exposeInMainWorld('chainrule', bridge);
