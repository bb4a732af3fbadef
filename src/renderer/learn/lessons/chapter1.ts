/** Chapter 1: from the biological neuron to lines, half-planes and their combination. */
import { count, figure, formula, isTrue, type Lesson, note, offer, opened, points, text } from '../lesson';
import { compactNeuron, deadRelu, saturatedSigmoid, saturatedTanh, threeGates } from '../number-projects';
import { gates, gaussians, oneNeuron, sigma, step, three, threeByHand, titles } from '../projects';

export const chapter1: readonly Lesson[] = [
  {
    id: '1.1',
    chapter: 1,
    title: 'Biological neuron',
    blocks: [
      text(
        'A neuron of the brain can have several thousand dendrites. Through each of them another neuron sends it signals. Some signals **excite** it, some **inhibit** it.',
      ),
      figure({ figure: 'biological-neuron' }, 'Signals that arrive during one interval of time. Blue excites, orange inhibits.'),
      text(
        'Within an interval of time the signals add up. If the net input is larger than a threshold, the neuron sends a spike along its axon. If not, it stays silent. There is nothing in between.',
      ),
    ],
    project: offer(gates),
    tries: ['Make the neuron fire with as few excitatory signals as you can.', 'Keep it silent with ten excitatory signals.'],
    check: { ask: 'Let the neuron fire once, and keep it silent once.', done: (w) => isTrue(w, 'fired', 'silent') },
  },
  {
    id: '1.2',
    chapter: 1,
    title: 'Artificial neuron: McCulloch and Pitts',
    blocks: [
      text(
        'An artificial neuron combines its inputs to a single value and applies an activation function $g$ to it. The first model is from 1943: inputs and output are 0 or 1, an edge excites (+1) or inhibits (−1), and the unit fires when the sum exceeds its threshold.',
      ),
      figure({ figure: 'threshold-unit' }, 'A unit, its truth table, and the gate that it should compute.'),
      note(
        'Two ways to inhibit',
        'Here an inhibitory input counts −1, as the course describes the biological neuron. In the paper of 1943, and in the unit of the editor, one active inhibitory input keeps the unit silent whatever the others do, and the unit fires when **at least** as many excitatory inputs are active as its threshold says.',
      ),
      text(
        'AND, OR and NOT can be computed by one unit each. With these three one can build any logical function, but not every function fits into one unit. The project builds XOR from three.',
      ),
    ],
    project: offer(gates),
    tries: [
      'Set the threshold so that two active inputs are needed: AND.',
      'Make NOT from one inhibitory edge.',
      'For XOR, press “Try all units”.',
    ],
    check: { ask: 'Build AND, OR and NOT, then search a unit for XOR.', done: (w) => isTrue(w, 'AND', 'OR', 'NOT', 'searched') },
  },
  {
    id: '1.3',
    chapter: 1,
    title: 'Modern artificial neuron',
    blocks: [
      text(
        'Today inputs, weights and outputs are real numbers. Each input $x_i$ is multiplied by its weight $w_i$. The products and a bias $b$ are added, and the activation function $g$ is applied to the sum.',
      ),
      formula('y = g\\left(b + \\sum_{i=1}^{p} w_i x_i\\right)'),
      figure({ figure: 'neuron' }, 'Products on the edges, their sum, and the activation. Values are blue.'),
      text('The bias acts as a threshold: with $b = -3$ the products must add up to more than 3 before the sum is positive.'),
    ],
    project: offer(sigma),
    tries: [
      'Leave x = (2, −1), w = (0.5, −0.25), b = 0.25: the sum is 1.5 and the sigmoid of it 0.817574.',
      'Make the sum 0 by changing only the bias.',
    ],
    check: {
      ask: 'Change the numbers so that the sum becomes 0.',
      done: (w) => typeof w.facts['sum'] === 'number' && Math.abs(w.facts['sum']) < 1e-9,
    },
  },
  {
    id: '1.4',
    chapter: 1,
    title: 'The role of the activation function',
    blocks: [
      text(
        'At first, the activation function was thought of as a **gate**. If the sum is high enough, the neuron is activated: it sends a signal that is not zero. If not, the gate stays closed.',
      ),
      figure({ figure: 'gate' }, 'Eight sums, before and after the gate.'),
      text(
        'One can also see it as a source of **abstraction**. What seems unimportant is dropped or made smaller. The step keeps only one bit; ReLU keeps the size of what is positive; the identity keeps everything and so decides nothing.',
      ),
    ],
    project: offer(threeGates),
    tries: ['Compare how many different values are left after each gate.'],
    check: { ask: 'Look at the step and at ReLU.', done: (w) => isTrue(w, 'step', 'relu') },
  },
  {
    id: '1.5.1',
    chapter: 1,
    title: 'Binary activation',
    blocks: [
      formula('g(x) = \\begin{cases} 1 & \\text{if } x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}'),
      figure({ figure: 'activation', name: 'binary-step' }, 'The step. Its derivative is 0 wherever it is defined.'),
      points(
        'For it: close to biology, simple to compute, a strong abstraction.',
        'Against it: no usable gradient. Whatever the weights are, a small change of them changes nothing.',
      ),
      note(
        'A caution',
        'The course says that the gradient is nil except on one point. At that point, $x = 0$, it is not large: it is undefined.',
      ),
      text('That is why it is hardly used. Open the project: the program refuses to train through a step and says why.'),
    ],
    project: offer(step),
    tries: ['Read the problem that the editor shows.', 'Change the neuron’s activation to the sigmoid: the problem goes away.'],
    check: {
      ask: 'Open the project and read the error that it shows, then make the drawing sound with another activation.',
      done: (w) => opened(w, titles.step) && w.sound,
      hint: 'Select the neuron and change its activation.',
    },
  },
  {
    id: '1.5.2',
    chapter: 1,
    title: 'Sigmoid activation',
    blocks: [
      formula("g(x) = \\frac{1}{1 + e^{-x}} = \\frac{e^x}{1 + e^x}, \\qquad g'(x) = g(x)\\,\\bigl(1 - g(x)\\bigr)"),
      figure({ figure: 'activation', name: 'sigmoid' }, 'The sigmoid, its derivative and its tangent. Shaded: saturation.'),
      points(
        'Like the step, but with a usable gradient.',
        'A bijection between $\\mathbb{R}$ and ]0, 1[: no information is lost.',
        'The gradient tends to 0 far from 0: at $x = 6$ only 0.002467 is left of the 0.25 at 0.',
        'It costs an exponential.',
      ),
      text(
        'The two formulas are equal, but a computer needs both: $e^{1000}$ overflows, so one takes the first for positive $x$ and the second for negative $x$.',
      ),
    ],
    project: offer(saturatedSigmoid),
    tries: [
      'Find the point where g is 0.5.',
      'Move the point into the shaded region, by the slider or a click on the curve, and look at g′.',
    ],
    check: { ask: 'Move the point into the saturated region (|x| ≥ 4).', done: (w) => isTrue(w, 'far') },
  },
  {
    id: '1.5.3',
    chapter: 1,
    title: 'Hyperbolic tangent',
    blocks: [
      formula("g(x) = \\tanh(x) = \\frac{e^x - e^{-x}}{e^x + e^{-x}}, \\qquad g'(x) = 1 - g(x)^2"),
      figure({ figure: 'activation', name: 'tanh' }, 'The hyperbolic tangent. Shaded: saturation.'),
      text(
        "It is a sigmoid stretched to ]−1, 1[: $\\tanh(x) = 2\\,\\sigma(2x) - 1$. Its slope at 0 is 1, four times the sigmoid’s, but it saturates sooner: $g'(3) = 0.009866$.",
      ),
    ],
    project: offer(saturatedTanh),
    tries: ['Compare the width of the unshaded part with the sigmoid’s.'],
    check: {
      ask: 'Move the point once to a negative and once to a positive input.',
      done: (w) => isTrue(w, 'negative', 'positive'),
    },
  },
  {
    id: '1.5.4',
    chapter: 1,
    title: 'Rectified linear unit (ReLU)',
    blocks: [
      formula('g(x) = \\begin{cases} x & \\text{if } x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}'),
      figure({ figure: 'activation', name: 'relu' }, 'ReLU. Shaded: the dead region, where nothing passes back.'),
      points(
        'For it: a full gradient when active, fast to compute, a strong abstraction.',
        'Against it: a neuron whose sum is negative for every sample gets no gradient and stays as it is. It is **dead**.',
      ),
      text("At 0 the derivative does not exist. This program takes $g'(0) = 0$, as most do."),
    ],
    project: offer(deadRelu),
    tries: ['Read g′ at −1, 0 and 1 in the table.'],
    check: { ask: 'Move the point into the dead region and out of it again.', done: (w) => isTrue(w, 'negative', 'positive') },
  },
  {
    id: '1.6',
    chapter: 1,
    title: 'What can a neuron compute?',
    blocks: [
      text(
        'In $\\mathbb{R}^p$ the equation $b + \\sum w_i x_i = 0$ describes a **hyperplane**: a line in the plane, a plane in space. The neuron asks one question only: on which side of it is the point?',
      ),
      figure(
        { figure: 'line', points: 'few' },
        'The vector w is normal to the line and points to the side where the sum is positive.',
      ),
      text(
        'The signed distance of a point to the line is its sum divided by $\\lVert \\mathbf{w} \\rVert$. Making $\\mathbf{w}$ and $b$ twice as large moves nothing: it only makes the activation steeper.',
      ),
    ],
    project: offer(gaussians),
    tries: ['Drag the line: only b changes. Turn w: the line turns.', 'Separate the eight points.'],
    check: {
      ask: 'Drag the line until all eight points are on their side.',
      done: (w) => isTrue(w, 'moved') && count(w, 'accuracy') === 1,
    },
  },
  {
    id: '1.7',
    chapter: 1,
    title: 'Example in two dimensions',
    blocks: [
      text(
        'Two inputs, so that everything fits on a screen; the binary activation; a problem of two classes. The neuron cuts the plane into two half-planes and says 1 in one of them, 0 in the other.',
      ),
      figure({ figure: 'line', points: 'few', probe: true }, 'Click into the plane to ask the neuron about a point.'),
    ],
    project: offer(gaussians),
    tries: ['Click close to the line on both sides and compare the signed distances.'],
    check: { ask: 'Classify one point on each side.', done: (w) => isTrue(w, 'one', 'zero') },
  },
  {
    id: '1.8',
    chapter: 1,
    title: 'Gaussian clouds',
    blocks: [
      text(
        'Two clouds of points, each drawn around a centre. While they lie apart a line separates them, so one neuron does. The more noise, the more they overlap, and what lies on the wrong side no line can put right.',
      ),
      figure({ figure: 'line', points: 'gaussians' }, 'Two Gaussian clouds. Try it by hand first, then let them spread.'),
      text(
        'Now let the neuron find its line itself. Open the project and press Train: a sigmoid takes the place of the step so that there is a gradient.',
      ),
    ],
    project: offer(gaussians),
    tries: [
      'Separate the clouds by hand, then search the best line.',
      'Raise the noise: how much can even the best line still get?',
      'Train the project, then raise the noise in the Data panel and train again.',
    ],
    check: {
      ask: 'Reach 95 % on the test rows by training.',
      done: (w) => opened(w, titles.gaussians) && w.epoch > 0 && (w.accuracy ?? 0) >= 0.95,
    },
  },
  {
    id: '1.9',
    chapter: 1,
    title: 'Circles',
    blocks: [
      text('Now a disc inside a ring. Whatever line you choose, it cuts both.'),
      figure({ figure: 'line', points: 'circles' }, 'A disc inside a ring. How far does one line get?'),
      text(
        'The best of all lines is right for about two points in three (65.7 % of endless data; a few points may be luckier). Training cannot do better: it searches among the same lines.',
      ),
    ],
    project: offer(oneNeuron),
    tries: ['Search the best line in the figure.', 'Train the project for a long time: the accuracy stays near 66 %.'],
    check: {
      ask: 'See one neuron fail: search the best line, or train the project for ten epochs.',
      done: (w) =>
        isTrue(w, 'searched') || (opened(w, titles.oneNeuron) && w.epoch >= 10 && w.accuracy !== null && w.accuracy < 0.8),
    },
  },
  {
    id: '1.10',
    chapter: 1,
    title: 'Solution with a simple network',
    blocks: [
      text(
        'Combining several neurons, one can build complex classifiers. Three neurons draw three lines; a fourth neuron says 1 only where all three say 1. Three half-planes make a triangle, and a triangle holds most of a disc.',
      ),
      figure({ figure: 'half-planes' }, 'Each handle is one hidden neuron; the region is what the output neuron accepts.'),
      text(
        'The second project has exactly this in its weights: it is solved before any training. The first one starts from random weights and finds a solution by itself.',
      ),
    ],
    project: offer(three),
    more: [offer(threeByHand)],
    tries: [
      'Place three lines by hand.',
      'Add neurons until every point is right.',
      `Train the project and look at the three hidden neurons in Results.`,
    ],
    check: {
      ask: 'Solve it by hand (at least 85 %), then train the network with three neurons to 90 %.',
      done: (w) => isTrue(w, 'by hand') && opened(w, titles.three) && (w.accuracy ?? 0) >= 0.9,
      hint: 'What you did by hand is remembered when you come back from the editor.',
    },
  },
  {
    id: '1.11',
    chapter: 1,
    title: 'Compact representation',
    blocks: [
      text(
        'Drawing every product takes space. In the compact symbol one circle stands for the products, the sum and the activation; the weights are written on the edges. Nothing is computed differently.',
      ),
      figure({ figure: 'neuron', view: 'both' }, 'Switch between the full and the compact drawing of the same neuron.'),
      text('In the editor, “Open into parts” in the Arrange menu turns a neuron into its operations, and undo folds it again.'),
    ],
    project: offer(compactNeuron),
    tries: ['Change a number in one view and look at it in the other.'],
    check: { ask: 'Look at the compact drawing and at the full one.', done: (w) => isTrue(w, 'compact', 'full') },
  },
  {
    id: '1.12',
    chapter: 1,
    title: 'Notations',
    blocks: [
      text(
        'Inputs and weights are written as column vectors $\\mathbf{x}$ and $\\mathbf{w}$, and the sum of products as a product of vectors:',
      ),
      formula('g\\left(b + \\sum_{i=1}^{p} w_i x_i\\right) = g\\left(b + \\mathbf{w}^T\\mathbf{x}\\right)'),
      figure({ figure: 'neuron', terms: true }, 'Point at a term of the formula: its edges light up.'),
    ],
    project: offer(compactNeuron),
    tries: ['Point at the term of w and x together: it is all the edges that carry inputs.'],
    check: { ask: 'Point at the bias and at the product of the vectors.', done: (w) => isTrue(w, 'term bias', 'term dot') },
  },
];
