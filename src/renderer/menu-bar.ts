/** The command list as the desktop's menu bar takes it. Browser mode has no menu bar and ignores it. */
import type { MenuEntry } from '../main/contract';
import { menus, type Command } from './commands/index';

/** `$mod+Shift+KeyZ` → `CmdOrCtrl+Shift+Z`. */
export const accelerator = (keys: string): string =>
  keys
    .split('+')
    .map((key) => {
      const named: Readonly<Record<string, string>> = {
        $mod: 'CmdOrCtrl',
        Equal: 'Plus',
        Minus: '-',
        Period: '.',
        Slash: '/',
        ArrowLeft: 'Left',
        ArrowRight: 'Right',
        ArrowUp: 'Up',
        ArrowDown: 'Down',
      };
      return named[key] ?? key.replace(/^(Key|Digit)/, '');
    })
    .join('+');

export const menuBar = (commands: readonly Command[]): readonly MenuEntry[] =>
  menus.flatMap((menu) =>
    commands
      .filter((command) => command.menu === menu)
      .map((command) => ({
        id: command.id,
        title: command.title,
        menu,
        section: command.block,
        ...(command.keys[0] === undefined ? {} : { accelerator: accelerator(command.keys[0]) }),
        enabled: command.enabled(),
      })),
  );
