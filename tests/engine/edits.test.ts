import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apply, between, changesModel, compose, invert, isEmpty } from '../../src/engine/graph/diff';
import {
  addNode,
  align,
  connect,
  duplicate,
  type Edit,
  explode,
  fragmentOf,
  freshGroup,
  freshId,
  group,
  insertOnEdge,
  inTurn,
  keepWeights,
  move,
  nameFault,
  namesForPaste,
  paste,
  place,
  remove,
  removeAndHeal,
  rename,
  setAttr,
  setLabel,
  setSettings,
  setTraining,
  ungroup,
} from '../../src/engine/graph/edits';
import { redraw } from '../../src/engine/graph/redraw';
import { type Edge, edge, type Graph } from '../../src/engine/graph/graph';
import { emptyProject, type Project } from '../../src/engine/graph/project';

const node = (id: string, op = 'add', attrs = {}) => ({ id, op, attrs });
const line = inTurn(
  addNode(node('x', 'input'), { x: 0, y: 0 }),
  addNode(node('fc', 'dense', { units: 4 }), { x: 100, y: 0 }),
  addNode(node('loss', 'squared-error'), { x: 200, y: 0 }),
  connect('x', 'fc', 'x'),
  connect('fc', 'loss', 'prediction'),
)(emptyProject);

/** A project in full, the order of its tables included. */
const exactly = (project: Project): string => JSON.stringify(project);

describe('edits', () => {
  test('names are the first free number after the kind', () => {
    expect(freshId(line.nodes, 'dense')).toBe('dense1');
    expect(freshId({ ...line.nodes, dense1: node('dense1') }, 'dense')).toBe('dense2');
    expect(freshId(line.nodes, 'loss', true)).toBe('loss2');
    expect(freshId({ 'fc1/weight': node('fc1/weight') }, 'fc')).toBe('fc2');
  });

  test('a name is refused with a reason', () => {
    expect(nameFault(line, 'fc', 'x')).toContain("already a node called 'x'");
    expect(nameFault(line, 'fc', ' ')).toContain('needs a name');
    expect(nameFault(line, 'fc', 'a.b')).toContain('letters, digits');
    expect(nameFault(line, 'fc', '__proto__')).not.toBeNull();
    expect(nameFault(line, 'fc', 'hidden 1')).toBeNull();
    expect(nameFault(line, 'fc', 'constructor')).toContain('may not be used');
    expect(nameFault(line, 'fc', 'a/b')).toContain('letters, digits');
  });

  test('removing a node takes its edges, its position and its kept weights along', () => {
    const kept = keepWeights({ 'fc/weight': { shape: [1], base64: '' }, b: { shape: [1], base64: '' } })(line);
    const less = remove(['fc'])(kept);
    expect(Object.keys(less.edges)).toEqual([]);
    expect(Object.keys(less.positions)).toEqual(['x', 'loss']);
    expect(Object.keys(less.weights!)).toEqual(['b']);
  });

  test('removing and healing joins what the node stood between', () => {
    const healed = removeAndHeal(['fc'], () => 'x')(line);
    expect(healed.edges).toEqual({ 'loss.prediction': { id: 'loss.prediction', from: 'x', to: 'loss', port: 'prediction' } });
  });

  test('renaming reaches edges, positions, weights and the objective', () => {
    const full = inTurn(keepWeights({ 'fc/weight': { shape: [1], base64: '' } }), setTraining({ objective: 'fc' }))(line);
    const renamed = rename('fc', 'hidden')(full);
    expect(Object.keys(renamed.nodes)).toEqual(['x', 'hidden', 'loss']);
    expect(Object.keys(renamed.edges)).toEqual(['hidden.x', 'loss.prediction']);
    expect(renamed.edges['loss.prediction']!.from).toBe('hidden');
    expect(renamed.settings.training.objective).toBe('hidden');
    expect(Object.keys(renamed.weights!)).toEqual(['hidden/weight']);
    expect(rename('fc', 'x')(full)).toBe(full);
  });

  test('a node dropped on an edge stands between its ends', () => {
    const inserted = inTurn(addNode(node('act', 'relu'), { x: 150, y: 0 }), insertOnEdge('loss.prediction', 'act', 'x'))(line);
    expect(inserted.edges['act.x']!.from).toBe('fc');
    expect(inserted.edges['loss.prediction']!.from).toBe('act');
  });

  test('aligning and distributing go by the boxes', () => {
    const size = (id: string) => ({ width: id === 'fc' ? 40 : 20, height: 10 });
    const left = align(['x', 'fc', 'loss'], 'left', size)(line);
    expect([left.positions.x!.x, left.positions.fc!.x, left.positions.loss!.x]).toEqual([0, 10, 0]);
    const spread = inTurn(move(['fc'], 30, 0), (p: Project) => align(['x', 'fc', 'loss'], 'distribute-x', size)(p))(line);
    expect(spread.positions.fc!.x).toBe(100);
  });

  test('a copy gets free names and keeps the edges among its nodes', () => {
    const fragment = fragmentOf(line, ['x', 'fc']);
    const pasted = paste(fragment, namesForPaste(line, fragment), 20, 20)(line);
    expect(Object.keys(pasted.nodes)).toEqual(['x', 'fc', 'loss', 'x2', 'fc2']);
    expect(pasted.edges['fc2.x']!.from).toBe('x2');
    expect(pasted.positions.fc2).toEqual({ x: 120, y: 20 });
  });

  test('a duplicate is fed by what feeds the original', () => {
    const copy = duplicate(['fc'], new Map([['fc', 'fc2']]), 0, 50)(line);
    expect(copy.edges['fc2.x']!.from).toBe('x');
    expect(copy.edges['loss.prediction']!.from).toBe('fc');
  });

  test('a composite opens in place: parts keep their ids and their links to the outside', () => {
    const parts: Graph['nodes'] = Object.fromEntries(
      ['x', 'fc/weight', 'fc/product', 'fc/bias', 'fc/sum', 'loss'].map((id) => [id, node(id)]),
    );
    const wire = (from: string, to: string, port: string): [string, Edge] => [
      `${to}.${port}`,
      { id: `${to}.${port}`, from, to, port },
    ];
    const expansion = {
      graph: {
        nodes: parts,
        edges: Object.fromEntries([
          wire('x', 'fc/product', 'a'),
          wire('fc/weight', 'fc/product', 'b'),
          wire('fc/product', 'fc/sum', 'a'),
          wire('fc/bias', 'fc/sum', 'b'),
          wire('fc/sum', 'loss', 'prediction'),
        ]),
      },
      owner: new Map(Object.keys(parts).map((id) => [id, id.split('/')[0]!])),
      output: new Map([
        ['x', 'x'],
        ['fc', 'fc/sum'],
        ['loss', 'loss'],
      ]),
    };
    const opened = explode('fc', expansion)(line);
    expect(Object.keys(opened.nodes)).toEqual(['x', 'fc/weight', 'fc/product', 'fc/bias', 'fc/sum', 'loss']);
    expect(opened.edges['fc/product.a']!.from).toBe('x');
    expect(opened.edges['loss.prediction']!.from).toBe('fc/sum');
    expect(opened.nodes['fc/sum']!.group).toBe('fc');
    // weight, product, sum stand in three columns; the bias hangs above the product that it joins.
    expect(opened.positions['fc/sum']!.x - opened.positions['fc/weight']!.x).toBe(440);
    expect(opened.positions['fc/bias']!.x).toBe(opened.positions['fc/product']!.x);
    expect(opened.positions['fc/bias']!.y).toBeLessThan(opened.positions['fc/product']!.y);
    expect(opened.positions['fc/product']!.y).toBe(0);
    expect(opened.positions.loss!.x).toBe(640);
  });

  test('groups are names on nodes', () => {
    const grouped = group(['x', 'fc'], freshGroup(line))(line);
    expect(grouped.nodes.x!.group).toBe('group1');
    expect(exactly(ungroup(['x', 'fc'])(grouped))).toBe(exactly(line));
  });

  test('an edit without effect returns the project itself', () => {
    for (const edit of [
      remove(['nobody']),
      move([], 1, 1),
      place({ x: { x: 0, y: 0 } }),
      setAttr('fc', 'units', 4),
      connect('x', 'fc', 'x'),
      ungroup(['x']),
      setLabel('x', ''),
    ])
      expect(edit(line)).toBe(line);
  });
});

describe('diffs', () => {
  test('moving and naming need no new plan; attributes, edges and training do', () => {
    const needs = (edit: Edit) => changesModel(between(line, edit(line)));
    expect(needs(move(['x'], 5, 5))).toBe(false);
    expect(needs(setLabel('x', 'image'))).toBe(false);
    expect(needs(setSettings({ title: 'Digits' }))).toBe(false);
    expect(needs(setAttr('fc', 'units', 5))).toBe(true);
    expect(needs(remove(['fc.x']))).toBe(true);
    expect(needs(setTraining({ batch: 64 }))).toBe(true);
  });

  /** A random edit that makes sense for any project: names are drawn by position. */
  const anyEdit: fc.Arbitrary<Edit> = fc
    .record({
      kind: fc.nat(14),
      a: fc.nat(1000),
      b: fc.nat(1000),
      x: fc.integer({ min: -500, max: 500 }),
      y: fc.integer({ min: -500, max: 500 }),
    })
    .map(({ kind, a, b, x, y }) => (project) => {
      const ids = Object.keys(project.nodes);
      const edges = Object.keys(project.edges);
      const pick = (n: number) => ids[n % Math.max(1, ids.length)] ?? 'nobody';
      const some = ids.filter((_, index) => (a >> (index % 10)) & 1);
      const id = freshId(project.nodes, 'n');
      switch (kind) {
        case 0:
        case 1:
        case 2:
          return addNode(node(id, 'add', { units: b }), { x, y })(project);
        case 3:
        case 4:
        case 5:
          return connect(pick(a), pick(b), 'abc'[a % 3]!)(project);
        case 6:
          return remove([pick(a), edges[b % Math.max(1, edges.length)] ?? 'nothing'])(project);
        case 7:
          return move(some, x, y)(project);
        case 8:
          return rename(pick(a), `r${b}`)(project);
        case 9:
          return setAttr(pick(a), 'units', b)(project);
        case 10:
          return a % 2 ? group(some, freshGroup(project))(project) : ungroup(some)(project);
        case 11: {
          const f = fragmentOf(project, some);
          return paste(f, namesForPaste(project, f), x, y)(project);
        }
        case 12:
          return setLabel(pick(a), b % 2 ? `label ${b}` : '')(project);
        case 13:
          return setTraining(b % 2 ? { objective: pick(a) } : { batch: b })(project);
        default:
          return keepWeights(b % 3 ? { [`${pick(a)}/weight`]: { shape: [b], base64: '' } } : null)(project);
      }
    });

  test('thousands of random edits are undone and redone exactly, order included', () => {
    let edits = 0;
    fc.assert(
      fc.property(fc.array(anyEdit, { minLength: 5, maxLength: 60 }), (list) => {
        const states: Project[] = [line];
        const diffs = [];
        for (const edit of list) {
          const now = states.at(-1)!;
          const next = edit(now);
          diffs.push(between(now, next));
          states.push(next);
          edits++;
        }
        let project = states.at(-1)!;
        for (let at = diffs.length - 1; at >= 0; at--) {
          project = apply(project, invert(diffs[at]!));
          expect(exactly(project)).toBe(exactly(states[at]!));
        }
        diffs.forEach((diff, at) => {
          project = apply(project, diff);
          expect(exactly(project)).toBe(exactly(states[at + 1]!));
        });
        const whole = diffs.reduce(compose, {});
        expect(exactly(apply(line, whole))).toBe(exactly(project));
        expect(exactly(apply(project, invert(whole)))).toBe(exactly(line));
        expect(isEmpty(compose(whole, invert(whole)))).toBe(true);
      }),
      { numRuns: 1000, seed: 20240 },
    );
    expect(edits).toBeGreaterThan(5000);
  });
});

describe('another drawing in place of this one', () => {
  const node = (id: string, op: string) => ({ id, op, attrs: {} });
  const before: Project = {
    ...emptyProject,
    nodes: { x: node('x', 'input'), y: { ...node('y', 'sigmoid'), group: 'top' }, l: node('l', 'sum') },
    edges: { 'y.x': edge('x', 'y', 'x'), 'l.x': edge('y', 'l', 'x') },
    positions: { x: { x: 0, y: 0 }, y: { x: 170, y: 80 }, l: { x: 340, y: 80 } },
    settings: { ...emptyProject.settings, training: { ...emptyProject.settings.training, objective: 'l' } },
    weights: { x: { shape: [], base64: 'AAAAAA==' }, 'y/weight': { shape: [], base64: 'AACAPw==' } },
  };

  test('what keeps its name and kind keeps its place, its group and its numbers', () => {
    const graph = {
      nodes: { x: node('x', 'constant'), y: { ...node('y', 'sigmoid'), label: 'answer' } },
      edges: { 'y.x': edge('x', 'y', 'x') },
    };
    const after = redraw(graph, { x: { x: 1, y: 2 }, y: { x: 3, y: 4 } })(before);
    expect(after.positions['y']).toEqual({ x: 170, y: 80 });
    expect(after.nodes).toEqual({ x: node('x', 'constant'), y: { ...node('y', 'sigmoid'), group: 'top', label: 'answer' } });
    expect(after.weights).toEqual({ 'y/weight': before.weights!['y/weight'] });
    // What training minimised is gone.
    expect(after.settings.training.objective).toBeUndefined();
  });

  test('what is new stands beside what feeds it, and on nothing else', () => {
    const graph = {
      nodes: { ...before.nodes, a: node('a', 'tanh'), b: node('b', 'tanh'), w: node('w', 'parameter') },
      edges: { ...before.edges, 'a.x': edge('x', 'a', 'x'), 'b.x': edge('w', 'b', 'x') },
    };
    const { positions } = redraw(graph, { a: { x: 0, y: 0 }, b: { x: 0, y: 0 }, w: { x: 0, y: 0 } })(before);
    // Right of what feeds it, below the two that stand there.
    expect(positions['a']).toEqual({ x: 200, y: 240 });
    const all = Object.values(positions);
    expect(all).toHaveLength(6);
    all.forEach((p, i) => {
      for (const q of all.slice(i + 1)) expect(Math.abs(p.x - q.x) >= 160 || Math.abs(p.y - q.y) >= 90).toBe(true);
    });
  });
});
