/** A teacher locks a project for a class; a pupil meets the lock; the password opens it again. */
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { command, openCommands } from './keys';
import { expect, test } from './support';
import { AppWindow } from './window';

test.setTimeout(240_000);

/** Such a drawing is stepped through and not trained. */
const stepThrough = (app: Page): Locator => app.getByRole('banner').getByRole('button', { name: /^Step through one iteration/ });

test('a locked project keeps its drawing, its seeds and its answers until the password is given', async ({ app, server }) => {
  const window = new AppWindow(app);
  await app
    .getByRole('navigation', { name: 'Start' })
    .getByRole('button', { name: /First exercise/ })
    .click();
  await app.getByRole('button', { name: 'Open this drawing in the editor' }).click();
  await expect(window.drawing.canvas).toBeVisible();

  // The teacher.
  await window.menu('File', 'Lock for a class, or open the lock…');
  const dialog = app.getByRole('dialog', { name: 'Lock for a class' });
  await expect(dialog).toContainText('it is no security');
  const put = dialog.getByRole('group', { name: 'Put away' });
  await put.getByRole('checkbox', { name: 'Train' }).check();
  await put.getByRole('checkbox', { name: 'Export' }).check();
  await dialog.getByRole('checkbox', { name: /Hide answers/ }).check();
  await dialog.getByLabel('Password to open it').fill('Kreide');
  await dialog.getByRole('button', { name: 'Lock', exact: true }).click();
  await expect(window.toast('The project is locked')).toBeVisible();
  await app.keyboard.press('Control+s');
  await window.file(join(server.home, 'sheet.chainrule'));
  await expect(window.toast('Saved sheet.chainrule')).toBeVisible();

  // The pupil, who opens the file.
  await app.goto(server.origin);
  await app
    .getByRole('region', { name: 'Recent files' })
    .getByRole('button', { name: /^sheet/ })
    .click();
  await expect(app.getByRole('button', { name: 'Locked' })).toBeVisible();
  await expect(app.getByRole('tab', { name: 'Data', exact: true })).toBeVisible();
  await expect(app.getByRole('tab', { name: 'Train', exact: true })).toHaveCount(0);
  await expect(app.getByRole('banner').getByRole('button', { name: 'Export' })).toHaveCount(0);
  await expect(stepThrough(app)).toBeEnabled({ timeout: 30_000 });
  await window.drawing.canvas.focus();
  await app.keyboard.press('Control+a');
  await app.keyboard.press('Delete');
  await expect(window.toast('The drawing is locked by the teacher')).toBeVisible();

  // Training would tell: a weight before and after a step, a curve, a loss at each rate.
  await expect(app.getByRole('banner').getByRole('button', { name: 'Train. The teacher hides the answers' })).toBeDisabled();
  for (const words of ['Train one step', 'Find a learning rate']) {
    await app.keyboard.press('Control+k');
    await app.keyboard.type(words);
    await expect(app.getByRole('option', { name: words })).toHaveCount(0);
    await app.keyboard.press('Escape');
  }

  // Stepping asks for every number, and none can be had for nothing.
  await app.keyboard.press('Control+Shift+Enter');
  const step = app.getByRole('article', { name: 'Step in focus' });
  const predict = step.getByRole('textbox', { name: 'Your prediction' });
  await expect(app.getByRole('switch', { name: /^Predict/ })).toBeDisabled();
  await app.getByRole('toolbar', { name: 'Steps' }).getByRole('button', { name: 'Last step' }).click();
  await app.getByRole('group', { name: 'Phases' }).getByRole('button', { name: 'Backward' }).click();
  await expect(predict).toBeVisible();
  await expect(step.getByRole('button', { name: 'Show it' })).toHaveCount(0);
  // Who listens is told no more than who looks.
  await expect(app.getByRole('slider', { name: 'Step', exact: true })).toHaveAttribute(
    'aria-valuetext',
    /its number is asked for$/,
  );
  await predict.fill('3');
  await app.keyboard.press('Enter');
  await expect(step.getByRole('status').filter({ hasText: '3 is not it' })).toBeVisible();
  await predict.fill('-3');
  await app.keyboard.press('Enter');
  await expect(step).toContainText('Right, in the end');

  // The course makes exercises of it, without solutions.
  await command(app, 'Exercise 4');
  await app.getByText('Exercises from any drawing').click();
  await app.getByRole('combobox', { name: /^Drawing/ }).click();
  await app.getByRole('option', { name: /^My drawing/ }).click();
  await expect(app.getByRole('button', { name: 'Make the set' })).toHaveCount(0);
  await expect(app.getByRole('radio', { name: 'Solution' })).toHaveCount(1);
  await app.getByRole('button', { name: 'Close the course' }).click();

  // The password.
  await app.getByRole('button', { name: 'Locked' }).click();
  const open = app.getByRole('dialog', { name: 'This project is locked' });
  await expect(open).toContainText('Cannot be changed: the drawing, seeds');
  await open.getByLabel('Teacher’s password').fill('kreide');
  await app.keyboard.press('Enter');
  await expect(open.getByRole('alert')).toContainText('not the password');
  await open.getByLabel('Teacher’s password').fill('Kreide');
  await app.keyboard.press('Enter');
  await expect(open).toBeHidden();
  await expect(app.getByRole('tab', { name: 'Train', exact: true })).toBeVisible();
  await expect(app.getByRole('button', { name: 'Locked' })).toHaveCount(0);
});

test('hidden answers cover arrays: one element is asked for, nothing on the drawing tells it, no way leads round', async ({
  app,
}) => {
  const window = new AppWindow(app);
  await app.evaluate(() => {
    location.hash = '#learn/3.6.20';
  });
  await app.getByRole('button', { name: 'Open: a fully connected layer' }).click();
  await expect(window.drawing.canvas).toBeVisible();
  await window.menu('File', 'Lock for a class, or open the lock…');
  const dialog = app.getByRole('dialog', { name: 'Lock for a class' });
  await dialog.getByRole('checkbox', { name: /Hide answers/ }).check();
  await expect(dialog.getByRole('checkbox', { name: 'Results' })).toBeChecked();
  await dialog.getByRole('button', { name: 'Lock', exact: true }).click();
  await expect(window.toast('The project is locked')).toBeVisible();

  await expect(stepThrough(app)).toBeEnabled({ timeout: 30_000 });
  // p = xW = (2.5, 0): its first element is asked for, then the whole array shows.
  await app.keyboard.press('Control+Shift+Enter');
  const step = app.getByRole('article', { name: 'Step in focus' });
  await app.getByRole('list', { name: 'Steps of the iteration' }).getByRole('button', { name: /^p/ }).first().click();
  await expect(step).toContainText('Of 1 × 2 numbers, element 1, 1');
  await expect(step.getByRole('table')).toHaveCount(0);
  await expect(step.getByRole('heading', { level: 2 })).toContainText('What is the value of');
  const predict = step.getByRole('textbox', { name: 'Your prediction of element 1, 1' });
  await predict.fill('0');
  await app.keyboard.press('Enter');
  await expect(step.getByRole('status').filter({ hasText: '0 is not it' })).toBeVisible();
  await expect(step).not.toContainText('2.5');
  await predict.fill('5/2');
  await app.keyboard.press('Enter');
  await expect(step).toContainText('Right, in the end');
  await expect(step).toContainText('2.5');

  // The way round: copying, the text of the drawing, exports, gradients in the table of parameters.
  await window.drawing.canvas.focus();
  await app.keyboard.press('Control+a');
  await app.keyboard.press('Control+c');
  await expect(window.toast('not copied')).toBeVisible();
  for (const words of ['Drawing as text', 'Export trained model']) {
    await openCommands(app, words);
    await expect(app.getByRole('combobox', { name: 'Search commands and nodes' })).toHaveValue(words);
    await expect(app.getByRole('option', { name: words })).toHaveCount(0);
    await app.keyboard.press('Escape');
  }
  await app.getByRole('tab', { name: 'Parameters' }).click();
  const parameters = app.getByRole('grid').first();
  await expect(parameters.getByRole('row').nth(2)).toContainText('–');
});
