/** A page of the course in the window, used as a student uses it: by the names of what is on it, and by keys. */
import type { Locator, Page } from '@playwright/test';
import { expect } from './support';

export class Sheet {
  readonly article: Locator;
  constructor(readonly page: Page) {
    this.article = page.locator('article');
  }
  press = (name: string | RegExp): Promise<void> =>
    this.article
      .getByRole('button', typeof name === 'string' ? { name, exact: true } : { name })
      .first()
      .click();
  async presses(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.press(name);
  }
  choose = (name: string): Promise<void> => this.article.getByRole('radio', { name, exact: true }).click();
  /** By keys: Home or End, then so many steps. */
  async slide(name: string, key: 'Home' | 'End', steps = 0): Promise<void> {
    const slider = this.article.getByRole('slider', { name, exact: true });
    await slider.press(key);
    for (let i = 0; i < steps; i++) await slider.press(key === 'Home' ? 'ArrowRight' : 'ArrowLeft');
  }
  /** Values worked out by hand, a line each, to be marked. */
  async paper(...lines: readonly string[]): Promise<void> {
    await this.choose('Check my paper');
    await this.article.getByRole('textbox', { name: /Your values/ }).fill(lines.join('\n'));
  }
  /** With the pointer over the figure's picture, from here to there; places are shares of its width and height. */
  async drag(from: readonly [number, number], to: readonly [number, number]): Promise<void> {
    const box = (await this.article.locator('figure svg').first().boundingBox())!;
    const at = ([x, y]: readonly [number, number]): [number, number] => [box.x + box.width * x, box.y + box.height * y];
    await this.page.mouse.move(...at(from));
    await this.page.mouse.down();
    await this.page.mouse.move(...at(to), { steps: 4 });
    await this.page.mouse.up();
  }
  /** To a number, by keys. */
  async set(name: string, target: number): Promise<void> {
    const slider = this.article.getByRole('slider', { name, exact: true });
    const now = async (): Promise<number> => Number(await slider.getAttribute('aria-valuenow'));
    await slider.press('Home');
    const from = await now();
    await slider.press('ArrowRight');
    const step = (await now()) - from;
    for (let i = Math.round((target - from) / step) - 1; i > 0; i--) await slider.press('ArrowRight');
    expect(await now()).toBeCloseTo(target, 6);
  }
  async chooses(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.choose(name);
  }
  row = (name: string | RegExp): Locator => this.article.getByRole('row', { name });
}
