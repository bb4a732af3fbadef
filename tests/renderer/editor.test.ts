import { beforeEach, describe, expect, test, vi } from 'vitest';
import { parseFragment } from '../../src/renderer/editor/clipboard';
import { Editor } from '../../src/renderer/editor/editor.svelte';
import { neighbour, snap } from '../../src/renderer/editor/gestures';
import type { DatasetInfo } from '../../src/engine/data/dataset';
import { check } from '../../src/engine/compile/check';
import { parseProject } from '../../src/engine/graph/project-file';
import { keepsNumbers } from '../../src/engine/graph/lock';
import { setSettings, setTraining } from '../../src/engine/graph/edits';
import { serialiseProject } from '../../src/engine/graph/project-text';
import { hashed, matches } from '../../src/renderer/panels/lock/password';

let editor: Editor;

/** input → dense → loss ← target, drawn as a person would. */
beforeEach(() => {
  editor = new Editor();
  editor.addOp('input', { x: 0, y: 0 });
  editor.addOp('dense', { x: 200, y: 0 }, { units: 3, activation: 'tanh' });
  editor.addOp('dense', { x: 400, y: 0 }, { units: 1, activation: 'sigmoid' });
  editor.addOp('target', { x: 400, y: 200 });
  editor.addOp('binary-cross-entropy', { x: 600, y: 0 });
  for (const [from, to, port] of [
    ['input', 'dense1', 'x'],
    ['dense1', 'dense2', 'x'],
    ['dense2', 'loss', 'prediction'],
    ['target', 'loss', 'target'],
  ] as const)
    expect(editor.connect(from, to, port)).toBeNull();
});

const snapshot = (): string => JSON.stringify(editor.project);

describe('drawing', () => {
  test('new nodes get readable names, and the drawing is counted as it grows', () => {
    expect(Object.keys(editor.project.nodes)).toEqual(['input', 'dense1', 'dense2', 'target', 'loss']);
    expect(editor.checked.totals).toEqual({ weights: 2 * 3 + 3, biases: 4 });
    expect(editor.checked.objective).toBe('loss');
  });

  test('a forbidden connection says why and draws nothing', () => {
    const before = snapshot();
    expect(editor.connect('dense2', 'dense1', 'x')).toContain('taken');
    editor.edit('Disconnect', (p) => ({
      ...p,
      edges: Object.fromEntries(Object.entries(p.edges).filter(([id]) => id !== 'dense1.x')),
    }));
    expect(editor.connect('dense2', 'dense1', 'x')).toContain('circle');
    editor.undo();
    expect(snapshot()).toBe(before);
  });

  test('every action is one step back', () => {
    const actions: Record<string, () => void> = {
      delete: () => editor.deleteSelection(),
      duplicate: () => editor.duplicateSelection(),
      cut: () => void editor.cut(),
      group: () => editor.group(),
      nudge: () => {
        editor.nudge(10, 0);
        editor.nudge(10, 0);
      },
      align: () => {
        editor.select(['dense1', 'target']);
        editor.align('left');
      },
      paste: () => void editor.paste(editor.copy()),
      attribute: () => editor.setAttr('dense1', 'units', 7),
      rename: () => void editor.rename('dense1', 'hidden'),
      open: () => editor.open('dense1'),
      insert: () => void editor.addOpOnEdge('relu', 'dense2.x', { x: 300, y: 0 }),
    };
    for (const [name, act] of Object.entries(actions)) {
      editor.select(['dense1', 'target']);
      const before = snapshot();
      const steps = countSteps();
      editor.select(['dense1', 'target']);
      act();
      expect(snapshot(), name).not.toBe(before);
      expect(countSteps(), name).toBe(steps + 1);
      const after = snapshot();
      editor.undo();
      expect(snapshot(), name).toBe(before);
      editor.redo();
      expect(snapshot(), name).toBe(after);
      editor.undo();
    }
  });

  /** Number of steps that can be undone, found by doing it. */
  function countSteps(): number {
    let steps = 0;
    while (editor.canUndo) {
      editor.undo();
      steps++;
    }
    for (let i = 0; i < steps; i++) editor.redo();
    return steps;
  }

  test('a node that loses inputs loses their connections', () => {
    editor.addOp('add', { x: 0, y: 300 }, { inputs: 3 });
    for (const port of ['a', 'b', 'c']) expect(editor.connect('dense2', 'add1', port)).toBeNull();
    editor.setAttr('add1', 'inputs', 2);
    expect(Object.keys(editor.project.edges).filter((id) => id.startsWith('add1'))).toEqual(['add1.a', 'add1.b']);
  });

  test('an opened layer computes the same shapes and keeps the names of its parameters', () => {
    const before = editor.checked;
    editor.open('dense1');
    const after = editor.checked;
    expect(after.problems.filter((p) => p.severity === 'error')).toEqual([]);
    expect(after.totals).toEqual(before.totals);
    expect(Object.keys(after.expansion.graph.nodes).sort()).toEqual(Object.keys(before.expansion.graph.nodes).sort());
    expect(editor.selectedNodes).toContain('dense1/weight');
    expect(editor.checked.shapes.get('dense2')).toEqual(before.shapes.get('dense2'));
  });

  test('an opened layer can be saved and read back, with every name that the editor lets through', () => {
    editor.open('dense1');
    expect(editor.rename('input', 'größe 2-b_c')).toBeNull();
    const read = parseProject(serialiseProject(editor.project));
    expect(read.ok && read.value).toEqual(editor.project);
  });

  test('input and target take the width of the data', () => {
    const column = (name: string) => ({ name, source: name, mean: 0, deviation: 1 });
    const data: DatasetInfo = {
      name: 'iris',
      rows: 150,
      task: 'multiclass',
      features: ['a', 'b', 'c', 'd'].map(column),
      targets: ['x', 'y', 'z'].map(column),
      classes: ['x', 'y', 'z'],
      notes: [],
    };
    const other = new Editor();
    other.data = data;
    other.addOp('input');
    other.addOp('target');
    expect(other.project.nodes['input']!.attrs['shape']).toEqual([4]);
    expect(other.project.nodes['target']!.attrs['shape']).toEqual([3]);
    expect(check(other.project, data).problems.some((p) => p.code === 'data-width')).toBe(false);
  });
});

describe('following', () => {
  test('the revision grows with what is computed, not with where it stands', () => {
    const { revision } = editor;
    editor.select(['dense1']);
    editor.nudge(10, 10);
    expect(editor.revision).toBe(revision);
    editor.setAttr('dense1', 'units', 9);
    expect(editor.revision).toBe(revision + 1);
    editor.undo();
    expect(editor.revision).toBe(revision + 2);
  });

  test('listeners get the difference', () => {
    const listener = vi.fn();
    const stop = editor.onChange(listener);
    editor.select(['dense1']);
    editor.deleteSelection();
    expect(Object.keys(listener.mock.calls[0]![0].nodes.changes)).toEqual(['dense1']);
    stop();
    editor.undo();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test('saved, changed, and back again', () => {
    editor.markSaved();
    expect(editor.dirty).toBe(false);
    editor.select(['dense1']);
    editor.nudge(10, 0);
    expect(editor.dirty).toBe(true);
    editor.undo();
    expect(editor.dirty).toBe(false);
  });

  test('loading starts a new history', () => {
    editor.load(editor.project);
    expect(editor.canUndo).toBe(false);
    expect(editor.dirty).toBe(false);
  });

  test('the selection forgets what is gone, and places of parts mean their node', () => {
    editor.select(['dense1', 'dense2', 'no such node']);
    expect([...editor.selection]).toEqual(['dense1', 'dense2']);
    editor.edit('Delete', (p) => ({
      ...p,
      nodes: Object.fromEntries(Object.entries(p.nodes).filter(([id]) => id !== 'dense1')),
      edges: {},
    }));
    expect([...editor.selection]).toEqual(['dense2']);
    editor.reveal({ node: 'dense2/weight' });
    expect([...editor.selection]).toEqual(['dense2']);
  });
});

describe('clipboard', () => {
  test('a copy can be pasted into another window', () => {
    editor.select(['input', 'dense1']);
    const text = editor.copy();
    const other = new Editor();
    expect(other.paste(text)).toBe(true);
    expect(Object.keys(other.project.nodes)).toEqual(['input', 'dense1']);
    expect(Object.keys(other.project.edges)).toEqual(['dense1.x']);
    expect(other.project.nodes['dense1']!.attrs['units']).toBe(3);
  });

  test('text that is no drawing is left alone', () => {
    for (const text of [
      '',
      'hello',
      '{"kind":"chainrule/nodes"}',
      '[]',
      '{"kind":"chainrule/nodes","nodes":[{"id":"a","op":"no such op","attrs":{}}]}',
    ]) {
      expect(parseFragment(text)).toBeNull();
      expect(editor.paste(text)).toBe(false);
    }
  });

  test('only what is understood is taken over', () => {
    const fragment = parseFragment(
      JSON.stringify({
        kind: 'chainrule/nodes',
        nodes: [
          { id: '__proto__', op: 'relu', attrs: {} },
          { id: 'odd', op: 'relu', attrs: { evil: 1, toString: 'x' } },
          { id: 'b', op: 'dense', attrs: { units: 4, activation: { a: 1 } } },
        ],
        edges: [{ from: 'nobody', to: 'b', port: 'x' }, null, 7],
        positions: { b: { x: 'left', y: 0 } },
      }),
    )!;
    expect(fragment.nodes.map((node) => node.attrs)).toEqual([{}, { units: 4 }]);
    expect(fragment.edges).toEqual([]);
    expect(({} as Record<string, unknown>)['evil']).toBeUndefined();
    expect(editor.paste(JSON.stringify({ kind: 'chainrule/nodes', ...fragment }))).toBe(true);
  });
});

describe('gestures', () => {
  const box = (x: number, y: number) => ({ x1: x - 10, y1: y - 10, x2: x + 10, y2: y + 10 });

  test('a drag rests on the grid, or in line with a neighbour', () => {
    expect(snap(box(0, 0), { x: 0, y: 0 }, 13, 27, [], 6)).toMatchObject({ dx: 10, dy: 30, guides: [] });
    const near = snap(box(0, 0), { x: 0, y: 0 }, 48, 203, [box(50, 0)], 6);
    expect(near.dx).toBe(50);
    expect(near.dy).toBe(200);
    expect(near.guides).toEqual([{ axis: 'x', at: 50, from: -10, to: 213 }]);
  });

  test('arrow keys find the nearest node ahead', () => {
    const points = [
      { id: 'a', x: 100, y: 10 },
      { id: 'b', x: 60, y: 80 },
      { id: 'c', x: -50, y: 0 },
    ];
    expect(neighbour({ x: 0, y: 0 }, points, 'right')).toMatchObject({ id: 'a' });
    expect(neighbour({ x: 0, y: 0 }, points, 'left')).toMatchObject({ id: 'c' });
    expect(neighbour({ x: 0, y: 0 }, points, 'down')).toMatchObject({ id: 'b' });
    expect(neighbour({ x: 0, y: 0 }, points, 'up')).toBeNull();
  });
});

describe('a lock', () => {
  const refused: string[] = [];
  beforeEach(() => {
    refused.length = 0;
    editor.onRefused = (reason) => refused.push(reason);
    editor.setLock({ keeps: ['drawing', 'seeds'], hides: [], answers: false });
  });

  test('keeps the drawing and says so; moving and naming the project are free', () => {
    const { nodes, edges } = editor.project;
    editor.select(['dense1']);
    editor.deleteSelection();
    editor.setAttr('dense1', 'units', 7);
    editor.addOp('relu');
    expect(editor.project.nodes).toBe(nodes);
    expect(editor.project.edges).toBe(edges);
    expect(refused).toHaveLength(3);
    expect(refused[0]).toContain('locked by the teacher');
    expect(editor.connect('input', 'loss', 'target')).not.toBeNull();
    editor.nudge(10, 0);
    editor.edit('Rename the project', setSettings({ title: 'Ada’s sheet' }));
    expect(refused).toHaveLength(3);
  });

  test('fixes the seeds but not the other settings', () => {
    editor.edit('Seed', setTraining({ seed: 9 }));
    expect(refused).toEqual([expect.stringContaining('seeds are fixed')]);
    editor.edit('Epochs', setTraining({ epochs: 9 }));
    expect(editor.project.settings.training).toMatchObject({ seed: 1, epochs: 9 });
  });

  test('keeps trained numbers from being typed or dragged', () => {
    expect(keepsNumbers(editor.lock ?? undefined)).toBe(true);
    const edit = { kind: 'set', key: 'dense1/weight', at: 0, before: 1, after: 2 } as const;
    expect(editor.editNumbers('Weight', [edit])).toBe(false);
    expect(refused).toEqual([expect.stringContaining('numbers are fixed by the teacher')]);
    expect(editor.canUndo).toBe(false);
  });

  test('with answers hidden, the drawing is not copied', () => {
    editor.select(['dense1']);
    expect(editor.copy()).not.toBe('');
    editor.setLock(null);
    editor.setLock({ keeps: [], hides: [], answers: true });
    editor.select(['dense1']);
    expect([editor.copy(), editor.cut()]).toEqual(['', '']);
    expect(editor.project.nodes['dense1']).toBeDefined();
    expect(refused).toHaveLength(2);
  });

  test('cannot be gone round by undo or by an edit, and opens by its own way', () => {
    expect(editor.canUndo).toBe(false);
    editor.edit('No lock', (project) => {
      const { lock: _, ...settings } = project.settings;
      return { ...project, settings };
    });
    expect(editor.lock).not.toBeNull();
    editor.setLock(null);
    editor.setAttr('dense1', 'units', 7);
    expect(editor.project.nodes['dense1']!.attrs['units']).toBe(7);
  });

  test('travels in the file', () => {
    const parsed = parseProject(serialiseProject(editor.project));
    expect(parsed.ok && parsed.value.settings.lock).toEqual(editor.lock);
    const odd = parseProject('{"format":"chainrule","version":1,"nodes":{},"lock":{"keeps":["moon"],"answrs":true}}');
    expect(odd.ok ? [] : odd.faults.map(({ place }) => place)).toEqual(['lock.keeps', 'lock.answrs']);
  });
});

test('a password is known by what was made of it, never by itself', async () => {
  const stored = await hashed('Kreide é');
  expect(JSON.stringify(stored)).not.toContain('Kreide');
  expect(await matches('Kreide e\u0301', stored)).toBe(true);
  expect(await matches('kreide é', stored)).toBe(false);
  expect(await matches('x', { salt: '%', hash: stored.hash })).toBe(false);
});
