/** Drawings of arrays as drawings of single numbers: the same loss, the same gradients, exercises from them. */
import { describe, expect, test } from 'vitest';
import type { Project } from '../../../src/engine/graph/project';
import { generateQuestion } from '../../../src/engine/teach/exercises';
import { scalarFacts, statedNumbers } from '../../../src/engine/teach/scalar';
import { at, sketch } from '../../../src/engine/teach/sketch';
import { unfold } from '../../../src/engine/teach/unfold';
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
    expect(unfold(net(40))).toEqual({ fault: expect.stringContaining('exercises stop at') });
    expect(unfold(net(2, 'cross-entropy-logits', 3))).toEqual({ fault: expect.stringContaining('several numbers at once') });
    expect(unfold(sketch({ title: 'none' }, { x: ['parameter', {}, at(0, 0), { shape: [2] }] }))).toEqual({
      fault: expect.stringContaining('no loss'),
    });
  });
});
