/** The whole journey of a newcomer, with the mouse: from an empty sheet to trained weights in a file. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './support';
import { AppWindow } from './window';

test.setTimeout(240_000);

test('a newcomer draws a network, trains it, sees it learn, and takes the weights away', async ({ app, server }) => {
  const window = new AppWindow(app);
  const { drawing } = window;

  await test.step('The welcome view offers examples, New, New from data and Open', async () => {
    await expect(app.getByRole('heading', { name: 'Chainrule' })).toBeVisible();
    for (const name of [/New project/, /New from data/, /Open/])
      await expect(app.getByRole('navigation', { name: 'Start' }).getByRole('button', { name }).first()).toBeVisible();
    await expect(app.getByRole('region', { name: 'Examples' }).getByRole('button', { name: /Spiral/ })).toBeVisible();
    await app.getByRole('button', { name: /New project/ }).click();
    await expect(drawing.canvas).toContainText('An empty sheet');
  });

  await test.step('Nodes are dragged in from the palette', async () => {
    await drawing.dragIn('Input', await drawing.center());
    await expect(drawing.node('input')).toContainText('shape n × 2');
    await drawing.zoom(0.6);
    const first = await drawing.box('input');
    const at = (dx: number, dy: number) => ({ x: first.x + dx * first.zoom, y: first.y + dy * first.zoom });
    await drawing.dragIn('Fully connected layer', at(170, -80));
    await drawing.dragIn('Binary cross-entropy from logits', at(470, 240));
    await drawing.dragIn('Target', at(130, 240));
    for (const name of ['dense1', 'loss', 'target']) await expect(drawing.node(name)).toHaveCount(1);
    await window.menu('View', 'Fit the drawing');
  });

  await test.step('An edge goes from an output to a named input', async () => {
    await drawing.connect('input', 'dense1', 'x');
    await drawing.connect('target', 'loss', 'target', 1, 2);
    await expect(window.status).toContainText('16 weights · 8 biases');
  });

  await test.step('What cannot be connected says why, and is not drawn', async () => {
    await drawing.expectRefused('target', 'dense1', /input 'x' of 'dense1' is taken/);
    await drawing.expectRefused('dense1', 'input', /takes no inputs/);
    await drawing.expectRefused('dense1', 'loss', /8/, 0, 2);
    await drawing.dragIn('Hyperbolic tangent', await drawing.middle('loss', 'target'));
    await drawing.expectEdge('tanh1', 'loss', 'target');
    await drawing.expectEdge('target', 'tanh1', 'x');
    await drawing.expectRefused('loss', 'tanh1', /input 'x' of 'tanh1' is taken/);
    await app.keyboard.press('Control+z');
    await expect(drawing.node('tanh1')).toHaveCount(0);
    await drawing.expectEdge('target', 'loss', 'target');
  });

  await test.step('An edge that is let go over nothing asks for the node at its end', async () => {
    await drawing.zoom(0.5);
    const free = await drawing.box('dense1');
    await drawing.drag(await drawing.output('dense1'), { x: free.x + 150 * free.zoom, y: free.y - 90 * free.zoom });
    await app.getByRole('combobox', { name: 'Node to add' }).fill('fully');
    await app.keyboard.press('Enter');
    await drawing.expectEdge('dense1', 'dense2', 'x');
    await window.menu('View', 'Fit the drawing');
    await drawing.click('dense2');
    await window.tab('Inspect');
    await window.type('Neurons', '1');
    await window.choose('Activation', /^Identity/);
    await expect(drawing.node('dense2')).toContainText('shape n × 1');
    await drawing.connect('dense2', 'loss', 'prediction', 0, 2);
    await expect(window.status).toContainText('24 weights · 9 biases');
  });

  await test.step('A circle of edges is refused', async () => {
    await drawing.dragIn('Add', await drawing.middle('loss', 'prediction'));
    await drawing.expectEdge('dense2', 'add1', 'a');
    await drawing.expectRefused('loss', 'add1', /'add1' already feeds 'loss'; this would make a circle/, 1, 2);
    await drawing.expectRefused('add1', 'add1', /'add1' cannot feed itself/, 1, 2);
    await app.keyboard.press('Control+z');
    await expect(drawing.node('add1')).toHaveCount(0);
  });

  await test.step('Undo goes back to the empty sheet, redo comes all the way again', async () => {
    const whole = await drawing.lines();
    const undo = app.getByRole('button', { name: /^(Undo|Nothing to undo)/ });
    while (await undo.isEnabled()) await undo.click();
    await expect(drawing.canvas).toContainText('An empty sheet');
    const redo = app.getByRole('button', { name: /^(Redo|Nothing to redo)/ });
    while (await redo.isEnabled()) await redo.click();
    // The node for the circle was undone before: it comes last.
    await expect(drawing.node('add1')).toHaveCount(1);
    await undo.click();
    await expect(drawing.node('add1')).toHaveCount(0);
    expect(await drawing.lines()).toEqual(whole);
  });

  await test.step('The toy set with circles is chosen, and the network is ready', async () => {
    await window.tab('Data');
    await app.getByRole('group', { name: 'Toy data sets' }).getByRole('button', { name: 'Circles' }).click();
    await window.ready();
    await expect(window.status).toContainText('No problems');
    await window.tab('Train');
    await window.choose('Optimizer', /^Adam\b(?!W)/);
    await window.type('Learning rate', '0.02');
    await window.type('Epochs', '1000');
    await window.speed('300 steps a second');
    await window.menu('View', 'Fit the drawing');
  });

  let first = 0;
  await test.step('Training starts and the loss falls', async () => {
    await app.getByRole('button', { name: 'Train one step (one batch)' }).click();
    await expect.poll(() => window.step()).toBe(1);
    first = (await window.loss())!;
    expect(first).toBeGreaterThan(0.3);
    await window.train.click();
    await expect(window.pause).toBeVisible();
    await expect.poll(() => window.epoch(), { timeout: 30_000 }).toBeGreaterThan(5);
  });

  await test.step('While it trains, the edge under the pointer shows its value and its gradient, and they move', async () => {
    await expect(drawing.canvas.getByText(/gradient/i).first()).toBeVisible();
    const { x, y } = await drawing.middle('loss', 'prediction');
    await app.mouse.move(x, y - 2);
    await app.mouse.move(x, y);
    await expect(drawing.card).toContainText('dense2 → loss');
    await expect(drawing.card).toContainText('value');
    await expect(drawing.card).toContainText('gradient');
    const before = await drawing.card.innerText();
    await expect.poll(() => drawing.card.innerText(), { timeout: 15_000 }).not.toBe(before);
    await expect(window.pause).toBeVisible();
    await window.speed('Full speed');
  });

  await test.step('The decision boundary and the curves are there, and circles are learned', async () => {
    await window.tab('Results');
    await expect(app.getByRole('application', { name: /Map of the prediction over two features/ })).toBeVisible();
    await expect(app.getByRole('application', { name: /^Loss over epochs\. Training/ })).toBeVisible();
    await expect(window.train).toBeVisible({ timeout: 60_000 });
    expect(await window.epoch()).toBe(1000);
    expect((await window.loss())!).toBeLessThan(first / 3);
    expect(await window.score('Test')).toBeGreaterThan(0.9);
  });

  await test.step('A neuron under the pointer shows its own map over the plane', async () => {
    const { x, y } = await drawing.box('dense1');
    // Eight neurons in a column: the middle lies between two of them.
    const { zoom } = await drawing.box('dense1');
    await app.mouse.move(x, y + 15 * zoom);
    await app.mouse.move(x, y + 18.5 * zoom);
    await expect(app.getByRole('application', { name: /Map of dense1, neuron 5/ })).toBeVisible();
    await app.mouse.move(x, y - 300);
    await expect(app.getByRole('application', { name: /Map of the prediction/ })).toBeVisible();
  });

  await test.step('One iteration is walked: forward, loss, backward, update, and back again', async () => {
    await app.getByRole('button', { name: 'Step through one iteration, node by node' }).click();
    const focus = app.getByRole('article', { name: 'Step in focus' });
    const now = app
      .getByRole('list', { name: 'Steps of the iteration' })
      .locator('li', { has: app.locator('[aria-current=step]') });
    await expect(focus).toContainText('Forward');
    await expect(focus.locator('.katex').first()).toBeVisible();
    const seen: string[] = [];
    const next = app.getByRole('button', { name: 'Next step' });
    const steps = await app.getByRole('list', { name: 'Steps of the iteration' }).getByRole('listitem').count();
    for (let at = 0; at < steps; at++) {
      const phase = await focus.locator('.tag').innerText();
      if (seen.at(-1) !== phase) seen.push(phase);
      if (phase === 'Backward') await expect(focus).toContainText('Gradient');
      if (phase === 'Update') await expect(focus).toContainText(/New (value|loss)/);
      if (await next.isEnabled()) await next.click();
    }
    expect(seen.map((phase) => phase.toLowerCase())).toEqual(['forward', 'loss', 'backward', 'update']);
    const back = app.getByRole('button', { name: 'Step back' });
    while (await back.isEnabled()) await back.click();
    await expect(now).toHaveAttribute('aria-posinset', '1');
    await expect(focus).toContainText('Forward');
  });

  for (const [title, extension] of [
    ['ONNX', 'onnx'],
    ['safetensors', 'safetensors'],
    ['NumPy NPZ', 'npz'],
  ] as const)
    await test.step(`The weights are exported as ${title}, read back and compared`, async () => {
      await app.getByRole('button', { name: 'Export', exact: true }).click();
      await app.getByRole('radio', { name: new RegExp(`^${title}`) }).check();
      await app.getByRole('button', { name: 'Export…' }).click();
      const path = join(server.home, `circles.${extension}`);
      await window.file(path);
      await expect(window.dialog).toContainText('Exported and verified', { timeout: 30_000 });
      await expect(window.dialog).toContainText(path);
      await expect(window.dialog).toContainText(/Largest difference\s*(0|\d\.\d · 10⁻)/);
      expect(statSync(path).size).toBeGreaterThan(200);
      await app.getByRole('button', { name: 'Done' }).click();
    });

  await test.step('The project is saved with its weights, and comes back from the recent files', async () => {
    await window.menu('File', 'Keep trained weights in the project');
    await expect(window.toast('The weights are part of the project now')).toBeVisible();
    await app.keyboard.press('Control+s');
    await window.file(join(server.home, 'circles'));
    await expect(window.toast('Saved circles.chainrule')).toBeVisible();
    const text = readFileSync(join(server.home, 'circles.chainrule'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ data: { kind: 'generator', name: 'circles' } });
    await window.tab('Results');
    const score = await window.score('Test');
    await window.menu('File', 'Start page');
    await app
      .getByRole('region', { name: 'Recent files' })
      .getByRole('button', { name: /^circles/ })
      .click();
    await window.ready();
    await window.tab('Results');
    await expect(app.getByRole('application', { name: /Map of the prediction/ })).toBeVisible();
    // Exported once more, the same weights give the same file.
    await app.getByRole('button', { name: 'Export', exact: true }).click();
    await app.getByRole('radio', { name: /^safetensors/ }).check();
    await app.getByRole('button', { name: 'Export…' }).click();
    await window.file(join(server.home, 'again.safetensors'));
    await expect(window.dialog).toContainText('Exported and verified');
    expect(readFileSync(join(server.home, 'again.safetensors'))).toEqual(readFileSync(join(server.home, 'circles.safetensors')));
    expect(score).toBeGreaterThan(0.9);
  });
});
