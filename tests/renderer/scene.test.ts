import { figureSpot } from '../../src/renderer/canvas/figure-spot';
import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/compile/check';
import { addNode, connect, explode, group, inTurn } from '../../src/engine/graph/edits';
import { emptyProject, type Project } from '../../src/engine/graph/project';
import { FrameReader, FrameWriter, frameBytes, tapKey } from '../../src/engine/train/frames';
import { controlsOf, Drawing } from '../../src/renderer/canvas/cytoscape';
import {
  curveBetween,
  distanceTo,
  edgeCurve,
  groupBoxes,
  hitNode,
  hitUnit,
  linesOf,
  nearestPort,
  pointOn,
} from '../../src/renderer/canvas/geometry';
import { LiveLines } from '../../src/renderer/canvas/live';
import { aggregate, block, whole } from '../../src/renderer/canvas/reads';
import { LEVELS, NOT_FINITE, numberText, strength, STYLES, styleOf } from '../../src/renderer/canvas/scale';
import { plotOf, sceneOf } from '../../src/renderer/canvas/scene';
import { plainTheme } from '../../src/renderer/canvas/theme';

const add = (id: string, op: string, attrs: Record<string, number | string | number[]>, x: number, y: number) =>
  addNode({ id, op, attrs }, { x, y });

/** A 2-8-8-1 network with its loss. */
const network = inTurn(
  add('input', 'input', { shape: [2] }, 0, 0),
  add('hidden1', 'dense', { units: 8, activation: 'tanh' }, 260, 0),
  add('hidden2', 'dense', { units: 8, activation: 'tanh' }, 520, 0),
  add('output', 'dense', { units: 1, activation: 'sigmoid' }, 760, 0),
  add('target', 'target', { shape: [1] }, 760, 200),
  add('loss', 'binary-cross-entropy', {}, 1000, 0),
  connect('input', 'hidden1', 'x'),
  connect('hidden1', 'hidden2', 'x'),
  connect('hidden2', 'output', 'x'),
  connect('output', 'loss', 'prediction'),
  connect('target', 'loss', 'target'),
)(emptyProject);

const sceneFor = (project: Project) => sceneOf(project, check(project, null), null);

describe('scene', () => {
  test('layers are columns of neurons with their parameters counted', () => {
    const { nodes } = sceneFor(network);
    expect(nodes.get('hidden1')).toMatchObject({ form: 'column', subtitle: 'tanh', meta: '24 parameters' });
    expect(nodes.get('hidden2')).toMatchObject({ meta: '72 parameters' });
    expect(nodes.get('hidden2')!.units!.spots).toHaveLength(8);
    expect(nodes.get('input')!.units!.labels).toEqual(['x₁', 'x₂']);
    expect(nodes.get('loss')).toMatchObject({ form: 'card', objective: true });
  });

  test('a wide layer shows its first and last neurons and says how many there are', () => {
    const wide = inTurn(
      add('input', 'input', { shape: [784] }, 0, 0),
      add('fc', 'dense', { units: 128 }, 300, 0),
      connect('input', 'fc', 'x'),
    )(emptyProject);
    const units = sceneFor(wide).nodes.get('fc')!.units!;
    expect(units.count).toBe(128);
    expect(units.shown).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 125, 126, 127]);
    expect(units.gap).not.toBeNull();
    expect(sceneFor(wide).nodes.get('fc')!.meta).toBe('100,480 parameters');
  });

  test('edges carry the shape of their value', () => {
    const { edges } = sceneFor(network);
    expect(edges.get('hidden2.x')).toMatchObject({ label: 'n × 8', kind: 'weights' });
    expect(edges.get('loss.prediction')).toMatchObject({ label: 'n × 1', kind: 'plain' });
  });

  test('a layer that another kind of node feeds gets a line for each neuron', () => {
    const project = inTurn(
      add('input', 'input', { shape: [3] }, 0, 0),
      add('act', 'relu', {}, 100, 0),
      add('fc', 'dense', { units: 4 }, 300, 0),
      connect('input', 'act', 'x'),
      connect('act', 'fc', 'x'),
    )(emptyProject);
    const scene = sceneFor(project);
    expect(scene.edges.get('fc.x')!.kind).toBe('fan');
    expect(linesOf(scene, project.positions, scene.edges.get('fc.x')!)).toHaveLength(4);
  });

  test('an open port is marked where it is; other problems mark their node', () => {
    const lonely = add('sigmoid1', 'sigmoid', {}, 0, 0)(emptyProject);
    expect(sceneFor(lonely).nodes.get('sigmoid1')).toMatchObject({ severity: null, ports: [{ name: 'x', missing: true }] });
    const wrong = add('dense1', 'dense', { units: 0 }, 0, 0)(emptyProject);
    expect(sceneFor(wrong).nodes.get('dense1')!.severity).toBe('error');
  });

  test('every activation has a picture of its function', () => {
    for (const name of ['sigmoid', 'tanh', 'relu', 'binary-step', 'identity']) {
      const plot = plotOf(name)!;
      expect(plot.length, name).toBeGreaterThan(10);
      for (const [x, y] of plot) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(1);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(1);
      }
      expect(plot.at(-1)![1]).toBe(1);
    }
  });
});

test('for screen readers a part of an opened layer is named with its layer, wherever it is named', () => {
  const opened = explode('hidden2', check(network, null).expansion)(network);
  const abouts = [...sceneFor(opened).nodes.values()].map(({ about }) => about);
  const weight = abouts.find((about) => about.startsWith('weight'));
  expect(weight).toMatch(/^weight of hidden2: Parameter; /);
  expect(abouts.filter((about) => /from weight of hidden2(,|$)/.test(about))).toHaveLength(1);
  for (const about of abouts) expect(about).not.toContain('/');
});

describe('geometry', () => {
  test('live numbers stand clear of their line and of the nodes at its ends, wherever these are', () => {
    const box = (x: number, y: number, width: number, height: number) => ({
      x1: x - width / 2,
      x2: x + width / 2,
      y1: y - height / 2,
      y2: y + height / 2,
    });
    const [half, size] = [24, 11];
    for (const gap of [40, 60, 80, 120, 240])
      for (const fall of [-200, -60, -33, -8, 0, 8, 33, 60, 200]) {
        const [from, to] = [box(0, 0, 80, 50), box(80 + gap, fall, 80, 50)];
        const curve = curveBetween({ x: from.x2, y: 0 }, { x: to.x1, y: fall });
        const { value, gradient } = figureSpot(curve, 0.5, half, size, [from, to]);
        expect(value.y, 'the value stands above the gradient').toBeLessThan(gradient.y);
        for (const { x, y } of [value, gradient]) {
          const written = box(x, y, 2 * half, size * 1.36);
          for (const node of [from, to])
            expect(
              written.x1 < node.x2 && written.x2 > node.x1 && written.y1 < node.y2 && written.y2 > node.y1,
              `gap ${gap}, fall ${fall}: over a node`,
            ).toBe(false);
          for (let t = 0; t <= 1; t += 0.01) {
            const p = pointOn(curve, t);
            expect(
              p.x > written.x1 && p.x < written.x2 && p.y > written.y1 && p.y < written.y2,
              `gap ${gap}, fall ${fall}: over its line`,
            ).toBe(false);
          }
        }
      }
    // On a long level line: above and below its middle.
    const level = figureSpot(curveBetween({ x: 0, y: 0 }, { x: 300, y: 0 }), 0.5, half, size, []);
    expect(level.value).toEqual({ x: 150, y: -level.gradient.y });
  });

  test('each weight between drawn neurons is a line from unit to unit', () => {
    const scene = sceneFor(network);
    const lines = linesOf(scene, network.positions, scene.edges.get('hidden2.x')!);
    expect(lines).toHaveLength(64);
    const from = scene.nodes.get('hidden1')!.units!;
    expect(lines[0]!.curve.sx).toBe(260 + from.radius);
    expect(lines[0]!.curve.sy).toBe(from.spots[0]!.dy);
    expect(new Set(lines.map((line) => `${line.source} ${line.target}`)).size).toBe(64);
  });

  test('curves begin and end level at their ends', () => {
    const c = curveBetween({ x: 0, y: 0 }, { x: 100, y: 50 });
    expect(pointOn(c, 0)).toEqual({ x: 0, y: 0 });
    expect(pointOn(c, 1)).toEqual({ x: 100, y: 50 });
    expect(pointOn(c, 0.5)).toEqual({ x: 50, y: 25 });
    expect(pointOn(c, 0.02).y).toBeLessThan(0.2);
    expect(distanceTo(c, { x: 50, y: 25 }, 10)).toBeLessThan(0.5);
    expect(distanceTo(c, { x: 50, y: 90 }, 10)).toBe(Number.POSITIVE_INFINITY);
  });

  test('pointers find nodes, neurons and ports', () => {
    const scene = sceneFor(network);
    expect(hitNode(scene, network.positions, { x: 1005, y: 5 })!.id).toBe('loss');
    expect(hitNode(scene, network.positions, { x: 400, y: 700 })).toBeNull();
    const hidden = scene.nodes.get('hidden1')!;
    expect(hitUnit(hidden, { x: 260, y: 0 }, { x: 262, y: hidden.units!.spots[3]!.dy })).toBe(3);
    expect(hitUnit(hidden, { x: 260, y: 0 }, { x: 230, y: 0 })).toBeNull();
    expect(nearestPort(scene.nodes.get('loss')!, { x: 1000, y: 0 }, { x: 930, y: 30 })!.name).toBe('target');
  });

  test('groups frame their members', () => {
    const grouped = group(['hidden1', 'hidden2'], 'body')(network);
    const box = groupBoxes(sceneFor(grouped), grouped.positions).get('body')!;
    const hidden = sceneFor(grouped).nodes.get('hidden1')!;
    expect(box.x1).toBeLessThan(260 - hidden.width / 2);
    expect(box.x2).toBeGreaterThan(520 + hidden.width / 2);
  });
});

describe('cytoscape', () => {
  test('holds one element for each node and edge, and follows changes', () => {
    const drawing = new Drawing(null);
    drawing.show(sceneFor(network), network.positions);
    expect(drawing.counts).toEqual({ nodes: 6, edges: 5 });
    const less = inTurn((p: Project) => ({
      ...p,
      nodes: Object.fromEntries(Object.entries(p.nodes).filter(([id]) => id !== 'target')),
      edges: Object.fromEntries(Object.entries(p.edges).filter(([, e]) => e.from !== 'target')),
    }))(network);
    drawing.show(sceneFor(less), less.positions);
    expect(drawing.counts).toEqual({ nodes: 5, edges: 4 });
    drawing.choose(new Set(['loss']));
    expect(drawing.describe('loss')!.classes).toEqual(expect.arrayContaining(['card', 'of-loss', 'chosen']));
    drawing.paint(plainTheme);
    drawing.destroy();
  });

  test('its curves are ours', () => {
    // Control points of (0,0) → (100,0) at (40,0) and (60,0) lie on the line itself.
    expect(controlsOf(curveBetween({ x: 0, y: 0 }, { x: 100, y: 0 }))).toEqual({
      weights: '0.4000 0.6000',
      distances: '0.0000 0.0000',
    });
  });

  test('lays a network out from left to right', () => {
    const heap = { ...network, positions: Object.fromEntries(Object.keys(network.nodes).map((id) => [id, { x: 0, y: 0 }])) };
    const drawing = new Drawing(null);
    drawing.show(sceneFor(heap), heap.positions);
    const laid = drawing.layout([]);
    const x = (id: string) => laid[id]!.x;
    expect(x('input')).toBeLessThan(x('hidden1'));
    expect(x('hidden1')).toBeLessThan(x('hidden2'));
    expect(x('output')).toBeLessThan(x('loss'));
    for (const { x, y } of Object.values(laid)) expect([Math.abs(x % 10), Math.abs(y % 10)]).toEqual([0, 0]);
    drawing.destroy();
  });
});

describe('live numbers', () => {
  const live = () => {
    const scene = sceneFor(network);
    const lines = new LiveLines(scene, check(network, null), network.positions);
    const length = (key: string): number =>
      key.includes('hidden2/weight')
        ? 64
        : key.includes('hidden1/weight')
          ? 16
          : key.includes('output') || key.includes('loss') || key.includes('target')
            ? key.includes('weight')
              ? 8
              : 1
            : key === 'v:input'
              ? 2
              : 8;
    const at: Record<string, { offset: number; length: number }> = {};
    let floats = 0;
    for (const tap of lines.taps) {
      at[tapKey(tap)] = { offset: floats, length: length(tapKey(tap)) };
      floats += length(tapKey(tap));
    }
    const layout = { at, floats };
    const memory = new ArrayBuffer(frameBytes(layout));
    return { lines, writer: new FrameWriter(layout, memory), reader: new FrameReader(layout, memory) };
  };

  test('each line shows its own weight, the product with its input, and its own gradient', () => {
    const { lines, writer, reader } = live();
    writer.write(1, 0, (key, target) => {
      target.forEach((_, i) => {
        target[i] = key === 'v:hidden2/weight' ? i : key.startsWith('v:hidden1/') ? 10 + i : key === 'g:hidden2/weight' ? -i : 0;
      });
    });
    lines.read(reader);
    const [from, to] = lines.ranges.get('hidden2.x')!;
    for (let i = from; i < to; i++) {
      const { source, target } = lines.lines[i]!;
      expect(lines.base[i]).toBe(source * 8 + target);
      expect(lines.forward[i]).toBe((source * 8 + target) * (10 + source));
      expect(lines.backward[i]).toBeCloseTo(-(source * 8 + target));
    }
    expect(lines.reading(reader, from + 9)).toMatchObject({ base: lines.base[from + 9], factor: 11 });
  });

  test('it asks for the numbers it draws and no more', () => {
    const keys = live().lines.taps.map(tapKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual(
      expect.arrayContaining(['v:input', 'v:hidden1/weight', 'g:hidden1/weight', 'v:hidden1/activation', 'e:loss.prediction']),
    );
    expect(keys.some((key) => key.includes('bias'))).toBe(false);
  });

  test('two inputs of a neuron that have the same source have gradients of their own', () => {
    const project = inTurn(
      add('x', 'input', { shape: [] }, 0, 0),
      add('n', 'neuron', { inputs: 2 }, 200, 0),
      connect('x', 'n', 'x2'),
      connect('x', 'n', 'x1'),
    )(emptyProject);
    const { figures } = new LiveLines(sceneFor(project), check(project, null), project.positions);
    expect(figures.get('n.x1')).toMatchObject({ value: 'v:x', gradient: ['e:n/times1.a'], own: null, along: 0.5 });
    expect(figures.get('n.x2')).toMatchObject({ value: 'v:x', gradient: ['e:n/times2.a'], own: null, along: 0.5 });
  });

  test('many numbers become one: size by root mean square, sign by mean', () => {
    expect(aggregate([3, 4], whole)).toBeCloseTo(Math.sqrt(12.5));
    expect(aggregate([-3, 1], whole)).toBeCloseTo(-Math.sqrt(5));
    expect(aggregate([1, -2, 1, -2], block({ from: 0, count: 2 }, { from: 1, count: 1 }, 2))).toBeCloseTo(-2);
    expect(aggregate([-5], whole)).toBe(-5);
  });
});

describe('scale', () => {
  test('is logarithmic, fixed and symmetric', () => {
    expect(strength(0)).toBeCloseTo(0.24);
    expect(strength(10)).toBeCloseTo(1);
    expect(strength(-10)).toBe(strength(1000));
    expect(styleOf(0)).toBe(0);
    expect(styleOf(Number.NaN)).toBe(NOT_FINITE);
    expect(styleOf(Number.POSITIVE_INFINITY)).toBe(NOT_FINITE);
    expect(styleOf(-0.5)).toBe(styleOf(0.5) + LEVELS);
    let last = 0;
    for (let v = 1e-5; v < 1e4; v *= 1.3) {
      const style = styleOf(v);
      expect(style).toBeGreaterThanOrEqual(last);
      expect(style).toBeLessThan(STYLES);
      last = style;
    }
    expect(last).toBe(LEVELS);
  });

  test('numbers are written for people', () => {
    expect([0, 1.23456, -0.5, 123456789, 0.0000123, Number.NaN, Number.NEGATIVE_INFINITY].map(numberText)).toEqual([
      '0',
      '1.235',
      '−0.5',
      '1.23e8',
      '1.23e−5',
      'not a number',
      '−∞',
    ]);
  });
});

test('an edge ends at the port it is drawn to', () => {
  const scene = sceneFor(network);
  const curve = edgeCurve(scene, network.positions, scene.edges.get('loss.target')!);
  const loss = scene.nodes.get('loss')!;
  expect([curve.tx, curve.ty]).toEqual([1000 + loss.ports[1]!.dx, loss.ports[1]!.dy]);
});
