/** The Edit menu: undo, the clipboard, selecting, finding and naming. */
import type { Menu } from './command';

export function editCommands({ app, block, drawn, some }: Menu): void {
  const { editor, workspace } = app;
  block(
    'Edit',
    1,
    { id: 'edit.undo', title: 'Undo', keys: ['$mod+KeyZ'], enabled: () => drawn() && editor.canUndo, run: () => editor.undo() },
    {
      id: 'edit.redo',
      title: 'Redo',
      keys: ['$mod+Shift+KeyZ', '$mod+KeyY'],
      enabled: () => drawn() && editor.canRedo,
      run: () => editor.redo(),
    },
  );
  block(
    'Edit',
    2,
    {
      id: 'edit.cut',
      title: 'Cut',
      keys: ['$mod+KeyX'],
      clipboard: true,
      enabled: some(1),
      run: () => void app.clipboard.copy(true),
    },
    {
      id: 'edit.copy',
      title: 'Copy',
      keys: ['$mod+KeyC'],
      clipboard: true,
      enabled: some(1),
      run: () => void app.clipboard.copy(false),
    },
    { id: 'edit.paste', title: 'Paste', keys: ['$mod+KeyV'], clipboard: true, run: () => void app.clipboard.paste() },
    { id: 'edit.duplicate', title: 'Duplicate', keys: ['$mod+KeyD'], enabled: some(1), run: () => editor.duplicateSelection() },
    {
      id: 'edit.delete',
      title: 'Delete',
      keys: ['Delete', 'Backspace'],
      keywords: ['remove'],
      enabled: some(1),
      run: () => app.selected.remove(),
    },
  );
  block(
    'Edit',
    3,
    {
      id: 'edit.selectAll',
      title: 'Select all',
      keys: ['$mod+KeyA'],
      enabled: () => drawn() && !app.empty,
      run: () => editor.selectAll(),
    },
    {
      id: 'edit.find',
      title: 'Find a node…',
      keys: ['$mod+KeyF'],
      whileTyping: true,
      enabled: () => drawn() && !app.empty,
      run: () => workspace.push({ kind: 'find' }),
    },
    {
      id: 'edit.formula',
      title: 'Drawing as text…',
      keys: ['$mod+Shift+KeyT'],
      keywords: ['formula', 'equation', 'expression', 'type', 'code'],
      whileTyping: true,
      enabled: () => drawn() && !editor.lock?.answers,
      run: () => workspace.push({ kind: 'formula' }),
    },
    { id: 'edit.rename', title: 'Rename', keys: ['F2'], keywords: ['label', 'name'], enabled: some(1), run: () => app.rename() },
  );
}
