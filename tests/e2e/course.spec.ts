/** The course as a newcomer meets it: exercise 1 from the start page, a lesson done in the editor, and every page opened once. */
import type { Page } from '@playwright/test';
import { pdfPages } from '../support/pdf-text';
import { command } from './keys';
import { expect, test } from './support';

test.setTimeout(180_000);

async function learn(app: Page): Promise<void> {
  await app.getByRole('navigation', { name: 'Start' }).getByRole('button', { name: /Learn/ }).click();
  await expect(app.getByRole('navigation', { name: 'Pages of the course' })).toBeVisible();
}
const page = async (app: Page, id: string): Promise<void> => {
  await app.locator(`[data-lesson="${id}"]`).click();
  await expect(app.locator('article > h2')).toContainText(id);
};

test('exercise 1 from the start page: a wrong choice names its mistake, the right one says why', async ({ app }) => {
  await app
    .getByRole('navigation', { name: 'Start' })
    .getByRole('button', { name: /First exercise/ })
    .click();
  await expect(app.locator('article > h2')).toContainText('3.6.7');
  await app.getByRole('button', { name: /A\/\s*−1$/ }).click();
  await expect(app.locator('article')).toContainText('Added instead of multiplied');
  await app.getByRole('button', { name: /D\/\s*0\.75/ }).click();
  await expect(app.locator('article')).toContainText('The upstream gradient was forgotten');
  await app.getByRole('button', { name: /B\/\s*−2\.25/ }).click();
  await expect(app.getByRole('group', { name: 'Paths to the loss' })).toContainText(
    '∂l/∂z · ∂z/∂y · ∂y/∂x = (−3) · 0.5 · 1.5 = −2.25',
  );
  await expect(app.locator('.check')).toContainText('Done');
  await app.getByRole('button', { name: 'See it line by line' }).click();
  await app.getByRole('button', { name: 'All', exact: true }).click();
  await expect(app.locator('.lines')).toContainText('∂l/∂x = −2.25');
  await app.getByRole('radio', { name: 'Type' }).click();
  await app.getByRole('textbox', { name: /Your answer/ }).fill('−9/4');
  await app.keyboard.press('Enter');
  await expect(app.locator('article')).toContainText('Right: ∂l/∂x = −2.25');
  await app.getByRole('radio', { name: 'Check my paper' }).click();
  await app.getByRole('textbox', { name: /Your values/ }).fill('y = 3\n∂l/∂z = 3\ndl/dx = -2.26\nnothing');
  const marks = app.getByRole('list', { name: 'Marks' }).getByRole('listitem');
  await expect(marks).toContainText(['Right', 'The size is right, the sign is not', 'Explained by rounding', 'Write the name']);
});

test('a lesson sends people to the editor, notices that they trained, and is done when they come back', async ({ app }) => {
  await learn(app);
  await page(app, '1.8');
  await app.getByRole('button', { name: 'Open in the editor' }).click();
  await expect(app.getByRole('region', { name: 'Lesson' })).toContainText('Reach 95 %');
  await app.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(app.getByRole('region', { name: 'Lesson' })).toContainText('Done', { timeout: 60_000 });
  await app.getByRole('button', { name: 'Back to the course' }).click();
  await expect(app.locator('.check')).toContainText('Done');
  // The address names the page: the course is open again after the window was loaded anew.
  await app.reload();
  await expect(app.locator('[data-lesson="1.8"]').getByLabel('done')).toBeVisible();
});

test('every page opens, with its figure', async ({ app }) => {
  await learn(app);
  const ids = await app.locator('[data-lesson]').evaluateAll((all) => all.map((one) => one.getAttribute('data-lesson')!));
  expect(ids).toHaveLength(58);
  for (const id of ids) {
    await page(app, id);
    await expect(app.locator('article figure, article .quiz').first()).toBeVisible();
  }
});

test('presentation: larger type, fewer panels, and back', async ({ app }) => {
  await app
    .getByRole('region', { name: 'Examples' })
    .getByRole('button', { name: /Circles: a hidden/ })
    .click();
  const train = app.getByRole('banner').getByRole('button', { name: 'Train', exact: true });
  await expect(train).toBeEnabled({ timeout: 30_000 });
  const panel = app.getByRole('complementary', { name: 'Side panel' });
  await expect(panel).toBeInViewport();
  const before = (await train.boundingBox())!.height;
  await app.keyboard.press('Control+Alt+KeyP');
  await expect(app.getByRole('tab', { name: 'Results' })).not.toBeInViewport();
  await expect.poll(async () => (await train.boundingBox())!.height).toBeGreaterThan(before * 1.25);
  await app.keyboard.press('Control+Shift+Enter');
  const caption = app.getByRole('article', { name: 'Step in focus' }).getByRole('heading').first();
  await expect(caption).toBeVisible();
  // A zoomed region reports its own pixels; what people see is larger by the zoom.
  await expect.poll(async () => (await caption.boundingBox())!.height).toBeGreaterThan(25);
  await app.getByRole('button', { name: 'End the presentation' }).click();
  await expect(app.getByRole('tab', { name: 'Results' })).toBeInViewport();
  await expect.poll(async () => (await train.boundingBox())!.height).toBe(before);
});

test('exercises and a class set from a drawing of arrays', async ({ app }) => {
  await app.evaluate(() => {
    location.hash = '#learn/3.6.20';
  });
  await app.getByRole('button', { name: 'Open: a fully connected layer' }).click();
  await expect(app.getByRole('region', { name: 'Lesson' })).toBeVisible();
  await app.evaluate(() => {
    location.hash = '#learn/3.6.13';
  });
  await app.getByText('Exercises from any drawing').click();
  await app.getByRole('combobox', { name: /^Drawing/ }).click();
  await app.getByRole('option', { name: /^My drawing/ }).click();
  const article = app.locator('article');
  await expect(article).toContainText('written out as 23 single numbers');
  await app.getByRole('combobox', { name: /^Derivative/ }).click();
  await app.getByRole('option', { name: '∂l/∂W12', exact: true }).click();
  await expect(app.getByRole('group', { name: 'What is ∂l/∂W12?' }).getByRole('button')).toHaveCount(4);
  await app.getByRole('button', { name: 'Make the set' }).click();
  const text = app.getByRole('textbox', { name: 'The class set as text' });
  await expect(text).toHaveValue(/\$CATEGORY: Lesson 3\.6\.20[\s\S]*::Lesson 3\.6\.20\\: a fully connected layer 8::/);
  await app.getByRole('radio', { name: 'Answer key' }).click();
  await expect(text).toHaveValue(/8\. [A-D] \(/);
});

test('exercise 1 by keyboard alone: the title has the focus, everything else is reached from there', async ({ app }) => {
  const focused = (): Promise<string> =>
    app.evaluate(() => (document.activeElement === document.body ? '' : (document.activeElement?.textContent?.trim() ?? '')));
  const tabTo = async (text: RegExp): Promise<void> => {
    for (let i = 0; i < 40 && !text.test(await focused()); i++) await app.keyboard.press('Tab');
    expect(await focused()).toMatch(text);
  };
  await tabTo(/First exercise/);
  await app.keyboard.press('Enter');
  await expect.poll(focused).toMatch(/^3\.6\.7/);
  await tabTo(/^D\/\s*0\.75$/);
  await app.keyboard.press('Enter');
  await expect(app.getByRole('status').filter({ hasText: 'The upstream gradient was forgotten' })).toBeVisible();
  await app.keyboard.press('Shift+Tab');
  await app.keyboard.press('Shift+Tab');
  await app.keyboard.press('Space');
  await expect(app.getByRole('status').filter({ hasText: 'Right, at try 2' })).toBeVisible();
  await tabTo(/See it line by line/);
  await app.keyboard.press('Enter');
  await expect(app.locator('.lines')).toContainText('Given');
});

test('a network of any size gives questions: one element of it, from the command list', async ({ app }) => {
  await app
    .getByRole('region', { name: 'Examples' })
    .getByRole('button', { name: /^Handwritten digits/ })
    .click();
  await expect(app.getByRole('main', { name: 'Drawing' })).toBeVisible();
  await command(app, 'Exercises from this drawing');
  const figure = app.locator('[data-figure="own-exercise"]');
  await expect(figure).toBeInViewport();
  await expect(figure.getByRole('combobox', { name: /^Drawing: My drawing/ })).toBeVisible();
  await expect(figure).toContainText('One element of your drawing');
  await figure.getByRole('textbox', { name: /^Index 1 of v/ }).fill('3');
  await app.keyboard.press('Enter');
  await figure.getByRole('textbox', { name: /^Index 2 of v/ }).fill('2');
  await app.keyboard.press('Enter');
  const choices = figure.getByRole('group', { name: 'What is ∂l/∂v3,2?' }).getByRole('button');
  await expect(choices).toHaveCount(4);
  await figure.getByRole('radio', { name: 'Fill in' }).click();
  await expect(figure.getByRole('textbox', { name: 'Value of p1' })).toBeVisible();
  await figure.getByRole('radio', { name: 'Solution' }).click();
  await figure.getByRole('button', { name: 'All', exact: true }).click();
  await expect(figure.locator('.lines')).toContainText('∂l/∂v3,2 = ');
  await figure.getByRole('combobox', { name: /^Derivative/ }).click();
  await app.getByRole('option', { name: '∂l/∂c', exact: true }).click();
  await expect(
    figure.getByRole('group', { name: 'How to answer' }).or(figure.getByRole('radiogroup', { name: 'How to answer' })),
  ).toBeVisible();
  await expect(figure).toContainText('∂l/∂c1 = ?');
});

test('on paper: a worked solution, and a class set with its answer key, as the PDF that the print dialog makes', async ({
  app,
}) => {
  // The dialog would keep the sheet until it is closed; here it stays for the PDF.
  await app.evaluate(() => {
    window.print = () => {
      const sheet = document.querySelector('.lf-sheet')!.cloneNode(true) as HTMLElement;
      sheet.id = 'printed';
      document.body.append(sheet);
    };
  });
  const printed = async (): Promise<readonly string[]> => {
    await expect(app.locator('#printed')).toBeAttached();
    const pdf = await app.pdf({ format: 'A4' });
    const drawings = await app.locator('#printed svg.graph').count();
    await app.locator('#printed').evaluate((sheet) => sheet.remove());
    expect(drawings).toBeGreaterThan(0);
    return pdfPages(pdf);
  };
  await learn(app);
  await page(app, '3.6.7');
  const article = app.locator('article');
  await article.getByRole('radio', { name: 'Solution' }).click();
  await article.getByRole('button', { name: 'Print…' }).click();
  const solution = await printed();
  expect(solution.length).toBeLessThanOrEqual(2);
  // The title and the drawing share the first page; nothing of the window is printed.
  expect(solution[0]).toMatch(/Exercise 1[\s\S]*x = 2, a = 1\.5, b = 0\.5, t = 3[\s\S]*Given:/);
  expect(solution.join(' ')).toContain('∂l/∂x = −2.25.');
  expect(solution.join(' ')).not.toContain('Find a page');

  await page(app, '3.6.13');
  await article.getByText('Exercises from any drawing').click();
  await article.getByRole('textbox', { name: 'Questions' }).fill('3');
  await app.keyboard.press('Enter');
  await article.getByRole('button', { name: 'Make the set' }).click();
  const key = /1\. ([A-D]) \(([^)]*)\)/;
  await article.getByRole('radio', { name: 'Answer key' }).click();
  const [, letter, answer] = key.exec(await article.getByRole('textbox', { name: 'The class set as text' }).inputValue())!;
  await article.getByRole('button', { name: 'Print with answers…' }).click();
  const set = await printed();
  for (const question of ['Question 1', 'Question 2', 'Question 3']) expect(set.join(' ')).toContain(question);
  // The key stands on a page of its own, the last.
  expect(set.at(-1)).toContain('Answers');
  expect(set.at(-1)).toContain(`${letter}/ ${answer}`);
  expect(set.slice(0, -1).join(' ')).not.toContain('Answers');
});

test('a line of the solution stays in sight together with the drawing', async ({ app }) => {
  await learn(app);
  await page(app, '3.6.7');
  const article = app.locator('article');
  await article.getByRole('radio', { name: 'Solution' }).click();
  for (let i = 0; i < 6; i++) await article.getByRole('button', { name: 'Next line' }).click();
  await expect(article.locator('.lines .now')).toContainText('through z to y');
  await expect(article.locator('.lines .now')).toBeInViewport({ ratio: 0.95 });
  await expect(article.locator('svg.graph')).toBeInViewport({ ratio: 0.95 });
});

test('circles by hand, then by training: both are needed', async ({ app }) => {
  await learn(app);
  await page(app, '1.10');
  const figure = app.locator('article figure');
  const right = async (): Promise<number> =>
    Number(/([\d.]+) %\s*right with/.exec((await figure.innerText()).replaceAll('\n', ' '))![1]);
  const keys = { 1: ['ArrowDown'], 2: ['ArrowRight', 'ArrowUp'], 3: ['ArrowLeft', 'ArrowUp'] } as const;
  for (let i = 0; i < 20 && (await right()) < 88; i++)
    for (const [line, presses] of Object.entries(keys))
      for (const key of presses) await figure.getByRole('slider', { name: new RegExp(`^Line ${line}`) }).press(key);
  expect(await right()).toBeGreaterThanOrEqual(85);
  await expect(app.locator('.check.reached')).toHaveCount(0);
  await app.getByRole('button', { name: 'Open: circles, three neurons' }).click();
  const lesson = app.getByRole('region', { name: 'Lesson' });
  await expect(lesson).not.toContainText('Done');
  const train = app.getByRole('banner').getByRole('button', { name: 'Train', exact: true });
  await expect(train).toBeEnabled({ timeout: 30_000 });
  await train.click();
  await expect(lesson).toContainText('Done', { timeout: 60_000 });
});
