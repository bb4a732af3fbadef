/**
 * Does the canvas keep up? 500 nodes and 800 edges panned, zoomed and dragged, five thousand
 * weights with pulses, and a wide network through each lens, in headless Chromium. Frames a second are what a person sees; script and main-thread time
 * are processor time, so they stay true on a busy machine.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { chromium } from 'playwright';
import { build, preview } from 'vite';

export interface CanvasFigure {
  readonly name: string;
  readonly framesPerSecond: number;
  /** Longest of the fastest 95 % of frames. */
  readonly slowFrame: number;
  /** Processor milliseconds a frame. */
  readonly script: number;
  readonly mainThread: number;
}

const FRAMES = 120;

export async function canvasBench(): Promise<readonly CanvasFigure[]> {
  const outDir = mkdtempSync(join(tmpdir(), 'chainrule-canvas-'));
  const root = join(import.meta.dirname, 'canvas-page');
  const settings = { root, configFile: false as const, plugins: [svelte({ configFile: false })], logLevel: 'error' as const };
  await build({ ...settings, build: { outDir, emptyOutDir: true, target: 'es2023' } });
  const server = await preview({ ...settings, build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
  const address = server.resolvedUrls!.local[0]!;
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
    existsSync(path),
  );
  const browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ['--no-sandbox'] });
  const figures: CanvasFigure[] = [];
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const clock = async (): Promise<Record<string, number>> =>
      Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value * 1000]));
    const measure = async (name: string, gesture: 'pan' | 'zoom' | 'drag' | 'watch'): Promise<void> => {
      await page.evaluate((g) => globalThis.playGesture(g, 10), gesture);
      const before = await clock();
      const times = await page.evaluate(([g, frames]) => globalThis.playGesture(g, frames), [gesture, FRAMES] as const);
      const after = await clock();
      figures.push({
        name,
        framesPerSecond: (1000 * times.length) / times.reduce((sum, t) => sum + t, 0),
        slowFrame: times[Math.floor(times.length * 0.95)]!,
        script: (after['ScriptDuration']! - before['ScriptDuration']!) / FRAMES,
        mainThread: (after['TaskDuration']! - before['TaskDuration']!) / FRAMES,
      });
    };
    for (const gesture of ['pan', 'zoom', 'drag'] as const) {
      await page.goto(`${address}?drawing=large`);
      await page.waitForTimeout(800);
      await measure(`500 nodes, 800 edges, ${gesture}`, gesture);
    }
    await page.goto(`${address}?drawing=weights&live`);
    await page.waitForTimeout(800);
    await measure('5,000 moving weights', 'watch');
    for (const lens of ['neurons', 'scalars', 'matrices'] as const) {
      await page.goto(`${address}?drawing=wide&lens=${lens}&live`);
      await page.waitForTimeout(800);
      for (const gesture of ['watch', 'pan', 'zoom'] as const) await measure(`784-512-10 as ${lens}, ${gesture}`, gesture);
    }
  } finally {
    await browser.close();
    await server.close();
    rmSync(outDir, { recursive: true, force: true });
  }
  return figures;
}

export function printCanvasFigures(figures: readonly CanvasFigure[]): void {
  for (const { name, framesPerSecond, slowFrame, script, mainThread } of figures)
    console.log(
      `${name.padEnd(34)} ${framesPerSecond.toFixed(0).padStart(3)} frames/s, 95 % within ${slowFrame.toFixed(0)} ms; ` +
        `a frame costs ${script.toFixed(1)} ms of script, ${mainThread.toFixed(1)} ms in all`,
    );
}

if (process.argv[1] === import.meta.filename) printCanvasFigures(await canvasBench());
