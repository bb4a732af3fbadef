/**
 * The drawing from outside. What is drawn is read from the list that screen readers get; where it is on the
 * screen is asked of Cytoscape, since a canvas has no elements to click on.
 */
import { expect, type Locator, type Page } from '@playwright/test';

export interface Spot {
  readonly x: number;
  readonly y: number;
}

interface Box extends Spot {
  readonly width: number;
  readonly height: number;
  readonly zoom: number;
  readonly form: string;
}

interface Element {
  empty(): boolean;
  renderedPosition(): Spot;
  renderedMidpoint(): Spot;
  data(name: string): number;
  classes(): string[];
}
interface Layer extends HTMLElement {
  readonly _cyreg: { readonly cy: { getElementById(id: string): Element; zoom(): number } };
}

export class Drawing {
  readonly canvas: Locator;
  readonly list: Locator;
  /** The reason why a connection is refused, shown at the pointer. */
  readonly refusal: Locator;
  /** The numbers of what is under the pointer. */
  readonly card: Locator;

  constructor(readonly page: Page) {
    this.canvas = page.getByRole('application', { name: 'Drawing of the network' });
    this.list = page.getByRole('list', { name: 'The network as a list' });
    this.refusal = this.canvas.locator('.tip.refused');
    this.card = this.canvas.getByRole('status');
  }

  /** One line for each node: what it is, its shape, its parameters, what feeds it. */
  lines(): Promise<readonly string[]> {
    return this.list.getByRole('listitem').allTextContents();
  }

  node(title: string): Locator {
    return this.list.getByRole('listitem').filter({ hasText: new RegExp(`^\\s*${title}: `) });
  }

  async expectEdge(from: string, to: string, port: string): Promise<void> {
    await expect(this.node(to)).toContainText(`${port} from ${from}`);
  }
  async expectNoEdge(from: string, to: string): Promise<void> {
    await expect(this.node(to)).not.toContainText(`from ${from}`);
  }

  async #read(id: string): Promise<Box | null> {
    const box = await this.canvas.evaluate((root, wanted) => {
      const layer = root.querySelector<Layer>('.cytoscape');
      const node = layer?._cyreg.cy.getElementById(`n ${wanted}`);
      if (!layer || !node || node.empty()) return null;
      const { x, y } = node.renderedPosition();
      const frame = root.getBoundingClientRect();
      const zoom = layer._cyreg.cy.zoom();
      const form = ['card', 'pill', 'circle', 'column', 'neuron'].find((name) => node.classes().includes(name)) ?? '';
      return {
        x: frame.left + x,
        y: frame.top + y,
        width: node.data('width') * zoom,
        height: node.data('height') * zoom,
        zoom,
        form,
      };
    }, id);
    return box;
  }

  /** Where a node is on the screen, once the camera rests. */
  async box(id: string): Promise<Box> {
    let last = '';
    let found: Box | null = null;
    await expect
      .poll(
        async () => {
          found = await this.#read(id);
          const now = JSON.stringify(found);
          const rests = found !== null && now === last;
          last = now;
          return rests;
        },
        { message: `the place of ‘${id}’`, intervals: [100] },
      )
      .toBe(true);
    return found!;
  }

  /** The handle at the right of a node. */
  async output(id: string): Promise<Spot> {
    const { x, y, width } = await this.box(id);
    return { x: x + width / 2, y };
  }

  /** Input `at` of `count` inputs. */
  async input(id: string, at = 0, count = 1): Promise<Spot> {
    const { x, y, width, zoom, form } = await this.box(id);
    if (form !== 'circle' && form !== 'neuron') return { x: x - width / 2, y: y + (at - (count - 1) / 2) * 22 * zoom };
    const spread = Math.min(Math.PI * 0.62, (count - 1) * 0.55);
    const angle = Math.PI + (count === 1 ? 0 : spread / 2 - (at * spread) / (count - 1));
    return { x: x + (width / 2) * Math.cos(angle), y: y + (width / 2) * Math.sin(angle) };
  }

  /** The middle of an edge that is drawn as one line. */
  async middle(to: string, port: string): Promise<Spot> {
    await this.box(to);
    return this.canvas.evaluate((root, id) => {
      const { x, y } = root.querySelector<Layer>('.cytoscape')!._cyreg.cy.getElementById(id).renderedMidpoint();
      const frame = root.getBoundingClientRect();
      return { x: frame.left + x, y: frame.top + y };
    }, `e ${to}.${port}`);
  }

  /** Turns the wheel over the middle until the zoom is near this. */
  async zoom(wanted: number): Promise<void> {
    const { x, y } = await this.center();
    const zoom = () => this.canvas.evaluate((root) => root.querySelector<Layer>('.cytoscape')!._cyreg.cy.zoom());
    await this.page.mouse.move(x, y);
    for (let turn = 0; turn < 30; turn++) {
      const now = await zoom();
      if (Math.abs(Math.log(now / wanted)) < 0.12) return;
      await this.page.mouse.wheel(0, now > wanted ? 100 : -100);
      await expect.poll(zoom).not.toBe(now);
    }
  }

  async center(): Promise<Spot> {
    const box = (await this.canvas.boundingBox())!;
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  /** Drags with the mouse; `hold` is called before the button is let go. */
  async drag(from: Spot, to: Spot, hold?: () => Promise<void>): Promise<void> {
    const { mouse } = this.page;
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
    await mouse.move(to.x, to.y, { steps: 4 });
    await hold?.();
    await mouse.up();
  }

  async click(id: string, modifiers: readonly ('Shift' | 'Control')[] = []): Promise<void> {
    const { x, y, width, height, form } = await this.box(id);
    // The upper left of a node holds neither handles nor neurons.
    const spot = form === 'circle' || form === 'neuron' ? { x, y } : { x: x - width / 2 + 12, y: y - height / 2 + 8 };
    for (const key of modifiers) await this.page.keyboard.down(key);
    await this.page.mouse.click(spot.x, spot.y);
    for (const key of modifiers) await this.page.keyboard.up(key);
  }

  /** Draws an edge from an output to a named input. */
  async connect(from: string, to: string, port: string, at = 0, count = 1): Promise<void> {
    await this.drag(await this.output(from), await this.input(to, at, count));
    await this.expectEdge(from, to, port);
  }

  /** Tries to, reads the reason while hovering, and sees that nothing was drawn. */
  async expectRefused(from: string, to: string, reason: string | RegExp, at = 0, count = 1): Promise<void> {
    const before = await this.lines();
    await this.drag(await this.output(from), await this.input(to, at, count), () => expect(this.refusal).toHaveText(reason));
    await expect(this.refusal).toBeHidden();
    expect(await this.lines()).toEqual(before);
  }

  /** Drags an operation from the palette to a place on the screen. */
  async dragIn(title: string, to: Spot): Promise<void> {
    const { page } = this;
    const frame = (await this.canvas.boundingBox())!;
    await page.getByLabel('Search nodes').fill(title);
    await page
      .getByRole('button', { name: `Add ${title}`, exact: true })
      .dragTo(this.canvas, { targetPosition: { x: to.x - frame.x, y: to.y - frame.y } });
    await page.getByLabel('Search nodes').fill('');
  }
}
