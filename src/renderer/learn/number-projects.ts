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

/** The expression of micrograd's README, whose value and derivatives are printed there. */
export const micrograd = (): Project =>
  sketch(
    {
      title: 'Lesson 3.6.4: micrograd’s expression',
      notes:
        'a = −4 and b = 2 feed many operations; d and e are used again and again. The README of micrograd prints g = 24.7041, ∂g/∂a = 138.8338 and ∂g/∂b = 645.5773. Step through and compare (course 3.6.4).',
      training: { ...training, hyper: { rate: 0.0001 }, objective: 'g' },
    },
    {
      a: variable(-4, at(0, 0)),
      b: variable(2, at(0, 2)),
      one: fixed(1, at(0, -1), '1'),
      two: fixed(2, at(2, 3.4), '2'),
      three: fixed(3, at(4, 3.4), '3'),
      ten: fixed(10, at(7, 2.4), '10'),
      c0: ['add', { a: 'a', b: 'b' }, at(1, 0)],
      ab: ['multiply', { a: 'a', b: 'b' }, at(1, 1)],
      cube: ['power', { x: 'b' }, at(1, 2), { exponent: 3 }, 'b³'],
      d0: ['add', { a: 'ab', b: 'cube' }, at(2, 1.5)],
      c1: ['add', { a: 'c0', b: 'c0', c: 'one' }, at(2, -0.5), { inputs: 3 }],
      minus: ['negate', { x: 'a' }, at(2, 0.5), {}, '−a'],
      c2: ['add', { a: 'c1', b: 'one', c: 'c1', d: 'minus' }, at(3, -0.5), { inputs: 4 }],
      twice: ['multiply', { a: 'd0', b: 'two' }, at(3, 2.4), {}, '2d'],
      sum: ['add', { a: 'b', b: 'a' }, at(2, 2.4), {}, 'b + a'],
      r1: ['relu', { x: 'sum' }, at(3, 3.4)],
      d1: ['add', { a: 'd0', b: 'twice', c: 'r1' }, at(4, 1.5), { inputs: 3 }],
      thrice: ['multiply', { a: 'd1', b: 'three' }, at(5, 2.4), {}, '3d'],
      gap: ['subtract', { a: 'b', b: 'a' }, at(3, 0.5), {}, 'b − a'],
      r2: ['relu', { x: 'gap' }, at(4, 0.5)],
      d2: ['add', { a: 'd1', b: 'thrice', c: 'r2' }, at(6, 1.5), { inputs: 3 }],
      e: ['subtract', { a: 'c2', b: 'd2' }, at(7, 0.5)],
      f: ['power', { x: 'e' }, at(8, 0.5), { exponent: 2 }],
      half: ['divide', { a: 'f', b: 'two' }, at(9, 0), {}, 'f/2'],
      over: ['divide', { a: 'ten', b: 'f' }, at(9, 1.4), {}, '10/f'],
      g: ['add', { a: 'half', b: 'over' }, at(10, 0.7)],
    },
  );

/** The network that Mazur computes step by step, with his numbers. */
export const mazur = (): Project =>
  sketch(
    {
      title: 'Lesson 3.6.20: Mazur’s network',
      notes:
        'The 2-2-2 network of “A step by step backpropagation example” (M. Mazur). Two sigmoid layers, half the squared error, fixed biases, η = 0.5. One step brings the loss from 0.298371 to 0.291028, w₁ to 0.149781 and w₅ to 0.358916 (course 3.6.20).',
      training: { ...training, hyper: { rate: 0.5 }, objective: 'l' },
    },
    {
      x: ['constant', {}, at(0, 0), { shape: [2], values: [0.05, 0.1] }],
      W1: ['parameter', {}, at(0, 1.2), numbers([2, 2], [0.15, 0.25, 0.2, 0.3])],
      b1: ['parameter', {}, at(1, 1.2), { shape: [2], values: [0.35, 0.35], role: 'bias', frozen: true }],
      p1: ['matmul', { a: 'x', b: 'W1' }, at(1, 0)],
      s1: ['add', { a: 'p1', b: 'b1' }, at(2, 0)],
      h: ['sigmoid', { x: 's1' }, at(3, 0)],
      W2: ['parameter', {}, at(3, 1.2), numbers([2, 2], [0.4, 0.5, 0.45, 0.55])],
      b2: ['parameter', {}, at(4, 1.2), { shape: [2], values: [0.6, 0.6], role: 'bias', frozen: true }],
      p2: ['matmul', { a: 'h', b: 'W2' }, at(4, 0)],
      s2: ['add', { a: 'p2', b: 'b2' }, at(5, 0)],
      y: ['sigmoid', { x: 's2' }, at(6, 0)],
      t: ['constant', {}, at(6, 1.2), { shape: [2], values: [0.01, 0.99] }],
      l: ['squared-error', { prediction: 'y', target: 't' }, at(7, 0), { half: true }],
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
