/** Numbers of the network by hand: dragged on the drawing and in tables, turned by keys, each one step of undo. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import { serialiseProject } from '../../src/engine/graph/project-text';
import { drawing } from '../support/drawing';
import { painted, pick, pressTogether } from './keys';
import { expect, test } from './support';
import { AppWindow } from './window';

const middle = async (of: Locator) => {
  const { x, y, width, height } = (await of.boundingBox())!;
  return { x: x + width / 2, y: y + height / 2 };
};

test('weights and biases are turned on the drawing, by the pointer and by keys', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/a hidden layer solves it/);
  await window.ready();
  await app.keyboard.press('Alt+Digit8');
  const grid = app.getByRole('grid', { name: 'Parameters of the network' });
  const row = (name: RegExp) => grid.getByRole('row', { name });
  await app.keyboard.press('Alt+Shift+Digit2');
  await expect(row(/^bias of neuron 3 0 /)).toBeVisible();

  await test.step('A bias: its circle is dragged up, Escape takes it back, undo takes it back', async () => {
    const from = await window.drawing.box('hidden[2].b');
    const up = { x: from.x, y: from.y - 40 };
    await window.drawing.drag(from, up);
    await expect(row(/^bias of neuron 3 0\.2 /)).toBeVisible();
    await window.drawing.drag(from, { x: from.x, y: from.y - 80 }, () => app.keyboard.press('Escape'));
    await expect(row(/^bias of neuron 3 0\.2 /)).toBeVisible();
    await app.keyboard.press('Control+z');
    await expect(row(/^bias of neuron 3 0 /)).toBeVisible();
  });
  await test.step('By keys: presses in a row are one step', async () => {
    await window.drawing.canvas.focus();
    await pressTogether(app, ['+', '+', '+', '-']);
    await expect(row(/^bias of neuron 3 0\.02 /)).toBeVisible();
    await app.keyboard.press('Control+z');
    await expect(row(/^bias of neuron 3 0 /)).toBeVisible();
  });
  await test.step('A weight: its line is dragged', async () => {
    const [left, right] = [await window.drawing.box('input'), await window.drawing.box('hidden[0]')];
    // Where the line runs, the table lights up its row.
    const lit = grid.locator('.lit');
    const line = { x: (left.x + left.width / 2 + right.x - right.width / 2) / 2, y: 0 };
    for (let y = Math.min(left.y, right.y) - 30; y < Math.max(left.y, right.y) + 60 && line.y === 0; y += 3) {
      await app.mouse.move(line.x, y);
      await painted(app);
      if ((await lit.count()) > 0 && /→ neuron 1/.test((await lit.textContent()) ?? '')) line.y = y;
    }
    expect(line.y).toBeGreaterThan(0);
    const before = (await lit.textContent())!;
    const name = before.split(' neuron 1')[0]!;
    const same = grid.getByRole('row', { name: new RegExp(`^${name} neuron 1 `) });
    const value = async () => (await same.getByRole('gridcell').nth(1).textContent())!.trim();
    const was = await value();
    await window.drawing.drag(line, { x: line.x, y: line.y - 60 });
    await expect.poll(value).not.toBe(was);
    await app.keyboard.press('Control+z');
    await expect.poll(value).toBe(was);
  });
  await test.step('In the table: a number is dragged, and a click still types', async () => {
    const cell = row(/^bias of neuron 3 /)
      .getByRole('button')
      .nth(1);
    await cell.scrollIntoViewIfNeeded();
    const from = await middle(cell);
    await window.drawing.drag(from, { x: from.x, y: from.y - 20 });
    await expect(row(/^bias of neuron 3 0\.1 /)).toBeVisible();
    await window.drawing.canvas.focus();
    await app.keyboard.press('Control+z');
    await expect(row(/^bias of neuron 3 0 /)).toBeVisible();
    await cell.click();
    await expect(app.getByRole('textbox', { name: 'Value of bias of neuron 3' })).toBeFocused();
    await app.keyboard.press('Escape');
  });
  await test.step('In the inspector: a field is dragged', async () => {
    await window.drawing.click('hidden[2].b');
    await window.tab('Inspect');
    const field = app.getByRole('textbox', { name: 'Value', exact: true });
    await expect(field).toHaveValue('0');
    const from = await middle(field);
    await window.drawing.drag(from, { x: from.x + 10, y: from.y - 10 });
    await expect(field).toHaveValue('0.1');
  });
  await test.step('The numbers of a whole layer, in the inspector’s table', async () => {
    await app.keyboard.press('Alt+Shift+Digit1');
    await window.drawing.click('hidden');
    const cell = app
      .getByRole('table', { name: /hidden\/bias|bias/ })
      .getByRole('button')
      .first();
    await cell.scrollIntoViewIfNeeded();
    const from = await middle(cell);
    await window.drawing.drag(from, { x: from.x, y: from.y - 100 });
    await expect(cell).toHaveText('0.5');
  });
  await test.step('In the heat map of the weights: a cell is dragged, or changed by keys where it is read', async () => {
    const numbers = app.getByRole('table', { name: /hidden\/weight/ });
    const before = await numbers.innerText();
    const plot = app.getByRole('application', { name: /^Weights of hidden/ });
    await plot.scrollIntoViewIfNeeded();
    const from = await middle(plot);
    await window.drawing.drag(from, { x: from.x, y: from.y - 30 });
    await expect.poll(() => numbers.innerText()).not.toBe(before);
    await app.keyboard.press('Control+z');
    await expect.poll(() => numbers.innerText()).toBe(before);
    const first = numbers.getByRole('button').first();
    const was = (await first.innerText()).trim();
    await plot.focus();
    for (const key of ['ArrowRight', '+', '+']) await app.keyboard.press(key);
    await expect(first).not.toHaveText(was);
    await app.keyboard.press('Control+z');
    await expect(first).toHaveText(was);
  });
});

test('a parameter that is one number is turned with Alt, and moved without', async ({ app, server }) => {
  const project = drawing(
    {
      x: ['input', {}, { shape: [] }],
      t: ['target', {}, { shape: [] }],
      w: ['parameter', {}, { shape: [], values: [0.5] }],
      p: ['multiply', { a: 'x', b: 'w' }],
      l: ['squared-error', { prediction: 'p', target: 't' }],
    },
    { epochs: 5 },
  );
  const data = { kind: 'generator', name: 'line', count: 50, noise: 0.1, seed: 1 } as const;
  const path = join(server.home, 'one.chainrule');
  const positions = {
    x: { x: 0, y: 0 },
    w: { x: 0, y: 140 },
    p: { x: 240, y: 60 },
    t: { x: 240, y: 240 },
    l: { x: 480, y: 120 },
  };
  writeFileSync(path, serialiseProject({ ...project, positions, settings: { ...project.settings, title: 'One', data } }));
  await expect(app.getByRole('navigation', { name: 'Start' })).toBeVisible();
  await app.keyboard.press('Control+o');
  const window = new AppWindow(app);
  await window.file(path);
  await window.ready();
  await app.keyboard.press('Alt+Digit8');
  const row = (name: RegExp) => app.getByRole('grid', { name: 'Parameters of the network' }).getByRole('row', { name });
  await expect(row(/^number 0\.5 /)).toBeVisible();
  const at = await window.drawing.box('w');
  await app.keyboard.down('Alt');
  await window.drawing.drag(at, { x: at.x, y: at.y - 50 });
  await app.keyboard.up('Alt');
  await expect(row(/^number 0\.75 /)).toBeVisible();
  expect(await window.drawing.box('w')).toEqual(at);
  // By keys, with the number said aloud.
  await window.drawing.canvas.focus();
  await app.keyboard.press('-');
  await expect(row(/^number 0\.74 /)).toBeVisible();
  await expect(app.getByText('w: 0.74', { exact: true })).toBeAttached();
  await window.drawing.drag(at, { x: at.x, y: at.y - 50 });
  expect((await window.drawing.box('w')).y).toBeLessThan(at.y - 20);
  await expect(row(/^number 0\.74 /)).toBeVisible();
});

test('biases of a layer start as the inspector says, by keys, and undo takes it back', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/a hidden layer solves it/);
  await window.ready();
  await app.keyboard.press('Alt+Digit8');
  const row = (name: RegExp) => app.getByRole('grid', { name: 'Parameters of the network' }).getByRole('row', { name });
  await expect(row(/^bias of neuron 3 0 /)).toBeVisible();
  await window.drawing.click('hidden');
  await window.tab('Inspect');
  await app.getByRole('combobox', { name: /^Initializer of biases: / }).focus();
  await pick(app, 'Constant');
  await window.type('Value s of biases', '0.25');
  await window.ready();
  await app.getByRole('button', { name: 'Reset the weights' }).click();
  await app.getByRole('menuitem', { name: /Same seed/ }).click();
  await expect(row(/^bias of neuron 3 0\.25 /)).toBeVisible();
  await window.drawing.canvas.focus();
  await app.keyboard.press('Control+z');
  await app.keyboard.press('Control+z');
  await expect(app.getByRole('combobox', { name: /^Initializer of biases: Zero/ })).toBeVisible();
});
