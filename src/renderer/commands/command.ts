/** What a command is, and how a menu's file adds its own: blocks of entries with what most of them share filled in. */
import type { LockHide, LockKeep } from '../../engine/graph/project';
import type { CommandTarget } from './target';

export const menus = ['File', 'Edit', 'View', 'Arrange', 'Run', 'Plots', 'Help'] as const;
type MenuName = (typeof menus)[number];

export interface Command {
  readonly id: string;
  readonly title: string;
  /** As tinykeys reads it; the first is shown, the others work too. */
  readonly keys: readonly string[];
  readonly menu: MenuName;
  /** Commands with the same number stand together; a line separates the blocks. */
  readonly block: number;
  readonly keywords: readonly string[];
  readonly whileTyping: boolean;
  /** The browser turns its keys into clipboard events, which need no permission; the keys are only shown. */
  readonly clipboard: boolean;
  readonly enabled: () => boolean;
  readonly run: () => void;
}

type Entry = Pick<Command, 'id' | 'title' | 'run'> & Partial<Command>;

export interface Menu {
  readonly app: CommandTarget;
  /** Adds entries that stand together; unless they say otherwise, they make sense while a drawing is shown. */
  readonly block: (menu: MenuName, number: number, ...entries: readonly Entry[]) => void;
  readonly drawn: () => boolean;
  /** A drawing is shown, and its lock does not hide that. */
  readonly shows: (what: LockHide) => () => boolean;
  /** The drawing's lock does not keep that as it is. */
  readonly frees: (what: LockKeep) => boolean;
  /** So many things are selected. */
  readonly some: (count: number) => () => boolean;
  readonly always: () => boolean;
}

export function menuInto(list: Command[], app: CommandTarget): Menu {
  const { editor, workspace } = app;
  const drawn = (): boolean => !workspace.welcome;
  return {
    app,
    drawn,
    shows: (what) => () => drawn() && !editor.lock?.hides.includes(what),
    frees: (what) => !editor.lock?.keeps.includes(what),
    block: (menu, number, ...entries) => {
      for (const entry of entries)
        list.push({
          keys: [],
          keywords: [],
          whileTyping: false,
          clipboard: false,
          enabled: drawn,
          ...entry,
          menu,
          block: number,
        });
    },
    some: (count) => () => drawn() && editor.selection.size >= count,
    always: () => true,
  };
}
