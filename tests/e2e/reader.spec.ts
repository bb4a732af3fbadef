/**
 * The window as a screen reader has it: everything that can be operated or is a landmark has a name,
 * headings go down one level at a time, focus comes back from dialogs, and nothing moves for those who
 * asked for that.
 */
import type { Page } from '@playwright/test';
import { expect, test } from './support';
import { AppWindow } from './window';

test.setTimeout(180_000);

interface Node {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
  readonly backendDOMNodeId?: number;
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value: unknown } }[];
}

const NAMED = new Set([
  ...['button', 'link', 'checkbox', 'radio', 'combobox', 'textbox', 'slider', 'tab', 'switch', 'spinbutton', 'menuitem'],
  ...['option', 'listbox', 'radiogroup', 'grid', 'table', 'tree', 'img', 'progressbar', 'application'],
  ...['dialog', 'region', 'navigation', 'complementary', 'form'],
]);

/** What the browser tells a reader: things without a name, and the headings in order. */
async function heard(app: Page): Promise<{ readonly unnamed: readonly string[]; readonly levels: readonly number[] }> {
  const browser = await app.context().newCDPSession(app);
  const { nodes } = (await browser.send('Accessibility.getFullAXTree')) as { nodes: readonly Node[] };
  const present = nodes.filter((node) => !node.ignored);
  const unnamed: string[] = [];
  for (const { role, name, backendDOMNodeId } of present) {
    if (!NAMED.has(role?.value ?? '') || (name?.value ?? '').trim() !== '' || backendDOMNodeId === undefined) continue;
    const { object } = await browser.send('DOM.resolveNode', { backendNodeId: backendDOMNodeId });
    const { result } = await browser.send('Runtime.callFunctionOn', {
      objectId: object.objectId!,
      functionDeclaration: 'function () { return this.outerHTML?.slice(0, 160) ?? this.nodeName; }',
      returnByValue: true,
    });
    unnamed.push(`${role!.value}: ${String(result.value)}`);
  }
  const levels = present
    .filter(({ role }) => role?.value === 'heading')
    .map(({ properties }) => Number(properties?.find(({ name }) => name === 'level')?.value.value));
  await browser.detach();
  return { unnamed, levels };
}

async function expectHeard(app: Page, view: string): Promise<void> {
  const { unnamed, levels } = await heard(app);
  expect.soft(unnamed, view).toEqual([]);
  expect.soft(levels.length, view).toBeGreaterThan(0);
  levels.forEach((level, i) => {
    if (i > 0) expect.soft(level, `${view}: heading ${i + 1} of ${levels.join(' ')}`).toBeLessThanOrEqual(levels[i - 1]! + 1);
  });
}

async function circles(app: Page): Promise<void> {
  await app
    .getByRole('region', { name: 'Examples' })
    .getByRole('button', { name: /Circles: a hidden/ })
    .click({ timeout: 60_000 });
  await expect(app.getByRole('banner').getByRole('button', { name: 'Train', exact: true })).toBeEnabled({ timeout: 30_000 });
}

test('every view says what it is made of', async ({ app }) => {
  await expect(app.getByRole('region', { name: 'Examples' })).toBeVisible();
  await expectHeard(app, 'start page');
  await circles(app);
  for (const tab of ['Inspect', 'Data', 'Train', 'Results']) {
    await app.getByRole('tab', { name: tab, exact: true }).click();
    await expect(app.getByRole('tabpanel', { name: tab })).toBeVisible();
    await expectHeard(app, tab);
  }
  await app.keyboard.press('Control+Shift+Enter');
  await expect(app.getByRole('article', { name: 'Step in focus' })).toBeVisible();
  await expectHeard(app, 'stepping');
  for (const tab of ['Problems', 'Runs', 'Parameters', 'Table']) {
    await app.getByRole('tab', { name: tab }).click();
    await expectHeard(app, tab);
  }
  await app.evaluate(() => {
    location.hash = '#learn/3.6.7';
  });
  await expect(app.locator('#lesson-title')).toBeFocused();
  await expectHeard(app, 'the course');
});

test('the drawing is a list to those who do not see it', async ({ app }) => {
  await circles(app);
  await expect(app.getByRole('list', { name: 'The network as a list' })).toMatchAriaSnapshot(`
    - list "The network as a list":
      - listitem: "input: Input; shape n × 2"
      - listitem: "target: Target; shape n × 1"
      - listitem: "hidden: Fully connected layer; shape n × 4; 12 parameters; x from input"
      - listitem: "output: Fully connected layer; shape n × 1; 5 parameters; x from hidden"
      - listitem: "loss: Binary cross-entropy from logits; shape n; prediction from output, target from target"
  `);
});

test('an exercise is read as it is done', async ({ app }) => {
  await app
    .getByRole('navigation', { name: 'Start' })
    .getByRole('button', { name: /First exercise/ })
    .click();
  const article = app.locator('article');
  await expect(article.getByRole('group', { name: 'Drawing of Exercise 1' })).toMatchAriaSnapshot(`
    - group "Drawing of Exercise 1":
      - img "x, Parameter, value 2"
      - img "a, Constant, value 1.5"
      - img "y, Multiply"
  `);
  await article.getByRole('button', { name: /−2\.25$/ }).click();
  await expect(article.getByRole('status').filter({ hasText: 'Right, at once' })).toMatchAriaSnapshot(`
    - status:
      - note:
        - strong: Right, at once
        - text: ∂l/∂x = −2.25.
        - group "Paths to the loss":
          - text: x → y → z → l ∂l/∂z · ∂z/∂y · ∂y/∂x = (−3) · 0.5 · 1.5 =
          - strong: −2.25
        - button "See it line by line"
  `);
});

test('focus comes back from where a dialog was opened', async ({ app }) => {
  await circles(app);
  const button = app.getByRole('banner').getByRole('button', { name: 'Export', exact: true });
  await button.focus();
  await app.keyboard.press('Enter');
  await expect(app.getByRole('dialog')).toBeVisible();
  await app.keyboard.press('Escape');
  await expect(app.getByRole('dialog')).toHaveCount(0);
  await expect(button).toBeFocused();
  await app.keyboard.press('Control+k');
  await expect(app.getByRole('dialog')).toBeVisible();
  await app.keyboard.press('Escape');
  await expect(app.getByRole('dialog')).toHaveCount(0);
  await expect(button).toBeFocused();
});

test('who asked for less motion sees none: no pulses, no transitions, in the drawing and on the pages', async ({ app }) => {
  await app.emulateMedia({ reducedMotion: 'reduce' });
  await circles(app);
  /** Transitions and animations of the page that run, over some frames. */
  const moving = (): Promise<number> =>
    app.evaluate(async () => {
      const running = (): number =>
        document
          .getAnimations()
          // What lasts a hundredth of a millisecond is a change, not a movement.
          .filter(({ playState, effect }) => playState === 'running' && Number(effect?.getComputedTiming().duration) > 1).length;
      let most = 0;
      for (let i = 0; i < 12; i++) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        if (i > 3) most = Math.max(most, running());
      }
      return most;
    });
  /** How much is painted on the layer of the pulses. */
  const pulses = (): Promise<number> =>
    app.evaluate(() => {
      // Lines, pulses, ink: one canvas above the other.
      const layer = document.querySelectorAll<HTMLCanvasElement>('main.canvas canvas.layer')[1]!;
      const { data } = layer.getContext('2d')!.getImageData(0, 0, layer.width, layer.height);
      let painted = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i]! > 0) painted++;
      return painted;
    });
  // It must not come to its end meanwhile.
  const window = new AppWindow(app);
  await window.tab('Train');
  await window.type('Epochs', '100000');
  await window.ready();
  await window.train.click();
  await expect.poll(() => window.step()).toBeGreaterThan(0);
  expect(await pulses()).toBe(0);
  expect(await moving()).toBe(0);
  await app.emulateMedia({ reducedMotion: 'no-preference' });
  await expect.poll(pulses, { timeout: 15_000 }).toBeGreaterThan(0);
});
