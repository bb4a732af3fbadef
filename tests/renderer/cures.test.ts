/** A step has no gradient: training refuses it, says why, and one click puts something trainable in its place. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Attrs } from '../../src/engine/graph/graph';
import type { Diagnostic } from '../../src/engine/graph/diagnostics';
import { Editor } from '../../src/renderer/editor/editor.svelte';
import { type Cure, cureOf } from '../../src/renderer/panels/cures';
import type { Workspace } from '../../src/renderer/panels/workspace.svelte';

let editor: Editor;

/** input → layer → the operation in question → loss ← target. */
const draw = (op: string, attrs: Attrs = {}, port = 'x'): void => {
  editor = new Editor();
  editor.addOp('input', { x: 0, y: 0 });
  editor.addOp('dense', { x: 100, y: 0 }, { units: 1, activation: 'tanh' });
  editor.addOp(op, { x: 200, y: 0 }, attrs);
  editor.addOp('target', { x: 200, y: 200 });
  editor.addOp('squared-error', { x: 400, y: 0 });
  const tested = Object.keys(editor.project.nodes)[2]!;
  const first = Object.keys(editor.project.nodes)[1]!;
  for (const [from, to, at] of [
    ['input', first, 'x'],
    [first, tested, port],
    [tested, 'loss', 'prediction'],
    ['target', 'loss', 'target'],
  ] as const)
    expect(editor.connect(from, to, at)).toBeNull();
};
const problem = (): Diagnostic | undefined => editor.checked.problems.find(({ code }) => code === 'no-gradient');
const cure = (): Cure | null => cureOf(problem()!, editor, {} as Workspace);

describe('a binary step', () => {
  beforeEach(() => draw('binary-step'));

  test('as a node becomes a sigmoid, in one step that can be undone', () => {
    expect(problem()!.severity).toBe('error');
    expect(problem()!.message).toMatch(/is a binary step: its derivative is 0 .* Use a sigmoid instead\.$/);
    expect(cure()!.title).toBe('Use a sigmoid');
    cure()!.run();
    expect(problem()).toBeUndefined();
    expect(Object.values(editor.project.nodes).map(({ op }) => op)).toContain('sigmoid');
    editor.undo();
    expect(problem()).toBeDefined();
  });

  test('as the activation of a layer becomes that of a sigmoid layer', () => {
    draw('dense', { units: 1, activation: 'binary-step' });
    expect(cure()!.title).toBe('Use a sigmoid');
    cure()!.run();
    expect(problem()).toBeUndefined();
    expect(Object.values(editor.project.nodes).map(({ attrs }) => attrs['activation'])).toContain('sigmoid');
  });

  test('inside a unit that has no counterpart is refused without an offer', () => {
    draw('mcculloch-pitts', { excitatory: 1, inhibitory: 0, threshold: 1 }, 'x1');
    expect(problem()).toBeDefined();
    expect(cure()).toBeNull();
  });
});
