/** A sweep from the window: started, watched, paused, gone on with; and the queue. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { painted } from './keys';
import { expect, serve, test } from './support';
import { AppWindow } from './window';

test('a sweep runs in the background, can be paused, and its best run is in the history', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.tab('Train');
  await window.type('Epochs', '40000');
  await window.ready();
  await window.menu('Run', 'Sweep over settings…');
  const dialog = window.dialog;
  await dialog.getByRole('textbox', { name: 'Values of rate' }).fill('0.1, fast');
  await expect(dialog.getByRole('alert')).toContainText("'fast' is not a value of rate");
  await dialog.getByRole('textbox', { name: 'Values of rate' }).fill('0.1, 0.01');
  await dialog.getByRole('textbox', { name: 'Values of seed' }).fill('1..3');
  await expect(dialog).toContainText('6 runs of 40,000 epochs: rate 0.1, seed 1');
  await dialog.getByRole('button', { name: 'Start the sweep' }).click();

  const sweep = app.getByRole('group', { name: /^Sweep Circles/ });
  await expect(sweep).toContainText('of 6');
  await sweep.getByRole('button', { name: /^Pause the sweep/ }).click();
  await expect(sweep).toContainText('paused');
  const table = app.getByRole('table', { name: 'Runs' });
  await expect(table.getByText('Waiting').first()).toBeVisible();
  await test.step('What waits is put in order by keys and by the pointer, and changed', async () => {
    await app.getByRole('button', { name: /^Queue: \d/ }).click();
    const rows = app.getByRole('list', { name: 'Runs that wait' }).getByRole('listitem');
    await expect(rows.last()).toContainText('rate 0.01, seed 3');
    const handle = (row: typeof dialog) => row.getByRole('button', { name: /^Move / });
    await handle(rows.last()).focus();
    await app.keyboard.press('Home');
    await expect(rows.first()).toContainText('rate 0.01, seed 3');
    await expect(handle(rows.first())).toBeFocused();
    await app.keyboard.press('ArrowDown');
    await expect(rows.nth(1)).toContainText('rate 0.01, seed 3');
    const [from, to] = [await handle(rows.nth(1)).boundingBox(), await rows.first().boundingBox()];
    await app.mouse.move(from!.x + 8, from!.y + 8);
    await app.mouse.down();
    await app.mouse.move(from!.x + 8, to!.y + 4, { steps: 4 });
    await app.mouse.up();
    await expect(rows.first()).toContainText('rate 0.01, seed 3');
    await rows
      .first()
      .getByRole('button', { name: /^Change / })
      .click();
    const batch = window.dialog.getByRole('textbox', { name: 'Batch size' });
    await batch.fill('40');
    await batch.press('Enter');
    await window.dialog.getByRole('button', { name: 'Change the run' }).click();
    await rows
      .first()
      .getByRole('button', { name: /^Change / })
      .click();
    await expect(batch).toHaveValue('40');
    await window.dialog.getByRole('button', { name: 'Cancel' }).click();
    await window.dialog.getByRole('button', { name: 'Close' }).last().click();
  });
  await sweep.getByRole('button', { name: /^Go on with the sweep/ }).click();
  await expect(sweep).toContainText('6 of 6, done', { timeout: 90_000 });
  // Its winner comes into this project, as one edit.
  const winner = /with rate ([\d.]+), seed (\d)/.exec(await sweep.innerText())!;
  await sweep.getByRole('button', { name: /^Keep the winner/ }).click();
  await expect(app.getByRole('textbox', { name: 'Seed', exact: true })).toHaveValue(winner[2]!, { timeout: 30_000 });
  await expect(app.getByRole('textbox', { name: 'Learning rate', exact: true })).toHaveValue(winner[1]!);
  await expect.poll(() => window.epoch()).toBe(40_000);
  await sweep.getByRole('button', { name: /^Put .* away$/ }).click();
  await expect(sweep).toBeHidden();
  await expect(table.getByRole('checkbox')).toHaveCount(6);
  await expect(table.getByRole('row', { name: /rate 0\.01, seed 3/ })).toContainText('40,000');

  // One project in the queue.
  await window.type('Epochs', '50');
  await window.ready();
  await window.menu('Run', 'Train this project in the background');
  await expect(table.getByRole('checkbox')).toHaveCount(7, { timeout: 20_000 });
});

test('a run that is clicked in the plot of its sweep opens', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.tab('Train');
  await window.type('Epochs', '20');
  await window.ready();
  await window.menu('Run', 'Sweep over settings…');
  await window.dialog.getByRole('textbox', { name: 'Values of rate' }).fill('0.1, 0.01, 0.001');
  await window.dialog.getByRole('textbox', { name: 'Values of seed' }).fill('1');
  await window.dialog.getByRole('button', { name: 'Start the sweep' }).click();
  const sweep = app.getByRole('group', { name: /^Sweep Circles/ });
  await expect(sweep).toContainText('3 of 3, done', { timeout: 60_000 });
  await sweep.getByRole('button', { name: /^Compare/ }).click();
  await expect(window.dialog).toContainText('3 runs compared');
  const region = window.dialog.getByRole('region', { name: 'By settings' });
  const plot = region.getByRole('application');
  await plot.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await plot.boundingBox())!;
  // The dot of the middle rate: half way across, at the height where the pointer reads a run of it.
  const read = region.getByText(/^rate 0\.01\b/);
  let found = 0;
  for (let down = 6; down < height && found === 0; down += 12) {
    await app.mouse.move(x + width / 2 + 20, y + down);
    await painted(app);
    if (await read.isVisible()) found = y + down;
  }
  expect(found).toBeGreaterThan(0);
  await app.mouse.click(x + width / 2 + 20, found);
  await expect(window.dialog.getByRole('heading', { name: 'Results and settings' })).toBeVisible();
  await expect(window.dialog).toContainText('rate 0.01');
});

test('a cross-validation trains every fold in turn: scores in a table, curves over each other', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.menu('Run', 'Cross-validate…');
  const dialog = window.dialog;
  await window.type('Folds', '4');
  await expect(dialog).toContainText('4 runs of 100 epochs: fold 1 · fold 2 · fold 3 · fold 4');
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  const sweep = app.getByRole('group', { name: /^Sweep Circles/ });
  await expect(sweep).toContainText('4 of 4, done', { timeout: 60_000 });
  await sweep.getByRole('button', { name: /^Compare/ }).click();
  await expect(window.dialog).toContainText('4 runs compared');
  const table = window.dialog.getByRole('table', { name: 'Folds' });
  await expect(table.getByRole('row')).toHaveCount(6);
  await expect(table.getByRole('row', { name: /^Mean ± deviation/ })).toContainText(/[\d.]+ ± [\d.]+.*% ± [\d.]+/);
  await expect(window.dialog.getByRole('application', { name: /Loss over epochs of 4 runs/ })).toBeVisible();
});

test('a sweep outlives a reload of the page and a kill of the server', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-sweep-'));
  let served = await serve(folder);
  try {
    await page.goto(served.url);
    const window = new AppWindow(page);
    await window.example(/Circles: a hidden layer/);
    await window.ready();
    await window.tab('Train');
    await window.type('Epochs', '60000');
    await window.ready();
    await window.menu('Run', 'Sweep over settings…');
    await window.dialog.getByRole('textbox', { name: 'Values of rate' }).fill('0.1, 0.01');
    await window.dialog.getByRole('textbox', { name: 'Values of seed' }).fill('1..3');
    await window.dialog.getByRole('button', { name: 'Start the sweep' }).click();
    const sweep = page.getByRole('group', { name: /^Sweep Circles/ });
    await expect(sweep).toContainText(/\d of 6/);

    const again = async (): Promise<void> => {
      await window.example(/Circles: a hidden layer/);
      await page.keyboard.press('Alt+7');
      await expect(sweep).toContainText(/\d of 6/, { timeout: 30_000 });
    };
    await page.reload();
    await again();
    await served.stop('SIGKILL');
    served = await serve(folder);
    await page.goto(served.url);
    await again();
    // Nobody presses anything: it goes on by itself.
    await expect(sweep).toContainText('6 of 6, done', { timeout: 120_000 });
    const rows = page.getByRole('table', { name: 'Runs' }).getByRole('row', { name: /rate 0\.\d+, seed \d/ });
    await expect(rows).toHaveCount(6);
    for (const row of await rows.all()) await expect(row).toContainText('60,000');
  } finally {
    await served.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
