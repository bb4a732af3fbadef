/** Drawings of arrays as drawings of single numbers: the same loss, the same gradients, exercises from them. */
import { describe, expect, test } from 'vitest';
import type { Project } from '../../../src/engine/graph/project';
import { generateQuestion } from '../../../src/engine/teach/exercises';
import { scalarFacts, statedNumbers } from '../../../src/engine/teach/scalar';
import { at, sketch } from '../../../src/engine/teach/sketch';
import { askableArrays, unfold, unfoldAround } from '../../../src/engine/teach/unfold';
import { infer } from '../../../src/engine/compile/infer';
import { sampleShape } from '../../../src/engine/ir/shape';
import { drawing } from '../../support/drawing';
import { open, run } from '../../support/gradients';
import { randomDrawing } from '../../support/random-drawing';
import { layer } from '../../../src/renderer/learn/projects';

const net = (units: number, loss = 'squared-error', outputs = 1): Project =>
  sketch(
    { title: 'net' },
    {
      x: ['input', {}, at(0, 0), { shape: [2] }],
      hidden: ['dense', { x: 'x' }, at(1, 0), { units, activation: 'tanh' }],
      output: ['dense', { x: 'hidden' }, at(2, 0), { units: outputs, activation: 'identity' }],
      t: ['target', {}, at(2, 1), { shape: [outputs] }],
      l: [loss, { prediction: 'output', target: 't' }, at(3, 0)],
    },
  );
const unfolded = (project: Project): Project => {
  const made = unfold(project);
  if ('fault' in made) throw new Error(made.fault);
  return made.project;
};

describe('a drawing of arrays, written out', () => {
  test('has the numbers of the course: the layer of 3.6.20', () => {
    const project = unfolded(layer());
    const made = scalarFacts(project, statedNumbers(project)!);
    if ('fault' in made) throw new Error(made.fault);
    const { values, gradients, objective } = made.facts;
    expect(values.get(objective)).toBe(0.5);
    expect(['x1', 'x2', 'b1', 'b2'].map((id) => gradients.get(id))).toEqual([2.5, 0, 1, 1]);
    // W is the transpose of the course's.
    expect(['W11', 'W12', 'W21', 'W22'].map((id) => gradients.get(id))).toEqual([1, 1, -2, -2]);
  });

  test('names weights as books do, and adds the bias in the neuron’s sum', () => {
    const project = unfolded(net(2));
    expect(Object.keys(project.nodes)).toEqual(
      expect.arrayContaining([
        'x1',
        'x2',
        'w11',
        'w12',
        'w21',
        'w22',
        'b1',
        'b2',
        's1',
        's2',
        'h1',
        'h2',
        'v1',
        'v2',
        'c',
        'r',
        't',
        'l',
      ]),
    );
    expect(
      Object.values(project.edges)
        .filter((e) => e.to === 's1')
        .map((e) => e.from),
    ).toEqual(['p1', 'p2', 'b1']);
  });

  test.each([
    ['squared-error', 1],
    ['squared-error', 2],
    ['mean-squared-error', 2],
    ['binary-cross-entropy-logits', 2],
    ['mean-absolute-error', 2],
  ])('%s over %i outputs has the gradients of central differences', (loss, outputs) => {
    const project = unfolded(net(2, loss, outputs));
    const numbers = Object.fromEntries(Object.keys(statedNumbers(project)!).map((id, i) => [id, Math.sin(1.7 * i + 0.4)]));
    for (const id of Object.keys(numbers))
      if (project.nodes[id]!.op === 'constant' && id.startsWith('ln')) numbers[id] = 1 / outputs;
    const at = (change: Record<string, number>) => {
      const made = scalarFacts(project, { ...numbers, ...change });
      if ('fault' in made) throw new Error(made.fault);
      return made.facts;
    };
    const { gradients, objective } = at({});
    for (const id of ['x1', 'w12', 'w21', 'b2']) {
      const [up, down] = [1e-5, -1e-5].map((h) => at({ [id]: numbers[id]! + h }).values.get(objective)!);
      expect(gradients.get(id)!).toBeCloseTo((up! - down!) / 2e-5, 6);
    }
  });

  test('gives exercises, the same ones from the same seed', () => {
    const project = unfolded(net(2));
    const [one, two] = [generateQuestion(project, 4), generateQuestion(project, 4)];
    if ('fault' in one || 'fault' in two) throw new Error('no question');
    expect(one.question.choices.length).toBeGreaterThanOrEqual(3);
    expect(two.question.choices).toEqual(one.question.choices);
  });

  test('drawings of single numbers stay as they are; what is too large or not made of numbers is refused with a reason', () => {
    const scalar = sketch(
      { title: 's', training: { objective: 'y' } },
      { x: ['parameter', {}, at(0, 0), { values: [2] }], y: ['sin', { x: 'x' }, at(1, 0)] },
    );
    expect(unfolded(scalar)).toBe(scalar);
    expect(unfold(net(40))).toEqual({ fault: expect.stringContaining('exercises stop at'), large: true });
    expect(unfold(sketch({ title: 'none' }, { x: ['parameter', {}, at(0, 0), { shape: [2] }] }))).toEqual({
      fault: expect.stringContaining('no loss'),
    });
  });
});

/** The same drawing with its inputs and targets as numbers that are stated. */
function stated(project: Project, numbers: (id: string, count: number) => readonly number[]): Project {
  const { shapes } = infer(project);
  const nodes = Object.fromEntries(
    Object.values(project.nodes).map((node) => {
      if (node.op !== 'input' && node.op !== 'target' && node.op !== 'parameter') return [node.id, node];
      const shape = sampleShape(shapes.get(node.id)!) as readonly number[];
      const given = node.attrs['values'] as readonly number[] | undefined;
      const values = given?.length
        ? given
        : numbers(
            node.id,
            shape.reduce((n, x) => n * x, 1),
          );
      return [node.id, { ...node, op: node.op === 'target' ? 'constant' : 'parameter', attrs: { shape, values } }];
    }),
  );
  return { ...project, nodes };
}

/** Loss and gradients of a drawing of arrays, as the engine has them: of all elements that have any, by size. */
function ofArrays(project: Project): { readonly loss: number; readonly gradients: readonly number[] } {
  const opened = open(project);
  run(opened);
  const { program, device } = opened;
  const gradients = program.parameters.flatMap(({ key, gradient }) =>
    gradient === null ? [] : [...device.numbers(gradient)].slice(0, project.nodes[key] ? undefined : 0),
  );
  return { loss: device.numbers(program.loss!)[0]!, gradients };
}

function ofNumbers(project: Project): { readonly loss: number; readonly gradients: readonly number[] } {
  const made = scalarFacts(project, statedNumbers(project)!);
  if ('fault' in made) throw new Error(made.fault);
  const { facts } = made;
  return {
    loss: facts.values.get(facts.objective)!,
    gradients: facts.order.filter((id) => facts.graph.nodes[id]!.op === 'parameter').map((id) => facts.gradients.get(id) ?? 0),
  };
}

const bySize = (numbers: readonly number[]): readonly number[] =>
  numbers.filter((x) => Math.abs(x) > 1e-12).toSorted((a, b) => a - b);

function expectSame(project: Project, name: string): void {
  const [arrays, numbers] = [ofArrays(project), ofNumbers(unfolded(project))];
  expect(numbers.loss, name).toBeCloseTo(arrays.loss, 9);
  const [a, b] = [bySize(arrays.gradients), bySize(numbers.gradients)];
  expect(b.length, name).toBe(a.length);
  for (const [i, x] of a.entries()) expect(b[i], name).toBeCloseTo(x, 8);
}

const wave = (id: string, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + id.length + id.charCodeAt(0)));
const input = (shape: readonly number[]): readonly [string, Record<string, string>, { shape: readonly number[] }] => [
  'input',
  {},
  { shape },
];

const kinds: Readonly<Record<string, Project>> = {
  'softmax and squares': drawing({
    x: ['parameter', {}, { shape: [3], values: [0.5, -1, 2] }],
    y: ['softmax', { x: 'x' }],
    t: ['constant', {}, { shape: [3], values: [0, 1, 0] }],
    l: ['mean-squared-error', { prediction: 'y', target: 't' }],
  }),
  'scores and cross-entropy': drawing({
    x: ['parameter', {}, { shape: [2], values: [0.5, -1] }],
    W: ['parameter', {}, { shape: [2, 3], values: [1, 0.5, -0.5, 2, 1, -1] }],
    s: ['matmul', { a: 'x', b: 'W' }],
    t: ['constant', {}, { shape: [3], values: [0, 0, 1] }],
    l: ['cross-entropy-logits', { prediction: 's', target: 't' }],
  }),
  convolution: drawing({
    x: ['parameter', {}, { shape: [1, 3, 3], values: [1, 0, -1, 2, 1, 0, 0.5, -0.5, 1] }],
    f: ['parameter', {}, { shape: [1, 1, 2, 2], values: [1, -1, 0.5, 2] }],
    c: ['convolve-2d', { x: 'x', filters: 'f' }],
    h: ['relu', { x: 'c' }],
    m: ['sum', { x: 'h' }],
    t: ['constant', {}, { values: [1] }],
    l: ['squared-error', { prediction: 'm', target: 't' }],
  }),
  'pooling and padding': drawing({
    x: ['parameter', {}, { shape: [1, 2, 2], values: [1, 0.25, -1, 2] }],
    p: ['pad', { x: 'x' }, { axes: '2', size: 1 }],
    q: ['max-pooling', { x: 'p' }],
    r: ['average-pooling', { x: 'q' }],
    s: ['flatten', { x: 'r' }],
    m: ['sum', { x: 's' }],
    t: ['constant', {}, { values: [1] }],
    l: ['squared-error', { prediction: 'm', target: 't' }],
  }),
};

describe('any operation, written out, is what the engine computes', () => {
  test.each(Object.keys(kinds))('%s', (name) => expectSame(kinds[name]!, name));

  test('on random drawings: loss and gradients agree with the arrays, and exercises come out', () => {
    let compared = 0;
    const refused = new Set<string>();
    for (let seed = 0; seed < 120; seed++) {
      const project = stated(randomDrawing(seed).project, wave);
      const made = unfold(project);
      if ('fault' in made) {
        if (!made.large) refused.add(made.fault);
        continue;
      }
      expectSame(project, `seed ${seed}`);
      compared++;
    }
    expect([...refused]).toEqual([]);
    expect(compared).toBeGreaterThan(60);
  });
});

/** A network of which the whole is written out too, so that both can be compared. */
const classes = stated(
  drawing({
    x: input([3]),
    hidden: ['dense', { x: 'x' }, { units: 3, activation: 'tanh' }],
    scores: ['dense', { x: 'hidden' }, { units: 3, activation: 'identity' }],
    t: ['constant', {}, { shape: [3], values: [0, 1, 0] }],
    l: ['squared-error', { prediction: 'scores', target: 't' }],
  }),
  wave,
);

describe('a question about one element', () => {
  test('of a network that is too large to be written out: 784 inputs, 10 classes', () => {
    const project = drawing({
      image: input([784]),
      hidden: ['dense', { x: 'image' }, { units: 32, activation: 'relu' }],
      scores: ['dense', { x: 'hidden' }, { units: 10, activation: 'identity' }],
      digit: ['target', {}, { shape: [10] }],
      l: ['cross-entropy-logits', { prediction: 'scores', target: 'digit' }],
    });
    expect(unfold(project)).toMatchObject({ large: true });
    const arrays = askableArrays(project);
    const names = arrays.map((one) => one.name);
    for (const name of ['w', 'b', 'v', 'c', 'h', 'r']) expect(names).toContain(name);
    const w = arrays.find((one) => one.name === 'w')!;
    const made = unfoldAround(project, { node: w.node, at: 32 * 99 + 4 });
    if ('fault' in made) throw new Error(made.fault);
    expect(made.project.nodes[made.asked!]!.label).toBe('w100,5');
    expect(made.notes.join(' ')).toContain('rest of a sum');
    const question = generateQuestion(made.project, 3, made.asked);
    if ('fault' in question) throw new Error(question.fault);
    expect(question.question.prompt).toBe('What is ∂l/∂w100,5?');
    expect(question.question.choices.length).toBeGreaterThanOrEqual(3);
  });

  test('has the gradient that the whole has: givens and rests are what they are there', () => {
    const whole = unfolded(classes);
    const made = scalarFacts(
      whole,
      Object.fromEntries(Object.keys(statedNumbers(whole)!).map((id, i) => [id, Math.cos(1.3 * i)])),
    );
    if ('fault' in made) throw new Error(made.fault);
    let compared = 0;
    for (const { node, shape } of askableArrays(classes))
      for (const at of [0, shape.reduce((n, x) => n * x, 1) - 1]) {
        const part = unfoldAround(classes, { node, at });
        if ('fault' in part) throw new Error(part.fault);
        const asked = part.asked!;
        const numbers: Record<string, number> = {};
        for (const id of Object.keys(statedNumbers(part.project)!)) numbers[id] = made.facts.values.get(id) ?? 0;
        // The rest of each sum is what is missing to the sum's value in the whole.
        for (const { from, to } of Object.values(part.project.edges))
          if (/^rest(_\d+)?$/.test(from) && part.project.nodes[from]!.op === 'constant') {
            const others = Object.values(part.project.edges).filter((e) => e.to === to && e.from !== from);
            const now = scalarFacts(part.project, numbers);
            if ('fault' in now) throw new Error(now.fault);
            numbers[from] = made.facts.values.get(to)! - others.reduce((sum, e) => sum + now.facts.values.get(e.from)!, 0);
          }
        const facts = scalarFacts(part.project, numbers);
        if ('fault' in facts) throw new Error(facts.fault);
        expect(facts.facts.gradients.get(asked)!, `${node} ${at}`).toBeCloseTo(made.facts.gradients.get(asked)!, 9);
        compared++;
      }
    expect(compared).toBeGreaterThan(12);
  });

  test('that too much depends on is refused with what to do', () => {
    const deep = drawing({
      x: input([4]),
      one: ['dense', { x: 'x' }, { units: 200, activation: 'tanh' }],
      two: ['dense', { x: 'one' }, { units: 200, activation: 'tanh' }],
      out: ['dense', { x: 'two' }, { units: 1, activation: 'identity' }],
      t: ['target', {}, { shape: [1] }],
      l: ['squared-error', { prediction: 'out', target: 't' }],
    });
    expect(unfoldAround(deep, { node: 'one/weight', at: 0 })).toEqual({ fault: expect.stringContaining('nearer to the loss') });
    expect(askableArrays(deep).map((one) => one.node)).toEqual(expect.arrayContaining(['two/weight', 'out/weight', 'two/bias']));
    expect(askableArrays(deep).map((one) => one.node)).not.toContain('one/weight');
  });
});
