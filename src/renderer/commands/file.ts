/** The File menu: projects, data to begin with, kept weights, the lock, exports. */
import type { Menu } from './command';

export function fileCommands({ app, block, drawn, shows, always }: Menu): void {
  const { editor, run, workspace } = app;
  block(
    'File',
    1,
    { id: 'file.new', title: 'New project', keys: ['$mod+Alt+KeyN'], enabled: always, run: () => void app.newProject() },
    {
      id: 'file.newFromData',
      title: 'New from data…',
      keywords: ['csv', 'table', 'import', 'numpy', 'idx', 'mnist', 'pictures', 'images', 'formula', 'paint', 'toy'],
      enabled: always,
      run: () => app.newFromData(),
    },
    { id: 'file.open', title: 'Open…', keys: ['$mod+KeyO'], whileTyping: true, enabled: always, run: () => void app.open() },
    { id: 'file.start', title: 'Start page', keywords: ['examples', 'welcome', 'recent'], run: () => void app.startPage() },
  );
  block(
    'File',
    2,
    { id: 'file.save', title: 'Save', keys: ['$mod+KeyS'], whileTyping: true, run: () => void app.save(false) },
    { id: 'file.saveAs', title: 'Save as…', keys: ['$mod+Shift+KeyS'], whileTyping: true, run: () => void app.save(true) },
    {
      id: 'file.keepWeights',
      title: 'Keep trained weights in the project',
      keywords: ['store', 'parameters'],
      enabled: () => drawn() && run.backend !== null,
      run: () => void app.keepWeights(),
    },
    {
      id: 'file.dropWeights',
      title: 'Remove kept weights from the project',
      enabled: () => drawn() && app.hasKeptWeights,
      run: () => app.dropWeights(),
    },
  );
  block('File', 3, {
    id: 'file.lock',
    title: 'Lock for a class, or open the lock…',
    keywords: ['teacher', 'password', 'protect', 'hide', 'answers', 'unlock'],
    enabled: () => drawn() && !app.empty,
    run: () => workspace.push({ kind: 'lock' }),
  });
  block('File', 4, {
    id: 'file.export',
    title: 'Export trained model…',
    keys: ['$mod+KeyE'],
    keywords: ['onnx', 'pytorch', 'torch', 'python', 'safetensors', 'numpy', 'npz', 'take'],
    whileTyping: true,
    enabled: () => shows('export')() && !editor.lock?.answers && !app.empty,
    run: () => workspace.push({ kind: 'export' }),
  });
}
