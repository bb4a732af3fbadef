/** The list before training finds a fault that a lesson has on purpose, and its cure is one press away. */
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
