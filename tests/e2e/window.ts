/** The window around the drawing, as people speak of it. */
import { expect, type Locator, type Page } from '@playwright/test';
import { Drawing } from './drawing';

export class AppWindow {
  readonly drawing: Drawing;
  readonly status: Locator;
  readonly train: Locator;
  readonly pause: Locator;
  readonly dialog: Locator;

  constructor(readonly page: Page) {
    this.drawing = new Drawing(page);
    this.status = page.getByRole('contentinfo', { name: 'Status' });
    this.train = page.getByRole('banner').getByRole('button', { name: /^Train(\.|$)/ });
    this.pause = page.getByRole('button', { name: 'Pause training' });
    this.dialog = page.getByRole('dialog').last();
  }

  async example(title: string | RegExp): Promise<void> {
    await this.page.getByRole('region', { name: 'Examples' }).getByRole('button', { name: title }).click();
    await expect(this.drawing.canvas).toBeVisible();
  }

  /** The network runs on data: everything may be asked of it now. */
  async ready(): Promise<void> {
    await expect(this.train).toHaveAccessibleName('Train', { timeout: 30_000 });
  }

  /** Stops training, or finds that it has come to its end by itself. */
  async stop(): Promise<void> {
    await expect(async () => {
      if (await this.pause.isVisible()) await this.pause.click({ timeout: 2000 });
      await expect(this.train).toBeVisible({ timeout: 2000 });
    }).toPass();
  }

  /** Trained to the end of its epochs, with the scores of the last one there. */
  async trainedTo(epochs: number): Promise<void> {
    await expect.poll(() => this.epoch(), { timeout: 60_000 }).toBe(epochs);
    await this.ready();
  }

  async tab(name: 'Inspect' | 'Data' | 'Train' | 'Results'): Promise<void> {
    await this.page.getByRole('tab', { name, exact: true }).click();
  }

  /** From the main menu. */
  async menu(menu: string, command: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Main menu' }).click();
    await this.page.getByRole('menuitem', { name: menu, exact: true }).click();
    await this.page.getByRole('menuitem', { name: command }).click();
  }

  async speed(title: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Speed of training' }).click();
    await this.page.getByRole('menuitem', { name: title }).click();
  }

  async #counter(name: string): Promise<string> {
    return this.page
      .getByLabel('Progress', { exact: true })
      .locator('div', { has: this.page.getByText(name, { exact: true }) })
      .locator('dd')
      .innerText();
  }
  /** Null before the first step. */
  async loss(): Promise<number | null> {
    const text = await this.#counter('Loss');
    return text === '–' ? null : Number(text.replace('−', '-').replaceAll(',', ''));
  }
  async epoch(): Promise<number> {
    return Number((await this.#counter('Epoch')).split('/')[0]!.replaceAll(',', ''));
  }
  async step(): Promise<number> {
    return Number((await this.#counter('Step')).replaceAll(',', ''));
  }

  /** Accuracy, or R², of a line of the scores, as a share. */
  async score(of: 'Training' | 'Validation' | 'Test', column = 1): Promise<number> {
    const cell = this.page
      .getByRole('row', { name: new RegExp(`^${of}`) })
      .getByRole('cell')
      .nth(column);
    await expect(cell).not.toHaveText('–', { timeout: 30_000 });
    const text = (await cell.innerText()).replace('−', '-');
    return text.includes('%') ? Number.parseFloat(text) / 100 : Number(text.replaceAll(',', ''));
  }

  /** Chooses from a list that opens. */
  async choose(label: string, option: string | RegExp): Promise<void> {
    await this.page.getByRole('combobox', { name: new RegExp(`^${label}: `) }).click();
    await this.page.getByRole('option', { name: option }).click();
  }

  /** Types a number or a word into a field and leaves it. */
  async type(label: string, value: string): Promise<void> {
    const field = this.page.getByRole('textbox', { name: label, exact: true });
    await field.fill(value);
    await field.press('Enter');
  }

  /** Answers "Where do the data come from?". */
  async origin(title: string): Promise<void> {
    await this.dialog.getByRole('button', { name: title }).click();
  }

  /** On the start page. */
  async newFrom(origin: string): Promise<void> {
    await this.page
      .getByRole('navigation', { name: 'Start' })
      .getByRole('button', { name: /New from data/ })
      .click();
    await this.origin(origin);
  }
  /** The network that is proposed for a file. */
  async networkFromFile(path: string): Promise<void> {
    await this.newFrom('A file');
    await this.file(path);
    await this.page.getByRole('button', { name: 'Draw the network' }).click();
    await this.ready();
  }

  /** Answers the file dialog with a path. */
  async file(path: string): Promise<void> {
    const name = this.page.getByRole('textbox', { name: 'File name' });
    await name.fill(path);
    await expect(this.dialog.getByRole('button', { name: /^(Open|Save)$/ })).toBeEnabled();
    await name.press('Enter');
    await expect(name).toBeHidden();
  }

  toast(text: string | RegExp): Locator {
    return this.page.locator('[data-sonner-toast]').filter({ hasText: text }).first();
  }
}
