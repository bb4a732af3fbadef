/** Stepping through one iteration: by keys from anywhere, asked before it is shown, with numbers appearing on the edges. */
import { expect, test } from './support';
import { AppWindow } from './window';

test('the whole iteration by keyboard, and back', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/w₁x \+ w₂y \+ b|σ\(/);
  await window.ready();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  const step = app.getByRole('article', { name: 'Step in focus' });
  const count = app.getByRole('slider', { name: 'Step', exact: true });
  await expect(step).toBeVisible();
  await app.locator('body').press('ArrowRight');
  await expect(count).toHaveValue('1');
  await app.keyboard.press('PageDown');
  await expect(step).toContainText('Loss');
  await app.keyboard.press('Shift+PageDown');
  await app.keyboard.press('PageDown');
  await expect(step).toContainText('Backward');
  await app.keyboard.press('ArrowLeft');
  await app.keyboard.press('End');
  await expect(step).toContainText('Forward once more with the new weights');
  await app.keyboard.press('Home');
  await expect(count).toHaveValue('0');
});

test('a link of the formula leads to where the factor came from', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/w₁x \+ w₂y \+ b|σ\(/);
  await window.ready();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  await app.locator('body').press('PageDown');
  await app.keyboard.press('PageDown');
  await app.keyboard.press('ArrowRight');
  await app
    .getByRole('group', { name: 'Where the factors come from' })
    .getByRole('button', { name: /local derivative/ })
    .first()
    .click();
  await expect(app.getByRole('article', { name: 'Step in focus' })).toContainText('Forward');
});

test('predict, then reveal', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/w₁x \+ w₂y \+ b|σ\(/);
  await window.ready();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  await app.getByRole('switch', { name: /^Predict/ }).click();
  const step = app.getByRole('article', { name: 'Step in focus' });
  for (let i = 0; i < 12 && !(await app.getByRole('textbox', { name: 'Your prediction' }).isVisible()); i++)
    await app.locator('body').press('ArrowRight');
  await expect(step).toContainText('?');
  await app.getByRole('textbox', { name: 'Your prediction' }).fill('123456');
  await app.keyboard.press('Enter');
  await expect(step).toContainText('is not it');
  await step.getByRole('button', { name: 'Show it' }).click();
  await expect(step).toContainText('Shown without an answer');
  await expect(app.getByText('0 of 1 right')).toBeVisible();
});

test('paths to the loss add up; a dragged number shows the true loss beside the prediction', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/The chain rule, step by step/);
  await window.ready();
  await app.getByRole('button', { name: /^Step through one iteration/ }).click();
  await app.getByRole('radio', { name: 'Paths' }).click();
  const paths = app.getByRole('list', { name: /^Paths from/ });
  await expect(paths.getByRole('listitem').first()).toBeVisible();
  await expect(paths.getByRole('listitem').first()).toContainText('−2.25');
  await paths.getByRole('button').first().hover();
  await app.getByRole('radio', { name: 'Derivative' }).click();
  const slider = app.getByRole('slider', { name: /dragged$/ });
  await slider.focus();
  for (let i = 0; i < 30; i++) await app.keyboard.press('ArrowRight');
  await expect(app.getByText('Gap', { exact: true })).toBeVisible();
  await app.getByRole('button', { name: 'Keep this value' }).click();
  await expect(app.getByRole('button', { name: 'Keep this value' })).toBeDisabled();
  await expect(app.getByText('Slope at 2.3')).toBeVisible();
});
