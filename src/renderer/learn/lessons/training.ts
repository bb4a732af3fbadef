/** Chapter 3, first part: the loss, and gradient descent in its forms (3.1–3.5). */
import { count, figure, formula, isTrue, type Lesson, note, offer, opened, points, text } from '../lesson';
import { logistic } from '../number-projects';
import { batch, overfit, parabola, plane, sigma, titles, unbounded } from '../projects';

export const training: readonly Lesson[] = [
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
    project: offer(sigma),
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
    project: offer(plane),
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
    project: offer(unbounded),
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
    project: offer(sigma),
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
    project: offer(logistic),
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
    project: offer(batch),
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
    project: offer(parabola),
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
    project: offer(parabola),
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
    project: offer(overfit),
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
    project: offer(batch),
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
    project: offer(batch),
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
    project: offer(batch),
    tries: ['Set m to 20, then to 1, then to something between.', 'Choose m = 6 and look at the last batch.'],
    check: {
      ask: 'Run three epochs each with m = n, with m = 1, and with something between.',
      done: (w) => isTrue(w, 'ran full', 'ran one', 'ran some'),
    },
  },
];
