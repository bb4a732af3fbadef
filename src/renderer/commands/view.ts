/** The View menu: the camera, lenses, panels, colours, presentation. */
import { lenses, lensTitles } from '../editor/lens';
import type { Menu } from './command';

export function viewCommands({ app, block, drawn, shows, always }: Menu): void {
  const { editor, run, workspace } = app;
  block('View', 1, {
    id: 'view.palette',
    title: 'Command palette…',
    keys: ['$mod+KeyK', '$mod+Shift+KeyP'],
    whileTyping: true,
    enabled: always,
    run: () => workspace.push({ kind: 'palette' }),
  });
  block(
    'View',
    2,
    { id: 'view.zoomIn', title: 'Zoom in', keys: ['$mod+Equal'], whileTyping: true, run: () => app.camera?.zoomIn() },
    { id: 'view.zoomOut', title: 'Zoom out', keys: ['$mod+Minus'], whileTyping: true, run: () => app.camera?.zoomOut() },
    { id: 'view.fit', title: 'Fit the drawing', keys: ['Shift+Digit1', '$mod+Digit0'], run: () => app.camera?.fit() },
  );
  block(
    'View',
    3,
    ...lenses.map((lens, i) => ({
      id: `lens.${lens}`,
      title: `Lens: ${lensTitles[lens].toLowerCase()}`,
      keys: [`Alt+Shift+Digit${i + 1}`],
      keywords: ['level', 'detail', 'closer', 'look'],
      whileTyping: true,
      run: () => app.selected.look(lens, 'whole'),
    })),
  );
  block(
    'View',
    4,
    ...lenses.map((lens, i) => ({
      id: `lens.selection.${lens}`,
      title: `Selection as ${lensTitles[lens].toLowerCase()}`,
      keys: [`$mod+Alt+Digit${i + 1}`],
      keywords: ['lens', 'level', 'detail', 'closer', 'open in place'],
      enabled: () => drawn() && app.selected.canLookCloser,
      run: () => app.selected.look(lens, 'selection'),
    })),
  );
  block(
    'View',
    5,
    {
      id: 'view.inspect',
      title: 'Show Inspect',
      keys: ['Alt+Digit1'],
      whileTyping: true,
      enabled: shows('inspect'),
      run: () => workspace.show('inspect'),
    },
    {
      id: 'view.data',
      title: 'Show Data',
      keys: ['Alt+Digit2'],
      whileTyping: true,
      enabled: shows('data'),
      run: () => workspace.show('data'),
    },
    {
      id: 'view.train',
      title: 'Show Train',
      keys: ['Alt+Digit3'],
      whileTyping: true,
      enabled: shows('train'),
      run: () => workspace.show('train'),
    },
    {
      id: 'view.results',
      title: 'Show Results',
      keys: ['Alt+Digit4'],
      whileTyping: true,
      enabled: shows('results'),
      run: () => workspace.show('results'),
    },
    {
      id: 'view.problems',
      title: 'Show Problems',
      keys: ['Alt+Digit5'],
      whileTyping: true,
      run: () => workspace.showBottom('problems'),
    },
    {
      id: 'view.stepper',
      title: 'Show Stepper',
      keys: ['Alt+Digit6'],
      whileTyping: true,
      run: () => workspace.showBottom('stepper'),
    },
    {
      id: 'view.runs',
      title: 'Show Runs',
      keys: ['Alt+Digit7'],
      keywords: ['history', 'compare', 'experiments'],
      whileTyping: true,
      run: () => workspace.showBottom('runs'),
    },
    {
      id: 'view.parameters',
      title: 'Show Parameters',
      keys: ['Alt+Digit8'],
      keywords: ['weights', 'biases', 'numbers', 'table', 'freeze'],
      whileTyping: true,
      run: () => workspace.showBottom('parameters'),
    },
    {
      id: 'view.table',
      title: 'Show the drawing as a table',
      keys: ['Alt+Digit9'],
      keywords: ['nodes', 'edges', 'values', 'gradients', 'local derivative', 'screen reader', 'spreadsheet'],
      whileTyping: true,
      run: () => workspace.showBottom('drawing'),
    },
  );
  block(
    'View',
    6,
    {
      id: 'view.left',
      title: 'Show or hide the node palette',
      keys: ['$mod+KeyB'],
      whileTyping: true,
      enabled: shows('palette'),
      run: () => app.togglePane('left'),
    },
    {
      id: 'view.right',
      title: 'Show or hide the side panel',
      keys: ['$mod+Alt+KeyB'],
      whileTyping: true,
      run: () => app.togglePane('right'),
    },
    {
      id: 'view.bottom',
      title: 'Show or hide the bottom panel',
      keys: ['$mod+KeyJ'],
      whileTyping: true,
      run: () => app.togglePane('bottom'),
    },
  );
  block(
    'View',
    7,
    {
      id: 'view.forward',
      title: 'Show or hide values on the edges',
      keywords: ['forward', 'live'],
      enabled: () => drawn() && !editor.lock?.answers,
      run: () => {
        run.live.showForward = !run.live.showForward;
      },
    },
    {
      id: 'view.backward',
      title: 'Show or hide gradients on the edges',
      keywords: ['backward', 'live'],
      enabled: () => drawn() && !editor.lock?.answers,
      run: () => {
        run.live.showBackward = !run.live.showBackward;
      },
    },
  );
  block(
    'View',
    6,
    { id: 'view.light', title: 'Light colours', enabled: always, run: () => workspace.setTheme('light') },
    { id: 'view.dark', title: 'Dark colours', enabled: always, run: () => workspace.setTheme('dark') },
    { id: 'view.system', title: 'Colours like the system', enabled: always, run: () => workspace.setTheme('system') },
  );

  block('View', 7, {
    id: 'view.present',
    title: 'Presentation: large type, on or off',
    keys: ['$mod+Alt+KeyP'],
    keywords: ['projector', 'teach', 'big', 'zoom', 'classroom'],
    whileTyping: true,
    enabled: always,
    run: () => app.present(),
  });
  block('View', 8, {
    id: 'view.analyzer',
    title: 'Analyse the network…',
    keywords: ['table', 'parameters', 'operations', 'memory', 'summary', 'size'],
    enabled: () => drawn() && !app.empty,
    run: () => workspace.push({ kind: 'analyzer' }),
  });
}
