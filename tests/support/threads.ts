/**
 * Helper threads in Node: what `thread.ts` is in a browser. Waiting has an end everywhere, so that a test of
 * threads fails where it would hang: the generated barrier traps, an answer is waited for, `endThreads` ends all.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import ts from 'typescript';
import type { Helper, Spawn } from '../../src/engine/backends/wasm/threads';
import { root } from './built';

const PATIENCE = 10_000;
/** The engine's own functions, as text that a worker can take. */
const elementary = ts.transpileModule(readFileSync(join(root, 'src/engine/ir/elementary.ts'), 'utf8'), {
  compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
}).outputText;
const workers = new Set<Worker>();

export const spawn: Spawn = () => {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const own = {};
     ((exports) => {${elementary}})(own);
     let run;
     parentPort.on('message', async (data) => {
       if (data.kind === 'close') return;
       if (data.kind === 'run') return run(data.rows, data.batch, data.phases, data.thread);
       const instance = await WebAssembly.instantiate(data.module, { host: { memory: data.memory, sin: own.sin, cos: own.cos, pow: own.pow } });
       run = instance.exports.run;
       parentPort.postMessage('ready');
     });`,
    { eval: true },
  );
  workers.add(worker);
  // What goes wrong in it ends it; whoever waits for it notices.
  worker.on('error', () => workers.delete(worker));
  return {
    post: (message) => worker.postMessage(message),
    end: () => void worker.terminate(),
    answer: () =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('the thread does not answer')), PATIENCE);
        worker.once('error', reject).once('message', () => {
          clearTimeout(late);
          worker.off('error', reject);
          resolve();
        });
      }),
  };
};

/** Says that it is ready and never does anything. */
export const idler = (): Helper => ({ post: () => {}, answer: () => Promise.resolve(), end: () => {} });

export const endThreads = (): Promise<unknown> => Promise.all([...workers].map((worker) => worker.terminate()));
