/** Operations of one's own: made from selected nodes, used again, changed, renamed, deleted, carried along. */
import { expect, test, watch } from './support';
import { AppWindow } from './window';

test.setTimeout(120_000);

test('a piece of the drawing becomes an operation, is used twice, changed, renamed and carried to another window', async ({
  app,
  server,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  const window = new AppWindow(app);
  await window.example(/^Spiral/);
  await window.ready();
  const { drawing, dialog } = window;
  const palette = app.getByRole('navigation', { name: 'Nodes to add' });

  await test.step('What cannot be one is answered by a sentence', async () => {
    await drawing.click('input');
    await app.keyboard.press('Control+Shift+M');
    await expect(dialog).toContainText('belong to the whole drawing');
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  });

  await test.step('Two layers become one node with their wiring', async () => {
    await drawing.click('hidden1');
    await drawing.click('hidden2', ['Shift']);
    await app.keyboard.press('Control+Shift+M');
    await expect(dialog).toContainText('Its result is the value of ‘hidden2’');
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await expect(dialog.getByRole('alert')).toContainText('needs a name');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Trunk');
    await app.keyboard.press('Enter');
    await drawing.expectEdge('input', 'trunk1', 'input');
    await expect(drawing.node('hidden1')).toHaveCount(0);
    await expect(palette.getByRole('button', { name: 'Add Trunk' })).toBeVisible();
    await window.ready();
  });

  await test.step('It trains', async () => {
    await window.train.click();
    await expect.poll(() => window.step()).toBeGreaterThan(20);
    await window.stop();
  });

  await test.step('The drawing as text calls it by its name, and text changes the drawing and nothing else', async () => {
    await app.keyboard.press('Control+Shift+T');
    const area = dialog.getByRole('textbox', { name: 'Drawing as text' });
    await expect(area).toHaveValue(/trunk1 = Trunk\(/);
    const text = await area.inputValue();
    await area.fill(`${text}\nextra = Trunk(1, 2)`);
    await expect(dialog.getByRole('status')).toContainText("'Trunk' takes 1 input");
    // The keys that draw lead to the fault while there is one.
    await area.press('Control+Enter');
    const lines = text.split('\n').length;
    await expect(dialog.getByRole('button', { name: `Line ${lines + 1}, column 9` })).toBeVisible();
    expect(await area.evaluate((one: HTMLTextAreaElement) => one.selectionStart)).toBe(text.length + 1 + 'extra = '.length);
    await area.fill(`${text}\nextra = Trunk(2*input)`);
    await area.press('Control+Enter');
    await expect(dialog).toHaveCount(0);
    await expect(drawing.node('extra')).toContainText('Trunk');
    await window.ready();
    // What it learned stays: training goes on where it stood.
    expect(await window.step()).toBeGreaterThan(20);
    await app.keyboard.press('Control+z');
    await expect(drawing.node('extra')).toHaveCount(0);
    await window.ready();
  });

  await test.step('A second use has parameters of its own', async () => {
    await palette.getByRole('button', { name: 'Add Trunk' }).click();
    await expect(drawing.node('trunk2')).toBeVisible();
  });

  await test.step('While it is used it cannot be deleted', async () => {
    await palette.getByRole('button', { name: 'Rename, edit or delete' }).click();
    await dialog.getByRole('button', { name: 'Delete Trunk' }).click();
    await expect(dialog).toContainText("'Trunk' is used by 'trunk1', 'trunk2'");
    await dialog.getByRole('textbox', { name: 'Name of Trunk' }).fill('Body');
    await app.keyboard.press('Enter');
    await expect(dialog.getByRole('button', { name: 'Delete Body' })).toBeVisible();
    await expect(drawing.node('trunk1')).toContainText('Body');
  });

  await test.step('Opened, changed and made again it changes everywhere', async () => {
    await dialog.getByRole('button', { name: 'Edit Body' }).click();
    await expect(drawing.node('hidden1 of trunk1')).toBeVisible();
    await app.keyboard.press('Control+Shift+M');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Body');
    await expect(dialog).toContainText('also in the 1 node where it is used');
    await dialog.getByRole('button', { name: 'Change it' }).click();
    await drawing.expectEdge('input', 'trunk1', 'input');
  });

  await test.step('Undo takes it apart again, step by step', async () => {
    await app.keyboard.press('Control+z');
    await expect(drawing.node('hidden1 of trunk1')).toBeVisible();
    await app.keyboard.press('Control+z');
    await expect(drawing.node('trunk1')).toContainText('Body');
  });

  await test.step('Copied nodes bring it into another window', async () => {
    const other = await context.newPage();
    const faults = watch(other);
    await other.goto(server.origin);
    await other.getByRole('button', { name: /New project/ }).click();
    const there = new AppWindow(other);
    await expect(there.drawing.canvas).toBeVisible();
    await app.bringToFront();
    await drawing.click('trunk1');
    await app.keyboard.press('Control+c');
    await other.bringToFront();
    await other.keyboard.press('Control+v');
    await expect(there.drawing.node('trunk1')).toContainText('Body');
    await expect(other.getByRole('button', { name: 'Add Body' })).toBeVisible();
    expect(faults).toEqual([]);
    await other.close();
  });
});
