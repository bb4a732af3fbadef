/** What all plots share: they are read by arrow keys, zoomed, shown as tables, heard, and saved as vectors, pixels and numbers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
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
  await window.pause.click();
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

/** The rows of a CSV whose cells hold no commas. */
const rowsOf = (text: string): readonly (readonly string[])[] =>
  text
    .trim()
    .split('\r\n')
    .map((line) => line.split(','));

const kinds = [
  {
    example: /Handwritten digits/,
    section: null,
    figure: 'Accuracy',
    words: ['Accuracy', 'Epoch →'],
    columns: ['Epoch', 'Training'],
  },
  {
    example: /Handwritten digits/,
    section: null,
    figure: 'Confusion matrix',
    words: ['predicted →', '9'],
    columns: ['true \\ predicted', '0'],
  },
  {
    example: /Handwritten digits/,
    section: null,
    figure: 'Images',
    words: ['Images'],
    columns: ['row', 'predicted', 'true', 'sureness'],
  },
  {
    example: /Handwritten digits/,
    section: 'Each class',
    figure: 'Each class',
    words: ['Precision', 'Recall'],
    columns: ['class', 'precision', 'recall', 'f1', 'rows'],
  },
  {
    example: /Handwritten digits/,
    section: 'Decision boundary',
    figure: 'Decision boundary',
    words: ['Decision boundary'],
    columns: ['p41', 'p32', 'class', 'sureness'],
  },
  {
    example: /Handwritten digits/,
    section: 'Inside the layers',
    figure: 'Inside the layers',
    words: ['hidden: weight'],
    columns: ['layer', 'numbers', 'count'],
  },
  {
    example: /diabetes/i,
    section: null,
    figure: 'Predicted against actual',
    words: ['↑ predicted'],
    columns: ['row', 'predicted', 'actual', 'error'],
  },
] as const;

for (const example of [/Handwritten digits/, /diabetes/i])
  test(`each plot of ${example.source} is saved in three ways, and its table is its CSV`, async ({ app, server }) => {
    test.setTimeout(240_000);
    const window = await trained(app, example);
    for (const { section, figure, words, columns } of kinds.filter((kind) => kind.example.source === example.source)) {
      if (section !== null) await app.getByRole('heading', { name: section }).getByRole('button').click();
      const saved = async (what: 'SVG' | 'PNG' | 'CSV'): Promise<Buffer> => {
        const name = `${figure}.${what.toLowerCase()}`;
        await choose(app, figure, `Save as ${what}`);
        await window.file(join(server.home, name));
        await expect(window.toast(`Saved ${name}`)).toBeVisible();
        return readFileSync(join(server.home, name));
      };
      const svg = await app.evaluate((text) => {
        const document = new DOMParser().parseFromString(text, 'image/svg+xml');
        return {
          fault: document.querySelector('parsererror')?.textContent ?? null,
          words: [...document.querySelectorAll('text')].map((one) => one.textContent),
        };
      }, (await saved('SVG')).toString());
      expect(svg.fault, figure).toBeNull();
      expect(svg.words, figure).toEqual(expect.arrayContaining([...words]));
      expect((await saved('PNG')).subarray(1, 4).toString(), figure).toBe('PNG');
      const csv = rowsOf((await saved('CSV')).toString());
      expect(csv[0]!.slice(0, columns.length), figure).toEqual(columns);
      expect(csv.length, figure).toBeGreaterThan(2);
      await choose(app, figure, 'Show as table');
      const table = app.getByRole('table', { name: `${figure} as a table` });
      await expect(table).toHaveAttribute('aria-rowcount', String(csv.length));
      const cells = await table.getByRole('row').nth(2).getByRole('cell').allInnerTexts();
      csv[2]!.forEach((cell, at) => {
        const shown = cells[at]!.replaceAll(',', '').replaceAll('−', '-');
        if (cell === '' || Number.isNaN(Number(cell))) expect(shown, figure).toBe(cell);
        else expect(Math.abs(Number(shown) - Number(cell)), figure).toBeLessThanOrEqual(Math.abs(Number(cell)) * 6e-5);
      });
      await choose(app, figure, 'Show as picture');
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
