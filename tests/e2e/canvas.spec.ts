/** Drawing with the pointer and with the keys, in the whole program. Nodes are found by their text at their place. */
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './support';

const canvas = (app: Page): Locator => app.getByRole('application', { name: 'Drawing of the network' });
const node = (app: Page, id: string): Locator =>
  canvas(app)
    .getByRole('listitem')
    .filter({ hasText: new RegExp(`^${id}:`) });

async function middle(app: Page, id: string): Promise<{ x: number; y: number; left: number; right: number; top: number }> {
  const box = (await node(app, id).boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, left: box.x, right: box.x + box.width, top: box.y };
}

async function drag(app: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await app.mouse.move(from.x, from.y);
  await app.mouse.down();
  await app.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 5 });
  await app.mouse.move(to.x, to.y, { steps: 5 });
}

/** From a node's right handle to a place on another. */
async function connect(app: Page, from: string, to: { x: number; y: number }): Promise<void> {
  const { right, y } = await middle(app, from);
  await drag(app, { x: right, y }, to);
  await app.mouse.up();
}

async function addAt(app: Page, x: number, y: number, text: string): Promise<void> {
  const box = (await canvas(app).boundingBox())!;
  await app.mouse.dblclick(box.x + x, box.y + y);
  await choose(app, text);
}

/** In the list of nodes that has just been opened. */
async function choose(app: Page, text: string): Promise<void> {
  await expect(app.getByRole('combobox', { name: 'Node to add' })).toBeFocused();
  await app.keyboard.type(text);
  await app.keyboard.press('Enter');
}

test.beforeEach(async ({ app }) => {
  await app
    .getByRole('button', { name: /New project/ })
    .first()
    .click();
  await expect(canvas(app)).toBeVisible();
});

test('a network is drawn with the pointer, and every step can be taken back', async ({ app }) => {
  await addAt(app, 90, 260, 'input');
  await addAt(app, 280, 260, 'fully connected');
  await addAt(app, 470, 200, 'squared error');
  await addAt(app, 330, 540, 'target');
  await expect(canvas(app).getByRole('listitem')).toHaveCount(4);

  const layer = await middle(app, 'dense1');
  await connect(app, 'input', layer);
  await expect(node(app, 'dense1')).toContainText('24 parameters');
  const loss = await middle(app, 'loss');
  await connect(app, 'dense1', { x: loss.left + 10, y: loss.y - 10 });
  await expect(node(app, 'loss')).toContainText('prediction from dense1');

  // A circle is refused while the pointer is still there, and nothing is drawn.
  const end = await middle(app, 'loss');
  await drag(app, { x: end.right, y: end.y }, { x: layer.x, y: layer.top + 15 });
  await expect(app.getByText(/is taken|circle/)).toBeVisible();
  await app.mouse.up();
  await expect(node(app, 'dense1')).toContainText('x from input');

  await app.mouse.move(layer.x, layer.top + 15);
  await drag(app, { x: layer.x, y: layer.top + 15 }, { x: layer.x + 60, y: layer.top + 95 });
  await app.mouse.up();
  await expect.poll(async () => (await middle(app, 'dense1')).x).toBeGreaterThan(layer.x + 40);
  await app.keyboard.press('Control+z');
  await expect.poll(async () => (await middle(app, 'dense1')).x).toBeCloseTo(layer.x, 0);

  for (let step = 0; step < 6; step++) await app.keyboard.press('Control+z');
  await expect(canvas(app).getByRole('listitem')).toHaveCount(0);
  for (let step = 0; step < 6; step++) await app.keyboard.press('Control+Shift+z');
  await expect(node(app, 'loss')).toContainText('prediction from dense1');
});

test('a network is drawn with the keys alone', async ({ app }) => {
  await canvas(app).focus();
  const add = async (text: string): Promise<void> => {
    await app.keyboard.press('n');
    await choose(app, text);
  };
  await add('input');
  await add('fully connected');
  await add('squared error');
  await app.keyboard.press('Escape');
  await app.keyboard.press('Tab');
  await app.keyboard.press('c');
  await expect(app.getByText(/^Connect input to dense1, input x/)).toBeAttached();
  await app.keyboard.press('Enter');
  await expect(node(app, 'dense1')).toContainText('x from input');
  await app.keyboard.press('Tab');
  await app.keyboard.press('c');
  await app.keyboard.press('Enter');
  await expect(node(app, 'loss')).toContainText('prediction from dense1');
  const before = await middle(app, 'dense1');
  await app.keyboard.press('ArrowDown');
  await app.keyboard.press('ArrowDown');
  await expect.poll(async () => (await middle(app, 'dense1')).y).toBeGreaterThan(before.y + 5);
  await app.keyboard.press('Delete');
  await expect(node(app, 'dense1')).toHaveCount(0);
  await app.keyboard.press('Control+z');
  await expect(node(app, 'dense1')).toContainText('x from input');
});

test('a connection dropped on the empty sheet asks for the node to connect to', async ({ app }) => {
  await addAt(app, 90, 260, 'input');
  const { right, y } = await middle(app, 'input');
  await drag(app, { x: right, y }, { x: right + 160, y: y + 40 });
  await app.mouse.up();
  await choose(app, 'relu');
  await expect(node(app, 'relu1')).toContainText('x from input');
});

test('a node from the palette, dropped on an edge, stands between its ends', async ({ app }) => {
  await addAt(app, 90, 260, 'input');
  await addAt(app, 440, 260, 'sigmoid');
  const sigmoid = await middle(app, 'sigmoid1');
  await connect(app, 'input', sigmoid);
  await expect(node(app, 'sigmoid1')).toContainText('x from input');
  const input = await middle(app, 'input');
  const box = (await canvas(app).boundingBox())!;
  await app
    .getByRole('navigation', { name: 'Nodes to add' })
    .getByText('Hyperbolic tangent')
    .dragTo(canvas(app), {
      targetPosition: { x: (input.right + sigmoid.left) / 2 - box.x, y: (input.y + sigmoid.y) / 2 - box.y },
    });
  await expect(node(app, 'tanh1')).toContainText('x from input');
  await expect(node(app, 'sigmoid1')).toContainText('x from tanh1');
});

test('a double click on a connection asks for a node to put between', async ({ app }) => {
  await addAt(app, 90, 260, 'input');
  await addAt(app, 440, 260, 'sigmoid');
  const sigmoid = await middle(app, 'sigmoid1');
  await connect(app, 'input', sigmoid);
  const input = await middle(app, 'input');
  await app.mouse.dblclick((input.right + sigmoid.left) / 2, (input.y + sigmoid.y) / 2);
  await choose(app, 'relu');
  await expect(node(app, 'relu1')).toContainText('x from input');
  await expect(node(app, 'sigmoid1')).toContainText('x from relu1');
});
