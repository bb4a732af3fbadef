/** What all plots share: they are read by arrow keys, zoomed, shown as tables, heard, and saved as vectors, pixels and numbers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './support';
import { AppWindow } from './window';

/** A plot, by how it introduces itself. */
const plot = (app: Page, name: RegExp) => app.getByRole('application', { name });

async function choose(app: Page, figure: string, entry: string): Promise<void> {
  await app.getByRole('button', { name: `${figure}: save, table, listen` }).click();
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
