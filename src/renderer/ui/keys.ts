/** Keyboard shortcuts on the whole window. The only file that knows tinykeys. */
import { tinykeys } from 'tinykeys';

export interface Shortcut {
  readonly keys: string;
  /** Also while someone types in a field. */
  readonly whileTyping: boolean;
  /** Returns false when there is nothing to do: the browser may have the key. */
  readonly run: () => boolean;
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('input:not([type=checkbox]):not([type=radio]), textarea, select'));

/** Keys that buttons, tabs and menus use themselves. */
const ofControls = (event: KeyboardEvent): boolean =>
  event.target instanceof HTMLElement &&
  ['Enter', ' '].includes(event.key) &&
  !event.ctrlKey &&
  !event.metaKey &&
  event.target.closest('button, a, [role=tab], [role=menuitem], [role=option], [role=slider], [role=radio], [role=switch]') !==
    null;

export function bindKeys(shortcuts: readonly Shortcut[]): () => void {
  const listener =
    ({ whileTyping, run }: Shortcut) =>
    (event: KeyboardEvent): void => {
      if (event.defaultPrevented || (!whileTyping && typing(event.target)) || ofControls(event)) return;
      if (document.querySelector('[role=dialog], [role=menu], [role=listbox]') !== null && !whileTyping) return;
      if (run()) event.preventDefault();
    };
  const table = (some: readonly Shortcut[]) => Object.fromEntries(some.map((shortcut) => [shortcut.keys, listener(shortcut)]));
  // Keys with Ctrl, Command or Alt are ours before any control sees them: tabs take every Enter, whatever is held with it.
  const ours = (shortcut: Shortcut): boolean => /\$mod|Alt/.test(shortcut.keys);
  const unbind = [
    tinykeys(window, table(shortcuts.filter(ours)), { capture: true }),
    tinykeys(window, table(shortcuts.filter((shortcut) => !ours(shortcut)))),
  ];
  return () => {
    for (const one of unbind) one();
  };
}

/** What the window does with the clipboard when no field and no selected text has a use for it. */
export interface Clipboard {
  /** '' when there is nothing to take. */
  readonly copy: () => string;
  readonly cut: () => string;
  /** False when there is no place for it. */
  readonly paste: (text: string) => boolean;
}

export function bindClipboard({ copy, cut, paste }: Clipboard): () => void {
  const busy = (event: Event): boolean =>
    event.defaultPrevented ||
    typing(event.target) ||
    (getSelection()?.toString() ?? '') !== '' ||
    document.querySelector('[role=dialog]') !== null;
  const take = (how: () => string) => (event: ClipboardEvent) => {
    if (busy(event)) return;
    const text = how();
    if (text === '') return;
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
  };
  const give = (event: ClipboardEvent): void => {
    if (!busy(event) && paste(event.clipboardData?.getData('text/plain') ?? '')) event.preventDefault();
  };
  const [onCopy, onCut] = [take(copy), take(cut)];
  addEventListener('copy', onCopy);
  addEventListener('cut', onCut);
  addEventListener('paste', give);
  return () => {
    removeEventListener('copy', onCopy);
    removeEventListener('cut', onCut);
    removeEventListener('paste', give);
  };
}
