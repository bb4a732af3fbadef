/** Drawing with the keyboard alone: to a node, a new node, a connection, a choice from a list. */
import { expect, type Page } from '@playwright/test';
import { AppWindow } from './window';

/** Presses Tab until what has the focus is called so. */
export async function tabTo(page: Page, name: string | RegExp, key = 'Tab'): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < 150; presses++) {
    const now = await page.evaluate(() => {
      const at = document.activeElement;
      return at === null ? '' : (at.getAttribute('aria-label') ?? at.textContent ?? '').trim();
    });
    if (typeof name === 'string' ? now === name : name.test(now)) return;
    seen.push(now.slice(0, 30));
    await page.keyboard.press(key);
  }
  throw new Error(`Tab never came to ${name}; it went through: ${seen.join(' | ')}`);
}

/** From anywhere: to a node, through the search for nodes. */
export async function goTo(page: Page, node: string): Promise<void> {
  await page.keyboard.press('Control+f');
  await expect(page.getByRole('combobox', { name: 'Find a node' })).toBeFocused();
  await page.keyboard.type(node);
  await expect(page.getByRole('option', { name: new RegExp(`^${node}`), selected: true })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('application', { name: 'Drawing of the network' })).toBeFocused();
  // The list gives the focus back, and then goes to the node: a key in between would be its last word's.
  await painted(page);
  await expect(page.locator('#node-name')).toHaveAttribute('placeholder', node);
}

/** With the focus on a list's button: opens it, types the beginning of a choice, takes it. */
export async function pick(page: Page, choice: string): Promise<void> {
  const option = page.getByRole('option', { name: new RegExp(`^${choice}\\b`) });
  await page.keyboard.press('Enter');
  await expect(option).toBeVisible();
  await page.keyboard.type(choice);
  await expect(option).toHaveAttribute('data-highlighted', '');
  await page.keyboard.press('Enter');
}

export async function add(page: Page, words: string): Promise<void> {
  await page.keyboard.press('n');
  await expect(page.getByRole('combobox', { name: 'Node to add' })).toBeFocused();
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
}

/** From the list of commands: typed as soon as somebody listens. */
export async function command(page: Page, words: string): Promise<void> {
  await openCommands(page, words);
  await expect(page.getByRole('option', { selected: true })).toBeVisible();
  await page.keyboard.press('Enter');
}
export async function openCommands(page: Page, words: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox', { name: 'Search commands and nodes' })).toBeFocused();
  await page.keyboard.type(words);
}

/** Keys one right after the other, however slow the machine is: a silence between them would be the end of a stroke. */
export async function pressTogether(page: Page, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.flatMap((key) => [page.keyboard.down(key), page.keyboard.up(key)]));
}

/** The page has painted what the last event made of it. */
export const painted = (page: Page): Promise<void> =>
  page.evaluate(() => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));

/** C offers the inputs that fit, one after the other. */
export async function connect(page: Page, from: string, to: string, port: string): Promise<void> {
  await goTo(page, from);
  await page.keyboard.press('c');
  const offer = page.getByText(new RegExp(`^Connect ${from} to .*Enter connects`));
  for (let presses = 0; presses < 12; presses++) {
    await expect(offer).toBeAttached();
    if ((await offer.textContent())!.startsWith(`Connect ${from} to ${to}, input ${port}:`)) {
      await page.keyboard.press('Enter');
      await new AppWindow(page).drawing.expectEdge(from, to, port);
      return;
    }
    await page.keyboard.press('ArrowRight');
  }
  throw new Error(`The input ${port} of ${to} was never offered to ${from}.`);
}
