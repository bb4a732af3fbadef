/** The whole journey without a mouse: no pointer event is ever sent. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { add, command, connect, goTo, pick, tabTo } from './keys';
import { expect, test } from './support';
import { AppWindow } from './window';

test.setTimeout(240_000);

test('the journey can be made with the keyboard alone', async ({ app, server }) => {
  const window = new AppWindow(app);
  const { drawing } = window;

  await test.step('A new project, and nodes on the empty sheet', async () => {
    await expect(app.getByRole('navigation', { name: 'Start' })).toBeVisible();
    await app.keyboard.press('Tab');
    await tabTo(app, /^New project/);
    await app.keyboard.press('Enter');
    await expect(drawing.canvas).toContainText('An empty sheet');
    await tabTo(app, 'Drawing of the network');
    for (const words of ['input', 'fully', 'fully', 'target', 'binary cross-entropy from logits']) await add(app, words);
    for (const name of ['input', 'dense1', 'dense2', 'target', 'loss']) await expect(drawing.node(name)).toHaveCount(1);
  });

  await test.step('Connections, an undo, a redo', async () => {
    await connect(app, 'input', 'dense1', 'x');
    await connect(app, 'dense1', 'dense2', 'x');
    await app.keyboard.press('Control+z');
    await drawing.expectNoEdge('dense1', 'dense2');
    await app.keyboard.press('Control+Shift+z');
    await drawing.expectEdge('dense1', 'dense2', 'x');
    await connect(app, 'target', 'loss', 'target');
  });

  await test.step('The output layer gets one linear neuron in the inspector', async () => {
    await goTo(app, 'dense2');
    await app.keyboard.press('Enter');
    await tabTo(app, 'Neurons');
    await app.keyboard.type('1');
    await app.keyboard.press('Enter');
    await expect(drawing.node('dense2')).toContainText('shape n × 1');
    await tabTo(app, /^Activation: /);
    await pick(app, 'Identity');
    await expect(app.getByRole('combobox', { name: 'Activation: Identity' })).toBeVisible();
    await connect(app, 'dense2', 'loss', 'prediction');
    await expect(window.status).toContainText('24 weights · 9 biases');
  });

  await test.step('A node is moved by the arrow keys, all are laid out, and both can be taken back', async () => {
    await goTo(app, 'dense1');
    const before = await drawing.box('dense1');
    await app.keyboard.press('ArrowDown');
    await app.keyboard.press('ArrowDown');
    const after = await drawing.box('dense1');
    expect(after.y - before.y).toBeCloseTo(20 * before.zoom, 0);
    await app.keyboard.press('Control+z');
    expect((await drawing.box('dense1')).y).toBeCloseTo(before.y, 0);
    await command(app, 'lay out');
    await expect(app.getByRole('button', { name: 'Undo: Lay out' })).toBeVisible();
  });

  await test.step('Data and training', async () => {
    await app.keyboard.press('Alt+2');
    await expect(app.getByRole('tab', { name: 'Data' })).toHaveAttribute('aria-selected', 'true');
    await tabTo(app, 'Circles');
    await app.keyboard.press('Enter');
    await window.ready();
    await app.keyboard.press('Alt+3');
    await tabTo(app, /^Optimizer: /);
    await pick(app, 'RMSProp');
    await expect(app.getByRole('combobox', { name: 'Optimizer: RMSProp' })).toBeVisible();
    await app.keyboard.press('Control+Enter');
    await expect(window.pause).toBeVisible();
    await expect(window.train).toBeVisible({ timeout: 60_000 });
    await app.keyboard.press('Alt+4');
    expect(await window.score('Test')).toBeGreaterThan(0.9);
  });

  await test.step('Stepping through one iteration, and back', async () => {
    await app.keyboard.press('Control+Shift+Enter');
    const focus = app.getByRole('article', { name: 'Step in focus' });
    const tag = focus.locator('.tag');
    await expect(tag).toHaveText('Forward');
    await app.keyboard.press('Alt+ArrowRight');
    const steps = app.getByRole('list', { name: 'Steps of the iteration' });
    await expect(steps.locator('li', { has: app.locator('[aria-current=step]') })).toHaveAttribute('aria-posinset', '2');
    for (const phase of ['Loss', 'Backward', 'Update']) {
      await app.keyboard.press('Alt+Shift+ArrowRight');
      await expect(tag).toHaveText(phase);
    }
    for (const phase of ['Backward', 'Loss', 'Forward']) {
      await app.keyboard.press('Alt+Shift+ArrowLeft');
      await expect(tag).toHaveText(phase);
    }
  });

  await test.step('The weights leave as ONNX', async () => {
    await app.keyboard.press('Control+e');
    await expect(app.getByRole('dialog', { name: 'Export the trained model' })).toBeVisible();
    await expect(app.getByRole('radio', { name: /^ONNX/ })).toBeFocused();
    await tabTo(app, 'Export…');
    await app.keyboard.press('Enter');
    await expect(app.getByRole('textbox', { name: 'File name' })).toBeFocused();
    await app.keyboard.press('Control+a');
    await app.keyboard.type(join(server.home, 'keys.onnx'));
    await app.keyboard.press('Enter');
    await expect(app.getByRole('dialog')).toContainText('Exported and verified', { timeout: 30_000 });
    expect(statSync(join(server.home, 'keys.onnx')).size).toBeGreaterThan(200);
    await app.keyboard.press('Escape');
    await expect(app.getByRole('dialog')).toHaveCount(0);
  });

  await test.step('Saved, and opened again', async () => {
    await app.keyboard.press('Control+s');
    await expect(app.getByRole('textbox', { name: 'File name' })).toBeFocused();
    await app.keyboard.press('Control+a');
    await app.keyboard.type(join(server.home, 'keys'));
    await app.keyboard.press('Enter');
    await expect(window.toast('Saved keys.chainrule')).toBeVisible();
    await app.keyboard.press('Control+Alt+n');
    await expect(drawing.canvas).toContainText('An empty sheet');
    await app.keyboard.press('Control+o');
    await expect(app.getByRole('textbox', { name: 'File name' })).toBeFocused();
    await app.keyboard.type(join(server.home, 'keys.chainrule'));
    await app.keyboard.press('Enter');
    await expect(window.status).toContainText('24 weights · 9 biases');
  });
});

test('every verb of drawing has its keys', async ({ app, server, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  const window = new AppWindow(app);
  const { drawing } = window;
  const { keyboard } = app;
  await expect(app.getByRole('navigation', { name: 'Start' })).toBeVisible();
  await keyboard.press('Control+Alt+n');
  await tabTo(app, 'Drawing of the network');
  for (const words of ['input', 'sigmoid', 'mean']) await add(app, words);
  await connect(app, 'input', 'sigmoid1', 'x');
  await connect(app, 'sigmoid1', 'mean1', 'x');
  const nodes = drawing.list.getByRole('listitem');
  const undo = (what: string | RegExp) => expect(app.getByRole('button', { name: what })).toBeVisible();

  await test.step('A connection is chosen, and a node put between its ends', async () => {
    await goTo(app, 'mean1');
    await keyboard.press('e');
    await expect(app.getByText(/^Connection from sigmoid1 to mean1, input x/)).toBeAttached();
    await add(app, 'hyperbolic');
    await drawing.expectEdge('sigmoid1', 'tanh1', 'x');
    await drawing.expectEdge('tanh1', 'mean1', 'x');
  });

  await test.step('A connection is removed, and comes back', async () => {
    for (const ends of ['sigmoid1 to tanh1', 'tanh1 to mean1', 'sigmoid1 to tanh1']) {
      await keyboard.press('e');
      await expect(app.getByText(new RegExp(`^Connection from ${ends}, input x`))).toBeAttached();
    }
    await keyboard.press('Delete');
    await drawing.expectNoEdge('sigmoid1', 'tanh1');
    await keyboard.press('Control+z');
    await drawing.expectEdge('sigmoid1', 'tanh1', 'x');
  });

  await test.step('Several are selected, aligned, grouped, and come apart', async () => {
    await goTo(app, 'sigmoid1');
    await keyboard.press('ArrowDown');
    await keyboard.press('Control+Shift+ArrowRight');
    await expect(app.getByRole('heading', { name: '2 nodes' })).toBeVisible();
    await command(app, 'align top');
    await undo('Undo: Align');
    await keyboard.press('Control+g');
    await undo('Undo: Group');
    await keyboard.press('Control+Shift+g');
    await undo('Undo: Ungroup');
  });

  await test.step('They are copied, cut, pasted and duplicated', async () => {
    await keyboard.press('Control+c');
    await keyboard.press('Control+v');
    await expect(nodes).toHaveCount(6);
    await keyboard.press('Control+x');
    await expect(nodes).toHaveCount(4);
    await keyboard.press('Control+v');
    await expect(nodes).toHaveCount(6);
    await keyboard.press('Control+d');
    await expect(nodes).toHaveCount(8);
    await keyboard.press('Delete');
    await expect(nodes).toHaveCount(6);
  });

  await test.step('All is selected and deleted, and every step can be taken back and done again', async () => {
    await keyboard.press('Control+a');
    await keyboard.press('Delete');
    await expect(nodes).toHaveCount(0);
    for (let presses = 0; presses < 40 && (await app.getByRole('button', { name: /^Undo: / }).count()) > 0; presses++)
      await keyboard.press('Control+z');
    await expect(app.getByRole('button', { name: 'Nothing to undo' })).toBeVisible();
    await expect(nodes).toHaveCount(0);
    for (let presses = 0; presses < 40 && (await app.getByRole('button', { name: /^Redo: / }).count()) > 0; presses++)
      await keyboard.press('Control+Shift+z');
    await keyboard.press('Control+z');
    await expect(nodes).toHaveCount(6);
  });

  await test.step('The view zooms, fits, and a node’s menu opens at it', async () => {
    const zoom = async (): Promise<number> => (await drawing.box('input')).zoom;
    const before = await zoom();
    await keyboard.press('Control+Equal');
    await expect.poll(zoom).toBeGreaterThan(before * 1.05);
    await keyboard.press('Home');
    await goTo(app, 'input');
    await keyboard.press('Shift+F10');
    await expect(app.getByRole('menuitem', { name: /^Connect…/ })).toBeVisible();
    await keyboard.press('Escape');
  });
});
