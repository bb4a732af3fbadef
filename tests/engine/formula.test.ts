/** Text to drawing and back. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/compile/check';
import { parseFormula } from '../../src/engine/compile/formula/read';
import { formulaOf } from '../../src/engine/compile/formula/write';
import { type OwnOperation, ownName } from '../../src/engine/graph/own-operation';
import { opOf } from '../../src/engine/ops/index';
import { learnOwn } from '../../src/engine/ops/own';
import type { Project } from '../../src/engine/graph/project';
import { edge, type Graph } from '../../src/engine/graph/graph';
import { readProjectFile } from '../../src/main/services/projects';
import { drawing, type Rows } from '../support/drawing';
import { open, run, value } from '../support/gradients';
import { meaning } from '../support/meaning';
import { randomDrawing } from '../support/random-drawing';

const read = (text: string): Graph => {
  const result = parseFormula(text);
  if (!result.ok) throw new Error(`${result.fault.line}:${result.fault.column} ${result.fault.message}`);
  return result.graph;
};
const written = (graph: Graph): string => {
  const result = formulaOf(graph);
  if (!result.ok) throw new Error(result.message);
  return result.text;
};
const fault = (text: string): string => {
  const result = parseFormula(text);
  return result.ok ? 'no fault' : `${result.fault.line}:${result.fault.column} ${result.fault.message}`;
};

describe('text becomes a drawing', () => {
  test('the loss of one neuron', () => {
    const graph = read('l = (sigmoid(w1*x + w2*y + b) - t)^2');
    expect(Object.fromEntries(Object.values(graph.nodes).map((n) => [n.id, n.op]))).toEqual({
      w1: 'parameter',
      x: 'input',
      multiply1: 'multiply',
      w2: 'parameter',
      y: 'input',
      multiply2: 'multiply',
      b: 'parameter',
      add1: 'add',
      sigmoid1: 'sigmoid',
      t: 'target',
      subtract1: 'subtract',
      l: 'power',
    });
    expect(Object.values(graph.edges)).toContainEqual(edge('multiply2', 'add1', 'b'));
    const checked = check({ ...drawing({}), ...graph }, null);
    expect(checked.problems.filter((p) => p.severity === 'error')).toEqual([]);
    expect(checked).toMatchObject({ objective: 'l', prediction: 'sigmoid1', totals: { weights: 2, biases: 1 } });
  });

  test.each([
    ['1 + 2*3^2 - 4/2', 17],
    ['-2^2', -4],
    ['(-2)^2', 4],
    ['2^-1', 0.5],
    ['2**3', 8],
    ['10 - 3 - 2', 5],
    ['10 - (3 - 2)', 9],
    ['12/3/2', 2],
    ['--3', 3],
    ['-(1 + 2)*3', -9],
    ['sum(constant(shape=[3], values=[1, -2, 4]))', 3],
    ['k = 2\nk*k + .5e1 # nine', 9],
    ['maximum(1,\n  2)', 2],
    ['1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10 + 11 + 12 + 13 + 14 + 15 + 16 + 17 + 18', 171],
    ['a = b2 + 1; b2 = c2*2; c2 = 3\na', 7],
  ])('%s is %d', (text, result) => {
    const graph = read(text);
    const last = text.endsWith('\na') ? 'a' : Object.keys(graph.nodes).at(-1)!;
    const o = open({ ...drawing({}), ...graph });
    run(o);
    expect(value(o, last)).toBeCloseTo(result, 12);
  });

  test('a network in three lines', () => {
    const graph = read(
      "x = input(shape=[2]); t = target(shape=[1])\nh = dense(x, units=4, activation=tanh, label='hidden')\nl = binary_cross_entropy_logits(dense(h, units=1, activation='identity'), t)",
    );
    expect(graph.nodes['h']).toEqual({ id: 'h', op: 'dense', attrs: { units: 4, activation: 'tanh' }, label: 'hidden' });
    expect(check({ ...drawing({}), ...graph }, null)).toMatchObject({ objective: 'l', totals: { weights: 12, biases: 5 } });
  });

  test('nodes stand from left to right', () => {
    const result = parseFormula('l = (w*x - t)^2');
    expect(result.ok && [result.positions['w']!.x, result.positions['multiply1']!.x, result.positions['l']!.x]).toEqual([
      0, 200, 600,
    ]);
  });
});

describe('a fault has its place', () => {
  test.each([
    ['a = 1 +', '1:8 A value is missing: here should be a number, a name or a bracket, but the line ends.'],
    ['a = (1 + 2', "1:11 A ')' is missing to close the bracket, but the line ends."],
    ['a = 1 2', "1:7 The formula is complete before '2'. Put an operator such as + or * there, or start a new line."],
    ['a = 1\nb = sigmoit(a)', "2:5 There is no operation 'sigmoit'. Did you mean sigmoid?"],
    ['matmul(a)', "1:1 'matmul' takes 2 inputs (vector, or matrix of rows, matrix, or vector), but 1 is given."],
    ['a = 1; a = 2', "1:8 'a' is assigned twice. Give one of the two another name."],
    ['a = b + 1\nb = 2*a', "2:7 'a' depends on itself. Backpropagation needs an order, so take it out of its own formula."],
    ['x^y', "1:3 An exponent is a fixed number here, as in x^2, but there is 'y'. For others write exp(p * log(x))."],
    [
      'dense(x, unit=3)',
      "1:10 'dense' has no attribute 'unit'. It has units, activation, bias, initializer, scale, biasInitializer, biasScale, penalty, strength, mix, penaliseWeights, penaliseBias, frozen, frozenPart.",
    ],
    ['dense(x, units=0)', "1:1 'units' of 'dense' must be at least 1."],
    ['a = 3 $ 4', "1:7 The character '$' has no meaning here. Remove it."],
  ])('%j', (text, message) => expect(fault(text)).toBe(message));
});

describe('a drawing becomes text', () => {
  test.each([
    'l = (sigmoid(w1*x + w2*y + b) - t)^2',
    'y = -x^2 + (-3)^2 - (a - (b - c))',
    'y = a + b + (c + d) - -(2)',
    'y = (a + b) + c',
    'y = a/(b/c)*d @ e',
    "x = input()\nh = dense(x, units=4, activation='tanh')\nl = mean_squared_error(h, t)",
    "y = sum(concatenate(a, b, c), axes='0')",
    "y = add(a, b, label='both')",
    'k = 2\ny = k*k',
    '`first layer` = tanh(x)\ny = `first layer` + 1',
  ])('%j stays as it is', (text) => expect(written(read(text))).toBe(text));

  /** Names as the editor gives them: add1, add2, … */
  const named = (rows: Rows): Rows => {
    const ids = Object.fromEntries(Object.entries(rows).map(([id, [op]]) => [id, op === 'target' ? id : `${op}${id.slice(1)}`]));
    return Object.fromEntries(
      Object.entries(rows).map(([id, [op, inputs = {}, attrs]]): [string, Rows[string]] => [
        ids[id]!,
        [op, Object.fromEntries(Object.entries(inputs).map(([port, from]) => [port, ids[from]!])), attrs],
      ]),
    );
  };
  const sorted = (text: string): string[] => text.split('\n').sort();

  test.each(Array.from({ length: 60 }, (_, i) => i + 1))('random drawing %d comes back', (seed) => {
    const { rows } = randomDrawing(seed);
    for (const graph of [drawing(rows), drawing(named(rows))]) {
      const text = written(graph);
      expect(meaning(read(text))).toEqual(meaning(graph));
      // Generated names may be others, and lines may stand in another order.
      const plain = (lines: string): string[] => sorted(lines.replace(/([a-z`])-?\d+/g, '$1'));
      expect(plain(written(read(text)))).toEqual(plain(text));
    }
  });

  test.each(readdirSync('resources/examples').filter((name) => name.endsWith('.chainrule')))('%s comes back', async (name) => {
    const project = await readProjectFile(`resources/examples/${name}`);
    expect(meaning(read(written(project)))).toEqual(meaning(project));
  });

  const back = (project: Project): Graph => {
    const result = parseFormula(written(project), project);
    if (!result.ok) throw new Error(result.fault.message);
    return result.graph;
  };

  test.each(Array.from({ length: 30 }, (_, i) => i + 100))('random drawing %d, read onto itself, is the very same', (seed) => {
    const { rows } = randomDrawing(seed);
    for (const project of [drawing(rows), drawing(named(rows))]) {
      const graph = back(project);
      expect(Object.keys(graph.nodes).sort()).toEqual(Object.keys(project.nodes).sort());
      for (const node of Object.values(project.nodes)) expect(graph.nodes[node.id]).toBe(node);
      for (const one of Object.values(project.edges)) expect(graph.edges[one.id]).toBe(one);
    }
  });

  test.each(readdirSync('resources/examples').filter((name) => name.endsWith('.chainrule')))(
    '%s, read onto itself, is the very same',
    async (name) => {
      const project = await readProjectFile(`resources/examples/${name}`);
      const graph = back(project);
      expect(Object.keys(graph.nodes).sort()).toEqual(Object.keys(project.nodes).sort());
      for (const node of Object.values(project.nodes)) expect(graph.nodes[node.id]).toBe(node);
    },
  );

  test('what cannot be said is named', () => {
    const rows: Rows = { x: ['input', {}, { shape: [] }], y: ['add', { a: 'x' }] };
    expect(formulaOf(drawing(rows))).toEqual({
      ok: false,
      message: "The input 'b' of 'y' is not connected, which no formula can say. Connect it first.",
    });
  });
});

describe('the text of a drawing is changed', () => {
  const rows: Rows = {
    x: ['input', {}, { shape: [2] }],
    t: ['target', {}, { shape: [1] }],
    dense1: ['dense', { x: 'x' }, { units: 4 }],
    dense2: ['dense', { x: 'dense1' }, { units: 1 }],
    subtract1: ['subtract', { a: 'dense2', b: 't' }],
    power1: ['power', { x: 'subtract1' }],
    l: ['sum', { x: 'power1' }],
  };
  const changed = (from: string, to: string): Graph => {
    const project = drawing(rows);
    const text = written(project);
    expect(text).toContain(from);
    const result = parseFormula(text.replace(from, to), project);
    if (!result.ok) throw new Error(result.fault.message);
    return result.graph;
  };

  test('layers have lines and names of their own, so they keep what they learned', () => {
    expect(written(drawing(rows))).toBe(
      'x = input()\nt = target()\ndense1 = dense(x, units=4)\ndense2 = dense(dense1, units=1)\nl = sum((dense2 - t)^2)',
    );
  });

  test('unnamed parts that the change leaves alone keep their names', () => {
    const graph = changed('sum((dense2 - t)^2)', 'sum(0.5*(dense2 - t)^2 + sin(x)*1)');
    expect(graph.nodes['dense1']).toMatchObject({ op: 'dense' });
    // What stands between has no name of before.
    expect(graph.nodes['power1']).toBeUndefined();
    const again = changed('(dense2 - t)^2', '(dense2 - t)^4');
    expect(again.nodes['power1']).toEqual({ id: 'power1', op: 'power', attrs: { exponent: 4 } });
    expect(again.edges['power1.x']!.from).toBe('subtract1');
  });

  test('a new part takes no name of an old one', () => {
    const graph = changed('dense(dense1, units=1)', 'dense(tanh(dense1) - 1, units=1)');
    expect(graph.edges['power1.x']!.from).toBe('subtract1');
    expect(graph.edges['dense2.x']!.from).toBe('subtract2');
  });
});

describe('operations of one’s own', () => {
  const own = (name: string, inputs: readonly string[] = ['a', 'b']): OwnOperation => {
    const edges = [...inputs.map((from, i) => edge(from, 'product', 'ab'[i]!)), edge('product', 'bent', 'x')];
    return {
      name,
      inputs,
      output: 'bent',
      nodes: { product: { id: 'product', op: 'multiply', attrs: {} }, bent: { id: 'bent', op: 'tanh', attrs: {} } },
      edges: Object.fromEntries(edges.map((e) => [e.id, e])),
    };
  };
  const project = (...all: OwnOperation[]): Project => {
    const composites = Object.fromEntries(all.map((one) => [ownName(one), one]));
    learnOwn(composites, opOf);
    return { ...drawing({}), composites };
  };
  const onto = (text: string, base: Project): Project => {
    const result = parseFormula(text, base);
    if (!result.ok) throw new Error(`${result.fault.line}:${result.fault.column} ${result.fault.message}`);
    return { ...base, ...result.graph };
  };

  test('are called by their names, compute what they hold, and come back as text', () => {
    const base = project(own('f'), own('My gate'));
    const drawn = onto('l = (f(x, y) - My_gate(x, 2))^2', base);
    expect(Object.values(drawn.nodes).map(({ id }) => id)).toEqual(['x', 'y', 'f1', 'constant1', 'my-gate1', 'subtract1', 'l']);
    expect(check(drawn, null).problems.filter((p) => p.severity === 'error')).toEqual([]);
    expect(written(drawn)).toBe('f1 = f(x, y)\n`my-gate1` = My_gate(x, 2)\nl = (f1 - `my-gate1`)^2');
    const again = onto(written(drawn), drawn);
    for (const node of Object.values(drawn.nodes)) expect(again.nodes[node.id]).toBe(node);
    const o = open({ ...drawing({}), ...onto('p = 0.5\nq = 0.6\nl = f(p, q)', base) });
    run(o);
    expect(value(o, 'l/bent')).toBeCloseTo(Math.tanh(0.3), 12);
  });

  test('one that is called like another operation stands in quotation marks', () => {
    const base = project(own('sigmoid'), own('a b'), own('a-b'));
    const drawn = onto('h = `sigmoid`(x, y)\nk = sigmoid(h)\nl = `a-b`(`a b`(x, k), k)', base);
    expect(drawn.nodes['h']!.op).toMatch(/^own-/);
    expect(drawn.nodes['k']!.op).toBe('sigmoid');
    expect(written(drawn)).toContain('h = `sigmoid`(x, y)\nk = sigmoid(h)');
    expect(written(drawn)).toContain('l = `a-b`(');
    expect(onto(written(drawn), drawn).nodes).toEqual(drawn.nodes);
  });

  test('faults name them', () => {
    const base = project(own('Gate'));
    const said = (text: string): string => {
      const result = parseFormula(text, base);
      return result.ok ? 'no fault' : `${result.fault.line}:${result.fault.column} ${result.fault.message}`;
    };
    expect(said('l = Gate(x)')).toBe("1:5 'Gate' takes 2 inputs (input ‘a’, input ‘b’), but 1 is given.");
    expect(said('l = Gatte(x)')).toBe("1:5 There is no operation 'Gatte'. Did you mean Gate?");
    // Those of other projects are unknown here.
    expect(said(`l = ${ownName(own('Gate')).replaceAll('-', '_')}(x, y)`)).toMatch(/There is no operation/);
  });
});
