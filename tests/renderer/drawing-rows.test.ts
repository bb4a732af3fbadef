/** The drawing as a table: its rows, where their numbers come from, and how they are written. */
import { expect, test } from 'vitest';
import { check } from '../../src/engine/compile/check';
import { prepare, programOf } from '../../src/engine/compile/program';
import { record } from '../../src/engine/train/trace';
import { isReached, localsUpTo, numbersText, rowsOfDrawing, sizeOf, tsvOf } from '../../src/renderer/panels/lenses/drawing-rows';
import { drawing } from '../support/drawing';
import { given, input, target } from '../support/sources';

/** l = (w·x − t)² with w = 3, x = 2, t = 5: value 1, ∂l/∂(w·x) = 2, ∂l/∂w = 4. */
const project = drawing({
  x: input(),
  w: given([3]),
  p: ['multiply', { a: 'w', b: 'x' }],
  t: target(),
  l: ['squared-error', { prediction: 'p', target: 't' }],
});
const rows = rowsOfDrawing(project, check(project, null));
const row = (id: string) => rows.find((one) => one.id === id)!;

test('each node and each edge has a row, edges with the node that they lead to', () => {
  expect(rows.map(({ id }) => id)).toEqual(['x', 'w', 'p', 'p.a', 'p.b', 't', 'l', 'l.prediction', 'l.target']);
  expect(row('p.a')).toMatchObject({
    name: 'w → p',
    type: 'input a',
    value: { of: 'value', node: 'w' },
    gradient: { of: 'edge-gradient', edge: 'p.a' },
  });
});

test('local derivatives come with the step that computes them, gradients once all that adds up to them is known', () => {
  const prepared = prepare(project, null);
  const program = programOf(prepared, 'every-edge', 1);
  const recording = record({ program, drawing: prepared, row: 0, features: [2], targets: [5], state: { 'v:w': [3] } });
  const at = recording.steps.find(({ node, phase }) => node === 'p' && phase === 'forward')!.index;
  expect(localsUpTo(recording, at - 1).has('p.a')).toBe(false);
  expect(Array.from(localsUpTo(recording, at).get('p.a')!)).toEqual([2]);
  expect(Array.from(localsUpTo(recording, at).get('p.b')!)).toEqual([3]);
  expect(isReached(row('w'), new Set())).toBe(false);
  expect(isReached(row('w'), new Set(['e:p.a']))).toBe(true);
  expect(isReached(row('w'), null)).toBe(true);
});

test('an edge into a layer has the gradient that flows back out of it', () => {
  const layer = drawing({ x: ['input', {}, { shape: [2] }], h: ['dense', { x: 'x' }, { units: 3 }] });
  const edge = rowsOfDrawing(layer, check(layer, null)).find(({ id }) => id === 'h.x')!;
  expect(edge.gradient).toMatchObject({ of: 'edge-gradient' });
  expect(edge.local).toMatch(/^h\//);
});

test('one node that feeds two inputs of a layer has a row, and a gradient, for each', () => {
  const twice = drawing({ x: input(), n: ['neuron', { x1: 'x', x2: 'x' }, { inputs: 2 }] });
  const [first, second] = ['n.x1', 'n.x2'].map((id) => rowsOfDrawing(twice, check(twice, null)).find((one) => one.id === id)!);
  expect(first!.gradient).not.toBeNull();
  expect(second!.gradient).not.toBeNull();
  expect(second!.gradient).not.toEqual(first!.gradient);
});

test('numbers are written short in the window, whole for a spreadsheet, and sorted by their size', () => {
  expect(numbersText(null)).toBe('–');
  expect(numbersText([-2.25])).toBe('−2.25');
  expect(numbersText([1, 2, 3, 4])).toBe('(1, 2, 3, …) of 4');
  expect(sizeOf([-2])).toBe(-2);
  expect(sizeOf([3, -4])).toBeCloseTo(Math.sqrt(12.5), 12);
  expect(tsvOf([{ row: row('p.a'), value: [3], gradient: [0.1, -1.5], local: null }])).toBe(
    'name\ttype\tvalue\tgradient\tlocal derivative\nw → p\tinput a\t3\t0.1 -1.5\t',
  );
});
