/**
 * The window, in browser mode and headless Chromium: how smoothly a large drawing moves, what the live view
 * costs training, how soon the window can be used, and how soon a traced iteration is there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { ensureBuilt, root } from '../support/built';
import { launch } from './browser';
import { canvasBench } from './canvas';
import { traced, type PlotTime, plotTimes } from './plots';
import { atLeast, atMost, type Figure, figure, type Asked, missing } from './figures';

interface Served {
  readonly url: string;
  readonly folder: string;
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
    folder,
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
    .filter({ hasText: /Handwritten digits/ })
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

/** Milliseconds from the click until the first step of a traced iteration is there. */
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

interface Steps {
  readonly script: readonly number[];
  readonly picture: readonly number[];
}

/** Milliseconds of script, and from the key to the picture, of each step of an iteration that is open. */
async function stepsThrough(page: Page, most: number): Promise<Steps> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const scripts = async (): Promise<number> =>
    1000 * (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'ScriptDuration')!.value;
  const slider = page.getByRole('slider', { name: 'Step', exact: true });
  const count = Math.min(most, Number(await slider.getAttribute('max')));
  const [script, picture]: [number[], number[]] = [[], []];
  for (let step = 0; step < count; step++) {
    // As fast as people press a key that they look after.
    await page.waitForTimeout(150);
    const before = await scripts();
    const took = await page.evaluate(async () => {
      const begin = performance.now();
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
      await new Promise(requestAnimationFrame);
      // The message comes when the frame was painted.
      await new Promise<void>((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve();
        port2.postMessage(0);
      });
      return performance.now() - begin;
    });
    picture.push(took);
    script.push((await scripts()) - before);
  }
  return { script, picture };
}

/** A file with 500 nodes: a hundred numbers to be learned, each through three functions, and all added up. */
function largeFile(): string {
  const nodes: Record<string, object> = {};
  const edges: Record<string, string> = {};
  for (let row = 0; row < 100; row++) {
    const chain = ['parameter', 'tanh', 'sigmoid', 'abs'].map((op, k) => {
      const id = `${op}${row}`;
      nodes[id] = { op, ...(k === 0 ? { attrs: { values: [row / 50 - 1] } } : {}), at: [220 * k, row * 90] };
      return id;
    });
    chain.slice(1).forEach((id, k) => {
      edges[`${id}.x`] = chain[k]!;
    });
    nodes[`sum${row}`] = { op: 'add', at: [900, row * 90] };
    edges[`sum${row}.a`] = row === 0 ? 'tanh0' : `sum${row - 1}`;
    edges[`sum${row}.b`] = chain.at(-1)!;
  }
  return JSON.stringify({
    format: 'chainrule',
    version: 1,
    title: 'Five hundred nodes',
    nodes,
    edges,
    split: { train: 0.7, validation: 0.15, test: 0.15, seed: 1 },
    training: { optimizer: 'adam', batch: 1, epochs: 1, seed: 1, objective: 'sum99', hyper: {} },
  });
}

const stepButton = (page: Page) => page.getByRole('button', { name: 'Step through one iteration, node by node' });
const stepInFocus = (page: Page) => page.getByRole('article', { name: 'Step in focus' });

async function digitsSteps(browser: Browser): Promise<Steps> {
  const { page, close } = await digits(browser);
  await stepButton(page).click();
  await stepInFocus(page).waitFor();
  const steps = await stepsThrough(page, 100);
  await close();
  return steps;
}

async function largeSteps(browser: Browser): Promise<Steps> {
  const served = await serveProgram();
  const page = await fresh(browser);
  await page.goto(served.url);
  await examples(page).first().click();
  await trainButton(page).waitFor({ timeout: 30_000 });
  const path = join(served.folder, 'large.chainrule');
  writeFileSync(path, largeFile());
  await page.keyboard.press('Control+o');
  const name = page.getByRole('textbox', { name: 'File name' });
  await name.fill(path);
  await page.getByRole('button', { name: 'Open', exact: true }).and(page.locator(':enabled')).waitFor();
  await name.press('Enter');
  await page.getByText('Five hundred nodes').first().waitFor();
  await stepButton(page).and(page.locator(':enabled')).waitFor({ timeout: 30_000 });
  await stepButton(page).click();
  await stepInFocus(page).waitFor({ timeout: 30_000 });
  const steps = await stepsThrough(page, 60);
  await page.context().close();
  await served.stop();
  return steps;
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

/** Training speed with something over without, in two windows that take turns. */
async function cost(
  browser: Browser,
  pairs: number,
  { more, less }: { more?(page: Page): Promise<void>; less(page: Page): Promise<void> },
): Promise<readonly number[]> {
  const [on, off] = [await digits(browser), await digits(browser)];
  for (const { page } of [on, off]) await endless(page);
  await more?.(on.page);
  await less(off.page);
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

/** The switches hide the numbers; the engine is told besides that nobody watches. */
async function nobodyLooks(page: Page): Promise<void> {
  for (const name of [/^Values/, /Gradients$/]) await page.getByRole('button', { name }).click();
  await page.evaluate(() => workers.at(-1)!.postMessage({ t: 'call', id: 1e9, method: 'watch', args: [[]] }));
}

/** Every part of Results is unfolded: all plots, and all studies behind them. */
async function allPlots(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Results', exact: true }).click();
  const folded = page.getByRole('tabpanel', { name: 'Results' }).getByRole('heading').getByRole('button', { expanded: false });
  while ((await folded.count()) > 0) await folded.first().click();
}

/** Breakpoints that never hold: what they cost is that they are watched. A loss may rise from 0, so none waits for that. */
async function breakpoints(page: Page): Promise<void> {
  const section = page.getByRole('region', { name: 'Breakpoints' });
  const kinds = [
    ['Gradient too long', 'length'],
    ['ReLU unit dies', 'batches'],
  ] as const;
  for (const [at, [kind, limit]] of kinds.entries()) {
    await section.getByRole('button', { name: 'Add' }).click();
    await section.getByRole('combobox', { name: `What breakpoint ${at + 1} pauses at` }).click();
    await page.getByRole('option', { name: kind }).click();
    const field = section.getByRole('textbox', { name: `${kind}: ${limit}` });
    await field.fill('1000000000');
    await field.press('Enter');
  }
  await trainButton(page).and(page.locator(':enabled')).waitFor({ timeout: 30_000 });
}

/** Frames of every plot while the digits train, each looked at in its turn: plots out of sight rest. */
async function timesOfPlots(browser: Browser, patience: number): Promise<readonly PlotTime[]> {
  const { page, close } = await digits(browser);
  await endless(page);
  await allPlots(page);
  await trainButton(page).click();
  const panel = page.getByRole('tabpanel', { name: 'Results' });
  const marks = await traced(page, async () => {
    for (const plot of await panel.getByRole('application').all()) {
      // Plots move while others above them grow; nothing here waits for them to stand still.
      await plot.evaluate((element) => element.scrollIntoView({ block: 'center' }));
      await page.waitForTimeout(patience);
    }
  });
  await close();
  const times = plotTimes(marks);
  if (times.every(({ script }) => script === null)) throw new Error('No plot was drawn more than once.');
  return times;
}

export async function windowPart(quick: boolean, say: (line: string) => void): Promise<readonly Figure[]> {
  const group = 'The window, headless Chromium';
  const figures: Figure[] = [];
  const add = async (
    what: string,
    unit: string,
    asked: Asked,
    measure: () => Promise<readonly number[]>,
    note = (): string => '',
  ): Promise<void> => {
    say(what);
    try {
      const samples = await measure();
      figures.push(figure(group, what, unit, samples, asked, note()));
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
  const pairs = quick ? 3 : 5;
  await add('training speed with the live view on / off', '', atLeast(0.8), () => cost(browser, pairs, { less: nobodyLooks }));
  await add('training speed with every plot open / nothing looked at', '', atLeast(0.8), () =>
    cost(browser, pairs, { more: allPlots, less: nobodyLooks }),
  );
  await add('training speed with breakpoints on gradients and on silent units / without', '', atLeast(0.5), () =>
    cost(browser, pairs, { more: breakpoints, less: () => Promise.resolve() }),
  );
  let plots: readonly PlotTime[] = [];
  const slowest = (): PlotTime => plots.filter(({ script }) => script !== null).sort((a, b) => b.most - a.most)[0]!;
  await add(
    'a frame of the slowest plot, digits: script, 95th percentile',
    'ms',
    atMost(4),
    async () => {
      plots = await timesOfPlots(browser, quick ? 8000 : 15_000);
      return [slowest().most];
    },
    () => `“${slowest().title}”, its median ${slowest().script!.toFixed(1)}`,
  );
  for (const { title, script, most, first, clock, frames } of plots) {
    const what = `a frame of “${title}”: script`;
    if (script === null) {
      figures.push(missing(group, what, atMost(4), `it was drawn only once, in ${first.toFixed(1)} ms`));
      continue;
    }
    const note = `${frames} frames, 95 of 100 within ${most.toFixed(1)}; the first ${first.toFixed(1)}; by the clock ${clock.toFixed(1)}`;
    figures.push(figure(group, what, 'ms', [script], atMost(4), note));
  }
  await add('cold start to a usable window', 'ms', atMost(3000), () => times(quick ? 3 : 5, () => coldStart(browser)));
  await add('a traced iteration of the digits opens', 'ms', atMost(100), () => times(quick ? 2 : 5, () => traceOpens(browser)));
  // A frame of a screen with 60 pictures a second.
  for (const [what, measure] of [
    ['a step of the digits', digitsSteps],
    ['a step of 500 nodes', largeSteps],
  ] as const) {
    let steps: Steps = { script: [], picture: [] };
    await add(`${what}: script`, 'ms', atMost(16), async () => {
      steps = await measure(browser);
      return steps.script;
    });
    if (steps.picture.length > 0) figures.push(figure(group, `${what}: from the key to the picture`, 'ms', steps.picture));
  }
  await browser.close();
  return figures;
}
