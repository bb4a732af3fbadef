/**
 * The engine against its rivals, and against what this processor can do. Rivals take turns with the engine in
 * the same minutes; a figure is the ratio of neighbours, never of numbers from different hours.
 */
import { cpus } from 'node:os';
import type { Page } from 'playwright';
import { openPages, type Pages } from './browser';
import {
  bareContender,
  type Contender,
  engineContender,
  pythonContender,
  pythonWith,
  type PythonKind,
  rivalContender,
} from './contenders';
import type { Square } from './engine-page/probe';
import { type Asked, atLeast, atMost, type Figure, figure, median, missing, near, nothing, number } from './figures';
import type { RivalName } from './rivals/page';
import { flopsOf, textOf, workloads } from './workloads';

export interface Wishes {
  readonly workloads: readonly string[];
  readonly quick: boolean;
  readonly withRivals: boolean;
  say(line: string): void;
}

type Key = 'bare' | RivalName | `${PythonKind}-${1 | 2}`;

interface Comparison {
  readonly workload: string;
  readonly threads: 'one' | 'all';
  readonly against: string;
  /** The fastest of these counts. */
  readonly rivals: readonly Key[];
  readonly asked: Asked;
}

const tensorflow = ['tensorflow-cpu', 'tensorflow-wasm', 'tensorflow-wasm-2'] as const;
const torch = ['torch-1', 'torch-2'] as const;
const compare = (
  workload: string,
  threads: 'one' | 'all',
  against: string,
  rivals: readonly Key[],
  must: number,
  aim: number,
): Comparison => ({ workload, threads, against, rivals, asked: atLeast(must, aim) });

/** A comparison that nothing is asked of. */
const told = (workload: string, threads: 'one' | 'all', against: string, rivals: readonly Key[]): Comparison => ({
  workload,
  threads,
  against,
  rivals,
  asked: nothing,
});

/** What training costs beside its steps: no rival, but told in the same way. */
const alone = (workload: string, threads: 'one' | 'all'): Comparison =>
  told(workload, threads, 'its steps alone, without training around them', ['bare']);

const comparisons: readonly Comparison[] = [
  ...['W1', 'W1b', 'W2'].map((workload) => alone(workload, 'all')),
  ...['W3', 'W4', 'C1'].map((workload) => alone(workload, 'one')),
  compare('W1', 'all', 'the per-object algorithm', ['per-object'], 20, 50),
  compare('W1', 'all', 'TensorFlow.js (best backend)', tensorflow, 300, 600),
  compare('W1', 'all', 'PyTorch eager (best threads)', torch, 200, 500),
  compare('W1b', 'all', 'brain.js', ['brain'], 4, 6),
  compare('W1b', 'all', 'TensorFlow.js (best backend)', tensorflow, 1000, 4000),
  compare('W2', 'all', 'the best of TensorFlow.js and jax-js', [...tensorflow, 'jax', 'jax-2'], 30, 60),
  compare('W2', 'all', 'PyTorch eager (best threads)', torch, 8, 15),
  compare('W2', 'all', 'NumPy by hand (best threads)', ['numpy-1', 'numpy-2'], 3, 5),
  compare('W3', 'one', 'jax-js, 1 thread each', ['jax'], 1.8, 2.5),
  compare('W3', 'one', 'PyTorch, 1 thread each', ['torch-1'], 0.5, 0.65),
  compare('W3', 'all', 'jax-js, all threads', ['jax-2'], 2.3, 3.5),
  compare('W3', 'all', 'PyTorch (best threads)', torch, 0.8, 1.1),
  compare('W4', 'one', 'jax-js, 1 thread each', ['jax'], 1.7, 2.2),
  compare('W4', 'one', 'PyTorch, 1 thread each', ['torch-1'], 0.45, 0.55),
  compare('W4', 'all', 'jax-js, all threads', ['jax-2'], 1.5, 2),
  compare('W4', 'all', 'PyTorch (best threads)', torch, 0.7, 1),
  told('C1', 'one', 'PyTorch, 1 thread each', ['torch-1']),
  told('C1', 'all', 'TensorFlow.js (best backend)', tensorflow),
  told('C1', 'all', 'PyTorch (best threads)', torch),
];

/** Milliseconds of a turn: a few steps at least, and as long that what comes once a second (scores, copies) counts by its share. */
const TURN: Readonly<Record<string, number>> = { W3: 800, W4: 1500 };
const rateOf = ({ steps, ms }: { steps: number; ms: number }, { rows }: Contender): number => (1000 * steps * rows) / ms;
const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/^page\.evaluate: (Error: )?/, '');

const howOf = (threads: 'one' | 'all'): string => (threads === 'one' ? '1 thread' : 'as it runs');

async function warm(contender: Contender, ms: number): Promise<void> {
  const rates: number[] = [];
  for (let turn = 0; turn < 6; turn++) {
    rates.push(rateOf(await contender.chunk(ms / 2), contender));
    const last = rates.slice(-3);
    if (last.length === 3 && Math.max(...last) < 1.05 * Math.min(...last)) return;
  }
}

interface Duel {
  readonly title: string;
  readonly ratios: readonly number[];
  /** Rows a second. */
  readonly rate: number;
}

/** The engine before and after every turn of a rival: A B A C A. */
async function duels(engine: Contender, rivals: ReadonlyMap<Key, Contender>, pairs: number, ms: number) {
  for (const contender of [engine, ...rivals.values()]) await warm(contender, ms);
  const own: number[] = [];
  const ratios = new Map<Key, number[]>();
  const rates = new Map<Key, number[]>();
  const turn = async (contender: Contender): Promise<number> => rateOf(await contender.chunk(ms), contender);
  let before = await turn(engine);
  for (let pair = 0; pair < pairs; pair++)
    for (const [key, rival] of rivals) {
      const theirs = await turn(rival);
      const after = await turn(engine);
      own.push(after);
      ratios.set(key, [...(ratios.get(key) ?? []), (before + after) / 2 / theirs]);
      rates.set(key, [...(rates.get(key) ?? []), theirs]);
      before = after;
    }
  const results = new Map<Key, Duel>();
  for (const [key, rival] of rivals)
    results.set(key, { title: rival.title, ratios: ratios.get(key)!, rate: median(rates.get(key)!) });
  return { own, results };
}

async function rivalOf(pages: Pages, page: Page, key: Key, workload: string): Promise<Contender> {
  if (key === 'bare') return bareContender(page, workload);
  const [name, threads] = key.split('-');
  if (name !== 'torch' && name !== 'numpy') return rivalContender(pages, key as RivalName, workload);
  const python = pythonWith(name);
  if (python === null) throw new Error(`no python3 with ${name} here`);
  return pythonContender(python, name, Number(threads), workload);
}

async function workloadFigures(pages: Pages, page: Page, workload: string, wishes: Wishes): Promise<Figure[]> {
  const w = workloads[workload]!;
  const ms = (TURN[workload] ?? 250) * (wishes.quick ? 0.5 : 1);
  const pairs = wishes.quick ? 3 : 5;
  const group = `${workload}: ${textOf(w)}`;
  const figures: Figure[] = [];
  for (const threads of ['one', 'all'] as const) {
    const asked = comparisons.filter((c) => c.workload === workload && c.threads === threads);
    if (asked.length === 0) continue;
    const engine = await engineContender(page, workload, threads).catch((error: unknown) => {
      for (const { against, asked: limits } of asked)
        figures.push(missing(group, `${howOf(threads)} / ${against}`, limits, messageOf(error)));
      wishes.say(`  ${messageOf(error)}`);
      return null;
    });
    if (engine === null) continue;
    const rivals = new Map<Key, Contender>();
    const absent = new Map<Key, string>();
    for (const key of new Set(asked.flatMap((c) => c.rivals)))
      if (wishes.withRivals || key === 'bare')
        try {
          const rival = await rivalOf(pages, page, key, workload);
          rivals.set(key, rival);
          wishes.say(
            `  ${rival.title}: ${rival.error === null ? 'not comparable step by step' : `same work, error ${rival.error.toExponential(1)}`}`,
          );
        } catch (error) {
          absent.set(key, messageOf(error));
          wishes.say(`  ${key}: ${messageOf(error)}`);
        }
    wishes.say(`  ${engine.title}: same work, error ${engine.error!.toExponential(1)}`);
    const { own, results } = await duels(engine, rivals, pairs, ms);
    if (own.length === 0) {
      await warm(engine, ms);
      for (let turn = 0; turn < pairs; turn++) own.push(rateOf(await engine.chunk(ms), engine));
    }
    const steps = own.map((rate) => rate / w.batch);
    figures.push(figure(group, engine.title, 'steps/s', steps));
    for (const { against, rivals: keys, asked: limits } of asked) {
      const what = `${howOf(threads)} / ${against}`;
      const [best] = keys.flatMap((key) => results.get(key) ?? []).sort((a, b) => b.rate - a.rate);
      if (best) {
        const note = `${best.title}: ${number(best.rate / w.batch)} steps/s`;
        figures.push(figure(group, what, '×', best.ratios, limits, note));
      } else figures.push(missing(group, what, limits, wishes.withRivals ? (absent.get(keys[0]!) ?? '') : 'without rivals'));
    }
    if (threads === 'all' && ['W1', 'W2', 'W3'].includes(workload)) {
      const first = await page.evaluate((name) => globalThis.bench.firstStep(name), `${workload} all`);
      figures.push(figure(group, 'from Train to the first step', 'ms', first, atMost(30)));
      const { compile, open } = engine.prepared;
      figures.push(figure(group, 'before that: compile all plans', 'ms', [compile]));
      figures.push(figure(group, 'before that: open them, copy the data', 'ms', [open]));
    }
    for (const contender of [engine, ...rivals.values()]) await contender.close();
  }
  return figures;
}

const WIDTHS = [64, 128, 256, 512, 1024];

async function kernelFigures(page: Page, { quick, say }: Wishes): Promise<Figure[]> {
  const blocks = quick ? 3 : 7;
  const share = (net: Square, fma: boolean): Promise<readonly number[]> =>
    page.evaluate(([n, f, count]) => globalThis.bench.probe.efficiency(n, f, count), [net, fma, blocks] as const);
  const fma = await page.evaluate(() => globalThis.bench.probe.fma());
  const figures: Figure[] = [];
  say('Kernels');
  const group = 'Kernels: share of the multiply-add loop that whole training steps reach, 1 thread';
  for (const width of WIDTHS.slice(0, quick ? 3 : WIDTHS.length))
    figures.push(
      figure(
        group,
        `${width}-${width}-${width}, batch 128`,
        '',
        await share({ width, layers: 2, batch: 128 }, fma),
        atLeast(0.85),
      ),
    );
  figures.push(figure(group, '8-8-8, batch 32', '', await share({ width: 8, layers: 2, batch: 32 }, fma), atLeast(0.5)));
  for (const [channels, filters, least] of [
    [8, 16, 0.5],
    [1, 8, 0.35],
  ] as const)
    for (const toward of ['value', 'weights', 'input'] as const)
      figures.push(
        figure(
          group,
          `${channels} to ${filters} channels 3 × 3 on 28 × 28, batch 32: ${toward === 'value' ? 'value' : `gradient of the ${toward}`}`,
          '',
          await page.evaluate(([c, n, t, f, count]) => globalThis.bench.probe.convolution(c, n, t, f, count), [
            channels,
            filters,
            toward,
            fma,
            blocks,
          ] as const),
          atLeast(least),
        ),
      );
  if (fma)
    figures.push(
      figure(group, '256-256-256, batch 128, without FMA', '', await share({ width: 256, layers: 2, batch: 128 }, false)),
    );

  say('Growth');
  const growth = 'Growth: exponent of the time over the work';
  const sweeps: readonly [string, readonly Square[]][] = [
    ['width 64 to 1024, batch 32', WIDTHS.map((width) => ({ width, layers: 2, batch: 32 }))],
    ['batch 8 to 512, width 256', [8, 32, 128, 512].map((batch) => ({ width: 256, layers: 2, batch }))],
    ['depth 2 to 16, width 64', [2, 4, 8, 16].map((layers) => ({ width: 64, layers, batch: 32 }))],
  ];
  for (const [what, nets] of sweeps) {
    const points: [number, number][] = [];
    for (const net of nets) {
      const flops = flopsOf({ dims: Array.from({ length: net.layers + 1 }, () => net.width), batch: net.batch });
      // Time in units of the loop measured beside it, so that a busy minute does not bend the line.
      points.push([Math.log(flops), Math.log(flops / median(await share(net, fma)))]);
    }
    figures.push(figure(growth, what, '', [slope(points)], near(1, 0.1)));
  }
  return figures;
}

function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, p) => sum + p[at], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const over = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return over / points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

async function compilerFigures(page: Page, { quick, say }: Wishes): Promise<Figure[]> {
  say('Compiler');
  const generate = (width: number, layers: number) =>
    page.evaluate(([w, l]) => globalThis.bench.probe.generate(w, l), [width, layers] as const);
  const group = 'Compiler';
  const scalars = await page.evaluate(() => globalThis.bench.probe.scalars(10_000));
  const times: number[] = [];
  for (let run = 0; run < 5; run++) times.push((await generate(64, 40)).ms / 4);
  const perLayer = async (width: number): Promise<number> =>
    ((await generate(width, 40)).bytes - (await generate(width, 20)).bytes) / 20_000;
  const [narrow, wide] = [await perLayer(64), await perLayer(512)];
  const ways = await page.evaluate((blocks) => globalThis.bench.probe.ways(blocks), quick ? 3 : 7);
  const spread = ways.rates.map((row) => Math.max(...row) / Math.min(...row));
  const slowest =
    ways.names[
      ways.names
        .map((_, at) => median(ways.rates.map((row) => row[at]!)))
        .reduce((low, rate, at, all) => (rate < all[low]! ? at : low), 0)
    ]!;
  return [
    figure(group, 'code generation, 10 layers of 64', 'ms', times, atMost(1)),
    figure(group, 'a drawing of 10,000 scalar nodes, all plans', 'ms', [scalars], atMost(1000)),
    figure(group, 'generated code a layer', 'kB', [narrow], atMost(6), `${number(wide)} kB at width 512`),
    figure(group, 'W1 as layers, matrices, neurons, scalars: best / worst', '×', spread, atMost(1.2), `slowest as ${slowest}`),
  ];
}

export interface EngineReport {
  readonly figures: readonly Figure[];
  readonly machine: string;
  /** GFLOP/s of the multiply-add loop, at the start and at the end. */
  readonly calibration: readonly [number, number];
}

export async function enginePart(wishes: Wishes): Promise<EngineReport> {
  wishes.say('Bundling the pages');
  const pages = await openPages(wishes.withRivals);
  try {
    const page = await pages.open('engine', true);
    const about = await page.evaluate(() => globalThis.bench.about());
    const calibrate = () => page.evaluate(() => globalThis.bench.probe.calibrate(500));
    const start = await calibrate();
    const figures: Figure[] = [];
    for (const workload of wishes.workloads) {
      wishes.say(workload);
      try {
        figures.push(...(await workloadFigures(pages, page, workload, wishes)));
      } catch (error) {
        figures.push(missing(`${workload}: ${textOf(workloads[workload]!)}`, 'everything', atLeast(1), messageOf(error)));
      }
    }
    figures.push(...(await kernelFigures(page, wishes)), ...(await compilerFigures(page, wishes)));
    const end = await calibrate();
    const machine = `${cpus()[0]!.model}, ${about.title}; Chromium ${pages.browser.version()}${about.isolated ? ', isolated' : ''}`;
    return { figures, machine, calibration: [start, end] };
  } finally {
    await pages.close();
  }
}
