/**
 * Everything that can be done, once: the command palette, the menus, the shortcuts and the help read this
 * list. An entry says where it stands in the menus and when it makes sense; each menu has a file of its own.
 */
import { type Command, menuInto } from './command';
import { arrangeCommands } from './arrange';
import { editCommands } from './edit';
import { fileCommands } from './file';
import { helpCommands } from './help';
import { plotCommands } from './plots';
import { runCommands } from './run';
import { steppingCommands } from './stepping';
import { viewCommands } from './view';
import type { CommandTarget } from './target';

export { type Command, menus } from './command';
export type { CommandTarget } from './target';

export function commandsOf(app: CommandTarget): readonly Command[] {
  const list: Command[] = [];
  const menu = menuInto(list, app);
  fileCommands(menu);
  editCommands(menu);
  viewCommands(menu);
  arrangeCommands(menu);
  runCommands(menu);
  steppingCommands(menu);
  plotCommands(menu);
  helpCommands(menu);
  return list;
}
