/**
 * Every number that the course promises, by page: what is done there, and what then stands there. The window is
 * read in course-pages.spec.ts; tests/docs/course-rows.test.ts sees to it that no row of the course is forgotten.
 */
import type { Sheet } from './course-sheet';

/** What is done on a page, and what stands there afterwards; a page may have several such moments. */
export type Moment = readonly [act: ((sheet: Sheet) => Promise<void>) | null, ...words: (string | RegExp)[]];

export const PAGES: Readonly<Record<string, readonly Moment[]>> = {
  '1.1': [
    [null, 'Net input 4 − 2 = 2', 'no signal'],
    [(s) => s.slide('Threshold', 'Home', 1), /larger than 1:\s*the neuron fires/],
  ],
  '1.2': [
    [(s) => s.choose('XOR').then(() => s.press('Try all units')), /None of the \d+ different units computes XOR/],
    [(s) => s.choose('NOT').then(() => s.press('Try all units')), /Found one among \d+/, 'This unit computes NOT.'],
  ],
  '1.3': [[null, 'Sum 1 + 0.25 + 0.25 = 1.5', '0.817574']],
  '1.4': [
    [null, '8 of 8 sums give a signal, with 8 different values'],
    [(s) => s.choose('step'), /4 of 8 sums give a signal, with 2 different values/],
    [(s) => s.choose('ReLU'), /4 of 8 sums give a signal, with 5 different values/],
  ],
  '1.5.1': [[null, 'g(0) = 0', 'g′(0) = undefined', /0\s*0\s*undefined/, /0⁺\s*1\s*0/]],
  '1.5.2': [[null, 'g(0) = 0.5', 'g′(0) = 0.25', /6\s*0\.997527\s*0\.002467/, /1000\s*1\s*0/]],
  '1.5.3': [[null, 'g(0) = 0', 'g′(0) = 1', /3\s*0\.995055\s*0\.009866/]],
  '1.5.4': [[null, /−1\s*0\s*0/, /0\s*0\s*0/, /1\s*1\s*1/]],
  '1.6': [
    [null, '75.0 % of 8 points', /normal to the line/],
    // The line is drawn with the pointer: it goes through the place where it is let go, and only b has changed.
    [(s) => s.drag([0.46, 0.57], [0.6, 0.4]), /w₁\s*0\.6/, /w₂\s*0\.8/, /b\s*−1\.\d/],
  ],
  '1.7': [
    [
      async (s) => {
        const plot = s.article.locator('figure svg').first();
        const box = (await plot.boundingBox())!;
        await plot.click({ position: { x: box.width * 0.8, y: box.height * 0.2 } });
      },
      /signed distance .* the neuron says 1/,
    ],
  ],
  '1.8': [
    [null, 'of 200 points'],
    [(s) => s.press('Search the best line'), /right for (100\.0|9[5-9]\.\d) %/, 'The clouds lie apart'],
    [(s) => s.slide('noise', 'End').then(() => s.press('Search the best line')), /right for 9[0-8]\.\d %/, 'the clouds overlap'],
  ],
  '1.9': [
    [
      (s) => s.press('Search the best line'),
      /The best of all lines is right for 6[5-9]\.\d %/,
      'the disc would need a closed curve',
      'Done',
    ],
  ],
  '1.10': [[null, 'right with 3 neurons', 'In the middle 3 of 3 lines say 1']],
  '1.11': [
    [null, '0.817574'],
    [(s) => s.choose('Compact'), '0.817574'],
  ],
  '1.12': [[null, '0.817574']],
  '2.1': [
    [(s) => s.press('Finish this pass'), /s\s*1\.5/, /f\s*0\.817574/],
    [(s) => s.press('Connect z back to y'), 'Refused', 'would make a circle'],
  ],
  '2.2': [[null, /Scalars\s*0\.817574/, /Neuron\s*0\.817574/, /Layer\s*0\.817574/, /Matrix\s*0\.817574/, '0.149146']],
  // The layer stands under the number of each neuron.
  '2.3.1': [[(s) => s.press('Show the layers'), /3\s*input/, /7\s*hidden 2/, /9\s*output/]],
  '2.3.2': [[(s) => s.press('Show the layers'), /3\s*input/, /7\s*hidden 2/, /9\s*output/]],
  '2.3.3': [
    [null, 'so this program refuses the cycle'],
    [(s) => s.choose('Unrolled over time'), 'The graph is acyclic'],
  ],
  '2.3.4': [[null, 'W has 3 × 2 = 6 entries']],
  '2.3.5': [[null, '81 parameters', '90 parameters', '40 parameters']],
  '2.3.6': [[(s) => s.press('What if all activations are the identity?'), '4 layers, and all that is left is one matrix']],
  '2.3.7': [
    [null, /A\s*270/, /B\s*274/, /C\s*301/, /D\s*39/],
    [(s) => s.press(/B\s*274/), 'one bias for each of the 4 layers'],
    [(s) => s.press(/D\s*39/), /neurons/],
    [(s) => s.press(/C\s*301/), /all\s*270\s*31\s*301/],
  ],
  '2.3.8': [[null, 'the whole batch: 0.']],
  '2.3.9': [[null, /the inner axes differ/]],
  '2.4.1': [
    [null, /Chain rule: f′ = (−?[\d.]+)\s*Difference quotient: \1/],
    [(s) => s.press('Check the gradient everywhere'), /240 points checked, largest difference \d(\.\d)?e−1\d/, 'kinks skipped'],
  ],
  '2.4.2': [[(s) => s.press('Find the smallest q'), 'inside the band', /The smallest q of this method is \d+/]],
  '2.4.4': [
    [null, /0\.02\s*\d+\s*\d+\s*\d+/],
    [(s) => s.choose('A finite sample'), 'Largest error at the samples'],
  ],
  '3.1': [[null, 'Loss 0.03328', /w₁\s*−0\.1088/]],
  '3.2': [[null, /Sum of the losses 1\.3479, divided by 8: mean 0\.16849/]],
  '3.3.1': [
    [null, 'expects probabilities between 0 and 1'],
    [(s) => s.press('Put a sigmoid there'), 'Done'],
  ],
  '3.3.2': [[null, /l\s*0\.033279/, '−0.36485']],
  '3.3.3': [[null, '0.201413', '−0.182426', /−1000\s*∞\s*1000/, /1000\s*0\s*0/]],
  '3.4': [[null, /∂L\/∂w\s*(\S+)\s*\1/, /∂L\/∂b\s*(\S+)\s*\1/]],
  '3.5.1': [
    [(s) => s.presses('Step', 'Step'), /1\s*0\.8\s*0\.64/, /2\s*0\.64\s*0\.4096/],
    [(s) => s.presses('Start over', 'η = 1', 'Ten steps'), /10\s*1\s*1/],
    [(s) => s.presses('Start over', 'η = 1.1', 'Step', 'Step'), /1\s*−1\.2\s*1\.44/, /2\s*1\.44/],
  ],
  '3.5.2': [
    [null, 'the largest η for which L does not rise is 1', 'η = 0.1 is safe'],
    [(s) => s.presses('Ten steps'), /10\s*0\.107\d+\s*0\.0115\d*\s*yes/],
    [(s) => s.press('Start over')],
    [(s) => s.presses('5 % above', 'Step'), /−1\.1\s*1\.21\s*NO/],
  ],
  '3.5.3': [
    [
      (s) => s.press('Train'),
      /No better validation loss for 15 epochs after epoch (\d+)[\s\S]*the weights of epoch \1 are restored/,
    ],
  ],
  '3.5.4': [[(s) => s.press('Measure here'), /320,000/]],
  '3.5.5': [[(s) => s.press('Ten'), /updates\s*200/, /updates per epoch\s*20/]],
  '3.5.6': [
    [(s) => s.press('Ten'), /updates\s*40/],
    [(s) => s.slide('batch m', 'End'), /updates per epoch\s*1/, 'this is gradient descent exactly'],
    [(s) => s.set('batch m', 6), 'The last batch of an epoch has 2 samples'],
  ],
  '3.6.1': [[null, /parameters\s*301/, '302 forward passes']],
  '3.6.2': [[null, '0.9996', 'Slope of the composed curve by a difference quotient: 0.9996']],
  '3.6.3': [[(s) => s.press(/derivative of the loss with respect to every/), 'Werbos', '1982', 'LeCun', '1985', 'Done']],
  '3.6.4': [
    [(s) => s.press('Finish this pass'), '×0.1491'],
    [(s) => s.press('Finish this pass'), /w1\s*0\.5\s*−0\.108832/, /b\s*0\.25\s*−0\.0544162/],
  ],
  '3.6.5': [
    [(s) => s.press('Finish this pass'), 'The derivative of the loss with respect to itself is 1'],
    [(s) => s.press('Next step'), /flows back to 'z': [−-]3/],
    [(s) => s.press('Next step'), /flows back to 'y': [−-]1\.5/],
    [(s) => s.press('Next step'), /flows back to 'x': [−-]2\.25/],
    [null, /x\s*2\s*−2\.25/, /y\s*3\s*−1\.5/, /z\s*1\.5\s*−3/],
  ],
  '3.6.6': [[(s) => s.presses('Finish this pass', 'Finish this pass'), /w\s*0\.75\s*2/, /x\s*2\s*0\.75/, /b\s*0\s*1/]],
  '3.6.7': [
    [null, /A\/\s*−1/, /B\/\s*−2\.25/, /C\/\s*−1\.5/, /D\/\s*0\.75/],
    [
      (s) => s.choose('Exercise 1, the other reading').then(() => s.press(/B\/\s*−1\.5/)),
      '1.5 · 1 · (−1) · 1.5 = −2.25',
      '1.5 · 1 · 1 · 0.5 = 0.75',
      '= −1.5',
    ],
  ],
  '3.6.9': [
    [(s) => s.press(/−1\.5$/), '∂l/∂x = −1.5'],
    [
      (s) => s.paper('s = 1', 'l = 1', '∂l/∂s = −2', '∂l/∂x = −1.5', '∂l/∂w = −4', '∂l/∂b = −2', '∂l/∂w = −3'),
      '6 of 7 lines are right',
      'right: s = 1',
      'right: l = 1',
      'right: ∂l/∂s = −2',
      'right: ∂l/∂w = −4',
      'right: ∂l/∂b = −2',
      'wrong: ∂l/∂w = −3',
    ],
  ],
  '3.6.11': [
    [(s) => s.press(/[A-D]\/\s*0\.75$/), '∂l/∂x = 0.75'],
    [
      (s) =>
        s
          .choose('Exercise 3, closed gate')
          .then(() => s.choose('Solution'))
          .then(() => s.press('All')),
      '∂l/∂x = 0',
    ],
  ],
  '3.6.13': [[(s) => s.press(/B\/\s*−1\.5/), '= −1.5', '1.5 · 1 · (−1) · 1.5 = −2.25', '1.5 · 1 · 1 · 0.5 = 0.75']],
  '3.6.15': [[null, /V₁\s*2/, /V₂\s*0\.54/, /1\s*×\s*3/, /2\s*×\s*3/]],
  '3.6.16': [[null, '30 of 36 numbers are zero', '1.07 GB', /array \(m, n, p, q\) has 268,435,456 numbers/]],
  '3.6.17': [
    [(s) => s.choose('Hadamard product'), 'Largest difference between the two ways: 0', 'Multiplications: 36 against 6'],
  ],
  '3.6.19': [
    [null, '12 of 24 numbers are zero', 'Multiplications: 24 against 12', 'Largest difference between the two ways: 0'],
    [(s) => s.choose('∂T/∂Y'), 'Largest difference between the two ways: 0'],
  ],
  '3.6.20': [
    // A formula's text has its LaTeX as well.
    [
      null,
      '\\mathbf{t} = \\mathbf{W}\\mathbf{x} + \\mathbf{b} = \\begin{pmatrix} 2.5 \\\\ 0.5 \\end{pmatrix}',
      '\\rVert^2 = 0.5',
    ],
    [
      (s) => s.presses('Local derivatives', 'Backward pass'),
      "\\odot g'(\\mathbf{t}) = \\begin{pmatrix} 1 \\\\ 1 \\end{pmatrix} \\odot \\begin{pmatrix} 1 \\\\ 1 \\end{pmatrix} = \\begin{pmatrix} 1 \\\\ 1 \\end{pmatrix}",
      '\\frac{\\partial L}{\\partial \\mathbf{t}}\\,\\mathbf{x}^t = \\begin{pmatrix} 1 & -2 \\\\ 1 & -2 \\end{pmatrix}',
      '\\frac{\\partial L}{\\partial \\mathbf{b}} = \\begin{pmatrix} 1 \\\\ 1 \\end{pmatrix}',
      '\\mathbf{W}^t \\frac{\\partial L}{\\partial \\mathbf{t}} = \\begin{pmatrix} 2.5 \\\\ 0 \\end{pmatrix}',
    ],
  ],
  '3.7.1': [
    [null, 'spread 0, exactly'],
    [(s) => s.slide('Steps', 'End'), 'spread 0, exactly', 'step 1500'],
  ],
  '3.7.2': [
    [
      null,
      /0\s*0\s*0/,
      /1\/√n\s*0\.0884\s*0\.000\d+/,
      /√\(2\/n\)\s*0\.125\s*0\.\d+/,
      /2\/√n, as printed\s*0\.177\s*\d{3,4}/,
      '0.667',
      '0.471',
    ],
    [(s) => s.choose('sigmoid'), /9\.5\d*e−7/],
  ],
};
