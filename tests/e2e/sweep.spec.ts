/** A sweep from the window: started, watched, paused, gone on with; and the queue. */
import { expect, test } from './support';
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
  await sweep.getByRole('button', { name: /^Go on with the sweep/ }).click();
  await expect(sweep).toBeHidden({ timeout: 90_000 });
  await expect(table.getByRole('checkbox')).toHaveCount(6);
  await expect(table.getByRole('row', { name: /rate 0\.01, seed 3/ })).toContainText('40,000');

  // One project in the queue.
  await window.type('Epochs', '50');
  await window.ready();
  await window.menu('Run', 'Train this project in the background');
  await expect(table.getByRole('checkbox')).toHaveCount(7, { timeout: 20_000 });
});
