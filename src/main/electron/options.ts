/**
 * The security of the desktop window, as data that a test can read: what the page may do, which
 * permissions exist, where it comes from.
 */
export const SCHEME = 'chainrule';
/** The page's address; the only origin that may talk to main. */
const ORIGIN = `${SCHEME}://app`;
export const PAGE = `${ORIGIN}/index.html`;

/** Standard and secure, so that modules, workers, storage and shared memory work as over https. */
export const schemePrivileges = {
  scheme: SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true, stream: true },
} as const;

export const webPreferences = (preload: string) =>
  ({
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    spellcheck: false,
    // Training goes on at full speed while another window is in front.
    backgroundThrottling: false,
  }) as const;

/** The page writes to the clipboard (copied nodes) and reads it on paste; it needs nothing else. */
export const permissions: Readonly<Record<string, boolean>> = {
  'clipboard-read': true,
  'clipboard-sanitized-write': true,
};
export const isPermitted = (permission: string): boolean => Object.hasOwn(permissions, permission) && permissions[permission]!;

/** Whether an address is the page's own. */
export function isOwnPage(url: string): boolean {
  try {
    const { protocol, host } = new URL(url);
    return protocol === `${SCHEME}:` && host === 'app';
  } catch {
    return false;
  }
}

/** Channel of the contract's messages, both ways. */
export const CHANNEL = 'chainrule:message';
