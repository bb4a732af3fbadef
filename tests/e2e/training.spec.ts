/** Training's own tools: the learning-rate finder, each rule for stopping early, batches of all rows. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serialiseProject } from '../../src/engine/graph/project-text';
import { drawing } from '../support/drawing';
import { command } from './keys';
import { expect, test } from './support';
import { AppWindow } from './window';

test('a learning rate is found on a copy, adopted, and trains well; another try is cut short by a key', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/^Handwritten digits/);
  await window.ready();
  await window.tab('Train');
  await window.choose('Optimizer', /^Gradient descent/);
  await window.type('Learning rate', '0.00001');
  await window.ready();
  await app.getByRole('button', { name: 'Find a rate…' }).click();
  await expect(window.dialog.getByRole('status')).toHaveText(/The loss falls fastest at .* Set now: 1e−5\./, { timeout: 60_000 });
  await expect(
    window.dialog.getByRole('application', { name: /Loss after a step at each learning rate\. The loss falls/ }),
  ).toBeVisible();
  const use = window.dialog.getByRole('button', { name: /^Use [\d.]+$/ });
  const rate = (await use.innerText()).slice('Use '.length);
  await use.click();
  await expect(window.dialog).toBeHidden();
  await expect(app.getByRole('textbox', { name: 'Learning rate', exact: true })).toHaveValue(rate);
  // The training itself has not begun.
  expect([await window.epoch(), await window.step(), await window.loss()]).toEqual([0, 0, null]);
  await window.type('Epochs', '15');
  await window.ready();
  await window.speed('Full speed');
  await window.train.click();
  await window.trainedTo(15);
  await window.tab('Results');
  expect(await window.score('Test')).toBeGreaterThan(0.93);

  // From the keyboard, and away again before it is done or after.
  const before = await window.step();
  await command(app, 'Find a learning rate');
  await expect(window.dialog).toContainText('Find a learning rate');
  await app.keyboard.press('Escape');
  await expect(app.getByRole('dialog')).toHaveCount(0);
  expect(await window.step()).toBe(before);
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBe(30);
});

test('each rule stops training and says why; the best weights come back', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.speed('Full speed');
  await window.tab('Train');
  await window.type('Epochs', '100000');
  const section = app.getByRole('region', { name: 'Stop early' });
  const rule = (name: string) => section.getByRole('switch', { name, exact: true });
  const stops = async (says: RegExp): Promise<string> => {
    await window.ready();
    await window.train.click();
    const callout = section.getByText(says);
    await expect(callout).toBeVisible({ timeout: 60_000 });
    const said = await callout.innerText();
    const restored = /The weights of epoch ([\d,]+), the best, are back/.exec(said);
    if (restored) await expect.poll(() => window.epoch()).toBe(Number(restored[1]!.replaceAll(',', '')));
    await app.getByRole('button', { name: 'Reset the weights' }).click();
    await app.getByRole('menuitem', { name: /Same seed/ }).click();
    await expect.poll(() => window.step()).toBe(0);
    return said;
  };

  await rule('No better loss').click();
  // What is not a number of epochs is refused, and the old one stays.
  const patience = section.getByRole('textbox', { name: 'No better loss, epochs' });
  await patience.fill('0');
  await expect(patience).toHaveAttribute('aria-invalid', 'true');
  await expect(patience).toHaveAttribute('title', 'At least 1.');
  await patience.press('Enter');
  await expect(patience).toHaveValue('10');
  await patience.fill('3');
  await patience.press('Enter');
  await window.type('Least change of the loss', '0.5');
  expect(await stops(/loss has not improved by more than 0\.5 for 3 epochs/)).toMatch(/Training stopped after epoch \d+\./);
  await rule('No better loss').click();

  await rule('Plateau').click();
  await window.type('Plateau, epochs', '5');
  await window.type('Least fall of the loss', '0.3');
  await stops(/The training loss fell by no more than 30 % in 5 epochs: from [\d.]+ to [\d.]+\./);
  await rule('Plateau').click();

  await rule('Loss reached').click();
  await window.type('Loss reached', '0.4');
  await stops(/The validation loss 0\.\d+ reached the target 0\.4\./);
  await rule('Loss reached').click();

  await rule('Accuracy reached').click();
  // 95 is no share: the field says what is.
  const accuracy = section.getByRole('textbox', { name: 'Accuracy reached', exact: true });
  await accuracy.fill('95');
  await expect(accuracy).toHaveAttribute('title', 'At most 1.');
  await expect(section.getByText('At most 1.')).toBeAttached();
  await accuracy.press('Enter');
  await expect(accuracy).toHaveValue('0.95');
  await window.type('Accuracy reached', '0.8');
  await stops(/The validation accuracy [\d.]+ % reached the target 80 %\./);
  await rule('Accuracy reached').click();

  await rule('Time limit').click();
  await window.type('Time limit, s', '0.5');
  expect(await stops(/The time limit of 0\.5 seconds is up\./)).toMatch(/Training stopped after epoch/);
  await rule('Time limit').click();
});

test('the optimizer shows its rule; schedule and limits of the gradients are set, undone, and train', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.tab('Train');
  const panel = app.getByRole('tabpanel', { name: 'Train' });
  const card = panel.getByRole('group', { name: 'Update rule' });
  await window.choose('Optimizer', /^Gradient descent/);
  // One line for the weight; with momentum, one for the velocity as well.
  await expect(card.locator('.katex-display')).toHaveCount(1);
  await window.choose('Optimizer', /^Momentum/);
  await expect(card.locator('.katex-display')).toHaveCount(2);
  await expect(panel.getByRole('textbox', { name: /Momentum/ })).toBeVisible();
  await window.choose('Optimizer', /^Adam( |$)/);
  await expect.poll(() => card.locator('.katex-display').count()).toBeGreaterThanOrEqual(3);
  await window.drawing.canvas.focus();
  await app.keyboard.press('Control+z');
  await expect(card.locator('.katex-display')).toHaveCount(2);

  await window.choose('Schedule of the learning rate', /^Exponential/);
  await expect(panel.getByRole('img', { name: 'Share of the learning rate over the epochs' })).toBeVisible();
  const limits = panel.getByRole('region', { name: 'Gradient limits' });
  await limits.getByRole('switch', { name: 'Length of all gradients' }).press('Space');
  const length = limits.getByRole('textbox', { name: 'Length of all gradients' });
  await length.fill('-1');
  await expect(length).toHaveAttribute('aria-invalid', 'true');
  await length.press('Enter');
  await expect(length).toHaveValue('1');
  await length.fill('0.5');
  await length.press('Enter');
  await window.type('Epochs', '30');
  await window.ready();
  await window.speed('Full speed');
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBe(30);
});

test('losses are weighed and added: what the drawing ends in is minimised', async ({ app, server }) => {
  const project = drawing(
    {
      x: ['input', {}, { shape: [1] }],
      t: ['target', {}, { shape: [1] }],
      out: ['dense', { x: 'x' }, { units: 1, activation: 'identity' }],
      square: ['mean-squared-error', { prediction: 'out', target: 't' }],
      size: ['mean-absolute-error', { prediction: 'out', target: 't' }],
      c: ['constant', {}, { shape: [], values: [0.25] }],
      part: ['multiply', { a: 'size', b: 'c' }],
      total: ['add', { a: 'square' }],
    },
    { epochs: 200, hyper: { rate: 0.05 } },
  );
  const positions = Object.fromEntries(
    Object.entries({
      x: [0, 0],
      t: [200, 200],
      out: [200, 0],
      square: [420, -80],
      size: [420, 120],
      c: [420, 300],
      part: [660, 180],
      total: [900, 0],
    }).map(([id, [x, y]]) => [id, { x: x!, y: y! }]),
  );
  const data = { kind: 'generator', name: 'line', count: 100, noise: 0.1, seed: 1 } as const;
  const path = join(server.home, 'two.chainrule');
  writeFileSync(path, serialiseProject({ ...project, positions, settings: { ...project.settings, title: 'Two', data } }));
  await expect(app.getByRole('navigation', { name: 'Start' })).toBeVisible();
  await app.keyboard.press('Control+o');
  const window = new AppWindow(app);
  await window.file(path);
  // Half of it is not connected yet, and that is said.
  await expect(window.drawing.node('total')).toBeAttached();
  await expect(window.status).toContainText(/\d+ problem/);
  await window.drawing.connect('part', 'total', 'b', 1, 2);
  await window.ready();
  await window.speed('Full speed');
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBe(200);
  expect(await window.loss()).toBeLessThan(0.2);
  // The weight of a loss is a number of the drawing: with 0 the other one is left.
  await window.drawing.click('c');
  await window.tab('Inspect');
  await window.type('Values', '0');
  await window.ready();
  await expect(window.status).not.toContainText(/\d+ problem/);
});

test('a batch of all rows is one step an epoch', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.tab('Train');
  await app.getByRole('button', { name: 'All rows', exact: true }).click();
  await expect(app.getByText(/training rows: 1 step an epoch\.$/)).toBeVisible();
  await window.ready();
  await window.type('Epochs', '7');
  await window.speed('Full speed');
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 30_000 }).toBe(7);
  expect(await window.step()).toBe(7);
  await window.type('Batch size', '5000');
  await expect(app.getByText(/A batch cannot be larger than that: \d+ are used\.$/)).toBeVisible();
});
