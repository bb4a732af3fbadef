import { expect, it } from 'vitest';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { Tangent } from '../../../src/engine/train/tangent';
import { trace } from '../../../src/engine/train/trace';
import { drawing } from '../../support/drawing';
import { given, input, target } from '../../support/sources';

it('the tangent touches the true loss, and leaves it in second order', () => {
  // l = (w·x + b − t)² with x = 2, w = 3, b = 1, t = 9: 4, and ∂l/∂w = −8.
  const project = drawing({
    x: input(),
    w: given([3]),
    b: given([1]),
    t: target(),
    p: ['multiply', { a: 'x', b: 'w' }],
    y: ['add', { a: 'p', b: 'b' }],
    l: ['squared-error', { prediction: 'y', target: 't' }],
  });
  const prepared = prepare(project, null);
  const program = programOf(prepared, 'every-edge', 1);
  const recorded = trace({ program, drawing: prepared, row: 0, features: [2], targets: [9], state: { 'v:w': [3], 'v:b': [1] } });
  const tangent = new Tangent(program, prepared.graph, recorded);
  expect(tangent.places).toEqual(expect.arrayContaining(['w', 'b']));
  expect(tangent.places).not.toContain('t');
  expect(tangent.slope('w', 0)).toBe(-8);
  expect([tangent.lossAt('w', 0, 3), tangent.predictedAt('w', 0, 3)]).toEqual([4, 4]);
  expect([tangent.lossAt('w', 0, 3.5), tangent.predictedAt('w', 0, 3.5)]).toEqual([1, 0]);
  // Everything is as before.
  expect(tangent.lossAt('b', 0, 1)).toBe(4);
  tangent.close();
});

it('one element of an array', () => {
  const project = drawing({
    x: input([2]),
    t: target([1]),
    w: given([1, -1], [2, 1]),
    y: ['matmul', { a: 'x', b: 'w' }],
    l: ['mean-squared-error', { prediction: 'y', target: 't' }],
  });
  const prepared = prepare(project, null);
  const program = programOf(prepared, 'every-edge', 1);
  const recorded = trace({ program, drawing: prepared, row: 0, features: [3, 2], targets: [0], state: { 'v:w': [1, -1] } });
  const tangent = new Tangent(program, prepared.graph, recorded);
  const h = 1e-5;
  const difference = (tangent.lossAt('w', 1, -1 + h) - tangent.lossAt('w', 1, -1 - h)) / (2 * h);
  expect(difference).toBeCloseTo(tangent.slope('w', 1), 6);
  tangent.close();
});
