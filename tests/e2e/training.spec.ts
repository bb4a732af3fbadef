/** Training's own tools: the learning-rate finder, each rule for stopping early, batches of all rows. */
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
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBe(15);
  await window.tab('Results');
  expect(await window.score('Test')).toBeGreaterThan(0.93);

  // From the keyboard, and away again before it is done or after.
  const before = await window.step();
  await app.keyboard.press('Control+k');
  await app.keyboard.type('Find a learning rate');
  await app.keyboard.press('Enter');
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

  await rule('Time limit').click();
  await window.type('Time limit, s', '0.5');
  expect(await stops(/The time limit of 0\.5 seconds is up\./)).toMatch(/Training stopped after epoch/);
  await rule('Time limit').click();
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
