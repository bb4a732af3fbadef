/** Going back through training, stopping early, and breakpoints, as one does it in the window. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './keys';
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

test('when did this neuron die: asked at the neuron, the window goes to that moment', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  await window.tab('Inspect');
  await window.drawing.click('hidden');
  await window.choose('Activation', /^ReLU/);
  await window.ready();
  const epochs = async (count: number): Promise<void> => {
    const from = await window.epoch();
    for (let done = 1; done <= count; done++) {
      await app.getByRole('button', { name: 'Train one epoch' }).click();
      await expect.poll(() => window.epoch()).toBe(from + done);
    }
  };
  await epochs(2);
  const alive = await window.step();
  // A bias far below zero silences the second neuron for good.
  const biases = app.getByRole('table', { name: 'Values of hidden/bias' });
  await biases.getByRole('button').nth(1).click();
  await biases.getByRole('textbox').fill('-100');
  await app.keyboard.press('Enter');
  await expect(biases.getByRole('cell').nth(1)).toHaveText('−100');
  await epochs(2);
  const late = await window.step();

  await app.keyboard.press('Alt+Shift+Digit2');
  await window.drawing.click('hidden[1]');
  await command(app, 'When did this neuron die');
  await expect(window.toast(/Unit 2 died/)).toBeVisible({ timeout: 20_000 });
  const died = await window.step();
  expect(died).toBeGreaterThan(alive - 1);
  expect(died).toBeLessThan(late);

  // The same from the pointer's menu, for a neuron that lives.
  await window.drawing.click('hidden[0]');
  await app.keyboard.press('Shift+F10');
  await app.getByRole('menuitem', { name: 'When did neuron 1 of hidden die?' }).click();
  await expect(window.toast(/Unit 1 is not dead/)).toBeVisible({ timeout: 20_000 });
});

/** Each kind pauses training and says what happened; the engine's own tests hold the exact step. */
for (const { kind, prepare, limit, says } of [
  { kind: 'Loss rises', prepare: '3', limit: ['Loss rises: share', '0.01'], says: /Paused after step \d+\. The loss rose from/ },
  {
    kind: 'ReLU unit dies',
    prepare: '30',
    limit: ['ReLU unit dies: batches', '1'],
    says: /Paused after step \d+\. .*gave 0 for every row of the batch/,
  },
  { kind: 'Weight changes sign', prepare: '3', limit: null, says: /Paused after step \d+\. .*changed its sign, from/ },
] as const)
  test(`a breakpoint pauses training: ${kind}`, async ({ app }) => {
    const window = new AppWindow(app);
    await window.example(/Circles: a hidden layer/);
    await window.ready();
    await window.tab('Inspect');
    await window.drawing.click('hidden');
    await window.choose('Activation', /^ReLU/);
    await window.ready();
    await window.tab('Train');
    await window.type('Learning rate', prepare);
    const section = app.getByRole('region', { name: 'Breakpoints' });
    await section.getByRole('button', { name: 'Add' }).click();
    await section.getByRole('combobox').first().click();
    await app.getByRole('option', { name: kind }).click();
    if (limit) await window.type(limit[0], limit[1]);
    await window.train.click();
    await expect(section.getByText(says)).toBeVisible({ timeout: 30_000 });
    await expect(window.train).toBeVisible();
  });

test('bookmarks are kept with the project: saved, opened again, gone to, and taken back by undo', async ({ app, server }) => {
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  for (let epoch = 1; epoch <= 3; epoch++) {
    await app.getByRole('button', { name: 'Train one epoch' }).click();
    await expect.poll(() => window.epoch()).toBe(epoch);
  }
  await window.tab('Results');
  const section = app.getByRole('region', { name: 'Time travel' });
  const bookmarks = section.getByRole('list', { name: 'Bookmarks' }).getByRole('listitem');
  await section.getByRole('button', { name: 'Bookmark this moment' }).click();
  await expect(bookmarks).toHaveText([/Epoch 3/]);
  await window.type('Name of the bookmark', 'After three');
  await expect(bookmarks).toHaveText([/After three/]);
  const marked = await window.step();
  // It is an edit like others.
  await app.keyboard.press('Escape');
  await section.getByRole('button', { name: 'Remove the bookmark After three' }).click();
  await expect(bookmarks).toHaveCount(0);
  await app.getByRole('button', { name: /^Undo/ }).click();
  await expect(bookmarks).toHaveText([/After three/]);
  await app.getByRole('button', { name: 'Train one epoch' }).click();
  await expect.poll(() => window.epoch()).toBe(4);
  const weights = async (): Promise<string[]> => {
    await window.tab('Inspect');
    await window.drawing.click('output');
    const cells = app.getByRole('table', { name: 'Values of output/weight' }).getByRole('cell');
    await expect(cells).toHaveCount(4);
    await expect(cells.first()).toContainText(/\d/);
    return cells.allInnerTexts();
  };
  const after = await weights();

  await app.keyboard.press('Control+s');
  await window.file('marked');
  await expect(window.toast('Saved marked.chainrule')).toBeVisible();
  const kept = JSON.parse(readFileSync(join(server.home, 'marked.chainrule'), 'utf8')) as {
    bookmarks: { name: string; step: number }[];
  };
  expect(kept.bookmarks).toMatchObject([{ name: 'After three', epoch: 3, step: marked }]);

  await app.reload();
  await app
    .getByRole('button', { name: /marked/ })
    .first()
    .click();
  await window.ready();
  expect(await window.step()).toBe(0);
  await window.tab('Results');
  await expect(bookmarks).toHaveText([/After three/]);
  await bookmarks
    .getByRole('button', { name: /After three/ })
    .first()
    .click();
  await expect.poll(() => window.step()).toBe(marked);
  expect(await window.epoch()).toBe(3);
  await app.getByRole('button', { name: 'Train one epoch' }).click();
  await expect.poll(() => window.epoch()).toBe(4);
  await expect.poll(weights).toEqual(after);

  // With another drawing it stays and says why it leads nowhere; the drawing back, it leads there again.
  await window.tab('Inspect');
  await window.drawing.click('hidden');
  await window.type('Neurons', '6');
  await window.tab('Results');
  await expect(bookmarks).toHaveText([/After three.*of another drawing/]);
  await app.getByRole('button', { name: /^Undo/ }).click();
  await expect(bookmarks.getByRole('button', { name: /After three/ }).first()).toBeEnabled();
});
