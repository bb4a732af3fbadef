/** The projects that lessons open in the editor. Each is small, and says in its notes what to look at. */
import type { Project } from '../../engine/graph/project';
import { at, fixed, sketch, variable } from '../../engine/teach/sketch';
import { polygon } from '../../engine/teach/lines';

const toy = (name: string, noise = 0, count = 500) => ({ kind: 'generator', name, count, noise, seed: 1 }) as const;

export const titles = {
  gates: 'Lesson 1.2: XOR from three units',
  gaussians: 'Lesson 1.8: Gaussian clouds, one neuron',
  step: 'Lesson 1.5: a step cannot learn',
  oneNeuron: 'Lesson 1.9: circles, one neuron',
  three: 'Lesson 1.10: circles, three neurons',
  threeByHand: 'Lesson 1.10: three neurons set by hand',
  sigma: 'Lesson 2.2: σ(w₁x + w₂y + b)',
  deepIdentity: 'Lesson 2.3.6: all activations the identity',
  counting: 'Lesson 2.3.7: 8-9-9-9-4',
  skip: 'Lesson 2.3.2: a skip connection',
  wide: 'Lesson 2.4.4: one wide layer',
  deep: 'Lesson 2.4.4: three narrow layers',
  unbounded: 'Lesson 3.3.1: a loss that does not fit',
  parabola: 'Lesson 3.5.1: L = θ²',
  overfit: 'Lesson 3.5.3: more network than data',
  batch: 'Lesson 3.5.6: mini-batches',
  layer: 'Lesson 3.6.20: a fully connected layer',
  kinks: 'Lesson 2.4.1: five kinks',
  bumps: 'Lesson 2.4.2: a sine from bumps',
  plane: 'Lesson 3.2: a plane through points',
  ten: 'Lesson 3.7.2: ten layers',
  zero: 'Lesson 3.7.1: weights that start at zero',
} as const;

export const gates = (): Project => {
  const bit = (value: number, row: number) => ['parameter', {}, at(0, row), { values: [value], frozen: true }] as const;
  return sketch(
    {
      title: titles.gates,
      notes:
        'x₁ and x₂ are 0 or 1: change them and watch the output. OR fires when one input is active, AND when both are; the last unit fires for OR, but AND inhibits it. Together they are XOR, which no single unit computes (course 1.2).',
    },
    {
      x1: bit(1, 0),
      x2: bit(0, 1.6),
      or: ['mcculloch-pitts', { x1: 'x1', x2: 'x2' }, at(1.2, 0), { excitatory: 2, inhibitory: 0, threshold: 1 }],
      and: ['mcculloch-pitts', { x1: 'x1', x2: 'x2' }, at(1.2, 1.6), { excitatory: 2, inhibitory: 0, threshold: 2 }],
      xor: ['mcculloch-pitts', { x1: 'or', inhibit1: 'and' }, at(2.5, 0.8), { excitatory: 1, inhibitory: 1, threshold: 1 }],
    },
  );
};

const neuronOnPlane = (title: string, notes: string, data: string, activation: string, epochs: number): Project =>
  sketch(
    { title, notes, data: toy(data), training: { optimizer: 'sgd', hyper: { rate: 0.1 }, batch: 10, epochs } },
    {
      x: ['input', {}, at(0, 0), { shape: [], columns: 'x' }],
      y: ['input', {}, at(0, 1.4), { shape: [], columns: 'y' }],
      neuron: ['neuron', { x1: 'x', x2: 'y' }, at(1.2, 0.7), { inputs: 2, activation }],
      target: ['target', {}, at(1.2, 2.2), { shape: [] }],
      loss: [
        activation === 'sigmoid' ? 'binary-cross-entropy' : 'squared-error',
        { prediction: 'neuron', target: 'target' },
        at(2.5, 0.9),
      ],
    },
  );

export const gaussians = (): Project =>
  neuronOnPlane(
    titles.gaussians,
    'Two clouds. Train: one neuron finds a line between them (course 1.8).',
    'gaussians',
    'sigmoid',
    20,
  );
export const step = (): Project =>
  neuronOnPlane(
    titles.step,
    'A binary step has derivative 0, so nothing before it can learn. Read the problem, then change the activation to a sigmoid (course 1.5.1).',
    'gaussians',
    'binary-step',
    20,
  );
export const oneNeuron = (): Project =>
  neuronOnPlane(
    titles.oneNeuron,
    'A disc inside a ring. However long it trains, one neuron draws one straight line (course 1.9).',
    'circles',
    'sigmoid',
    60,
  );

const threeOnCircles = (title: string, notes: string, byHand: boolean): Project => {
  const lines = polygon(3, 2.5, Math.PI / 2);
  const steep = 2;
  const project = sketch(
    { title, notes, data: toy('circles'), training: { optimizer: 'adam', hyper: { rate: 0.03 }, batch: 10, epochs: 100 } },
    {
      input: ['input', {}, at(0, 0), { shape: [2] }],
      ...(byHand
        ? {
            weight: [
              'parameter',
              {},
              at(0.4, 1.2),
              { shape: [2, 3], values: [...lines.map((l) => steep * l.w[0]), ...lines.map((l) => steep * l.w[1])] },
            ] as const,
            product: ['matmul', { a: 'input', b: 'weight' }, at(1, 0)] as const,
            bias: ['parameter', {}, at(1.3, 1.2), { shape: [3], values: lines.map((l) => steep * l.b), role: 'bias' }] as const,
            sum: ['add', { a: 'product', b: 'bias' }, at(1.8, 0)] as const,
            hidden: ['sigmoid', { x: 'sum' }, at(2.6, 0)] as const,
            weight2: ['parameter', {}, at(3, 1.2), { shape: [3, 1], values: [10, 10, 10] }] as const,
            product2: ['matmul', { a: 'hidden', b: 'weight2' }, at(3.4, 0)] as const,
            bias2: ['parameter', {}, at(3.9, 1.2), { shape: [1], values: [-25], role: 'bias' }] as const,
            output: ['add', { a: 'product2', b: 'bias2' }, at(4.2, 0)] as const,
          }
        : {
            hidden: ['dense', { x: 'input' }, at(1.2, 0), { units: 3, activation: 'sigmoid' }] as const,
            output: ['dense', { x: 'hidden' }, at(2.4, 0), { units: 1, activation: 'identity' }] as const,
          }),
      target: ['target', {}, at(byHand ? 4.6 : 2.4, 1.6), { shape: [1] }],
      loss: ['binary-cross-entropy-logits', { prediction: 'output', target: 'target' }, at(byHand ? 5.2 : 3.6, 0.4)],
    },
  );
  return project;
};
export const three = (): Project =>
  threeOnCircles(
    titles.three,
    'Three hidden neurons, three lines. Train, and look at what each of them separates (course 1.10).',
    false,
  );
export const threeByHand = (): Project =>
  threeOnCircles(
    titles.threeByHand,
    'The weights are set by hand: three half-planes that look at the middle, and an output that asks for all three. Look at the boundary before any training.',
    true,
  );

export const sigma = (): Project =>
  sketch(
    {
      title: titles.sigma,
      notes:
        'x = 2, y = −1, w₁ = 0.5, w₂ = −0.25, b = 0.25. The sum is 1.5 and its sigmoid 0.817574. Step through it (course 2.2).',
      training: { optimizer: 'sgd', hyper: { rate: 0.5 }, batch: 1, epochs: 20, objective: 'l' },
    },
    {
      w1: variable(0.5, at(0, 0)),
      x: variable(2, at(0, 1)),
      w2: variable(-0.25, at(0, 2)),
      y: variable(-1, at(0, 3)),
      p1: ['multiply', { a: 'w1', b: 'x' }, at(1, 0.5)],
      p2: ['multiply', { a: 'w2', b: 'y' }, at(1, 2.5)],
      b: variable(0.25, at(1, 3.6), 'bias'),
      s: ['add', { a: 'p1', b: 'p2', c: 'b' }, at(2, 1.5), { inputs: 3 }],
      f: ['sigmoid', { x: 's' }, at(3, 1.5)],
      t: fixed(1, at(3, 2.7)),
      l: ['squared-error', { prediction: 'f', target: 't' }, at(4, 1.5)],
    },
  );

const layers = (
  title: string,
  notes: string,
  options: {
    inputs: number;
    sizes: readonly number[];
    activation: string;
    last: string;
    loss: string;
    data: Project['settings']['data'];
    training: Partial<Project['settings']['training']>;
    initializer?: string;
    scale?: number;
  },
): Project => {
  const rows: Record<string, Parameters<typeof sketch>[1][string]> = {
    input: ['input', {}, at(0, 0), { shape: [options.inputs] }],
  };
  let before = 'input';
  options.sizes.forEach((units, i) => {
    const last = i === options.sizes.length - 1;
    const id = last ? 'output' : options.sizes.length === 2 ? 'hidden' : `hidden${i + 1}`;
    rows[id] = [
      'dense',
      { x: before },
      at(1.2 * (i + 1), 0),
      {
        units,
        activation: last ? options.last : options.activation,
        ...(options.initializer ? { initializer: options.initializer, scale: options.scale ?? 0.5 } : {}),
      },
    ];
    before = id;
  });
  const n = options.sizes.length;
  rows['target'] = ['target', {}, at(1.2 * n, 1.6), { shape: [options.sizes.at(-1)!] }];
  rows['loss'] = [options.loss, { prediction: before, target: 'target' }, at(1.2 * (n + 1), 0.4)];
  return sketch({ title, notes, data: options.data, training: options.training }, rows);
};

const adam = (rate: number, epochs: number, batch = 10) => ({ optimizer: 'adam', hyper: { rate }, batch, epochs });

export const deepIdentity = (): Project =>
  layers(
    titles.deepIdentity,
    'Three layers, but every activation is the identity. Train it on the circles: the boundary stays a line (course 2.3.6). Then change the activations to tanh.',
    {
      inputs: 2,
      sizes: [8, 8, 1],
      activation: 'identity',
      last: 'identity',
      loss: 'binary-cross-entropy-logits',
      data: toy('circles'),
      training: adam(0.03, 60),
    },
  );
export const counting = (): Project =>
  layers(
    titles.counting,
    'Eight inputs, three hidden layers of nine, four outputs: how many parameters? (course 2.3.7, reconstructed)',
    {
      inputs: 8,
      sizes: [9, 9, 9, 4],
      activation: 'relu',
      last: 'identity',
      loss: 'mean-squared-error',
      data: { kind: 'none' },
      training: adam(0.01, 10),
    },
  );
export const skip = (): Project =>
  sketch(
    {
      title: titles.skip,
      notes: 'The input also goes around the hidden layer. A layer is found by its longest path from the inputs (course 2.3.2).',
      data: toy('sine', 0.05, 300),
      training: adam(0.02, 100),
    },
    {
      input: ['input', {}, at(0, 0), { shape: [1] }],
      hidden: ['dense', { x: 'input' }, at(1.2, 0.8), { units: 8, activation: 'tanh' }],
      output: ['dense', { x: 'hidden' }, at(2.4, 0.8), { units: 1, activation: 'identity' }],
      around: ['dense', { x: 'input' }, at(1.8, -0.8), { units: 1, activation: 'identity' }],
      answer: ['add', { a: 'output', b: 'around' }, at(3.5, 0)],
      target: ['target', {}, at(3.5, 1.6), { shape: [1] }],
      loss: ['mean-squared-error', { prediction: 'answer', target: 'target' }, at(4.7, 0.4)],
    },
  );
export const wide = (): Project =>
  layers(
    titles.wide,
    'One hidden layer: 2·27 + 27 + 27 + 1 = 109 parameters, as many as the three narrow layers have (course 2.4.4).',
    {
      inputs: 2,
      sizes: [27, 1],
      activation: 'tanh',
      last: 'identity',
      loss: 'binary-cross-entropy-logits',
      data: toy('spiral'),
      training: adam(0.02, 200),
    },
  );
export const deep = (): Project =>
  layers(
    titles.deep,
    'Three hidden layers of six: 2·6 + 6·6 + 6·6 + 6 = 90 weights and 19 biases, together 109 parameters, as many as the wide layer has (course 2.4.4).',
    {
      inputs: 2,
      sizes: [6, 6, 6, 1],
      activation: 'tanh',
      last: 'identity',
      loss: 'binary-cross-entropy-logits',
      data: toy('spiral'),
      training: adam(0.02, 200),
    },
  );
export const unbounded = (): Project =>
  layers(
    titles.unbounded,
    'Binary cross-entropy needs a probability, but the output layer is not bounded. Set its activation to sigmoid (course 3.3).',
    {
      inputs: 2,
      sizes: [4, 1],
      activation: 'tanh',
      last: 'identity',
      loss: 'binary-cross-entropy',
      data: toy('gaussians'),
      training: adam(0.03, 20),
    },
  );
export const parabola = (): Project =>
  sketch(
    {
      title: titles.parabola,
      notes:
        'L = θ² from θ = 1. With η = 0.1 it goes 0.8, 0.64, …; with η = 1 it jumps between 1 and −1; with η = 1.1 it diverges (course 3.5.1).',
      training: { optimizer: 'sgd', hyper: { rate: 0.1 }, batch: 1, epochs: 20, objective: 'L' },
    },
    { theta: variable(1, at(0, 0)), L: ['power', { x: 'theta' }, at(1.2, 0), { exponent: 2 }] },
  );
export const overfit = (): Project =>
  layers(
    titles.overfit,
    'Few noisy points and a large network. Watch the validation loss: it falls, then rises while the training loss goes on falling (course 3.5.3).',
    {
      inputs: 1,
      sizes: [64, 64, 1],
      activation: 'tanh',
      last: 'identity',
      loss: 'mean-squared-error',
      data: toy('sine', 0.35, 40),
      training: adam(0.01, 600, 28),
    },
  );
export const batch = (): Project =>
  layers(titles.batch, 'Change the batch size: all rows are gradient descent, 1 is stochastic gradient descent (course 3.5.6).', {
    inputs: 2,
    sizes: [4, 1],
    activation: 'tanh',
    last: 'identity',
    loss: 'binary-cross-entropy-logits',
    data: toy('circles'),
    training: { optimizer: 'sgd', hyper: { rate: 0.3 }, batch: 1, epochs: 60 },
  });
export const layer = (): Project =>
  sketch(
    {
      title: titles.layer,
      notes:
        'x = (1, −2), ReLU, target (2, 0), squared error. In the row convention W here is the transpose of the course’s: t = (2.5, 0.5), L = 0.5 (course 3.6.20).',
      training: { optimizer: 'sgd', hyper: { rate: 0.1 }, batch: 1, epochs: 1, objective: 'L' },
    },
    {
      x: ['parameter', {}, at(0, 0), { shape: [1, 2], values: [1, -2] }],
      W: ['parameter', {}, at(0, 1.2), { shape: [2, 2], values: [0.5, 2, -1, 1] }],
      p: ['matmul', { a: 'x', b: 'W' }, at(1.2, 0.3)],
      b: ['parameter', {}, at(1.2, 1.5), { shape: [1, 2], values: [0, 0.5], role: 'bias' }],
      t: ['add', { a: 'p', b: 'b' }, at(2.2, 0.3)],
      y: ['relu', { x: 't' }, at(3.2, 0.3)],
      z: ['constant', {}, at(3.2, 1.5), { shape: [1, 2], values: [2, 0] }],
      d: ['subtract', { a: 'y', b: 'z' }, at(4.2, 0.3)],
      e: ['power', { x: 'd' }, at(5.2, 0.3), { exponent: 2 }],
      L: ['sum', { x: 'e' }, at(6.2, 0.3)],
    },
  );
export const zero = (): Project =>
  layers(
    titles.zero,
    'All weights start at 0. Train: the hidden neurons never become different from each other (course 3.7.1). Then choose another initializer.',
    {
      inputs: 2,
      sizes: [4, 1],
      activation: 'tanh',
      last: 'identity',
      loss: 'binary-cross-entropy-logits',
      data: toy('xor'),
      training: adam(0.03, 40),
      initializer: 'zeros',
    },
  );

const onCurve = (title: string, notes: string, units: number, activation: string): Project =>
  layers(title, notes, {
    inputs: 1,
    sizes: [units, 1],
    activation,
    last: 'identity',
    loss: 'mean-squared-error',
    data: toy('sine', 0, 300),
    training: adam(0.02, 200, 30),
  });
export const kinks = (): Project =>
  onCurve(
    titles.kinks,
    'Five ReLU neurons: the fit is made of straight pieces, with a kink where a neuron switches. Change the activation to tanh and the kinks go (course 2.4.1).',
    5,
    'relu',
  );
export const bumps = (): Project =>
  onCurve(
    titles.bumps,
    'One hidden layer of sixteen neurons, trained. Halve the neurons, or double them, and compare the fit (course 2.4.2).',
    16,
    'tanh',
  );
export const plane = (): Project =>
  layers(
    titles.plane,
    'A linear model of two numbers, and the mean of the squared errors over all rows: the simplest supervised problem (course 3.2).',
    {
      inputs: 2,
      sizes: [1],
      activation: 'identity',
      last: 'identity',
      loss: 'mean-squared-error',
      data: toy('plane', 0.1),
      training: { optimizer: 'sgd', hyper: { rate: 0.01 }, batch: 20, epochs: 40 },
    },
  );
export const ten = (): Project =>
  layers(
    titles.ten,
    'Ten layers of 16 ReLUs, weights as He and others recommend. Choose another initialiser in Inspect, reset, and watch the spread of the layers in Results (course 3.7.2).',
    {
      inputs: 2,
      sizes: [...Array.from({ length: 10 }, () => 16), 1],
      activation: 'relu',
      last: 'identity',
      loss: 'binary-cross-entropy-logits',
      data: toy('circles'),
      training: adam(0.003, 40),
      initializer: 'he-normal',
    },
  );
