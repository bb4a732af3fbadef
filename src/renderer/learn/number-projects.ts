/**
 * Drawings of single numbers and of small arrays that lessons open: nothing is trained on data here, all
 * there is to see is one iteration, number by number.
 */
import type { Project } from '../../engine/graph/project';
import { at, fixed, sketch, type SketchRow, variable } from '../../engine/teach/sketch';

const training = { optimizer: 'sgd', hyper: { rate: 0.1 }, batch: 1, epochs: 20 };

/** One number through an activation, far out, where little comes back. */
const through = (title: string, op: string, x: number, target: number, notes: string): Project =>
  sketch(
    { title, notes, training: { ...training, objective: 'l' } },
    {
      x: variable(x, at(0, 0)),
      y: [op, { x: 'x' }, at(1, 0)],
      t: fixed(target, at(1, 1.2)),
      l: ['squared-error', { prediction: 'y', target: 't' }, at(2, 0)],
    },
  );

export const saturatedSigmoid = (): Project =>
  through(
    'Lesson 1.5.2: a saturated sigmoid',
    'sigmoid',
    6,
    0,
    'x = 6, target 0: the answer is as wrong as it can be, and the derivative of σ is 0.002467. Step through it: hardly anything comes back to x (course 1.5.2).',
  );
export const saturatedTanh = (): Project =>
  through(
    'Lesson 1.5.3: a saturated tanh',
    'tanh',
    3,
    -1,
    'x = 3, target −1: the derivative of tanh is 0.009866 there. Start at x = 0.5 and train again (course 1.5.3).',
  );
export const deadRelu = (): Project =>
  through(
    'Lesson 1.5.4: a dead ReLU',
    'relu',
    -1,
    1,
    'x = −1: the gate is closed, the gradient 0, and training changes nothing. Start at x = 0.5 and it learns (course 1.5.4).',
  );

export const threeGates = (): Project =>
  sketch(
    {
      title: 'Lesson 1.4: one sum, three gates',
      notes:
        'The same sum s goes to the identity, to ReLU and to the sigmoid. Change s below and above 0 and compare what passes, and what comes back (course 1.4).',
      training: { ...training, objective: 'l' },
    },
    {
      s: variable(-1.5, at(0, 1)),
      all: ['identity', { x: 's' }, at(1, 0)],
      positive: ['relu', { x: 's' }, at(1, 1)],
      squashed: ['sigmoid', { x: 's' }, at(1, 2)],
      y: ['add', { a: 'all', b: 'positive', c: 'squashed' }, at(2, 1), { inputs: 3 }],
      t: fixed(1, at(2, 2.2)),
      l: ['squared-error', { prediction: 'y', target: 't' }, at(3, 1)],
    },
  );

export const compactNeuron = (): Project =>
  sketch(
    {
      title: 'Lesson 1.11: a neuron as one symbol',
      notes:
        'Choose Scalars above the drawing, or open the neuron into its parts: products, a sum, an activation. The numbers stay (course 1.11).',
      training: { ...training, objective: 'l' },
    },
    {
      x1: variable(2, at(0, 0)),
      x2: variable(-1, at(0, 1.4)),
      neuron: ['neuron', { x1: 'x1', x2: 'x2' }, at(1.2, 0.7), { inputs: 2, activation: 'sigmoid' }],
      t: fixed(1, at(1.2, 2)),
      l: ['squared-error', { prediction: 'neuron', target: 't' }, at(2.4, 0.7)],
    },
  );

/** Three steps of one recurrent unit: each weight feeds an edge in every step, so its gradient is a sum over time. */
export const unrolled = (): Project => {
  const step = (k: number, before: string): Readonly<Record<string, SketchRow>> => ({
    [`x${k}`]: fixed([1, 0.5, -1][k - 1]!, at(1.3 * k - 0.7, 3)),
    [`a${k}`]: ['multiply', { a: `x${k}`, b: 'w' }, at(1.3 * k - 0.5, 2)],
    [`r${k}`]: ['multiply', { a: before, b: 'u' }, at(1.3 * k - 0.5, 0.6)],
    [`s${k}`]: ['add', { a: `a${k}`, b: `r${k}` }, at(1.3 * k, 1.3)],
    [`h${k}`]: ['tanh', { x: `s${k}` }, at(1.3 * k + 0.5, 1.3)],
  });
  return sketch(
    {
      title: 'Lesson 2.3.3: a recurrent unit, unrolled',
      notes:
        'hₜ = tanh(w xₜ + u hₜ₋₁) for three steps. The copies share w and u: step backwards and watch one contribution come in from every step. That sum is backpropagation through time (course 2.3.3).',
      training: { ...training, objective: 'l' },
    },
    {
      h0: fixed(0, at(0, 1.3)),
      w: variable(0.8, at(0, 3)),
      u: variable(0.5, at(0, -0.3)),
      ...step(1, 'h0'),
      ...step(2, 'h1'),
      ...step(3, 'h2'),
      t: fixed(0.5, at(4.6, 2.5)),
      l: ['squared-error', { prediction: 'h3', target: 't' }, at(5.3, 1.3)],
    },
  );
};

export const logistic = (): Project =>
  sketch(
    {
      title: 'Lesson 3.3.3: cross-entropy of one answer',
      notes:
        'The sum is 1.5, the class 1: l = −log σ(1.5) = 0.201413, and the derivative with respect to the sum is σ(s) − y = −0.182426. Set the sum to 1000: the loss stays finite (course 3.3.3).',
      training: { ...training, objective: 'l' },
    },
    {
      s: variable(1.5, at(0, 0)),
      y: fixed(1, at(0, 1.2)),
      l: ['binary-cross-entropy-logits', { prediction: 's', target: 'y' }, at(1.3, 0.5)],
    },
  );

export const composed = (): Project =>
  sketch(
    {
      title: 'Lesson 3.6.2: a composition',
      notes: 'y = sin x, z = y². The slope of z is 2y · cos x: the product of both slopes, each at its own place (course 3.6.2).',
      training: { ...training, objective: 'z' },
    },
    { x: variable(0.8, at(0, 0)), y: ['sin', { x: 'x' }, at(1, 0)], z: ['power', { x: 'y' }, at(2, 0), { exponent: 2 }] },
  );

const numbers = (shape: readonly number[], values: readonly number[]) => ({ shape: [...shape], values: [...values] });
const X = numbers([2, 3], [1, 0.4, -1.2, 0.3, 0.8, -0.5]);

export const arrayActivation = (): Project =>
  sketch(
    {
      title: 'Lesson 3.6.17: tanh of a matrix',
      notes:
        'Y = tanh(X) and L = ΣY². Step backwards: ∂L/∂X is ∂L/∂Y times g′(X), element by element; no other entry of the large array is needed (course 3.6.16 and 3.6.17).',
      training: { ...training, objective: 'L' },
    },
    {
      X: ['parameter', {}, at(0, 0), X],
      Y: ['tanh', { x: 'X' }, at(1.2, 0)],
      S: ['power', { x: 'Y' }, at(2.4, 0), { exponent: 2 }],
      L: ['sum', { x: 'S' }, at(3.6, 0)],
    },
  );

export const arrayProduct = (): Project =>
  sketch(
    {
      title: 'Lesson 3.6.19: a product of matrices',
      notes: 'T = XY and L = ΣT². Step backwards: ∂L/∂X = ∂L/∂T Yᵗ and ∂L/∂Y = Xᵗ ∂L/∂T (course 3.6.19).',
      training: { ...training, objective: 'L' },
    },
    {
      X: ['parameter', {}, at(0, 0), X],
      Y: ['parameter', {}, at(0, 1.3), numbers([3, 2], [1, -0.5, 0.4, 1.5, -1.2, 0.7])],
      T: ['matmul', { a: 'X', b: 'Y' }, at(1.2, 0.6)],
      S: ['power', { x: 'T' }, at(2.4, 0.6), { exponent: 2 }],
      L: ['sum', { x: 'S' }, at(3.6, 0.6)],
    },
  );
