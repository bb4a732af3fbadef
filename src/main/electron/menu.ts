/**
 * The menu bar, built from the entries that the window sends. The window owns the list of commands and its
 * shortcuts; here are only the entries that the operating system expects and acts on itself.
 */
import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { MenuEntry } from '../contract';

/** Editing text in fields is the system's; its shortcuts must stand in a menu to work on macOS. */
const editRoles = ['undo', 'redo', 'cut', 'copy', 'paste', 'selectAll'] as const;
/** The same keys as those of the roles, which commands of the window may have too. */
const EDIT_KEYS = /^CmdOrCtrl\+(?:[ACVXZ]|Shift\+Z)$/i;

function menuTemplate(
  entries: readonly MenuEntry[],
  run: (id: string) => void,
  mac: boolean,
  name = 'Chainrule',
): MenuItemConstructorOptions[] {
  const menus = new Map<string, MenuEntry[]>();
  for (const entry of entries) menus.set(entry.menu, [...(menus.get(entry.menu) ?? []), entry]);
  const template: MenuItemConstructorOptions[] = mac ? [{ label: name, role: 'appMenu' }] : [];
  for (const [title, own] of menus) {
    const submenu: MenuItemConstructorOptions[] = [];
    let section: number | null = null;
    for (const entry of [...own].sort((a, b) => a.section - b.section)) {
      if (section !== null && section !== entry.section) submenu.push({ type: 'separator' });
      section = entry.section;
      submenu.push({
        id: entry.id,
        label: entry.title.replaceAll('&', '&&'),
        enabled: entry.enabled,
        // The window's own key handler knows whether a field has the focus; the menu only shows the keys.
        ...(entry.accelerator && !(mac && EDIT_KEYS.test(entry.accelerator))
          ? { accelerator: entry.accelerator, registerAccelerator: false }
          : {}),
        ...(entry.checked === undefined ? {} : { type: 'checkbox' as const, checked: entry.checked }),
        click: () => run(entry.id),
      });
    }
    // Unseen, and reached by keys that the page left alone because a text field has the focus.
    if (title === 'Edit' && mac)
      submenu.push(...editRoles.map((role) => ({ role, visible: false, acceleratorWorksWhenHidden: true })));
    if (title === 'File' && !mac) submenu.push({ type: 'separator' }, { label: 'Quit', role: 'quit' });
    if (title === 'View') submenu.push({ type: 'separator' }, { role: 'togglefullscreen' }, { role: 'toggleDevTools' });
    template.push({ label: title, submenu, ...(title === 'Help' ? { role: 'help' as const } : {}) });
    if (title === 'View' && mac) template.push({ label: 'Window', role: 'windowMenu' });
  }
  if (template.length === (mac ? 1 : 0)) template.push({ label: 'File', submenu: [{ role: 'quit' }] });
  return template;
}

export function setMenu(entries: readonly MenuEntry[], run: (id: string) => void): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(entries, run, process.platform === 'darwin')));
}

/** Right click in a text field. */
export function showFieldMenu(flags: { readonly isEditable: boolean; readonly hasSelection: boolean }): void {
  if (flags.isEditable) Menu.buildFromTemplate(editRoles.map((role) => ({ role }))).popup();
  else if (flags.hasSelection) Menu.buildFromTemplate([{ role: 'copy' }]).popup();
}
