/**
 * Every number that the course promises stands on its page: the pages are turned by their addresses in one
 * window, a little is done on each, and what then stands there is read. The engine's own tests
 * (tests/engine/teach) hold the same numbers against the formulas.
 */
import { PAGES } from './course-numbers';
import { Sheet } from './course-sheet';
import { expect, test } from './support';

test.setTimeout(480_000);

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

test('each page shows the numbers of the course, and notices that what it asks for was done, and not before', async ({ app }) => {
  await app.getByRole('navigation', { name: 'Start' }).getByRole('button', { name: /Learn/ }).click();
  const ids = await app.locator('[data-lesson]').evaluateAll((all) => all.map((one) => one.getAttribute('data-lesson')!));
  expect(Object.keys(PAGES).sort()).toEqual([...ids].sort());
  const sheet = new Sheet(app);
  const reached = app.locator('.check.reached');
  for (const id of ids) {
    await app.evaluate((hash) => {
      location.hash = hash;
    }, `#learn/${id}`);
    await expect(app.locator('article > h2')).toContainText(id);
    await expect(sheet.article.locator('figure, .quiz').first()).toBeVisible();
    await expect.soft(reached, `page ${id}, untouched`).toHaveCount(0);
    for (const [act, ...words] of PAGES[id]!) {
      if (act) await act(sheet);
      for (const word of words) await expect.soft(sheet.article, `page ${id}`).toContainText(word);
    }
    if (IN_THE_EDITOR.has(id)) continue;
    await TASKS[id]?.(sheet);
    await expect.soft(reached, `page ${id}, done`).toHaveCount(1, { timeout: 15_000 });
  }
});
