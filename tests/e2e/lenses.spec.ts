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
  await expect(item(window, /^input, [xy] of 2$/)).toHaveCount(2);
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

  // In the inspector too: the choice keeps the focus while nodes give way to parts and come back.
  await window.tab('Inspect');
  const chosen = app.getByRole('radiogroup', { name: 'Seen as' }).getByRole('radio', { checked: true });
  await chosen.focus();
  await app.keyboard.press('ArrowRight');
  await expect(item(window, /^hidden, neuron/)).toHaveCount(4);
  await expect(chosen).toHaveAccessibleName('Neurons');
  await expect(chosen).toBeFocused();
  await app.keyboard.press('ArrowLeft');
  await expect(item(window, /^hidden:/)).toHaveCount(1);
  await expect(chosen).toBeFocused();
});

test('the checks in the background turn green and say how far apart the lenses are', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/a hidden layer solves it/);
  await window.ready();
  const badge = window.status.getByRole('button', { name: /^Checks:/ });
  await expect(badge).toHaveAccessibleName('Checks: 17 of 17 gradients', { timeout: 20_000 });
  await badge.click();
  for (const name of [
    'Layers and matrices',
    'Layers and neurons',
    'Layers and scalars',
    'Live numbers on the CPU \\(WebAssembly\\) and reference',
    'A training step on the CPU \\(WebAssembly\\) and reference',
  ])
    await expect(app.getByRole('row', { name: new RegExp(`^${name} (0|\\d\\.\\d × 10⁻)`) })).toBeVisible();
  await expect(app.getByRole('row', { name: /17 of 17 verified/ })).toBeVisible();
  await app.keyboard.press('Escape');

  // They wait while it trains, and check the new numbers after it.
  await window.tab('Train');
  await window.type('Epochs', '100000');
  await window.ready();
  await window.train.click();
  await expect(badge).toHaveAccessibleName('Checks: Checks wait');
  await window.pause.click();
  await expect(badge).toHaveAccessibleName('Checks: 17 of 17 gradients', { timeout: 20_000 });
});

test('a weight is changed, a neuron removed and added, at their own level; undo brings all of it back', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/a hidden layer solves it/);
  await window.ready();
  await app.keyboard.press('Alt+Shift+Digit2');
  await window.drawing.canvas.focus();
  // The input, then the layer's first neuron.
  await app.keyboard.press('Tab');
  await app.keyboard.press('Tab');
  await window.tab('Inspect');
  await expect(app.getByRole('heading', { name: 'Neuron 1' })).toBeVisible();
  const weights = app.getByRole('list', { name: 'Weights of neuron 1' });
  const field = weights.getByRole('textbox', { name: /^Weight from x/ });
  await expect(field).toBeVisible();
  const before = await field.inputValue();
  await field.fill('1.5');
  await field.press('Enter');
  await expect(field).toHaveValue('1.5');
  await window.drawing.canvas.focus();
  await app.keyboard.press('Control+z');
  await expect(field).toHaveValue(before);

  const second = await app.evaluate(() => document.querySelectorAll('[aria-label="Weights of neuron 1"] li').length);
  expect(second).toBe(3);
  await app.keyboard.press('Delete');
  await expect(item(window, /^hidden, neuron \d of 3/)).toHaveCount(3);
  await expect(window.status).toContainText('9 weights · 4 biases');
  await app.keyboard.press('Control+z');
  await expect(item(window, /^hidden, neuron \d of 4/)).toHaveCount(4);
  await app.keyboard.press('Tab');
  await app.keyboard.press('Tab');
  await expect(field).toHaveValue(before);

  await app.getByRole('button', { name: 'Add a neuron' }).click();
  await expect(app.getByRole('heading', { name: 'Neuron 5' })).toBeVisible();
  await app.keyboard.press('Control+z');
  await expect(item(window, /^hidden, neuron \d of 4/)).toHaveCount(4);

  // At the matrix as well.
  await app.keyboard.press('Alt+Shift+Digit4');
  await window.drawing.canvas.focus();
  await app.keyboard.press('Escape');
  await app.keyboard.press('Tab');
  await app.keyboard.press('Tab');
  const matrix = app.getByRole('table', { name: 'Values of hidden/weight' });
  const cell = matrix.getByRole('button').first();
  const held = await cell.innerText();
  await cell.click();
  await matrix.getByRole('textbox').fill('1.25');
  await app.keyboard.press('Enter');
  await expect(cell).toHaveText('1.25');
  await window.drawing.canvas.focus();
  await app.keyboard.press('Control+z');
  await expect(cell).toHaveText(held);
});

test('what a layer cannot say is explained, and the layer is opened for good with its numbers', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/a hidden layer solves it/);
  await window.ready();
  await app.keyboard.press('Alt+Shift+Digit3');
  await window.drawing.canvas.focus();
  // The input's two numbers, then the layer's first weight.
  await app.keyboard.press('Tab');
  await window.tab('Inspect');
  await expect(app.getByRole('heading', { name: 'Element 1' })).toBeVisible();
  await window.drawing.canvas.focus();
  await app.keyboard.press('Tab');
  await app.keyboard.press('Tab');
  await expect(app.getByRole('heading', { name: /^Weight from x/ })).toBeVisible();
  const field = app.getByRole('textbox', { name: 'Value', exact: true });
  const value = await field.inputValue();
  expect(Number(value.replace('−', '-'))).not.toBe(0);
  await field.fill('0.75');
  await field.press('Enter');
  await expect(field).toHaveValue('0.75');
  await window.drawing.canvas.focus();
  await app.keyboard.press('Control+z');
  await expect(field).toHaveValue(value);
  await app.getByRole('button', { name: 'Cut…' }).click();
  await expect(window.dialog).toContainText('keeps its weights as one matrix');
  await window.dialog.getByRole('button', { name: 'Open into neurons' }).click();
  await expect(window.status).toContainText('11 weights · 5 biases');
  await app.keyboard.press('Alt+Shift+Digit1');
  await expect(item(window, /^hidden-1: Neuron/)).toHaveCount(1);
  await expect(window.status).toContainText('No problems');
  await window.drawing.canvas.focus();
  await app.keyboard.press('Control+z');
  await expect(item(window, /^hidden:/)).toHaveCount(1);
});

test('the table of parameters and the drawing point at each other; numbers are typed and layers frozen there', async ({
  app,
}) => {
  const window = new AppWindow(app);
  await window.example(/a hidden layer solves it/);
  await window.ready();
  await app.keyboard.press('Alt+Digit8');
  const grid = app.getByRole('grid', { name: 'Parameters of the network' });
  const row = (name: RegExp) => grid.getByRole('row', { name });
  await expect(row(/^x → neuron 1 /)).toBeVisible();
  await expect(row(/^x → neuron 1 .* (−|\d)/)).toBeVisible();

  // By keys: down from the heading to the first weight, another number, and back by undo.
  await row(/hidden weight 2 × 4/).focus();
  await app.keyboard.press('ArrowDown');
  await expect(row(/^x → neuron 1 /)).toBeFocused();
  await app.keyboard.press('Enter');
  await app.keyboard.type('0.25');
  await app.keyboard.press('Enter');
  await expect(row(/^x → neuron 1 0\.25/)).toBeVisible();
  await window.drawing.canvas.focus();
  await app.keyboard.press('Control+z');
  await expect(row(/^x → neuron 1 0\.25/)).toHaveCount(0);

  // A row at the pointer lights up its line; a line at the pointer its row.
  await app.mouse.move(5, 5);
  const before = await window.drawing.canvas.screenshot();
  await row(/^x → neuron 2 /).hover();
  await expect.poll(async () => (await window.drawing.canvas.screenshot()).equals(before)).toBe(false);
  await app.keyboard.press('Alt+Shift+Digit2');
  const neuron = item(window, /^Bias of neuron 3 of hidden/);
  // The drawing glides to where it is seen whole.
  await expect(async () => {
    const box = (await neuron.boundingBox())!;
    await app.mouse.move(5, 5);
    await app.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await expect(grid.locator('.lit')).toContainText('bias of neuron 3', { timeout: 1000 });
  }).toPass();

  // What lies at the pointer is brought into sight; the weights are back at the top.
  await row(/bias of neuron 3/).focus();
  await app.keyboard.press('Home');
  await app.getByRole('switch', { name: 'Freeze the biases of hidden' }).click();
  await expect(window.status).toContainText('12 weights · 1 bias');
  await window.drawing.canvas.focus();
  await app.keyboard.press('Control+z');
  await expect(window.status).toContainText('12 weights · 5 biases');
});

test('the drawing as a table: by keys alone, sorted, copied, and the row is selected in the drawing', async ({
  app,
  server,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  const window = new AppWindow(app);
  await window.example(/The chain rule, step by step/);
  await window.ready();
  await app.keyboard.press('Alt+Digit9');
  const table = app.getByRole('grid', { name: 'Drawing as table' });
  await expect(table).toBeVisible();
  await expect(table.getByRole('row').nth(1)).toContainText(/\d/);

  // Stepping: nothing is told before it is computed.
  await app.keyboard.press('Control+Shift+Enter');
  await expect(app.getByRole('article', { name: 'Step in focus' })).toBeFocused();
  await app.keyboard.press('Alt+Digit9');
  await expect(app.getByText(/Step 1 of \d+: what was computed up to here/)).toBeVisible();
  const gradients = table.locator('.row > span:nth-child(4)');
  await expect(gradients.filter({ hasText: /\d/ })).toHaveCount(0);
  for (let presses = 0; presses < 40; presses++) await app.keyboard.press('Alt+ArrowRight');
  await expect(gradients.filter({ hasText: /\d/ })).not.toHaveCount(0);
  await expect(table.locator('.row > span:nth-child(5)').filter({ hasText: /\d/ })).not.toHaveCount(0);

  const byGradient = table.getByRole('columnheader', { name: 'Gradient' });
  await byGradient.getByRole('button').focus();
  await app.keyboard.press('Enter');
  await expect(byGradient).toHaveAttribute('aria-sort', 'descending');
  await table.locator('[data-row][tabindex="0"]').focus();
  await app.keyboard.press('End');
  await app.keyboard.press('ArrowUp');
  const row = table.locator('[data-row]:focus');
  await app.keyboard.press('Enter');
  await expect(row).toHaveAttribute('aria-selected', 'true');
  await app.getByRole('button', { name: 'Copy as table' }).focus();
  await app.keyboard.press('Enter');
  await expect
    .poll(() => app.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/^name\ttype\tvalue\tgradient\tlocal derivative\n/);
});
