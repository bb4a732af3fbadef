import { beforeEach, describe, expect, test, vi } from 'vitest';
import { commandsOf, menus, type Command, type CommandTarget } from '../../src/renderer/commands/index';
import { accelerator, menuBar } from '../../src/renderer/menu-bar';
import { keysText, numberText, parseNumber } from '../../src/renderer/ui/format';

const nothing = async (): Promise<void> => {};

function target(): CommandTarget {
  return {
    editor: {
      lock: null,
      selection: new Set(['a']),
      selectedNodes: ['a'],
      canUndo: true,
      canRedo: false,
      undoLabel: 'Move',
      redoLabel: null,
      undo: vi.fn(),
      redo: vi.fn(),
      deleteSelection: vi.fn(),
      duplicateSelection: vi.fn(),
      selectAll: vi.fn(),
      group: vi.fn(),
      ungroup: vi.fn(),
      align: vi.fn(),
      layout: vi.fn(),
    },
    run: {
      running: false,
      canTrain: true,
      canStep: true,
      busy: false,
      backend: 'wasm',
      notation: { turn: vi.fn() },
      live: { showForward: true, showBackward: true },
      stepper: {
        trace: null,
        next: vi.fn(),
        back: vi.fn(),
        nextPhase: vi.fn(),
        previousPhase: vi.fn(),
        finishPhase: vi.fn(),
        runTo: vi.fn(() => true),
        stepInside: vi.fn(),
        faster: vi.fn(),
        slower: vi.fn(),
        toggle: vi.fn(),
      },
      timeline: { index: 0, inPast: false, moments: [], moment: null, seek: vi.fn(nothing), bookmark: vi.fn(nothing) },
      toggle: vi.fn(nothing),
      stepOnce: vi.fn(nothing),
      epochOnce: vi.fn(nothing),
    },
    workspace: {
      welcome: false,
      leftOpen: true,
      rightOpen: true,
      bottomOpen: false,
      setTheme: vi.fn(),
      show: vi.fn(),
      showBottom: vi.fn(),
      showPlot: vi.fn(),
      push: vi.fn(),
    },
    clipboard: { copy: nothing, copyCode: nothing, paste: nothing },
    selected: {
      look: vi.fn(),
      canLookCloser: true,
      canOpenParts: true,
      openParts: () => {},
      canDerive: true,
      canAskDeath: true,
      whenNeuronDied: vi.fn(nothing),
      canAddNeuron: true,
      addNeuron: vi.fn(),
      openForGood: vi.fn(),
      remove: vi.fn(),
    },
    camera: { zoomIn: vi.fn(), zoomOut: vi.fn(), fit: vi.fn() },
    empty: false,
    deriveSelected: vi.fn(nothing),
    hasKeptWeights: false,
    queue: async () => {},
    newProject: nothing,
    newFromData: nothing,
    open: nothing,
    save: async () => true,
    startPage: nothing,
    learn: () => undefined,
    keepWeights: nothing,
    dropWeights: () => {},
    reset: nothing,
    stepThrough: nothing,
    canTypeRow: true,
    present: () => {},
    rename: () => {},
    togglePane: () => {},
  };
}

let app: CommandTarget;
let commands: readonly Command[];
const command = (id: string): Command => commands.find((one) => one.id === id)!;
beforeEach(() => {
  app = target();
  commands = commandsOf(app);
});

describe('the command list', () => {
  test('every id, every title and every shortcut stands once', () => {
    const once = (values: readonly string[]): void => expect(values.toSorted()).toEqual([...new Set(values)].toSorted());
    once(commands.map(({ id }) => id));
    once(commands.map(({ title }) => title));
    once(commands.flatMap(({ keys }) => keys.map((key) => key.toLowerCase())));
  });

  test('every command has a place in the menus and runs without fault', () => {
    for (const one of commands) {
      expect(menus).toContain(one.menu);
      expect(() => one.run()).not.toThrow();
    }
  });

  test('commands act on what they name', () => {
    command('edit.undo').run();
    expect(app.editor.undo).toHaveBeenCalledOnce();
    command('arrange.distribute-x').run();
    expect(app.editor.align).toHaveBeenCalledWith('distribute-x');
    command('view.backward').run();
    expect(app.run.live.showBackward).toBe(false);
    command('file.export').run();
    expect(app.workspace.push).toHaveBeenCalledWith({ kind: 'export' });
  });

  test('what makes no sense now is disabled', () => {
    expect(command('edit.undo').enabled()).toBe(true);
    expect(command('edit.redo').enabled()).toBe(false);
    expect(command('arrange.left').enabled()).toBe(false); // one node is always in line
    expect(command('step.next').enabled()).toBe(false);
    expect(command('file.dropWeights').enabled()).toBe(false);
  });

  test('a lock takes away what it hides and what it keeps', () => {
    const { editor } = target();
    const locked = commandsOf({
      ...target(),
      editor: { ...editor, lock: { keeps: ['seeds'], hides: ['train', 'export', 'palette'], answers: true } },
    });
    const off = ['view.train', 'file.export', 'view.left', 'run.resetNew', 'view.forward', 'view.backward'];
    expect(locked.filter((one) => off.includes(one.id) && one.enabled())).toEqual([]);
    expect(locked.find((one) => one.id === 'view.data')!.enabled()).toBe(true);
    expect(locked.find((one) => one.id === 'file.lock')!.enabled()).toBe(true);
  });

  test('on the start page only beginnings and looks are offered', () => {
    const start = commandsOf({ ...target(), workspace: { ...target().workspace, welcome: true } });
    expect(start.filter((one) => one.enabled()).map(({ id }) => id)).toEqual([
      'file.new',
      'file.newFromData',
      'file.open',
      'view.palette',
      'view.light',
      'view.dark',
      'view.system',
      'view.present',
      'help.learn',
      'help.exercise',
      'help.shortcuts',
    ]);
  });

  test('keys that also mean something in a text field stay with the field', () => {
    for (const id of ['edit.undo', 'edit.copy', 'edit.paste', 'edit.delete', 'edit.selectAll'])
      expect(command(id).whileTyping).toBe(false);
    expect(command('file.save').whileTyping).toBe(true);
  });
});

describe('the menu bar', () => {
  test('stands in the order of the menus, with Electron’s names of keys', () => {
    const entries = menuBar(commands);
    expect([...new Set(entries.map(({ menu }) => menu))]).toEqual([...menus]);
    expect(entries.find(({ id }) => id === 'edit.redo')).toMatchObject({ accelerator: 'CmdOrCtrl+Shift+Z', enabled: false });
    expect(accelerator('$mod+Equal')).toBe('CmdOrCtrl+Plus');
    expect(accelerator('Alt+ArrowRight')).toBe('Alt+Right');
  });
});

describe('texts', () => {
  test('numbers read the same everywhere', () => {
    expect([0, 1, -2.5, 0.000173, 1e-8, 12345.678, 1 / 3].map((x) => numberText(x))).toEqual([
      '0',
      '1',
      '−2.5',
      '0.000173',
      '1e−8',
      '12,350',
      '0.3333',
    ]);
    expect([Number.NaN, -Infinity].map((x) => numberText(x))).toEqual(['not a number', '−∞']);
  });
  test('typed numbers may have a comma or a proper minus', () => {
    expect(['1,5', '−2', '1e-3', 'x', ''].map(parseNumber)).toEqual([1.5, -2, 0.001, null, null]);
  });
  test('keys read as on the keyboard', () => {
    expect(['$mod+Shift+KeyZ', 'Shift+?', 'Alt+ArrowLeft', '$mod+Minus'].map(keysText)).toEqual([
      'Ctrl+Shift+Z',
      'Shift+?',
      'Alt+←',
      'Ctrl+−',
    ]);
  });
});
