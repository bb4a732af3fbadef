/** The drawing as a table: its rows, where their numbers come from, and how they are written. */
import { expect, test } from 'vitest';
import { check } from '../../src/engine/compile/check';
import { infer } from '../../src/engine/compile/infer';
import { prepare, programOf } from '../../src/engine/compile/program';
import { edge } from '../../src/engine/graph/graph';
import { type OwnOperation, ownName } from '../../src/engine/graph/own-operation';
import { learn } from '../../src/engine/ops/index';
import { FrameReader, FrameWriter, frameBytes } from '../../src/engine/train/frames';
import { localDerivative } from '../../src/engine/train/local-derivative';
import { record } from '../../src/engine/train/trace';
import { LiveLines } from '../../src/renderer/canvas/live';
import { sceneOf } from '../../src/renderer/canvas/scene';
import {
  isReached,
  localsUpTo,
  numbersText,
  rowsOfDrawing,
  sizeOf,
  sumOf,
  sumText,
  tsvOf,
} from '../../src/renderer/panels/lenses/drawing-rows';
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
    gradient: [{ of: 'edge-gradient', edge: 'p.a' }],
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
  expect(edge.gradient).toMatchObject([{ of: 'edge-gradient' }]);
  expect(edge.local).toMatch(/^h\//);
});

test('one node that feeds two inputs of a layer has a row, and a gradient, for each', () => {
  const twice = drawing({ x: input(), n: ['neuron', { x1: 'x', x2: 'x' }, { inputs: 2 }] });
  const [first, second] = ['n.x1', 'n.x2'].map((id) => rowsOfDrawing(twice, check(twice, null)).find((one) => one.id === id)!);
  expect(first!.gradient).toHaveLength(1);
  expect(second!.gradient).toHaveLength(1);
  expect(second!.gradient).not.toEqual(first!.gradient);
});

test('an operation of one’s own that uses an input twice has both contributions on its one edge, as a sum', () => {
  // f(x) = x · x with x = 3: each use gives 3, together 6 = f′(3).
  const square: OwnOperation = {
    name: 'Square',
    inputs: ['x'],
    output: 'p',
    nodes: { p: { id: 'p', op: 'multiply', attrs: {} } },
    edges: { 'p.a': edge('x', 'p', 'a'), 'p.b': edge('x', 'p', 'b') },
  };
  learn({ [ownName(square)]: square });
  const own = drawing({ x: given([3]), f: [ownName(square), { x: 'x' }] });
  const checked = check(own, null);
  const found = rowsOfDrawing(own, checked).find(({ id }) => id === 'f.x')!;
  expect(found.gradient).toEqual([
    { of: 'edge-gradient', edge: 'f/p.a' },
    { of: 'edge-gradient', edge: 'f/p.b' },
  ]);
  expect(sumText([[3], [3]])).toBe('3 + 3 = 6');
  expect(sumText([[3], [-0.5]])).toBe('3 − 0.5 = 2.5');
  expect(sumText([[3], null])).toBe('–');
  expect(
    sumOf([
      [1, 2],
      [3, 4],
    ]),
  ).toEqual([4, 6]);

  // On the drawing's line too.
  const scene = sceneOf(own, checked, null);
  const lines = new LiveLines(scene, checked, own.positions);
  const at = { 'v:x': 3, 'e:f/p.a': 3, 'e:f/p.b': 3 };
  const layout = { at: Object.fromEntries(Object.keys(at).map((key, offset) => [key, { offset, length: 1 }])), floats: 3 };
  const memory = new ArrayBuffer(frameBytes(layout));
  new FrameWriter(layout, memory).write(1, 0, (key, target) => target.set([at[key as keyof typeof at]]));
  const frame = new FrameReader(layout, memory);
  lines.read(frame);
  const [line] = lines.ranges.get('f.x')!;
  expect(lines.backward[line]).toBe(6);
  expect(lines.reading(frame, line)).toMatchObject({ gradient: 6, parts: [3, 3] });
  // While one of the two is not known yet, neither is the sum.
  expect(lines.reading(frame, line, new Set(['v:x', 'e:f/p.a'])).gradient).toBeNull();
  expect(lines.figures.get('f.x')!.gradient).toEqual(['e:f/p.a', 'e:f/p.b']);
});

test('live numbers have their local derivatives as well: those that a recorded iteration keeps', () => {
  const prepared = prepare(project, null);
  const program = programOf(prepared, 'every-edge', 1);
  const recording = record({ program, drawing: prepared, row: 0, features: [2], targets: [5], state: { 'v:w': [3] } });
  const values = new Map(
    recording.steps.flatMap(({ node, phase, value, gradient }) =>
      phase === 'backward' || phase === 'update' || gradient ? [] : [[node, value.data] as const],
    ),
  );
  const inferred = infer(prepared.graph);
  const locals = localsUpTo(recording, recording.steps.length);
  expect([...locals.keys()]).toEqual(['p.a', 'p.b', 'l.prediction']);
  for (const [id, local] of locals)
    expect(Array.from(localDerivative(inferred, prepared.graph.edges[id]!, (node) => values.get(node) ?? null)!)).toEqual(
      Array.from(local),
    );
  expect(localDerivative(inferred, prepared.graph.edges['l.target']!, (node) => values.get(node) ?? null)).toBeNull();
  expect(localDerivative(inferred, prepared.graph.edges['p.a']!, () => null)).toBeNull();
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
