/**
 * What the window looks like, in light and dark: axe looks for accessibility faults, and pictures for people
 * to look at are left in test-results/looks.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './support';
import { AppWindow } from './window';

test.setTimeout(480_000);

type Theme = 'light' | 'dark';
/** Of the themes only the colours differ: whatever else there is to find is looked for in one of them. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

async function expectAccessible(page: Page, where: string, theme: Theme): Promise<void> {
  // There are no frames of others here, for which it would open another page at each look.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (theme === 'light' ? axe : axe.withRules(OF_COLOURS)).analyze();
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const found = grave.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id} (${help}): ${node.html.slice(0, 200)}`));
  expect.soft(found, `accessibility of ${where}`).toEqual([]);
}

async function openCourse(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: 'Start' }).getByRole('button', { name: /Learn/ }).click();
  await expect(page.getByRole('navigation', { name: 'Pages of the course' })).toBeVisible();
}
const lessonsOf = (page: Page): Promise<string[]> =>
  page.locator('[data-lesson]').evaluateAll((all) => all.map((one) => one.getAttribute('data-lesson')!));
async function openLesson(page: Page, id: string): Promise<void> {
  await page.locator(`[data-lesson="${id}"]`).click();
  await expect(page.locator('#lesson-title')).toContainText(id);
}

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious, ${theme}`, async ({ app }) => {
    const window = new AppWindow(app);
    await app.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await expect(app.getByRole('button', { name: /Spiral/ }).first()).toBeVisible();
    await expectAccessible(app, 'the welcome view', theme);

    await window.example(/^Spiral/);
    await window.ready();
    await app.getByRole('button', { name: 'Train one epoch' }).click();
    await expect.poll(() => window.epoch()).toBe(1);
    for (const tab of ['Inspect', 'Data', 'Train', 'Results'] as const) {
      await window.tab(tab);
      await expectAccessible(app, `the tab ${tab}`, theme);
    }
    await window.tab('Inspect');
    await window.drawing.click('hidden1');
    await expect(app.getByRole('heading', { name: 'Fully connected layer' })).toBeVisible();
    await expectAccessible(app, 'the inspector of a layer', theme);

    await app.getByRole('button', { name: 'Step through one iteration, node by node' }).click();
    await expect(app.getByRole('article', { name: 'Step in focus' })).toBeVisible();
    await expectAccessible(app, 'the stepper', theme);
    await app.getByRole('tab', { name: /^Problems/ }).click();
    await expectAccessible(app, 'the problems', theme);

    for (const [keys, name] of [
      ['Control+e', 'Export the trained model'],
      ['Control+k', 'Search commands and nodes'],
      ['Control+f', 'Find a node'],
      ['F1', 'Keyboard shortcuts'],
      ['Control+Shift+s', 'Save'],
    ] as const) {
      await window.drawing.canvas.focus();
      await app.keyboard.press(keys);
      await expect(app.getByRole('dialog', { name })).toBeVisible();
      await expectAccessible(app, `the dialog ‘${name}’`, theme);
      await app.keyboard.press('Escape');
      await expect(app.getByRole('dialog')).toHaveCount(0);
    }
    await app.getByRole('button', { name: 'Main menu' }).click();
    await expect(app.getByRole('menu')).toBeVisible();
    await expectAccessible(app, 'the main menu', theme);
  });

  test(`axe finds nothing serious on pages of the course, ${theme}`, async ({ app }) => {
    await app.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await openCourse(app);
    // A sample: all of them take minutes.
    const wanted = (index: number): boolean => (theme === 'light' ? index % 3 === 0 : index % 6 === 3);
    for (const id of (await lessonsOf(app)).filter((_, index) => wanted(index))) {
      await openLesson(app, id);
      await expectAccessible(app, `page ${id}`, theme);
    }
  });

  for (const [width, height] of [
    [1280, 800],
    [1920, 1080],
  ] as const)
    test(`pictures, ${theme}, ${width} × ${height}`, async ({ app }) => {
      const window = new AppWindow(app);
      await app.emulateMedia({ colorScheme: theme });
      await app.setViewportSize({ width, height });
      const picture = (name: string) =>
        app.screenshot({ path: `test-results/looks/${name}-${theme}-${width}x${height}.png`, animations: 'disabled' });

      await expect(app.getByRole('button', { name: /Spiral/ }).first()).toBeVisible();
      await app.evaluate(() => document.fonts.ready);
      await picture('welcome');

      await window.example(/^Spiral/);
      await window.ready();
      await window.speed('300 steps a second');
      await window.train.click();
      await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(20);
      await expect(window.drawing.canvas.getByText('Legend')).toBeVisible();
      await picture('spiral');
      await window.pause.click();
      await window.tab('Data');
      await picture('data');
      await app.getByRole('button', { name: 'Export', exact: true }).click();
      await expect(app.getByRole('dialog')).toBeVisible();
      await picture('export');
      await app.keyboard.press('Escape');

      await window.menu('File', 'Start page');
      await window.example(/^Handwritten digits/);
      await window.ready();
      await window.train.click();
      await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(3);
      await app.getByRole('button', { name: 'Step through one iteration, node by node' }).click();
      await expect(app.getByRole('article', { name: 'Step in focus' })).toBeVisible();
      for (let i = 0; i < 4; i++) await app.getByRole('button', { name: 'Next step' }).click();
      await window.drawing.box('input');
      await picture('digits-stepper');

      await window.menu('Help', 'Learn: the course');
      for (const id of ['1.1', '2.2', '3.6.7']) {
        await openLesson(app, id);
        await picture(`learn-${id}`);
      }
    });
}

test('a tooltip shows on hover and on focus by keys, goes over to the next control, and away with Escape', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  const tooltip = app.getByRole('tooltip');
  await app.getByRole('button', { name: 'Train one epoch' }).hover();
  await expect(tooltip).toContainText('Train one epoch');
  await app.getByRole('button', { name: 'Step through one iteration' }).hover();
  await expect(tooltip).toContainText('Step through one iteration, node by node');
  await app.keyboard.press('Escape');
  await expect(tooltip).toBeHidden();
  await app.getByRole('banner').getByRole('button', { name: 'Train', exact: true }).focus();
  await app.keyboard.press('Tab');
  await expect(tooltip).toContainText('Train one step');
  await app.keyboard.press('Escape');
  await expect(tooltip).toBeHidden();
  // What says more than the label is said to readers as well.
  const multiply = app.getByRole('button', { name: 'Add Multiply', exact: true });
  await multiply.focus();
  await expect(multiply).toHaveAccessibleDescription(/.+/);
  await expect(tooltip).toBeInViewport();
});
