/**
 * The catalogue in the window: every operation by the list itself, so that a new one is walked over without a line
 * here; and by hand what people choose about them: losses, penalties, axes, initializers, optimizers, schedules.
 */
import type { Page } from '@playwright/test';
import { formulaOf } from '../../src/engine/compile/formula/write';
import { completeAttrs } from '../../src/engine/ops/attrs';
import { insteadInTraining } from '../../src/engine/ops/facts';
import { ops } from '../../src/engine/ops/index';
import type { Op } from '../../src/engine/ops/op';
import { drawing as drawn, type Rows } from '../support/drawing';
import { canBatch, casesOf, numbersFor, sizeOfLengths } from '../support/op-cases';
import { expect, test } from './support';
import { AppWindow } from './window';

const used = [...ops.values()].filter((op) => op.kind !== 'source');
const learns = (op: Op): boolean => insteadInTraining(op.name) === null && op.name !== 'mcculloch-pitts';
const shownAs = (op: Op): string => `${op.name}-value`;

/** All operations in one drawing, each with inputs of its own, summed up to one loss. */
function allOfThem(): Rows {
  const rows: Record<string, Rows[string]> = { x: ['input', {}, { shape: [2] }], scale: ['sum', { x: 'x' }] };
  let open: string[] = [];
  for (const op of used) {
    const [one] = casesOf(op);
    if (!one) throw new Error(`${op.name} has no case.`);
    const attrs = completeAttrs(op, one.attrs ?? {});
    const inputs: Record<string, string> = {};
    op.ports(attrs).forEach((port, i) => {
      const shape = one.shapes[i % one.shapes.length]!;
      const id = `${op.name}-${port.name}`;
      const values = numbersFor(op, sizeOfLengths(shape), i).map((x) => Number(x.toFixed(3)));
      rows[id] = [learns(op) ? 'parameter' : 'constant', {}, { shape, values }];
      inputs[port.name] = id;
      // Some need a value for each sample.
      if (i === 0 && !canBatch(op, one, () => false)) {
        rows[`${id}-batched`] = ['multiply', { a: 'scale', b: id }];
        inputs[port.name] = `${id}-batched`;
      }
    });
    rows[shownAs(op)] = [op.name, inputs, attrs];
    rows[`${op.name}-sum`] = ['sum', { x: shownAs(op) }];
    open.push(`${op.name}-sum`);
  }
  for (let level = 0; open.length > 1; level++) {
    const next: string[] = [];
    for (let at = 0; at < open.length; at += 16) {
      const part = open.slice(at, at + 16);
      const id = open.length <= 16 ? 'total' : `total-${level}-${at}`;
      rows[id] = ['add', Object.fromEntries(part.map((from, i) => ['abcdefghijklmnop'[i]!, from])), { inputs: part.length }];
      next.push(id);
    }
    open = next;
  }
  return rows;
}

async function draw(app: Page, text: string): Promise<void> {
  await app.keyboard.press('Control+Shift+T');
  await app.getByRole('textbox', { name: 'Drawing as text' }).fill(text);
  await app.keyboard.press('Control+Enter');
  await expect(app.getByRole('dialog')).toHaveCount(0);
}

/** Formulas that could not be set, from now on. */
async function watchFormulas(app: Page): Promise<() => Promise<readonly string[]>> {
  await app.evaluate(() => {
    const failed: string[] = [];
    Object.assign(window, { failedFormulas: failed });
    const look = (root: Element | Document): void => {
      for (const at of root.querySelectorAll('.katex-error')) failed.push(at.getAttribute('title') ?? at.textContent ?? '');
    };
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes)
        for (const node of addedNodes) if (node instanceof Element) look(node.parentElement ?? node);
    }).observe(document.body, { childList: true, subtree: true });
  });
  return () => app.evaluate(() => (window as unknown as { failedFormulas: string[] }).failedFormulas);
}

test('every operation is placed from the palette, wired, seen live, stepped through, its formulas set', async ({ app }) => {
  test.setTimeout(600_000);
  const window = new AppWindow(app);
  const { drawing } = window;
  await app.getByRole('button', { name: /New project/ }).click();
  await expect(drawing.canvas).toBeVisible();
  await window.tab('Inspect');
  const failedFormulas = await watchFormulas(app);
  const side = app.getByRole('complementary', { name: 'Side panel' });

  await test.step('From the palette: each by its title', async () => {
    const search = app.getByLabel('Search nodes');
    for (const op of ops.values()) {
      await search.fill(op.title);
      await app.getByRole('button', { name: `Add ${op.title}`, exact: true }).click();
      await expect(side.getByRole('heading', { name: op.title, exact: true })).toBeVisible();
      await expect(side.getByText(op.about)).toBeVisible();
    }
    await expect(drawing.list.getByRole('listitem')).toHaveCount(ops.size);
  });

  await test.step('Wired: all of them in one drawing', async () => {
    const text = formulaOf(drawn(allOfThem()));
    if (!text.ok) throw new Error(text.message);
    await draw(app, text.text);
    await window.tab('Data');
    await app.getByRole('button', { name: 'Circles' }).click();
    await window.ready();
    await window.tab('Inspect');
    await app.keyboard.press('Control+Shift+l');
    await expect(app.getByRole('button', { name: 'Undo: Lay out' })).toBeVisible();
  });

  await test.step('Each says its formula and its shape, and its number is seen on its connection', async () => {
    for (const op of used) {
      await app.keyboard.press('Control+f');
      await app.getByRole('combobox', { name: 'Find a node' }).fill(shownAs(op));
      await app.keyboard.press('Enter');
      await expect(side.getByRole('heading', { name: op.title, exact: true })).toBeVisible();
      await expect(side.getByRole('region', { name: 'Formula' }).locator('math').first()).toBeAttached();
      await expect(side.getByRole('region', { name: 'Shape' })).not.toContainText('not known yet');
      const { x, y } = await drawing.middle(`${op.name}-sum`, 'x');
      await app.mouse.move(x, y);
      await expect(drawing.card, op.name).toContainText(/value\s*−?[\d.]/);
      if (learns(op)) await expect(drawing.card, op.name).toContainText(/gradient\s*−?[\d.]/);
    }
  });

  await test.step('Every step of the iteration, forward, backward, and the update', async () => {
    await app.getByRole('button', { name: /^Step through one iteration/ }).click();
    const step = app.getByRole('article', { name: 'Step in focus' });
    await expect(step).toBeVisible();
    const at = app.getByRole('slider', { name: 'Step', exact: true });
    const last = Number(await at.getAttribute('max'));
    expect(last).toBeGreaterThan(used.length * 3);
    // In the page: hundreds of steps, each looked at when it has been drawn.
    const seen = await at.evaluate(async (slider: HTMLInputElement, steps) => {
      const card = document.querySelector('article[aria-label="Step in focus"]')!;
      const titles: string[] = [];
      for (let index = 0; index <= steps; index++) {
        slider.value = String(index);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        while (!card.textContent!.includes(`Step ${index + 1} of`)) await new Promise((resolve) => setTimeout(resolve, 0));
        titles.push(card.querySelector('h2')!.textContent!);
      }
      return titles;
    }, last);
    for (const op of used)
      expect(
        seen.some((title) => title.includes(`${op.name}-value`)),
        op.name,
      ).toBe(true);
  });

  expect(await failedFormulas()).toEqual([]);
});
