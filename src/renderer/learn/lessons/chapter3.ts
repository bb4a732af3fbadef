/** Chapter 3: losses, gradient descent, backpropagation, matrix calculus, initialisation. */
import { courseExercises } from '../../../engine/teach/course-exercises';
import { count, figure, formula, isTrue, type Lesson, note, opened, points, quiz, text } from '../lesson';
import { batch, layer, overfit, parabola, sigma, titles, unbounded, zero } from '../projects';

const exercise = (id: string): NonNullable<Lesson['project']> => {
  const { project } = courseExercises.find((e) => e.id === id)!;
  return { title: project.settings.title, make: () => project };
};
const RECONSTRUCTED = note(
  'Reconstructed',
  'The figures of the exercises are missing from the course text, as is choice A. These drawings make all the surviving choices meaningful.',
);

export const chapter3: readonly Lesson[] = [
  {
    id: '3.1',
    chapter: 3,
    title: 'Introduction: the parameters θ',
    blocks: [
      text(
        'A network has many parameters, $\\theta = (\\mathbf{W}_i, \\mathbf{b}_i)$. Training is the search for good values. First we must say what “good” means, then how to search.',
      ),
      figure({ figure: 'parameters' }, 'The same numbers in the drawing and in a table, with the loss they give.'),
    ],
    tries: ['Make the loss smaller by changing the parameter with the largest derivative, against its sign.'],
    check: { ask: 'Change one parameter in the table and one in the drawing.', done: (w) => isTrue(w, 'table', 'drawing') },
  },
  {
    id: '3.2',
    chapter: 3,
    title: 'Supervised learning problem',
    blocks: [
      text(
        'The training set holds $n$ samples $(\\mathbf{x}_i, y_i)$. For regression $y_i$ is a number, for two classes it is 0 or 1. We choose a loss $l$ and a family of functions $f_\\theta$, and look for the $\\theta$ that minimises the mean:',
      ),
      formula('\\frac{1}{n} \\sum_{i=1}^{n} l\\bigl(f_\\theta(\\mathbf{x}_i), y_i\\bigr)'),
      figure({ figure: 'risk' }, 'Eight samples and a line. Orange: the errors.'),
      note(
        'One order of arguments',
        'Here the course writes $l(f(\\mathbf{x}), y)$, in 3.5.4 $l(y, f(\\mathbf{x}))$. This program always puts the prediction first.',
      ),
    ],
    tries: ['Add up the losses of the table and divide by 8.', 'Turn the penalty on: the best w becomes smaller.'],
    check: { ask: 'Bring the mean loss below 0.1.', done: (w) => w.facts['mean'] !== undefined && count(w, 'mean') < 0.1 },
  },
  {
    id: '3.3.1',
    chapter: 3,
    title: 'Choosing a loss function',
    blocks: [
      text('The loss depends on the problem: numbers or classes. It also has to fit the last activation.'),
      figure({ figure: 'advisor' }, 'Choose a task, an activation and a loss; the program comments.'),
    ],
    project: { title: titles.unbounded, make: unbounded },
    tries: ['Read the warning, and cure it with one click.', 'Find the choice for several classes.'],
    check: {
      ask: 'See the warning about cross-entropy on an unbounded output, and cure it.',
      done: (w) =>
        isTrue(w, 'warned', 'cured') ||
        (opened(w, titles.unbounded) && w.sound && w.project.nodes['output']?.attrs['activation'] === 'sigmoid'),
    },
  },
  {
    id: '3.3.2',
    chapter: 3,
    title: 'Squared error loss',
    blocks: [
      formula(
        'l\\bigl(f_\\theta(x), y\\bigr) = \\bigl(f_\\theta(x) - y\\bigr)^2, \\qquad \\frac{\\partial l}{\\partial f} = 2\\,(f - y)',
      ),
      figure({ figure: 'loss-curve', loss: 'squared' }, 'For f = 0.817574 and y = 1 the loss is 0.033279.'),
      note(
        'With or without ½',
        'TensorFlow Playground and others use $\\tfrac12 (f - y)^2$. Their gradients are half of those here. When you compare numbers, look at this first.',
      ),
    ],
    tries: ['Double the error: the loss grows fourfold, the slope twofold.'],
    check: {
      ask: 'Look at a prediction that is off by 1.5 or more, and at the loss with ½.',
      done: (w) => isTrue(w, 'far', 'half'),
    },
  },
  {
    id: '3.3.3',
    chapter: 3,
    title: 'Binary cross-entropy',
    blocks: [
      formula(
        'l(f, y) = -y \\log f - (1 - y)\\log(1 - f) = \\begin{cases} -\\log(1 - f) & \\text{if } y = 0 \\\\ -\\log f & \\text{if } y = 1 \\end{cases}',
      ),
      text(
        'For this to make sense, $f$ must lie in ]0, 1[. A sigmoid as last activation sees to that. The derivative with respect to the sum before it is simply $f - y$.',
      ),
      figure({ figure: 'loss-curve', loss: 'cross-entropy' }, 'For a sum of 1.5: f = 0.817574; with y = 1 the loss is 0.201413.'),
    ],
    tries: ['Be confidently wrong: the loss has no upper bound.', 'Compare the two ways of computing it at ±1000.'],
    check: { ask: 'Look at both classes, and go far out to |s| > 5.', done: (w) => isTrue(w, 'one', 'zero', 'far') },
  },
  {
    id: '3.4',
    chapter: 3,
    title: 'How to minimise the loss?',
    blocks: [
      text(
        'The loss is a function of all parameters: a landscape. Its **gradient** collects the partial derivatives. It points uphill, straight across the contours, so we walk against it.',
      ),
      formula(
        '\\nabla L(x) = \\begin{pmatrix} \\frac{\\partial L}{\\partial x_1}(x) \\\\ \\vdots \\\\ \\frac{\\partial L}{\\partial x_n}(x) \\end{pmatrix}',
      ),
      figure({ figure: 'surface', show: 'gradient' }, 'The loss of a line w·x + b over its two parameters. Red: −∇L.'),
    ],
    tries: ['Find the point where the gradient vanishes.', 'Compare its components with the difference quotients.'],
    check: { ask: 'Drag the point over the landscape.', done: (w) => isTrue(w, 'moved') },
  },
  {
    id: '3.5.1',
    chapter: 3,
    title: 'Gradient descent, scalar case',
    blocks: [
      text('With one parameter: stand at $\\theta_t$, look at the slope, take a step against it.'),
      formula("\\theta_{t+1} = \\theta_t - \\eta\\, L'(\\theta_t)"),
      figure({ figure: 'ball', bound: false }, 'L = θ² from θ₀ = 1. With η = 0.1: 0.8, 0.64, …'),
      points(
        '$\\eta = 0.1$: the ball rolls down.',
        '$\\eta = 1$: it jumps from 1 to −1 and back, for ever.',
        '$\\eta = 1.1$: it climbs: −1.2, 1.44, …',
      ),
    ],
    project: { title: titles.parabola, make: parabola },
    tries: ['Try the three rates.', 'In two hollows, where you end depends on where you start.'],
    check: { ask: 'See it fall, oscillate and diverge.', done: (w) => isTrue(w, 'falls', 'oscillates', 'diverges') },
  },
  {
    id: '3.5.2',
    chapter: 3,
    title: 'Gradient descent: “small enough”',
    blocks: [
      text('For a differentiable $L$, a learning rate $\\eta > 0$ and a start $\\boldsymbol\\theta_0$:'),
      formula(
        '\\forall t \\in \\mathbb{N}: \\quad \\boldsymbol\\theta_{t+1} = \\boldsymbol\\theta_t - \\eta\\, \\nabla L(\\boldsymbol\\theta_t)',
      ),
      text(
        '**Property.** For a given $t$, if $\\eta$ is small enough, then $L(\\boldsymbol\\theta_{t+1}) \\leq L(\\boldsymbol\\theta_t)$. How small is that? For $L = c\\,\\theta^2$ it is $\\eta \\leq 1/c$.',
      ),
      figure({ figure: 'ball', bound: true }, 'Every step is checked; red steps broke the property.'),
      note(
        'A caution',
        'The property needs a smooth $L$. On $|\\theta|$ no fixed rate is small enough near the kink, and with ReLU the same can happen at a point.',
      ),
    ],
    tries: ['Go 5 % above the bound and take one step.', 'On |θ|, find a rate that works at first and fails later.'],
    check: { ask: 'See the property hold below the bound, and fail above it.', done: (w) => isTrue(w, 'holds', 'violated') },
  },
  {
    id: '3.5.3',
    chapter: 3,
    title: 'Stopping criteria',
    blocks: [
      points(
        'Choose the number of epochs $E$ from experience.',
        'Or watch the loss on **validation** data, which is not trained on, and stop when it no longer improves.',
      ),
      figure(
        { figure: 'early-stopping' },
        'A small network trained on ten noisy points, here in the page. Its training loss goes on falling after the validation loss has begun to rise.',
      ),
      text(
        'Patience is the number of epochs to wait for an improvement. Afterwards the weights of the best epoch are restored, not the last ones.',
      ),
    ],
    project: { title: titles.overfit, make: overfit },
    tries: ['Train, then change the patience.', 'Compare the solid and the dashed curve.'],
    check: { ask: 'Train, and let patience stop the run.', done: (w) => isTrue(w, 'trained', 'stopped') },
  },
  {
    id: '3.5.4',
    chapter: 3,
    title: 'Towards stochastic gradient descent',
    blocks: [
      text(
        'The loss is a mean over the whole training set. If $n$ is very large, one gradient takes long, and after it the parameters are updated only once.',
      ),
      figure({ figure: 'gradient-cost' }, 'Time of one full gradient, measured on this machine.'),
    ],
    tries: ['Read how many updates small batches would have made in the same time.'],
    check: { ask: 'Measure the time of a full gradient.', done: (w) => isTrue(w, 'measured') },
  },
  {
    id: '3.5.5',
    chapter: 3,
    title: 'Stochastic gradient descent',
    blocks: [
      text(
        'In stochastic gradient descent the parameters are updated after **each sample**: compute its loss, its gradient, take a step.',
      ),
      formula(
        'L(\\boldsymbol\\theta_t) = l\\bigl(f(\\mathbf{x}_i, \\boldsymbol\\theta_t), y_i\\bigr), \\qquad \\boldsymbol\\theta_{t+1} = \\boldsymbol\\theta_t - \\eta\\,\\nabla L(\\boldsymbol\\theta_t)',
      ),
      figure({ figure: 'surface', show: 'sgd' }, 'Solid: one sample an update. Dashed: all samples an update.'),
      text(
        'There are $n$ updates in an epoch instead of one. The path is noisy, because each sample pulls its own way; a smaller $\\eta$ than in gradient descent keeps it near the minimum.',
      ),
    ],
    tries: ['Run three epochs and count the updates.', 'Lower η and look at the noise around the minimum.'],
    check: { ask: 'Run three epochs or more with one sample an update.', done: (w) => isTrue(w, 'ran one') },
  },
  {
    id: '3.5.6',
    chapter: 3,
    title: 'Mini-batch processing',
    blocks: [
      text(
        'An intermediate solution: subsets of $m$ samples, $m < n$. It smooths the path compared with one sample at a time, and uses parallel hardware well.',
      ),
      figure({ figure: 'surface', show: 'batch' }, 'Orange: the gradients of single samples at the start; red: their mean.'),
      text(
        'With $m = n$ it is gradient descent, with $m = 1$ stochastic gradient descent, exactly. When $n$ is no multiple of $m$, the last batch of an epoch is smaller and counts with its own mean.',
      ),
    ],
    project: { title: titles.batch, make: batch },
    tries: ['Set m to 20, then to 1, then to something between.', 'Choose m = 6 and look at the last batch.'],
    check: {
      ask: 'Run three epochs each with m = n, with m = 1, and with something between.',
      done: (w) => isTrue(w, 'ran full', 'ran one', 'ran some'),
    },
  },
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
    project: { title: titles.sigma, make: sigma },
    tries: ['Finish the forward pass: all local derivatives are there, no gradient yet.'],
    check: { ask: 'See the local derivatives, then walk the backward pass.', done: (w) => isTrue(w, 'locals', 'backward') },
  },
  {
    id: '3.6.5',
    chapter: 3,
    title: 'Simple backpropagation example',
    blocks: [
      formula(
        'x \\xrightarrow{\\;\\frac{\\partial y}{\\partial x}\\;} y \\xrightarrow{\\;\\frac{\\partial z}{\\partial y}\\;} z \\xrightarrow{\\;\\frac{\\partial l}{\\partial z}\\;} l',
      ),
      text('Start with $\\frac{\\partial l}{\\partial l} = 1$ and go from right to left. Each line uses the one before it:'),
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
        "Let $\\delta$ be the gradient at the sum, after it has passed back through $g$: $\\delta = \\frac{\\partial l}{\\partial y}\\, g'(s)$. A sum hands it on unchanged; a product multiplies it with the **other** factor:",
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
    chapter: 3,
    title: 'Exercise 1',
    blocks: [
      text(
        'A first exercise. Choose, type, or fill in every edge; a wrong answer tells you which mistake leads to it. The solution (3.6.8) is one press away.',
      ),
      figure({ figure: 'exercise', ids: ['1', '1-fan-out'] }, 'Two readings of the missing figure.'),
      RECONSTRUCTED,
    ],
    tries: ['Give each wrong answer once and read why it is wrong.', 'Then take new numbers.'],
    check: { ask: 'Solve the exercise.', done: (w) => isTrue(w, 'solved') },
  },
  {
    id: '3.6.9',
    chapter: 3,
    title: 'Exercise 2',
    blocks: [
      text('A neuron without activation: a product, a sum, a loss. (Its solution is 3.6.10 of the course.)'),
      figure({ figure: 'exercise', ids: ['2'] }, 'w = 0.75, x = 2, b = −0.5, target 2.'),
      RECONSTRUCTED,
    ],
    tries: ['Fill in all edges: ∂l/∂w = −4 and ∂l/∂b = −2 are among them.'],
    check: { ask: 'Solve the exercise.', done: (w) => isTrue(w, 'solved') },
  },
  {
    id: '3.6.11',
    chapter: 3,
    title: 'Exercise 3',
    blocks: [
      text(
        'Now with an activation. ReLU is a gate: open, it lets the gradient through; closed, nothing passes. (Its solution is 3.6.12.)',
      ),
      figure({ figure: 'exercise', ids: ['3', '3-dead'] }, 'The gate open, and closed.'),
      RECONSTRUCTED,
    ],
    tries: ['Look at the closed gate: every gradient behind it is 0.'],
    check: { ask: 'Solve the exercise with the open gate.', done: (w) => isTrue(w, 'solved') },
  },
  {
    id: '3.6.13',
    chapter: 3,
    title: 'Exercise 4',
    blocks: [
      text(
        'Here $x$ feeds two edges. Along a path one multiplies; where paths meet again, one **adds**. (Its solution is 3.6.14.)',
      ),
      figure({ figure: 'exercise', ids: ['4'] }, 'Two paths from x to the loss: −2.25 and 0.75.'),
      RECONSTRUCTED,
      text('And as many more as you like, from any drawing of single numbers:'),
      figure({ figure: 'own-exercise' }, 'Exercises from a seed, and sets for a class.'),
    ],
    tries: [
      'Walk the solution to its end: the bars of the two paths add up.',
      'Draw something of your own and practise with it.',
    ],
    check: { ask: 'Solve exercise 4.', done: (w) => isTrue(w, 'solved Exercise 4') },
  },
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
    tries: ['Choose a block and find its only number that is not zero.', 'Make X as large as an image.'],
    check: { ask: 'See what the array would weigh for matrices of side 256 or more.', done: (w) => count(w, 'size') >= 256 },
  },
  {
    id: '3.6.17',
    chapter: 3,
    title: 'Backpropagation through an activation',
    blocks: [
      text(
        'To compute the full array is impractical. But $Y_{i,j} = g(X_{i,j})$ depends on $X_{i,j}$ only, so all other entries are zero and the sum over the blocks collapses:',
      ),
      formula("\\frac{\\partial L}{\\partial \\mathbf{X}} = \\frac{\\partial L}{\\partial \\mathbf{Y}} \\odot g'(\\mathbf{X})"),
      figure({ figure: 'jacobian', of: 'activation' }, 'Coloured: what is not zero.'),
      text(
        "$\\odot$ is the term-by-term, or Hadamard, product. The shorthand $\\frac{\\partial \\mathbf{Y}}{\\partial \\mathbf{X}} = g'(\\mathbf{X})$ (3.6.18) means exactly this.",
      ),
    ],
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
        'The course writes $\\frac{\\partial \\mathbf{T}}{\\partial \\mathbf{X}} = \\mathbf{Y}^t$ and $\\frac{\\partial \\mathbf{T}}{\\partial \\mathbf{Y}} = \\mathbf{X}^t$. That hides the order: the first multiplies from the right, the second from the left. The shapes leave no other choice.',
      ),
      figure({ figure: 'jacobian', of: 'product' }, 'T = XY with X 2 × 3 and Y 3 × 2.'),
    ],
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
    project: { title: titles.layer, make: layer },
    tries: ['Check ∂L/∂W = (1, 1)ᵗ (1, −2) by hand.', 'Make one sum negative and see its row of ∂L/∂W vanish.'],
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
    project: { title: titles.zero, make: zero },
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
    ],
    tries: ['Change the width n: only √(2/n) stays level with ReLU.', 'Draw other weights: orders of magnitude stay.'],
    check: { ask: 'Compare ReLU with the sigmoid.', done: (w) => isTrue(w, 'sigmoid') },
  },
];
