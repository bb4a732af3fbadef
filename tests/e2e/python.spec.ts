/** Python from the window: programs that are exported and run, and code to read and to copy. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { command } from './keys';
import { expect, test } from './support';
import { AppWindow } from './window';

/** A Python with that library, or null. */
function pythonWith(library: string): string | null {
  for (const name of ['python3', '/usr/bin/python3'])
    try {
      execFileSync(name, ['-c', `import ${library}`], { stdio: 'ignore' });
      return name;
    } catch {}
  return null;
}

test('the trained network goes on in Python: exported as a program, unpacked, run on a table', async ({ app, server }) => {
  // The check and the test itself each load PyTorch twice.
  test.setTimeout(300_000);
  const window = new AppWindow(app);
  await window.example(/^Iris/);
  await window.ready();
  await app.getByRole('button', { name: 'Train', exact: true }).first().click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(20);
  const table = readFileSync('resources/datasets/iris.csv', 'utf8');
  for (const [title, library] of [
    ['PyTorch program', 'torch'],
    ['NumPy program', 'numpy'],
  ] as const)
    await test.step(title, async () => {
      await app.getByRole('button', { name: 'Export', exact: true }).click();
      await app.getByRole('radio', { name: new RegExp(`^${title}`) }).check();
      await app.getByRole('button', { name: 'Export…' }).click();
      const path = join(server.home, `${library}.zip`);
      await window.file(path);
      await expect(window.dialog).toContainText('Exported and verified', { timeout: 90_000 });
      // Where this machine has the library the program itself was run.
      await expect(window.dialog).toContainText(pythonWith(library) ? /model\.py itself|took longer/ : 'was not run');
      await app.getByRole('button', { name: 'Done' }).click();
      const folder = join(server.home, library);
      mkdirSync(folder);
      for (const [name, bytes] of Object.entries(unzipSync(readFileSync(path)))) writeFileSync(join(folder, name), bytes);
      writeFileSync(join(folder, 'rows.csv'), table);
      const python = pythonWith(library);
      if (!python) return;
      const run = (...args: string[]): string => execFileSync(python, [join(folder, 'model.py'), ...args], { encoding: 'utf8' });
      const answers = run(join(folder, 'rows.csv')).trim().split('\n');
      const truth = table
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',').at(-1)!.trim());
      expect(answers).toHaveLength(truth.length);
      expect(answers.filter((answer, i) => answer === truth[i]).length).toBeGreaterThan(0.85 * truth.length);
      expect(run()).toContain(library === 'numpy' ? 'Every gradient is the slope of the loss.' : 'hidden_weight: (4, 8)');
    });
});

test('code of a node and of the drawing: read, chosen by keys, copied', async ({ app, server, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  const window = new AppWindow(app);
  await window.example(/Circles: a hidden layer/);
  await window.ready();
  const clipboard = (): Promise<string> => app.evaluate(() => navigator.clipboard.readText());

  await test.step('In the inspector', async () => {
    await window.tab('Inspect');
    await window.drawing.click('hidden');
    await app.getByRole('button', { name: /^Code/ }).click();
    const code = app.getByRole('group', { name: /Fully connected layer in NumPy/ });
    await expect(code).toContainText('y = np.tanh(x @ y_weight + y_bias)');
    await expect(code).toContainText('d_x = d_y_sum @ y_weight.T');
    await app.getByRole('radio', { name: 'NumPy' }).focus();
    await app.keyboard.press('ArrowRight');
    const torch = app.getByRole('group', { name: /Fully connected layer in PyTorch/ });
    await expect(torch).toContainText('y = torch.tanh(x @ y_weight + y_bias)');
    await torch.getByRole('button', { name: 'Copy' }).click();
    await expect(torch.getByText('Copied.')).toBeVisible();
    expect(await clipboard()).toBe('y = torch.tanh(x @ y_weight + y_bias)\n');
  });

  await test.step('The whole drawing, from the list of commands', async () => {
    await command(app, 'Python of the drawing');
    const dialog = app.getByRole('dialog', { name: 'Equations of the drawing' });
    await expect(dialog.getByRole('group', { name: 'The drawing in NumPy' })).toContainText(
      'def loss_and_gradients(input, target',
    );
    await dialog.getByRole('radio', { name: 'PyTorch' }).click();
    await expect(dialog.getByRole('group', { name: 'The drawing in PyTorch' })).toContainText('class Network(nn.Module)');
    await dialog.getByRole('radio', { name: 'Equations' }).click();
    await expect(dialog.getByRole('group', { name: 'Equations', exact: true })).toBeVisible();
    await app.keyboard.press('Escape');
    await command(app, 'Copy the drawing as PyTorch');
    await expect(window.toast('Copied the drawing as PyTorch.')).toBeVisible();
    expect(await clipboard()).toContain('self.hidden_weight = nn.Parameter(torch.zeros(2, 4))');
  });
});
