/** Editing: the clipboard, selecting, arranging, and changing things while the network trains. */
import type { Page } from '@playwright/test';
import { goTo, pressTogether } from './keys';
import { expect, test, watch } from './support';
import { AppWindow } from './window';

test.setTimeout(120_000);

async function spiral(page: Page): Promise<AppWindow> {
  const window = new AppWindow(page);
  await window.example(/^Spiral/);
  await window.ready();
  return window;
}

/** All weights, as the export would take them: the file of a format that holds nothing else. */
async function weightOf(window: AppWindow, node: string): Promise<string> {
  await window.tab('Inspect');
  await window.drawing.click(node);
  const table = window.page.getByLabel(`Values of ${node}/weight`);
  await expect(table).toContainText(/\d/);
  return table.innerText();
}

test('copying, cutting, pasting and duplicating, also from one window to another', async ({ app, server, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  const window = await spiral(app);
  const { drawing } = window;
  await drawing.click('hidden1');
  await drawing.click('hidden2', ['Shift']);

  await test.step('A copy is pasted with its inner connections and new names', async () => {
    await app.keyboard.press('Control+c');
    await app.keyboard.press('Control+v');
    await expect(drawing.list.getByRole('listitem')).toHaveCount(8);
    await drawing.expectEdge('hidden3', 'hidden4', 'x');
    await drawing.expectNoEdge('input', 'hidden3');
    await app.keyboard.press('Control+z');
    await expect(drawing.list.getByRole('listitem')).toHaveCount(6);
  });

  await test.step('Duplicating does the same in one step', async () => {
    await drawing.click('hidden1');
    await drawing.click('hidden2', ['Shift']);
    await app.keyboard.press('Control+d');
    await expect(drawing.list.getByRole('listitem')).toHaveCount(8);
    await app.keyboard.press('Control+z');
  });

  await test.step('What is cut in one window is pasted into another', async () => {
    const other = await context.newPage();
    const faults = watch(other);
    await other.goto(server.origin);
    await other.getByRole('button', { name: /New project/ }).click();
    await app.bringToFront();
    await drawing.click('hidden1');
    await drawing.click('hidden2', ['Shift']);
    await app.keyboard.press('Control+x');
    await expect(drawing.list.getByRole('listitem')).toHaveCount(4);
    await other.bringToFront();
    const there = new AppWindow(other);
    await expect(there.drawing.canvas).toBeVisible();
    await other.keyboard.press('Control+v');
    await there.drawing.expectEdge('hidden1', 'hidden2', 'x');
    expect(faults).toEqual([]);
    await other.close();
    await app.bringToFront();
    await app.keyboard.press('Control+z');
    await expect(drawing.list.getByRole('listitem')).toHaveCount(6);
  });

  await test.step('A clipboard with something else says so', async () => {
    await app.evaluate(() => navigator.clipboard.writeText('hello'));
    await window.menu('Edit', 'Paste');
    await expect(window.toast('The clipboard holds neither nodes nor a table')).toBeVisible();
    await window.toast('The clipboard holds neither nodes nor a table').getByRole('button').click();
    await expect(window.toast('The clipboard holds neither nodes nor a table')).toBeHidden();
    await app.keyboard.press('Control+v');
    await expect(window.toast('The clipboard holds neither nodes nor a table')).toBeVisible();
  });
});

test('selecting by box and by modifier, aligning, grouping, laying out, finding', async ({ app }) => {
  const window = await spiral(app);
  const { drawing } = window;
  await window.tab('Inspect');
  const side = app.getByRole('complementary', { name: 'Side panel' });

  await test.step('A box takes what it touches, a modifier adds and takes away', async () => {
    const [from, to] = [await drawing.box('hidden1'), await drawing.box('hidden2')];
    await drawing.drag(
      { x: from.x - from.width / 2 - 12, y: from.y - from.height / 2 - 25 },
      { x: to.x + to.width / 2 + 12, y: to.y + to.height / 2 + 12 },
    );
    await expect(side.getByRole('heading', { name: '2 nodes' })).toBeVisible();
    await drawing.click('target', ['Control']);
    await expect(side.getByRole('heading', { name: '3 nodes' })).toBeVisible();
    await drawing.click('hidden2', ['Control']);
    await expect(side.getByRole('heading', { name: '2 nodes' })).toBeVisible();
  });

  await test.step('They are aligned at their left edges', async () => {
    await side.getByRole('button', { name: 'Align left edges' }).click();
    const [a, b] = [await drawing.box('hidden1'), await drawing.box('target')];
    expect(a.x - a.width / 2).toBeCloseTo(b.x - b.width / 2, 0);
    await app.keyboard.press('Control+z');
  });

  await test.step('They become a group that moves as one, and come apart again', async () => {
    await drawing.click('hidden1');
    await drawing.click('hidden2', ['Shift']);
    await app.keyboard.press('Control+g');
    await expect(app.getByRole('button', { name: 'Undo: Group' })).toBeVisible();
    const before = [await drawing.box('hidden1'), await drawing.box('hidden2')];
    const title = { x: before[0]!.x, y: before[0]!.y - before[0]!.height / 2 - 28 * before[0]!.zoom };
    await drawing.click('target');
    await drawing.drag(title, { x: title.x, y: title.y + 60 });
    const after = [await drawing.box('hidden1'), await drawing.box('hidden2')];
    for (const at of [0, 1]) expect(Math.abs(after[at]!.y - before[at]!.y - 60)).toBeLessThan(15);
    await app.keyboard.press('Control+Shift+g');
    await expect(app.getByRole('button', { name: 'Undo: Ungroup' })).toBeVisible();
  });

  await test.step('The automatic layout puts the data’s way from left to right', async () => {
    await app.keyboard.press('Control+Shift+l');
    await expect(app.getByRole('button', { name: 'Undo: Lay out' })).toBeVisible();
    const xs: number[] = [];
    for (const id of ['input', 'hidden1', 'hidden2', 'output', 'loss']) xs.push((await drawing.box(id)).x);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
  });

  await test.step('A node is found by name and brought into view', async () => {
    await goTo(app, 'output');
    await expect(side.getByRole('heading', { name: 'Fully connected layer' })).toBeVisible();
    await expect(side.getByRole('textbox', { name: 'Name' })).toHaveAttribute('placeholder', 'output');
  });
});

test('a layer is opened in place while it trains, and training goes on from its weights', async ({ app }) => {
  const window = await spiral(app);
  await window.speed('Full speed');
  await window.tab('Train');
  await window.type('Epochs', '100000');
  await window.train.click();
  await window.tab('Results');
  await expect.poll(() => window.loss(), { timeout: 90_000 }).toBeLessThan(0.2);
  const step = await window.step();
  await window.drawing.click('hidden2');
  await window.menu('Arrange', 'Open into parts');
  await expect(window.drawing.node('weight of hidden2')).toContainText('64 parameters');
  await expect(window.pause).toBeVisible();
  await expect.poll(() => window.step(), { timeout: 30_000 }).toBeGreaterThan(step);
  // From new weights it would begin at 0.69; a single batch may be worse than the others.
  await expect.poll(() => window.loss()).toBeLessThan(0.5);
  await window.pause.click();
  await app.keyboard.press('Control+z');
  await expect(window.drawing.node('hidden2')).toContainText('72 parameters');
});

test('keys in a row on a slider, in a number and on nodes are one undo step each', async ({ app }) => {
  const window = await spiral(app);
  await window.tab('Train');
  const rate = app.getByRole('slider', { name: 'Learning rate' });
  const epochs = app.getByRole('textbox', { name: 'Epochs' });
  const [rateBefore, epochsBefore] = [await rate.getAttribute('aria-valuenow'), await epochs.inputValue()];
  await rate.focus();
  await pressTogether(
    app,
    Array.from({ length: 4 }, () => 'ArrowRight'),
  );
  await expect(rate).not.toHaveAttribute('aria-valuenow', rateBefore!);
  await epochs.focus();
  await pressTogether(
    app,
    Array.from({ length: 3 }, () => 'ArrowUp'),
  );
  await expect(epochs).toHaveValue(String(Number(epochsBefore) + 3));
  await window.drawing.click('hidden1');
  const at = await window.drawing.box('hidden1');
  await pressTogether(
    app,
    Array.from({ length: 3 }, () => 'ArrowDown'),
  );
  await expect.poll(async () => (await window.drawing.box('hidden1')).y).toBeGreaterThan(at.y);
  await app.getByRole('button', { name: 'Undo: Move' }).click();
  await expect.poll(async () => (await window.drawing.box('hidden1')).y).toBeCloseTo(at.y, 0);
  await app.getByRole('button', { name: 'Undo: Change the epochs' }).click();
  await expect(epochs).toHaveValue(epochsBefore);
  await app.getByRole('button', { name: 'Undo: Change learning rate' }).click();
  await expect(rate).toHaveAttribute('aria-valuenow', rateBefore!);
  await expect(app.getByRole('button', { name: 'Nothing to undo' })).toBeVisible();
});

test('the learning rate, the batch and the optimizer change while it runs', async ({ app }) => {
  const window = await spiral(app);
  await window.tab('Train');
  await window.type('Epochs', '100000');
  await window.speed('300 steps a second');
  await window.train.click();
  for (const change of [
    () => window.type('Learning rate', '0.003'),
    () => window.type('Batch size', '50'),
    () => window.choose('Optimizer', /^Gradient descent/),
    () => window.choose('Optimizer', /^Momentum/),
  ]) {
    await change();
    const step = await window.step();
    await expect(window.pause).toBeVisible();
    await expect.poll(() => window.step(), { timeout: 20_000 }).toBeGreaterThan(step + 3);
  }
  await expect(app.getByText('350 training rows: 7 steps an epoch.')).toBeVisible();
  // With seven steps an epoch, epochs and steps must agree from here on.
  await window.pause.click();
  await expect(window.train).toBeVisible();
});

test('the same seed starts again alike, a new seed otherwise', async ({ app }) => {
  const window = await spiral(app);
  const start = await weightOf(window, 'hidden1');
  await app.getByRole('button', { name: 'Train one epoch' }).click();
  await expect.poll(() => window.epoch()).toBe(1);
  const table = app.getByLabel('Values of hidden1/weight');
  await expect.poll(() => table.innerText()).not.toBe(start);
  const reset = async (title: RegExp): Promise<void> => {
    await app.getByRole('button', { name: 'Reset the weights' }).click();
    await app.getByRole('menuitem', { name: title }).click();
    await expect.poll(() => window.epoch()).toBe(0);
  };
  await reset(/^Same seed/);
  await expect.poll(() => table.innerText()).toBe(start);
  await reset(/^New seed/);
  await expect.poll(() => table.innerText()).not.toBe(start);
  await app.keyboard.press('Control+z');
});

test('an edit keeps the weights of every parameter that stays', async ({ app }) => {
  const window = await spiral(app);
  await app.getByRole('button', { name: 'Train one epoch' }).click();
  await expect.poll(() => window.epoch()).toBe(1);
  const first = await weightOf(window, 'hidden1');
  const last = await weightOf(window, 'output');
  await window.drawing.click('hidden2');
  await window.type('Neurons', '9');
  await window.ready();
  await expect(window.drawing.node('hidden2')).toContainText('81 parameters');
  await expect.poll(() => weightOf(window, 'hidden1')).toBe(first);
  // Its shape is another: its weights are new.
  expect(await weightOf(window, 'output')).not.toBe(last);
});

test('dividers are dragged without a word of the page being selected', async ({ app }) => {
  const window = await spiral(app);
  await window.tab('Inspect');
  const width = async (name: string): Promise<number> => (await app.getByRole('complementary', { name }).boundingBox())!.width;
  const side = await width('Side panel');
  const divider = (await app.getByRole('separator', { name: 'Width of the side panel' }).boundingBox())!;
  const at = { x: divider.x + divider.width / 2, y: divider.y + divider.height / 2 };
  // Farther than the panel may grow: each way has its pointer, and each is a style in the page.
  await window.drawing.drag(at, { x: at.x - 60, y: at.y }, async () => {
    await app.mouse.move(at.x - 700, at.y, { steps: 3 });
    await app.mouse.move(at.x + 500, at.y, { steps: 3 });
    await app.mouse.move(at.x - 60, at.y, { steps: 3 });
  });
  await expect.poll(() => width('Side panel')).toBeGreaterThan(side + 40);
  const heading = (await app.getByRole('heading', { name: 'The drawing' }).boundingBox())!;
  await window.drawing.drag({ x: heading.x + 4, y: heading.y + 4 }, { x: 500, y: 400 });
  expect(await app.evaluate(() => getSelection()?.toString() ?? '')).toBe('');
});
