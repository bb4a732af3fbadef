/** Chapter 2: computational graphs, layers, equations, and what networks can model. */
import { count, figure, formula, isTrue, type Lesson, note, offer, opened, points, quiz, text } from '../lesson';
import { unrolled } from '../number-projects';
import { batch, bumps, counting, deep, deepIdentity, kinks, layer, sigma, skip, three, titles, wide } from '../projects';

export const chapter2: readonly Lesson[] = [
  {
    id: '2.1',
    chapter: 2,
    title: 'Computational graph',
    blocks: [
      text(
        'A computational graph is a directed graph without cycles. A **node** is a mathematical operator, and every **edge** carries a value. A node computes the value of its output edges from its input edges.',
      ),
      points(
        'Nodes without input edges are input nodes: they hold given numbers.',
        'The results stand in the output nodes.',
        'A **forward pass** chooses the inputs and computes all edges, each node after those that feed it.',
      ),
      figure(
        { figure: 'graph', of: 'sigma', passes: 'forward' },
        'A forward pass, node by node. A number above an edge is its value.',
      ),
      figure({ figure: 'cycle' }, 'Try to close a circle.'),
    ],
    project: offer(sigma),
    tries: ['Guess the next value before you press “Next step”.', 'Try to connect z back to y.'],
    check: { ask: 'Walk the forward pass to its end, and try to draw a cycle.', done: (w) => isTrue(w, 'end', 'back') },
  },
  {
    id: '2.2',
    chapter: 2,
    title: 'Example: σ(w₁x + w₂y + b)',
    blocks: [
      formula('\\sigma(w_1 x + w_2 y + b), \\qquad \\sigma(x) = \\frac{1}{1 + e^{-x}}'),
      text(
        'The same computation can be drawn at several levels of detail: single operations, one neuron, one layer, or arrays with matrix operators. Each drawing below is computed by the program on its own; the numbers agree.',
      ),
      figure(
        { figure: 'levels' },
        'Four drawings of one function. With the first numbers the sum is 1.5 and the output 0.817574.',
      ),
    ],
    project: offer(sigma),
    tries: ['Step through the project in the editor: the local derivative of σ is 0.149146.'],
    check: { ask: 'Look at the function at all four levels.', done: (w) => count(w, 'levels') >= 4 },
  },
  {
    id: '2.3.1',
    chapter: 2,
    title: 'Neural network',
    blocks: [
      text(
        'An artificial neural network is a computational graph whose nodes are artificial neurons. Neurons without incoming edges form the **input layer**, neurons without outgoing edges the **output layer**.',
      ),
      figure({ figure: 'layers', skips: false }, 'A network. Which layer is each neuron in?'),
      note('A detail', 'The neurons of the input layer compute nothing: they hold the inputs.'),
    ],
    project: offer(three),
    tries: ['Find the inputs and outputs by their edges alone.'],
    check: { ask: 'Name the layer of every neuron.', done: (w) => isTrue(w, 'all') },
  },
  {
    id: '2.3.2',
    chapter: 2,
    title: 'Network layers',
    blocks: [
      text(
        'Neurons are usually organised in layers. Layers other than input and output are called **hidden**. An edge may also skip a layer. Then the layer of a neuron is the number of edges on its **longest** path from an input: before that, one of its inputs would not be known.',
      ),
      figure({ figure: 'layers', skips: true }, 'Violet edges skip a layer.'),
    ],
    project: offer(skip),
    tries: ['Look for a neuron with a short and a long path.'],
    check: { ask: 'Name the layer of every neuron in a drawing with skips.', done: (w) => isTrue(w, 'all') },
  },
  {
    id: '2.3.3',
    chapter: 2,
    title: 'Other types of networks',
    blocks: [
      text('All networks of this course are **feed-forward**: acyclic. Others are not.'),
      points(
        'Recurrent networks (RNN) feed their own output back in the next time step.',
        'LSTM networks add a memory cell that gates open and close.',
        'They suit data in time. They are more powerful, but their behaviour is complex and they are harder to train.',
      ),
      formula(
        '\\text{RNN:}\\quad \\mathbf{h}_t = g(\\mathbf{x}_t \\mathbf{W} + \\mathbf{h}_{t-1} \\mathbf{U} + \\mathbf{b}) \\qquad\\quad \\text{LSTM:}\\quad \\mathbf{c}_t = \\mathbf{f}_t \\odot \\mathbf{c}_{t-1} + \\mathbf{i}_t \\odot \\tilde{\\mathbf{c}}_t, \\quad \\mathbf{h}_t = \\mathbf{o}_t \\odot \\tanh(\\mathbf{c}_t)',
      ),
      text(
        'Here $t$ is the time, and $\\mathbf{x}_t$ and $\\mathbf{h}_t$ are rows. In the LSTM the gates $\\mathbf{f}$ (forget), $\\mathbf{i}$ (input) and $\\mathbf{o}$ (output) are sigmoids of $\\mathbf{x}_t$ and $\\mathbf{h}_{t-1}$. The memory $\\mathbf{c}$ passes from step to step through a sum, so its gradient is not squeezed by an activation each time.',
      ),
      figure({ figure: 'recurrent' }, 'A cycle, and what it means over time.'),
      text('This program refuses cycles: it needs an order in which every value is known before it is used.'),
      quiz(
        'Why can a cycle not be computed by one forward pass?',
        { text: 'It would take too long.', why: 'Time is not the problem: there is no first node to start with.' },
        { text: 'No node on it has all its inputs first.', right: true, why: 'Right: each waits for another.' },
        {
          text: 'Its weights would be shared.',
          why: 'Sharing weights is possible in an acyclic graph too; the unrolled network does it.',
        },
      ),
    ],
    project: offer(unrolled),
    tries: [
      'Unroll the network and count the copies of h.',
      'Open the project and step backwards: the weights w and u receive one contribution from every time step.',
    ],
    check: { ask: 'Unroll the network, and answer the question.', done: (w) => isTrue(w, 'unrolled', 'quiz') },
  },
  {
    id: '2.3.4',
    chapter: 2,
    title: 'Fully connected layer',
    blocks: [
      text(
        'A layer is fully connected if each of its neurons sees every neuron of the layer before. With $q$ neurons before and $r$ in the layer, its weights form a matrix of size $q \\times r$: one entry for every edge.',
      ),
      figure({ figure: 'weight-matrix' }, 'Point at an edge or at an entry: they are the same number.'),
      note(
        'Two conventions',
        'Here $\\mathbf{W}$ is $q \\times r$ and multiplies from the right: $\\mathbf{x}^t\\mathbf{W} + \\mathbf{b}$. In 3.6.20 the course writes $\\mathbf{W}\\mathbf{x} + \\mathbf{b}$ with the transposed matrix. This program shows shapes at every array, and offers both ways of writing.',
      ),
    ],
    project: offer(counting),
    tries: ['Change q and r and predict the number of entries first.'],
    check: {
      ask: 'Find an edge by its entry, and an entry by its edge.',
      done: (w) => isTrue(w, 'entry') && (isTrue(w, 'edge') || isTrue(w, 'resized')),
    },
  },
  {
    id: '2.3.5',
    chapter: 2,
    title: 'Graphical representation',
    blocks: [
      text(
        'Large networks are not drawn neuron by neuron. Data is organised into arrays, and a layer is an operator between arrays.',
      ),
      figure({ figure: 'boxes' }, 'Boxes between arrays; shapes stand below them.'),
      text(
        'In the editor a layer is one box with its shape. Opened, it becomes a weight, a product, a bias, a sum and an activation.',
      ),
    ],
    project: offer(counting),
    tries: ['Fold a layer out and in again.'],
    check: { ask: 'Fold all three layers out.', done: (w) => count(w, 'folded') === 3 },
  },
  {
    id: '2.3.6',
    chapter: 2,
    title: 'The equations of a network',
    blocks: [
      text('Written with arrays, a fully connected network is one line for each layer:'),
      formula(
        '\\mathbf{x}_i = g_i(\\mathbf{x}_{i-1}^t\\,\\mathbf{W}_i + \\mathbf{b}_i) \\quad \\text{for } i \\in \\{1, 2, 3\\}, \\qquad \\mathbf{y} = g_4(\\mathbf{x}_3^t\\,\\mathbf{W}_4 + \\mathbf{b}_4)',
      ),
      note(
        'Misprint',
        'The course prints $\\mathbf{x}_4$ in the last equation. The output layer takes what the third layer gives: $\\mathbf{x}_3$.',
      ),
      figure({ figure: 'equations' }, 'The equations of a drawing, generated by the program.'),
      text(
        'What would happen if all activation functions were the identity? Products of matrices are matrices: the whole network would collapse to one.',
      ),
    ],
    project: offer(deepIdentity),
    tries: [
      'Press the button and read the derivation.',
      'Train the project: with three layers of identities its boundary is still a straight line. Then change the activations to tanh.',
    ],
    check: { ask: 'See what is left when every g is the identity.', done: (w) => isTrue(w, 'collapsed') },
  },
  {
    id: '2.3.7',
    chapter: 2,
    title: 'Number of parameters',
    blocks: [
      text(
        'Every edge has a weight and every neuron that computes something has a bias. How many parameters does this network contain?',
      ),
      figure({ figure: 'count-quiz' }, 'Eight inputs, three hidden layers of nine neurons, four outputs.'),
      note(
        'Reconstructed',
        'The figure is missing from the course text. Among networks with three equal hidden layers and one output layer, 8-9-9-9-4 is the only one to which all four printed choices belong.',
      ),
    ],
    project: offer(counting),
    tries: ['Count weights and biases of each layer on paper first.'],
    check: { ask: 'Choose the right number.', done: (w) => isTrue(w, 'right') },
  },
  {
    id: '2.3.8',
    chapter: 2,
    title: 'Batch processing',
    blocks: [
      text(
        'To process $n$ vectors of length $p$ at the same time, write them as the rows of a matrix $\\mathbf{X}$ of size $n \\times p$. The equations stay the same, with matrices in place of vectors:',
      ),
      formula(
        '\\mathbf{X}_i = g_i(\\mathbf{X}_{i-1}\\,\\mathbf{W}_i + \\mathbf{b}_i), \\qquad \\mathbf{Y} = g_4(\\mathbf{X}_3\\,\\mathbf{W}_4 + \\mathbf{b}_4)',
      ),
      note('Misprint', 'Here too the course prints $\\mathbf{X}_4$ where $\\mathbf{X}_3$ is meant.'),
      figure({ figure: 'batch-rows' }, 'A batch gives the same numbers as its rows one by one.'),
      text('It is faster on parallel hardware, and batches play a role in training, as section 3.5.6 shows.'),
    ],
    project: offer(batch),
    tries: ['Open any project with data, come back and time it.'],
    check: {
      ask: 'Change the number of rows; the difference stays 0.',
      done: (w) => count(w, 'rows') > 0 || isTrue(w, 'measured'),
    },
  },
  {
    id: '2.3.9',
    chapter: 2,
    title: 'From neurons to arrays',
    blocks: [
      text(
        'Neurons are organised into arrays of 0, 1, 2, 3 or more axes. A neural network can then be seen as a computational graph that processes arrays.',
      ),
      figure({ figure: 'shapes' }, 'Arrays as blocks; and a product whose shapes may or may not meet.'),
      text(
        'The editor checks shapes while you draw. A mistake is shown at the node where the shapes do not meet, not somewhere behind it.',
      ),
    ],
    project: offer(layer),
    tries: ['Make the product legal, then illegal again.'],
    check: { ask: 'See one product that is refused and one that is accepted.', done: (w) => isTrue(w, 'mismatch', 'match') },
  },
  {
    id: '2.4.1',
    chapter: 2,
    title: 'A composition of differentiable functions',
    blocks: [
      text(
        'A network is a composition of functions. Each is differentiable almost everywhere, so the network is too, and it can be optimised by gradient descent.',
      ),
      figure({ figure: 'composition' }, 'A network of one input and five hidden neurons. Kinks are where a ReLU switches.'),
      text(
        'A gradient check compares the chain rule with a difference quotient. At a kink the two slopes differ, so such points are skipped and reported.',
      ),
    ],
    project: offer(kinks),
    tries: ['Compare ReLU with tanh.', 'Put x exactly on a kink.'],
    check: { ask: 'Check the gradient everywhere.', done: (w) => isTrue(w, 'checked') },
  },
  {
    id: '2.4.2',
    also: '2.4.3',
    chapter: 2,
    title: 'Universal approximation theorem',
    blocks: [
      text(
        'Let $f$ be a continuous real function on $[0,1]^p$, $\\epsilon > 0$, and $g$ a continuous, non-constant, bounded, increasing activation. Then there are an integer $q$, vectors $\\mathbf{w}_i$ and reals $b_i, v_i$ such that for all $\\mathbf{x}$:',
      ),
      formula('\\left| f(\\mathbf{x}) - \\sum_{i=1}^{q} v_i\\, g(\\mathbf{w}_i \\mathbf{x} + b_i) \\right| < \\epsilon'),
      text('Cybenko showed it in 1989 for sigmoids, Hornik in 1991 in this form.'),
      note('A caution', 'The course does not say that $g$ must be continuous. The theorem is usually stated with it.'),
      text(
        '**What it means (2.4.3).** $f$ is approached by a network with an input layer of size $p$, a hidden layer of $q$ neurons, and one output neuron with weights $v_i$ and the identity as its activation.',
      ),
      figure(
        { figure: 'bench' },
        'Grey: f. Green: the band of ε. Violet: the network. Thin: each neuron’s share. Red: the largest error.',
      ),
    ],
    project: offer(bumps),
    tries: ['Draw a function of your own.', 'Halve ε and see how many neurons more you need.'],
    check: { ask: 'Get inside a band of ε ≤ 0.05.', done: (w) => isTrue(w, 'tight') },
  },
  {
    id: '2.4.4',
    chapter: 2,
    title: 'The theorem in practice',
    blocks: [
      points(
        'The number of neurons grows very rapidly with the complexity of the function.',
        'Experience shows that several layers give better results than one wide layer.',
        'When learning, $f$ is known at a finite number of points only.',
      ),
      figure(
        { figure: 'bench-practice' },
        'Two experiments in the page; the third one, deep against wide, is a pair of projects.',
      ),
      text(
        'Train both projects on the spiral. Each has 109 parameters, in one wide layer or in three narrow ones. Compare their losses after the same number of epochs, and try several seeds before you believe a difference.',
      ),
    ],
    project: offer(wide),
    more: [offer(deep)],
    tries: ['Read how q grows with 1/ε for three functions.', 'In the second experiment, add neurons, then add samples.'],
    check: {
      ask: 'Do the experiment with a finite sample, using 20 samples or more.',
      done: (w) => isTrue(w, 'sample', 'many') || ((opened(w, titles.wide) || opened(w, titles.deep)) && w.epoch >= 50),
    },
  },
];
