/** A number turned on the drawing: read when it is first turned, and said only where it was changed. */
import { expect, test } from 'vitest';
import type { Weights } from '../../src/engine/plan';
import { Turning } from '../../src/renderer/editor/turning';
import { Editor } from '../../src/renderer/editor/editor.svelte';

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

function turningOf(editor: Editor, read: () => Promise<Weights>) {
  const said: number[] = [];
  return { said, turning: new Turning(editor, 'w', { key: 'w', at: 0 }, read, (value) => said.push(value)) };
}

test('a press reads nothing; the first drag reads once', async () => {
  const editor = new Editor();
  let reads = 0;
  const read = async (): Promise<Weights> => {
    reads++;
    return { w: { shape: [], data: Float32Array.of(0.5) } };
  };
  const press = turningOf(editor, read);
  press.turning.end();
  press.turning.takeBack();
  expect(reads).toBe(0);
  const { turning, said } = turningOf(editor, read);
  turning.drag(10, false);
  turning.drag(20, false);
  turning.end();
  await settled();
  expect(reads).toBe(1);
  expect(said).toEqual([0.55, 0.6]);
  expect(editor.undoLabel).toBe('Change w');
});

test('what a lock refuses is not said to have happened', async () => {
  const editor = new Editor();
  const refused: string[] = [];
  editor.onRefused = (reason) => refused.push(reason);
  editor.setLock({ keeps: ['seeds'], hides: [], answers: false });
  const { turning, said } = turningOf(editor, async () => ({ w: { shape: [], data: Float32Array.of(0.5) } }));
  turning.nudge(1);
  await settled();
  expect(said).toEqual([]);
  expect(refused).toHaveLength(1);
});

test('a device that is gone leaves the number as it is', async () => {
  const editor = new Editor();
  const { turning, said } = turningOf(editor, () => Promise.reject(new Error('gone')));
  turning.drag(10, false);
  turning.takeBack();
  await settled();
  expect(said).toEqual([]);
  expect(editor.canUndo).toBe(false);
});
