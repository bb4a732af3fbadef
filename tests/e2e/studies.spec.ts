/** Plots of what the engine is asked about training: what they show is what the engine says elsewhere, and what cannot be shown is said. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { openCommands } from './keys';
import { expect, test } from './support';
import { AppWindow } from './window';

const part = (app: Page, name: string): Locator => app.getByRole('region', { name, exact: true });
const number = (text: string | null | undefined): number => Number((text ?? '').replace('−', '-').replaceAll(',', ''));

async function unfold(app: Page, name: string): Promise<Locator> {
  const head = part(app, name).getByRole('button', { name, exact: true });
  if ((await head.getAttribute('aria-expanded')) === 'false') await head.click();
  return part(app, name);
}

/** The rows of a plot as they are saved. */
async function table(window: AppWindow, home: string, figure: string): Promise<string[][]> {
  await window.page.getByRole('button', { name: `${figure}: save, table, listen` }).click();
  await window.page.getByRole('menuitem', { name: 'Save as CSV' }).click();
  const file = join(home, `${figure}.csv`);
  await window.file(file);
  await expect(window.toast(`Saved ${figure}.csv`)).toBeVisible();
  return readFileSync(file, 'utf8')
    .trim()
    .split('\r\n')
    .map((line) => line.split(',').map((cell) => cell.replace(/^"|"$/g, '')));
}

async function opened(app: Page, example: RegExp): Promise<AppWindow> {
  const window = new AppWindow(app);
  await window.example(example);
  await window.ready();
  await window.tab('Results');
  return window;
}

/** To the end of its epochs: nothing here has to be caught in the middle. */
async function trained(app: Page, example: RegExp): Promise<AppWindow> {
  const window = await opened(app, example);
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(5);
  await expect(window.train).toHaveAccessibleName('Train', { timeout: 60_000 });
  return window;
}

/** From the palette, as people without a mouse go there. */
async function command(app: Page, title: string): Promise<void> {
  await openCommands(app, title);
  await app
    .getByRole('option', { name: new RegExp(title.replace(/[.²]/g, '.')) })
    .first()
    .click();
}

test.describe.configure({ timeout: 180_000 });

test('a first step: its spreads and its ratio are those that were foretold; sums are counted', async ({ app, server }) => {
  const window = await opened(app, /Circles: a hidden/);
  const inside = await unfold(app, 'Inside the layers');
  const weightRow = inside.getByRole('row', { name: /^weight/ }).first();
  await expect(weightRow).toBeVisible({ timeout: 30_000 });
  const [mean] = (await weightRow.getByRole('cell').nth(1).innerText()).split('±').map((text) => number(text.trim()));
  const ratio = number((await weightRow.getByRole('cell').nth(2).innerText()).split(/\s/)[0]);

  await command(app, 'Train one step');
  const course = await unfold(app, 'Layers over time');
  await expect(course.getByRole('combobox', { name: /^Numbers of the strip/ })).toBeVisible({ timeout: 30_000 });
  await course.getByRole('combobox', { name: /^Numbers of the strip/ }).click();
  await app.getByRole('option', { name: 'Weights', exact: true }).click();
  await expect(app.getByRole('figure', { name: /^Weights of / })).toBeVisible();
  const title = (await app.getByRole('figure', { name: /^Weights of / }).getAttribute('aria-label')) ?? '';
  const [, first] = await table(window, server.home, title);
  expect(number(first![1])).toBeCloseTo(mean!, 2);
  const ratios = await table(window, server.home, 'Update to weight');
  expect(number(ratios[1]![1]) / ratio).toBeCloseTo(1, 1);

  const activations = await unfold(app, 'Activation');
  await expect(activations).toContainText(/40 sums of 10 rows: the derivative is/, { timeout: 30_000 });
  await app.getByRole('textbox', { name: 'Neuron, 0 for all' }).fill('2');
  await app.keyboard.press('Enter');
  await expect(activations).toContainText(/10 sums of 10 rows/);
});

test('the loss surface goes through the loss that training has; the way leads there', async ({ app }) => {
  const window = await trained(app, /Circles: a hidden/);
  // Scores are those of an epoch's end.
  const epoch = await window.epoch();
  await command(app, 'Train one epoch');
  await expect.poll(() => window.epoch(), { timeout: 30_000 }).toBe(epoch + 1);
  await window.ready();
  const row = app
    .getByRole('row', { name: /^Training/ })
    .getByRole('cell')
    .first();
  await expect(row).not.toHaveText('–');
  const loss = number(await row.innerText());
  await command(app, 'Loss surface');
  const surface = part(app, 'Loss surface');
  await expect(surface.getByRole('button', { name: 'Loss surface', exact: true })).toBeFocused();
  await expect(surface).toContainText(/on (17|33|65) × \1 points/, { timeout: 60_000 });
  const [, said] = /where the loss is (\S+?)[.;](?:\s|$)/.exec(await surface.innerText())!;
  expect(number(said) / loss).toBeCloseTo(1, 2);

  // Read by arrow keys: the way begins at the start and ends at the present weights.
  const plot = app.getByRole('application', { name: /^Loss over main direction/ });
  await plot.focus();
  await app.keyboard.press('Home');
  const announced = app.getByRole('figure', { name: 'Loss surface', exact: true }).locator('[aria-live]');
  await expect(announced).toContainText(/^Epoch 0, step 0: loss here/);
  await app.keyboard.press('End');
  await expect(announced).toContainText(
    /the weights lie 0(\.0+\d*|e-\d+)? off the plane|lie \S*[eE×]\S* off the plane|lie 0 off/,
  );

  // Over two weights.
  await surface.getByRole('combobox', { name: /^Plane of the surface/ }).click();
  await app.getByRole('option', { name: /^Two weights/ }).click();
  await expect(
    app.getByRole('application', { name: /^Loss over hidden\/weight\[1, 1\] and hidden\/weight\[1, 2\]/ }),
  ).toBeVisible({ timeout: 60_000 });
  await expect(surface).toContainText(/on (17|33|65) × \1 points/, { timeout: 60_000 });
});

test('ROC: its recall is that of the class scores, its area that of its own points', async ({ app, server }) => {
  const window = await trained(app, /One neuron, two clouds/);
  const scores = await unfold(app, 'Each class');
  const recall = Number.parseFloat(await scores.getByRole('row').nth(2).getByRole('cell').nth(1).innerText()) / 100;
  await command(app, 'ROC and');
  const roc = part(app, 'ROC curve');
  await expect(roc).toContainText(/area under the curve/, { timeout: 30_000 });
  const area = number(/area under the curve (\d\.?\d*)/.exec(await roc.innerText())![1]);
  const [, ...rows] = await table(window, server.home, 'ROC curve');
  const points = rows.map(([, threshold, falseShare, found]) => ({
    threshold: threshold === '' || threshold === '–' ? 2 : number(threshold),
    x: number(falseShare),
    y: number(found),
  }));
  const sum = points.slice(1).reduce((total, { x, y }, at) => total + ((x - points[at]!.x) * (y + points[at]!.y)) / 2, 0);
  if (points.at(-1)!.x === 1) expect(sum).toBeCloseTo(area, 2);
  const half = points.findLast(({ threshold }) => threshold > 0.5)!;
  expect(half.y).toBeCloseTo(recall, 2);

  await roc.getByRole('radio', { name: 'Precision–recall' }).click();
  await expect(roc).toContainText(/average precision \d/);
});

test('gradient noise: measured and expected agree for single samples, and the advice names the batch', async ({
  app,
  server,
}) => {
  const window = await opened(app, /Iris/);
  await command(app, 'Gradient noise');
  const noise = part(app, 'Gradient noise');
  await expect(noise).toContainText(/Your batches of|noise; (larger|smaller) batches|noise hides/, { timeout: 60_000 });
  const [, first] = await table(window, server.home, 'Noise and batch size');
  expect(number(first![0])).toBe(1);
  expect(number(first![1]) / number(first![2])).toBeCloseTo(1, 3);
  const [, trace, squared] = /here (\S+) \/ (\S+?)\.(?:\s|$)/.exec(await noise.innerText())!;
  const scale = /noise scale is (\S+?):/.exec(await noise.innerText())?.[1];
  if (scale) expect(Math.max(1, number(trace) / number(squared)) / number(scale)).toBeCloseTo(1, 1);
});

test('errors of a regression as a histogram, counted to the last row; what needs classes says so', async ({ app, server }) => {
  const window = await trained(app, /Diabetes/);
  const errors = part(app, 'Predicted against actual');
  await errors.getByRole('radio', { name: 'Histogram' }).click();
  const all = number(/For (?:all |the first \S+ of )?(\d+)/.exec(await errors.innerText())![1]);
  const [, ...rows] = await table(window, server.home, 'Spread of the errors');
  expect(rows.reduce((sum, [, , count]) => sum + number(count), 0)).toBe(all);
  await command(app, 'ROC and');
  await expect(window.toast(/not here/)).toContainText('It needs classes to predict', { timeout: 10_000 });
});
