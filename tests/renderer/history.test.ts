import { describe, expect, test } from 'vitest';
import { apply, between, type Diff } from '../../src/engine/graph/diff';
import { addNode, move } from '../../src/engine/graph/edits';
import { emptyProject, type Project } from '../../src/engine/graph/project';
import { emptyHistory, record, redo, undo } from '../../src/renderer/editor/history';

const start = addNode({ id: 'x', op: 'input', attrs: {} }, { x: 0, y: 0 })(emptyProject);
const step = (project: Project, dx: number): { project: Project; diff: Diff } => {
  const next = move(['x'], dx, 0)(project);
  return { project: next, diff: between(project, next) };
};

describe('history', () => {
  test('steps go back and forth one by one', () => {
    const a = step(start, 10);
    const b = step(a.project, 5);
    let history = record(record(emptyHistory, { label: 'Move', diff: a.diff }), { label: 'Move', diff: b.diff });
    const back = undo(history)!;
    expect(apply(b.project, back.diff)).toEqual(a.project);
    history = back.history;
    const forth = redo(history)!;
    expect(apply(a.project, forth.diff)).toEqual(b.project);
    expect(redo(forth.history)).toBeNull();
    expect(undo(emptyHistory)).toBeNull();
  });

  test('the moves of one drag are one step', () => {
    let history = emptyHistory;
    let project = start;
    for (let i = 0; i < 20; i++) {
      const moved = step(project, 3);
      project = moved.project;
      history = record(history, { label: 'Move', diff: moved.diff, gesture: 'drag 1' });
    }
    expect(history.past).toHaveLength(1);
    expect(apply(project, undo(history)!.diff)).toEqual(start);
  });

  test('a drag that returns to its start leaves no step', () => {
    const there = step(start, 30);
    const back = step(there.project, -30);
    let history = record(emptyHistory, { label: 'Move', diff: there.diff, gesture: 'drag 1' });
    history = record(history, { label: 'Move', diff: back.diff, gesture: 'drag 1' });
    expect(history.past).toHaveLength(0);
  });

  test('a new step forgets what was undone, and an undone gesture is closed', () => {
    const a = step(start, 10);
    let history = record(emptyHistory, { label: 'Move', diff: a.diff, gesture: 'drag 1' });
    history = redo(undo(history)!.history)!.history;
    const b = step(a.project, 10);
    history = record(history, { label: 'Move', diff: b.diff, gesture: 'drag 1' });
    expect(history.past).toHaveLength(2);
    history = record(undo(history)!.history, { label: 'Move', diff: step(a.project, 1).diff });
    expect(history.future).toHaveLength(0);
  });
});
