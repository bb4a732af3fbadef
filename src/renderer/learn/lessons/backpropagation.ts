/** Chapter 3, second part: the chain rule, backpropagation and the exercises (3.6.1–3.6.14). */
import { courseExercises } from '../../../engine/teach/course-exercises';
import { figure, formula, isTrue, type Lesson, note, offer, points, quiz, text } from '../lesson';
import { composed, micrograd } from '../number-projects';
import { sigma, wide } from '../projects';

const exercise = (id: string): NonNullable<Lesson['project']> => {
  const { project } = courseExercises.find((e) => e.id === id)!;
  return offer(() => project);
};
const RECONSTRUCTED = note(
  'Reconstructed',
  'The figures of the exercises are missing from the course text, as is choice A. These drawings make all the surviving choices meaningful.',
);
const OURS = note(
  'Reconstructed',
  'Of this exercise only the number is left in the course text. Drawing, numbers and choices are ours, in the manner of the others.',
);

export const backpropagation: readonly Lesson[] = [
  {
    id: '3.6.1',
    chapter: 3,
    title: 'Gradient descent applied to networks',
    blocks: [
      text(
        'The loss depends on each parameter through a composition of many functions. One could work out the derivative by hand, but the formula is long, and changes with every change of the network.',
      ),
      text(
        'One could also change each parameter by a little and see what happens: one forward pass for each parameter. **Backpropagation** finds all derivatives for the price of about three forward passes.',
      ),
      figure({ figure: 'operation-count' }, 'Multiplications for one gradient, on a logarithmic scale.'),
    ],
    project: offer(wide),
    tries: ['Make the network wider and compare how the bars grow.'],
    check: { ask: 'Look at a network of width 40 or more.', done: (w) => isTrue(w, 'large') },
  },
  {
    id: '3.6.2',
    chapter: 3,
    title: 'Chain rule theorem',
    blocks: [
      text(
        'For two differentiable functions, the slope of the composition is the product of the slopes, each taken at its own place:',
      ),
      formula(
        "(f_2 \\circ f_1)'(x) = (f_2' \\circ f_1)(x) \\cdot f_1'(x), \\qquad \\frac{\\mathrm{d}z}{\\mathrm{d}x} = \\frac{\\mathrm{d}z}{\\mathrm{d}y} \\cdot \\frac{\\mathrm{d}y}{\\mathrm{d}x}",
      ),
      figure({ figure: 'chain' }, 'x → y → z. The third slope is the product of the first two.'),
    ],
    project: offer(composed),
    tries: ['Choose other functions.', 'Find a point where the first slope is 0: so is the third.'],
    check: { ask: 'Move x, and look at both notations.', done: (w) => isTrue(w, 'moved', 'notation') },
  },
  {
    id: '3.6.3',
    chapter: 3,
    title: 'The backpropagation algorithm',
    blocks: [
      text(
        'Backpropagation computes the partial derivatives of the loss with respect to every parameter. The method goes back to the sixties, when control theory carried derivatives backwards through the steps of a process. It was first applied to neural networks in the eighties: Werbos in 1982, LeCun in 1985.',
      ),
      points(
        '1960s: derivatives carried backwards through a chain of steps.',
        '1982: Werbos applies it to networks.',
        '1985: LeCun finds it independently.',
      ),
      quiz(
        'What does backpropagation compute?',
        { text: 'The best weights.', why: 'That is what training searches for. Backpropagation only says in which direction.' },
        {
          text: 'The derivative of the loss with respect to every parameter.',
          right: true,
          why: 'Right: one backward pass, all derivatives.',
        },
        { text: 'The prediction.', why: 'That is the forward pass.' },
      ),
    ],
    project: offer(sigma),
    tries: ['Open the project, press Step through, and count the backward steps: one for every edge that a gradient crosses.'],
    check: { ask: 'Answer the question.', done: (w) => isTrue(w, 'quiz') },
  },
  {
    id: '3.6.4',
    chapter: 3,
    title: 'The algorithm: intuition',
    blocks: [
      points(
        '**Forward pass**: compute the values and, on each edge, the **local derivative**: how much the node changes when this input changes.',
        '**Backward pass**: start from the loss and multiply local derivatives on the way back.',
      ),
      figure({ figure: 'graph', of: 'sigma', passes: 'both' }, 'Blue: values. Grey: local derivatives. Orange: gradients.'),
      text('After the forward pass everything local is known; the backward pass only multiplies and adds.'),
    ],
    project: offer(sigma),
    more: [offer(micrograd)],
    tries: [
      'Finish the forward pass: all local derivatives are there, no gradient yet.',
      'Step through micrograd’s expression. Its README prints $g = 24.7041$, $\\partial g / \\partial a = 138.8338$ and $\\partial g / \\partial b = 645.5773$.',
    ],
    check: { ask: 'See the local derivatives, then walk the backward pass.', done: (w) => isTrue(w, 'locals', 'backward') },
  },
  {
    id: '3.6.5',
    chapter: 3,
    title: 'Simple backpropagation example',
    blocks: [
      formula(
        'x \\xrightarrow{\\;\\partial y / \\partial x\\;} y \\xrightarrow{\\;\\partial z / \\partial y\\;} z \\xrightarrow{\\;\\partial l / \\partial z\\;} l',
      ),
      text('Start with $\\partial l / \\partial l = 1$ and go from right to left. Each line uses the one before it:'),
      formula(
        '\\frac{\\partial l}{\\partial z} = \\frac{\\partial l}{\\partial l}\\frac{\\partial l}{\\partial z}, \\qquad \\frac{\\partial l}{\\partial y} = \\frac{\\partial l}{\\partial z}\\frac{\\partial z}{\\partial y}, \\qquad \\frac{\\partial l}{\\partial x} = \\frac{\\partial l}{\\partial y}\\frac{\\partial y}{\\partial x}',
      ),
      figure({ figure: 'graph', of: 'chain', passes: 'both' }, 'x = 2, y = 1.5 x, z = 0.5 y, l = (z − 3)².'),
    ],
    project: exercise('1'),
    tries: ['Say each product before you press “Next step”.'],
    check: { ask: 'Walk from the seed ∂l/∂l = 1 to ∂l/∂x.', done: (w) => isTrue(w, 'seed', 'end') },
  },
  {
    id: '3.6.6',
    chapter: 3,
    title: 'Backpropagation through a neuron',
    blocks: [
      text(
        "Let $\\delta$ be the gradient at the sum, after it has passed back through $g$: $\\delta = g'(s)\\,\\partial l / \\partial y$. A sum hands it on unchanged; a product multiplies it with the **other** factor:",
      ),
      formula(
        '\\frac{\\partial l}{\\partial w_i} = \\delta\\, x_i, \\qquad \\frac{\\partial l}{\\partial x_i} = \\delta\\, w_i, \\qquad \\frac{\\partial l}{\\partial b} = \\delta',
      ),
      figure(
        { figure: 'graph', of: 'neuron', passes: 'both' },
        'A neuron with one input: w = 0.75, x = 2, b = 0, ReLU, target 1.',
      ),
    ],
    project: exercise('3'),
    tries: ['Find δ in the drawing, and check the three formulas.'],
    check: { ask: 'Walk through the neuron to the end.', done: (w) => isTrue(w, 'end') },
  },
  {
    id: '3.6.7',
    also: '3.6.8',
    chapter: 3,
    title: 'Exercise 1',
    blocks: [
      text(
        'The derivative $\\partial l / \\partial x$ says how much the loss $l$ changes when $x$ changes by a little. Choose an answer, type it, or fill in every edge; a wrong one tells you which mistake leads to it. The solution (3.6.8) is one press away.',
      ),
      figure({ figure: 'exercise', ids: ['1', '1-fan-out'] }, 'Two readings of the missing figure.'),
      RECONSTRUCTED,
    ],
    tries: ['Give each wrong answer once and read why it is wrong.', 'Then take new numbers.'],
    check: { ask: 'Solve the exercise.', done: (w) => isTrue(w, 'solved') },
  },
  {
    id: '3.6.9',
    also: '3.6.10',
    chapter: 3,
    title: 'Exercise 2',
    blocks: [
      text('A neuron without activation: a product, a sum, a loss. (Its solution is 3.6.10 of the course.)'),
      figure({ figure: 'exercise', ids: ['2'] }, 'w = 0.75, x = 2, b = −0.5, target 2.'),
      OURS,
    ],
    tries: ['Fill in all edges: ∂l/∂w = −4 and ∂l/∂b = −2 are among them.'],
    check: { ask: 'Solve the exercise.', done: (w) => isTrue(w, 'solved') },
  },
  {
    id: '3.6.11',
    also: '3.6.12',
    chapter: 3,
    title: 'Exercise 3',
    blocks: [
      text(
        'Now with an activation. ReLU is a gate: open, it lets the gradient through; closed, nothing passes. (Its solution is 3.6.12.)',
      ),
      figure({ figure: 'exercise', ids: ['3', '3-dead'] }, 'The gate open, and closed.'),
      OURS,
    ],
    tries: ['Look at the closed gate: every gradient behind it is 0.'],
    check: { ask: 'Solve the exercise with the open gate.', done: (w) => isTrue(w, 'solved Exercise 3') },
  },
  {
    id: '3.6.13',
    also: '3.6.14',
    chapter: 3,
    title: 'Exercise 4',
    blocks: [
      text(
        'Here $x$ feeds two edges. Along a path one multiplies; where paths meet again, one **adds**. (Its solution is 3.6.14.)',
      ),
      figure({ figure: 'exercise', ids: ['4'] }, 'x reaches the loss along two paths.'),
      RECONSTRUCTED,
      text(
        'There are as many more as you like, from any drawing, your own too. A small network is written out as single numbers; of a large one you choose the element that is asked about.',
      ),
      figure({ figure: 'own-exercise' }, 'A seed gives the same numbers everywhere.'),
    ],
    tries: [
      'Walk the solution to its end: the bars of the two paths add up.',
      'Draw something of your own and practise with it.',
    ],
    check: { ask: 'Solve exercise 4.', done: (w) => isTrue(w, 'solved Exercise 4') },
  },
];
