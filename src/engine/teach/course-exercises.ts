/**
 * The course's exercises 1 to 4 (sections 3.6.7–3.6.14). Their figures are missing from the text, so they
 * are reconstructed: exercise 1 as a chain and, since its three surviving choices are also exactly the two
 * paths and the sum of a fan-out, in that reading too.
 */
import type { NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import { type Question, questionAbout } from './exercises';
import { scalarFacts, statedNumbers } from './scalar';
import { at, fixed, sketch, variable } from './sketch';

export interface CourseExercise {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly project: Project;
  readonly node: NodeId;
  /** The printed choices, in their order; absent: made from mistakes. */
  readonly values?: readonly number[];
}

const training = { optimizer: 'sgd', hyper: { rate: 0.1 }, batch: 1, epochs: 1, objective: 'l' };
const RECONSTRUCTED = 'Reconstructed: the figure is missing from the course text.';

const chain = sketch(
  { title: 'Exercise 1: a chain', notes: `y = 1.5 x, z = 0.5 y, l = (z − 3)². ${RECONSTRUCTED}`, training },
  {
    x: variable(2, at(0, 0)),
    a: fixed(1.5, at(0, 1)),
    y: ['multiply', { a: 'x', b: 'a' }, at(1, 0)],
    b: fixed(0.5, at(1, 1)),
    z: ['multiply', { a: 'y', b: 'b' }, at(2, 0)],
    t: fixed(3, at(2, 1)),
    l: ['squared-error', { prediction: 'z', target: 't' }, at(3, 0)],
  },
);

const fanOut = (title: string): Project =>
  sketch(
    { title, notes: `y₁ = 1.5 x, y₂ = 0.5 x, l = (y₂ − y₁ + 1.75)². ${RECONSTRUCTED}`, training },
    {
      x: variable(1, at(0, 1)),
      a: fixed(1.5, at(0, 0)),
      b: fixed(0.5, at(0, 2)),
      y1: ['multiply', { a: 'x', b: 'a' }, at(1, 0.3)],
      y2: ['multiply', { a: 'x', b: 'b' }, at(1, 1.7)],
      d: ['subtract', { a: 'y2', b: 'y1' }, at(2, 1)],
      c: fixed(1.75, at(2, 2)),
      s: ['add', { a: 'd', b: 'c' }, at(3, 1)],
      l: ['power', { x: 's' }, at(4, 1), { exponent: 2 }],
    },
  );

const neuron = sketch(
  { title: 'Exercise 2: a neuron without activation', notes: `s = w x + b, l = (s − t)². ${RECONSTRUCTED}`, training },
  {
    w: variable(0.75, at(0, 0)),
    x: variable(2, at(0, 1)),
    p: ['multiply', { a: 'w', b: 'x' }, at(1, 0.5)],
    b: variable(-0.5, at(1, 1.5), 'bias'),
    s: ['add', { a: 'p', b: 'b' }, at(2, 0.5)],
    t: fixed(2, at(2, 1.5)),
    l: ['squared-error', { prediction: 's', target: 't' }, at(3, 0.5)],
  },
);

const gate = (title: string, bias: number): Project =>
  sketch(
    { title, notes: `s = w x + b, y = ReLU(s), l = (y − t)². ${RECONSTRUCTED}`, training },
    {
      w: variable(0.75, at(0, 0)),
      x: variable(2, at(0, 1)),
      p: ['multiply', { a: 'w', b: 'x' }, at(1, 0.5)],
      b: variable(bias, at(1, 1.5), 'bias'),
      s: ['add', { a: 'p', b: 'b' }, at(2, 0.5)],
      y: ['relu', { x: 's' }, at(3, 0.5)],
      t: fixed(1, at(3, 1.5)),
      l: ['squared-error', { prediction: 'y', target: 't' }, at(4, 0.5)],
    },
  );

export const courseExercises: readonly CourseExercise[] = [
  {
    id: '1',
    title: 'Exercise 1',
    about: 'A chain: multiply the local derivatives from the loss back to x.',
    project: chain,
    node: 'x',
    values: [-1, -2.25, -1.5, 0.75],
  },
  {
    id: '1-fan-out',
    title: 'Exercise 1, the other reading',
    about: 'The same printed choices fit a fan-out: x reaches the loss on two paths.',
    project: fanOut('Exercise 1, read as a fan-out'),
    node: 'x',
    values: [-2.25, -1.5, 0.75],
  },
  { id: '2', title: 'Exercise 2', about: 'A neuron without activation: product, sum, loss.', project: neuron, node: 'x' },
  {
    id: '3',
    title: 'Exercise 3',
    about: 'The activation is a gate: open, it lets the gradient pass.',
    project: gate('Exercise 3: an activation gate', 0),
    node: 'x',
  },
  {
    id: '3-dead',
    title: 'Exercise 3, closed gate',
    about: 'With b = −2 the sum is negative: the gate is closed and nothing passes.',
    project: gate('Exercise 3: a dead gate', -2),
    node: 'x',
  },
  {
    id: '4',
    title: 'Exercise 4',
    about: 'x feeds two edges: multiply along each path, add the paths.',
    project: fanOut('Exercise 4: fan-out'),
    node: 'x',
    values: [-2.25, -1.5, 0.75],
  },
];

/** The exercise with the numbers of the course. */
export function courseQuestion({ project, node, values }: CourseExercise): Question {
  const made = scalarFacts(project, statedNumbers(project)!);
  if ('fault' in made) throw new Error(made.fault);
  return questionAbout(project, made.facts, node, values ? { values } : { seed: 1 });
}
