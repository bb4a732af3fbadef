import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/compile/check';
import { neuronLayers } from '../../src/engine/compile/neurons';
import { addNode, connect, inTurn } from '../../src/engine/graph/edits';
import { edge } from '../../src/engine/graph/graph';
import { type OwnOperation, ownName } from '../../src/engine/graph/own-operation';
import { emptyProject, type Project } from '../../src/engine/graph/project';
import { learn } from '../../src/engine/ops/index';
import { FrameReader, FrameWriter, frameBytes, tapKey } from '../../src/engine/train/frames';
import { LiveLines } from '../../src/renderer/canvas/live';
import { windowOf } from '../../src/renderer/canvas/open-layer';
import { lensesFor, lookAt } from '../../src/renderer/canvas/open-scene';
import { type Lens, ownerOfPart, partId, partOf, plainly, weightId } from '../../src/renderer/editor/lens';

const measure = (text: string, size: number): number => text.length * size * 0.55;
const add = (id: string, op: string, attrs: Record<string, number | string | number[]>, x: number, y: number) =>
  addNode({ id, op, attrs }, { x, y });

const network = (units = 3, inputs = 2): Project =>
  inTurn(
    add('input', 'input', { shape: [inputs] }, 0, 0),
    add('hidden', 'dense', { units, activation: 'tanh' }, 260, 0),
    add('output', 'dense', { units: 1, activation: 'identity' }, 520, 0),
    add('target', 'target', { shape: [1] }, 520, 300),
    add('loss', 'mean-squared-error', {}, 780, 0),
    connect('input', 'hidden', 'x'),
    connect('hidden', 'output', 'x'),
    connect('output', 'loss', 'prediction'),
    connect('target', 'loss', 'target'),
  )(emptyProject);

const seen = (project: Project, lens: Lens, own: Record<string, Lens> = {}) =>
  lookAt(project, check(project, null), null, { ...plainly, whole: lens, own: new Map(Object.entries(own)) }, measure);

describe('names of parts', () => {
  test('are read back as they were written', () => {
    for (const name of [
      { owner: 'a b', kind: 'neuron', unit: 3, input: -1 },
      { owner: 'h', kind: 'bias', unit: 0, input: -1 },
      { owner: 'h', kind: 'weight', unit: 12, input: 7 },
      { owner: 'h', kind: 'product', unit: 1, input: 0 },
      { owner: 'h', kind: 'sum', unit: 1, input: -1 },
      { owner: 'h', kind: 'activation', unit: 1, input: -1 },
    ] as const)
      expect(partOf(partId(name))).toEqual(name);
    expect(partOf(weightId('h', 2, 5))).toEqual({ owner: 'h', kind: 'weight', unit: 2, input: 5 });
    for (const other of ['h', 'h/weight', 'h.x', 'h[12-]', 'h[1].wx[3-]']) expect(partOf(other)).toBeNull();
    const has = (id: string): boolean => id === 'h';
    for (const id of ['h', 'h[2]', 'h[2].w[1]', 'h[1-]', 'h/weight', 'h/product.a']) expect(ownerOfPart(id, has)).toBe('h');
    expect(ownerOfPart('g[2]', has)).toBeNull();
  });
});

describe('layers of neurons', () => {
  test('are found from their parts', () => {
    const layers = neuronLayers(check(network(), null));
    expect([...layers.keys()]).toEqual(['hidden', 'output']);
    expect(layers.get('hidden')).toMatchObject({
      inputs: 2,
      units: 3,
      from: 'input',
      edge: 'hidden/product.a',
      weight: 'hidden/weight',
      bias: 'hidden/bias',
      sum: 'hidden/sum',
      output: 'hidden/activation',
      activation: 'tanh',
    });
    expect(layers.get('output')).toMatchObject({ sum: 'output/sum', output: 'output/sum', activation: 'identity' });
  });
});

describe('through the lens of', () => {
  test('layers, nothing is opened and positions are those of the project', () => {
    const project = network();
    const { scene, opened, place } = seen(project, 'layers');
    expect(opened.size).toBe(0);
    expect([...scene.nodes.keys()]).toEqual(Object.keys(project.nodes));
    expect(place(project.positions)).toBe(project.positions);
  });

  test('neurons, each has a node, and each of its weights a line that reads it', () => {
    const project = network();
    const { scene } = seen(project, 'neurons');
    expect(scene.nodes.has('hidden')).toBe(false);
    expect(scene.nodes.get('hidden[2]')).toMatchObject({ form: 'dot', owner: 'hidden' });
    const weights = [...scene.edges.values()].filter((e) => e.of === 'hidden.x');
    expect(weights).toHaveLength(6);
    const e = scene.edges.get(weightId('hidden', 2, 1))!;
    expect(e.reads!.base).toEqual({
      tap: { of: 'value', node: 'hidden/weight' },
      at: expect.objectContaining({ start: 5, count: 1, times: 1 }),
    });
    expect(e.reads!.factor).toMatchObject({ tap: { node: 'input' }, at: { start: 1 } });
    expect([...scene.edges.values()].filter((x) => x.of === 'loss.prediction').map((x) => x.from)).toEqual(['output[0]']);
    expect(scene.shows!.get('hidden/activation')).toEqual(['hidden[0]', 'hidden[1]', 'hidden[2]']);
  });

  test('scalars, a neuron is products, a sum, a bias and an activation', () => {
    const { scene } = seen(network(), 'scalars');
    const own = [...scene.nodes.keys()].filter((id) => id.startsWith('hidden[1]'));
    expect(own).toEqual([
      'hidden[1].w[0]',
      'hidden[1].wx[0]',
      'hidden[1].w[1]',
      'hidden[1].wx[1]',
      'hidden[1].b',
      'hidden[1].z',
      'hidden[1].a',
    ]);
    // x → product carries x forward, and w·δ of it back.
    const e = [...scene.edges.values()].find((x) => x.from === 'input[0]' && x.to === 'hidden[1].wx[0]')!;
    expect(e.reads).toMatchObject({
      base: { tap: { node: 'input' } },
      gradient: { tap: { of: 'gradient', node: 'hidden/product' }, at: { start: 1 } },
      slope: { tap: { node: 'hidden/weight' }, at: { start: 1 } },
    });
  });

  test('matrices, a layer is its arrays as heat maps', () => {
    const { scene } = seen(network(), 'matrices');
    expect(scene.nodes.get('hidden/weight')).toMatchObject({ form: 'map', owner: 'hidden', map: { rows: 2, columns: 3 } });
    expect(scene.nodes.get('hidden/activation')).toMatchObject({ form: 'map', map: { rows: 1, columns: 3 } });
  });

  test('one node alone can be looked at otherwise than the rest', () => {
    const { scene, opened } = seen(network(), 'layers', { hidden: 'neurons' });
    expect([...opened]).toEqual([['hidden', 'neurons']]);
    expect(scene.nodes.has('output')).toBe(true);
    // The weights of the closed layer begin at the open one's neurons.
    expect([...scene.edges.values()].filter((e) => e.of === 'output.x').map((e) => e.from)).toEqual([
      'hidden[0]',
      'hidden[1]',
      'hidden[2]',
    ]);
  });
});

test('an operation of one’s own opens into what it was drawn from', () => {
  const own: OwnOperation = {
    name: 'Twice',
    inputs: ['x'],
    output: 'second',
    nodes: {
      first: { id: 'first', op: 'dense', attrs: { units: 3, activation: 'tanh' } },
      second: { id: 'second', op: 'dense', attrs: { units: 2, activation: 'identity' } },
    },
    edges: { 'first.x': edge('x', 'first', 'x'), 'second.x': edge('first', 'second', 'x') },
  };
  const op = ownName(own);
  learn({ [op]: own });
  const project = inTurn(
    add('input', 'input', { shape: [2] }, 0, 0),
    add('mine', op, {}, 260, 0),
    connect('input', 'mine', 'x'),
  )(emptyProject);
  expect([...seen(project, 'neurons').opened]).toEqual([]);
  const { scene, opened } = seen(project, 'scalars');
  expect([...opened]).toEqual([
    ['input', 'scalars'],
    ['mine', 'matrices'],
  ]);
  expect(scene.nodes.get('mine/first/weight')).toMatchObject({ form: 'map', owner: 'mine' });
  expect(scene.nodes.get('mine/second/sum')).toMatchObject({ owner: 'mine' });

  // Beside it, a layer's scalars stand where they belong: each weight at its product.
  const more = inTurn(
    add('after', 'dense', { units: 2, activation: 'identity' }, 700, 0),
    connect('mine', 'after', 'x'),
  )(project);
  const placed = seen(more, 'scalars').place(more.positions);
  const [weight, times] = [placed['after[1].w[0]']!, placed['after[1].wx[0]']!];
  expect(Math.hypot(weight.x - times.x, weight.y - times.y)).toBeLessThan(40);
});

test('whatever part a step is at, each lens has something that shows it', () => {
  const project = network();
  const { graph, owner } = check(project, null).expansion;
  for (const lens of ['neurons', 'scalars', 'matrices'] as const) {
    const { scene } = seen(project, lens);
    for (const id of Object.keys(graph.nodes)) {
      const shown = scene.nodes.has(id) ? [id] : (scene.shows?.get(id) ?? []);
      expect(shown.length, `${id} as ${lens}`).toBeGreaterThan(0);
      for (const part of shown) expect(scene.nodes.get(part)?.owner ?? part).toBe(owner.get(id));
    }
  }
});

describe('arrays that are drawn by hand', () => {
  const byHand = (inputs = 3, units = 2): Project =>
    inTurn(
      add('x', 'input', { shape: [inputs] }, 0, 0),
      add('W', 'parameter', { shape: [inputs, units], role: 'weight' }, 0, 300),
      add('b', 'parameter', { shape: [units], role: 'bias' }, 260, 300),
      add('T', 'matmul', {}, 260, 0),
      add('s', 'add', { inputs: 2 }, 520, 0),
      add('y', 'tanh', {}, 700, 0),
      add('p', 'softmax', {}, 860, 0),
      add('t', 'target', { shape: [units] }, 860, 300),
      add('l', 'mean-squared-error', {}, 1000, 0),
      connect('x', 'T', 'a'),
      connect('W', 'T', 'b'),
      connect('T', 's', 'a'),
      connect('b', 's', 'b'),
      connect('s', 'y', 'x'),
      connect('y', 'p', 'x'),
      connect('p', 'l', 'prediction'),
      connect('t', 'l', 'target'),
    )(emptyProject);
  const into = (scene: ReturnType<typeof seen>['scene'], to: string): string[] =>
    [...scene.edges.values()].filter((e) => e.to === to).map((e) => e.from);

  test('are single numbers through the lens of scalars, and lines lead between those that make each other', () => {
    const { scene } = seen(byHand(), 'scalars');
    for (const id of ['x', 'W', 'b', 'T', 's', 'y', 'p', 't']) expect(scene.nodes.has(id), id).toBe(false);
    expect(into(scene, 'T[1]')).toEqual(['T[1].wx[0]', 'T[1].wx[1]', 'T[1].wx[2]']);
    expect(into(scene, 'T[1].wx[2]')).toEqual(['x[2]', 'W[5]']);
    expect(into(scene, 's[1]')).toEqual(['T[1]', 'b[1]']);
    expect(into(scene, 'y[0]')).toEqual(['s[0]']);
    expect(into(scene, 'p[0]')).toEqual(['y[0]', 'y[1]']);
    expect(into(scene, 'l')).toEqual(['p[0]', 'p[1]', 't[0]', 't[1]']);
    const line = [...scene.edges.values()].find((e) => e.from === 'x[2]')!;
    expect(line).toMatchObject({
      of: 'T.a',
      reads: { base: { at: { start: 2 } }, slope: { tap: { node: 'W' }, at: { start: 4 } } },
    });
    // What flows back along the edge is known where an element feeds one other; into the softmax it feeds all.
    expect([...scene.edges.values()].find((e) => e.to === 'y[1]')!.reads!.gradient).toMatchObject({
      tap: { of: 'edge-gradient', edge: 'y.x' },
      at: { start: 1, count: 1 },
    });
    expect([...scene.edges.values()].find((e) => e.to === 'p[1]')!.reads!.gradient).toBeNull();
  });

  test('are heat maps as matrices, neurons show them as they are, and one can be opened alone', () => {
    const project = byHand();
    const { scene } = seen(project, 'matrices');
    expect(scene.nodes.get('W')).toMatchObject({ form: 'map', map: { rows: 3, columns: 2 } });
    expect(scene.nodes.get('y')).toMatchObject({ form: 'map', map: { rows: 1, columns: 2 } });
    expect(scene.nodes.get('x')).toMatchObject({ form: 'column' });
    expect(seen(project, 'neurons').opened.size).toBe(0);
    const { scene: one, opened } = seen(project, 'layers', { T: 'scalars' });
    expect([...opened.keys()]).toEqual(['T']);
    // The units of the input's card are ends of lines as well.
    expect(into(one, 'T[0].wx[1]')).toEqual(['x', 'W']);
    expect(into(one, 's')).toEqual(['T[0]', 'T[1]', 'b']);
    const checked = check(project, null);
    expect(lensesFor('T', project, checked)).toEqual(['layers', 'scalars', 'matrices']);
    expect(lensesFor('l', project, checked)).toEqual(['layers']);
  });

  test('that are large are drawn in part, with true counts', () => {
    const project = byHand(784, 50);
    const { scene } = seen(project, 'scalars');
    expect(scene.nodes.get('x[12-]') ?? scene.nodes.get('x[10-]')).toMatchObject({ form: 'rest', title: '774 more' });
    expect(scene.nodes.get('W[10-]')).toMatchObject({ title: '39,190 more' });
    expect(scene.nodes.get('T[0].wx[5-]')).toMatchObject({ title: '779 more' });
    expect(scene.nodes.size).toBeLessThan(200);
    // Nothing is lost: every number of the input goes into each sum that is drawn.
    const parts = [...scene.edges.values()].filter((e) => e.to === 'T[0]');
    expect(parts.reduce((n, { reads }) => n + reads!.factor!.at.count, 0)).toBe(784);
  });
});

describe('wide layers', () => {
  test('show a window of neurons and count the rest truly', () => {
    expect(windowOf(14, 0, 14)).toEqual({ from: 0, count: 14 });
    expect(windowOf(512, 0, 14)).toEqual({ from: 0, count: 12 });
    expect(windowOf(512, 600, 14)).toEqual({ from: 500, count: 12 });
    const { scene } = lookAt(
      network(512, 784),
      check(network(512, 784), null),
      null,
      { whole: 'neurons', own: new Map(), first: new Map([['hidden', 24]]) },
      measure,
    );
    expect(scene.nodes.get('hidden[0-]')).toMatchObject({ form: 'rest', title: '24 before' });
    expect(scene.nodes.get('hidden[36-]')).toMatchObject({ form: 'rest', title: '476 more' });
    expect(scene.nodes.has('hidden[24]')).toBe(true);
    // Every weight belongs to exactly one line.
    const cells = [...scene.edges.values()]
      .filter((e) => e.of === 'hidden.x')
      .reduce((n, { reads }) => n + reads!.base!.at.count * reads!.base!.at.times, 0);
    expect(cells).toBe(784 * 512);
  });

  test('scalars of a wide layer too', () => {
    const { scene } = seen(network(100, 50), 'scalars');
    expect(scene.nodes.get('hidden[0].wx[5-]')).toMatchObject({ title: '45 more' });
    expect([...scene.nodes.keys()].filter((id) => id.endsWith('.z')).length).toBeLessThan(10);
  });
});

test('what the lines show is what the layer computes', () => {
  const project = network();
  const { scene, checked, place } = seen(project, 'scalars');
  const lines = new LiveLines(scene, checked, place(project.positions));
  const sizes: Record<string, number> = { 'v:input': 2, 'v:hidden/weight': 6, 'g:hidden/product': 3 };
  const at: Record<string, { offset: number; length: number }> = {};
  let floats = 0;
  for (const tap of lines.taps) {
    const length = sizes[tapKey(tap)] ?? 1;
    at[tapKey(tap)] = { offset: floats, length };
    floats += length;
  }
  const memory = new ArrayBuffer(frameBytes({ at, floats }));
  const writer = new FrameWriter({ at, floats }, memory);
  writer.write(1, 0, (key, target) => {
    if (key === 'v:input') target.set([2, 3]);
    else if (key === 'v:hidden/weight') target.set([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    else if (key === 'g:hidden/product') target.set([10, 20, 30]);
  });
  const reader = new FrameReader({ at, floats }, memory);
  lines.read(reader);
  const into = (to: string, from: string): number => {
    const e = [...scene.edges.values()].find((x) => x.to === to && x.from === from)!;
    return lines.ranges.get(e.id)![0];
  };
  // The second input into the third neuron: x = 3, w = 0.6, δ = 30.
  const x = [...scene.edges.values()].filter((e) => e.to === 'hidden[2].wx[1]' && e.from === 'input[1]');
  expect(x).toHaveLength(1);
  const i = lines.ranges.get(x[0]!.id)![0];
  expect(lines.forward[i]).toBe(3);
  expect(lines.backward[i]).toBeCloseTo(18, 5);
  const product = into('hidden[2].z', 'hidden[2].wx[1]');
  expect(lines.forward[product]).toBeCloseTo(1.8, 6);
  expect(lines.backward[product]).toBe(30);
});
