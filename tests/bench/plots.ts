/**
 * What plots cost while the network trains. The program marks when it makes and draws a picture (`charts/draw-times.ts`);
 * the browser's trace has the thread's own time at each mark, so that a figure is the work of a plot, whoever else had the
 * core meanwhile. The first frame, which also opens the plot, is told apart.
 */
import type { Page } from 'playwright';
import { median } from './figures';

export interface PlotTime {
  readonly title: string;
  readonly frames: number;
  /** Milliseconds of a frame, from making the picture to the last stroke: half of them take less, and nineteen of twenty. Null: it was drawn only once. */
  readonly script: number | null;
  readonly most: number;
  readonly first: number;
  /** By the clock, which goes on while others have the core. */
  readonly clock: number;
}

interface Mark {
  readonly name: string;
  readonly ts: number;
  readonly tts: number;
}

const nearlyMost = (values: readonly number[]): number => values.toSorted((x, y) => x - y)[Math.ceil(values.length * 0.95) - 1]!;

/** Frames of each plot, from the marks of one thread in their order. */
export function plotTimes(marks: readonly Mark[]): readonly PlotTime[] {
  const frames = new Map<string, { script: number[]; clock: number[] }>();
  const made = new Map<string, { script: number; clock: number }>();
  let begin: Mark | null = null;
  for (const mark of marks) {
    if (mark.name === 'plot begins') begin = mark;
    const [, what, title] = /^plot (make|draw) (.*)$/.exec(mark.name) ?? [];
    if (begin === null || title === undefined) continue;
    const before = made.get(title) ?? { script: 0, clock: 0 };
    const sum = { script: before.script + (mark.tts - begin.tts) / 1000, clock: before.clock + (mark.ts - begin.ts) / 1000 };
    if (what === 'make') made.set(title, sum);
    else {
      const own = frames.get(title) ?? { script: [], clock: [] };
      own.script.push(sum.script);
      own.clock.push(sum.clock);
      frames.set(title, own);
      made.delete(title);
    }
  }
  return [...frames].map(([title, { script, clock }]) => {
    const [own, by] = [script.slice(1), clock.slice(1)];
    const [half, most] = own.length > 0 ? [median(own), nearlyMost(own)] : [null, Number.NaN];
    return { title, frames: own.length, script: half, most, first: script[0]!, clock: median(by.length > 0 ? by : clock) };
  });
}

/** Runs `work` while the marks of the page are collected. */
export async function traced(page: Page, work: () => Promise<void>): Promise<readonly Mark[]> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const events: (Mark & { readonly cat: string; readonly ph: string })[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as typeof events)));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['blink.user_timing'] },
  });
  await page.evaluate(() => {
    globalThis.markPlots = true;
  });
  await work();
  await page.evaluate(() => {
    globalThis.markPlots = false;
  });
  const over = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await over;
  await session.detach();
  return events.filter(({ name }) => name.startsWith('plot ')).sort((a, b) => a.ts - b.ts);
}

declare global {
  var markPlots: boolean | undefined;
}
