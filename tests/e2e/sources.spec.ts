/** Every source of data but plain tables, from the first question to a network that has learnt it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { encode as encodePng } from 'fast-png';
import { zipSync } from 'fflate';
import { idx, npy } from '../support/array-files';
import { expect, test } from './support';
import { AppWindow } from './window';

test.setTimeout(150_000);

async function from(page: Page, origin: string): Promise<AppWindow> {
  const window = new AppWindow(page);
  await window.newFrom(origin);
  return window;
}

/** Draws, trains to the end, and reads a score. */
async function learns(window: AppWindow, of: 'Training' | 'Test'): Promise<number> {
  await window.page.getByRole('button', { name: 'Draw the network' }).click();
  await window.ready();
  await window.train.click();
  await expect(window.train).toBeVisible({ timeout: 60_000 });
  await window.tab('Results');
  return window.score(of);
}

/** A picture of the class: bright above, or bright below; a little different each time. */
const brightness = (row: number, label: number, n: number): number => (row < 4 === (label === 0) ? 200 + (n % 40) : n % 50);

test('arrays of NumPy, images and labels in one file', async ({ app, server }) => {
  const labels = Array.from({ length: 120 }, (_, n) => n % 2);
  const pixels = labels.flatMap((label, n) => Array.from({ length: 64 }, (_, k) => brightness(Math.floor(k / 8), label, n)));
  const path = join(server.home, 'bright.npz');
  writeFileSync(path, zipSync({ 'images.npy': npy('<f4', [120, 8, 8], pixels), 'labels.npy': npy('<i8', [120], labels) }));
  const window = await from(app, 'A file');
  await window.file(path);
  await expect(window.dialog).toContainText('64 numbers in');
  await expect(window.dialog).toContainText('Two classes');
  expect(await learns(window, 'Test')).toBe(1);
});

test('gzipped IDX files, found by the first of four', async ({ app, server }) => {
  for (const [part, count] of [
    ['train', 200],
    ['t10k', 60],
  ] as const) {
    const labels = Array.from({ length: count }, (_, n) => n % 3);
    const pixels = labels.flatMap((label, n) =>
      Array.from({ length: 36 }, (_, k) => (Math.floor(k / 12) === label ? 210 : 10) + (n % 30)),
    );
    writeFileSync(join(server.home, `${part}-images-idx3-ubyte.gz`), gzipSync(idx([count, 6, 6], pixels)));
    writeFileSync(join(server.home, `${part}-labels-idx1-ubyte.gz`), gzipSync(idx([count], labels)));
  }
  const window = await from(app, 'A file');
  await window.file(join(server.home, 'train-images-idx3-ubyte.gz'));
  await expect(window.dialog).toContainText('36 numbers in');
  await expect(window.dialog).toContainText('3 out');
  expect(await learns(window, 'Test')).toBe(1);
  // The test rows are those of the test files.
  await expect(window.status).toContainText(/\/ 60$|\/ 60\D/);
});

test('a folder with a folder of pictures for each class', async ({ app, server }) => {
  for (const [label, name] of ['above', 'below'].entries())
    for (let n = 0; n < 40; n++) {
      const file = join(server.home, 'pictures', name, `${n}.png`);
      mkdirSync(dirname(file), { recursive: true });
      const data = Uint8Array.from({ length: 64 }, (_, k) => brightness(Math.floor(k / 8), label, n));
      writeFileSync(file, encodePng({ width: 8, height: 8, data, channels: 1 }));
    }
  const window = await from(app, 'A folder of pictures');
  const name = app.getByRole('textbox', { name: /^(File|Folder) name$/ });
  await name.fill(join(server.home, 'pictures'));
  await name.press('Enter');
  await expect(window.dialog).toContainText('64 numbers in', { timeout: 15_000 });
  // Read by filters first.
  await window.dialog.getByRole('radio', { name: 'Filters', exact: true }).click();
  await expect(window.dialog).toContainText('64 numbers in, 8 filters, 1 out');
  expect(await learns(window, 'Test')).toBe(1);
  await expect(app.getByRole('tabpanel', { name: 'Results' })).toContainText('above');
  await expect(window.drawing.node('convolution')).toBeVisible();
});

test('cells pasted from a spreadsheet', async ({ app }) => {
  const window = await from(app, 'A pasted table');
  const rows = Array.from({ length: 80 }, (_, n) => `${n / 10}\t${(n * 7) % 11}\t${n < 40 ? 'small' : 'large'}`);
  await app.getByRole('textbox', { name: 'Table' }).fill(`size\tother\tkind\n${rows.join('\n')}`);
  await app.getByRole('button', { name: 'Use this table' }).click();
  await expect(window.dialog).toContainText('Two classes');
  expect(await learns(window, 'Training')).toBeGreaterThan(0.95);
});

test('a formula; one that cannot be read is answered where it is written', async ({ app }) => {
  const window = await from(app, 'A formula');
  const formula = app.getByRole('textbox', { name: 'Formula' });
  await formula.fill('sin(2x');
  await expect(window.dialog).toContainText(/bracket|\)/);
  await formula.fill('x^2 / 4');
  await formula.press('Enter');
  await expect(window.dialog).toContainText('Regression: predict a number');
  expect(await learns(window, 'Training')).toBeGreaterThan(0.9);
});

test('points painted by hand, and by keys', async ({ app }) => {
  const window = await from(app, 'Painted points');
  const plane = window.dialog.getByRole('application');
  await plane.focus();
  await expect(app.getByRole('button', { name: 'Draw the network' })).toBeDisabled();
  const paint = async (digit: string, way: string): Promise<void> => {
    await plane.press(digit);
    for (let n = 0; n < 10; n++) {
      await plane.press(way);
      await plane.press(' ');
    }
  };
  await paint('0', 'ArrowLeft');
  await plane.press('ArrowDown');
  for (let n = 0; n < 14; n++) await plane.press('ArrowRight');
  await paint('1', 'ArrowRight');
  await expect(window.dialog).toContainText(/20 points/);
  const box = (await plane.boundingBox())!;
  // A stroke of the pointer adds a spray to them.
  await app.mouse.move(box.x + box.width * 0.8, box.y + box.height * 0.8);
  await app.mouse.down();
  await app.mouse.move(box.x + box.width * 0.9, box.y + box.height * 0.85, { steps: 4 });
  await app.mouse.up();
  await expect(window.dialog).not.toContainText(/\b20 points/);
  expect(await learns(window, 'Training')).toBe(1);
});
