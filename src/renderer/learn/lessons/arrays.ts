/** Chapter 3, third part: derivatives of arrays, and how weights are initialised (3.6.15–3.7). */
import { count, figure, formula, isTrue, type Lesson, note, offer, points, text } from '../lesson';
import { arrayActivation, arrayProduct, mazur } from '../number-projects';
import { layer, ten, zero } from '../projects';

export const arrays: readonly Lesson[] = [
  {
    id: '3.6.15',
    chapter: 3,
    title: 'Vector calculus',
    blocks: [
      text(
        'Let $L: \\mathbb{R}^n \\to \\mathbb{R}$ and $V: \\mathbb{R}^n \\to \\mathbb{R}^m$ be differentiable. The derivative of $L$ is a row of $n$ numbers; that of $V$, its **Jacobian**, is an $m \\times n$ matrix.',
      ),
      figure({ figure: 'calculus-shapes' }, 'Shapes and numbers at x = (1, 0.5, 0, …).'),
    ],
    project: offer(layer),
    tries: ['Set m = 1: the Jacobian becomes a gradient.'],
    check: { ask: 'Change n and m.', done: (w) => isTrue(w, 'n', 'm') },
  },
  {
    id: '3.6.16',
    chapter: 3,
    title: 'Matrix calculus',
    blocks: [
      text(
        'A function $\\mathcal{M}$ takes a matrix of size $(m, n)$ and gives one of size $(p, q)$. Each of its $p\\,q$ elements has a derivative by each of $m\\,n$ numbers. Together they form an array of size $(m, n, p, q)$.',
      ),
      note('Misprint', 'The course writes $\\mathbf{X} \\mapsto \\mathcal{M}(M)$; it means $\\mathcal{M}(\\mathbf{X})$.'),
      figure({ figure: 'jacobian', of: 'function' }, 'The array as blocks, for tanh of a 2 × 3 matrix.'),
    ],
    project: offer(arrayActivation),
    tries: ['Choose a block and find its only number that is not zero.', 'Make X as large as an image.'],
    check: { ask: 'See what the array would weigh for matrices of side 256 or more.', done: (w) => count(w, 'size') >= 256 },
  },
  {
    id: '3.6.17',
    also: '3.6.18',
    chapter: 3,
    title: 'Backpropagation through an activation',
    blocks: [
      text(
        'To compute the full array is impractical. But $Y_{i,j} = g(X_{i,j})$ depends on $X_{i,j}$ only, so all other entries are zero and the sum over the blocks collapses:',
      ),
      formula("\\frac{\\partial L}{\\partial \\mathbf{X}} = \\frac{\\partial L}{\\partial \\mathbf{Y}} \\odot g'(\\mathbf{X})"),
      figure({ figure: 'jacobian', of: 'activation' }, 'Coloured: what is not zero.'),
      text(
        "$\\odot$ is the term-by-term, or Hadamard, product. The shorthand $\\partial \\mathbf{Y} / \\partial \\mathbf{X} = g'(\\mathbf{X})$ (3.6.18) means exactly this.",
      ),
    ],
    project: offer(arrayActivation),
    tries: ['Compare both ways of computing: same result, fewer multiplications.'],
    check: { ask: 'Collapse the contraction to a Hadamard product.', done: (w) => isTrue(w, 'collapsed') },
  },
  {
    id: '3.6.19',
    chapter: 3,
    title: 'Backpropagation through a matrix product',
    blocks: [
      text('For $\\mathbf{T} = \\mathbf{X}\\mathbf{Y}$ the blocks have a pattern too, and the contraction becomes a product:'),
      formula(
        '\\frac{\\partial L}{\\partial \\mathbf{X}} = \\frac{\\partial L}{\\partial \\mathbf{T}}\\,\\mathbf{Y}^t, \\qquad \\frac{\\partial L}{\\partial \\mathbf{Y}} = \\mathbf{X}^t\\,\\frac{\\partial L}{\\partial \\mathbf{T}}',
      ),
      note(
        'The course’s shorthand',
        'The course writes $\\partial \\mathbf{T} / \\partial \\mathbf{X} = \\mathbf{Y}^t$ and $\\partial \\mathbf{T} / \\partial \\mathbf{Y} = \\mathbf{X}^t$. That hides the order: the first multiplies from the right, the second from the left. The shapes leave no other choice.',
      ),
      figure({ figure: 'jacobian', of: 'product' }, 'T = XY with X 2 × 3 and Y 3 × 2.'),
    ],
    project: offer(arrayProduct),
    tries: ['Write the shapes below each factor and see that only one order fits.'],
    check: { ask: 'Look at both derivatives, and collapse one.', done: (w) => isTrue(w, 'Y', 'collapsed') },
  },
  {
    id: '3.6.20',
    chapter: 3,
    title: 'Through a fully connected layer',
    blocks: [
      text(
        'All together, in the column convention $\\mathbf{t} = \\mathbf{W}\\mathbf{x} + \\mathbf{b}$, $\\mathbf{y} = g(\\mathbf{t})$:',
      ),
      figure({ figure: 'layer-gradients' }, 'x = (1, −2), ReLU, target z = (2, 0), squared error.'),
      note(
        'Misprint',
        'The course calls the output $\\mathbf{z}$ in one line and $\\mathbf{y}$ in the others. They are the same; here $\\mathbf{z}$ is the target.',
      ),
    ],
    project: offer(layer),
    more: [offer(mazur)],
    tries: [
      'Check ∂L/∂W = (1, 1)ᵗ (1, −2) by hand.',
      'Make one sum negative and see its row of ∂L/∂W vanish.',
      'Step through Mazur’s network, often computed by hand: one step brings its loss from 0.298371 to 0.291028.',
    ],
    check: { ask: 'Walk to the backward pass.', done: (w) => isTrue(w, 'backward') },
  },
  {
    id: '3.7.1',
    chapter: 3,
    title: 'Initialisation of the parameters',
    blocks: [
      text(
        'Before training, every parameter needs a value. The inputs of activation functions should lie where gradients are large.',
      ),
      points(
        'Biases are set to zero.',
        'If the weights were zero too, all neurons of a layer would stay equal: they get the same inputs, the same gradients, the same updates. **Symmetry is never broken.**',
        'So weights are drawn from a Gaussian with a small standard deviation.',
      ),
      figure(
        { figure: 'symmetry' },
        'A 2-4-1 network on XOR. Left the loss, right the largest difference between hidden neurons.',
      ),
    ],
    project: offer(zero),
    tries: ['Start from 0, from equal weights, and from random ones.'],
    check: { ask: 'Run 1,000 steps from zero and 1,000 from random weights.', done: (w) => isTrue(w, 'zero', 'random') },
  },
  {
    id: '3.7.2',
    chapter: 3,
    title: 'Initialisation: current practice',
    blocks: [
      text(
        'How small is “small”? If the deviation is too large, activations grow from layer to layer; if it is too small, they die out. With $n$ inputs to a neuron:',
      ),
      points(
        'A common heuristic is $1/\\sqrt{n}$.',
        'For ReLU, He and others recommend $\\sqrt{2/n}$: half of the inputs are cut off, so the variance must be doubled.',
      ),
      note(
        'Misprint',
        'The course prints $2/\\sqrt{n}$ for He et al. That is $\\sqrt{2}$ times too large: the mean square doubles with every ReLU layer. For $n = 9$ it is 0.667 instead of 0.471.',
      ),
      note(
        'A caution',
        'Glorot and Bengio’s own normalised form is $\\sqrt{2/(n_{in} + n_{out})}$; $1/\\sqrt{n}$ is the heuristic that they start from.',
      ),
      figure({ figure: 'initialisation' }, 'Mean square activation after each of ten layers, for inputs of mean square 1.'),
      text(
        'Here the course ends. You have seen what a neuron computes, what networks can model, how the chain rule finds every derivative, and how descent uses them. Its next step is images: open the example “Handwritten digits” on the start page.',
      ),
    ],
    project: offer(ten),
    tries: ['Change the width n: only √(2/n) stays level with ReLU.', 'Draw other weights: orders of magnitude stay.'],
    check: { ask: 'Compare ReLU with the sigmoid.', done: (w) => isTrue(w, 'sigmoid') },
  },
];
