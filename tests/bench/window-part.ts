/**
 * The window, in browser mode and headless Chromium: how smoothly a large drawing moves, what the live view
 * costs training, how soon the window can be used, and how soon a traced iteration is there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { ensureBuilt, root } from '../support/built';
import { launch } from './browser';
import { canvasBench } from './canvas';
import { atLeast, atMost, type Figure, figure, type Asked, missing } from './figures';

interface Served {
  readonly url: string;
  stop(): Promise<void>;
}

async function serveProgram(): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-bench-'));
  const child: ChildProcess = spawn(process.execPath, [join(root, 'out/main/cli.js'), 'serve', '--no-open'], {
    env: { ...process.env, CHAINRULE_HOME: folder, HOME: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let seen = '';
    child.stdout!.on('data', (data: Buffer) => {
      seen += data.toString();
      const found = /http:\/\/\S+/.exec(seen);
      if (found) resolve(found[0]);
    });
    void ended.then(() => reject(new Error(`The server ended: ${seen}`)));
  });
  return {
    url,
    async stop() {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const examples = (page: Page) => page.getByRole('region', { name: 'Examples' }).getByRole('button');
const trainButton = (page: Page) => page.getByRole('banner').getByRole('button', { name: 'Train', exact: true });

async function fresh(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  return context.newPage();
}

/** Milliseconds from starting the program to a window whose examples can be clicked. */
async function coldStart(browser: Browser): Promise<number> {
  const begin = performance.now();
  const served = await serveProgram();
  const page = await fresh(browser);
  await page.goto(served.url, { waitUntil: 'commit' });
  await examples(page).first().click({ trial: true });
  const took = performance.now() - begin;
  await page.context().close();
  await served.stop();
  return took;
}

/** A window with the digits, ready to train. Its engine's news are kept where the bench can read them. */
async function digits(browser: Browser): Promise<{ page: Page; close(): Promise<void> }> {
  const served = await serveProgram();
  const page = await fresh(browser);
  await page.addInitScript(() => {
    const heard: [time: number, step: number][] = [];
    const workers: Worker[] = [];
    Object.assign(globalThis, { heard, workers });
    globalThis.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        if (options?.name !== 'engine') return;
        workers.push(this);
        this.addEventListener(
          'message',
          ({ data }: MessageEvent<{ name?: string; payload?: { step: number; running: boolean } }>) => {
            if (data.name === 'progress' && data.payload!.running) heard.push([performance.now(), data.payload!.step]);
          },
        );
      }
    };
  });
  await page.goto(served.url);
  await examples(page)
    .filter({ hasText: /digits/i })
    .first()
    .click();
  await trainButton(page).waitFor({ timeout: 30_000 });
  return {
    page,
    async close() {
      await page.context().close();
      await served.stop();
    },
  };
}

declare global {
  var heard: [time: number, step: number][];
  var workers: Worker[];
}

/** Milliseconds from the click to the first step of a traced iteration on the screen. */
async function traceOpens(browser: Browser): Promise<number> {
  const { page, close } = await digits(browser);
  const took = await page.evaluate(async () => {
    const button = document.querySelector<HTMLButtonElement>('button[aria-label="Step through one iteration, node by node"]')!;
    const begin = performance.now();
    button.click();
    while (!document.querySelector('[aria-label="Step in focus"]')) await new Promise(requestAnimationFrame);
    return performance.now() - begin;
  });
  await close();
  return took;
}

/** Trains without an end, or for the time of a turn. */
async function endless(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Train', exact: true }).click();
  const field = page.getByRole('textbox', { name: 'Epochs', exact: true });
  await field.fill('1000000');
  await field.press('Enter');
  await trainButton(page).waitFor({ timeout: 30_000 });
}

async function turn(page: Page, ms: number): Promise<number> {
  await trainButton(page).click();
  await page.waitForTimeout(400);
  const rate = await page.evaluate(async (time) => {
    heard.length = 0;
    await new Promise((resolve) => setTimeout(resolve, time));
    const [[begin, from], [end, to]] = [heard[0]!, heard.at(-1)!];
    return (1000 * (to - from)) / (end - begin);
  }, ms);
  await page.getByRole('button', { name: 'Pause training' }).click();
  await trainButton(page).waitFor();
  return rate;
}

/** Training speed with the live view over without it, in two windows that take turns. */
async function liveCost(browser: Browser, pairs: number): Promise<readonly number[]> {
  const [on, off] = [await digits(browser), await digits(browser)];
  for (const { page } of [on, off]) await endless(page);
  // The switches hide the numbers; the engine is told besides that nobody watches.
  for (const name of [/^Values/, /Gradients$/]) await off.page.getByRole('button', { name }).click();
  await off.page.evaluate(() => workers.at(-1)!.postMessage({ t: 'call', id: 1e9, method: 'watch', args: [[]] }));
  for (const { page } of [on, off]) await turn(page, 500);
  const shares: number[] = [];
  let before = await turn(off.page, 1000);
  for (let pair = 0; pair < pairs; pair++) {
    const rate = await turn(on.page, 1000);
    const after = await turn(off.page, 1000);
    shares.push(rate / ((before + after) / 2));
    before = after;
  }
  for (const { close } of [on, off]) await close();
  return shares;
}

export async function windowPart(quick: boolean, say: (line: string) => void): Promise<readonly Figure[]> {
  const group = 'The window, headless Chromium';
  const figures: Figure[] = [];
  const add = async (what: string, unit: string, asked: Asked, measure: () => Promise<readonly number[]>): Promise<void> => {
    say(what);
    try {
      figures.push(figure(group, what, unit, await measure(), asked));
    } catch (error) {
      figures.push(missing(group, what, asked, (error instanceof Error ? error.message : String(error)).split('\n')[0]!));
    }
  };
  say('Building the program where it is old');
  await ensureBuilt(true);
  say('The canvas');
  for (const f of await canvasBench()) {
    const moving = f.name.includes('moving');
    figures.push(figure(group, f.name, 'frames/s', [f.framesPerSecond], moving ? undefined : atLeast(30, 60)));
    const script = moving ? atMost(8) : undefined;
    figures.push(figure(group, `${f.name}: script a frame`, 'ms', [f.script], script));
  }
  const browser = await launch();
  const times = async (count: number, one: () => Promise<number>): Promise<readonly number[]> => {
    const all: number[] = [];
    for (let run = 0; run < count; run++) all.push(await one());
    return all;
  };
  await add('training speed with the live view on / off', '', atLeast(0.8), () => liveCost(browser, quick ? 3 : 5));
  await add('cold start to a usable window', 'ms', atMost(3000), () => times(quick ? 3 : 5, () => coldStart(browser)));
  await add('a traced iteration of the digits opens', 'ms', atMost(100), () => times(quick ? 2 : 5, () => traceOpens(browser)));
  await browser.close();
  return figures;
}
