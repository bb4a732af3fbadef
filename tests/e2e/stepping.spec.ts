/** Stepping through one iteration: by keys from anywhere, asked before it is shown, with numbers appearing on the edges. */
import type { Page } from '@playwright/test';
import { command, painted, tabTo } from './keys';
import { expect, test } from './support';
import { AppWindow } from './window';

test('the whole iteration by keyboard, and back', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/w₁x \+ w₂y \+ b|σ\(/);
  await window.ready();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  const step = app.getByRole('article', { name: 'Step in focus' });
  const count = app.getByRole('slider', { name: 'Step', exact: true });
  await expect(step).toBeVisible();
  await app.locator('body').press('ArrowRight');
  await expect(count).toHaveValue('1');
  await app.keyboard.press('PageDown');
  await expect(step).toContainText('Loss');
  await app.keyboard.press('Shift+PageDown');
  await app.keyboard.press('PageDown');
  await expect(step).toContainText('Backward');
  await app.keyboard.press('ArrowLeft');
  await app.keyboard.press('End');
  await expect(step).toContainText('Forward once more with the new weights');
  await app.keyboard.press('Home');
  await expect(count).toHaveValue('0');
});

test('a formula is drawn, its numbers are typed, and the step shows what they give', async ({ app }) => {
  const window = new AppWindow(app);
  await app.getByRole('button', { name: /New project/ }).click();
  await app.keyboard.press('Control+Shift+T');
  await app.getByRole('textbox', { name: 'Drawing as text' }).fill('l = (w*x + b - t)^2');
  await app.keyboard.press('Control+Enter');
  await expect(window.status).toContainText('1 weight · 1 bias');
  await app
    .getByRole('button', { name: 'Stepper' })
    .or(app.getByRole('tab', { name: 'Stepper' }))
    .click();
  await expect(app.getByRole('button', { name: 'Record an iteration' })).toBeDisabled();
  await app.getByRole('button', { name: /^Numbers by hand/ }).click();
  const dialog = app.getByRole('dialog', { name: 'Numbers by hand' });
  await dialog.getByRole('textbox', { name: 'w', exact: true }).fill('0.5');
  for (const [name, number] of Object.entries({ x: '3', t: '−1', b: '0,25' })) {
    await dialog.getByRole('textbox', { name, exact: true }).fill(number);
    await app.keyboard.press('Tab');
  }
  await dialog.getByRole('button', { name: 'Step through' }).click();
  const step = app.getByRole('article', { name: 'Step in focus' });
  await expect(step).toBeVisible();
  await app.keyboard.press('PageDown');
  await expect(step).toContainText('Loss');
  // 0.5 · 3 + 0.25 + 1 = 2.75, its square, and 2 · 2.75 · 3 for w.
  await expect(app.getByText('7.5625').first()).toBeVisible();
  for (const phase of ['Backward', 'Update']) {
    await app.keyboard.press('PageDown');
    await expect(step).toContainText(phase);
  }
  await expect(step).toContainText('16.5');
  await app.keyboard.press('Control+z');
  await expect(window.status).toContainText('No data');
});

test('every view of the iteration is reached, used and left by keys, and says what happened', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  const { keyboard } = app;
  const step = app.getByRole('article', { name: 'Step in focus' });
  const announced = step.locator('[aria-live=polite]');
  await keyboard.press('Control+Shift+Enter');
  await expect(step).toBeFocused();
  await expect(announced).toHaveText(/^Step 1 of \d+, Forward\./);

  await test.step('The outline, and a link of the formula', async () => {
    await tabTo(app, /^hidden \/ product\s*@/, 'Shift+Tab');
    await keyboard.press('Enter');
    await expect(announced).toHaveText(/Forward\. Matrix product takes .* and gives/);
    await tabTo(app, /^The value of input, step \d+$/);
    await keyboard.press('Enter');
    await expect(announced).toHaveText(/'input' is .*, from the data\.$/);
    await expect(step).toBeFocused();
  });

  await test.step('One element as its sum, and closed again', async () => {
    await tabTo(app, /^hidden \/ product\s*@/, 'Shift+Tab');
    await keyboard.press('Enter');
    await expect(announced).toHaveText(/Matrix product/);
    const cell = step.getByRole('gridcell').first();
    await tabTo(app, await cell.innerText());
    await keyboard.press('Enter');
    await expect(step.getByRole('region', { name: 'The element that is open' })).toBeVisible();
    await expect(step.getByRole('status').first()).toHaveText(/^Open: a sum of 2 terms, −?[\d.]+\.$/);
    await keyboard.press('Enter');
    await expect(step.getByRole('region', { name: 'The element that is open' })).toHaveCount(0);
    await expect(cell).toBeFocused();
  });

  await test.step('The same iteration from other sides', async () => {
    await tabTo(app, 'Steps', 'Shift+Tab');
    const view = (name: string) => app.getByRole('radio', { name, exact: true });
    for (const [name, inside] of [
      ['Paths', app.getByRole('list', { name: /^Paths from/ })],
      ['Derivative', app.getByRole('slider', { name: /dragged$/ })],
      ['Forward mode', app.getByRole('complementary', { name: 'Both modes compared' })],
      ['Jacobian', app.getByRole('group', { name: /^The derivative as blocks/ })],
    ] as const) {
      await keyboard.press('ArrowRight');
      await expect(view(name)).toBeFocused();
      await expect(inside.first()).toBeVisible();
    }
    for (const name of ['Forward mode', 'Derivative', 'Paths', 'Steps']) {
      await keyboard.press('ArrowLeft');
      await expect(view(name)).toBeFocused();
    }
    await expect(step).toBeVisible();
  });

  await test.step('What is derived, the row, and away', async () => {
    await tabTo(app, /^The iteration: what is derived/, 'Shift+Tab');
    await keyboard.press('Enter');
    await expect(app.getByRole('radio', { name: 'Wx + b' })).toBeVisible();
    await keyboard.press('Escape');
    await expect(options(app)).toBeFocused();
    await tabTo(app, 'Row of the data', 'Shift+Tab');
    await keyboard.type('7');
    await keyboard.press('Enter');
    await expect(announced).toHaveText(/^Step 1 of \d+, Forward\./);
    await expect(app.getByRole('textbox', { name: 'Row of the data' })).toHaveValue('7');
  });
});

test('predict, then reveal', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/w₁x \+ w₂y \+ b|σ\(/);
  await window.ready();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  await app.getByRole('switch', { name: /^Predict/ }).click();
  const step = app.getByRole('article', { name: 'Step in focus' });
  const count = app.getByRole('slider', { name: 'Step', exact: true });
  for (let i = 1; i <= 12 && !(await app.getByRole('textbox', { name: 'Your prediction' }).isVisible()); i++) {
    await app.locator('body').press('ArrowRight');
    await expect(count).toHaveValue(String(i));
  }
  await expect(step).toContainText('?');
  await app.getByRole('textbox', { name: 'Your prediction' }).fill('123456');
  await app.keyboard.press('Enter');
  await expect(step).toContainText('is not it');
  await step.getByRole('button', { name: 'Show it' }).click();
  await expect(step).toContainText('Shown without an answer');
  await expect(app.getByText('0 of 1 right')).toBeVisible();
});

test('paths to the loss add up; a dragged number shows the true loss beside the prediction', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/The chain rule, step by step/);
  await window.ready();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  await app.getByRole('radio', { name: 'Paths' }).click();
  const paths = app.getByRole('list', { name: /^Paths from/ });
  await expect(paths.getByRole('listitem').first()).toBeVisible();
  await expect(paths.getByRole('listitem').first()).toContainText('−2.25');
  await paths.getByRole('button').first().hover();
  await app.getByRole('radio', { name: 'Derivative' }).click();
  const slider = app.getByRole('slider', { name: /dragged$/ });
  await slider.focus();
  for (let i = 0; i < 30; i++) await app.keyboard.press('ArrowRight');
  await expect(app.getByText('Gap', { exact: true })).toBeVisible();
  await app.getByRole('button', { name: 'Keep this value' }).click();
  await expect(app.getByRole('button', { name: 'Keep this value' })).toBeDisabled();
  await expect(app.getByText('Slope at 2.3')).toBeVisible();
});

const options = (app: Page) => app.getByRole('button', { name: /^The iteration: what is derived/ });

/** The circles with a hidden layer, stepped through up to the layer's sum. */
async function circles(app: Page): Promise<AppWindow> {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  await expect(app.getByRole('article', { name: 'Step in focus' })).toBeVisible();
  return window;
}

test('columns instead of rows: the formulas of the steps and of the inspector turn round, and it is remembered', async ({
  app,
}) => {
  const window = await circles(app);
  const step = app.getByRole('article', { name: 'Step in focus' });
  await app
    .getByRole('list', { name: 'Steps of the iteration' })
    .getByRole('button', { name: /hidden \/ product @/ })
    .click();
  const formula = step.getByRole('group', { name: 'Formula' }).first().locator('annotation');
  await expect(formula).toHaveText(/\{1 \\times 2\}\{.*\{2 \\times 4\}/);
  await options(app).click();
  await app.getByRole('radio', { name: 'Wx + b' }).click();
  await app.keyboard.press('Escape');
  await expect(formula).toHaveText(/\{4 \\times 2\}\{.*\{2 \\times 1\}/);
  await window.drawing.click('hidden');
  await window.tab('Inspect');
  await expect(app.getByRole('region', { name: 'Formula' }).locator('annotation').first()).toHaveText(/W\\,x/);
  await app.reload();
  await app
    .getByRole('region', { name: 'Examples' })
    .getByRole('button', { name: /Circles: a hidden layer/ })
    .click();
  await window.ready();
  await window.drawing.click('hidden');
  await window.tab('Inspect');
  await expect(app.getByRole('region', { name: 'Formula' }).locator('annotation').first()).toHaveText(/W\\,x/);
});

test('an element opens into its scalar sum, by keyboard, and its factors lead to where they were found', async ({ app }) => {
  await circles(app);
  const step = app.getByRole('article', { name: 'Step in focus' });
  await app
    .getByRole('list', { name: 'Steps of the iteration' })
    .getByRole('button', { name: /hidden \/ product @/ })
    .click();
  const table = step.getByRole('grid').first();
  await table.getByRole('gridcell').first().focus();
  await app.keyboard.press('ArrowRight');
  await app.keyboard.press('Enter');
  const opened = step.getByRole('region', { name: 'The element that is open' });
  const terms = opened.getByRole('list', { name: 'Terms of the sum' }).getByRole('listitem');
  await expect(terms).toHaveCount(2);
  const numbers = (await terms.locator('strong').allInnerTexts()).map((text) => Number(text.replace('−', '-')));
  const cell = Number((await table.getByRole('gridcell').nth(1).innerText()).replace('−', '-'));
  expect(numbers[0]! + numbers[1]!).toBeCloseTo(cell, 2);
  await terms
    .nth(1)
    .getByRole('button', { name: /^element 2, 2 of hidden\/weight/ })
    .click();
  await expect(step).toContainText('to be learned');
  await expect(step.getByRole('gridcell', { selected: true })).toHaveCount(1);
});

test('another node is derived, several rows are averaged, and a node is one step that one can go into', async ({ app }) => {
  const window = await circles(app);
  const step = app.getByRole('article', { name: 'Step in focus' });
  await window.drawing.click('output');
  await command(app, 'Derive the selected node');
  await expect(options(app)).toContainText('∂ output');
  await app.getByRole('group', { name: 'Phases' }).getByRole('button', { name: 'Target' }).click();
  await expect(app.getByRole('group', { name: 'Phases' }).getByRole('button', { name: 'Update' })).toHaveCount(0);
  await app
    .getByRole('list', { name: 'Steps of the iteration' })
    .getByRole('button', { name: /output \/ sum \+/ })
    .last()
    .click();
  await expect(step).toContainText('Its derivative with respect to itself is 1');

  await options(app).click();
  await window.choose('Derive', 'The loss');
  await window.type('Rows together', '4');
  await app.getByRole('radio', { name: 'A whole node' }).click();
  await app.keyboard.press('Escape');
  const outline = app.getByRole('list', { name: 'Steps of the iteration' });
  await outline.getByRole('button', { name: /mean of the losses|loss \d parts/ }).click();
  await expect(step).toContainText(/mean of the 4 losses|counts with 1\/4/);
  // A layer is one line in each phase: forward, backward, update.
  await expect(outline.getByRole('button', { name: /^hidden \d parts/ })).toHaveCount(3);
  await outline
    .getByRole('button', { name: /^hidden \d parts/ })
    .first()
    .click();
  await app.getByRole('toolbar', { name: 'Steps' }).getByRole('button', { name: 'Step inside' }).click();
  await expect(outline.getByRole('button', { name: /hidden \/ weight/ })).toHaveAttribute('aria-current', 'step');
  await app.keyboard.press('ArrowRight');
  await app.keyboard.press('ArrowRight');
  await expect(outline.getByRole('button', { name: /hidden \/ product/ })).toHaveAttribute('aria-current', 'step');
});

const reading = (text: string): number => Number(text.replace('−', '-').replaceAll(',', ''));

test('paths of arrays: an element’s bars add up, and a path opens into the elements it goes through', async ({ app }) => {
  await circles(app);
  await app.getByRole('radio', { name: 'Paths' }).click();
  const paths = app.getByRole('list', { name: /^Paths from hidden/ });
  const gradient = reading(await paths.getByRole('button').first().locator('strong').innerText());
  await paths.getByRole('button').first().click();
  const through = app.getByRole('list', { name: /^Elements of hidden \/ product/ });
  await expect(through.getByRole('listitem')).toHaveCount(2);
  expect(reading(await through.locator('strong').first().innerText())).toBeCloseTo(gradient, 4);
  await app.getByRole('radio', { name: 'All added up' }).click();
  await expect(through.getByRole('listitem')).toHaveCount(4);
});

test('forward mode finds what reverse mode found, and the operations of both and of differences are counted', async ({ app }) => {
  await circles(app);
  await app.getByRole('radio', { name: 'Forward mode' }).click();
  const compared = app.getByRole('complementary', { name: 'Both modes compared' });
  await expect(compared.locator('dd')).toHaveCount(3);
  await expect(compared.getByRole('table').getByRole('cell')).toHaveCount(3);
  const [forward, reverse] = (await compared.locator('dd').allInnerTexts()).map(reading);
  expect(forward).not.toBe(0);
  expect(forward).toBeCloseTo(reverse!, 6);
  const costs = (await compared.getByRole('table').getByRole('cell').allInnerTexts()).map(reading);
  expect(costs).toHaveLength(3);
  expect(costs[0]!).toBeLessThan(costs[1]!);
  expect(costs[1]!).toBeLessThan(costs[2]! * 2);
  await app
    .getByRole('table', { name: 'How the change is carried forward' })
    .getByRole('button', { name: /^Show 4/ })
    .first()
    .click();
  await expect(app.getByRole('table', { name: /^Change of hidden/ })).toBeVisible();
});

test('the Jacobian of a step: blocks, their zeros, and both ways give the same', async ({ app }) => {
  await circles(app);
  await app
    .getByRole('list', { name: 'Steps of the iteration' })
    .getByRole('button', { name: 'hidden / activation tanh' })
    .click();
  await app.getByRole('radio', { name: 'Jacobian' }).click();
  const blocks = app.getByRole('group', { name: /^The derivative as blocks/ });
  await expect(blocks.getByRole('button')).toHaveCount(4);
  await expect(app.getByText('12 of 16 numbers are zero.')).toBeVisible();
  await blocks.getByRole('button').nth(2).click();
  await expect(app.getByText(/Hadamard product\.$/)).toBeVisible();
  await expect(app.getByText(/Largest difference between the two ways: 0\./)).toBeVisible();
  await app.getByRole('radio', { name: 'Hadamard product' }).click();
  await expect(app.getByRole('table', { name: 'What flows back' })).toBeVisible();
});

test('the drawing’s equations; with the identity everywhere one affine map is left, and its boundary is a line', async ({
  app,
}) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await command(app, 'Equations of the drawing');
  const dialog = app.getByRole('dialog', { name: 'Equations of the drawing' });
  const equations = dialog.getByRole('group', { name: 'Equations', exact: true });
  await expect(equations.locator('annotation').nth(2)).toHaveText(/\\tanh\\left\(.*\\mathbf\{W\}_\{1\}/);
  await dialog.getByRole('radio', { name: 'Wx + b' }).click();
  await dialog.getByRole('button', { name: /identity/ }).click();
  await expect(dialog.getByRole('group', { name: 'What is left' }).locator('annotation').last()).toHaveText(
    /\\mathbf\{W\}\\,\\mathbf\{x\}/,
  );
  await expect(dialog.getByRole('table', { name: 'The one matrix that is left' })).toBeVisible();
  await expect(dialog.getByRole('figure')).toHaveCount(2);
  await expect(dialog.getByText('All activations the identity')).toBeVisible();
});

test('each step is announced as a sentence: what happened, with its number', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/w₁x \+ w₂y \+ b|σ\(/);
  await window.ready();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  const step = app.getByRole('article', { name: 'Step in focus' });
  const announced = step.locator('[aria-live=polite]');
  await expect(announced).toHaveText(/^Step 1 of \d+, Forward\. '.+' is -?[\d.]+, (from the data|to be learned|fixed)\.$/);
  const heard: string[] = [];
  const count = Number(await app.getByRole('slider', { name: 'Step', exact: true }).getAttribute('max'));
  for (let at = 1; at <= count; at++) {
    await app.locator('body').press('ArrowRight');
    await expect(announced).toHaveText(new RegExp(`^Step ${at + 1} of ${count + 1}, `));
    heard.push(await announced.innerText());
  }
  for (const sentence of [
    /, Forward\. Multiply takes '.+' and '.+' and gives '.+': -?[\d.]+\.$/,
    /, Forward\. Sigmoid takes '.+' and gives '.+': [\d.]+\.$/,
    /, Loss\. The loss of this sample is [\d.]+\.$/,
    /, Loss\. The derivative of the loss with respect to itself is 1: from here the gradient flows back\.$/,
    /, Backward\. The gradient at '.+' times its local derivative flows back to '.+': -?[\d.e-]+\.$/,
    /, Update\. '.+' takes a step against its gradient: -?[\d.]+ → -?[\d.]+\.$/,
    /, Update\. Forward once more with the new weights: the loss of this sample is [\d.]+, and was [\d.]+; the step made it smaller\.$/,
  ])
    expect(
      heard.some((text) => sentence.test(text)),
      `${sentence} among\n${heard.join('\n')}`,
    ).toBe(true);
  // Only sentences: no formula, no markup.
  for (const text of heard) expect(text).not.toMatch(/[\\{}]|undefined|NaN/);
});

test('the derivative is dragged at a layer’s weight and along one edge, by keyboard, and one element after the other', async ({
  app,
}) => {
  const window = await circles(app);
  await window.drawing.click('hidden');
  await app.getByRole('radio', { name: 'Derivative' }).click();
  const value = (name: string) => app.locator('dt', { hasText: new RegExp(`^${name}`) }).locator('+ dd');
  const slider = app.getByRole('slider', { name: /dragged$/ });
  await expect(slider).toHaveAccessibleName(/^hidden \/ weight/);
  for (const element of ['1', '8']) {
    await window.type('Element', element);
    const [truth, predicted] = [reading(await value('True loss').innerText()), reading(await value('Predicted').innerText())];
    expect(predicted).toBeCloseTo(truth, 6);
    const slope = reading(await value('Slope').innerText());
    const from = Number(await slider.inputValue());
    await slider.focus();
    for (let i = 0; i < 20; i++) await app.keyboard.press('ArrowRight');
    // Both move together: the prediction along its tangent, the loss along its curve.
    const by = Number(await slider.inputValue()) - from;
    expect(by).toBeGreaterThan(0.1);
    expect(reading(await value('Predicted').innerText())).toBeCloseTo(predicted + slope * by, 4);
    expect(Math.abs(reading(await value('Gap').innerText()))).toBeGreaterThan(0);
    await expect(slider).toHaveAttribute('aria-valuetext', /: true loss .*, predicted/);
    await app.getByRole('button', { name: 'Back', exact: true }).click();
  }
});

test('with reduced motion nothing runs along the lines, and nothing glides', async ({ app }) => {
  const pulses = () =>
    app
      .locator('.canvas > canvas')
      .nth(1)
      .evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return data.some((x) => x > 0);
      });
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.tab('Train');
  await window.type('Epochs', '100000');
  await window.train.click();
  await expect.poll(pulses).toBe(true);
  await app.emulateMedia({ reducedMotion: 'reduce' });
  await expect.poll(pulses).toBe(false);
  for (let i = 0; i < 5; i++) {
    await painted(app);
    expect(await pulses()).toBe(false);
  }
  const seconds = await window.train
    .or(window.pause)
    .evaluate((button) => Number.parseFloat(getComputedStyle(button).transitionDuration));
  expect(seconds).toBeLessThan(0.01);
  // The numbers still move, and so does playing.
  const before = await window.step();
  await expect.poll(() => window.step()).toBeGreaterThan(before);
  await window.pause.click();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  await expect(app.getByRole('article', { name: 'Step in focus' })).toBeFocused();
  await app.keyboard.press('Space');
  await expect(app.getByRole('slider', { name: 'Step', exact: true })).not.toHaveValue(/^[01]$/, { timeout: 10_000 });
});

test('a large array is whole: keys go to its last number, and what is in sight stands in columns', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Handwritten digits/);
  await window.ready();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  await app
    .getByRole('list', { name: 'Steps of the iteration' })
    .getByRole('button', { name: /hidden \/ weight/ })
    .first()
    .click();
  const table = app.getByRole('article', { name: 'Step in focus' }).getByRole('grid', { name: 'Value' });
  await expect(table).toHaveAttribute('aria-rowcount', '64');
  await expect(table).toHaveAttribute('aria-colcount', '32');
  const cells = table.getByRole('gridcell');
  await cells.first().focus();
  expect((await cells.first().boundingBox())!.width).toBeLessThan(80);
  await app.keyboard.press('Control+End');
  const focused = table.locator('[role=gridcell]:focus');
  await expect(focused).toHaveAttribute('data-cell', '63 31');
  await expect(focused).toHaveText(/^−?0\.\d+$/);
  const [cell, around] = [(await focused.boundingBox())!, (await table.boundingBox())!];
  expect(cell.x + cell.width).toBeLessThanOrEqual(around.x + around.width + 1);
  expect(cell.y + cell.height).toBeLessThanOrEqual(around.y + around.height + 1);
  // Only what is in sight is drawn.
  expect(await cells.count()).toBeLessThan(400);
  await app.keyboard.press('Home');
  await expect(focused).toHaveAttribute('data-cell', '63 0');
});
