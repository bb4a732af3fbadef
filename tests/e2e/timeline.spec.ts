/** Going back through training, stopping early, and breakpoints, as one does it in the window. */
import { expect, test } from './support';
import { AppWindow } from './window';

test('back in time: the whole window shows that moment, and training goes on from there', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.speed('Full speed');
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(60);
  await expect(window.train).toBeVisible({ timeout: 60_000 });
  await window.tab('Results');
  const section = app.getByRole('region', { name: 'Time travel' });
  const scrubber = section.getByRole('slider', { name: 'Moment of training' });
  await expect(section).toContainText(/moments in .* of/);
  const [epochs, good] = [await window.epoch(), await window.score('Test')];

  await scrubber.focus();
  await app.keyboard.press('Home');
  await expect.poll(() => window.epoch()).toBe(0);
  await expect(section).toContainText('Epoch 0, step 0');
  await expect.poll(() => window.score('Test'), { timeout: 20_000 }).toBeLessThan(good);
  await app.keyboard.press('ArrowRight');
  await section.getByRole('button', { name: 'Bookmark this moment' }).click();
  await expect(section.getByRole('list', { name: 'Bookmarks' }).getByRole('listitem')).toHaveCount(1);
  await section.getByRole('button', { name: 'To the latest moment' }).click();
  await expect.poll(() => window.epoch()).toBe(epochs);
  await expect.poll(() => window.score('Test'), { timeout: 20_000 }).toBe(good);

  await scrubber.focus();
  await app.keyboard.press('Home');
  await expect.poll(() => window.epoch()).toBe(0);
  await app.getByRole('button', { name: 'Train one epoch' }).click();
  await expect.poll(() => window.epoch()).toBe(1);
  await expect(app.getByText('Before going back')).toBeVisible();
  // The bookmark survived the branch.
  await expect(section.getByRole('list', { name: 'Bookmarks' }).getByRole('listitem')).toHaveCount(1);
});

test('training stops early at a target, and at a breakpoint that points to its place', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.speed('Full speed');
  await window.tab('Train');
  await app.getByRole('switch', { name: 'Accuracy reached' }).click();
  await window.type('Accuracy reached', '0.8');
  await window.train.click();
  await expect(
    app.getByText(/Training stopped after epoch \d+\. The validation accuracy .* reached the target 80 %\./).first(),
  ).toBeVisible({ timeout: 60_000 });
  await app.getByRole('region', { name: 'Stop early' }).scrollIntoViewIfNeeded();
  await app.getByRole('switch', { name: 'Accuracy reached' }).click();

  await app.getByRole('region', { name: 'Breakpoints' }).getByRole('button', { name: 'Add' }).click();
  await window.type('Gradient too long: length', '0.000001');
  await app.getByRole('button', { name: 'Reset the weights' }).click();
  await app.getByRole('menuitem', { name: /Same seed/ }).click();
  await expect.poll(() => window.step()).toBe(0);
  await window.train.click();
  const paused = app
    .getByRole('region', { name: 'Breakpoints' })
    .getByText(/Paused after step 1\. The gradient of .* more than 0\.000001/);
  await expect(paused).toBeVisible({ timeout: 30_000 });
  expect(await window.step()).toBe(1);
  await app.getByRole('region', { name: 'Breakpoints' }).scrollIntoViewIfNeeded();
});

test('when did a weight change its sign: the window goes to that moment', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.speed('Full speed');
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(60);
  await expect(window.train).toBeVisible({ timeout: 60_000 });
  await window.tab('Results');
  const when = app.getByRole('group', { name: 'When did it happen' });
  await when.getByRole('button', { name: 'Find that moment' }).click();
  await expect(when.getByRole('status')).toHaveText(/first rose|from each kept moment/i, { timeout: 20_000 });
  await window.choose('When did', 'a weight change its sign');
  await window.choose('Weights', 'output/weight');
  let found = '';
  for (let number = 1; number <= 4 && !found.startsWith('It last'); number++) {
    await window.type('Number', String(number));
    await when.getByRole('button', { name: 'Find that moment' }).click();
    await expect(when.getByRole('status')).not.toBeEmpty();
    found = await when.getByRole('status').innerText();
  }
  expect(found).toMatch(/It last changed its sign|the same sign at all/);
  const after = /step (\d+), from/.exec(found);
  if (after) await expect.poll(() => window.step()).toBe(Number(after[1]));
});
