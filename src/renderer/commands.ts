/**
 * Everything that can be done, once: the command palette, the menus, the shortcuts and the help read this
 * list. An entry says where it stands in the menus and when it makes sense.
 */
import { type Lens, lenses, lensTitles } from './editor/lens';
import type { Lock, LockHide, LockKeep } from '../engine/graph/project';
import type { BottomTab, OpenDialog, SideTab, Theme } from './panels/workspace.svelte';

export const menus = ['File', 'Edit', 'View', 'Arrange', 'Run', 'Help'] as const;
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

/** What commands act on. The composition root offers it; tests offer a small stand-in. */
export interface CommandTarget {
  readonly editor: {
    readonly lock: Lock | null;
    readonly selection: ReadonlySet<string>;
    readonly selectedNodes: readonly string[];
    readonly canUndo: boolean;
    readonly canRedo: boolean;
    readonly undoLabel: string | null;
    readonly redoLabel: string | null;
    undo(): void;
    redo(): void;
    deleteSelection(): void;
    duplicateSelection(): void;
    selectAll(): void;
    group(): void;
    ungroup(): void;
    align(how: Alignment): void;
    layout(): void;
  };
  /** Through another lens: the whole drawing, or what is selected. */
  look(lens: Lens, at: 'whole' | 'selection'): void;
  readonly canLookCloser: boolean;
  readonly run: {
    readonly running: boolean;
    readonly canTrain: boolean;
    readonly canStep: boolean;
    readonly busy: boolean;
    readonly backend: string | null;
    readonly notation: { turn(): void };
    readonly live: { showForward: boolean; showBackward: boolean };
    readonly stepper: {
      readonly trace: unknown;
      next(): void;
      back(): void;
      nextPhase(): void;
      previousPhase(): void;
      finishPhase(): void;
      runTo(node: string): boolean;
      stepInside(): void;
      faster(): void;
      slower(): void;
      toggle(): void;
    };
    readonly timeline: {
      readonly index: number;
      readonly inPast: boolean;
      readonly moments: readonly unknown[];
      readonly moment: { readonly id: number; readonly epoch: number; readonly bookmark: string | null } | null;
      seek(index: number): Promise<void>;
      bookmark(moment: number | null, name: string | null): Promise<void>;
    };
    toggle(): Promise<void>;
    stepOnce(): Promise<void>;
    epochOnce(): Promise<void>;
  };
  readonly workspace: {
    readonly welcome: boolean;
    readonly leftOpen: boolean;
    readonly rightOpen: boolean;
    readonly bottomOpen: boolean;
    setTheme(theme: Theme): void;
    show(tab: SideTab): void;
    showBottom(tab: BottomTab): void;
    push(dialog: OpenDialog): void;
  };
  readonly camera: { zoomIn(): void; zoomOut(): void; fit(): void } | null;
  readonly empty: boolean;
  readonly hasKeptWeights: boolean;
  readonly canOpenParts: boolean;
  queue(): Promise<void>;
  newProject(): Promise<void>;
  newFromData(): void;
  open(): Promise<void>;
  save(as: boolean): Promise<boolean>;
  startPage(): Promise<void>;
  learn(page?: string): void;
  keepWeights(): Promise<void>;
  dropWeights(): void;
  reset(seed: 'same' | 'new'): Promise<void>;
  stepThrough(): Promise<void>;
  readonly canDerive: boolean;
  deriveSelected(): Promise<void>;
  copy(cut: boolean): Promise<void>;
  paste(): Promise<void>;
  present(): void;
  rename(): void;
  openParts(): void;
  /** What is selected, or the part that is seen through a lens. */
  remove(): void;
  addNeuron(): void;
  readonly canAddNeuron: boolean;
  openForGood(): void;
  togglePane(pane: 'left' | 'right' | 'bottom'): void;
}

type Alignment = 'left' | 'right' | 'top' | 'bottom' | 'center-x' | 'center-y' | 'distribute-x' | 'distribute-y';

type Entry = Pick<Command, 'id' | 'title' | 'run'> & Partial<Command>;

export function commandsOf(app: CommandTarget): readonly Command[] {
  const { editor, run, workspace } = app;
  const list: Command[] = [];
  const drawn = (): boolean => !workspace.welcome;
  const shows = (what: LockHide) => (): boolean => drawn() && !editor.lock?.hides.includes(what);
  const frees = (what: LockKeep): boolean => !editor.lock?.keeps.includes(what);
  const block = (menu: MenuName, number: number, ...entries: readonly Entry[]): void => {
    for (const entry of entries)
      list.push({ keys: [], keywords: [], whileTyping: false, clipboard: false, enabled: drawn, ...entry, menu, block: number });
  };
  const some = (count: number) => (): boolean => drawn() && editor.selection.size >= count;
  const always = (): boolean => true;

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
    keywords: ['onnx', 'safetensors', 'numpy', 'npz', 'take'],
    whileTyping: true,
    enabled: () => shows('export')() && !app.empty,
    run: () => workspace.push({ kind: 'export' }),
  });

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
    { id: 'edit.cut', title: 'Cut', keys: ['$mod+KeyX'], clipboard: true, enabled: some(1), run: () => void app.copy(true) },
    { id: 'edit.copy', title: 'Copy', keys: ['$mod+KeyC'], clipboard: true, enabled: some(1), run: () => void app.copy(false) },
    { id: 'edit.paste', title: 'Paste', keys: ['$mod+KeyV'], clipboard: true, run: () => void app.paste() },
    { id: 'edit.duplicate', title: 'Duplicate', keys: ['$mod+KeyD'], enabled: some(1), run: () => editor.duplicateSelection() },
    {
      id: 'edit.delete',
      title: 'Delete',
      keys: ['Delete', 'Backspace'],
      keywords: ['remove'],
      enabled: some(1),
      run: () => app.remove(),
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
      run: () => workspace.push({ kind: 'formula' }),
    },
    { id: 'edit.rename', title: 'Rename', keys: ['F2'], keywords: ['label', 'name'], enabled: some(1), run: () => app.rename() },
  );

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
      run: () => app.look(lens, 'whole'),
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
      enabled: () => drawn() && app.canLookCloser,
      run: () => app.look(lens, 'selection'),
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

  block(
    'Arrange',
    1,
    {
      id: 'arrange.layout',
      title: 'Lay out automatically',
      keys: ['$mod+Shift+KeyL'],
      keywords: ['tidy', 'order'],
      enabled: () => drawn() && !app.empty,
      run: () => editor.layout(),
    },
    { id: 'arrange.group', title: 'Group', keys: ['$mod+KeyG'], enabled: some(1), run: () => editor.group() },
    { id: 'arrange.ungroup', title: 'Ungroup', keys: ['$mod+Shift+KeyG'], enabled: some(1), run: () => editor.ungroup() },
    {
      id: 'arrange.open',
      title: 'Open into parts',
      keys: ['$mod+Shift+KeyE'],
      keywords: ['explode', 'layer', 'neuron'],
      enabled: () => drawn() && app.canOpenParts,
      run: () => app.openParts(),
    },
    {
      id: 'layer.addNeuron',
      title: 'Add a neuron to the layer',
      keywords: ['unit', 'wider'],
      enabled: () => drawn() && app.canAddNeuron,
      run: () => app.addNeuron(),
    },
    {
      id: 'layer.openForGood',
      title: 'Open the layer into neurons for good',
      keywords: ['explode', 'single', 'units'],
      enabled: () => drawn() && app.canAddNeuron,
      run: () => app.openForGood(),
    },
    {
      id: 'arrange.makeOwn',
      title: 'Make an operation of my own…',
      keys: ['$mod+Shift+KeyM'],
      keywords: ['composite', 'block', 'reuse', 'name', 'custom', 'macro'],
      enabled: () => drawn() && frees('drawing') && editor.selectedNodes.length > 0,
      run: () => workspace.push({ kind: 'own' }),
    },
    {
      id: 'arrange.own',
      title: 'My operations…',
      keywords: ['composite', 'custom', 'rename', 'delete', 'edit'],
      run: () => workspace.push({ kind: 'own-list' }),
    },
  );
  const alignments: readonly (readonly [Alignment, string, number])[] = [
    ['left', 'Align left edges', 2],
    ['center-x', 'Align centres on a vertical line', 2],
    ['right', 'Align right edges', 2],
    ['top', 'Align top edges', 2],
    ['center-y', 'Align centres on a horizontal line', 2],
    ['bottom', 'Align bottom edges', 2],
    ['distribute-x', 'Distribute horizontally', 3],
    ['distribute-y', 'Distribute vertically', 3],
  ];
  for (const [how, title, count] of alignments)
    block('Arrange', 2, { id: `arrange.${how}`, title, enabled: some(count), run: () => editor.align(how) });

  block(
    'Run',
    1,
    {
      id: 'run.toggle',
      title: 'Train or pause',
      keys: ['$mod+Enter'],
      keywords: ['start', 'stop', 'play'],
      whileTyping: true,
      enabled: () => drawn() && (run.canTrain || run.running),
      run: () => void run.toggle(),
    },
    {
      id: 'run.step',
      title: 'Train one step',
      keys: ['$mod+Period'],
      keywords: ['batch'],
      enabled: () => drawn() && run.canTrain && !run.busy,
      run: () => void run.stepOnce(),
    },
    {
      id: 'run.epoch',
      title: 'Train one epoch',
      keys: ['$mod+Shift+Period'],
      enabled: () => drawn() && run.canTrain && !run.busy,
      run: () => void run.epochOnce(),
    },
    {
      id: 'run.reset',
      title: 'Reset the weights, same seed',
      keys: ['$mod+Alt+KeyR'],
      enabled: () => drawn() && run.backend !== null,
      run: () => void app.reset('same'),
    },
    {
      id: 'run.resetNew',
      title: 'Reset the weights, new seed',
      keys: ['$mod+Alt+Shift+KeyR'],
      enabled: () => drawn() && run.backend !== null && frees('seeds'),
      run: () => void app.reset('new'),
    },
  );
  block(
    'Run',
    4,
    {
      id: 'run.race',
      title: 'Race variants side by side…',
      keywords: ['compare', 'optimizer', 'rate', 'trial', 'experiment'],
      enabled: () => drawn() && run.canTrain,
      run: () => workspace.push({ kind: 'race' }),
    },
    {
      id: 'run.sweep',
      title: 'Sweep over settings…',
      keywords: ['grid', 'random', 'search', 'queue', 'hyperparameters', 'background'],
      enabled: () => drawn() && run.canTrain,
      run: () => workspace.push({ kind: 'sweep' }),
    },
    {
      id: 'run.queue',
      title: 'Train this project in the background',
      keywords: ['queue', 'later', 'history'],
      enabled: () => drawn() && run.canTrain,
      run: () => void app.queue(),
    },
  );
  const tracing = (): boolean => drawn() && run.stepper.trace !== null;
  block(
    'Run',
    2,
    {
      id: 'step.through',
      title: 'Step through one iteration',
      keys: ['$mod+Shift+Enter'],
      keywords: ['backpropagation', 'trace', 'chain rule'],
      enabled: () => drawn() && run.canStep,
      run: () => void app.stepThrough(),
    },
    {
      id: 'step.next',
      title: 'Next step',
      keys: ['Alt+ArrowRight'],
      whileTyping: true,
      enabled: tracing,
      run: () => run.stepper.next(),
    },
    {
      id: 'step.back',
      title: 'Step back',
      keys: ['Alt+ArrowLeft'],
      whileTyping: true,
      enabled: tracing,
      run: () => run.stepper.back(),
    },
    {
      id: 'step.nextPhase',
      title: 'Next phase',
      keys: ['Alt+Shift+ArrowRight'],
      whileTyping: true,
      enabled: tracing,
      run: () => run.stepper.nextPhase(),
    },
    {
      id: 'step.previousPhase',
      title: 'Previous phase',
      keys: ['Alt+Shift+ArrowLeft'],
      whileTyping: true,
      enabled: tracing,
      run: () => run.stepper.previousPhase(),
    },
    {
      id: 'step.finish',
      title: 'Finish this phase',
      keys: ['Shift+PageDown'],
      enabled: tracing,
      run: () => run.stepper.finishPhase(),
    },
    {
      id: 'step.runTo',
      title: 'Run to the selected node',
      keys: ['Alt+ArrowDown'],
      enabled: () => tracing() && editor.selectedNodes.length > 0,
      run: () => {
        const node = editor.selectedNodes.at(-1);
        if (node !== undefined) run.stepper.runTo(node);
      },
    },
    {
      id: 'step.derive',
      title: 'Derive the selected node',
      keywords: ['target', 'gradient', 'partial derivative', 'seed'],
      enabled: () => drawn() && run.canStep && app.canDerive,
      run: () => void app.deriveSelected(),
    },
    {
      id: 'step.inside',
      title: 'Step inside',
      keys: ['Alt+Shift+ArrowDown'],
      keywords: ['parts', 'layer', 'composite'],
      enabled: tracing,
      run: () => run.stepper.stepInside(),
    },
    { id: 'step.faster', title: 'Play the steps faster', keys: ['Alt+Equal'], enabled: tracing, run: () => run.stepper.faster() },
    { id: 'step.slower', title: 'Play the steps slower', keys: ['Alt+Minus'], enabled: tracing, run: () => run.stepper.slower() },
    {
      id: 'view.equations',
      title: 'Equations of the drawing…',
      keywords: ['latex', 'matrix', 'formula', 'identity', 'linear', 'copy'],
      enabled: () => drawn() && !app.empty,
      run: () => workspace.push({ kind: 'equations' }),
    },
    {
      id: 'view.convention',
      title: 'Vectors as rows or as columns in formulas',
      keywords: ['convention', 'notation', 'transpose', 'xW', 'Wx'],
      run: () => run.notation.turn(),
    },
    { id: 'step.play', title: 'Play or pause the steps', keys: ['Alt+Space'], enabled: tracing, run: () => run.stepper.toggle() },
  );

  const moments = (): boolean => drawn() && run.timeline.moments.length > 1;
  block(
    'Run',
    3,
    {
      id: 'time.back',
      title: 'Back in time by one moment',
      keys: ['Alt+BracketLeft'],
      keywords: ['history', 'travel', 'undo training'],
      enabled: () => moments() && run.timeline.index > 0,
      run: () => void run.timeline.seek(run.timeline.index - 1),
    },
    {
      id: 'time.forward',
      title: 'Forward in time by one moment',
      keys: ['Alt+BracketRight'],
      keywords: ['history', 'travel'],
      enabled: () => moments() && run.timeline.inPast,
      run: () => void run.timeline.seek(run.timeline.index + 1),
    },
    {
      id: 'time.bookmark',
      title: 'Bookmark this moment of training',
      keywords: ['history', 'travel', 'remember'],
      enabled: () => moments() && !run.running && run.timeline.moment?.bookmark === null,
      run: () => {
        const { moment } = run.timeline;
        if (moment) void run.timeline.bookmark(moment.id, `Epoch ${moment.epoch}`);
      },
    },
  );

  block(
    'Help',
    1,
    {
      id: 'help.learn',
      title: 'Learn: the course',
      keys: ['$mod+Shift+KeyU'],
      keywords: ['lesson', 'chapter', 'exercise', 'course', 'tutorial'],
      whileTyping: true,
      enabled: always,
      run: () => app.learn(),
    },
    {
      id: 'help.exercise',
      title: 'Learn: exercise 1',
      keywords: ['chain rule', 'first', 'practice', 'quiz'],
      enabled: always,
      run: () => app.learn('3.6.7'),
    },
    {
      id: 'help.shortcuts',
      title: 'Keyboard shortcuts',
      keys: ['F1', 'Shift+?'],
      enabled: always,
      run: () => workspace.push({ kind: 'shortcuts' }),
    },
  );
  return list;
}
