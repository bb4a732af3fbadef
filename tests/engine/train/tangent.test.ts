import { expect, it } from 'vitest';
import { prepare, programOf } from '../../../src/engine/compile/program';
import type { Project } from '../../../src/engine/graph/project';
import { Replay } from '../../../src/engine/train/replay';
import { Tangent } from '../../../src/engine/train/tangent';
import { record } from '../../../src/engine/train/trace';
import { drawing } from '../../support/drawing';
import { given, input, target } from '../../support/sources';

function tangentOf(project: Project, features: readonly number[], targets: readonly number[]): Tangent {
  const prepared = prepare(project, null);
  const program = programOf(prepared, 'every-edge', 1);
  const state = Object.fromEntries(program.parameters.map(({ value, given: numbers }) => [value, numbers!]));
  return new Tangent(
    new Replay(program, prepared.graph, record({ program, drawing: prepared, row: 0, features, targets, state })),
  );
}
const ids = (tangent: Tangent): string[] => tangent.places.map(({ id }) => id);

it('the tangent touches the true loss, and leaves it in second order', () => {
  // l = (w·x + b − t)² with x = 2, w = 3, b = 1, t = 9: 4, and ∂l/∂w = −8.
  const tangent = tangentOf(
    drawing({
      x: input(),
      w: given([3]),
      b: given([1]),
      t: target(),
      p: ['multiply', { a: 'x', b: 'w' }],
      y: ['add', { a: 'p', b: 'b' }],
      l: ['squared-error', { prediction: 'y', target: 't' }],
    }),
    [2],
    [9],
  );
  expect(ids(tangent)).toEqual(['x', 'w', 'b', 'p', 'y']);
  expect(tangent.slope('w', 0)).toBe(-8);
  expect([tangent.trueAt('w', 0, 3), tangent.predictedAt('w', 0, 3)]).toEqual([4, 4]);
  expect([tangent.trueAt('w', 0, 3.5), tangent.predictedAt('w', 0, 3.5)]).toEqual([1, 0]);
  // A value on the way: y = 7 to 8.
  expect([tangent.trueAt('y', 0, 8), tangent.predictedAt('y', 0, 8)]).toEqual([1, 0]);
  // Everything is as before.
  expect(tangent.trueAt('b', 0, 1)).toBe(4);
  tangent.close();
});

it('one edge of a value that feeds two', () => {
  // l = (x·x − t)² with x = 3, t = 5: dragging the first x alone to 4 gives (12 − 5)².
  const tangent = tangentOf(
    drawing({
      x: given([3]),
      t: target(),
      y: ['multiply', { a: 'x', b: 'x' }],
      l: ['squared-error', { prediction: 'y', target: 't' }],
    }),
    [],
    [5],
  );
  expect(ids(tangent)).toEqual(['x', 'y.a', 'y.b', 'y']);
  expect([tangent.slope('x', 0), tangent.slope('y.a', 0)]).toEqual([48, 24]);
  expect(tangent.trueAt('y.a', 0, 4)).toBe(49);
  expect(tangent.trueAt('x', 0, 4)).toBe(121);
  expect(tangent.predictedAt('y.a', 0, 4)).toBe(16 + 24);
  tangent.close();
});

it('one element of an array', () => {
  const tangent = tangentOf(
    drawing({
      x: input([2]),
      t: target([1]),
      w: given([1, -1], [2, 1]),
      y: ['matmul', { a: 'x', b: 'w' }],
      l: ['mean-squared-error', { prediction: 'y', target: 't' }],
    }),
    [3, 2],
    [0],
  );
  const h = 1e-5;
  const difference = (tangent.trueAt('w', 1, -1 + h) - tangent.trueAt('w', 1, -1 - h)) / (2 * h);
  expect(difference).toBeCloseTo(tangent.slope('w', 1), 6);
  tangent.close();
});
