/**
 * A walk over the plots of the window. It runs inside the page, since each word from outside costs a round trip: a hundred
 * menus are opened and as many files saved in the time that a few would take by the pointer.
 */
import type { Page } from '@playwright/test';

export interface Walked {
  readonly title: string;
  /** What a screen reader says first, and at the first place that is read. */
  readonly label: string;
  readonly first: string;
  /** Whether keys zoomed it, and back. */
  readonly zoomed: readonly boolean[];
  /** Whether it is offered to the ear, and was heard. */
  readonly offered: boolean;
  readonly heard: boolean;
  readonly rowCount: number;
  /** The rows that the table shows first, and its head. */
  readonly cells: readonly (readonly string[])[];
  /** Names under which the files were offered. */
  readonly files: Readonly<Record<'SVG' | 'PNG' | 'CSV', string>>;
}

/** Walks over each figure of Results, or over those with a title of the list. */
export const walk = (page: Page, titles?: readonly string[]): Promise<readonly Walked[]> =>
  page.evaluate(async (only) => {
    const until = async <T>(what: string, find: () => T | null | undefined | false): Promise<T> => {
      const end = performance.now() + 30_000;
      for (;;) {
        const found = find();
        if (found) return found;
        if (performance.now() > end) throw new Error(`Waited in vain: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 8));
      }
    };
    const press = (element: Element, key: string): void =>
      void element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    const one = <T extends HTMLElement>(root: ParentNode, selector: string): T | null => root.querySelector<T>(selector);
    const button = (root: ParentNode, label: string) => one(root, `button[aria-label="${label}"]`);

    const walked: Walked[] = [];
    const figures = [...document.querySelectorAll<HTMLElement>('[role="tabpanel"] figure[aria-label]')];
    for (const figure of figures) {
      const title = figure.getAttribute('aria-label')!;
      if (only && !only.includes(title)) continue;
      const open = async (): Promise<readonly HTMLElement[]> => {
        const trigger = one(figure, 'button[aria-label*=": save, table"]')!;
        trigger.focus();
        press(trigger, 'Enter');
        await until(`${title}: menu`, () => one(document, '[role="menu"] [role="menuitem"]'));
        return [...document.querySelectorAll<HTMLElement>('[role="menu"] [role="menuitem"]')];
      };
      const named = (items: readonly HTMLElement[], name: string) => items.find((item) => item.innerText.trim() === name);
      const choose = async (name: string): Promise<boolean> => {
        const item = named(await open(), name);
        if (item) item.click();
        else press(one(document, '[role="menu"]')!, 'Escape');
        await until(`${title}: menu closed after ${name}`, () => !one(document, '[role="menu"]'));
        return item !== undefined;
      };

      figure.scrollIntoView({ block: 'center' });
      // What is made of elements is a plot as well.
      const asPlot = await choose('Show as plot');
      const field = await until(`${title}: field`, () => one(figure, '[role="application"]'));
      // Drawn: where numbers lie is known.
      await until(`${title}: drawn`, () => one(figure, '[role="application"] svg'));
      const label = field.getAttribute('aria-label')!;
      const said = one(figure, '[aria-live]')!;
      field.focus();
      press(field, 'Home');
      const first = await until(`${title}: read`, () => said.innerText !== '' && one(field, '.read') && said.innerText);
      press(field, '+');
      const zoomed = [await until(`${title}: zoomed`, () => button(figure, 'See everything') !== null)];
      press(field, '0');
      zoomed.push(await until(`${title}: zoomed back`, () => button(figure, 'See everything') === null));
      field.blur();

      const offered = await choose('Listen');
      const heard = offered && (await until(`${title}: heard`, () => button(figure, 'Stop listening') !== null));
      if (offered) {
        press(document.body, 'Escape');
        await until(`${title}: silent`, () => button(figure, 'Stop listening') === null);
      }

      const files = { SVG: '', PNG: '', CSV: '' };
      for (const kind of ['SVG', 'PNG', 'CSV'] as const) {
        await choose(`Save as ${kind}`);
        const dialog = await until(`${title}: place for ${kind}`, () => {
          const found = one<HTMLInputElement>(document, '[role="dialog"] #file-name');
          return found !== null && found.value !== '' && found.closest<HTMLElement>('[role="dialog"]');
        });
        files[kind] = one<HTMLInputElement>(dialog, '#file-name')!.value;
        const save = await until(`${title}: may save ${kind}`, () =>
          [...dialog.querySelectorAll('button')].find((found) => found.innerText.trim() === 'Save' && !found.disabled),
        );
        save.click();
        await until(`${title}: saved ${kind}`, () => !dialog.isConnected);
        await until(`${title}: said of ${kind}`, () =>
          [...document.querySelectorAll<HTMLElement>('[data-sonner-toast]')].some((toast) =>
            toast.innerText.includes(files[kind]),
          ),
        );
      }

      await choose('Show as table');
      const table = await until(`${title}: table`, () => one(figure, 'table[aria-rowcount]'));
      const cells = [...table.querySelectorAll('tr:not([aria-hidden])')].map((row) =>
        [...row.querySelectorAll<HTMLElement>('th, td')].map((cell) => cell.textContent!),
      );
      walked.push({
        title,
        label,
        first,
        zoomed,
        offered,
        heard,
        rowCount: Number(table.getAttribute('aria-rowcount')),
        cells,
        files,
      });
      await choose('Show as picture');
      await until(`${title}: a picture again`, () =>
        asPlot ? !one(figure, 'table[aria-rowcount]') : one(figure, '[role="application"]'),
      );
    }
    return walked;
  }, titles);
