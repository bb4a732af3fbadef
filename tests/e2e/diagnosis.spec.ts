/** The list before training finds a fault that a lesson has on purpose, and its cure is one press away. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './support';
import { AppWindow } from './window';

test('neurons that are all alike are found before training, and cured', async ({ app }) => {
  const window = new AppWindow(app);
  await app.evaluate(() => {
    location.hash = '#learn/3.7.1';
  });
  await app.getByRole('button', { name: 'Open in the editor' }).click();
  const before = app.getByRole('region', { name: 'Before training' });
  await expect(before).toContainText("All neurons of 'hidden' are the same", { timeout: 30_000 });
  await before.getByText(/1 of \d+ checks found something/).click();
  await expect(before.getByRole('listitem').filter({ hasText: 'Neurons of a layer differ' }).getByLabel('found')).toBeVisible();
  await before.getByRole('button', { name: 'Show the layer' }).click();
  await expect(window.drawing.canvas).toBeVisible();
  await before.getByRole('button', { name: 'Use Glorot weights and start over' }).click();
  await expect(before).toContainText(/\d+ checks, nothing found/, { timeout: 30_000 });
});

test('a cure of the data is tried beside, on data that are read anew, and adopted', async ({ app, server }) => {
  // One row in ten is of the rare class.
  const noise = (row: number, k: number): number => (((row * 7919 + k * 104_729) % 1000) / 1000) * 2 - 1;
  const rows = Array.from({ length: 300 }, (_, row) => {
    const rare = row % 10 === 0;
    return `${noise(row, 1) + (rare ? 0.8 : 0)},${noise(row, 2)},${rare ? 'yes' : 'no'}`;
  });
  const path = join(server.home, 'rare.csv');
  writeFileSync(path, ['a,b,y', ...rows].join('\n'));
  const window = new AppWindow(app);
  await window.networkFromFile(path);
  await window.speed('Full speed');
  await window.tab('Results');
  const list = app.getByRole('region', { name: 'Before training' });
  await expect(list).toContainText("of the training rows are 'no'");
  await app.getByRole('button', { name: 'Try beside: Balance the classes' }).click();
  const trial = app.getByRole('group', { name: 'Trial: Balance the classes' });
  await expect(trial).toContainText(/Epoch \d+ of \d+, loss [\d.]+/, { timeout: 60_000 });
  await expect(list).toContainText("of the training rows are 'no'");
  await trial.getByRole('button', { name: 'Adopt' }).click();
  await expect(trial).toBeHidden();
  await expect(app.getByText("of the training rows are 'no'")).toHaveCount(0, { timeout: 30_000 });
  await window.tab('Data');
  await expect(app.getByRole('switch', { name: 'Balance classes' })).toBeChecked();
  await expect(app.getByText('Rows weighed by').locator('..')).toContainText('class');

  // The sharpness of what was adopted, asked for by hand.
  await window.tab('Results');
  await app
    .getByText(/checks/)
    .first()
    .click();
  await app.getByRole('button', { name: 'Measure the sharpness' }).click();
  await expect(app.getByText(/λ = −?[\d.]+ over \d+ rows/)).toBeVisible({ timeout: 30_000 });
});
