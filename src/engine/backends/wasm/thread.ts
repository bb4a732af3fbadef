/**
 * Entry of a helper thread: it runs the same module on the same memory as the device that called it, under
 * its own number. It knows nothing else; the module's barrier keeps the threads together.
 */
import { host } from './math';
import type { RunBatches, ThreadMessage } from './threads';

const scope = self as unknown as DedicatedWorkerGlobalScope;
let run: RunBatches | null = null;

scope.addEventListener('message', async ({ data }: MessageEvent<ThreadMessage>) => {
  if (data.kind === 'run') {
    run?.(data.rows, data.batch, data.phases, data.thread);
    return;
  }
  // Lets go of the memory; the next device brings its own.
  run = null;
  if (data.kind === 'close') return;
  const { memory, module } = data;
  const instance = await WebAssembly.instantiate(module, { host: { memory, ...host } });
  run = instance.exports.run as RunBatches;
  scope.postMessage('ready');
});
