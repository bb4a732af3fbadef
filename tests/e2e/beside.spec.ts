/** What trains beside the open run: a trial of a cure, and a race of variants. */
import { expect, test } from './support';
import { AppWindow } from './window';

test('a cure is tried beside the run: drawn as a second curve, adopted as one edit', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.tab('Train');
  await window.type('Learning rate', '0.000001');
  await window.ready();
  await window.speed('Full speed');
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBe(100);
  await window.tab('Results');
  await app.getByRole('button', { name: /^Try beside: Learning rate / }).click();
  const trial = app.getByRole('group', { name: /^Trial: Learning rate / });
  await expect(trial).toContainText(/Epoch 100 of 100, loss .*, better than/, { timeout: 60_000 });
  // The open run is as it was.
  await expect(app.getByRole('button', { name: /^Try beside: Learning rate / })).toBeVisible();
  await trial.getByRole('button', { name: 'Adopt' }).click();
  await expect(trial).toBeHidden();
  await expect.poll(() => window.epoch()).toBe(100);
  await window.tab('Train');
  const rate = app.getByRole('textbox', { name: 'Learning rate', exact: true });
  await expect(rate).not.toHaveValue(/0000/);
  await app.keyboard.press('Control+z');
  await expect(rate).toHaveValue('1e−6');
});

test('a race: variants from the same weights in one view, paused and gone on with, the winner kept', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.tab('Train');
  await window.type('Epochs', '40');
  await window.ready();
  await window.menu('Run', 'Race variants side by side…');
  const dialog = window.dialog;
  const values = dialog.getByRole('textbox', { name: 'Values of optimizer' });
  await values.fill('adam, adamant');
  await expect(dialog.getByRole('alert')).toContainText("'adamant' is not a value of optimizer. Give one of");
  await values.fill('sgd, adam');
  await expect(dialog).toContainText('2 networks: optimizer sgd · optimizer adam');
  await dialog.getByRole('button', { name: 'Start the race' }).click();
  const table = dialog.getByRole('table', { name: 'Race' });
  await expect(table.getByRole('row', { name: /optimizer sgd/ })).toContainText('Done', { timeout: 60_000 });
  await expect(table.getByRole('row', { name: /optimizer adam/ })).toContainText('Done', { timeout: 60_000 });
  await expect(table.getByRole('row', { name: /optimizer adam.*in front/ })).toBeVisible();
  await expect(dialog.getByRole('application', { name: /^Loss over epochs of 2 networks/ })).toBeVisible();
  await dialog.getByRole('button', { name: 'Keep the winner' }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(() => window.epoch()).toBe(40);
  await expect(app.getByRole('combobox', { name: /^Optimizer: / })).toContainText('Adam');
  // Both are in the history.
  await app.keyboard.press('Alt+7');
  await expect(app.getByRole('table', { name: 'Runs' }).getByRole('checkbox')).toHaveCount(2);
  // They can be told apart, and are found together by their tag, also after a reload.
  await app.reload();
  await window.example(/Circles: a hidden layer/);
  await app.keyboard.press('Alt+7');
  await app.getByRole('textbox', { name: 'Search the runs' }).fill('race');
  const kept = app.getByRole('table', { name: 'Runs' });
  await expect(kept.getByRole('row', { name: /race \d+ \w+,? .*optimizer sgd/ })).toBeVisible();
  await expect(kept.getByRole('row', { name: /race \d+ \w+,? .*optimizer adam/ })).toBeVisible();
});
