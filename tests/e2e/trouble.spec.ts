/** When things go wrong: a sentence that says what and what to do, nothing lost, the window alive. */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, serve, test, watch } from './support';
import { serialiseProject } from '../../src/engine/graph/project-text';
import { draftOwn, replacementFor } from '../../src/engine/compile/make-own';
import { putOwn } from '../../src/engine/graph/own-edits';
import type { Project } from '../../src/engine/graph/project';
import { drawing } from '../support/drawing';
import { fill, ONLY_ROOT, smallDisk } from '../support/disks';
import { AppWindow } from './window';

test.setTimeout(180_000);

async function spiral(page: Page): Promise<AppWindow> {
  const window = new AppWindow(page);
  await window.example(/^Spiral/);
  await window.ready();
  return window;
}

async function open(page: Page, path: string): Promise<AppWindow> {
  const window = new AppWindow(page);
  // Before the window is there, nobody listens to its keys.
  await expect(page.getByRole('navigation', { name: 'Start' })).toBeVisible();
  await page.keyboard.press('Control+o');
  await window.file(path);
  return window;
}

async function save(window: AppWindow, path: string): Promise<void> {
  await window.page.keyboard.press('Control+Shift+s');
  await window.file(path);
}

test('a learning rate that diverges is named with its node, and cured with one click', async ({ app }) => {
  const window = new AppWindow(app);
  await window.example(/^A sine wave/);
  await window.ready();
  await window.tab('Train');
  await window.choose('Optimizer', /^Gradient descent/);
  await window.type('Learning rate', '100');
  await window.train.click();
  const news = window.toast('Training diverged');
  await expect(news).toBeVisible({ timeout: 30_000 });
  await expect(news).toContainText(/hidden|output|loss/);
  const panel = app.getByRole('tabpanel', { name: 'Train' });
  await expect(panel).toContainText('Training diverged');
  await expect(panel).toContainText(/learning rate/i);
  await expect(panel.getByRole('button', { name: 'Show the node' })).toBeVisible();
  for (let tries = 0; tries < 6; tries++) {
    const cure = panel.getByRole('button', { name: /^Learning rate .* and start over$/ });
    if (!(await cure.isVisible())) break;
    await cure.click();
    await expect(cure).toBeHidden();
    await window.ready();
    await window.train.click();
    await expect(cure.or(app.getByText(/^Epoch$/)).first()).toBeVisible();
    await expect.poll(async () => (await cure.isVisible()) || (await window.epoch()) > 3, { timeout: 30_000 }).toBe(true);
  }
  expect(await window.epoch()).toBeGreaterThan(3);
});

/** A network that takes logarithms of its inputs, half of which are negative. */
const breaking = (): Project =>
  drawing(
    {
      x: ['input', {}, { shape: [2] }],
      t: ['target', {}, { shape: [1] }],
      nll: ['log', { x: 'x' }],
      out: ['dense', { x: 'nll' }, { units: 1, activation: 'identity' }],
      loss: ['binary-cross-entropy-logits', { prediction: 'out', target: 't' }],
    },
    { epochs: 50 },
  );
const onCircles = (project: Project, title: string): Project => ({
  ...project,
  settings: { ...project.settings, title, data: { kind: 'generator', name: 'circles', count: 200, noise: 0.1, seed: 1 } },
});

test('a logarithm that broke is named with its node and its row, shown in both, and cured with one click', async ({
  app,
  server,
}) => {
  const project = breaking();
  const path = join(server.home, 'broken.chainrule');
  writeFileSync(path, serialiseProject(onCircles(project, 'Broken')));
  const window = await open(app, path);
  await window.ready();
  await window.train.click();
  const sentence =
    /At 'nll', row (\d+) of the data, the logarithm of −[\d.]+ is taken, which is not defined\. The number comes from 'x'\./;
  await expect(window.toast('Training diverged')).toContainText(sentence, { timeout: 30_000 });
  await window.tab('Train');
  const panel = app.getByRole('tabpanel', { name: 'Train' });
  await expect(panel).toContainText(sentence);
  const row = sentence.exec((await panel.textContent())!)![1]!;

  await test.step('Its row, where the data are', async () => {
    await panel.getByRole('button', { name: `Show row ${row}`, exact: true }).click();
    const line = window.dialog.locator('tr[aria-current="true"]');
    await expect(line).toBeInViewport();
    await expect(line.getByRole('rowheader')).toHaveText(row);
    await app.keyboard.press('Escape');
  });
  await test.step('Its node, where the drawing is', async () => {
    await panel.getByRole('button', { name: 'Show the node' }).click();
    await window.tab('Inspect');
    await expect(app.getByRole('tabpanel', { name: 'Inspect' })).toContainText('Logarithm');
    await window.tab('Train');
  });
  await test.step('A clamp before it, and training goes on', async () => {
    await panel.getByRole('button', { name: 'Clamp the input of nll', exact: true }).click();
    await expect(window.drawing.node('clamp1')).toBeVisible();
    await expect(panel).not.toContainText('Training diverged');
    await window.ready();
    await window.train.click();
    await expect.poll(() => window.epoch(), { timeout: 30_000 }).toBe(50);
  });
});

test('what breaks inside an operation of one’s own is cured there, tried in a ghost run first', async ({ app, server }) => {
  const whole = breaking();
  const draft = draftOwn(whole, ['nll']);
  if (typeof draft === 'string') throw new Error(draft);
  const inputs = draft.inputs.map(({ name }) => name);
  const project = putOwn(replacementFor(whole, draft, 'Surprise', inputs))(whole);
  const path = join(server.home, 'inside.chainrule');
  writeFileSync(path, serialiseProject(onCircles(project, 'Inside')));
  const window = await open(app, path);
  await window.ready();
  await window.train.click();
  await window.tab('Train');
  const panel = app.getByRole('tabpanel', { name: 'Train' });
  await expect(panel).toContainText(/\(its nll\), row \d+ of the data, the logarithm of −[\d.]+ is taken/, { timeout: 30_000 });
  await expect(panel.getByRole('button', { name: /^Open surprise1: clamp the input of / })).toBeVisible();
  const cure = 'Clamp the input of nll in every Surprise';
  await expect(panel.getByRole('button', { name: cure, exact: true })).toBeVisible();

  // By keys: the ghost runs beside what broke, which stays as it is.
  await panel.getByRole('button', { name: `Try beside: ${cure}` }).focus();
  await app.keyboard.press('Enter');
  const trial = panel.getByRole('group', { name: `Trial: ${cure}` });
  await expect(trial).toContainText('Epoch 50 of 50', { timeout: 60_000 });
  await expect(panel).toContainText('Training diverged');
  expect(await window.epoch()).toBe(0);
  await trial.getByRole('button', { name: 'Adopt' }).press('Enter');
  await expect(trial).toBeHidden();
  await expect(panel).not.toContainText('Training diverged');
  await expect.poll(() => window.epoch(), { timeout: 30_000 }).toBe(50);
  await expect(window.drawing.node('surprise1')).toBeVisible();
});

const wrong: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['not a project at all', 'hello', /cannot be opened/],
  ['a picture', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xff, 0xfe, 0, 13]), /does not hold text/],
  ['cut off in the middle', '{"format":"chainrule","version":1,"title":"x","nodes":{"a":{"op":"inp', /cannot be opened/],
  ['from the future', '{"format":"chainrule","version":99,"title":"x","nodes":{},"edges":{}}', /version/],
  ['with an unknown operation', '{"format":"chainrule","version":1,"title":"x","nodes":{"a":{"op":"warp"}},"edges":{}}', /warp/],
  [
    'with a bad name',
    '{"format":"chainrule","version":1,"title":"x","nodes":{"__proto__":{"op":"input"}},"edges":{}}',
    /cannot be opened/,
  ],
];
for (const [what, content, sentence] of wrong)
  test(`a project file that is ${what} is refused with a sentence`, async ({ app, server }) => {
    const path = join(server.home, 'wrong.chainrule');
    writeFileSync(path, content);
    const window = await open(app, path);
    const news = window.toast('The file was not opened');
    await expect(news).toBeVisible();
    await expect(news).toContainText(sentence);
    await spiral(app);
  });

test('a project file of a gigabyte is refused before it is read', async ({ app, server }) => {
  const path = join(server.home, 'huge.chainrule');
  writeFileSync(path, '{');
  truncateSync(path, 2 ** 30);
  const window = await open(app, path);
  await expect(window.toast('The file was not opened')).toContainText(/has 1024 MB; at most \d+ MB/);
});

test('a file that may not be written stays as it is, and the work stays unsaved', async ({ app, server }) => {
  const window = await spiral(app);
  const path = join(server.home, 'kept.chainrule');
  writeFileSync(path, 'precious');
  chmodSync(path, 0o444);
  await app.keyboard.press('Control+s');
  await app.getByRole('textbox', { name: 'File name' }).fill('kept');
  await expect(window.dialog.getByRole('button', { name: 'Save', exact: true })).toBeEnabled();
  await app.keyboard.press('Enter');
  await expect(window.dialog).toContainText('already there');
  await app.getByRole('button', { name: 'Replace' }).click();
  await expect(window.toast('The project was not saved')).toContainText(
    /'kept\.chainrule' is write-protected.*Save under another name or in another place/,
  );
  expect(readFileSync(path, 'utf8')).toBe('precious');

  await test.step('A folder that is not there says so too', async () => {
    await save(window, join(server.home, 'nowhere', 'x'));
    await expect(window.toast(/its folder does not exist/)).toBeVisible();
  });
  await test.step('Another place takes it', async () => {
    await save(window, join(server.home, 'fine'));
    await expect(window.toast('Saved fine.chainrule')).toBeVisible();
  });
  expect(readdirSync(server.home).filter((name) => name.includes('.tmp'))).toEqual([]);
});

test('a disk that is full: saving and exporting say so, the window lives, and later it works', async ({ app }) => {
  const disk = smallDisk(2 ** 17);
  test.skip(disk === null, ONLY_ROOT);
  try {
    const window = await spiral(app);
    const path = join(disk!.path, 'kept.chainrule');
    await save(window, path);
    await expect(window.toast('Saved kept.chainrule')).toBeVisible();
    const before = readFileSync(path);
    const full = fill(disk!);
    await window.menu('File', 'Keep trained weights in the project');
    await app.keyboard.press('Control+s');
    const news = window.toast('The project was not saved');
    await expect(news).toContainText(/The disk is full, so 'kept\.chainrule' was not saved; the file on disk is unchanged/);
    expect(readFileSync(path)).toEqual(before);
    await expect(app.getByText('Edited')).toBeAttached();

    await app.getByRole('button', { name: 'Export', exact: true }).click();
    await app
      .getByRole('button', { name: /^Export/ })
      .last()
      .click();
    await window.file(join(disk!.path, 'out.onnx'));
    await expect(app.getByText(/The disk is full, so 'out\.onnx' was not saved/).first()).toBeVisible({ timeout: 30_000 });
    await app.keyboard.press('Escape');
    expect(readdirSync(disk!.path).sort()).toEqual(['full', 'kept.chainrule']);

    rmSync(full);
    await window.drawing.canvas.focus();
    await app.keyboard.press('Control+s');
    await expect(app.getByText('Saved', { exact: true })).toBeAttached();
    expect(readFileSync(path, 'utf8')).toContain('"weights"');
  } finally {
    disk?.release();
  }
});

test('a recent file that vanished says so', async ({ app, server }) => {
  const window = await spiral(app);
  await save(window, join(server.home, 'gone'));
  await expect(window.toast('Saved gone.chainrule')).toBeVisible();
  await window.menu('File', 'Start page');
  rmSync(join(server.home, 'gone.chainrule'));
  await app.getByRole('region', { name: 'Recent files' }).getByRole('button', { name: /^gone/ }).click();
  await expect(window.toast('The file was not opened')).toContainText(/'gone\.chainrule' is not there any more/);
  await app.getByRole('button', { name: 'Remove gone.chainrule from this list' }).click();
  await expect(app.getByRole('region', { name: 'Recent files' }).getByRole('button', { name: /^gone/ })).toHaveCount(0);
});

test('work that was not saved is offered again after the program was killed', async ({ browser, server }) => {
  const first = await browser.newContext();
  const page = await first.newPage();
  await page.goto(server.url);
  const window = await spiral(page);
  await window.drawing.click('hidden1');
  await window.tab('Inspect');
  await window.type('Neurons', '5');
  await expect(window.drawing.node('hidden1')).toContainText('15 parameters');
  const spares = join(server.folder, 'settings');
  await expect
    .poll(
      () =>
        readdirSync(spares, { recursive: true, encoding: 'utf8' }).filter(
          (name) => /recover/i.test(name) && name.endsWith('.json'),
        ).length,
    )
    .toBeGreaterThan(0);
  await server.stop('SIGKILL');
  await first.close();

  const again = await serve(server.folder);
  const second = await browser.newContext();
  const later = await second.newPage();
  const faults = watch(later);
  await later.goto(again.url);
  const unsaved = later.getByRole('region', { name: 'Unsaved work' });
  await expect(unsaved).toContainText('Spiral');
  await unsaved.getByRole('button', { name: 'Recover' }).click();
  const recovered = new AppWindow(later);
  await expect(recovered.drawing.node('hidden1')).toContainText('15 parameters');
  await expect(later.getByText('Edited')).toBeAttached();
  await recovered.ready();
  await save(recovered, join(server.home, 'saved-after-all'));
  await expect(recovered.toast('Saved saved-after-all.chainrule')).toBeVisible();
  await recovered.menu('File', 'Start page');
  await expect(later.getByRole('region', { name: 'Unsaved work' })).toHaveCount(0);
  expect(faults).toEqual([]);
  await second.close();
  await again.stop();
});

test('the window goes on training when its server is gone, and says that it is', async ({ page, server }) => {
  await page.goto(server.url);
  const window = await spiral(page);
  await server.stop('SIGKILL');
  await expect(page.getByText('The connection to Chainrule’s server was lost.', { exact: false }).first()).toBeVisible();
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 30_000 }).toBeGreaterThan(2);
});

test('the same file in two windows is warned of', async ({ app, server, context }) => {
  const window = await spiral(app);
  await save(window, join(server.home, 'both'));
  await expect(window.toast('Saved both.chainrule')).toBeVisible();
  const other = await context.newPage();
  await other.goto(server.origin);
  const there = await open(other, join(server.home, 'both.chainrule'));
  await expect(there.toast('This file is open in another window')).toBeVisible();
  await expect(there.toast('This file is open in another window')).toContainText('Save as');
  await other.close();
});

test('WebGPU trains where the user chooses it, and the bar says what runs and why', async ({ app }) => {
  const window = await spiral(app);
  await expect(window.status).toContainText('the graphics adapter is software');
  const backend = window.status.getByRole('button').first();
  await backend.click();
  const choice = app.getByRole('menuitem', { name: /^WebGPU/ });
  await expect(choice).toContainText(/SwiftShader/i);
  await choice.click();
  await expect(backend).toContainText('WebGPU', { timeout: 30_000 });
  await expect(backend).toContainText('chosen by you');
  await window.ready();
  await app.getByRole('button', { name: 'Train one step (one batch)' }).click();
  await expect.poll(() => window.step(), { timeout: 30_000 }).toBe(1);
  const onGraphics = (await window.loss())!;
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(2);
  await window.stop();

  await test.step('On the CPU the same step gives the same loss', async () => {
    await backend.click();
    await app.getByRole('menuitem', { name: /^CPU/ }).click();
    await expect(backend).toContainText('CPU');
    await expect(backend).toContainText('chosen by you');
    await window.ready();
    await app.getByRole('button', { name: 'Reset the weights' }).click();
    await app.getByRole('menuitem', { name: /^Same seed/ }).click();
    await expect.poll(() => window.step()).toBe(0);
    await app.getByRole('button', { name: 'Train one step (one batch)' }).click();
    await expect.poll(() => window.step()).toBe(1);
    expect((await window.loss())!).toBeCloseTo(onGraphics, 3);
  });
});

test('a graphics device that is lost hands its training to the CPU', async ({ page, server, browser }) => {
  await page.goto(server.url);
  const window = await spiral(page);
  await window.tab('Train');
  await window.type('Epochs', '100000');
  const backend = window.status.getByRole('button').first();
  await backend.click();
  await page.getByRole('menuitem', { name: /^WebGPU/ }).click();
  await expect(backend).toContainText('WebGPU', { timeout: 30_000 });
  await window.ready();
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(3);
  // The process that computes for all pages ends, as it does when a driver crashes.
  const session = await browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess');
  await expect(window.toast('Training goes on on the CPU')).toBeVisible({ timeout: 30_000 });
  await expect(backend).toContainText('CPU');
  await expect(backend).toContainText('the graphics device was lost');
  await expect(window.pause).toBeVisible();
  const step = await window.step();
  await expect.poll(() => window.step(), { timeout: 30_000 }).toBeGreaterThan(step);
  expect(existsSync(server.home)).toBe(true);
});
