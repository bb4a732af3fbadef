/** The history of runs in the window: kept, found, compared, brought back, reported, deleted; and after a crash. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRuns } from '../../src/main/services/runs/open';
import { expect, serve, test } from './support';
import { AppWindow } from './window';

test('every run is kept: found, compared, brought back with its weights, reported, deleted', async ({ app, server }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.speed('Full speed');
  await window.train.click();
  await window.trainedTo(100);
  await window.tab('Results');
  const first = await window.score('Test');

  // Another drawing, another seed.
  await window.drawing.click('hidden');
  await window.tab('Inspect');
  await window.type('Neurons', '6');
  await window.ready();
  await app.getByRole('button', { name: 'Reset the weights' }).click();
  await app.getByRole('menuitem', { name: /New seed/ }).click();
  await expect.poll(() => window.step()).toBe(0);
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBe(100);

  await app.keyboard.press('Alt+7');
  const table = app.getByRole('table', { name: 'Runs' });
  await expect(table.getByRole('row', { name: /dense 6-1, tanh/ })).toContainText('seed 2');
  await expect(table.getByRole('row', { name: /dense 4-1, tanh/ })).toContainText('seed 1');
  await expect(table.getByRole('checkbox')).toHaveCount(2);

  // Searched and sorted.
  const search = app.getByRole('textbox', { name: 'Search the runs' });
  await search.fill('seed 2');
  await expect(table.getByRole('checkbox')).toHaveCount(1);
  await search.fill('');
  await table.getByRole('button', { name: 'Drawing' }).click();
  await expect(table.getByRole('columnheader', { name: 'Drawing' })).toHaveAttribute('aria-sort', 'descending');
  await expect(table.getByRole('row').nth(1)).toContainText('dense 6-1');

  // Two of them against each other.
  for (const box of await table.getByRole('checkbox').all()) await box.check();
  await app.getByRole('button', { name: 'Compare 2' }).click();
  const dialog = window.dialog;
  await expect(dialog.getByRole('application', { name: /Loss over epochs of 2 runs/ })).toBeVisible();
  await expect(dialog.getByRole('row', { name: /^Seed/ })).toContainText('2');
  await expect(dialog.getByRole('row', { name: /^Optimiser/ })).toHaveCount(0);
  await dialog.getByRole('switch', { name: 'Only differences' }).click();
  await expect(dialog.getByRole('row', { name: /^Optimiser/ })).toContainText('Adam');
  await expect(dialog.getByRole('list', { name: 'Differences of the drawings' })).toContainText(/hidden: units (6 → 4|4 → 6)/);
  await app.keyboard.press('Escape');

  // The first one in detail: named, tagged, reported, brought back.
  await table
    .getByRole('row', { name: /dense 4-1/ })
    .getByRole('button')
    .first()
    .click();
  await dialog.getByRole('textbox', { name: 'Name of the run' }).fill('The small one');
  await dialog.getByRole('textbox', { name: 'Tags of the run' }).fill('baseline, keep');
  await dialog.getByRole('textbox', { name: 'Tags of the run' }).press('Enter');
  await expect(dialog).toContainText('The small one');
  await dialog.getByRole('button', { name: 'Save report' }).click();
  await window.file(join(server.home, 'report.html'));
  await expect(window.toast(/Saved report\.html/)).toBeVisible();
  const report = readFileSync(join(server.home, 'report.html'), 'utf8');
  expect(report).toMatch(/<svg[\s\S]*hidden[\s\S]*<svg/);
  expect(report).toContain('Confusion matrix');
  expect(report).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  await dialog.getByRole('button', { name: 'Bring back', exact: true }).click();
  await expect(window.toast(/The small one is back/)).toBeVisible();
  await expect.poll(() => window.epoch()).toBe(100);
  await window.tab('Results');
  await expect.poll(() => window.score('Test'), { timeout: 20_000 }).toBe(first);
  await expect(table.getByRole('row', { name: /The small one/ })).toContainText('baseline');

  // Training on is the same run; then both go.
  await app.getByRole('button', { name: 'Train one epoch' }).click();
  await expect(table.getByRole('row', { name: /The small one/ })).toContainText('101', { timeout: 10_000 });
  await expect(table.getByRole('checkbox')).toHaveCount(2);
  await app.getByRole('button', { name: 'Delete from the history' }).click();
  await window.dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(app.getByText('Every run of training is kept here')).toBeVisible();
});

/** The epoch of the last checkpoint on the disk. */
async function checkpointed(folder: string): Promise<number> {
  const { runs, close } = await openRuns(join(folder, 'settings'));
  try {
    const { runs: all } = await runs.history();
    return all[0] === undefined ? 0 : ((await runs.checkpoint(all[0].id))?.epoch ?? 0);
  } finally {
    await close();
  }
}

test('a run whose program was killed is there as interrupted, and goes on from its checkpoint', async ({ page, server }) => {
  await page.goto(server.url);
  const window = new AppWindow(page);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.tab('Train');
  await window.type('Epochs', '1000000');
  await window.speed('Full speed');
  await window.train.click();
  // Past its first checkpoint, as it is kept.
  await expect.poll(() => checkpointed(server.folder), { timeout: 60_000 }).toBeGreaterThan(300);
  await server.stop('SIGKILL');
  await page.close();

  const again = await serve(server.folder);
  try {
    const after = await page.context().newPage();
    await after.goto(again.url);
    const window = new AppWindow(after);
    await window.example(/Circles: a hidden layer/);
    await window.ready();
    await after.keyboard.press('Alt+7');
    const row = after.getByRole('table', { name: 'Runs' }).getByRole('row', { name: /Interrupted/ });
    await expect(row).toBeVisible({ timeout: 20_000 });
    await row.getByRole('checkbox').check();
    await after.getByRole('button', { name: 'Bring drawing and weights back into this project' }).click();
    await expect(window.toast(/is back/)).toBeVisible();
    await expect.poll(() => window.epoch()).toBeGreaterThan(300);
  } finally {
    await again.stop();
  }
});
