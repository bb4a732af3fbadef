/** Tables: new from data, how files are read and refused, large files, splits and standardisation. */
import { copyFileSync, createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Page } from '@playwright/test';
import { pressTogether } from './keys';
import { expect, test } from './support';
import { AppWindow } from './window';

test.setTimeout(180_000);

async function newFrom(page: Page, path: string): Promise<AppWindow> {
  const window = new AppWindow(page);
  await window.newFrom('A file');
  await window.file(path);
  return window;
}

test('a table of flowers becomes a network that tells them apart', async ({ app, server }) => {
  const path = join(server.home, 'flowers.csv');
  copyFileSync('resources/datasets/iris.csv', path);
  const window = await newFrom(app, path);

  await test.step('The target, the task and the size of the network are proposed', async () => {
    await expect(window.dialog).toContainText('flowers.csv');
    await expect(app.getByRole('combobox', { name: 'Target column: species' })).toBeVisible();
    await expect(window.dialog).toContainText('Several classes: predict which');
    await expect(window.dialog).toContainText('4 numbers in');
    await expect(window.dialog).toContainText('3 out');
    await window.type('Hidden layers', '12');
    await app.getByRole('button', { name: 'Draw the network' }).click();
  });

  await test.step('It is drawn whole, trains, and is scored on rows it has not seen', async () => {
    await window.ready();
    await expect(window.drawing.node('loss')).toContainText('Cross-entropy from logits');
    await expect(window.status).toContainText('flowers.csv');
    await window.train.click();
    await expect(window.train).toBeVisible({ timeout: 60_000 });
    await window.tab('Results');
    expect(await window.score('Test')).toBeGreaterThan(0.85);
  });

  await test.step('Another target is another task, with another loss', async () => {
    await window.menu('File', 'New from data');
    await window.origin('A file');
    await window.file(path);
    await window.choose('Target column', /^petal_width/);
    await expect(window.dialog).toContainText('Regression: predict a number');
    // Three kinds of flowers are three numbers.
    await expect(window.dialog).toContainText('6 numbers in');
    await app.getByRole('button', { name: 'Draw the network' }).click();
    await app.getByRole('button', { name: 'Don’t save' }).click();
    await window.ready();
    await expect(window.drawing.node('loss')).toContainText('Mean squared error');
    await window.train.click();
    await expect(window.train).toBeVisible({ timeout: 60_000 });
    await window.tab('Results');
    expect(await window.score('Test')).toBeGreaterThan(0.8);
  });
});

test('a German table, with tabs and decimal commas, is read as it is meant', async ({ app, server }) => {
  const rows = Array.from({ length: 240 }, (_, i) => {
    const [size, weight] = [Math.sin(i * 12.9898) * 4, Math.cos(i * 78.233) * 2];
    return [size, weight, 3 * size - 2 * weight + 1].map((x) => x.toFixed(3).replace('.', ','));
  });
  const path = join(server.home, 'maße.tsv');
  writeFileSync(path, `\uFEFF${[['Größe', 'Gewicht', 'Preis'], ...rows].map((row) => row.join('\t')).join('\r\n')}\r\n`);
  const window = await newFrom(app, path);
  await expect(app.getByRole('combobox', { name: 'Decimal sign: Comma 1,5' })).toBeVisible();
  await expect(app.getByRole('combobox', { name: /^Separator: (Tab|Found)/ })).toBeVisible();
  await expect(app.getByRole('combobox', { name: 'Target column: Preis' })).toBeVisible();
  await expect(window.dialog).toContainText('Regression: predict a number');
  await expect(window.dialog).toContainText('2 numbers in');
  await app.getByRole('button', { name: 'Draw the network' }).click();
  await window.ready();
  await window.train.click();
  await expect(window.train).toBeVisible({ timeout: 60_000 });
  await window.tab('Results');
  expect(await window.score('Test')).toBeGreaterThan(0.95);
});

const bad: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['an empty file', '', /empty/i],
  [
    'a picture',
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 1]),
    /is a single picture. Choose the folder/,
  ],
  ['a header without rows', 'a,b,c\n', /no rows/i],
  ['rows of different lengths', `a,b,c\n${'1,2\n3\n1,2,3,4\n'.repeat(30)}`, /do not have 3 cells \(first: row 2 has 2\)/],
  [
    'a target that is always the same',
    `a,b,y\n${Array.from({ length: 40 }, (_, i) => `${i},${i * i},1`).join('\n')}\n`,
    /one class only/,
  ],
  [
    'numbers that are not finite',
    `a,y\n${Array.from({ length: 40 }, (_, i) => (i === 7 ? 'inf,3' : `${i},${i / 3}`)).join('\n')}\n`,
    /1 infinite value in 'a' \(first: row 9\) was treated as missing/,
  ],
  ['only missing cells', `a,b,y\n${',,\n'.repeat(30)}`, /The column 'a' has no values/],
];
for (const [what, content, sentence] of bad)
  test(`${what}: the answer is a sentence, and the window goes on`, async ({ app, server }) => {
    const path = join(server.home, 'bad.csv');
    writeFileSync(path, content);
    const window = await newFrom(app, path);
    const draw = app.getByRole('button', { name: 'Draw the network' });
    const refusal = window.toast('The table could not be read');
    await expect(draw.or(refusal).first()).toBeVisible();
    if (await draw.isVisible()) {
      await draw.click();
      const unusable = app.getByRole('dialog').getByText('The table could not be used').locator('..');
      await expect(unusable.or(window.drawing.canvas).first()).toBeVisible();
      if (await unusable.isVisible()) {
        await expect(unusable).toContainText(sentence);
        await app.getByRole('button', { name: 'Cancel' }).click();
        await expect(app.getByRole('dialog')).toHaveCount(0);
      } else {
        await window.tab('Data');
        await expect(app.getByRole('tabpanel', { name: 'Data' })).toContainText(sentence);
      }
    } else await expect(refusal).toContainText(sentence);
    const [start, discard] = [app.getByRole('navigation', { name: 'Start' }), app.getByRole('button', { name: 'Don’t save' })];
    if (!(await start.isVisible())) await window.menu('File', 'Start page');
    await expect(start.or(discard).first()).toBeVisible();
    if (await discard.isVisible()) await discard.click();
    await window.example(/^Spiral/);
    await window.ready();
  });

test('a file in an old encoding is read, and a note says so', async ({ app, server }) => {
  const path = join(server.home, 'alt.csv');
  const text = `Größe;Klasse\n${Array.from({ length: 60 }, (_, i) => `${i};${i % 2 ? 'süß' : 'groß'}`).join('\n')}\n`;
  writeFileSync(path, Buffer.from(text, 'latin1'));
  const window = await newFrom(app, path);
  await expect(app.getByRole('combobox', { name: 'Target column: Klasse' })).toBeVisible();
  await expect(window.dialog).toContainText('Größe');
  await expect(window.dialog).toContainText('Two classes');
});

test('a large table is read with a bar that can be stopped, and then whole', async ({ app, server }) => {
  const path = join(server.home, 'large.csv');
  const file = createWriteStream(path);
  file.write('a,b,c,d,e,f,y\n');
  let random = 1;
  const next = (): string => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    return (random / 2 ** 31).toFixed(6);
  };
  const count = 800_000;
  for (let row = 0; row < count; ) {
    const lines: string[] = [];
    for (const end = Math.min(count, row + 10_000); row < end; row++)
      lines.push(`${next()},${next()},${next()},${next()},${next()},${next()},${next()}`);
    if (!file.write(`${lines.join('\n')}\n`)) await new Promise<void>((resolve) => file.once('drain', resolve));
  }
  file.end();
  await finished(file);

  const window = await newFrom(app, path);
  const draw = app.getByRole('button', { name: 'Draw the network' });
  await test.step('Stopping leaves the dialog as it was', async () => {
    await draw.click();
    await expect(app.getByRole('progressbar', { name: 'Reading the table' })).toBeVisible();
    await expect(window.dialog).toContainText(/\d,\d{3} rows/);
    await app.getByRole('button', { name: 'Stop reading' }).click();
    await expect(draw).toBeEnabled();
  });
  await test.step('Read whole, it is in the window, which stays alive meanwhile', async () => {
    await draw.click();
    await expect(window.drawing.canvas).toBeVisible({ timeout: 90_000 });
    await window.tab('Data');
    await expect(window.status).toContainText(/Reading large\.csv|560,000 \/ 120,000 \/ 120,000/);
    await app.getByRole('button', { name: 'Dark colours' }).click();
    await expect(window.train).toHaveAccessibleName('Train', { timeout: 90_000 });
    await expect(window.status).toContainText('560,000 / 120,000 / 120,000');
  });
});

test('the split and the standardisation can be chosen', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/^Iris/);
  await window.ready();
  const firstLoss = async (): Promise<number> => {
    await app.getByRole('button', { name: 'Train one step (one batch)' }).click();
    await expect.poll(() => window.step()).toBe(1);
    return (await window.loss())!;
  };
  const reset = async (): Promise<void> => {
    await app.getByRole('button', { name: 'Reset the weights' }).click();
    await app.getByRole('menuitem', { name: /^Same seed/ }).click();
    await expect.poll(() => window.step()).toBe(0);
  };
  const standardised = await firstLoss();
  await window.tab('Data');
  await expect(window.status).toContainText(/\d+ \/ \d+ \/ \d+/);
  const rows = async (): Promise<string> => /\d+ \/ \d+ \/ \d+/.exec(await window.status.innerText())![0];
  const before = await rows();

  await test.step('More rows for training leave fewer for the test', async () => {
    const thumb = app.getByRole('slider', { name: 'Share of training rows' });
    await thumb.focus();
    await pressTogether(
      app,
      Array.from({ length: 10 }, () => 'ArrowRight'),
    );
    await expect(thumb).toHaveAttribute('aria-valuetext', '80 %');
    // Classes are split alike, so that a row more or less is left over.
    await expect(window.status).toContainText(/(119|120|121) \/ \d+ \/ \d+/);
    // Keys in a row are one step.
    const undo = app.getByRole('button', { name: 'Undo: Change the split' });
    await undo.click();
    await expect(undo).toBeHidden();
    await window.ready();
    await expect.poll(rows).toBe(before);
  });

  await test.step('Without standardisation the same weights see other numbers', async () => {
    await reset();
    expect(await firstLoss()).toBeCloseTo(standardised, 3);
    await reset();
    await app.getByRole('switch', { name: 'Standardise' }).click();
    await expect(app.getByRole('switch', { name: 'Standardise' })).not.toBeChecked();
    await expect(app.getByRole('button', { name: 'Undo: Change the standardisation' })).toBeVisible();
    // A step right after the edit is a step of the new data.
    expect(Math.abs((await firstLoss()) - standardised)).toBeGreaterThan(0.01);
  });
});
