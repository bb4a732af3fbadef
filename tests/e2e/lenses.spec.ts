/** Four lenses on one model, by keys and by the pointer, with what screen readers get; and the checks' badge. */
import { expect, test } from './support';
import { AppWindow } from './window';

const item = (window: AppWindow, text: RegExp) => window.drawing.canvas.getByRole('listitem').filter({ hasText: text });

test('the whole drawing through each lens, by keys', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/a hidden layer solves it/);
  await window.ready();
  await expect(item(window, /^hidden:/)).toHaveCount(1);

  await app.keyboard.press('Alt+Shift+Digit2');
  await expect(app.getByRole('radio', { name: 'Neurons' })).toBeChecked();
  await expect(item(window, /^hidden, neuron \d of 4: 2 weights/)).toHaveCount(4);
  await expect(item(window, /^hidden:/)).toHaveCount(0);

  await app.keyboard.press('Alt+Shift+Digit3');
  await expect(item(window, /^Product of .* and its weight in neuron \d of hidden$/)).toHaveCount(8);
  await expect(item(window, /^Sum of neuron \d of hidden: 2 products and the bias/)).toHaveCount(4);

  await app.keyboard.press('Alt+Shift+Digit4');
  await expect(item(window, /^weight.*heat map of 2 × 4/)).toHaveCount(1);
  await expect(app.locator('.katex').first()).toBeVisible();

  await app.keyboard.press('Alt+Shift+Digit1');
  await expect(item(window, /^hidden:/)).toHaveCount(1);
});

test('one layer in place, from the pointer’s menu, and its parts are walked by keys', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/a hidden layer solves it/);
  await window.ready();
  const canvas = window.drawing.canvas;
  await canvas.focus();
  await app.keyboard.press('Tab');
  await app.keyboard.press('Tab');
  await app.keyboard.press('Shift+F10');
  await app.getByRole('menuitem', { name: 'As neurons' }).click();
  await expect(item(window, /^hidden, neuron/)).toHaveCount(4);
  await expect(item(window, /^output:/)).toHaveCount(1);
  await expect(app.getByRole('button', { name: '1 node differs' })).toBeVisible();

  // From the layer's first neuron down to the second; the menu knows the layer that it is of.
  await canvas.focus();
  await app.keyboard.press('Escape');
  await app.keyboard.press('Tab');
  await app.keyboard.press('Tab');
  await expect(app.getByText('hidden, neuron 1 of 4', { exact: false }).last()).toBeAttached();
  await app.keyboard.press('Control+ArrowDown');
  await app.keyboard.press('Control+Alt+Digit1');
  await expect(item(window, /^hidden:/)).toHaveCount(1);
});

test('the checks in the background turn green and say how far apart the lenses are', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/a hidden layer solves it/);
  await window.ready();
  const badge = window.status.getByRole('button', { name: /^Checks:/ });
  await expect(badge).toHaveAccessibleName('Checks: 17 of 17 gradients', { timeout: 20_000 });
  await badge.click();
  for (const name of ['Layers and matrices', 'Layers and neurons', 'Layers and scalars', 'Device and reference'])
    await expect(app.getByRole('row', { name: new RegExp(`^${name} (0|\\d\\.\\d × 10⁻)`) })).toBeVisible();
  await expect(app.getByRole('row', { name: /17 of 17 verified/ })).toBeVisible();
  await app.keyboard.press('Escape');

  // They wait while it trains, and check the new numbers after it.
  await window.train.click();
  await expect(badge).toHaveAccessibleName('Checks: Checks wait');
  await window.pause.click();
  await expect(badge).toHaveAccessibleName('Checks: 17 of 17 gradients', { timeout: 20_000 });
});
