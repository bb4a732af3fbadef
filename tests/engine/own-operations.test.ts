/**
 * Operations of one's own: made from chosen nodes, used as often as one likes, changed, renamed, deleted,
 * stored and carried to other projects; and they compute what their parts did.
 */
import { describe, expect, test } from 'vitest';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import { check } from '../../src/engine/compile/check';
import { draftOwn, type OwnDraft, ownFault, replacementFor } from '../../src/engine/compile/make-own';
import { prepare, programOf } from '../../src/engine/compile/program';
import { apply, between, compose, invert, isEmpty } from '../../src/engine/graph/diff';
import { addNode, connect, explode, fragmentOf, inTurn, namesForPaste, paste, remove } from '../../src/engine/graph/edits';
import { addOwn, deleteOwn, fitted, openOwn, putOwn, renameOwn, usesOfOwn } from '../../src/engine/graph/own-edits';
import { parseProject, type Parsed } from '../../src/engine/graph/project-file';
import type { Project } from '../../src/engine/graph/project';
import { serialiseProject } from '../../src/engine/graph/project-text';
import { opOf } from '../../src/engine/ops/index';
import { fragmentText, parseFragment } from '../../src/renderer/editor/clipboard';
import { drawing, number } from '../support/drawing';

/** A gate, σ(x·w + b) · x, before a loss. */
const gated = (): Project =>
  drawing(
    {
      x: ['input', {}, { shape: [] }],
      t: ['target', {}, { shape: [] }],
      w: number(0.7),
      b: number(-0.2),
      p: ['multiply', { a: 'x', b: 'w' }],
      s: ['add', { a: 'p', b: 'b' }],
      g: ['sigmoid', { x: 's' }],
      y: ['multiply', { a: 'g', b: 'x' }],
      loss: ['squared-error', { prediction: 'y', target: 't' }],
    },
    { optimizer: 'sgd', batch: 4 },
  );
const faults = (project: Project): readonly string[] =>
  check(project, null)
    .problems.filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);
const PARTS = ['w', 'b', 'p', 's', 'g', 'y'];

const drafted = (project: Project, ids: readonly string[]): OwnDraft => {
  const draft = draftOwn(project, ids);
  if (typeof draft === 'string') throw new Error(draft);
  return draft;
};
const made = (project: Project, ids: readonly string[], name: string): Project => {
  const draft = drafted(project, ids);
  const names = draft.inputs.map((input) => input.name);
  expect(ownFault(project, draft, name, names)).toBeNull();
  return putOwn(replacementFor(project, draft, name, names))(project);
};
const opCalled = (project: Project, name: string): string =>
  Object.keys(project.composites ?? {}).find((op) => project.composites![op]!.name === name)!;

/** Loss after some steps, in float64. */
async function trained(project: Project): Promise<readonly number[]> {
  const program = programOf(prepare(project, null), 'fused', 4);
  const device = new ReferenceDevice(program);
  device.setData(Float32Array.of(0.3, -1.2, 0.8, 2), 1, Float32Array.of(0.1, -0.4, 0.9, 1.1), 1);
  for (const { value, given = [] } of program.parameters) device.write(value, given);
  const rows = Uint32Array.from({ length: 20 }, (_, at) => at % 4);
  return [...(await device.run({ phases: ['forward', 'loss', 'backward', 'update'], rows, batch: 4 })).losses];
}

describe('making one', () => {
  test('what feeds it becomes its inputs, and it trains as its parts did', async () => {
    const before = gated();
    const draft = drafted(before, PARTS);
    expect(draft.inputs).toEqual([
      {
        name: 'x',
        from: 'x',
        to: [
          { node: 'p', port: 'a' },
          { node: 'y', port: 'b' },
        ],
      },
    ]);
    const after = made(before, PARTS, 'Gate');
    expect(Object.keys(after.nodes)).toEqual(['x', 't', 'gate1', 'loss']);
    expect(faults(after)).toEqual([]);
    expect(check(after, null).totals).toEqual({ weights: 2, biases: 0 });
    expect(await trained(after)).toEqual(await trained(before));
  });

  test('opened again it is what it was', () => {
    const after = made(gated(), PARTS, 'Gate');
    const { expansion } = check(after, null);
    const opened = explode('gate1', expansion)(after);
    expect(Object.keys(opened.nodes)).toEqual(['x', 't', ...['w', 'b', 'p', 's', 'g', 'y'].map((id) => `gate1/${id}`), 'loss']);
    expect(faults(opened)).toEqual([]);
  });

  test('opening goes one level down, and needs no inputs', () => {
    const outer = made(made(gated(), PARTS, 'Gate'), ['gate1'], 'Outer');
    const opened = openOwn('outer1')(remove(['outer1.x'])(outer));
    expect(opened.nodes['outer1/gate1']!.op).toBe(opCalled(outer, 'Gate'));
    expect(opened.edges['loss.prediction']!.from).toBe('outer1/gate1');
    expect(opened.edges['outer1/gate1.x']).toBeUndefined();
  });

  test('used twice it has parameters twice', () => {
    const one = made(gated(), PARTS, 'Gate');
    const two = inTurn(
      addNode({ id: 'gate2', op: opCalled(one, 'Gate'), attrs: {} }, { x: 0, y: 0 }),
      connect('gate1', 'gate2', 'x'),
      connect('gate2', 'loss', 'prediction'),
    )(one);
    expect(faults(two)).toEqual([]);
    expect(prepare(two, null).graph.nodes).toHaveProperty('gate1/w');
    expect(prepare(two, null).graph.nodes).toHaveProperty('gate2/w');
    expect(check(two, null).totals.weights).toBe(4);
  });

  test('one may hold another, and equal ones are one', () => {
    const one = made(gated(), PARTS, 'Gate');
    const outer = made(one, ['gate1'], 'Outer');
    expect(faults(outer)).toEqual([]);
    expect(prepare(outer, null).graph.nodes).toHaveProperty('outer1/gate1/w');
    expect(opCalled(made(gated(), PARTS, 'Gate'), 'Gate')).toBe(opCalled(one, 'Gate'));
  });

  test.each([
    [[], /Select the nodes/],
    [['x', 'p', 'w'], /belong to the whole drawing.*'x'/],
    [['y', 'loss'], /belong to the whole drawing.*'loss'/],
    [['w', 'b'], /computes something/],
    [['p', 's', 'y'], /one result, but 2.*'s', 'y'/],
    [['p', 'y'], /one result/],
  ])('%j: a sentence says why not', (ids, sentence) => {
    expect(draftOwn(gated(), ids)).toMatch(sentence);
  });

  test('a circle through the rest of the drawing is named', () => {
    const project = drawing({
      x: ['input', {}, { shape: [] }],
      a: ['tanh', { x: 'x' }],
      b: ['exp', { x: 'a' }],
      c: ['add', { a: 'a', b: 'b' }],
    });
    expect(draftOwn(project, ['a', 'c'])).toMatch(/one result|circle/);
    expect(
      draftOwn(drawing({ x: ['input', {}, { shape: [] }], c: ['add', { a: 'x', b: 'd' }], d: ['tanh', { x: 'c' }] }), ['c']),
    ).toMatch(/circle/);
  });

  test('names are checked', () => {
    const project = gated();
    const draft = drafted(project, PARTS);
    expect(ownFault(project, draft, ' ', ['x'])).toMatch(/needs a name/);
    expect(ownFault(project, draft, '1st', ['x'])).toMatch(/begins with a letter/);
    expect(ownFault(project, draft, 'Gate', ['w'])).toMatch(/name of a part/);
    expect(ownFault(project, draft, 'Gate', [''])).toMatch(/Input 1 needs a name/);
  });

  test('none can hold itself', () => {
    const one = made(gated(), PARTS, 'Gate');
    expect(ownFault(one, drafted(one, ['gate1']), 'gate', ['x'])).toMatch(/no operation can hold itself/);
    const outer = made(one, ['gate1'], 'Outer');
    expect(ownFault(outer, drafted(outer, ['outer1']), 'Gate', ['x'])).toMatch(/no operation can hold itself/);
  });
});

describe('keeping house', () => {
  const twice = (): Project => {
    const one = made(gated(), PARTS, 'Gate');
    return inTurn(
      addNode({ id: 'gate2', op: opCalled(one, 'Gate'), attrs: {} }, { x: 0, y: 0 }),
      connect('gate1', 'gate2', 'x'),
      connect('gate2', 'loss', 'prediction'),
    )(one);
  };

  test('made again from changed parts it changes wherever it is used, inside others too', () => {
    const project = made(twice(), ['gate2'], 'Outer');
    const opened = openOwn('gate1')(project);
    const changed = inTurn(remove(['gate1/b']), connect('gate1/w', 'gate1/s', 'b'))(opened);
    const again = made(
      changed,
      Object.keys(changed.nodes).filter((id) => id.startsWith('gate1/')),
      'Gate',
    );
    expect(
      Object.values(again.composites!)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['Gate', 'Outer']);
    expect(again.nodes['gate1']!.op).toBe(opCalled(again, 'Gate'));
    expect(again.composites![opCalled(again, 'Outer')]!.nodes['gate2']!.op).toBe(opCalled(again, 'Gate'));
    expect(again.nodes['outer1']!.op).toBe(opCalled(again, 'Outer'));
    expect(faults(again)).toEqual([]);
    expect(check(again, null).totals.weights).toBe(2);
  });

  test('renaming keeps uses; deleting waits until nobody uses it', () => {
    const project = twice();
    const renamed = renameOwn(opCalled(project, 'Gate'), 'Valve')(project);
    const op = opCalled(renamed, 'Valve');
    expect(usesOfOwn(renamed, op).nodes).toEqual(['gate1', 'gate2']);
    expect(faults(renamed)).toEqual([]);
    const unused = inTurn(remove(['gate1', 'gate2']), deleteOwn(op))(renamed);
    expect(unused.composites).toBeUndefined();
  });

  test('undo, redo and the sum of both', () => {
    const [before, after] = [gated(), twice()];
    const diff = between(before, after);
    expect(apply(before, diff)).toEqual(after);
    expect(apply(after, invert(diff))).toEqual(before);
    expect(isEmpty(compose(diff, invert(diff)))).toBe(true);
  });
});

describe('files and other projects', () => {
  const outer = (): Project => made(made(gated(), PARTS, 'Gate'), ['gate1'], 'Outer gate');
  const faultsOf = (parsed: Parsed): string => (parsed.ok ? '' : parsed.faults.map((f) => `${f.place}: ${f.message}`).join('\n'));

  test('a file reads back as the same project', () => {
    const text = serialiseProject(outer(), opOf);
    expect(text).toContain('"op": "own:Gate"');
    const parsed = parseProject(text, opOf);
    expect(faultsOf(parsed)).toBe('');
    const { positions: _places, ...rest } = outer();
    expect(parsed.ok && parsed.value).toMatchObject(rest);
  });

  test.each([
    ['"op": "own:Gate"', '"op": "own:Outer gate"', /composites\.Outer gate: holds itself/],
    ['"output": "y"', '"output": "nobody"', /composites\.Gate\.output: names the node 'nobody'/],
    ['"op": "sigmoid"', '"op": "sigmoyd"', /composites\.Gate\.nodes\.g\.op: 'sigmoyd'/],
    ['"inputs": ["x"], "output": "y"', '"inputs": ["w"], "output": "y"', /cannot be the name of an input/],
    [
      '"outer-gate1": { "op": "own:Outer gate"',
      '"outer-gate1": { "op": "own:Nobody"',
      /'Nobody' is not among the operations of this file/,
    ],
    ['"p.a": "x"', '"p.a": "z"', /must lead from a node or an input/],
  ])('%s as %s: a fault with its place', (from, to, sentence) => {
    const text = serialiseProject(outer(), opOf);
    const flat = text.replace(/\s+/g, ' ').replaceAll('[ ', '[').replaceAll(' ]', ']');
    expect(flat).toContain(from);
    expect(faultsOf(parseProject(flat.replace(from, to), opOf))).toMatch(sentence);
  });

  test('copied nodes bring their operations; one that is called like another here takes another name', () => {
    const text = fragmentText(fragmentOf(outer(), ['outer-gate1']));
    const fragment = parseFragment(text)!;
    const into = (project: Project): Project => {
      const piece = fitted(fragment, project);
      return inTurn(addOwn(piece.composites ?? {}), paste(piece, namesForPaste(project, piece), 0, 0))(project);
    };
    const empty = into(drawing({}));
    expect(Object.values(empty.composites!).map(({ name }) => name)).toEqual(['Gate', 'Outer gate']);
    const other = made(drawing({ a: ['input', {}, { shape: [] }], b: ['tanh', { x: 'a' }] }), ['b'], 'Gate');
    const both = into(other);
    expect(Object.values(both.composites!).map(({ name }) => name)).toEqual(['Gate', 'Gate 2', 'Outer gate']);
    expect(both.composites![both.nodes['outer-gate1']!.op]!.nodes['gate1']!.op).toBe(opCalled(both, 'Gate 2'));
    // Where it is known already, nothing is added.
    expect(Object.keys(into(outer()).composites!)).toEqual(Object.keys(outer().composites!));
  });
});
