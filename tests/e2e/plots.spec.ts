/** What all plots share: they are read by arrow keys, zoomed, shown as tables, heard, and saved as vectors, pixels and numbers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import Papa from 'papaparse';
import { expectAlike, type Mark, pixelsOf, vectorsOf } from './plot-files';
import { walk } from './plot-walk';
import { expect, test } from './support';
import { AppWindow } from './window';

/** A plot, by how it introduces itself. */
const plot = (app: Page, name: RegExp) => app.getByRole('application', { name });

async function choose(app: Page, figure: string, entry: string): Promise<void> {
  await app.getByRole('button', { name: new RegExp(`^${figure}: save, table`) }).click();
  await app.getByRole('menuitem', { name: entry }).click();
}

async function trained(app: Page, example: RegExp): Promise<AppWindow> {
  const window = new AppWindow(app);
  await window.example(example);
  await window.ready();
  await window.tab('Results');
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(5);
  await window.stop();
  await window.ready();
  return window;
}

test('the loss is read, zoomed, listed, heard and saved', async ({ app, server }) => {
  const window = await trained(app, /Circles: a hidden/);
  const loss = plot(app, /^Loss over epochs/);

  // Read by arrow keys: from the last epoch back, and to the other curve.
  await loss.focus();
  await app.keyboard.press('End');
  const figure = app.getByRole('figure', { name: 'Loss', exact: true });
  const said = figure.locator('[aria-live]');
  await expect(said).toContainText(/^Epoch \d+: Training \S+/);
  await app.keyboard.press('Home');
  await expect(said).toContainText(/^Epoch [01]: Training/);

  // Zoomed, and back.
  await app.keyboard.press('+');
  await expect(said).toContainText(/^Epoch from/);
  await expect(figure.getByRole('button', { name: 'See everything' })).toBeVisible();
  await app.keyboard.press('0');
  await expect(figure.getByRole('button', { name: 'See everything' })).toBeHidden();

  // Saved in three ways.
  const saved = async (entry: string, name: string): Promise<Buffer> => {
    await choose(app, 'Loss', entry);
    await window.file(join(server.home, name));
    await expect(window.toast(`Saved ${name}`)).toBeVisible();
    return readFileSync(join(server.home, name));
  };
  const svg = (await saved('Save as SVG', 'loss.svg')).toString();
  const parsed = await app.evaluate((text) => {
    const document = new DOMParser().parseFromString(text, 'image/svg+xml');
    return {
      fault: document.querySelector('parsererror')?.textContent ?? null,
      words: [...document.querySelectorAll('text')].map((one) => one.textContent),
    };
  }, svg);
  expect(parsed.fault).toBeNull();
  expect(parsed.words).toEqual(expect.arrayContaining(['Loss', 'Training', 'Epoch →']));
  const png = await saved('Save as PNG', 'loss.png');
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(png.readUInt32BE(16)).toBeGreaterThan(800);
  const csv = (await saved('Save as CSV', 'loss.csv')).toString().trim().split('\r\n');
  expect(csv[0]).toMatch(/^Epoch,Training/);

  // The table has the same rows.
  await choose(app, 'Loss', 'Show as table');
  const table = app.getByRole('table', { name: 'Loss as a table' });
  await expect(table).toHaveAttribute('aria-rowcount', String(csv.length));
  const cells = await table.getByRole('row').nth(1).getByRole('cell').allInnerTexts();
  const first = csv[1]!.split(',').map(Number);
  expect(cells.map((text) => Number(text.replace('−', '-')))).toEqual(first.map((x) => expect.closeTo(x, 5)));
  await choose(app, 'Loss', 'Show as picture');
  await expect(loss).toBeVisible();

  // Heard, until it is enough.
  await choose(app, 'Loss', 'Listen');
  await expect(figure.getByRole('button', { name: 'Stop listening' })).toBeVisible();
  await app.keyboard.press('Escape');
  await expect(figure.getByRole('button', { name: 'Stop listening' })).toBeHidden();
});

/** What is behind the plots of an example: the head of the table, and how their marks are drawn. */
const examples = {
  'Handwritten digits': {
    Loss: ['Epoch', 'line'],
    Accuracy: ['Epoch', 'line'],
    'Time travel': ['epoch', 'line'],
    'Confusion matrix': ['true \\ predicted', 'image'],
    Images: ['row', 'image'],
    'Each class': ['class', 'fill'],
    'ROC curve': ['class', 'line'],
    'Decision boundary': ['p41', 'image'],
    'Inside the layers': ['layer', 'line'],
    'Activations of hidden': ['epoch', 'image'],
    'Update to weight': ['Epoch', 'line'],
    'Activation of hidden': ['neuron', 'line'],
    'Loss surface': ['', 'image'],
    'Gradients of single samples': ['', 'line'],
    'Noise and batch size': ['', 'fill'],
  },
  'Diabetes progression': {
    'R²': ['Epoch', 'line'],
    'Predicted against actual': ['row', 'fill'],
    'Answers over the plane': ['bmi', 'image'],
  },
} as const;

for (const [example, plots] of Object.entries(examples))
  test(`every plot of ${example} is read, zoomed, heard and saved in three ways, and its table is its CSV`, async ({
    app,
    server,
  }) => {
    test.setTimeout(300_000);
    const window = await trained(app, new RegExp(example));
    const panel = app.getByRole('tabpanel', { name: 'Results' });
    const folded = panel.getByRole('heading').getByRole('button', { expanded: false });
    while ((await folded.count()) > 0) await folded.first().click();
    // Studies answer when they are done.
    for (const title of Object.keys(plots))
      await expect(panel.getByRole('figure', { name: title, exact: true })).toBeAttached({ timeout: 60_000 });
    const all = await panel
      .getByRole('figure')
      .evaluateAll((figures) => figures.flatMap((figure) => figure.getAttribute('aria-label') ?? []));
    // A plot that is new has its place in the list above.
    if (example === 'Handwritten digits') expect(all.toSorted()).toEqual(Object.keys(plots).toSorted());
    await window.ready();
    const walked = await walk(app, Object.keys(plots));
    expect(walked.map(({ title }) => title).toSorted()).toEqual(Object.keys(plots).toSorted());
    for (const one of walked) {
      const [head, marks] = (plots as Readonly<Record<string, readonly [string, Mark]>>)[one.title]!;
      expect(one.label, one.title).toMatch(/ Arrow keys read it/);
      expect(one.first, one.title).toMatch(/\d/);
      expect(one.heard, `${one.title}: images go neither up nor down, all else is heard`).toBe(one.title !== 'Images');
      const read = (kind: 'SVG' | 'PNG' | 'CSV'): Buffer => readFileSync(join(server.home, one.files[kind]));
      const svg = await vectorsOf(app, read('SVG').toString());
      expect(svg.fault, one.title).toBeNull();
      expect(svg.words, one.title).toContain(one.title);
      expect(svg[marks], `${one.title}: ${marks} in the SVG`).toBeGreaterThan(0);
      const png = await pixelsOf(app, read('PNG').toString('base64'));
      expect([png.width, png.height], one.title).toEqual([2 * svg.width, 2 * svg.height]);
      // Letters and axes alone have some shades of grey.
      expect(png.drawn, `${one.title}: share of the PNG that is not its ground`).toBeGreaterThan(0.01);
      expect(png.coloured, `${one.title}: pixels of the PNG with a colour`).toBeGreaterThan(100);
      const csv = Papa.parse<string[]>(read('CSV').toString().trim()).data;
      if (head !== '') expect(csv[0]![0], one.title).toBe(head);
      expect(csv.length, one.title).toBeGreaterThan(1);
      expect(one.rowCount, one.title).toBe(csv.length);
      for (const [at, row] of one.cells.entries()) expectAlike(row, csv[at]!, `${one.title}, row ${at}`);
    }
  });

test('a map is read by arrow keys, of the prediction and of a neuron from a list', async ({ app }) => {
  const window = await trained(app, /Circles: a hidden/);
  const figure = app.getByRole('figure', { name: 'Decision boundary' });
  await plot(app, /^Map of the prediction/).focus();
  await app.keyboard.press('Home');
  const said = figure.locator('[aria-live]');
  await expect(said).toHaveText(/^−?[\d.]+, −?[\d.]+: .+ \(\d+ %\)$/);
  const before = await said.innerText();
  await app.keyboard.press('ArrowDown');
  await expect(said).not.toHaveText(before);
  await window.choose('Map of', /^hidden/);
  await expect(plot(app, /^Map of hidden, neuron 1/)).toBeVisible();
  await window.choose('Neuron', '2');
  await expect(plot(app, /^Map of hidden, neuron 2/)).toBeVisible();
});

test('what is pointed at in one plot is marked in the others', async ({ app }) => {
  await trained(app, /Handwritten digits/);
  // An epoch, in both curves.
  const accuracy = app.getByRole('figure', { name: 'Accuracy' });
  await expect(accuracy.locator('svg line')).toHaveCount(0);
  await plot(app, /^Loss over epochs/).focus();
  await app.keyboard.press('Home');
  await expect(accuracy.locator('svg line')).toHaveCount(1);
  // A row: from its image to the cell of the confusion matrix.
  const image = app
    .getByRole('group', { name: /^Images/ })
    .getByRole('button')
    .first();
  await image.focus();
  await expect(accuracy.locator('svg line')).toHaveCount(0);
  const cells = app.getByRole('table', { name: /^Confusion matrix/ });
  await expect(cells.locator('button.pointed')).toHaveCount(1);
  const [, guess, truth] = /predicted (\d), but it is (\d)/.exec((await image.getAttribute('aria-label'))!)!;
  await expect(cells.locator('button.pointed')).toHaveAccessibleName(new RegExp(`of ${truth} predicted as ${guess}$`));
  // And from the cell to its images.
  await cells.locator('button.pointed').focus();
  await expect(
    app
      .getByRole('group', { name: /^Images/ })
      .locator('button.lit')
      .first(),
  ).toBeVisible();
});

test('a curve is smoothed, and its own numbers stay in the table', async ({ app }) => {
  await trained(app, /Circles: a hidden/);
  await app.getByRole('button', { name: 'Look of Loss' }).click();
  const slider = app.getByRole('slider', { name: 'Smoothing of Loss' });
  await slider.focus();
  await app.keyboard.press('End');
  await app.keyboard.press('Escape');
  await choose(app, 'Loss', 'Show as table');
  await expect(app.getByRole('columnheader', { name: 'Training, smoothed' })).toBeVisible();
  await expect(app.getByRole('columnheader', { name: 'Training', exact: true })).toBeVisible();
});
