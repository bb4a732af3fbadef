/**
 * Every number that the course promises stands on its page: the pages are turned by their addresses in one
 * window, a little is done on each, and what then stands there is read. The engine's own tests
 * (tests/engine/teach) hold the same numbers against the formulas.
 */
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './support';

test.setTimeout(240_000);

class Sheet {
  readonly article: Locator;
  constructor(readonly page: Page) {
    this.article = page.locator('article');
  }
  press = (name: string | RegExp): Promise<void> =>
    this.article
      .getByRole('button', typeof name === 'string' ? { name, exact: true } : { name })
      .first()
      .click();
  async presses(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.press(name);
  }
  choose = (name: string): Promise<void> => this.article.getByRole('radio', { name, exact: true }).click();
  /** By keys: Home or End, then so many steps. */
  async slide(name: string, key: 'Home' | 'End', steps = 0): Promise<void> {
    const slider = this.article.getByRole('slider', { name, exact: true });
    await slider.press(key);
    for (let i = 0; i < steps; i++) await slider.press(key === 'Home' ? 'ArrowRight' : 'ArrowLeft');
  }
  /** To a number, by keys. */
  async set(name: string, target: number): Promise<void> {
    const slider = this.article.getByRole('slider', { name, exact: true });
    const now = async (): Promise<number> => Number(await slider.getAttribute('aria-valuenow'));
    await slider.press('Home');
    const from = await now();
    await slider.press('ArrowRight');
    const step = (await now()) - from;
    for (let i = Math.round((target - from) / step) - 1; i > 0; i--) await slider.press('ArrowRight');
    expect(await now()).toBeCloseTo(target, 6);
  }
  async chooses(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.choose(name);
  }
  row = (name: string | RegExp): Locator => this.article.getByRole('row', { name });
}

/** What is done on a page, and what stands there afterwards; a page may have several such moments. */
type Moment = readonly [act: ((sheet: Sheet) => Promise<void>) | null, ...words: (string | RegExp)[]];

const PAGES: Readonly<Record<string, readonly Moment[]>> = {
  '1.1': [
    [null, 'Net input 4 − 2 = 2', 'no signal'],
    [(s) => s.slide('Threshold', 'Home', 1), /larger than 1.*spike|fires/i],
  ],
  '1.2': [
    [(s) => s.choose('XOR').then(() => s.press('Try all units')), /None of the \d+ different units computes XOR/],
    [(s) => s.choose('NOT').then(() => s.press('Try all units')), /Done|NOT/],
  ],
  '1.3': [[null, 'Sum 1 + 0.25 + 0.25 = 1.5', '0.817574']],
  '1.4': [
    [null, '8 of 8 sums give a signal'],
    [(s) => s.choose('step'), /4 of 8 sums give a signal/],
    [(s) => s.choose('ReLU'), /4 of 8 sums give a signal, with 5 different values/],
  ],
  '1.5.1': [[null, 'g(0) = 0', 'undefined', /0⁺\s*1\s*0/]],
  '1.5.2': [[null, 'g(0) = 0.5', 'g′(0) = 0.25', /6\s*0\.997527\s*0\.002467/, /1000\s*1\s*0/]],
  '1.5.3': [[null, 'g(0) = 0', 'g′(0) = 1', /3\s*0\.995055\s*0\.009866/]],
  '1.5.4': [[null, /−1\s*0\s*0/, /0\s*0\s*0/, /1\s*1\s*1/]],
  '1.6': [[null, '75.0 % of 8 points', /normal to the line/]],
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
  '1.8': [[null, 'of 200 points']],
  '1.9': [[(s) => s.press('Search the best line'), /The best of all lines is right for 6[5-9]\.\d %/, 'Done']],
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
  '2.3.1': [[(s) => s.press('Show the layers'), /right/]],
  '2.3.2': [[(s) => s.press('Show the layers'), /right/]],
  '2.3.3': [
    [null, 'so this program refuses the cycle'],
    [(s) => s.choose('Unrolled over time'), 'The graph is acyclic'],
  ],
  '2.3.4': [[null, 'W has 3 × 2 = 6 entries']],
  '2.3.5': [[null, '81 parameters', '90 parameters', '40 parameters']],
  '2.3.6': [[(s) => s.press('What if all activations are the identity?'), '4 layers, and all that is left is one matrix']],
  '2.3.7': [
    [(s) => s.press(/B\s*274/), 'one bias for each of the 4 layers'],
    [(s) => s.press(/D\s*39/), /neurons/],
    [(s) => s.press(/C\s*301/), /all\s*270\s*31\s*301/],
  ],
  '2.3.8': [[null, 'the whole batch: 0.']],
  '2.3.9': [[null, /the inner axes differ/]],
  '2.4.1': [
    [(s) => s.press('Check the gradient everywhere'), /240 points checked, largest difference \d(\.\d)?e−1\d/, 'kinks skipped'],
  ],
  '2.4.2': [[(s) => s.press('Find the smallest q'), 'inside the band', /The smallest q of this method is \d+/]],
  '2.4.4': [
    [null, /0\.02\s*\d+\s*\d+\s*\d+/],
    [(s) => s.choose('A finite sample'), 'Largest error at the samples'],
  ],
  '3.1': [[null, 'Loss 0.03328', /w1\s*−0\.1088/]],
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
    [null, 'the largest η for which L does not rise is 1'],
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
    [(s) => s.slide('batch m', 'End'), /updates per epoch\s*1/],
  ],
  '3.6.1': [[null, /parameters\s*301/, '302 forward passes']],
  '3.6.2': [[null, '0.9996', 'Slope of the composed curve by a difference quotient: 0.9996']],
  '3.6.3': [[(s) => s.press(/derivative of the loss with respect to every/), 'Werbos', '1982', 'LeCun', 'Done']],
  '3.6.4': [
    [(s) => s.press('Finish this pass'), '×0.1491'],
    [(s) => s.press('Finish this pass'), /w1\s*0\.5\s*−0\.108832/, /b\s*0\.25\s*−0\.0544162/],
  ],
  '3.6.5': [[(s) => s.presses('Finish this pass', 'Finish this pass'), /x\s*2\s*−2\.25/, /y\s*3\s*−1\.5/, /z\s*1\.5\s*−3/]],
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
  '3.6.9': [[(s) => s.press(/−1\.5$/), '∂l/∂x = ']],
  '3.6.11': [
    [(s) => s.press(/[A-D]\/\s*0\.75$/), '∂l/∂x = '],
    [
      (s) =>
        s
          .choose('Exercise 3, closed gate')
          .then(() => s.choose('Solution'))
          .then(() => s.press('All')),
      '∂l/∂x = 0',
    ],
  ],
  '3.6.13': [[(s) => s.press(/B\/\s*−1\.5/), '1.5 · 1 · (−1) · 1.5 = −2.25', '1.5 · 1 · 1 · 0.5 = 0.75']],
  '3.6.15': [[null, /V1\s*2/, /V2\s*0\.54/]],
  '3.6.16': [[null, '30 of 36 numbers are zero', '1.07 GB']],
  '3.6.17': [
    [(s) => s.choose('Hadamard product'), 'Largest difference between the two ways: 0', 'Multiplications: 36 against 6'],
  ],
  '3.6.19': [[null, '12 of 24 numbers are zero', 'Multiplications: 24 against 12']],
  '3.6.20': [[(s) => s.presses('Local derivatives', 'Backward pass'), '2.5', '0.5', '−2']],
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

/** The layer of each neuron by its longest path from an input, as the buttons say what feeds it. */
async function nameLayers(s: Sheet): Promise<void> {
  await s.press('Another drawing');
  const labels = await s.article
    .getByRole('button', { name: /^Neuron \d+, fed by/ })
    .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')!));
  const fed = new Map(
    labels.map((label) => [Number(/\d+/.exec(label)![0]), [...label.split('fed by')[1]!.matchAll(/\d+/g)].map(Number)]),
  );
  const depth = (id: number): number => Math.max(0, ...fed.get(id)!.map((from) => depth(from) + 1));
  const feeds = new Set([...fed.values()].flat());
  for (const [id, from] of fed) {
    await s.article.getByRole('button', { name: new RegExp(`^Neuron ${id}, fed by`) }).click();
    await s.choose(from.length === 0 ? 'input' : feeds.has(id) ? `hidden ${depth(id)}` : 'output');
  }
}

/** What a page asks for, done as it is asked; pages whose numbers above were read while doing it are not here. */
const TASKS: Readonly<Record<string, (sheet: Sheet) => Promise<void>>> = {
  '1.2': async (s) => {
    const edge = (name: string, kind: string): Promise<void> =>
      s.article.getByRole('radiogroup', { name }).getByRole('radio', { name: kind }).click();
    for (const [gate, threshold] of [
      ['AND', 1.5],
      ['OR', 0.5],
    ] as const) {
      await s.choose(gate);
      await edge('Edge from x1', 'excitatory');
      await edge('Edge from x2', 'excitatory');
      await s.set('Threshold', threshold);
    }
    await s.choose('NOT');
    await edge('Edge from x1', 'inhibitory');
    await s.set('Threshold', -0.5);
    await s.choose('XOR');
    await s.press('Try all units');
  },
  '1.3': (s) => s.set('b', -1.25),
  '1.5.2': (s) => s.slide('x', 'End'),
  '1.5.3': (s) => s.slide('x', 'End').then(() => s.slide('x', 'Home')),
  '1.5.4': (s) => s.slide('x', 'Home').then(() => s.slide('x', 'End')),
  '1.6': async (s) => {
    await s.set('w₁', 1);
    await s.set('w₂', 0.2);
    await s.set('b', 0.5);
  },
  '1.7': async (s) => {
    const plot = s.article.locator('figure svg').first();
    const box = (await plot.boundingBox())!;
    await plot.click({ position: { x: box.width * 0.3, y: box.height * 0.85 } });
  },
  '1.11': (s) => s.choose('Compact').then(() => s.choose('Full')),
  '1.12': async (s) => {
    await s.article.getByRole('button', { name: 'b', exact: true }).first().focus();
    await expect(s.article.locator('svg line.on')).not.toHaveCount(0);
    await s.article.getByRole('button', { name: 'w transposed x' }).focus();
  },
  '2.2': (s) => s.chooses('Scalars', 'Neuron', 'Layer', 'Matrix'),
  '2.3.1': nameLayers,
  '2.3.2': nameLayers,
  '2.3.3': (s) => s.press('No node on it has all its inputs first.'),
  '2.3.4': async (s) => {
    await s.article.getByRole('button', { name: /^Weight from neuron 2 to neuron 1/ }).focus();
    await expect(s.article.locator('line.lit')).toHaveCount(1);
    await s.article.getByRole('img', { name: /^Edge from neuron 1 to neuron 2/ }).focus();
    await expect(s.article.locator('.matrix .lit')).toHaveText('−1.4');
  },
  '2.3.5': async (s) => {
    for (let i = 0; i < 3; i++)
      await s.article
        .getByRole('button', { name: /^g\(xW \+ b\) ▸/ })
        .first()
        .click();
  },
  '2.3.8': (s) => s.slide('n rows', 'End'),
  '2.3.9': async (s) => {
    await s.slide('A columns', 'Home', 1);
    await s.slide('B rows', 'Home', 1);
  },
  '2.4.2': async (s) => {
    await s.set('ε', 0.05);
    await s.press('Find the smallest q');
  },
  '2.4.4': (s) => s.slide('Samples', 'End'),
  '3.1': async (s) => {
    await s.article.getByRole('textbox', { name: 'Value of w1 in the table' }).fill('0.75');
    await s.page.keyboard.press('Enter');
    // The drawing has the number of the table, and the table that of the drawing.
    await expect(s.article.getByRole('button', { name: 'w1, Parameter, value 0.75' })).toBeVisible();
    await s.article.getByRole('button', { name: /^b, Parameter/ }).press('Enter');
    await s.article.getByRole('textbox', { name: 'Value of the chosen node' }).fill('1');
    await s.page.keyboard.press('Enter');
    await expect(s.article.getByRole('textbox', { name: 'Value of b in the table' })).toHaveValue('1');
  },
  '3.2': async (s) => {
    await s.set('w', 0.8);
    await s.set('b', -0.2);
  },
  '3.3.2': async (s) => {
    await s.slide('f', 'End');
    await s.article.getByRole('switch', { name: 'With one half' }).click();
  },
  '3.3.3': async (s) => {
    await s.choose('y = 0: −log(1 − f)');
    await s.choose('y = 1: −log f');
    await s.slide('sum s', 'End');
  },
  '3.4': (s) => s.article.getByRole('slider', { name: /^Starting point/ }).press('ArrowRight'),
  '3.5.1': async (s) => {
    await s.presses(
      'Start over',
      'η = 0.1',
      'Ten steps',
      'Start over',
      'η = 1',
      'Ten steps',
      'Start over',
      'η = 1.1',
      'Ten steps',
    );
  },
  '3.5.2': (s) => s.presses('Start over', 'Use 99 % of it', 'Ten steps', 'Start over', '5 % above', 'Step'),
  '3.5.6': async (s) => {
    await s.slide('batch m', 'End');
    await s.press('Ten');
    await s.slide('batch m', 'Home');
    await s.press('Ten');
    await s.slide('batch m', 'Home', 4);
    await s.press('Ten');
  },
  '3.6.1': (s) => s.slide('Width', 'End'),
  '3.6.2': async (s) => {
    await s.slide('x', 'Home', 3);
    await s.choose('Functions');
  },
  '3.6.15': async (s) => {
    await s.slide('n, inputs', 'Home', 1);
    await s.slide('m, outputs', 'Home', 0);
  },
  '3.6.16': (s) => s.slide('side of X', 'End'),
  '3.6.19': async (s) => {
    await s.choose('∂T/∂Y');
    await s.choose('Matrix product');
  },
  '3.7.1': async (s) => {
    await s.choose('Small Gaussian');
    await s.slide('Steps', 'End');
  },
};

/** Pages that are done in the editor; each has a test of its own. */
const IN_THE_EDITOR = new Set(['1.5.1', '1.8', '1.10']);

test('the numbers of the course stand on its pages', async ({ app }) => {
  await app.getByRole('navigation', { name: 'Start' }).getByRole('button', { name: /Learn/ }).click();
  const ids = await app.locator('[data-lesson]').evaluateAll((all) => all.map((one) => one.getAttribute('data-lesson')!));
  expect(Object.keys(PAGES).sort()).toEqual([...ids].sort());
  const sheet = new Sheet(app);
  for (const id of ids) {
    await app.evaluate((hash) => {
      location.hash = hash;
    }, `#learn/${id}`);
    await expect(app.locator('article > h2')).toContainText(id);
    await expect(sheet.article.locator('figure, .quiz').first()).toBeVisible();
    for (const [act, ...words] of PAGES[id]!) {
      if (act) await act(sheet);
      for (const word of words) await expect.soft(sheet.article, `page ${id}`).toContainText(word);
    }
  }
});

test('every page notices that what it asks for was done, and not before', async ({ app }) => {
  await app.getByRole('navigation', { name: 'Start' }).getByRole('button', { name: /Learn/ }).click();
  const sheet = new Sheet(app);
  for (const id of Object.keys(PAGES).filter((one) => !IN_THE_EDITOR.has(one))) {
    await app.evaluate((hash) => {
      location.hash = hash;
    }, `#learn/${id}`);
    await expect(app.locator('article > h2')).toContainText(id);
    await expect.soft(app.locator('.check.reached'), `page ${id}, untouched`).toHaveCount(0);
    for (const [act] of PAGES[id]!) await act?.(sheet);
    await TASKS[id]?.(sheet);
    await expect.soft(app.locator('.check.reached'), `page ${id}, done`).toHaveCount(1, { timeout: 15_000 });
  }
});
