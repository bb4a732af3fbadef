/** Every plot of Results, none left out: each is read by keys and by the pointer, zooms, has a table, is heard, and is saved as SVG, PNG and CSV. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './support';
import { AppWindow } from './window';

test.describe.configure({ timeout: 420_000 });

/** Images go neither up nor down: nothing of them is heard. */
const mute = /^Images$/;
/** What each example must show at least; more is checked as well. */
const expected = {
  'Handwritten digits': [
    'Loss',
    'Accuracy',
    'Time travel',
    'Confusion matrix',
    'Images',
    'Each class',
    'ROC curve',
    'Decision boundary',
    'Inside the layers',
    'Activations of hidden',
    'Update to weight',
    'Activation of hidden',
    'Loss surface',
    'Gradients of single samples',
    'Noise and batch size',
  ],
  diabetes: ['R²', 'Predicted against actual', 'Answers over the plane'],
  sine: ['Fitted curve'],
} as const;

async function unfoldAll(panel: Locator): Promise<void> {
  const folded = panel.getByRole('heading').getByRole('button', { expanded: false });
  while ((await folded.count()) > 0) await folded.first().click();
}

async function trained(app: Page, example: RegExp): Promise<AppWindow> {
  const window = new AppWindow(app);
  await window.example(example);
  await window.ready();
  await window.tab('Train');
  await window.type('Epochs', '8');
  await window.ready();
  await window.tab('Results');
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBe(8);
  await expect(window.train).toHaveAccessibleName('Train', { timeout: 60_000 });
  return window;
}

/** The menu at a plot's corner. */
async function choose(app: Page, figure: Locator, entry: string): Promise<void> {
  await figure.getByRole('button', { name: /: save, table/ }).click();
  await app.getByRole('menuitem', { name: entry, exact: true }).click();
}

async function checkPlot(window: AppWindow, figure: Locator, title: string, home: string): Promise<void> {
  const app = window.page;
  await test.step(title, async () => {
    await figure.scrollIntoViewIfNeeded();
    // What is made of elements is a plot as well.
    await figure.getByRole('button', { name: /: save, table/ }).click();
    const entries = await app.getByRole('menuitem').allInnerTexts();
    const asPlot = entries.map((text) => text.trim()).includes('Show as plot');
    if (asPlot) await app.getByRole('menuitem', { name: 'Show as plot' }).click();
    else await app.keyboard.press('Escape');
    const plot = figure.getByRole('application');
    await expect(plot, title).toHaveAccessibleName(/ Arrow keys read it/);

    // By keys.
    const said = figure.locator('[aria-live]');
    await plot.focus();
    await app.keyboard.press('Home');
    await expect(said, `${title}: read by keys`).not.toBeEmpty();
    await expect(plot.locator('.read'), `${title}: shown at the cursor`).not.toBeEmpty();
    // Zoom, and back.
    await app.keyboard.press('+');
    await expect(figure.getByRole('button', { name: 'See everything' }), `${title}: zoom`).toBeVisible();
    await app.keyboard.press('0');
    await expect(figure.getByRole('button', { name: 'See everything' })).toBeHidden();
    // Left, the cursor is gone.
    await plot.blur();
    await expect(plot.locator('.read')).toBeHidden();

    // By the pointer, where the cursor was.
    await plot.focus();
    await app.keyboard.press('Home');
    const ring = plot.locator('svg circle').last();
    await expect(ring, `${title}: mark`).toBeAttached();
    const [x, y] = [Number(await ring.getAttribute('cx')), Number(await ring.getAttribute('cy'))];
    await plot.blur();
    await plot.hover({ position: { x, y }, force: true });
    await expect(plot.locator('.read'), `${title}: read by the pointer`).not.toBeEmpty();
    await app.mouse.move(2, 2);

    // Heard.
    if (!mute.test(title)) {
      await choose(app, figure, 'Listen');
      await expect(figure.getByRole('button', { name: 'Stop listening' }), `${title}: heard`).toBeVisible();
      await app.keyboard.press('Escape');
      await expect(figure.getByRole('button', { name: 'Stop listening' })).toBeHidden();
    }

    // Files, and the table that is the CSV.
    const saved = async (what: 'SVG' | 'PNG' | 'CSV'): Promise<Buffer> => {
      await choose(app, figure, `Save as ${what}`);
      const name = `${title.replaceAll(/[^\w]+/g, ' ')}.${what.toLowerCase()}`;
      await expect(app.getByRole('textbox', { name: 'File name' })).toHaveValue(new RegExp(`\\.${what.toLowerCase()}$`));
      await window.file(join(home, name));
      await expect(window.toast(`Saved ${name}`)).toBeVisible();
      return readFileSync(join(home, name));
    };
    const svg = (await saved('SVG')).toString();
    expect(svg, `${title}: SVG`).toMatch(/^<svg[\s\S]*<\/svg>\s*$/);
    expect((await saved('PNG')).subarray(1, 4).toString(), `${title}: PNG`).toBe('PNG');
    const csv = (await saved('CSV')).toString().trim().split('\r\n');
    expect(csv.length, `${title}: CSV`).toBeGreaterThan(1);
    await choose(app, figure, 'Show as table');
    await expect(figure.getByRole('table'), `${title}: table`).toHaveAttribute('aria-rowcount', String(csv.length));
    await choose(app, figure, 'Show as picture');
  });
}

for (const [example, titles] of Object.entries(expected))
  test(`all plots of ${example}`, async ({ app, server }) => {
    const window = await trained(app, new RegExp(example, 'i'));
    const panel = app.getByRole('tabpanel', { name: 'Results' });
    await unfoldAll(panel);
    const figures = panel.getByRole('figure').and(app.locator('[aria-label]'));
    // Studies answer when they are done.
    for (const title of titles)
      await expect(panel.getByRole('figure', { name: title, exact: true }), title).toBeAttached({ timeout: 60_000 });
    const all = await figures.evaluateAll((elements) => elements.map((element) => element.getAttribute('aria-label')!));
    expect(all).toEqual(expect.arrayContaining([...titles]));
    for (const title of all) await checkPlot(window, panel.getByRole('figure', { name: title, exact: true }), title, server.home);
  });
