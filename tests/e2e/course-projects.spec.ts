/** Pages whose numbers are seen in the editor: the project is opened from its page, and what the page promises is read there. */
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './support';

test.setTimeout(120_000);

async function open(app: Page, id: string, button: RegExp = /^Open in the editor$/): Promise<void> {
  await app.evaluate((hash) => {
    location.hash = hash;
  }, `#learn/${id}`);
  await expect(app.locator('article > h2')).toContainText(id);
  await app.locator('article').getByRole('button', { name: button }).click();
  await expect(app.getByRole('region', { name: 'Lesson' })).toContainText(id);
}
const train = (app: Page): Locator =>
  app
    .getByRole('banner')
    .getByRole('button', { name: /^Train/ })
    .first();

/** The last step of the iteration that is stepped through. */
async function lastStep(app: Page): Promise<void> {
  await expect(train(app)).toBeEnabled({ timeout: 60_000 });
  await app.keyboard.press('Control+Shift+Enter');
  const card = app.getByRole('article', { name: 'Step in focus' });
  await expect(card).toBeVisible({ timeout: 60_000 });
  await app.keyboard.press('End');
}

test('1.5.1: a step is refused with the reason, and another activation makes it sound', async ({ app }) => {
  await open(app, '1.5.1');
  const lesson = app.getByRole('region', { name: 'Lesson' });
  await expect(train(app)).toBeDisabled();
  await app.getByRole('button', { name: /1 problem$/ }).click();
  const problems = app.getByRole('tabpanel', { name: /^Problems/ });
  await expect(problems).toContainText('its derivative is 0 everywhere but at the jump');
  await expect(lesson).not.toContainText('Done');
  await problems.getByRole('button', { name: 'Use a sigmoid', exact: true }).click();
  await expect(lesson).toContainText('Done');
  await expect(train(app)).toBeEnabled({ timeout: 60_000 });
});

test('1.10: three neurons set by hand are right before any training', async ({ app }) => {
  await open(app, '1.10', /three neurons set by hand/);
  await app.getByRole('tab', { name: 'Results' }).click();
  await expect(app.getByRole('complementary', { name: 'Side panel' })).toContainText(
    // Of 75 rows, 74: true classes in rows, predicted ones in columns.
    /Confusion matrix of all 75 test rows\s*0\s*1\s*0\s*37\s*1\s*1\s*0\s*37/,
    { timeout: 60_000 },
  );
  await expect(app.getByRole('banner')).toContainText(/Epoch\s*0/);
});

test('2.3.8: a batch of the open project against its rows one by one, timed and equal', async ({ app }) => {
  await open(app, '2.3.8');
  await app.getByRole('button', { name: 'Back to the course' }).click();
  const article = app.locator('article');
  await article.getByRole('button', { name: 'Time the open project on this machine' }).click({ timeout: 60_000 });
  await expect(article.getByRole('figure', { name: 'Speed-up of a batch' })).toBeVisible({ timeout: 60_000 });
  const gaps = await article.getByRole('table', { name: 'Times' }).locator('tbody td:last-child').allTextContents();
  expect(gaps.length).toBeGreaterThan(2);
  for (const gap of gaps) expect(Number(gap.replace('−', '-'))).toBeLessThan(1e-6);
});

test('3.6.4: micrograd’s expression has the numbers of its README', async ({ app }) => {
  await open(app, '3.6.4', /micrograd/);
  await lastStep(app);
  const card = app.getByRole('article', { name: 'Step in focus' });
  await expect(card).toContainText('and was 24.7041');
  // The two updates before it, of b and of a, have the derivatives.
  await app.keyboard.press('ArrowLeft');
  await expect(card).toContainText('645.577');
  await app.keyboard.press('ArrowLeft');
  await expect(card).toContainText('138.834');
});

test('3.6.20: Mazur’s network makes his step', async ({ app }) => {
  await open(app, '3.6.20', /Mazur/);
  await lastStep(app);
  const card = app.getByRole('article', { name: 'Step in focus' });
  await expect(card).toContainText('the loss of this sample is 0.291028, and was 0.298371');
  // The two updates before it: w₅ is the first number of W2, w₁ the first of W1.
  await app.keyboard.press('ArrowLeft');
  await expect(card).toContainText('0.3589');
  await app.keyboard.press('ArrowLeft');
  await expect(card).toContainText('0.1498');
});
