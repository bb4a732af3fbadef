/** Changes in a row by one control are one undo step: a drag, a burst of keys, nodes moved by arrows. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { setTraining } from '../../src/engine/graph/edits';
import { Editor } from '../../src/renderer/editor/editor.svelte';
import { Stroke, strokeNow } from '../../src/renderer/ui/stroke';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function counted(): { editor: Editor; set: (epochs: number) => void; steps: () => number; epochs: () => number } {
  const editor = new Editor();
  return {
    editor,
    set: (epochs) => editor.edit('Change the epochs', setTraining({ epochs })),
    epochs: () => editor.project.settings.training.epochs,
    /** Undone to the start. */
    steps: () => {
      let count = 0;
      for (; editor.canUndo; count++) editor.undo();
      return count;
    },
  };
}

test('keys in a row are one step, keys after a silence another', () => {
  const { set, steps } = counted();
  const keys = new Stroke();
  for (const epochs of [11, 12, 13]) {
    keys.run(() => set(epochs));
    vi.advanceTimersByTime(500);
  }
  vi.advanceTimersByTime(200);
  keys.run(() => set(14));
  expect(strokeNow()).toBeUndefined();
  expect(steps()).toBe(2);
});

test('a drag is one step however long the hand rests, and ends when it is let go', () => {
  const { set, steps } = counted();
  const drag = new Stroke();
  drag.run(() => set(11), true);
  vi.advanceTimersByTime(5000);
  drag.run(() => set(12), true);
  drag.end();
  drag.run(() => set(13), true);
  drag.end();
  expect(steps()).toBe(2);
});

test('another edit in between, or an undo, begins a new step', () => {
  const { editor, set, steps, epochs } = counted();
  const keys = new Stroke();
  keys.run(() => set(11));
  editor.edit('Change the seed', setTraining({ seed: 7 }));
  keys.run(() => set(12));
  editor.undo();
  keys.run(() => set(13));
  keys.run(() => set(14));
  editor.undo();
  expect(epochs()).toBe(11);
  expect(steps()).toBe(2);
});

test('edits outside are steps of their own, even when one inside fails', () => {
  const { set, steps } = counted();
  const keys = new Stroke();
  expect(() =>
    keys.run(() => {
      throw new Error('no');
    }),
  ).toThrow('no');
  set(11);
  set(12);
  expect(steps()).toBe(2);
});

test('nodes moved by arrow keys: one step a burst, and one for each selection', () => {
  const { editor, steps } = counted();
  const ids = ['relu', 'tanh'].map((op) => editor.addOp(op)!);
  const moves = (): void => {
    editor.nudge(10, 0);
    editor.nudge(10, 0);
  };
  editor.select([ids[0]!]);
  moves();
  vi.advanceTimersByTime(700);
  moves();
  editor.select(ids);
  moves();
  expect(steps()).toBe(2 + 3);
});
