/**
 * Everybody who trains a workload: the engine and its rivals in pages of one browser, PyTorch and NumPy in
 * processes that wait for their turn. All answer the same two questions.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright';
import type { Pages } from './browser';
import type { Prepared } from './engine-page/page';
import type { RivalName } from './rivals/page';
import type { Chunk } from './rivals/rival';
import { type Check, dataOf, errorOf, MOST_ERROR, parametersOf, workloads } from './workloads';
import references from './reference.json';

export interface Contender {
  readonly title: string;
  /** Rows a step. */
  readonly rows: number;
  /** Error of the loss after the check steps; null: its work cannot be compared. */
  readonly error: number | null;
  chunk(ms: number): Promise<Chunk>;
  close(): Promise<void>;
}

/** Somebody did other work; there is no number for it. */
class OtherWork extends Error {}

function checked(title: string, workload: string, how: 'cycled' | 'first', loss: number): number {
  const reference = (references as Readonly<Record<string, Readonly<Record<'cycled' | 'first', Check>>>>)[workload]!;
  const error = errorOf(loss, reference[how]);
  if (!(error <= MOST_ERROR)) throw new OtherWork(`not the same work: ${title}'s loss is off by ${error.toExponential(1)}`);
  return error;
}

export interface EngineContender extends Contender {
  readonly prepared: Prepared;
}

export async function engineContender(page: Page, workload: string, threads: 'one' | 'all'): Promise<EngineContender> {
  const title = threads === 'one' ? 'Chainrule, 1 thread' : 'Chainrule';
  const name = `${workload} ${threads}`;
  const prepared = await page.evaluate(([n, w, t]) => globalThis.bench.prepare(n, w, t), [name, workload, threads] as const);
  return {
    title,
    rows: workloads[workload]!.batch,
    prepared,
    error: checked(title, workload, 'first', prepared.loss),
    chunk: (ms) => page.evaluate(([n, time]) => globalThis.bench.chunk(n, time), [name, ms] as const),
    close: () => page.evaluate((n) => globalThis.bench.close(n), name),
  };
}

/** The engine's steps alone, one thread: no epochs, scores, timeline, or messages around them. */
export async function bareContender(page: Page, workload: string): Promise<Contender> {
  await page.evaluate((w) => globalThis.bench.probe.openBare(w), workload);
  return {
    title: 'its steps alone, 1 thread',
    rows: workloads[workload]!.batch,
    error: null,
    chunk: (ms) => page.evaluate((time) => globalThis.bench.probe.bare(time), ms),
    close: async () => {},
  };
}

export const rivalTitles: Readonly<Record<RivalName, string>> = {
  'per-object': 'per-object algorithm',
  brain: 'brain.js',
  'tensorflow-cpu': 'TensorFlow.js cpu',
  'tensorflow-wasm': 'TensorFlow.js wasm',
  'tensorflow-wasm-2': 'TensorFlow.js wasm, 2 threads',
  jax: 'jax-js, 1 thread',
  'jax-2': 'jax-js, a worker a core',
};

/** Longest time that somebody may take to be ready. */
const PATIENCE = 90_000;

async function inTime<T>(title: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${title} was not ready after ${PATIENCE / 1000} s`)), PATIENCE);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function rivalContender(pages: Pages, name: RivalName, workload: string): Promise<Contender> {
  const title = rivalTitles[name];
  const page = await pages.open('rivals', name.endsWith('-2'));
  try {
    const preparing = page.evaluate(([n, w]) => globalThis.rival.prepare(n, w), [name, workload] as const);
    const { loss, rows } = await inTime(title, preparing);
    return {
      title,
      rows,
      error: loss === null ? null : checked(title, workload, 'cycled', loss),
      chunk: (ms) => page.evaluate((time) => globalThis.rival.chunk(time), ms),
      close: () => page.close(),
    };
  } catch (error) {
    await page.close();
    throw error;
  }
}

export type PythonKind = 'torch' | 'numpy';

/** A python3 that has the module: $PYTHON, on the path, or the system's. */
export function pythonWith(module: PythonKind): string | null {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'python3'));
  const all = process.env.PYTHON ? [process.env.PYTHON] : [...onPath, '/usr/bin/python3'];
  const has = (path: string): boolean => existsSync(path) && spawnSync(path, ['-c', `import ${module}, numpy`]).status === 0;
  return all.find(has) ?? null;
}

export async function pythonContender(python: string, kind: PythonKind, threads: number, workload: string): Promise<Contender> {
  const w = workloads[workload]!;
  const name = kind === 'torch' ? 'PyTorch' : 'NumPy';
  const title = `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-bench-'));
  const files = join(folder, 'w');
  const { x, y } = dataOf(w);
  writeFileSync(`${files}.x`, x);
  writeFileSync(`${files}.y`, y);
  for (const [at, p] of parametersOf(w).entries()) writeFileSync(`${files}.p${at}`, p);
  const count = String(threads);
  const child: ChildProcess = spawn(
    python,
    [join(import.meta.dirname, 'rivals/rival.py'), kind, count, files, JSON.stringify(w)],
    { env: { ...process.env, OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count }, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const close = async (): Promise<void> => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  let complaint = '';
  child.stderr!.on('data', (text: Buffer) => (complaint = (complaint + text.toString()).slice(-300)));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const answer = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${title} ended: ${complaint.trim().split('\n').at(-1) ?? ''}`);
    return JSON.parse(value) as T;
  };
  try {
    const { loss, version } = await answer<{ loss: number; version: string }>();
    return {
      title: `${name} ${version}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      rows: w.batch,
      error: checked(title, workload, 'cycled', loss),
      async chunk(ms) {
        child.stdin!.write(`${ms}\n`);
        return answer<Chunk>();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
